"""Where do the assumptions on how a cluster is used not agree with what follows from its work?"""

from __future__ import annotations

from collections.abc import Iterator

from planner import units
from planner.axes import MONTH, SITE, TIER, WORKLOAD, on, peak
from planner.catalogue import TIERS
from planner.findings.spans import Warning_
from planner.results import Results

HOT = TIERS.index("hot")


def warnings(plan: Results) -> Iterator[Warning_]:
    """Read bandwidth and lives that the plan assumes, where its own physics says otherwise."""
    yield from _reads_more(plan)
    yield from _lives_apart(plan)


def _reads_more(plan: Results) -> Iterator[Warning_]:
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


def _lives_apart(plan: Results) -> Iterator[Warning_]:
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
