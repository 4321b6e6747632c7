"""What must hold for simulation, qualification, variants and the edge, whatever the inputs are.

More distance, replay, variants, growth never need less; doubling the variants doubles what is built, qualified and
stored and leaves the bytes delivered alone; parts add up to every total. Each property fails on a seeded bug.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.axes import (
    ECU,
    FUNCTION,
    HARDWARE,
    LINK,
    PACKAGE,
    PROGRAM,
    REGION,
    SITE,
    TIER,
    WORKLOAD,
    Array,
    concatenate,
    first,
    total,
)
from planner.graph import Quantity
from planner.project import Project
from tests.properties.layouts import (
    WHOLE_PLANS,
    factors,
    layout,
    leaf_of,
    rows_of,
    run,
    same,
    scaled,
    times,
)
from tests.properties.seeded_bugs import caught, instead_of, with_bug

Example = dict[int, float]


def holds_on(check: Callable[[Project, Example], None], name: str) -> None:
    project = layout(name)

    @WHOLE_PLANS
    @given(factors(project.table))
    def holds(chosen: Example) -> None:
        check(project, chosen)

    holds()


def is_caught(check: Callable[[Project, Example], None], bug: Quantity) -> None:
    project = with_bug(layout("announced"), bug)
    caught(lambda chosen: check(project, chosen), factors(project.table))


# --- Doubling the variants -----------------------------------------------------------------------

DOUBLED = (
    *("variants", "packages_built", "cores_for_build", "release_storage"),
    *("qualification_work", "rigs_required"),
)
UNTOUCHED = ("ota_bytes", "ota_peak", "simulated_distance", "gpus_required", "builds_supported")


def check_doubled_variants(project: Project, chosen: Example) -> None:
    """Twice to build, to qualify and to store; not a byte more to deliver."""
    table = project.table
    (row,) = rows_of(table, "variants_per_build")
    before = scaled(table, chosen)
    start = before.setdefault(row, table.rows[row].value)
    x = run(project, [*DOUBLED, *UNTOUCHED], before, before | {row: 2.0 * start})
    for name in DOUBLED:
        assert same(x[name][1:], 2.0 * x[name][:1], 1e-12), name
    for name in UNTOUCHED:
        assert np.array_equal(x[name][1:], x[name][:1]), name


@instead_of("release_storage")
def one_copy_for_all_variants(
    package_size: Array,
    variants: Array,
    variants_releases_kept: Array,
    variants_copies: Array,
    site_hosts_releases: Array,
) -> Array:
    """Keeps one package for all variants."""
    kept = total(package_size, PACKAGE) * variants_releases_kept * variants_copies
    at_site = kept * site_hosts_releases * np.minimum(variants, 1.0)
    return concatenate(TIER, 0.0 * at_site, 0.0 * at_site, at_site)


@instead_of("ota_bytes")
def every_vehicle_downloads_all_variants(
    ota_vehicles: Array,
    release_bytes: Array,
    package_cadence: Array,
    month_seconds: Array,
    variants: Array,
) -> Array:
    """Delivers every variant to every vehicle."""
    rate = total(release_bytes / package_cadence, PACKAGE)
    return total(ota_vehicles, PROGRAM, LINK) * rate * month_seconds * variants


@pytest.mark.parametrize("name", ["announced", "running"])
def test_doubling_variants_doubles_build_qualification_and_storage_alone(name: str) -> None:
    holds_on(check_doubled_variants, name)


@pytest.mark.parametrize("bug", [one_copy_for_all_variants, every_vehicle_downloads_all_variants])
def test_a_seeded_bug_in_the_variants_is_caught(bug: Quantity) -> None:
    is_caught(check_doubled_variants, bug)


# --- Parts and totals ----------------------------------------------------------------------------

SUMS = (
    *("simulated_distance", "object_distance", "rendered_distance", "neural_distance"),
    *("validation_distance", "kept_distance", "gpus_work_mean", "gpus_for_simulation"),
    *("gpus_services_waiting", "gpus_for_curation", "gpus_for_relabelling"),
    *("gpus_for_throughput", "variants", "builds_supported", "rig_power", "rigs", "rig_ecus"),
    *("rig_orders", "edge_compute_used", "edge_compute_share", "edge_bandwidth_used"),
    *("edge_bandwidth_share", "edge_memory_used", "edge_memory", "edge_weights", "edge_time_used"),
    *("package_weights", "release_storage", "storage_capacity_required", "tier_held"),
    *(
        "tier_datasets",
        "tier_checkpoints",
        "capex",
        "node_payments",
        "storage_payments",
        "network_payments",
    ),
    *("building_payments", "rig_payments", "installation_payments", "duty_payments"),
    *("it_power", "nodes", "node_draw_peak", "storage_power", "fabric_power"),
)


def check_parts_make_the_totals(project: Project, chosen: Example) -> None:
    """Every total of these domains is the sum of its parts, whatever the inputs."""
    values = scaled(project.table, chosen)
    x = run(project, SUMS, values)
    leaf = partial(leaf_of, project, values=values)
    # Shares that are redrawn may claim more than the whole; nothing is driven without sensors then.
    claimed = leaf("simulation_rendered_share") + leaf("simulation_neural_share")
    kinds = x["object_distance"] + x["rendered_distance"] + x["neural_distance"]
    assert same(kinds, x["simulated_distance"] * np.maximum(1.0, claimed), 1e-12)
    assert same(x["validation_distance"], x["kept_distance"] + x["simulated_distance"], 1e-12)
    work = total(x["gpus_for_throughput"], WORKLOAD) + x["gpus_for_simulation"]
    work = work + x["gpus_services_waiting"] + x["gpus_for_curation"] + x["gpus_for_relabelling"]
    assert same(x["gpus_work_mean"], work, 1e-12)
    builds = total(x["builds_supported"], REGION, PROGRAM, ECU)
    assert same(x["variants"], builds * leaf("variants_per_build"), 1e-12)
    inside = total(x["rig_orders"], SITE) * leaf("qualification_rig_ecus")
    there = (builds > 0) * inside
    assert same(total(x["rig_ecus"], ECU), there, 1e-12)
    assert same(x["edge_compute_used"], total(x["edge_compute_share"], FUNCTION), 1e-12)
    assert same(x["edge_bandwidth_used"], total(x["edge_bandwidth_share"], FUNCTION), 1e-12)
    usable = leaf("ecu_memory") * leaf("edge_usable_memory")
    assert same(x["edge_memory_used"] * usable, total(x["edge_memory"], FUNCTION), 1e-12)
    # All functions of the plan come with a package.
    brought = total(x["package_weights"], PACKAGE)
    assert same(brought, total(x["edge_weights"], FUNCTION), 1e-12)
    held = (x["tier_held"] + x["tier_datasets"] + x["tier_checkpoints"]) * leaf("tier_copies")
    assert same(x["storage_capacity_required"], held + x["release_storage"], 1e-12)
    names = ("node_payments", "storage_payments", "network_payments", "building_payments")
    names = (*names, "rig_payments", "installation_payments", "duty_payments")
    assert same(x["capex"], sum(x[name] for name in names), 1e-12)
    nodes = total(x["nodes"] * x["node_draw_peak"], HARDWARE)
    power = nodes + x["storage_power"] + x["fabric_power"] + x["rig_power"]
    assert same(x["it_power"], power, 1e-12)


@instead_of("validation_distance")
def simulation_counts_without_the_road(simulated_distance: Array) -> Array:
    """Forgets what was really driven."""
    return simulated_distance * 1.0


@instead_of("edge_compute_used")
def the_first_function_is_all(edge_compute_share: Array) -> Array:
    """Counts the first function on board only."""
    return first(edge_compute_share, FUNCTION)


@instead_of("it_power")
def rigs_need_no_power(
    nodes: Array, node_power: Array, storage_power: Array, fabric_power: Array
) -> Array:
    """Forgets the rigs."""
    return total(nodes * node_power, HARDWARE) + storage_power + fabric_power


@pytest.mark.parametrize("name", ["announced", "running"])
def test_parts_make_the_totals(name: str) -> None:
    holds_on(check_parts_make_the_totals, name)


@pytest.mark.parametrize(
    "bug", [simulation_counts_without_the_road, the_first_function_is_all, rigs_need_no_power]
)
def test_a_seeded_bug_in_a_total_is_caught(bug: Quantity) -> None:
    is_caught(check_parts_make_the_totals, bug)


# --- More never needs less -----------------------------------------------------------------------

Case = tuple[tuple[str, ...], tuple[str, ...]]
GROWTHS: tuple[Case, ...] = (
    (
        ("simulation_distance",),
        ("simulated_distance", "gpus_for_simulation", "gpus_required", "cores_for_simulation"),
    ),
    (("simulation_reconstruction",), ("gpus_for_simulation", "gpus_required")),
    (
        ("qualification_replay", "qualification_real_time_factor", "qualification_variant_share"),
        ("qualification_work", "rigs_required"),
    ),
    (
        ("variants_support_years", "variants_per_build"),
        ("variants", "packages_built", "release_storage", "rigs_required", "storage_cold_required"),
    ),
    (
        (
            *("deployment_growth", "deployment_parameters", "deployment_operations"),
            *("deployment_passes", "deployment_moved", "deployment_held", "deployment_frame_rate"),
            "deployment_weight_bits",
        ),
        ("edge_memory_used", "edge_compute_used", "edge_bandwidth_used", "edge_used"),
    ),
)
Growth = tuple[Example, str, tuple[str, ...], float]


def growths(project: Project) -> st.SearchStrategy[Growth]:
    def one(case: Case) -> st.SearchStrategy[Growth]:
        leaves, outputs = case
        return st.tuples(
            factors(project.table), st.sampled_from(leaves), st.just(outputs), st.floats(1.01, 20.0)
        )

    return st.one_of([one(case) for case in GROWTHS])


def check_more_needs_no_less(project: Project, growth: Growth) -> None:
    others, leaf, outputs, factor = growth
    table = project.table
    before = scaled(table, others)
    rows = rows_of(table, leaf)
    after = before | {i: times(table, i, before.get(i, table.rows[i].value), factor) for i in rows}
    for name, x in run(project, outputs, before, after).items():
        assert (x[1:] >= x[:1] * (1 - 1e-9)).all(), f"{name} falls when {leaf} grows"


def check_faster_rigs_and_chips_are_no_fuller(
    project: Project, growth: tuple[Example, float]
) -> None:
    """More bandwidth, memory or arithmetic on an ECU never leaves less of it; longer windows need no more rigs."""
    others, factor = growth
    table = project.table
    before = scaled(table, others)
    for leaves, outputs in (
        (("ecu_memory", "ecu_memory_bandwidth", "ecu_int8", "ecu_fp16"), ("edge_used",)),
        (("qualification_window",), ("rigs_required",)),
        (("simulation_speed", "simulation_neural_rate"), ("gpus_for_simulation",)),
    ):
        rows = [row for leaf in leaves for row in rows_of(table, leaf)]
        after = before | {
            i: times(table, i, before.get(i, table.rows[i].value), factor) for i in rows
        }
        for name, x in run(project, outputs, before, after).items():
            assert (x[1:] <= x[:1] * (1 + 1e-9)).all(), f"{name} rises"


@instead_of("rigs_required")
def rigs_by_the_slack(
    qualification_work: Array,
    qualification_window: Array,
    qualification_cadence: Array,
    site_hosts_releases: Array,
) -> Array:
    """Takes the time that is left of the window for the time that is worked."""
    allowed = np.minimum(qualification_window, qualification_cadence)
    return np.maximum(allowed - qualification_work / 100.0, 0.0) / allowed * site_hosts_releases


@instead_of("edge_time_used")
def functions_share_the_chip_for_nothing(
    edge_compute_share: Array, edge_bandwidth_share: Array
) -> Array:
    """Divides bandwidth by arithmetic."""
    ratio = edge_bandwidth_share / np.maximum(edge_compute_share, 1e-9)
    return total(ratio, FUNCTION)


@pytest.mark.parametrize("name", ["announced", "running"])
def test_more_never_needs_less(name: str) -> None:
    project = layout(name)

    @WHOLE_PLANS
    @given(growths(project))
    def holds(growth: Growth) -> None:
        check_more_needs_no_less(project, growth)

    holds()


def test_better_chips_windows_and_rates_never_need_more() -> None:
    project = layout("running")

    @WHOLE_PLANS
    @given(st.tuples(factors(project.table), st.floats(1.01, 20.0)))
    def holds(growth: tuple[Example, float]) -> None:
        check_faster_rigs_and_chips_are_no_fuller(project, growth)

    holds()


@pytest.mark.parametrize("bug", [rigs_by_the_slack, functions_share_the_chip_for_nothing])
def test_a_seeded_bug_in_what_grows_is_caught(bug: Quantity) -> None:
    project = with_bug(layout("announced"), bug)
    caught(lambda growth: check_more_needs_no_less(project, growth), growths(project))


# --- Time passes ---------------------------------------------------------------------------------


def check_support_loses_no_build_on_sale(project: Project, chosen: Example) -> None:
    """A build is in support wherever vehicles of it are sold in the month, and headroom is what use leaves."""
    x = run(
        project,
        ("model_years_supported", "vehicle_sales", "edge_headroom", "edge_used"),
        scaled(project.table, chosen),
    )
    on_sale = total(x["vehicle_sales"], REGION) > 0
    assert (total(x["model_years_supported"], REGION)[on_sale] >= 1).all()
    assert same(x["edge_headroom"], np.maximum(1.0 - x["edge_used"], 0.0), 1e-12)


@instead_of("model_years_supported")
def support_begins_when_sale_ends(vehicle_sales: Array) -> Array:
    """Supports what is not on sale."""
    return np.where(vehicle_sales > 0, 0.0, 1.0)


@pytest.mark.parametrize("name", ["announced", "running"])
def test_what_is_sold_is_supported(name: str) -> None:
    holds_on(check_support_loses_no_build_on_sale, name)


def test_a_seeded_bug_in_the_support_is_caught() -> None:
    is_caught(check_support_loses_no_build_on_sale, support_begins_when_sale_ends)
