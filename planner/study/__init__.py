"""A plan as a distribution: draws of the uncertain inputs through the whole graph, and what they say together.

`simulation.simulate` is the way in; `drawn` has a few draws in memory. Points come from `sampling`; `columns` says what
is kept of each quantity, `blocks` how it lies on the disk; `workers` compute it, `sketch` counts what is not kept,
`analysis` and `statistics` make quantiles and figures of risk of it.
"""

from planner.study.sampling import Sampler

__all__ = ["Sampler"]
