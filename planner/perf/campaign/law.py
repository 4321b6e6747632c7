"""Does a release meet each region's deadline?

The filing lead and the consent that a region asks for are part of the rollout; its deadline is looked at afterwards.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from planner.perf.campaign.records import ROUNDING, Rollout


@dataclass(frozen=True)
class Compliance:
    """A region's deadline [hours from the planned start], the share of its vehicles updated by then, and wanted."""

    region: str
    deadline: float
    share: float
    wanted: float

    @property
    def met(self) -> bool:
        """Whether enough vehicles are updated in time."""
        return self.share >= self.wanted * (1 - ROUNDING)


def compliance(rollout: Rollout) -> list[Compliance]:
    """Every region with a deadline, if nothing halts the rollout. A deadline past the horizon is judged at this."""
    campaign, classes = rollout.campaign, rollout.classes
    size = np.bincount(classes.region, classes.weight, len(campaign.regions))
    ends = rollout.starts + campaign.install.duration
    success = rollout.attempt_weights * (1 - campaign.install.fail)
    region = classes.region[rollout.done_class]
    found = []
    for number, each in enumerate(campaign.regions):
        if each.law.deadline is None:
            continue
        until = min(campaign.waves[0].not_before + each.law.deadline, campaign.horizon)
        done = float(success[(region == number)[:, None] & (ends <= until)].sum())
        share = done / size[number] if size[number] else 1.0
        found.append(Compliance(each.name, each.law.deadline, share, each.law.share))
    return found
