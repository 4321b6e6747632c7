"""Which data is not as safe, as complete or as well labelled as the scenario's policy for it says?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

import numpy as np

from planner import units
from planner.axes import DATA, MONTH, PROGRAM, SITE, TIER, cumulative, on, total
from planner.catalogue import SitePools
from planner.findings.spans import Warning_
from planner.results import Results


def warnings(plan: Results) -> Iterator[Warning_]:
    """Copies that stand together, stores that cannot hold what arrives, more labels than people."""
    yield from _copies_together(plan)
    yield from _store_outgrown(plan)
    yield from _too_few_annotators(plan)


def _copies_together(plan: Results) -> Iterator[Warning_]:
    """Classes with more copies than their pool has sites, at the sites where such data arrives."""
    labels = plan.project.table.labels
    kept = on(total(plan.values("data_kept")[0], PROGRAM), MONTH, DATA, SITE)[0]
    copies = on(plan.leaf("data_copies"), DATA)[0]
    pools = cast("SitePools", plan.project.leaves["site_pools"])
    for index, site in enumerate(labels[SITE]):
        sites = int(sum(pools[index]))
        there = kept[plan.horizon, :, index]
        found = [d for d in np.flatnonzero(copies > sites) if there[:, d].any()]
        if not found:
            continue
        months = np.flatnonzero(there[:, found].any(axis=1))
        first, last = plan.horizon_months[months[0]], plan.horizon_months[months[-1]]
        what = ", ".join(f"{copies[d]:g} of {labels[DATA][d]}" for d in found)
        where = "one place" if sites == 1 else f"{sites} places"
        text = f"{site}: copies of its data ({what}) stand in {where}; no other site may have them"
        yield Warning_("copies", site, first, last, float(copies[found].max()), "1", text)


def _store_outgrown(plan: Results) -> Iterator[Warning_]:
    """Sites that buy no storage, and whose store is too small for what is to be held of all that arrives."""
    names = ("site_ingest_mean", "storage_usable", "tier_held")
    ingest, usable, held = plan.values(*names)
    seconds = plan.project.table.calendar.seconds[:, None]
    arrived = cumulative(on(ingest, MONTH, SITE)[0] * seconds, 0)
    room, stock = (on(total(x, TIER), MONTH, SITE)[0] for x in (usable, held))
    outgrown = ((stock > room) & (arrived > room))[plan.horizon]
    for index, (name, site) in enumerate(plan.project.inputs.scenario.sites.items()):
        months = np.flatnonzero(outgrown[:, index])
        if site.orders_allowed or not len(months):
            continue
        last = len(plan.months) - len(plan.horizon_months) + months[-1]
        share = float(room[last, index] / arrived[last, index])
        text = (
            f"{name}: {units.show(float(arrived[last, index]), 'byte')} have arrived by {plan.months[last]}; "
            f"at most {share:.1%} of them can be in the {units.show(float(room[last, index]), 'byte')} of its store"
        )
        first = plan.horizon_months[months[0]]
        yield Warning_("data", name, first, plan.months[last], share, "1", text)


def _too_few_annotators(plan: Results) -> Iterator[Warning_]:
    """Months in which more people would have to label than can be had."""
    needed = on(total(plan.values("annotators")[0], SITE), MONTH)[0]
    limit = float(plan.leaf("labels_annotators_limit").flat[0])
    months = np.flatnonzero(needed[plan.horizon] > limit)
    if not len(months):
        return
    first, last = plan.horizon_months[months[0]], plan.horizon_months[months[-1]]
    most = float(needed[plan.horizon].max())
    text = (
        f"labels: up to {units.show(most, '1')} annotators needed, {first} to {last}; "
        f"{units.show(limit, '1')} can be had"
    )
    yield Warning_("labels", "fleet", first, last, most - limit, "1", text)
