"""What should a campaign be? The least CDN capacity for a deadline, and the cheapest staging that is safe enough.

goal        what has to be reached by when
size        the least cap by pool that meets a goal
trials      what caps do to the share that is done by a time, as tried so far
demands     what a search wants: limits, the bad release, prices
space       the candidates of a search
screening   what closed forms say against a candidate before any rollout is followed
measure     days, cost, exposure and odds of a candidate, by the model
front       who dominates whom
plan        the search: screened, followed, looked at more closely, with a reason for every candidate that lost
reading     the goal and the search of a campaign file
"""
