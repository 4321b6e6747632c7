"""What a country's grid emitted when a cloud region stated its own carbon, so that the two can be compared."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from planner.axes import MONTH, SITE
from planner.inputs.assembly import Block, interpolation_weights, series_assembly
from planner.inputs.leaf_builder.fields import declared, knots_of
from planner.inputs.leaf_builder.notes import Notes
from planner.inputs.profiles import Region


def grid_carbon_stated(notes: Notes) -> None:
    """The country's grid in the month of the cloud region's statement, out of the rows of its series."""
    leaf = replace(
        declared(Region)["grid_carbon"],
        meaning="CO2-equivalent of the country's kWh in the month of the cloud region's statement",
    )
    columns: dict[int, int] = {}
    blocks: list[Block] = []
    for label, site in zip(notes.labels[SITE], notes.inputs.scenario.sites.values(), strict=True):
        region = notes.inputs.scenario.regions[site.location]
        series = region.grid_carbon
        steps = ("regions", site.location, "grid_carbon")
        rows, _ = knots_of(notes, "location_grid_carbon", (label,), steps, leaf, series)
        knots = np.array([index for index, _ in series.knots])
        stated = np.array([region.grid_carbon_cloud_date])
        weights = interpolation_weights(stated, knots, series.interpolate)
        chosen = [columns.setdefault(row, len(columns)) for row in rows]
        blocks.append((chosen, weights, series.interpolate))
    assemble = series_assembly(blocks, (MONTH, SITE), 0.0)
    notes.add("location_grid_carbon_stated", leaf, (SITE,), list(columns), assemble)
