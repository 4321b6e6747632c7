"""Draws of a plan as files for other tools: Parquet, netCDF and charts, each written whole or not at all.

`quantiles.parquet` has a row for each number: cells of the kept quantities, totals by month and by year of all headline
ones. `draws.parquet` has a row for each draw: its uncertain inputs, and of each stored quantity one number, the
largest month of the horizon or the sum over all months. `results.nc` (netCDF 4) has the quantiles of the kept
quantities on their axes, and every draw of them where that is not too large a file. Files are written in pieces, so
that memory stays flat.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from planner import units
from planner.axes import AXES, MONTH
from planner.plan import Plan
from planner.study.analysis import LEVELS, Spread, Spreads
from planner.study.blocks import Block, moved
from planner.study.simulation import Simulation

LARGEST = 2_000_000_000  # bytes of draws in one file
ROWS = 16_384  # of a table in memory at a time

NAMES = tuple(f"p{100 * level:.0f}" for level in LEVELS)
BOUNDED = ("p10", "p50", "p90")  # those whose interval is written


def write(simulation: Simulation, plan: Plan, folder: Path) -> Iterator[str]:
    """Write all files into a folder; says in words what is there."""
    about = _about(simulation, plan)
    moved(folder / "quantiles.parquet", lambda part: _write_quantiles(simulation, about, part))
    has_inputs = len(simulation.sampler.rows) * simulation.draws * 8 <= LARGEST
    moved(folder / "draws.parquet", lambda part: _write_draws(simulation, about, has_inputs, part))
    stored = sum(column.stored for column in simulation.kept)
    has_draws = stored * simulation.draws * 8 <= LARGEST
    moved(folder / "results.nc", lambda part: _write_netcdf(simulation, about, has_draws, part))
    from planner.report import charts

    drawn = charts.write(simulation, plan, folder / "charts")
    yield f"{folder}: quantiles.parquet, draws.parquet, results.nc, {len(drawn)} charts in charts/"
    if not has_inputs:
        yield f"draws.parquet has no inputs: with them it would be larger than {LARGEST / 1e9:g} GB"
    if not has_draws:
        size = f"{stored * simulation.draws * 8 / 1e9:.3g} GB"
        yield f"results.nc has the quantiles alone: all draws would be {size}; they stand in blocks/"


def _about(simulation: Simulation, plan: Plan) -> dict[str, str]:
    """What every file says of itself."""
    return {
        "title": plan.title,
        "scenario": plan.project.inputs.path.stem,
        "changes": " ".join(plan.project.changes),
        "draws": str(simulation.draws),
        "seed": str(simulation.seed),
        **({"mark": plan.mark} if plan.mark else {}),
    }


# --- Quantiles -------------------------------------------------------------------------------------------------------


def _write_quantiles(simulation: Simulation, about: Mapping[str, str], file: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    pieces = [
        piece for found in simulation.spreads.values() for piece in _pieces(simulation, found)
    ]
    used = [axis for axis in AXES if any(axis in piece for piece in pieces)]
    texts = ("quantity", "unit", "total", "year", *used, "method")
    numbers = (*NAMES, "mean", *(f"{name}_{end}" for name in BOUNDED for end in ("low", "high")))
    columns = {}
    for name in texts:
        values = [text for piece in pieces for text in piece.get(name, [None] * len(piece["mean"]))]
        columns[name] = pa.array(values, pa.string())
    for name in numbers:
        columns[name] = pa.array(np.concatenate([piece[name] for piece in pieces]))
    table = pa.table(columns).replace_schema_metadata(dict(about))
    pq.write_table(table, file, compression="zstd")


def _pieces(simulation: Simulation, found: Spreads) -> Iterator[dict[str, Any]]:
    """Columns of the rows of one quantity: its cells, its totals by month, its totals by year."""
    column, periods = found.column, simulation.columns.periods
    how = "cell" if column.others == 1 else "sum" if column.added else "largest"
    if found.cells is not None:
        labels = simulation.labels(column)
        places = list(itertools.product(*labels.values()))
        named = {axis: [place[i] for place in places] for i, axis in enumerate(labels)}
        yield {"total": ["cell"] * len(places), **named, **_numbers(found, found.cells)}
    if found.months is not None and (found.cells is None or column.others > 1):
        months = list(periods.months) if column.monthly else [None]
        yield {
            "total": [how] * len(months),
            AXES[MONTH]: months,
            **_numbers(found, found.months),
        }
    if found.years is not None:
        years = [year for year, _ in periods.years]
        over = "sum" if column.summed else "largest"
        words = over if column.others == 1 else f"{over} of {how}"
        yield {"total": [words] * len(years), "year": years, **_numbers(found, found.years)}


def _numbers(found: Spreads, spread: Spread) -> dict[str, Any]:
    count, unit = spread.mean.size, found.column.unit
    numbers = {
        name: units.from_base(spread.at(level).ravel(), unit)
        for name, level in zip(NAMES, LEVELS, strict=True)
    }
    for name, level in zip(NAMES, LEVELS, strict=True):
        if name in BOUNDED:
            for end, bound in zip(("low", "high"), spread.error(level), strict=True):
                numbers[f"{name}_{end}"] = units.from_base(bound.ravel(), unit)
    return {
        "quantity": [found.column.name] * count,
        "unit": [unit] * count,
        "method": ["exact" if spread.exact else "sketch"] * count,
        "mean": units.from_base(spread.mean.ravel(), unit),
        **numbers,
    }


# --- Draws -----------------------------------------------------------------------------------------------------------


def _write_draws(
    simulation: Simulation, about: Mapping[str, str], has_inputs: bool, file: Path
) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = simulation.project.table.rows
    inputs = _input_names(simulation) if has_inputs else {}
    figures = {
        name: found for name, found in simulation.spreads.items() if found.figures is not None
    }
    fields = [pa.field("draw", pa.int64(), metadata={"meaning": "number of the draw, from 0"})]
    for index, name in inputs.items():
        about_input = {"unit": rows[index].unit, "leaf": rows[index].leaf}
        fields.append(pa.field(name, pa.float64(), metadata=about_input))
    for found in figures.values():
        about_figure = {"unit": found.column.unit, "meaning": found.column.meaning}
        fields.append(pa.field(_figure_name(found), pa.float64(), metadata=about_figure))
    schema = pa.schema(fields, metadata=dict(about))
    with pq.ParquetWriter(file, schema, compression="zstd") as writer:
        for start in range(0, simulation.draws, ROWS):
            stop = min(start + ROWS, simulation.draws)
            values: list[Any] = [np.arange(start, stop)]
            if inputs:
                drawn = simulation.sampler.draws(start, stop)
                values += [units.from_base(drawn[i], rows[i].unit) for i in inputs]
            for found in figures.values():
                assert found.figures is not None
                values.append(units.from_base(found.figures[start:stop], found.column.unit))
            writer.write_table(pa.table([pa.array(each) for each in values], schema=schema))


def _input_names(simulation: Simulation) -> dict[int, str]:
    """A column for each number that is drawn, by its path; several rows of one path have one value."""
    rows = simulation.project.table.rows
    first: dict[str, int] = {}
    for index in simulation.sampler.rows:
        first.setdefault(rows[index].path, index)
    return {index: path for path, index in first.items()}


def _figure_name(found: Spreads) -> str:
    """ "tco", "gpus_required.largest", "capex.sum"."""
    if not found.column.monthly:
        return found.column.name
    return f"{found.column.name}.{'sum' if found.column.summed else 'largest'}"


# --- netCDF ----------------------------------------------------------------------------------------------------------


def _write_netcdf(
    simulation: Simulation, about: Mapping[str, str], has_draws: bool, file: Path
) -> None:
    import h5netcdf
    import h5py

    labels: dict[str, tuple[str, ...]] = {}
    for column in simulation.kept:
        labels |= simulation.labels(column)
    with h5netcdf.File(file, "w") as dataset:
        dataset.attrs.update(about)
        dataset.dimensions = {
            "quantile": len(LEVELS),
            **({"draw": simulation.draws} if has_draws else {}),
            **{axis: len(names) for axis, names in labels.items()},
        }
        dataset.create_variable("quantile", ("quantile",), data=np.array(LEVELS))
        for axis, names in labels.items():
            text = dataset.create_variable(axis, (axis,), dtype=h5py.string_dtype())
            text[:] = np.array(names, dtype=object)
        for column in simulation.kept:
            axes = tuple(AXES[axis] for axis in column.axes)
            spread = simulation.spreads[column.name].cells
            assert spread is not None
            values = units.from_base(spread.values, column.unit)
            found = dataset.create_variable(
                f"{column.name}_quantiles", ("quantile", *axes), data=values
            )
            found.attrs.update({"units": column.unit, "long_name": column.meaning})
            if has_draws:
                _write_variable(simulation, column.name, axes, dataset)


def _write_variable(simulation: Simulation, name: str, axes: tuple[str, ...], dataset: Any) -> None:
    """All draws of one quantity, some blocks at a time."""
    column = simulation.spreads[name].column
    variable = dataset.create_variable(name, ("draw", *axes), dtype=np.dtype(np.float64))
    variable.attrs.update({"units": column.unit, "long_name": column.meaning})
    for blocks in _together(simulation.blocks):
        cells = simulation.folder.numbers(blocks, simulation.columns.rows[name])
        values = units.from_base(cells.T.reshape(-1, *column.shape), column.unit)
        variable[blocks[0].start : blocks[-1].stop] = values


def _together(blocks: Sequence[Block]) -> Iterator[list[Block]]:
    """Consecutive blocks of about `ROWS` draws together."""
    group: list[Block] = []
    for block in blocks:
        group.append(block)
        if block.stop - group[0].start >= ROWS:
            yield group
            group = []
    if group:
        yield group
