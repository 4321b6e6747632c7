"""What does the table of `planner size` show?

One row a quantity, or a part of one: where its values of all months come from, and how a period is read from them. A
stock is read at its end, a flow as its sum or mean, a peak as its largest month. The plan at the medians decides which
rows there are; each can then be read from that plan and from draws alike.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from planner import units
from planner.axes import DRAW, ECU, HARDWARE, ITEM, MONTH, RANK, SITE, TIER, Array, total
from planner.catalogue import ITEMS, TIERS
from planner.findings import STORAGE_NEEDS
from planner.lineage import Source, spread_values
from planner.plan import Plan

SITES_SHOWN = 5
# What binds a tier, in the room of a trend.
IN_SHORT = {"capacity": "by size", "read bandwidth": "by reads", "write bandwidth": "by writes"}
GPU_HOURS = "GPU-hour"  # accelerator-hours, which have no unit of their own
KILOMETRES = "simulated km"  # counted like hours: millions of them, not thousands of km
ECUS = "ECU"  # thousands of them, so that a year with few can be read beside one with many
# What accelerators do besides training.
_BESIDE_TRAINING = {
    "curation": ("gpus_for_curation", "gpus_for_relabelling"),
    "simulation": ("gpus_for_simulation",),
    "services": ("gpus_serving_peak", "gpus_services_waiting"),
}
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

TCO_READ = (
    " TCO: what capex and opex are worth at the plan's start, less what equipment is still worth at its end "
    "(explain tco)."
)
_STARTS = "Starts: without months in which no GPU serves. "
HOW_READ = (
    "Vehicles, and what is in service: end of the period. "
    "Needed, served, peaks, starts, days, MW, racks, floor: its largest month; of which: in that month. "
    f"{_STARTS}Within reach: its smallest month. Ingest mean, PUE: its mean. "
    f"Hours, bytes, water, money, carbon: its sum.{TCO_READ}"
)
HOW_READ_WITHOUT_A_FLEET = (
    "What is in service: end of the period. "
    "Needed, served, starts, MW, racks, floor: its largest month; of which: in that month. "
    f"{_STARTS}PUE: its mean. Hours, water, money, carbon: its sum.{TCO_READ}"
)
HOW_THE_TREND_IS_READ = (
    "Bars: the course over the horizon, in nine equal parts at most. "
    "Beside storage needed: what it is bound by."
)

_OTHERS = tuple(axis for axis in range(RANK) if axis not in (DRAW, MONTH))
At = tuple[int, int]  # an axis, and a position on it
Course = Callable[[Source], Array]  # values by draw and month in base units, shape (draw, month)
Reduce = Callable[[Array], Array]  # over the last axis, the months of a period


def at_the_end(values: Array) -> Array:
    """The last month."""
    return np.asarray(values[..., -1])


def _sum(values: Array) -> Array:
    return np.asarray(values.sum(axis=-1))


def _mean(values: Array) -> Array:
    return np.asarray(values.mean(axis=-1))


def _largest(values: Array) -> Array:
    return np.asarray(values.max(axis=-1))


def _largest_where_any(values: Array) -> Array:
    """The largest of the months that have a value; NaN where none has."""
    there = ~np.isnan(values)
    largest = np.where(there, values, -np.inf).max(axis=-1)
    return np.where(there.any(axis=-1), largest, np.nan)


def _mean_where_any(values: Array) -> Array:
    """The mean of the months that have a value; a ratio of nothing is 0."""
    there = values > 0
    added_up = np.where(there, values, 0.0).sum(axis=-1)
    return np.asarray(added_up / np.maximum(there.sum(axis=-1), 1))


def _smallest_where_any(values: Array) -> Array:
    """The smallest of the months that have a value; a share of nothing is 0."""
    smallest = np.where(values > 0, values, np.inf).min(axis=-1)
    return np.where(np.isfinite(smallest), smallest, 0.0)


@dataclass(frozen=True)
class Row:
    """A line of the table: where its values by month come from, and how a period is read."""

    group: str
    label: str
    unit: str
    course: Course
    reduce: Reduce
    mark: str = ""
    is_part: bool = False  # of the row above, whose unit it has
    follows: Course | None = None  # read in the month in which this is largest, not by `reduce`
    is_own: bool = False  # of a position, a setting or a ratio that another plan may not have

    @property
    def is_flow(self) -> bool:
        """Whether months add up, so that those before the horizon count."""
        return self.reduce is _sum

    def read(self, source: Source, periods: Sequence[slice]) -> Array:
        """The values in some ranges of months, shape (period, draw)."""
        months = self.course(source)
        if self.follows is None:
            return np.stack([self.reduce(months[:, period]) for period in periods])
        leading = self.follows(source)
        found = []
        for period in periods:
            largest = leading[:, period].argmax(axis=-1)[:, None]
            found.append(np.take_along_axis(months[:, period], largest, axis=-1)[:, 0])
        return np.stack(found)


def rows_of(plan: Plan) -> Iterator[Row]:
    """All rows of the table, those of a group together; none of vehicles and their data where there are none."""
    moving = has_fleet(plan)
    if moving:
        yield from _fleet_rows(plan)
        yield from _data_rows(plan)
    yield from _storage_rows(plan)
    yield from _compute_rows(plan)
    yield from _release_rows(plan)
    if moving:
        yield from _edge_rows(plan)
    yield from _service_rows(plan)
    if in_horizon(plan, "annotators").max() > 0:
        yield _row(plan, "Labels", "people who label", "annotators", _largest)
    if moving:
        yield from _ota_rows(plan)
    yield _row(plan, "Network", "switches", "switches", at_the_end)
    for layer in ("leaf", "spine", "core"):
        if in_horizon(plan, f"switches_{layer}").max() > 0:
            part = course(f"switches_{layer}")
            yield Row("Network", f"of which {layer}", "1", part, at_the_end, "", True)
    yield _row(plan, "Network", "links", "links", at_the_end)
    yield _row(plan, "Network", "optical modules", "optics", at_the_end)
    if in_horizon(plan, "wan_bandwidth").max() > 0:
        yield _row(plan, "Network", "WAN to buy", "wan_bandwidth", _largest)
    yield from _site_rows(plan)
    yield from _money_rows(plan)
    yield from _carbon_rows(plan)


def _row(plan: Plan, group: str, label: str, name: str, reduce: Reduce, mark: str = "") -> Row:
    return Row(group, label, plan.project.graph[name].unit, course(name), reduce, mark)


def _fleet_rows(plan: Plan) -> Iterator[Row]:
    yield _row(plan, "Fleet", "vehicles", "vehicles_in_operation", at_the_end)
    ecus = plan.project.labels[ECU]
    if len(ecus) > 1:
        for index, ecu in enumerate(ecus):
            vehicles = course("vehicles_by_ecu", (ECU, index))
            yield Row("Fleet", f"on {ecu}", "vehicle", vehicles, at_the_end, is_own=True)
    if in_horizon(plan, "vehicles_unserved").max() > 0:
        yield _row(plan, "Fleet", "served", "vehicles_served", at_the_end)


def has_fleet(plan: Plan) -> bool:
    """Whether any vehicle is on the road in the horizon; a factory of services has none."""
    return bool(in_horizon(plan, "vehicles_in_operation").max() > 0)


def _data_rows(plan: Plan) -> Iterator[Row]:
    yield _row(plan, "Data", "ingest mean", "ingest_mean", _mean)
    yield _row(plan, "Data", "ingest peak", "ingest_peak", _largest)
    if in_horizon(plan, "replication").max() > 0:
        yield _row(plan, "Data", "replication", "replication", _largest)


def _storage_rows(plan: Plan) -> Iterator[Row]:
    """Need and stock of each tier; nothing of one that is neither needed nor there."""
    bound = _bound_by(plan)
    for tier in TIERS:
        need, stock = f"storage_{tier}_required", f"storage_{tier}"
        if max(in_horizon(plan, need).max(), in_horizon(plan, stock).max()) > 0:
            yield _row(plan, "Storage", f"{tier} needed", need, _largest, bound[tier])
            yield _row(plan, "Storage", f"{tier} in service", stock, at_the_end)


def _ota_rows(plan: Plan) -> Iterator[Row]:
    yield _row(plan, "OTA", "delivered", "ota_bytes", _sum)
    yield _row(plan, "OTA", "peak", "ota_peak", _largest)
    days = course("ota_days_to_99")
    yield Row("OTA", "99 % of reached in", "day", days, _largest, is_own=True)
    reach = course("ota_reachable_share")
    yield Row("OTA", "fleet within reach", "%", reach, _smallest_where_any, is_own=True)


def _carbon_rows(plan: Plan) -> Iterator[Row]:
    """All emissions, and their parts: what making the equipment emits, and each site's where several emit."""
    yield _row(plan, "Carbon", "CO2e", "carbon", _sum)
    embodied = course("carbon_embodied")
    if embodied(plan).any():
        yield Row("Carbon", "of which embodied", "kg", embodied, _sum, "", True)
    sites = plan.project.labels[SITE]
    emitted = [course("carbon_by_site", (SITE, index)) for index in range(len(sites))]
    parts = [(site, each) for site, each in zip(sites, emitted, strict=True) if each(plan).any()]
    if 1 < len(parts) <= SITES_SHOWN:
        for site, carbon in parts:
            yield Row("Carbon", f"of which {site}", "kg", carbon, _sum, "", True, is_own=True)


def _fullest(source: Source) -> Array:
    """How full the fullest phase of all sites is, by draw and month."""
    (values,) = spread_values(source, "phase_used_share")
    return _all_months(values.max(axis=_OTHERS), source)


def _bound_by(plan: Plan) -> dict[str, str]:
    """What decides the size of each tier in the month of its largest need."""
    found = {}
    for index, tier in enumerate(TIERS):
        needs = np.stack([in_horizon(plan, name, (TIER, index))[0] for name in STORAGE_NEEDS])
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
    yield _row(plan, "Compute", "GPUs in service", "gpus", at_the_end)
    if not np.allclose(in_horizon(plan, "gpus"), in_horizon(plan, "gpus_equivalent")):
        kinds = {site.training for site in plan.project.inputs.scenario.sites.values()}
        kind = kinds.pop() if len(kinds) == 1 else "needed"
        in_kind = course("gpus_equivalent")
        yield Row("Compute", f"in service, as {kind}", "1", in_kind, at_the_end, is_own=True)
    hours = partial(_in_unit, name="training_gpu_hours", unit="hour")
    yield Row("Compute", "training GPU-h", GPU_HOURS, hours, _sum)
    if in_horizon(plan, "gpus_for_waiting").max() > 0:
        share = 100 * float(plan.leaf("training_queue_percentile").flat[0])
        start = f"{share:.3g} % of jobs start in"
        yield Row("Compute", start, "hour", _longest_wait, _largest_where_any, is_own=True)


def _gpu_parts(plan: Plan) -> Iterator[Row]:
    """What the need consists of in its largest month: training has what the other work leaves of it."""
    needed = course("gpus_required")
    others = {label: partial(added, names=names) for label, names in _BESIDE_TRAINING.items()}
    if not any(values(plan)[:, plan.horizon].any() for values in others.values()):
        return
    parts: dict[str, Course] = {"training": left_for_training, **others}
    for label, values in parts.items():
        if values(plan)[:, plan.horizon].any():
            yield Row("Compute", f"of which {label}", "1", values, _largest, "", True, needed)


def left_for_training(source: Source) -> Array:
    """What other work leaves of the accelerators needed, by draw and month."""
    others = sum(added(source, names) for names in _BESIDE_TRAINING.values())
    return np.maximum(by_month(source, "gpus_required") - others, 0.0)


def added(source: Source, names: Sequence[str]) -> Array:
    """The sum of some quantities, by draw and month."""
    return np.asarray(sum(by_month(source, name) for name in names))


def _longest_wait(source: Source) -> Array:
    """The predicted wait at the site where it is longest, of those where jobs wait at all, by draw and month.

    NaN while no such site has an accelerator in service: the queue is not what keeps a job from starting there.
    """
    wait, needed, gpus = spread_values(source, "queue_wait", "gpus_for_waiting", "gpus")
    waits = (needed > 0) & (total(gpus, HARDWARE) > 0)
    longest = np.where(waits, wait, -np.inf).max(axis=_OTHERS)
    return _all_months(np.where(longest < 0, np.nan, longest), source)


def _release_rows(plan: Plan) -> Iterator[Row]:
    """What it takes until a release may go out; nothing where no release is simulated or qualified."""
    if in_horizon(plan, "rigs_required").max() > 0:
        yield _row(plan, "Release", "build variants in support", "variants", at_the_end)
        yield _row(plan, "Release", "test rigs needed", "rigs_required", _largest)
        yield _row(plan, "Release", "test rigs in service", "rigs", at_the_end)
    if in_horizon(plan, "simulated_distance").max() > 0:
        distance = partial(_in_unit, name="simulated_distance", unit="km")
        yield Row("Release", "simulated km", KILOMETRES, distance, _sum)


def _edge_rows(plan: Plan) -> Iterator[Row]:
    """How full each ECU on the road is, and how many are built."""
    ecus = plan.project.labels[ECU]
    for index, ecu in enumerate(ecus):
        used = course("edge_used", (ECU, index))
        if used(plan).max() > 0:
            yield Row("ECUs", f"{ecu} used", "%", used, _largest, is_own=True)
    for index, ecu in enumerate(ecus):
        built = course("ecu_units", (ECU, index))
        if built(plan)[:, plan.horizon].max() > 0:
            yield Row("ECUs", f"{ecu} built", ECUS, built, _sum, is_own=True)


def _service_rows(plan: Plan) -> Iterator[Row]:
    """What the services do and need; nothing where there are none."""
    for label, name in (
        ("language", "service_tokens"),
        ("inspection", "service_images"),
        ("city streams analysed", "service_streams_analysed"),
        ("GPUs for services", "gpus_serving_peak"),
        ("GPUs for idle-time work", "gpus_services_waiting"),
    ):
        if in_horizon(plan, name).max() > 0:
            yield _row(plan, "Serving", label, name, _largest)


def _site_rows(plan: Plan) -> Iterator[Row]:
    """Power of each site that has any, of many sites together; racks and power usage effectiveness of all."""
    sites = plan.project.labels[SITE]
    powers = [course("site_power", (SITE, index)) for index in range(len(sites))]
    peaks = [float(power(plan).max()) for power in powers]
    powered = [each for each in zip(sites, powers, peaks, strict=True) if each[2] > 0]
    if len(powered) > SITES_SHOWN:
        yield _row(plan, "Site", "all sites", "site_power", _largest)
        powered = sorted(powered, key=lambda each: -each[2])[: SITES_SHOWN - 1]
    for site, power, _ in powered:
        yield Row("Site", site, "watt", power, _largest, is_own=True)
    if powered:
        for label, name in (
            ("IT, all idle", "it_power_idle"),
            ("IT, typical", "it_power_typical"),
            ("IT, mean", "it_power_mean"),
            ("IT, peak", "it_power"),
        ):
            yield _row(plan, "Site", label, name, _largest)
        if _fullest(plan).max() > 0:
            yield Row("Site", "fullest phase used", "%", _fullest, _largest)
        yield _row(plan, "Site", "racks", "racks", _largest)
        yield _row(plan, "Site", "floor", "floor_area", _largest)
        yield _row(plan, "Site", "water", "water", _sum)
        yield _row(plan, "Site", "PUE, all sites", "pue_of_sites", _mean_where_any)


def _money_rows(plan: Plan) -> Iterator[Row]:
    """Totals, each with the items that are most of it in a fleet's factory."""
    for name, parts in _MONEY_PARTS.items():
        yield _row(plan, "Money", name, name, _sum)
        for label, items in parts.items():
            paid = partial(_paid, items=items)
            if paid(plan).any():
                yield Row("Money", f"of which {label}", "USD", paid, _sum, "", True)


def _paid(source: Source, items: Sequence[str]) -> Array:
    """What is paid for some items together, by draw and month."""
    places = (ITEMS.index(item) for item in items)
    return np.asarray(sum(by_month(source, "cash_flow", (ITEM, place)) for place in places))


def course(name: str, at: At | None = None) -> Course:
    """Where a row's values come from: a quantity, or its part at a position of an axis."""
    return partial(by_month, name=name, at=at)


def _in_unit(source: Source, name: str, unit: str) -> Array:
    return np.asarray(units.from_base(by_month(source, name), unit))


def by_month(source: Source, name: str, at: At | None = None) -> Array:
    """A quantity by draw and month in base units: its sum over all other axes, or at a position of one."""
    (values,) = spread_values(source, name)
    if at is not None:
        values = np.take(values, [at[1]], axis=at[0])
    return _all_months(values.sum(axis=_OTHERS), source)


def _all_months(values: Array, source: Source) -> Array:
    """Values by draw and month at full length, where they are the same in all months too."""
    return np.broadcast_to(values, (len(values), source.project.labels.sizes[MONTH]))


def in_horizon(source: Source, name: str, at: At | None = None) -> Array:
    """The same over the horizon's months only."""
    return by_month(source, name, at)[:, source.project.table.calendar.horizon_from :]
