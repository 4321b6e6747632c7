"""From a scenario to its numbers, with labels, units and lineage put on once, at the border.

`load` reads a scenario and joins it with the factory's graph; the `Project` can be run again and again. A `Plan` is one
run: `plan["gpus"]` hands out labelled values in the quantity's unit, `plan.orders`, `plan.warnings` and
`plan.assumptions` say what follows from them, `plan.explain("gpus")` why.
"""

from __future__ import annotations

import html
import os
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from planner import resources, units
from planner.axes import AXES, DRAW, MONTH, REGION, Array, Labels, axis_number, place
from planner.errors import Fault, InputError, PlannerError, UnitError, suggestion
from planner.graph import Graph, Quantity, load_user_module
from planner.inputs import documents, leaf_builder
from planner.inputs.leaves import LeafTable
from planner.inputs.load import Inputs
from planner.inputs.load import load as load_inputs
from planner.inputs.numbers import month_label
from planner.inputs.scenario import forecast_of
from planner.model import factory

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

    from planner.findings import Assumption, Order, TrainingLayout, Warning_
    from planner.lineage import Explanation

# Stands on every page, file and explanation of a plan that a rule stops,
STOPPED_MARK = "NOT FEASIBLE: a rule stops this plan"
# and of one whose deliveries no export rule stops.
VIOLATION_MARK = "EXPORT VIOLATION ALLOWED: what-if"

Changes = str | Sequence[str] | Mapping[str, object]

# The quantities that `--json` carries unless asked for more, in the order of the chain.
HEADLINE = (
    "vehicles_in_operation",
    "ingest_mean",
    "ingest_peak",
    "storage_hot_required",
    "storage_hot",
    "storage_warm_required",
    "storage_warm",
    "storage_cold_required",
    "storage_cold",
    "replication",
    "training_gpu_hours",
    "gpus_required",
    "gpus",
    "nodes",
    "gpus_for_curation",
    "gpus_for_simulation",
    "gpus_serving_peak",
    "queue_wait",
    "rigs",
    "variants",
    "edge_used",
    "ecu_units",
    "ota_bytes",
    "ota_peak",
    "ota_days_to_99",
    "racks",
    "switches",
    "links",
    "optics",
    "wan_bandwidth",
    "it_power",
    "it_power_mean",
    "site_power",
    "energy",
    "pue_of_sites",
    "floor_area",
    "water",
    "capex",
    "opex",
    "cash_flow",
    "label_cost",
    "tco",
    "tco_undiscounted",
    "cost_per_vehicle",
    "cost_per_vehicle_year",
    "cost_per_1000_km",
    "cost_per_trained_model",
    "cost_share_of_revenue",
    "gpu_hour_cost",
    "carbon",
)

# Those of them that are largest somewhere, and that nothing follows from adding up.
NOT_ADDED = ("queue_wait", "edge_used", "variants", "pue_of_sites", "cost_per_trained_model")

# What the order book, the warnings and the table read besides; computed with the headline in one run.
FINDINGS = (
    "orders",
    "storage_orders",
    "switch_orders",
    "link_orders",
    "rig_orders",
    "rented_share",
    "nodes_before_equivalent",
    "storage_units_before",
    "switches_at_start",
    "links_at_start",
    "rigs_before",
    "rig_unit_price",
    "node_committed_value",
    "storage_committed_value",
    "vehicles_unserved",
    "gpus_short",
    "storage_short",
    "site_power_short",
    "it_power_short",
    "it_capacity",
    "rack_power_short",
    "liquid_heat_short",
    "floor_area_short",
    "water_short",
    "export_verdict",
    "nodes_unlawful",
    "nodes_committed_delivered",
    "gpus_kept_out",
    "site_operates",
    "residency_verdict",
    "nodes_delivered",
    "nodes_ordered",
    "node_delivery_time",
    "dataset_time",
    "data_kept",
    "site_ingest_mean",
    "storage_usable",
    "tier_held",
    "annotators",
    "storage_units_for_capacity",
    "storage_units_for_bandwidth",
    "storage_units_for_writing",
    "gpus_spare",
    "run_gpus",
    "site_training_rate",
    "step_time",
    "step_by_term",
    "accelerator_peak",
    "step_flops",
    "training_read_rate",
    "tier_read_rate",
    "gpus_for_release",
    "gpus_release_percentile",
    "gpus_for_throughput",
    "gpus_for_queue",
    "gpus_for_waiting",
    "gpus_work_mean",
    "gpus_filled_between_peaks",
    "service_tokens",
    "service_streams_analysed",
    "service_images",
    "allocation",
    "ota_vehicles",
    "vehicles_served",
    "served_recorded",
    "region_served",
    "export_permitted",
    "vehicles_by_ecu",
    "gpus_equivalent",
    "ota_reachable_share",
    "money_level",
    "rent_breakeven_utilisation",
    "tco_if_bought",
    "tco_if_leased",
    "tco_if_rented",
    "gpus_for_relabelling",
    "it_power_idle",
    "phase_used_share",
    "carbon_by_site",
    "simulated_distance",
    "qualification_time",
    "qualification_cadence",
    "rigs_required",
    "rigs_short",
    "edge_memory_used",
    "edge_compute_used",
    "edge_bandwidth_used",
    "package_weights",
)


@dataclass(frozen=True)
class Labelled:
    """Values of one quantity in its declared unit, on its declared axes in the fixed order."""

    name: str
    unit: str
    meaning: str
    axes: tuple[str, ...]
    labels: Mapping[str, tuple[str, ...]]
    values: Array
    mark: str = ""

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> npt.NDArray[Any]:
        return np.array(self.values, dtype=dtype, copy=True if copy is None else copy)

    def __float__(self) -> float:
        return float(self.values)

    def at(self, **labels: str) -> Labelled:
        """The part at some labels: `plan["gpus"].at(site="taiwan", month="2027-06")`."""
        values, axes = self.values, list(self.axes)
        for axis, label in labels.items():
            if axis not in axes:
                raise PlannerError(f"{self.name} has no axis {axis}; {suggestion(axis, axes)}")
            if label not in self.labels[axis]:
                known = self.labels[axis]
                raise PlannerError(f"{self.name} has no {axis} {label}; {suggestion(label, known)}")
            values = np.take(values, self.labels[axis].index(label), axis=axes.index(axis))
            axes.remove(axis)
        kept = {axis: self.labels[axis] for axis in axes}
        return replace(self, axes=tuple(axes), labels=kept, values=values)

    def to_xarray(self) -> xr.DataArray:
        """As an xarray DataArray with named dimensions and the unit in its attributes."""
        import xarray as xr

        attributes = {"unit": self.unit, "meaning": self.meaning, **_attributes(self.mark)}
        coords = {axis: list(names) for axis, names in self.labels.items()}
        return xr.DataArray(self.values, coords, self.axes, name=self.name, attrs=attributes)

    def to_pandas(self) -> pd.Series[float]:
        """As a pandas Series with one index level an axis."""
        import pandas as pd

        if not self.axes:
            return pd.Series([float(self.values)], name=self.name)
        names = [list(self.labels[axis]) for axis in self.axes]
        index = pd.MultiIndex.from_product(names, names=self.axes)
        flat = index.get_level_values(0) if len(names) == 1 else index
        return pd.Series(self.values.ravel(), index=flat, name=self.name)

    def __repr__(self) -> str:
        shape = " x ".join(f"{len(self.labels[axis])} {axis}" for axis in self.axes) or "one value"
        mark = f"{self.mark}\n" if self.mark else ""
        return f"{mark}{self.name} [{self.unit}] {shape}\n{self.values!r}"


def _attributes(mark: str) -> dict[str, str]:
    """What a table of values is marked with."""
    return {"mark": mark} if mark else {}


@dataclass(frozen=True)
class Project:
    """A checked scenario joined with the factory's graph; `plan()` runs it."""

    inputs: Inputs
    table: LeafTable
    graph: Graph
    overrides: Mapping[str, npt.ArrayLike] = field(default_factory=dict)
    changes: tuple[str, ...] = ()

    @cached_property
    def leaves(self) -> Mapping[str, object]:
        """Every input at its median."""
        return MappingProxyType(self.table.values())

    @cached_property
    def labels(self) -> Labels:
        """What the positions along each axis are called."""
        return Labels.of(**{AXES[axis]: names for axis, names in self.table.labels.items()})

    def run(
        self,
        wanted: Sequence[str],
        leaves: Mapping[str, object] | None = None,
        draws: int = 1,
        chunk: int | None = None,
    ) -> dict[str, Array]:
        """Values of `wanted` in base units on all axes; `leaves` replace inputs, with `draws` entries."""
        given = self.leaves if leaves is None else {**self.leaves, **leaves}
        return self.graph.run(given, wanted, self.table.sizes, self.overrides, draws, chunk)

    def plan(self) -> Plan:
        """One run at the medians; every value on the way is kept, for what explains it or varies it."""
        return Plan(self, dict(self.run(self.graph.order((*HEADLINE, *FINDINGS)))))


def load(
    scenario: str | os.PathLike[str],
    set: Changes = (),
    set_quantity: Changes = (),
    with_modules: Sequence[str | os.PathLike[str]] = (),
    hardware: str | None = None,
    profiles: Sequence[str | os.PathLike[str]] = (),
    rules_as_of: str | None = None,
    allow_export_violation: bool = False,
) -> Project:
    """Read a scenario (a path, or the name of a shipped one) and join it with the factory's graph.

    `set` replaces inputs: PATH=VALUE texts, or a mapping; `set_quantity` overrides quantities in the same way,
    `with_modules` Python files whose quantities replace those of the same name, `hardware` a kind of node that every
    site trains on, `profiles` folders laid over the shipped profiles. `rules_as_of` is the month ("2026-05") whose
    rules on exports and data count instead of those known at plan_start; `allow_export_violation` makes the plan a
    what-if whose deliveries no export rule stops, and which says so on every page. Raises InputError with every fault
    found.
    """
    edits = _pairs(set, "--set", "PATH=VALUE")
    overlays = [Path(folder) for folder in profiles]
    inputs = load_inputs(
        resources.find_scenario(scenario),
        edits,
        overlays,
        hardware,
        rules_as_of,
        allow_export_violation,
    )
    table = leaf_builder.build(inputs)
    graph = Graph.of(*factory.MODULES, leaves=table.leaves)
    for path in with_modules:
        graph = graph.replace(load_user_module(Path(path)))
    pairs = _pairs(set_quantity, "--set-quantity", "NAME=VALUE")
    overrides = {name: _override(graph, table, name, text) for name, text in pairs}
    changes = [
        *(("--set", f"{path}={text}") for path, text in edits),
        *(("--set-quantity", f"{name}={text}") for name, text in pairs),
        *(("--with", os.fspath(path)) for path in with_modules),
        *([("--hardware", hardware)] if hardware is not None else []),
        *(("--profiles", os.fspath(folder)) for folder in profiles),
        *([("--rules-as-of", rules_as_of)] if rules_as_of is not None else []),
        *([("--allow-export-violation", "")] if allow_export_violation else []),
    ]
    said = tuple(f"{option} {shlex.quote(text)}" if text else option for option, text in changes)
    return Project(inputs, table, graph, overrides, said)


def size(scenario: str | os.PathLike[str], **options: Any) -> Plan:
    """The plan of a scenario at the medians; options as for `load`. Raises PlanForbidden where a rule forbids it."""
    from planner.findings import forbidden

    plan = load(scenario, **options).plan()
    forbidden(plan)
    return plan


def _pairs(changes: Changes, option: str, form: str) -> list[tuple[str, str]]:
    """Names and texts out of NAME=VALUE texts (one, or several) or a mapping."""
    if isinstance(changes, Mapping):
        return [(name, str(value)) for name, value in changes.items()]
    pairs = []
    for text in [changes] if isinstance(changes, str) else changes:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise InputError([Fault(option, 0, text, f"expected {form}")])
        pairs.append((name.strip(), value.strip()))
    return pairs


def _override(graph: Graph, table: LeafTable, name: str, text: str) -> npt.ArrayLike:
    """The value that stands in for a quantity: one number, or {LABEL: NUMBER, ...} for one of its axes."""

    def refuse(message: str) -> InputError:
        return InputError([Fault("--set-quantity", 0, name, message)])

    if name not in graph.quantities:
        raise refuse(f"no such quantity; {suggestion(name, graph.quantities)}")
    quantity = graph[name]
    empty = documents.Table({}, "--set-quantity", 0, {})
    given = documents.plain(documents.set_path(empty, name, text, "--set-quantity"))[name]
    if not isinstance(given, dict):
        return _overriding(quantity, str(given), refuse)
    for axis in quantity.axes:
        labels = table.labels[axis]
        if set(given) == set(labels):
            values = [_overriding(quantity, str(given[label]), refuse) for label in labels]
            return place(np.array(values), axis)
    known = " or ".join(f"{AXES[axis]} ({_brief(table.labels[axis])})" for axis in quantity.axes)
    raise refuse(
        f"expected one number, or one for each {known}" if known else "expected one number"
    )


def _brief(labels: Sequence[str]) -> str:
    return ", ".join(labels) if len(labels) <= 12 else f"{labels[0]} to {labels[-1]}"


def _overriding(quantity: Quantity, text: str, refuse: Callable[[str], InputError]) -> float:
    """One number in the quantity's unit: not negative unless it is money, whole where whole things are decided."""
    try:
        value, _ = units.read(text, quantity.unit)
    except UnitError as error:
        raise refuse(str(error)) from None
    if value < 0 and not units.same_dimension(quantity.unit, "USD"):
        raise refuse(f"{text} is below 0")
    if quantity.decision and quantity.name != "allocation" and quantity.unit == "1" and value % 1:
        raise refuse(f"{text} is not a whole number")
    return value


@dataclass(frozen=True)
class Plan:
    """One run of a project."""

    project: Project
    _values: dict[str, Array] = field(repr=False)

    @property
    def title(self) -> str:
        """The scenario's title."""
        return self.project.inputs.scenario.title

    @property
    def rules_as_of(self) -> str:
        """The month whose rules on exports and data count; plan_start unless something else was asked for."""
        scenario = self.project.inputs.scenario
        month = scenario.plan_start if scenario.rules_as_of is None else scenario.rules_as_of
        return month_label(month)

    @property
    def export_violation_allowed(self) -> bool:
        """Whether the plan is a what-if whose deliveries no export rule stops."""
        return self.project.inputs.scenario.allow_export_violation

    @property
    def mark(self) -> str:
        """What every page, file and explanation made of the plan has to say; empty where there is nothing to say."""
        marks = [VIOLATION_MARK] if self.export_violation_allowed else []
        return "; ".join([*marks, STOPPED_MARK] if self.stops else marks)

    @cached_property
    def stops(self) -> tuple[str, ...]:
        """Why rules stop the plan, and what is allowed instead; empty where they do not."""
        from planner.findings import stops

        return tuple(stops(self))

    @property
    def forecasts(self) -> dict[str, str]:
        """The forecast of electric-car sales that each region follows, by region."""
        scenario = self.project.inputs.scenario
        regions = self.project.table.labels[REGION]
        return {name: forecast_of(scenario, name) for name in regions}

    @property
    def months(self) -> tuple[str, ...]:
        """All months of the plan, from plan_start to the end of the horizon."""
        return self.project.table.labels[axis_number("month")]

    @property
    def horizon_months(self) -> tuple[str, ...]:
        """The months that tables show."""
        return self.months[self.project.table.calendar.horizon_from :]

    @property
    def horizon(self) -> slice:
        """The horizon on the month axis."""
        return slice(self.project.table.calendar.horizon_from, None)

    def leaf(self, name: str) -> Array:
        """A numeric input at its median, in base units on all axes."""
        value = self.project.leaves[name]
        assert isinstance(value, np.ndarray)
        return value

    @property
    def quantities(self) -> tuple[str, ...]:
        """Names of everything that can be asked for."""
        return tuple(sorted(self.project.graph.quantities))

    def values(self, *names: str) -> list[Array]:
        """Base-unit arrays on all axes; computed when first asked for."""
        missing = [name for name in names if name not in self._values]
        if missing:
            self._values.update(self.project.run([self._known(name).name for name in missing]))
        return [self._values[name] for name in names]

    def __contains__(self, name: object) -> bool:
        return name in self.project.graph.quantities

    def __iter__(self) -> Iterator[str]:
        return iter(self.quantities)

    def __getitem__(self, name: str) -> Labelled:
        self._known(name)
        return self.labelled(name, self.values(name)[0])

    def labelled(self, name: str, values: Array) -> Labelled:
        """Values of a quantity, of one draw, in base units on all axes, with the plan's labels and unit."""
        quantity = self._known(name)
        labels = self.project.labels
        axes = tuple(axis for axis in quantity.axes if axis != DRAW)
        shape = tuple(len(labels[axis]) for axis in axes)
        full = (1, *(len(labels[axis]) if axis in axes else 1 for axis in range(1, len(AXES))))
        shown = units.from_base(np.broadcast_to(values, full).reshape(shape), quantity.unit)
        named = {AXES[axis]: labels[axis] for axis in axes}
        axes_named, meaning = tuple(named), quantity.meaning
        return Labelled(name, quantity.unit, meaning, axes_named, named, shown, self.mark)

    def _known(self, name: str) -> Quantity:
        if name not in self.project.graph.quantities:
            hint = suggestion(name, self.project.graph.quantities)
            raise PlannerError(f'no quantity "{name}"; {hint}')
        return self.project.graph[name]

    def explain(self, name: str, **options: Any) -> Explanation:
        """Why a quantity (or an input) has its value: expression, parameters, down to the lines of the inputs."""
        from planner.lineage import explain

        return explain(self, name, **options)

    @cached_property
    def orders(self) -> tuple[Order, ...]:
        """The order book, by date."""
        from planner.findings import orders

        return tuple(orders(self))

    @cached_property
    def warnings(self) -> tuple[Warning_, ...]:
        """What falls short or is not served, with months and size."""
        from planner.findings import warnings

        return tuple(warnings(self))

    @cached_property
    def training_layouts(self) -> tuple[TrainingLayout, ...]:
        """How training jobs are laid out, as far as their steps are predicted."""
        from planner.findings import training_layouts

        return tuple(training_layouts(self))

    @cached_property
    def assumptions(self) -> tuple[Assumption, ...]:
        """The assumed inputs that move the result most."""
        from planner.findings import assumptions

        return tuple(assumptions(self))

    def __repr__(self) -> str:
        mark = f", {self.mark}" if self.mark else ""
        return f"Plan({self.title!r}, {self.horizon_months[0]} to {self.horizon_months[-1]}{mark})"

    def _repr_html_(self) -> str:
        """The headline quantities at the end of each year, summed over their other axes, as a notebook shows them.

        Of a ratio or a waiting time it is the largest.
        """
        ends = [month for month in self.horizon_months if month.endswith("-12")]
        chosen = [self.months.index(month) for month in ends or self.horizon_months[-1:]]
        heads = "".join(f"<th>{self.months[month]}</th>" for month in chosen)
        rows = []
        for name in HEADLINE:
            (values,) = self.values(name)
            quantity = self.project.graph[name]
            others = tuple(range(MONTH + 1, len(AXES)))
            reduced = values.max(axis=others) if name in NOT_ADDED else values.sum(axis=others)
            monthly = reduced.ravel()
            if MONTH in quantity.axes:
                shown = [units.show(float(monthly[month]), quantity.unit) for month in chosen]
                cells = "".join(f"<td>{text}</td>" for text in shown)
            else:
                text = units.show(float(monthly[0]), quantity.unit)
                cells = f'<td colspan="{len(chosen)}">{text}</td>'
            title = html.escape(quantity.meaning)
            rows.append(f'<tr><th title="{title}">{name}</th>{cells}</tr>')
        mark = f"{self.mark}. " if self.mark else ""
        caption = html.escape(f"{mark}{self.title}, planned from {self.months[0]}")
        body = "".join(rows)
        return f"<table><caption>{caption}</caption><tr><th></th>{heads}</tr>{body}</table>"

    def to_pandas(self, names: Iterable[str] | None = None) -> pd.DataFrame:
        """A tidy table: quantity, unit, one column an axis, value."""
        import pandas as pd

        frames = []
        for name in names or HEADLINE:
            labelled = self[name]
            frame = labelled.to_pandas().rename("value").reset_index()
            frame = frame[[*labelled.axes, "value"]]
            frame.insert(0, "quantity", name)
            frame.insert(1, "unit", labelled.unit)
            frames.append(frame)
        table = pd.concat(frames, ignore_index=True).assign(**_attributes(self.mark))
        return table[[column for column in table.columns if column != "value"] + ["value"]]

    def to_xarray(self, names: Iterable[str] | None = None) -> xr.Dataset:
        """The quantities as one xarray Dataset."""
        import xarray as xr

        arrays = {name: self[name].to_xarray() for name in names or HEADLINE}
        return xr.Dataset(arrays, attrs=_attributes(self.mark))
