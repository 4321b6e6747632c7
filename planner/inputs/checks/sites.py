"""Do a site's place, stocks and ways of buying agree?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from planner.inputs.checks.contradiction import Contradiction, Profiles
from planner.inputs.numbers import month_label
from planner.inputs.scenario import Scenario


def contradictions(scenario: Scenario, profiles: Profiles) -> Iterator[Contradiction]:
    """Sites in no one country, stocks on the wrong side of plan_start, what nobody rents out."""
    yield from _locations(scenario)
    yield from _stocks(scenario)
    yield from _rents(scenario, profiles)


def _locations(scenario: Scenario) -> Iterator[Contradiction]:
    for name, site in scenario.sites.items():
        country = scenario.regions[site.location].country
        if country == "multiple":
            yield (
                ("sites", name, "location"),
                f"{site.location} is many countries; a site stands in one, for export rules: "
                f'name it under regions:, as "{site.location}: {{country: DE}}", with the climate, '
                "electricity_price and grid_carbon of the place where they differ",
            )
    if sum(site.training_share.value for site in scenario.sites.values()) <= 0:
        yield ("sites",), "no site has a training_share above 0"


def _stocks(scenario: Scenario) -> Iterator[Contradiction]:
    start = scenario.plan_start
    for name, site in scenario.sites.items():
        for field in ("installed", "installed_storage"):
            for index, stock in enumerate(getattr(site, field)):
                if stock.in_service >= start:
                    yield (
                        ("sites", name, field, index, "in_service"),
                        f"{month_label(stock.in_service)} is not before plan_start; "
                        f"what arrives later is committed",
                    )
        for field in ("committed", "committed_storage"):
            for index, stock in enumerate(getattr(site, field)):
                if stock.in_service < start:
                    yield (
                        ("sites", name, field, index, "in_service"),
                        f"{month_label(stock.in_service)} is before plan_start; "
                        f"what is there already is installed",
                    )


def _rents(scenario: Scenario, profiles: Profiles) -> Iterator[Contradiction]:
    """Sites that rent what nobody offers, and the kinds that can be rented instead."""
    for name, site in scenario.sites.items():
        if site.acquisition != "rent":
            continue
        for kind in dict.fromkeys((site.training, *(stock.hardware for stock in site.committed))):
            node: Any = profiles["nodes"][kind]
            chip: Any = profiles["accelerators"][node.accelerator]
            if chip.rent_price is None:
                yield (
                    ("sites", name, "acquisition"),
                    f"{kind} cannot be rented; expected a rent_price of accelerators.{node.accelerator}",
                )
