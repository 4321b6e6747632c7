"""What should a campaign be? The least CDN capacity with which it meets its deadline.

goal        what has to be reached by when
size        the least cap by pool that meets a goal
"""
