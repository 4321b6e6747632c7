"""Which deliveries do export rules stop or bind to conditions, and what may stand at a site instead?"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import numpy as np

from planner import units
from planner.axes import HARDWARE, MONTH, SITE, Array, on
from planner.findings.spans import Warning_, months_text, span_of
from planner.findings.verdicts import (
    alternatives,
    chips_of,
    country_of,
    operator_of,
    profile_of,
    refusal,
    rules_in_force,
    verdict_text,
)
from planner.perf import export
from planner.results import Results

WHOLE = 0.5  # of an accelerator: less than half of one is rounding of the need


def _deliveries(plan: Results) -> Array:
    """Nodes delivered, ordered or committed, by (month, site, hardware)."""
    ordered, committed = plan.values("nodes_delivered", "nodes_committed_delivered")
    return np.asarray(on(ordered + committed, MONTH, SITE, HARDWARE)[0])


def _counted(plan: Results, delivered: Array) -> Iterator[tuple[str, str, str, str, float]]:
    """Site, kind of node, first month, last month and number of what is delivered."""
    labels = plan.project.table.labels
    for site, kind in np.argwhere(delivered.any(axis=0)):
        months = np.flatnonzero(delivered[:, site, kind])
        span = plan.months[months[0]], plan.months[months[-1]]
        count = float(delivered[:, site, kind].sum())
        yield labels[SITE][site], labels[HARDWARE][kind], *span, count


def unlawful(plan: Results) -> Iterator[Warning_]:
    """Deliveries that the rules stop: committed before the plan, or made in a what-if."""
    against = on(plan.values("nodes_unlawful")[0], MONTH, SITE, HARDWARE)[0]
    for site, kind, first, last, count in _counted(plan, against):
        title = profile_of(plan, "nodes", kind).title
        what = f"{site}: {count:.0f} x {title} delivered {months_text(first, last)}"
        text = f"{what}: {verdict_text(plan, site, kind, first)}"
        yield Warning_("export", site, first, last, count, "1", text)


def violations(plan: Results) -> Iterator[Warning_]:
    """The deliveries of a what-if that the rules stop."""
    for each in unlawful(plan) if plan.export_violation_allowed else ():
        text = f"against the export rules: {each.text}"
        yield Warning_("export", each.place, each.first, each.last, each.size, each.unit, text)


def kept_out(plan: Results) -> Iterator[Warning_]:
    """Sites that need more hardware than the rules let in, though some of it stands there or could have come."""
    short = on(plan.values("gpus_kept_out")[0], MONTH, SITE)[0]
    for index, site in enumerate(plan.project.table.labels[SITE]):
        span = span_of(plan, np.where(short[:, index] > WHOLE, short[:, index], 0.0))
        if span is not None:
            first, last, most = span
            what = (
                f"{site}: up to {units.show(most, '1')} GPUs kept out, {months_text(first, last)}"
            )
            text = f"{what}: {refusal(plan, site, first)}; {alternatives(plan, site, first)}"
            yield Warning_("export", site, first, last, most, "1", text)


def shut_sites(plan: Results) -> Iterator[Warning_]:
    """Sites that no region sends data to and that may not have their hardware: others do their share of training."""
    operates = on(plan.values("site_operates")[0], MONTH, SITE)[0]
    scenario = plan.project.inputs.scenario
    homes = {region.site for region in scenario.regions.values()}
    for index, site in enumerate(plan.project.table.labels[SITE]):
        share = scenario.sites[site].training_share.value
        span = span_of(plan, 1.0 - operates[:, index])
        if span is not None and share > 0 and site not in homes:
            why = f"{refusal(plan, site, span[0])}; {alternatives(plan, site, span[0])}"
            text = f"{site}: other sites do its share of training: {why}"
            yield Warning_("export", site, *span, "1", text)


def export_conditions(plan: Results) -> Iterator[Warning_]:
    """Deliveries that need a notice or a case-by-case review, and have no licence."""
    verdict, licensed = plan.values("export_verdict")[0], plan.leaf("site_licensed")
    asked = on(verdict * (1.0 - licensed), MONTH, SITE, HARDWARE)[0]
    delivered = _deliveries(plan)
    for code in (export.NOTIFY, export.CASE_BY_CASE):
        for site, kind, first, last, count in _counted(plan, delivered * (asked == code)):
            title = profile_of(plan, "nodes", kind).title
            text = (
                f"{site}: {count:.0f} x {title} delivered {months_text(first, last)} "
                f"under export review: {export.VERDICTS[code].replace('_', ' ')}"
            )
            yield Warning_("export", site, first, last, count, "1", text)


def idle_licences(plan: Results) -> Iterator[Warning_]:
    """Declared licences that lift nothing, because the rules deny the delivery."""
    verdict = on(plan.values("export_verdict")[0], MONTH, SITE, HARDWARE)[0]
    labels, start = plan.project.table.labels, plan.project.table.calendar.first
    months = start + np.arange(len(plan.months))
    for index, (site, entry) in enumerate(plan.project.inputs.scenario.sites.items()):
        for licence in entry.licences:
            if licence.hardware not in labels[HARDWARE]:
                continue
            until = np.inf if licence.until is None else licence.until
            covered = (months >= licence.from_) & (months <= until)
            denied = verdict[:, index, labels[HARDWARE].index(licence.hardware)] == export.DENIED
            span = span_of(plan, np.where(covered & denied, 1.0, 0.0))
            if span is not None:
                what = (
                    f"{site}: the licence for {profile_of(plan, 'nodes', licence.hardware).title}"
                )
                why = verdict_text(plan, site, licence.hardware, span[0])
                text = (
                    f"{what} ({licence.reference}) has no effect, {months_text(*span[:2])}: {why}"
                )
                yield Warning_("export", site, *span, "1", text)


def unknown_density(plan: Results) -> Iterator[Warning_]:
    """Deliveries of chips whose die area nobody has written down, where the density could decide."""
    for site, kind, first, last, count in _counted(plan, _deliveries(plan)):
        chip = chips_of(plan, kind)
        if chip.density[0] > 0:
            continue
        rules, where = (
            rules_in_force(plan, first),
            (country_of(plan, site), operator_of(plan, site)),
        )
        beyond_any = chip.density + np.finfo(np.float64).max
        dense = dataclasses.replace(chip, density=beyond_any)
        found, worst = (export.verdicts(rules, *where, each)[0] for each in (chip, dense))
        if export.STRICTNESS[int(worst)] > export.STRICTNESS[int(found)]:
            word = export.VERDICTS[int(worst)].replace("_", " ")
            title = profile_of(plan, "nodes", kind).title
            text = f"{site}: {title} has no die_area; its performance density could make it: {word}"
            yield Warning_("export", site, first, last, count, "1", text)
