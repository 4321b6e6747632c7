"""Yearly sales of each region's market row: the one leaf that is a table of its own in the profiles."""

from __future__ import annotations

import numpy as np

from planner.axes import DRAW, MONTH, REGION, Array, empty, place
from planner.inputs.assembly import interpolation_weights, weighted
from planner.inputs.leaf_builder.notes import Notes
from planner.inputs.numbers import Leaf
from planner.inputs.profiles import SOLD
from planner.inputs.scenario import forecast_of


def market_sales(notes: Notes) -> None:
    """Yearly sales of each region's row, interpolated geometrically between the forecast's years."""
    scenario, calendar = notes.inputs.scenario, notes.calendar
    leaf = Leaf("vehicle/year", "yearly electric-car sales of the region's market row")
    years = (calendar.first + np.arange(calendar.months)) // 12
    columns: dict[int, int] = {}
    blocks: list[tuple[list[int], Array]] = []
    for name in notes.labels[REGION]:
        region = scenario.regions[name]
        forecast = forecast_of(scenario, name)
        sales = notes.inputs.profile("markets", forecast).rows[region.market_row].sales
        knots = sorted(sales)
        chosen = []
        for year in knots:
            steps = ("markets", forecast, "rows", region.market_row, "sales", year)
            sold = (region.market_row,)
            row = notes.row("market_sales", sold, steps, SOLD, sales[year], knot=True)
            chosen.append(columns.setdefault(row, len(columns)))
        at = np.array([int(year) for year in knots])
        blocks.append((chosen, interpolation_weights(years, at, "geometric")))
    # The year's figure over the year's own length: the months of a year add up to it exactly.
    january = years * 12 - calendar.first
    year_seconds = calendar.seconds_at(january + 12) - calendar.seconds_at(january)

    def assemble(cells: Array) -> Array:
        logs = np.log(cells.T)
        yearly = empty((len(cells), calendar.months, len(blocks)))
        for position, (chosen, weights) in enumerate(blocks):
            sold = np.exp(weighted(logs[chosen], weights))
            np.divide(sold.T, year_seconds, out=yearly[:, :, position])
        return place(yearly, DRAW, MONTH, REGION)

    notes.add("market_sales", leaf, (MONTH, REGION), list(columns), assemble)
