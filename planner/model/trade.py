"""Which hardware may stand where, and which regions can therefore be served?

Export rules decide by chip, country, operator and delivery month, among the rules known at plan_start (or in
`rules_as_of`); residency rules decide by a region's law, the country of its site, the fleet and the month.

The two meet where data has to stay. What follows, in the words that decide:

* A region is served where its data may be at its site, and the site can have hardware. A region whose data has to
  stay where no hardware is permitted is left out: its vehicles drive, but send nothing. The plan goes on without it,
  unless the scenario says `serve: required`.
* Everywhere else a delivery that the plan needs and the rules stop (denied, or a licence that the scenario has not
  declared) stops the plan: a region whose data may go elsewhere is sent to a site that may not have its hardware; a
  site that serves such a region needs more than the rules let in; hardware committed before the plan would be delivered
  against them; no site at all may have its hardware. A region with `serve: if_permitted` may go unserved all the same.
* The plan orders nothing that the rules stop. In a what-if (`allow_export_violation`) it does, counts it
  (`nodes_unlawful`), and every page says so.

Case-by-case review, notices and conditions on data are warned about (`findings.trade` says all of this in words).
"""

from __future__ import annotations

import numpy as np

from planner.axes import (
    DRAW,
    HARDWARE,
    MONTH,
    REGION,
    SITE,
    Array,
    on,
    peak,
    place,
    total,
)
from planner.catalogue import Calendar
from planner.graph import quantity
from planner.model.decisions import months_of_life, whole_months
from planner.perf import export, residency
from planner.perf.ordering import at_moment_before, at_month, in_service, order_months


@quantity(unit="1", axes="hardware")
def total_processing_performance(
    accelerator_bf16: Array,
    accelerator_fp8: Array,
    accelerator_fp4: Array,
    accelerator_int8: Array,
    accelerator_fp64: Array,
) -> Array:
    """Total processing performance of an accelerator: dense tera-operations a second x bits, the largest format's.

    88 FR 73458, technical note 2 to ECCN 3A090. Sparse figures do not count: with them an H200 would be denied to
    China in 2026, and an H20 controlled. A 4-bit format decides where it is more than twice as fast as 8 bits, as on a
    B300. TensorFloat-32 is not looked at: even at 32 bits it gives no more than bfloat16 at its 16.
    """
    return export.total_processing_performance(
        [
            (accelerator_bf16, 16),
            (accelerator_fp8, 8),
            (accelerator_fp4, 4),
            (accelerator_int8, 8),
            (accelerator_fp64, 64),
        ]
    )


@quantity(unit="1/mm^2", axes="hardware")
def performance_density(total_processing_performance: Array, accelerator_die_area: Array) -> Array:
    """Total processing performance over the area of the logic dies (ECCN 3A090); 0 where the area is not known."""
    return export.performance_density(total_processing_performance, accelerator_die_area)


@quantity(unit="1", axes="month site hardware")
def export_verdict(
    total_processing_performance: Array,
    performance_density: Array,
    accelerator_link_bandwidth: Array,
    accelerator_memory_bandwidth: Array,
    accelerator_host_memory_bandwidth: Array,
    accelerator_for_data_centre: Array,
    export_rules: export.Rules,
    site_country: tuple[str, ...],
    site_operator: tuple[str, ...],
    calendar: Calendar,
) -> Array:
    """Verdict on delivering each kind of node to each site: 0 free, 1 notify, 2 licence, 3 case by case, 4 denied.

    The rules are those in force in the delivery month among those known at plan_start, or in `rules_as_of`.
    """
    figures = (
        total_processing_performance,
        performance_density,
        accelerator_link_bandwidth,
        accelerator_memory_bandwidth + accelerator_host_memory_bandwidth,
        accelerator_for_data_centre,
    )
    chips = export.chips(*(on(figure, HARDWARE) for figure in figures))
    places = tuple(zip(site_country, site_operator, strict=True))
    months = range(calendar.first, calendar.first + calendar.months)
    changing = export_rules.changes
    changes = [m for m in months if m == months.start or m in changing]
    spans = np.diff([*changes, months.stop])
    verdicts = [
        np.stack(
            [export.verdicts(export_rules.in_force(m), *each, chips) for each in places], axis=1
        )
        for m in changes
    ]
    monthly = np.repeat(np.stack(verdicts, axis=1), spans, axis=1)
    return place(monthly, DRAW, MONTH, SITE, HARDWARE)


@quantity(unit="1", axes="month site hardware", worst="min")
def export_lawful(export_verdict: Array, site_licensed: Array) -> Array:
    """1 where the rules let the delivery in: free, notified, case by case, or under a licence that the site has."""
    return 1.0 - export.blocked(export_verdict, site_licensed)


@quantity(unit="1", axes="month site hardware", worst="min")
def export_permitted(export_lawful: Array, export_violation_allowed: Array) -> Array:
    """1 where the plan may have the delivery: the rules let it in, or the plan is a what-if that breaks them."""
    return np.maximum(export_lawful, export_violation_allowed)


@quantity(unit="1", axes="month site", worst="min")
def site_operates(
    export_permitted: Array,
    site_trains_on: Array,
    nodes_before: Array,
    node_delivery_time: Array,
    site_commissioning: Array,
    site_order_interval: Array,
    cluster_refresh_age: Array,
    calendar: Calendar,
) -> Array:
    """1 where the site can have hardware: nodes stand there from before, or an order for it can have served by then.

    An order serves from one of the months in which the site's orders do, the lead time and commissioning after
    plan_start at the earliest, if its training kind is permitted in the month of its delivery. The months until the
    first of them are judged as that month is: work waits for hardware that will come. A later rule stops deliveries;
    what stands by then goes on working until the end of its life.
    """
    wait = total(node_delivery_time * site_trains_on, HARDWARE) + site_commissioning
    earliest = calendar.month_after(on(wait, SITE))
    interval = whole_months(on(site_order_interval, SITE))
    permitted = _permitted_at_delivery(
        export_permitted, site_trains_on, site_commissioning, calendar
    )
    life = np.maximum(months_of_life(cluster_refresh_age), interval.max(axis=1, keepdims=True))
    serving = in_service(order_months(permitted, earliest, interval).astype(np.float64), life) > 0
    at_first = at_month(permitted, np.minimum(earliest, calendar.months - 1))
    waiting = np.arange(calendar.months)[:, None] < earliest[:, None, :]
    ordered = place(serving + (at_first - serving) * waiting, DRAW, MONTH, SITE)
    return np.asarray(np.maximum(ordered, total(nodes_before, HARDWARE) > 0))


def _permitted_at_delivery(
    export_permitted: Array, site_trains_on: Array, site_commissioning: Array, calendar: Calendar
) -> Array:
    """1 (draw, month, site) where the training kind may be delivered a commissioning before the month begins."""
    permitted = on(total(export_permitted * site_trains_on, HARDWARE), MONTH, SITE)
    return at_moment_before(permitted, on(site_commissioning, SITE), calendar.edges)


@quantity(unit="1", axes="month site hardware")
def nodes_unlawful(
    nodes_delivered: Array, nodes_committed_delivered: Array, export_lawful: Array
) -> Array:
    """Nodes delivered, ordered by the plan or committed before it, although the rules stop the delivery."""
    return (nodes_delivered + nodes_committed_delivered) * (1.0 - export_lawful)


@quantity(unit="1", axes="month site")
def gpus_kept_out(
    gpus_short: Array,
    export_permitted: Array,
    site_trains_on: Array,
    site_may_order: Array,
    site_commissioning: Array,
    calendar: Calendar,
) -> Array:
    """Accelerators short for which the rules stop the delivery, a commissioning before, at a site that orders."""
    delivered = _permitted_at_delivery(
        export_permitted, site_trains_on, site_commissioning, calendar
    )
    return gpus_short * site_may_order * (1.0 - place(delivered, DRAW, MONTH, SITE))


@quantity(unit="1", axes="month region site")
def residency_verdict(vehicles_in_operation: Array, residency_rules: residency.Rules) -> Array:
    """Verdict on the region's data at each site: 0 free, 1 under conditions (a contract, consent), 2 it has to stay.

    The strictest among the classes of data that training reads; always free in the region's own country. A rule for
    large fleets binds from the month in which the region has that many vehicles.
    """
    return place(
        residency_rules.of(on(vehicles_in_operation, MONTH, REGION)), DRAW, MONTH, REGION, SITE
    )


@quantity(unit="1", axes="month region site", worst="min")
def residency_permitted(residency_verdict: Array) -> Array:
    """1 where the region's data may be processed at the site, freely or under conditions."""
    return np.where(residency_verdict < residency.STAYS, 1.0, 0.0)


@quantity(unit="1", axes="month region", worst="min")
def region_served(region_at_site: Array, residency_permitted: Array, site_operates: Array) -> Array:
    """1 where the region's site may have its data and can have hardware."""
    return peak(region_at_site * residency_permitted * site_operates, SITE)
