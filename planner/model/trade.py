"""Which hardware may stand where, and which regions can therefore be served?

Export rules decide by chip, country and delivery month, among the rules known at plan_start; data that may not leave
its country needs a site there. A region without a permitted site is not served: its vehicles drive, but send nothing.
"""

from __future__ import annotations

import numpy as np

from planner.axes import DRAW, HARDWARE, MONTH, REGION, SITE, Array, on, peak, place, total
from planner.catalogue import Calendar
from planner.graph import quantity
from planner.perf import export


@quantity(unit="1", axes="month site hardware")
def export_verdict(
    accelerator_bf16: Array,
    accelerator_fp8: Array,
    accelerator_int8: Array,
    accelerator_die_area: Array,
    accelerator_link_bandwidth: Array,
    accelerator_memory_bandwidth: Array,
    accelerator_for_data_centre: Array,
    export_rules: export.Rules,
    site_country: tuple[str, ...],
    calendar: Calendar,
) -> Array:
    """Verdict on delivering each kind of node to each site: 0 free, 1 notify, 2 licence, 3 case by case, 4 denied.

    The rule is the one in force in the delivery month among those known at plan_start; it looks at the dense peaks.
    """
    chips = export.chips_of(
        *(
            on(figure, HARDWARE)
            for figure in (
                accelerator_bf16,
                accelerator_fp8,
                accelerator_int8,
                accelerator_die_area,
                accelerator_link_bandwidth,
                accelerator_memory_bandwidth,
                accelerator_for_data_centre,
            )
        )
    )
    in_force = [export_rules.in_force(calendar.first + month) for month in range(calendar.months)]
    by_rule = {
        rule: np.stack([export.verdicts(rule, country, chips) for country in site_country], axis=1)
        for rule in dict.fromkeys(in_force)
    }
    return place(
        np.stack([by_rule[rule] for rule in in_force], axis=1), DRAW, MONTH, SITE, HARDWARE
    )


@quantity(unit="1", axes="month site hardware")
def export_permitted(export_verdict: Array) -> Array:
    """1 where the delivery needs no licence that the scenario does not have: free, notified, or case by case."""
    return 1.0 - export.blocked(export_verdict)


@quantity(unit="1", axes="month site")
def site_operates(export_permitted: Array, site_trains_on: Array, nodes_before: Array) -> Array:
    """1 where the site can have hardware: its training kind may be or could be delivered, or nodes stand from before.

    A later rule stops deliveries; what stands by then goes on working.
    """
    delivered = np.maximum.accumulate(
        total(export_permitted * site_trains_on, HARDWARE), axis=MONTH
    )
    return np.maximum(delivered, np.where(total(nodes_before, HARDWARE) > 0, 1.0, 0.0))


@quantity(unit="1", axes="region site")
def residency_permitted(
    region_data_stays: tuple[bool, ...],
    region_country: tuple[str, ...],
    site_country: tuple[str, ...],
) -> Array:
    """1 where the region's data may be processed at the site: anywhere, or only in the region's own country."""
    allowed = [
        [float(not stays or home == country) for country in site_country]
        for stays, home in zip(region_data_stays, region_country, strict=True)
    ]
    return place(np.array(allowed), REGION, SITE)


@quantity(unit="1", axes="month region")
def region_served(region_at_site: Array, residency_permitted: Array, site_operates: Array) -> Array:
    """1 where the region's site may have its data and can have hardware."""
    return peak(region_at_site * residency_permitted * site_operates, SITE)
