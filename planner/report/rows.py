"""What does the table of `planner size` show?

One row a quantity, or a part of one: its values of all months of the plan, and how a period is read from them. A stock
is read at its end, a flow as its sum or mean, a peak as its largest month.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from planner import units
from planner.axes import ECU, ITEM, MONTH, RANK, SITE, TIER, Array
from planner.catalogue import ITEMS, TIERS
from planner.findings import STORAGE_NEEDS
from planner.lineage import spread_values
from planner.plan import Plan

SITES_SHOWN = 5
# What binds a tier, in the room of a trend.
IN_SHORT = {"capacity": "by size", "read bandwidth": "by reads", "write bandwidth": "by writes"}
GPU_HOURS = "GPU-hour"  # accelerator-hours, which have no unit of their own
KILOMETRES = "simulated km"  # counted like hours: millions of them, not thousands of km
ECUS = "ECU"  # thousands of them, so that a year with few can be read beside one with many
# Totals of the Money group, and the items that stand below them where they are paid.
_MONEY_PARTS: dict[str, dict[str, tuple[str, ...]]] = {
    "capex": {"nodes": ("nodes",)},
    "opex": {
        "energy": ("energy",),
        "cellular, CDN": ("cellular", "delivery"),
        "lease, rent": ("lease", "rent", "colocation"),
        "labels": ("labels",),
        "licences, staff": ("licences", "staff"),
        "maintenance, WAN": ("maintenance", "wan"),
    },
}

HOW_READ = (
    "Vehicles, and what is in service: end of the period. "
    "Needed, served, peaks, starts, days, MW, racks: its largest month; of which: in that month. "
    "Within reach: its smallest month. Ingest mean, PUE: its mean. Hours, bytes, money, carbon: its sum."
)
HOW_THE_TREND_IS_READ = (
    "Bars: the course over the horizon, in nine equal parts at most. "
    "Beside storage needed: what it is bound by."
)

Reduce = Callable[[Array], float]


def _last(values: Array) -> float:
    return float(values[-1])


def _sum(values: Array) -> float:
    return float(values.sum())


def _mean(values: Array) -> float:
    return float(values.mean())


def _largest(values: Array) -> float:
    return float(values.max())


def _mean_where_any(values: Array) -> float:
    """The mean of the months that have a value; a ratio of nothing is 0."""
    there = values[values > 0]
    return float(there.mean()) if len(there) else 0.0


def _smallest_where_any(values: Array) -> float:
    """The smallest of the months that have a value; a share of nothing is 0."""
    there = values[values > 0]
    return float(there.min()) if len(there) else 0.0


@dataclass(frozen=True)
class Row:
    """A line of the table: values of all months of the plan in base units, and how a period is read."""

    group: str
    label: str
    unit: str
    months: Array
    reduce: Reduce
    mark: str = ""
    is_part: bool = False  # of the row above, whose unit it has
    follows: Array | None = None  # read in the month in which this is largest, not by `reduce`

    @property
    def is_flow(self) -> bool:
        """Whether months add up, so that those before the horizon count."""
        return self.reduce is _sum


def rows_of(plan: Plan) -> Iterator[Row]:
    """All rows of the table, those of a group together."""
    yield from _fleet_rows(plan)
    yield _row(plan, "Data", "ingest mean", "ingest_mean", _mean)
    yield _row(plan, "Data", "ingest peak", "ingest_peak", _largest)
    if in_horizon(plan, "replication").max() > 0:
        yield _row(plan, "Data", "replication", "replication", _largest)
    bound = _bound_by(plan)
    for tier in TIERS:
        need = f"storage_{tier}_required"
        yield _row(plan, "Storage", f"{tier} needed", need, _largest, bound[tier])
        yield _row(plan, "Storage", f"{tier} in service", f"storage_{tier}", _last)
    yield from _compute_rows(plan)
    yield from _release_rows(plan)
    yield from _edge_rows(plan)
    yield from _service_rows(plan)
    if in_horizon(plan, "annotators").max() > 0:
        yield _row(plan, "Labels", "people who label", "annotators", _largest)
    yield _row(plan, "OTA", "delivered", "ota_bytes", _sum)
    yield _row(plan, "OTA", "peak", "ota_peak", _largest)
    yield _row(plan, "OTA", "99 % of reached in", "ota_days_to_99", _largest)
    reach = by_month(plan, "ota_reachable_share")
    yield Row("OTA", "fleet within reach", "%", reach, _smallest_where_any)
    yield _row(plan, "Network", "switches", "switches", _last)
    yield _row(plan, "Network", "links", "links", _last)
    yield _row(plan, "Network", "WAN to buy", "wan_bandwidth", _largest)
    yield from _site_rows(plan)
    yield from _money_rows(plan)
    yield from _carbon_rows(plan)


def _row(plan: Plan, group: str, label: str, name: str, reduce: Reduce, mark: str = "") -> Row:
    return Row(group, label, plan.project.graph[name].unit, by_month(plan, name), reduce, mark)


def _fleet_rows(plan: Plan) -> Iterator[Row]:
    yield _row(plan, "Fleet", "vehicles", "vehicles_in_operation", _last)
    ecus = plan.project.labels[ECU]
    if len(ecus) > 1:
        for index, ecu in enumerate(ecus):
            values = by_month(plan, "vehicles_by_ecu", (ECU, index))
            yield Row("Fleet", f"on {ecu}", "vehicle", values, _last)
    if in_horizon(plan, "vehicles_unserved").max() > 0:
        yield _row(plan, "Fleet", "served", "vehicles_served", _last)


def _carbon_rows(plan: Plan) -> Iterator[Row]:
    """All emissions, and their parts: each site's where there are several that emit."""
    yield _row(plan, "Carbon", "CO2e", "carbon", _sum)
    sites = plan.project.labels[SITE]
    emitted = [by_month(plan, "carbon_by_site", (SITE, index)) for index in range(len(sites))]
    parts = [(site, each) for site, each in zip(sites, emitted, strict=True) if each.any()]
    if 1 < len(parts) <= SITES_SHOWN:
        for site, values in parts:
            yield Row("Carbon", f"of which {site}", "kg", values, _sum, "", True)


def _fullest(plan: Plan, name: str) -> Array:
    """The largest value over all sites, by month."""
    (values,) = spread_values(plan, name)
    largest = values.max(axis=tuple(axis for axis in range(RANK) if axis != MONTH))
    return np.broadcast_to(largest, (len(plan.months),))


def _bound_by(plan: Plan) -> dict[str, str]:
    """What decides the size of each tier in the month of its largest need."""
    found = {}
    for index, tier in enumerate(TIERS):
        needs = np.stack([in_horizon(plan, name, (TIER, index)) for name in STORAGE_NEEDS])
        largest, month = np.unravel_index(np.argmax(needs), needs.shape)
        words = list(STORAGE_NEEDS.values())[largest]
        found[tier] = IN_SHORT[words] if needs[largest, month] > 0 else ""
    return found


def _compute_rows(plan: Plan) -> Iterator[Row]:
    """Need and stock; where other kinds than the one trained on serve, the stock also in that kind."""
    yield _row(plan, "Compute", "GPUs needed", "gpus_required", _largest)
    yield from _gpu_parts(plan)
    if in_horizon(plan, "gpus_spare").max() > 0:
        yield _row(plan, "Compute", "spare GPUs needed", "gpus_spare", _largest)
    yield _row(plan, "Compute", "GPUs in service", "gpus", _last)
    if not np.allclose(in_horizon(plan, "gpus"), in_horizon(plan, "gpus_equivalent")):
        kinds = {site.training for site in plan.project.inputs.scenario.sites.values()}
        kind = kinds.pop() if len(kinds) == 1 else "needed"
        yield _row(plan, "Compute", f"in service, as {kind}", "gpus_equivalent", _last)
    hours = units.from_base(by_month(plan, "training_gpu_hours"), "hour")
    yield Row("Compute", "training GPU-h", GPU_HOURS, hours, _sum)
    wait = _longest_wait(plan)
    if in_horizon(plan, "gpus_for_waiting").max() > 0:
        share = 100 * float(plan.leaf("training_queue_percentile").flat[0])
        yield Row("Compute", f"{share:.3g} % of jobs start in", "hour", wait, _largest)


def _gpu_parts(plan: Plan) -> Iterator[Row]:
    """What the need consists of in its largest month: training has what the other work leaves of it."""
    needed = by_month(plan, "gpus_required")
    others = {
        "curation": by_month(plan, "gpus_for_curation") + by_month(plan, "gpus_for_relabelling"),
        "simulation": by_month(plan, "gpus_for_simulation"),
        "services": by_month(plan, "gpus_serving_peak"),
    }
    training = np.maximum(needed - sum(others.values()), 0.0)
    if not any(values[plan.horizon].any() for values in others.values()):
        return
    for label, values in {"training": training, **others}.items():
        if values[plan.horizon].any():
            yield Row("Compute", f"of which {label}", "1", values, _largest, "", True, needed)


def _longest_wait(plan: Plan) -> Array:
    """The predicted wait by month at the site where it is longest, of those that have accelerators."""
    wait, there = plan.values("queue_wait", "gpus_equivalent")
    longest = (wait * (there > 0)).max(axis=tuple(axis for axis in range(RANK) if axis != MONTH))
    return np.broadcast_to(longest, (len(plan.months),))


def _release_rows(plan: Plan) -> Iterator[Row]:
    """What it takes until a release may go out; nothing where no release is simulated or qualified."""
    if in_horizon(plan, "rigs_required").max() > 0:
        yield _row(plan, "Release", "build variants in support", "variants", _last)
        yield _row(plan, "Release", "test rigs needed", "rigs_required", _largest)
        yield _row(plan, "Release", "test rigs in service", "rigs", _last)
    if in_horizon(plan, "simulated_distance").max() > 0:
        distance = units.from_base(by_month(plan, "simulated_distance"), "km")
        yield Row("Release", "simulated km", KILOMETRES, distance, _sum)


def _edge_rows(plan: Plan) -> Iterator[Row]:
    """How full each ECU on the road is, and how many are built."""
    ecus = plan.project.labels[ECU]
    for index, ecu in enumerate(ecus):
        used = by_month(plan, "edge_used", (ECU, index))
        if used.max() > 0:
            yield Row("ECUs", f"{ecu} used", "%", used, _largest)
    for index, ecu in enumerate(ecus):
        built = by_month(plan, "ecu_units", (ECU, index))
        if built[plan.horizon].max() > 0:
            yield Row("ECUs", f"{ecu} built", ECUS, built, _sum)


def _service_rows(plan: Plan) -> Iterator[Row]:
    """What the services do and need; nothing where there are none."""
    for label, name in (
        ("language", "service_tokens"),
        ("inspection", "service_images"),
        ("city camera streams", "service_streams_analysed"),
        ("GPUs for services", "gpus_serving_peak"),
    ):
        if in_horizon(plan, name).max() > 0:
            yield _row(plan, "Serving", label, name, _largest)


def _site_rows(plan: Plan) -> Iterator[Row]:
    """Power of each site that has any, of many sites together; racks and power usage effectiveness of all."""
    sites = plan.project.labels[SITE]
    powers = [by_month(plan, "site_power", (SITE, index)) for index in range(len(sites))]
    powered = [(site, power) for site, power in zip(sites, powers, strict=True) if power.max() > 0]
    if len(powered) > SITES_SHOWN:
        yield _row(plan, "Site", "all sites", "site_power", _largest)
        powered = sorted(powered, key=lambda each: -each[1].max())[: SITES_SHOWN - 1]
    for site, power in powered:
        yield Row("Site", site, "watt", power, _largest)
    if powered:
        for label, name in (
            ("IT, all idle", "it_power_idle"),
            ("IT, mean", "it_power_mean"),
            ("IT, peak", "it_power"),
        ):
            yield _row(plan, "Site", label, name, _largest)
        if (used := _fullest(plan, "phase_used_share")).max() > 0:
            yield Row("Site", "fullest phase used", "%", used, _largest)
        yield _row(plan, "Site", "racks", "racks", _largest)
        yield _row(plan, "Site", "PUE, all sites", "pue_of_sites", _mean_where_any)


def _money_rows(plan: Plan) -> Iterator[Row]:
    """Totals, each with the items that are most of it in a fleet's factory."""
    for name, parts in _MONEY_PARTS.items():
        yield _row(plan, "Money", name, name, _sum)
        for label, items in parts.items():
            values = sum(by_month(plan, "cash_flow", (ITEM, ITEMS.index(item))) for item in items)
            if np.any(values):
                yield Row("Money", f"of which {label}", "USD", np.asarray(values), _sum, "", True)


def by_month(plan: Plan, name: str, at: tuple[int, int] | None = None) -> Array:
    """A quantity over all months in base units: its sum over all other axes, or at a position of one."""
    (values,) = spread_values(plan, name)
    if at is not None:
        values = np.take(values, [at[1]], axis=at[0])
    months = values.sum(axis=tuple(axis for axis in range(RANK) if axis != MONTH))
    return np.broadcast_to(months, (len(plan.months),))


def in_horizon(plan: Plan, name: str, at: tuple[int, int] | None = None) -> Array:
    """The same over the horizon's months only."""
    return by_month(plan, name, at)[plan.horizon]
