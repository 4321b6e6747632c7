"""What is where and when: the leaves that follow from names and dates, not from numbers.

Which region's data goes to which site, what is sold where, which ECU new vehicles carry, which sites pool their data,
which export rules were known: arrays of 0 and 1, or catalogue objects, each with the places in the files that decide
it.
"""

from __future__ import annotations

from collections.abc import Iterator

from planner.axes import MONTH
from planner.catalogue import Calendar
from planner.inputs.load import Inputs
from planner.inputs.structure import fleet, releases, sites, trade, training, work
from planner.inputs.structure.entries import Fixed, Given, Names

__all__ = ["Given", "structure"]

PARTS = (
    fleet.regions,
    fleet.programs,
    fleet.data_classes,
    work.training,
    training.jobs,
    work.services,
    releases.releases,
    releases.on_board,
    trade.residency,
    trade.exports,
    trade.duties,
    sites.sites,
    sites.money,
)


def structure(inputs: Inputs, labels: Names, calendar: Calendar) -> Iterator[Fixed | Given]:
    """Everything about a plan that follows from the names and dates of its scenario."""
    for part in PARTS:
        yield from part(inputs, labels, calendar)
    yield Fixed(
        "month_seconds",
        (MONTH,),
        "calendar length of the month",
        calendar.seconds,
        (),
        "second",
    )
    yield Given("calendar", "months of the plan", calendar)
