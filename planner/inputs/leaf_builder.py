"""Fills the leaf table: walks a checked scenario and its profiles once and notes every leaf with its rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any, cast

import numpy as np

from planner import units
from planner.axes import (
    DATA,
    DRAW,
    ECU,
    FUNCTION,
    HARDWARE,
    HOUR,
    ITEM,
    LINK,
    MONTH,
    NETWORK,
    PACKAGE,
    PROGRAM,
    REGION,
    SERVICE,
    SITE,
    TIER,
    WORKLOAD,
    Array,
    place,
)
from planner.catalogue import ITEMS, LINKS, NETWORKS, TIERS, Calendar, Parts
from planner.inputs import documents
from planner.inputs.assembly import (
    Assemble,
    Block,
    calendar_assembly,
    cell_assembly,
    interpolation_weights,
    series_assembly,
)
from planner.inputs.checks import fleet_regions, opening_class
from planner.inputs.leaves import LeafInfo, LeafTable, Row
from planner.inputs.load import Inputs, as_written
from planner.inputs.numbers import Cell, HourProfile, Leaf, MonthProfile, Series, month_label
from planner.inputs.profiles import PROFILE_KINDS, SOLD, Accelerator, Entity, PowerMode, Region
from planner.inputs.scenario import Deployment, Fabric, Link, Service, Tier
from planner.inputs.structure import Given, structure

NO_SERVICE = "none"  # the one position of the axis where a scenario has no services
HOURS = tuple(f"{hour:02d}" for hour in range(24))
# Stands for the functions on board where there are none: every number of it is absent.
_ABSENT: dict[str, Any] = dict.fromkeys(Deployment.model_fields)
NOTHING_ON_BOARD = {"none": Deployment.model_construct(**_ABSENT)}
Steps = tuple[str | int, ...]
# A part of a ragged list: position of its owner, where it is written, its fields, and its place in time.
PartEntry = tuple[tuple[int, ...], Steps, Entity, Mapping[str, float]]


def build(inputs: Inputs) -> LeafTable:
    """The leaf table of checked inputs."""
    return _Builder(inputs).table()


class _Builder:
    """Walks the scenario and its profiles once and notes every leaf."""

    def __init__(self, inputs: Inputs) -> None:
        self.inputs = inputs
        self.scenario = inputs.scenario
        self.rows: list[Row] = []
        self.row_at: dict[tuple[str, Steps], int] = {}
        self.leaves: dict[str, LeafInfo] = {}
        self.regions = tuple(fleet_regions(self.scenario))
        self.programs = tuple(self.scenario.programs)
        self.ecus = _unique(
            e for p in self.scenario.programs.values() for e in _by_month(p.ecu_from)
        )
        self.sites = tuple(self.scenario.sites)
        self.hardware = _unique(self._hardware())
        first = self.scenario.plan_start
        months = self.scenario.horizon.end - first + 1
        self.calendar = Calendar(first, months, self.scenario.horizon.start - first)
        self.labels: dict[int, tuple[str, ...]] = {
            MONTH: tuple(month_label(first + month) for month in range(months)),
            HOUR: HOURS,
            REGION: self.regions,
            PROGRAM: self.programs,
            ECU: self.ecus,
            WORKLOAD: tuple(self.scenario.workloads),
            PACKAGE: tuple(self.scenario.packages),
            FUNCTION: tuple(self.scenario.deployments or NOTHING_ON_BOARD),
            DATA: tuple(self.scenario.data_classes),
            SERVICE: tuple(self.scenario.services) or (NO_SERVICE,),
            ITEM: ITEMS,
            TIER: TIERS,
            LINK: LINKS,
            NETWORK: NETWORKS,
            SITE: self.sites,
            HARDWARE: self.hardware,
        }

    def _hardware(self) -> Iterable[str]:
        for site in self.scenario.sites.values():
            yield site.training
        for site in self.scenario.sites.values():
            yield from (stock.hardware for stock in (*site.installed, *site.committed))

    def table(self) -> LeafTable:
        scenario, profile = self.scenario, self.inputs.profile
        self._section("market", ("market",), scenario.market)
        for name in (
            "fleet",
            "telemetry",
            "curation",
            "labels",
            "storage_policy",
            "training",
            "variants",
            "simulation",
            "qualification",
            "edge",
            "checkpoint",
            "cluster",
            "ota",
            "wan",
            "facility",
            "economics",
            "carbon",
        ):
            self._section(name, (name,), getattr(scenario, name))
        self._entities("region", REGION, self.regions, "regions")
        self._entities("program", PROGRAM, self.programs, "programs", scenario.programs)
        self._entities(
            "vehicle", PROGRAM, [p.vehicle for p in scenario.programs.values()], "vehicles"
        )
        self._entities("ecu", ECU, self.ecus, "ecus")
        self._modes()
        self._entities(
            "workload", WORKLOAD, list(scenario.workloads), "workloads", scenario.workloads
        )
        self._entities("model", WORKLOAD, [w.model for w in scenario.workloads.values()], "models")
        self._services()
        self._entities("package", PACKAGE, list(scenario.packages), "packages", scenario.packages)
        on_board = scenario.deployments or NOTHING_ON_BOARD
        self._entities("deployment", FUNCTION, list(on_board), "deployments", on_board)
        self._entities(
            "data", DATA, list(scenario.data_classes), "data_classes", scenario.data_classes
        )
        tiers = cast("Mapping[str, Tier]", scenario.tiers)
        links = cast("Mapping[str, Link]", scenario.links)
        self._entities("tier", TIER, TIERS, "tiers", tiers)
        levels = [tiers[name].level for name in TIERS]
        self._entities("level", TIER, levels, "storage_levels")
        self._entities("system", TIER, [tiers[name].system for name in TIERS], "storage")
        self._entities("link", LINK, LINKS, "links", links)
        fabrics = cast("Mapping[str, Fabric]", scenario.fabrics)
        self._entities("fabric", NETWORK, NETWORKS, "fabrics", fabrics)
        self._entities("switch", NETWORK, [fabrics[name].switch for name in NETWORKS], "network")
        self._entities("site", SITE, self.sites, "sites", scenario.sites)
        self._entities("location", SITE, [s.location for s in scenario.sites.values()], "regions")
        places = [scenario.regions[site.location] for site in scenario.sites.values()]
        self._entities("climate", SITE, [place.climate for place in places], "climates")
        plants = [site.plant or scenario.facility.plant for site in scenario.sites.values()]
        self._entities("plant", SITE, plants, "plants")
        self._entities("node", HARDWARE, self.hardware, "nodes")
        nodes = [profile("nodes", name) for name in self.hardware]
        self._entities(
            "accelerator", HARDWARE, [node.accelerator for node in nodes], "accelerators"
        )
        self._entities("nic", HARDWARE, [node.nic for node in nodes], "network")
        self._market_sales()
        self._ragged()
        self._structure()
        return LeafTable(
            tuple(self.rows),
            MappingProxyType(self.leaves),
            MappingProxyType(self.labels),
            self.calendar,
        )

    # --- Numbers with a unit -----------------------------------------------------------------------------------------

    def _section(self, prefix: str, steps: Steps, entity: Entity) -> None:
        """Leaves without an axis of their own: one section of the scenario, or one profile."""
        for field, leaf in _declared(type(entity)).items():
            value = getattr(entity, field)
            name = f"{prefix}_{field}"
            if isinstance(value, Series):
                rows, weights = self._series(name, (), (*steps, field), leaf, value)
                block = (list(range(len(rows))), weights, value.interpolate)
                self._add(name, leaf, (MONTH,), rows, series_assembly([block], (MONTH,)))
            else:
                found = (
                    [(0, self._row(name, (), (*steps, field), leaf, value))]
                    if value is not None
                    else []
                )
                self._add(
                    name, leaf, (), [row for _, row in found], cell_assembly(found, 1, leaf, ())
                )

    def _entities(
        self,
        prefix: str,
        axis: int,
        names: Sequence[str | None],
        section: str,
        entities: Mapping[str, Entity] | None = None,
    ) -> None:
        """Leaves over `axis`: position i is the entity `names[i]`; several positions may share an entity.

        A position without an entity (None) has 0, or what the absence of the number stands for.
        """
        objects = [
            None if name is None else self._entity(section, name, entities) for name in names
        ]
        schema = next((type(entity) for entity in objects if entity), PROFILE_KINDS.get(section))
        assert schema is not None
        for field, leaf in _declared(schema).items():
            name = f"{prefix}_{field}"
            values: list[Any] = [getattr(entity, field, None) for entity in objects]
            at: list[Steps] = [(section, str(entity_name), field) for entity_name in names]
            if any(isinstance(value, Series) for value in values):
                self._series_leaf(name, axis, leaf, at, values)
            elif any(isinstance(value, HourProfile) for value in values):
                self._hour_leaf(name, axis, leaf, at, values)
            elif any(isinstance(value, MonthProfile) for value in values):
                self._calendar_leaf(name, axis, leaf, at, values)
            else:
                self._cell_leaf(name, axis, leaf, at, values)

    def _cell_leaf(
        self, name: str, axis: int, leaf: Leaf, at: Sequence[Steps], values: Sequence[Cell | None]
    ) -> None:
        found = [
            (i, self._row(name, (self.labels[axis][i],), steps, leaf, value))
            for i, (steps, value) in enumerate(zip(at, values, strict=True))
            if value is not None
        ]
        rows = list(dict.fromkeys(row for _, row in found))
        columns = {row: column for column, row in enumerate(rows)}
        placed = [(i, columns[row]) for i, row in found]
        self._add(name, leaf, (axis,), rows, cell_assembly(placed, len(values), leaf, (axis,)))

    def _entity(self, section: str, name: str, entities: Mapping[str, Entity] | None) -> Entity:
        return entities[name] if entities is not None else self.inputs.profile(section, name)

    def _modes(self) -> None:
        """The power mode that each ECU drives in; absent where its profile names none."""
        chosen = [self.inputs.profile("ecus", ecu) for ecu in self.ecus]
        for field, leaf in _declared(PowerMode).items():
            name = f"mode_{field}"
            found = [
                (
                    i,
                    self._row(
                        name,
                        (ecu,),
                        ("ecus", ecu, "modes", profile.mode, field),
                        leaf,
                        getattr(profile.modes[profile.mode], field),
                    ),
                )
                for i, (ecu, profile) in enumerate(zip(self.ecus, chosen, strict=True))
                if profile.mode is not None
            ]
            placed = [(i, column) for column, (i, _) in enumerate(found)]
            rows = [row for _, row in found]
            self._add(name, leaf, (ECU,), rows, cell_assembly(placed, len(self.ecus), leaf, (ECU,)))

    def _series_leaf(
        self,
        name: str,
        axis: int,
        leaf: Leaf,
        at: Sequence[Steps],
        values: Sequence[Series | None],
    ) -> None:
        """A leaf over months and `axis`; an entity without the series has what its absence stands for."""
        rows: dict[int, int] = {}  # a row, shared by the positions of one entity, and its column
        blocks: list[Block] = []
        for label, steps, value in zip(self.labels[axis], at, values, strict=True):
            found: list[int] = []
            weights, way = np.zeros((self.calendar.months, 0)), "step"
            if value is not None:
                found, weights = self._series(name, (label,), steps, leaf, value)
                way = value.interpolate
            columns = [rows.setdefault(row, len(rows)) for row in found]
            blocks.append((columns, weights, way))
        absent = leaf.absent * units.scale(leaf.unit)
        assemble = series_assembly(blocks, (MONTH, axis), absent)
        self._add(name, leaf, (MONTH, axis), list(rows), assemble)

    def _calendar_leaf(
        self, name: str, axis: int, leaf: Leaf, at: Sequence[Steps], values: Sequence[MonthProfile]
    ) -> None:
        """Months of the plan from the twelve of the calendar; positions that share a profile share its rows."""
        columns = [
            [
                self._row(name, (label, f"{month + 1:02d}"), (*steps, "months", month), leaf, cell)
                for month, cell in enumerate(value.cells)
            ]
            for label, steps, value in zip(self.labels[axis], at, values, strict=True)
        ]
        rows = list(dict.fromkeys(row for twelve in columns for row in twelve))
        chosen = np.array([[rows.index(row) for row in twelve] for twelve in columns]).T
        calendar = self.calendar
        assemble = calendar_assembly(chosen, calendar.first, calendar.months, axis)
        self._add(name, leaf, (MONTH, axis), rows, assemble)

    def _series(
        self, name: str, position: tuple[str, ...], steps: Steps, leaf: Leaf, value: Series
    ) -> tuple[list[int], Array]:
        """The rows of a series and its interpolation weights, shape (month, knot)."""
        rows = []
        for index, cell in value.knots:
            knot = as_written(self.inputs.tree, (*steps, "series", month_label(index)))
            where = steps if value.constant else knot
            rows.append(self._row(name, position, where, leaf, cell, knot=not value.constant))
        months = self.scenario.plan_start + np.arange(self.calendar.months)
        knots = np.array([index for index, _ in value.knots])
        return rows, interpolation_weights(months, knots, value.interpolate)

    def _hour_leaf(
        self,
        name: str,
        axis: int,
        leaf: Leaf,
        at: Sequence[Steps],
        values: Sequence[HourProfile | None],
    ) -> None:
        """A leaf over the hours and `axis`; an entity without a profile has the same weight in every hour."""
        rows = [
            self._row(name, (HOURS[hour], label), (*steps, hour), leaf, cell)
            for label, steps, value in zip(self.labels[axis], at, values, strict=True)
            if value is not None
            for hour, cell in enumerate(value.cells)
        ]
        given = [i for i, value in enumerate(values) if value is not None]

        def assemble(cells: Array) -> Array:
            weights = np.ones((len(cells), len(values), len(HOURS)))
            weights[:, given] = cells.reshape(-1, len(given), len(HOURS))
            return place(weights.swapaxes(1, 2), DRAW, HOUR, axis)

        self._add(name, leaf, (HOUR, axis), rows, assemble)

    def _row(
        self,
        leaf_name: str,
        position: tuple[str, ...],
        steps: Steps,
        leaf: Leaf,
        cell: Cell,
        knot: bool = False,
    ) -> int:
        """The index of the row for a cell; positions that share a profile share the row."""
        key = (leaf_name, steps)
        if key not in self.row_at:
            path = documents.locate(self.inputs.tree, steps)[2]
            # In the long form of a number the line is that of its value, or of its median.
            file, line, _ = documents.locate(self.inputs.tree, (*steps, "value", "base"))
            factor = units.scale(leaf.unit)
            cell = self._exchanged(cell)
            label = (str(steps[-1]),) if knot else ()
            self.row_at[key] = len(self.rows)
            self.rows.append(
                Row(
                    leaf_name,
                    (*position, *label),
                    path,
                    file,
                    line,
                    cell.value,
                    cell.unit,
                    self._source(steps, cell.source),
                    cell.confidence or "assumed",
                    None if leaf.least is None else leaf.least * factor,
                    None if leaf.most is None else leaf.most * factor,
                    None if leaf.above is None else leaf.above * factor,
                    cell.low,
                    cell.high,
                )
            )
        return self.row_at[key]

    def _exchanged(self, cell: Cell) -> Cell:
        """The number at the scenario's exchange rates; where they differ from those of `units`, in dollars."""
        given = self.scenario.economics.exchange_rates
        factor = 1.0
        for code, power in units.currencies(cell.unit):
            if code in given:
                factor *= (units.EXCHANGE_RATES[code] / given[code].value) ** power
        if factor == 1.0:
            return cell
        low, high = (None if x is None else x * factor for x in (cell.low, cell.high))
        unit = units.in_dollars(cell.unit)
        return replace(cell, value=cell.value * factor, low=low, high=high, unit=unit)

    def _source(self, steps: Steps, source: str | None) -> str | None:
        """The source with the ids of the file's `sources:` table spelled out."""
        if source is None:
            return None
        head, _, remark = source.partition(":")
        known = {**self.scenario.sources}
        section = self.inputs.profiles.get(str(steps[0]), {})
        if len(steps) > 1 and steps[1] in section:
            known |= section[str(steps[1])].sources
        ids = [word.strip() for word in head.split(",")]
        if not all(word in known for word in ids):
            return source
        cited = "; ".join(known[word] for word in ids)
        return f"{cited}: {remark.strip()}" if remark.strip() else cited

    def _add(
        self,
        name: str,
        leaf: Leaf,
        axes: tuple[int, ...],
        rows: Sequence[int],
        assemble: Assemble,
    ) -> None:
        self.leaves[name] = LeafInfo(name, leaf.unit, axes, leaf.meaning, tuple(rows), assemble)

    # --- Services ----------------------------------------------------------------------------------------------------

    def _services(self) -> None:
        """Leaves of the services, of the accelerators that they were measured on, and their clocks."""
        services = self.scenario.services
        if not services:
            self._no_services()
            return
        self._entities("service", SERVICE, list(services), "services", services)
        measured_on = [service.reference for service in services.values()]
        self._entities("reference", SERVICE, measured_on, "accelerators")
        clocks = [s.region or self.scenario.sites[s.site].location for s in services.values()]
        self._cell_leaf(
            "service_utc_offset",
            SERVICE,
            _declared(Region)["utc_offset"],
            [("regions", name, "utc_offset") for name in clocks],
            [self.inputs.profile("regions", name).utc_offset for name in clocks],
        )

    def _no_services(self) -> None:
        """The same leaves at their least, where the axis has one position and nothing on it."""
        declared = {f"service_{name}": leaf for name, leaf in _declared(Service).items()}
        declared |= {f"reference_{name}": leaf for name, leaf in _declared(Accelerator).items()}
        declared["service_utc_offset"] = _declared(Region)["utc_offset"]
        for name, leaf in declared.items():
            nothing = place(np.nan_to_num([leaf.absent]), SERVICE)
            nothing.setflags(write=False)
            self._constant(name, leaf.meaning, nothing, leaf.unit, (SERVICE,))

    # --- The market --------------------------------------------------------------------------------------------------

    def _market_sales(self) -> None:
        """Yearly sales of each region's row, interpolated geometrically between the forecast's years."""
        leaf = Leaf("vehicle/year", "yearly electric-car sales of the region's market row")
        years = np.array(
            [(self.scenario.plan_start + month) // 12 for month in range(self.calendar.months)]
        )
        rows: list[int] = []
        blocks: list[tuple[list[int], Array]] = []
        for name in self.regions:
            region = self.scenario.regions[name]
            forecast = region.forecast or self.scenario.market.forecast
            sales = self.inputs.profile("markets", forecast).rows[region.market_row].sales
            known = sorted(sales)
            columns = []
            for year in known:
                steps = ("markets", forecast, "rows", region.market_row, "sales", year)
                row = self._row(
                    "market_sales",
                    (region.market_row, year),
                    steps,
                    SOLD,
                    sales[year],
                )
                if row not in rows:
                    rows.append(row)
                columns.append(rows.index(row))
            blocks.append(
                (
                    columns,
                    interpolation_weights(years, np.array([int(y) for y in known]), "geometric"),
                )
            )
        # The year's figure over the year's own length: the months of a year add up to it exactly.
        seconds = np.array(
            [
                self.calendar.seconds_at((y * 12 - self.calendar.first) + np.array([0, 12]))
                for y in years
            ]
        )
        year_seconds = seconds[:, 1] - seconds[:, 0]

        def assemble(cells: Array) -> Array:
            logs = np.log(cells)
            yearly = [
                np.exp(logs[:, columns] @ weights.T) / year_seconds for columns, weights in blocks
            ]
            return place(np.stack(yearly, axis=-1), DRAW, MONTH, REGION)

        self._add("market_sales", leaf, (MONTH, REGION), rows, assemble)

    # --- Ragged lists ------------------------------------------------------------------------------------------------

    def _ragged(self) -> None:
        scenario, first = self.scenario, self.scenario.plan_start
        sensors: list[PartEntry] = [
            ((p,), ("vehicles", program.vehicle, "sensors", name), sensor, {})
            for p, program in enumerate(scenario.programs.values())
            for name, sensor in self.inputs.profile("vehicles", program.vehicle).sensors.items()
        ]
        self._parts("program_sensors", (PROGRAM,), "sensors of the programme's vehicle", sensors)
        cohorts: list[PartEntry] = [
            (
                (
                    self.regions.index(cohort.region),
                    self.programs.index(cohort.program),
                    self.ecus.index(cohort.ecu),
                ),
                ("opening_fleet", index),
                cohort,
                {"sold": float(cohort.cohort - first)},
            )
            for index, cohort in enumerate(scenario.opening_fleet)
        ]
        self._parts(
            "opening_fleet", (REGION, PROGRAM, ECU), "vehicles on the road at plan_start", cohorts
        )
        nodes: list[PartEntry] = []
        storage: list[PartEntry] = []
        data: list[PartEntry] = []
        for s, (name, site) in enumerate(scenario.sites.items()):
            for field in ("installed", "committed"):
                for index, stock in enumerate(getattr(site, field)):
                    known = {"arrival": float(stock.in_service - first)}
                    steps: Steps = ("sites", name, field, index)
                    nodes.append(((s, self.hardware.index(stock.hardware)), steps, stock, known))
                for index, stock in enumerate(getattr(site, f"{field}_storage")):
                    known = {"arrival": float(stock.in_service - first)}
                    steps = ("sites", name, f"{field}_storage", index)
                    storage.append(((TIERS.index(stock.tier), s), steps, stock, known))
            for index, entry in enumerate(site.opening_data):
                known = {"year": float(entry.year - first)}
                kind = self.labels[DATA].index(entry.data or opening_class(scenario))
                data.append(((kind, s), ("sites", name, "opening_data", index), entry, known))
        self._parts(
            "site_nodes_before",
            (SITE, HARDWARE),
            "nodes installed or committed before the plan",
            nodes,
        )
        self._parts(
            "site_storage_before",
            (TIER, SITE),
            "storage units installed or committed before the plan",
            storage,
        )
        self._parts(
            "site_opening_data", (DATA, SITE), "data kept in the years before the plan", data
        )
        lines: list[PartEntry] = [
            ((s,), ("services", name, "summary", index), line, {})
            for s, (name, service) in enumerate(scenario.services.items())
            for index, line in enumerate(service.summary)
        ]
        self._parts("service_summary", (SERVICE,), "measured lines of video summaries", lines)

    def _parts(
        self,
        name: str,
        axes: tuple[int, ...],
        meaning: str,
        entries: Sequence[PartEntry],
    ) -> None:
        """A leaf that is a ragged list; `known` fields are positions in time, not numbers to be drawn."""
        shape = tuple(len(self.labels[axis]) for axis in axes)
        owner = np.array(
            [np.ravel_multi_index(index, shape) for index, _, _, _ in entries], dtype=np.intp
        )
        fields = _declared(type(entries[0][2])) if entries else {}
        rows: list[int] = []
        columns: dict[str, list[int]] = {field: [] for field in fields}
        for index, steps, entity, _ in entries:
            position = tuple(self.labels[axis][i] for axis, i in zip(axes, index, strict=True))
            for field, leaf in fields.items():
                row = self._row(
                    name,
                    (*position, str(steps[-1]), field),
                    (*steps, field),
                    leaf,
                    getattr(entity, field),
                )
                if row not in rows:
                    rows.append(row)
                columns[field].append(rows.index(row))
        fixed = {
            key: np.array([[known[key] for _, _, _, known in entries]])
            for key in (entries[0][3] if entries else {})
        }
        names = tuple(documents.dotted(steps) for _, steps, _, _ in entries)

        def assemble(cells: Array) -> Parts:
            drawn = {field: cells[:, chosen] for field, chosen in columns.items()}
            return Parts(names, axes, shape, owner, {**drawn, **fixed})

        self._add(name, Leaf("1", meaning), axes, rows, assemble)

    # --- Structure: what is where, and when --------------------------------------------------------------------------

    def _structure(self) -> None:
        for entry in structure(self.inputs, self.labels, self.calendar):
            if isinstance(entry, Given):
                self._constant(entry.name, entry.meaning, entry.value)
                continue
            array = place(np.asarray(entry.values, dtype=np.float64), *entry.axes)
            array.setflags(write=False)
            places = tuple(dict.fromkeys(self._place(path) for path in entry.paths))
            self._constant(entry.name, entry.meaning, array, entry.unit, entry.axes, places)

    def _constant(
        self,
        name: str,
        meaning: str,
        value: object,
        unit: str = "1",
        axes: tuple[int, ...] = (),
        places: tuple[str, ...] = (),
    ) -> None:
        """A leaf without rows."""
        self.leaves[name] = LeafInfo(name, unit, axes, meaning, (), lambda cells: value, places)

    def _place(self, path: str) -> str:
        file, line, found = documents.locate(self.inputs.tree, tuple(path.split(".")))
        return f"{found}  {file}:{line}"


def _declared(schema: type[Entity]) -> dict[str, Leaf]:
    """The numeric fields of a schema with their declarations."""
    return {
        name: leaf
        for name, field in schema.model_fields.items()
        for leaf in field.metadata
        if isinstance(leaf, Leaf)
    }


def _by_month(starts: Mapping[str, int]) -> list[str]:
    return sorted(starts, key=lambda name: starts[name])


def _unique(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
