"""What a run of a project gave: values with labels and units, put on once, at the border.

`results["gpus"]` hands out labelled values in the quantity's unit; `values` and `leaf` give base-unit arrays on all
axes to what reads on. What follows from the values (orders, warnings, explanations) is in `planner.plan`.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from planner import units
from planner.axes import AXES, DRAW, MONTH, REGION, Array, axis_number
from planner.errors import PlannerError, suggestion
from planner.graph import Quantity
from planner.headline import HEADLINE, NOT_ADDED
from planner.inputs.numbers import month_label
from planner.inputs.scenario import forecast_of
from planner.project import Project

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

# Stands on every page, file and explanation of a plan whose deliveries no export rule stops.
VIOLATION_MARK = "EXPORT VIOLATION ALLOWED: what-if"
# Values of a quantity that a notebook or a prompt shows; of more, the first and the last.
SHOWN = 100


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
        some = np.array2string(self.values, threshold=SHOWN, edgeitems=2)
        return f"{mark}{self.name} [{self.unit}] {shape}\n{some}"


def _attributes(mark: str) -> dict[str, str]:
    """What a table of values is marked with."""
    return {"mark": mark} if mark else {}


@dataclass(frozen=True)
class Results:
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
        """What every page and file made of the values has to say; empty where there is nothing to say."""
        return VIOLATION_MARK if self.export_violation_allowed else ""

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
