"""Where do the assumptions on how well a cluster runs not agree with what follows from its failures and its work?"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from planner import units
from planner.axes import MONTH, SITE, TIER, WORKLOAD, Array, on, peak
from planner.catalogue import TIERS
from planner.findings.spans import Warning_
from planner.plan import Plan

HOT = TIERS.index("hot")


def warnings(plan: Plan) -> Iterator[Warning_]:
    """Goodput, read bandwidth and lives that the plan assumes, where its own physics says otherwise."""
    yield from _goodput_too_high(plan)
    yield from _reads_more(plan)
    yield from _lives_apart(plan)


def _over_horizon(plan: Plan, worst: Array) -> tuple[str, str] | None:
    """First and last month of the horizon in which something is above 0; None where nothing is."""
    where = np.flatnonzero(worst[plan.horizon] > 0)
    months = plan.horizon_months
    return (months[where[0]], months[where[-1]]) if len(where) else None


def _goodput_too_high(plan: Plan) -> Iterator[Warning_]:
    """Runs that lose more time to interruptions and checkpoints than the assumed goodput leaves them."""
    assumed = float(plan.leaf("training_goodput").flat[0])
    expected, trained = plan.values("goodput_expected", "gpus_for_release")
    expected = on(np.where(trained > 0, expected, 1.0), MONTH, WORKLOAD, SITE)[0].min(axis=2)
    for index, workload in enumerate(plan.project.table.labels[WORKLOAD]):
        span = _over_horizon(plan, assumed - expected[:, index])
        if span is None:
            continue
        least = float(expected[plan.horizon, index].min())
        text = (
            f"{workload}: interruptions and checkpoints alone leave {least:.0%} of the time of a run, "
            f"{span[0]} to {span[1]}; training.goodput assumes {assumed:.0%}"
        )
        yield Warning_("goodput", workload, *span, least, "1", text)


def _reads_more(plan: Plan) -> Iterator[Warning_]:
    """Workloads whose accelerators read more than the hot tier is sized to give each of them."""
    rate, trained, rates = plan.values("training_read_rate", "gpus_for_release", "tier_read_rate")
    given = float(on(rates, TIER)[0, HOT])
    needed = on(rate * (peak(trained, MONTH) > 0), WORKLOAD, SITE)[0].max(axis=1)
    copies = on(plan.leaf("tier_dataset_copies"), TIER)[0, HOT]
    for index, workload in enumerate(plan.project.table.labels[WORKLOAD]):
        if needed[index] > given and copies > 0:
            first, last = plan.horizon_months[0], plan.horizon_months[-1]
            size = float(needed[index])
            text = (
                f"{workload}: an accelerator reads {units.show(size, 'byte/second')} while it trains; "
                f"the hot tier gives it {units.show(given, 'byte/second')}"
            )
            yield Warning_("feeding", workload, first, last, size, "B/s", text)


def _lives_apart(plan: Plan) -> Iterator[Warning_]:
    """Hardware that is replaced before it is written down: what is left of its price then is lost."""
    age, life = (
        float(plan.leaf(name).flat[0])
        for name in ("cluster_refresh_age", "economics_equipment_life")
    )
    if age < life * (1.0 - 1e-9):
        first, last = plan.horizon_months[0], plan.horizon_months[-1]
        text = (
            f"equipment is replaced after {units.show(age, 'year')} and written down over "
            f"{units.show(life, 'year')}; what is left of its price then is written off, no sale is booked"
        )
        yield Warning_("refresh", "equipment", first, last, life - age, "second", text)
