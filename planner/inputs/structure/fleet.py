"""Where vehicles are sold and their data goes, what they carry, how their data is divided into classes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from planner.axes import DATA, ECU, MONTH, PROGRAM, REGION, SITE, Array
from planner.catalogue import STREAMS, Calendar
from planner.inputs.load import Inputs
from planner.inputs.scenario import forecast_of
from planner.inputs.structure.entries import Fixed, Given, Names


def regions(inputs: Inputs, labels: Names, calendar: Calendar) -> Iterator[Fixed | Given]:
    """Each region's site and its part of the market."""
    scenario, names = inputs.scenario, labels[REGION]
    homes = [scenario.regions[name].site for name in names]
    yield Fixed(
        "region_at_site",
        (REGION, SITE),
        "1 where the region's data goes to the site",
        [[float(home == site) for site in labels[SITE]] for home in homes],
        [f"regions.{name}.site" for name in names],
    )
    yield Fixed(
        "region_takes_rest",
        (REGION,),
        "1 where the region takes what the others leave of its market row",
        [float(scenario.regions[name].market_share is None) for name in names],
        [f"regions.{name}" for name in names],
    )
    forecasts = [forecast_of(scenario, name) for name in names]
    rows = [scenario.regions[name].market_row for name in names]
    yield Given("region_row", "market row of each region", tuple(zip(forecasts, rows, strict=True)))


def programs(inputs: Inputs, labels: Names, calendar: Calendar) -> Iterator[Fixed]:
    """Where and until when each programme's vehicles are sold, and with which ECU."""
    scenario = inputs.scenario
    sold = [
        [float(p.regions is None or name in p.regions) for p in scenario.programs.values()]
        for name in labels[REGION]
    ]
    ends = [program.production_end for program in scenario.programs.values()]
    dated = any(end is not None for end in ends)
    yield Fixed(
        "program_sold_in",
        (MONTH, REGION, PROGRAM) if dated else (REGION, PROGRAM),
        "1 where the programme is sold in the region, while it is produced",
        _produced(ends, calendar)[:, None, :] * np.array(sold) if dated else sold,
        [
            f"programs.{name}.{key}"
            for name in labels[PROGRAM]
            for key in ("regions", "production_end")
        ],
    )
    yield Fixed(
        "program_production_end",
        (PROGRAM,),
        "end of the programme's last month of production after plan_start; infinite while none is known",
        [
            float("inf") if end is None else float(calendar.seconds_at(end + 1 - calendar.first))
            for end in ends
        ],
        [f"programs.{name}.production_end" for name in labels[PROGRAM]],
        "second",
    )
    yield Fixed(
        "program_ecu_built",
        (MONTH, PROGRAM, ECU),
        "1 where the programme's new vehicles carry the ECU",
        _ecus_built(inputs, labels, calendar),
        [f"programs.{name}.ecu_from" for name in labels[PROGRAM]],
    )


def _produced(ends: Sequence[int | None], calendar: Calendar) -> Array:
    """1 in the months (month, program) up to the last one of a programme's production."""
    months = calendar.first + np.arange(calendar.months)[:, None]
    return (months <= [np.inf if end is None else end for end in ends]).astype(np.float64)


def _ecus_built(inputs: Inputs, labels: Names, calendar: Calendar) -> Array:
    """The newest ECU that has started; before the first start, the first."""
    built = np.zeros((calendar.months, len(labels[PROGRAM]), len(labels[ECU])))
    for p, program in enumerate(inputs.scenario.programs.values()):
        starts = sorted(program.ecu_from.items(), key=lambda item: item[1])
        for month in range(calendar.months):
            begun = [ecu for ecu, start in starts if start <= inputs.scenario.plan_start + month]
            built[month, p, labels[ECU].index(begun[-1] if begun else starts[0][0])] = 1.0
    return built


def data_classes(inputs: Inputs, labels: Names, calendar: Calendar) -> Iterator[Fixed]:
    """The stream that each class of data is cut from, and which takes its rest."""
    scenario = inputs.scenario
    for stream in STREAMS:
        yield Fixed(
            f"data_is_{stream}",
            (DATA,),
            f"1 where the class is cut from the stream {stream}",
            [float(kind.stream == stream) for kind in scenario.data_classes.values()],
            [f"data_classes.{name}.stream" for name in labels[DATA]],
        )
    yield Fixed(
        "data_takes_rest",
        (DATA,),
        "1 where the class takes what the others leave of its stream",
        [float(kind.share is None) for kind in scenario.data_classes.values()],
        [f"data_classes.{name}" for name in labels[DATA]],
    )
    yield Fixed(
        "curation_deletion_reaches_datasets",
        (),
        "1 where recordings of owners who withdraw their consent leave the training data sets too",
        float(scenario.curation.deletion_reaches_datasets),
        ["curation.deletion_reaches_datasets"],
    )
