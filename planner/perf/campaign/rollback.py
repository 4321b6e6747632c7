"""Can a release be taken back within a deadline, and at which rate?

A vehicle whose old slot is intact switches back: nothing to download, it has only to be reached and to install. One
that has overwritten the slot needs the full image, over any link. So the rollback is a campaign of its own, of the
vehicles that have the bad release: open to all at once, with nothing or the full image to fetch. The mean rate that the
deadline asks for is share overwritten x F x vehicles / deadline, whatever the vehicles' links allow.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from planner.perf.campaign.description import (
    BYTE_PER_HOUR_OF_GBPS,
    Campaign,
    RollbackRule,
    Version,
    Wave,
)
from planner.perf.campaign.progress import follow
from planner.perf.campaign.records import Rollout
from planner.perf.campaign.traffic import BIN


@dataclass(frozen=True)
class Rollback:
    """How a rollback goes: shares of the vehicles that have the release, bytes, rates [Gbps]."""

    vehicles: float
    back: float  # share back on the old release by the deadline
    back_intact: float  # of those with an intact slot
    back_overwritten: float
    sent: float  # [bytes] by the deadline
    needed_gbps: float  # mean rate that would bring every image by the deadline
    peak_gbps: float  # five-minute mean
    rollout: Rollout


def rollback_campaign(campaign: Campaign, rule: RollbackRule) -> Campaign:
    """The campaign that takes a release back: to all at once, over any link, as fast as the pools allow."""
    return replace(
        campaign,
        vehicles=max(round(campaign.vehicles * rule.updated), 1),
        horizon=rule.deadline,
        versions=(
            Version("slot_intact", rule.intact, 0.0),
            Version("slot_overwritten", 1 - rule.intact, None),
        ),
        verify_fail_delta=0.0,
        waves=(Wave(1.0, 0.0, None, 0.0, "all"),),
        halt_share=None,
        cell_wait_with_wifi=0.0,
        cell_wait_without_wifi=0.0,
    )


def roll_back(campaign: Campaign, rule: RollbackRule, classes: int, seed: int = 0) -> Rollback:
    """Follow the rollback of a campaign's release to its deadline."""
    back = rollback_campaign(campaign, rule)
    rollout = follow(back, classes, seed)
    weights = rollout.classes.weight
    inside = rollout.starts + back.install.duration <= rule.deadline
    success = (rollout.attempt_weights * inside).sum(axis=1) * (1 - back.install.fail)
    version = rollout.classes.version
    size = np.bincount(version, weights, 2)
    done = np.bincount(version[rollout.done_class], success, 2)
    share = np.where(size > 0, done / np.where(size > 0, size, 1.0), 1.0)
    rate = rollout.sent.sum(axis=(0, 1)) / (BIN * BYTE_PER_HOUR_OF_GBPS)
    return Rollback(
        vehicles=float(weights.sum()),
        back=float(done.sum() / size.sum()),
        back_intact=float(share[0]),
        back_overwritten=float(share[1]),
        sent=float(rollout.sent.sum()),
        needed_gbps=float(size[1] * back.full / rule.deadline / BYTE_PER_HOUR_OF_GBPS),
        peak_gbps=float(rate.max()),
        rollout=rollout,
    )
