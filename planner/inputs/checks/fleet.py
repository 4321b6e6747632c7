"""Do regions, programmes and the market agree?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from planner.inputs.checks.contradiction import Contradiction, Profiles, unknown
from planner.inputs.documents import Steps
from planner.inputs.numbers import month_label
from planner.inputs.profiles import Market
from planner.inputs.scenario import Scenario, fleet_regions, forecast_of

WHOLE = "world"  # the row of a forecast that the others are parts of


def contradictions(scenario: Scenario, profiles: Profiles) -> Iterator[Contradiction]:
    """Regions, programmes and cohorts that lead nowhere, and what nobody sells."""
    yield from _names(scenario)
    yield from _market(scenario, profiles)
    yield from _opening_fleet(scenario)
    yield from _sold(scenario)


def _names(scenario: Scenario) -> Iterator[Contradiction]:
    homes = fleet_regions(scenario)
    if not homes:
        yield ("regions",), "no region names a site; expected at least one with site: NAME"
    for name, program in scenario.programs.items():
        for index, home in enumerate(program.regions or ()):
            if home not in homes:
                yield unknown(("programs", name, "regions", index), home, "fleet region", homes)


def _market(scenario: Scenario, profiles: Profiles) -> Iterator[Contradiction]:
    claimed: dict[tuple[str, str], float] = {}
    takers: dict[tuple[str, str], str] = {}
    for name in fleet_regions(scenario):
        region = scenario.regions[name]
        forecast = forecast_of(scenario, name)
        rows = cast(Market, profiles["markets"][forecast]).rows
        if region.market_row not in rows:
            steps: Steps = ("regions", name, "market_row")
            yield unknown(steps, region.market_row, f"row of {forecast}", rows)
            continue
        years = sorted(int(year) for year in rows[region.market_row].sales)
        first, last = scenario.plan_start // 12, scenario.horizon.end // 12
        has = f"the sales of {forecast} are those of {years[0]} to {years[-1]}"
        if years[0] > first:
            yield ("plan_start",), f"{has}; start in {years[0]}-01 or later"
        if years[-1] < last:
            yield ("horizon", "end"), f"{has}; end by {years[-1]}-12"
        claim = (forecast, region.market_row)
        if region.market_share is not None:
            claimed[claim] = claimed.get(claim, 0.0) + region.market_share.value
        elif claim in takers:
            yield (
                ("regions", name),
                f"both {takers[claim]} and {name} take what is left of {region.market_row}; "
                "give one of them a market_share",
            )
        else:
            takers[claim] = name
    for (forecast, row), share in claimed.items():
        if share > 1 + 1e-9:
            yield ("regions",), f"regions claim {share:.0%} of the row {row} of {forecast}"
    yield from _whole_beside_parts(scenario)


def _whole_beside_parts(scenario: Scenario) -> Iterator[Contradiction]:
    """A region of the whole world's sales beside regions of its parts counts theirs twice."""
    homes = [(name, forecast_of(scenario, name)) for name in fleet_regions(scenario)]
    rows = {name: (forecast, scenario.regions[name].market_row) for name, forecast in homes}
    for name, (forecast, row) in rows.items():
        parts = [each for each, other in rows.items() if other[0] == forecast and other[1] != WHOLE]
        if row == WHOLE and parts:
            yield (
                ("regions", name, "market_row"),
                f"the row {WHOLE} of {forecast} has the sales of {', '.join(parts)} in it; they would be counted twice",
            )


def _opening_fleet(scenario: Scenario) -> Iterator[Contradiction]:
    homes = fleet_regions(scenario)
    ecus = {ecu for program in scenario.programs.values() for ecu in program.ecu_from}
    for index, cohort in enumerate(scenario.opening_fleet):
        at: Steps = ("opening_fleet", index)
        if cohort.region not in homes:
            yield unknown((*at, "region"), cohort.region, "fleet region", homes)
        if cohort.ecu not in ecus:
            yield unknown((*at, "ecu"), cohort.ecu, "ECU of a programme", ecus)
        if cohort.cohort >= scenario.plan_start:
            yield (*at, "cohort"), f"{month_label(cohort.cohort)} is not before plan_start"


def _sold(scenario: Scenario) -> Iterator[Contradiction]:
    for name in fleet_regions(scenario):
        sold = [
            program
            for program in scenario.programs.values()
            if program.regions is None or name in program.regions
        ]
        if sold and sum(program.sales_mix.value for program in sold) <= 0:
            yield ("regions", name), "no programme with a sales_mix above 0 is sold here"
