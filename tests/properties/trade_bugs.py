"""Wrong quantities about rules, each caught by a property in `test_trade`."""

from __future__ import annotations

import numpy as np

from planner.axes import DRAW, MONTH, PROGRAM, REGION, SITE, Array, on, peak, place, total
from planner.model import trade
from planner.perf import residency
from tests.properties.seeded_bugs import instead_of


@instead_of("export_permitted")
def nobody_asks_the_rules(export_lawful: Array, export_violation_allowed: Array) -> Array:
    """Lets everything in."""
    return np.ones_like(export_lawful + export_violation_allowed)


@instead_of("nodes_unlawful")
def what_was_on_order_is_forgotten(
    nodes_delivered: Array, nodes_committed_delivered: Array, export_lawful: Array
) -> Array:
    """Looks at the plan's own orders only."""
    return (nodes_delivered + 0.0 * nodes_committed_delivered) * (1.0 - export_lawful)


@instead_of("total_processing_performance")
def performance_upside_down(
    accelerator_bf16: Array,
    accelerator_fp8: Array,
    accelerator_fp4: Array,
    accelerator_int8: Array,
    accelerator_fp64: Array,
) -> Array:
    """Divides by the performance."""
    found = trade.total_processing_performance.fn(
        accelerator_bf16, accelerator_fp8, accelerator_fp4, accelerator_int8, accelerator_fp64
    )
    return 2e7 / np.maximum(found, 1.0)


@instead_of("export_lawful")
def a_licence_makes_it_worse(export_verdict: Array, site_licensed: Array) -> Array:
    """Takes a licence for the need of one."""
    return np.where((export_verdict > 1) | (site_licensed > 0), 0.0, 1.0)


@instead_of("residency_verdict")
def data_stays_away_from_home(
    vehicles_in_operation: Array, residency_rules: residency.Rules
) -> Array:
    """Gives every site the strictest verdict of any."""
    found = trade.residency_verdict.fn(vehicles_in_operation, residency_rules)
    return peak(found, SITE) * np.ones_like(found)


@instead_of("residency_verdict")
def small_fleets_are_watched(
    vehicles_in_operation: Array, residency_rules: residency.Rules
) -> Array:
    """Binds below the threshold instead of above it."""
    vehicles = 1e10 / np.maximum(on(vehicles_in_operation, MONTH, REGION), 1.0)
    return place(residency_rules.of(vehicles), DRAW, MONTH, REGION, SITE)


@instead_of("vehicles_unserved")
def nobody_counts_who_is_left_out(vehicles_mean: Array, region_served: Array) -> Array:
    """Counts every second one."""
    return total(vehicles_mean, PROGRAM) * (1.0 - region_served) / 2.0
