"""What has to be reached by when, and how far a rollout is from it."""

from __future__ import annotations

from dataclasses import dataclass

from planner.perf.campaign.reaching import STAGES, UPDATED

HOURS_PER_DAY = 24.0


@dataclass(frozen=True)
class Goal:
    """A share of the reachable fleet that has updated (or downloaded) by a number of days from the start."""

    share: float
    days: float
    of: str = UPDATED

    def __post_init__(self) -> None:
        if not 0 < self.share <= 1 or not self.days > 0 or self.of not in STAGES:
            raise ValueError(f"not a goal: {self}")

    @property
    def hours(self) -> float:
        """The deadline [hours]."""
        return self.days * HOURS_PER_DAY
