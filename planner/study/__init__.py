"""A plan as a distribution: what becomes of it when its uncertain inputs are drawn."""

from planner.study.sampling import Sampler

__all__ = ["Sampler"]
