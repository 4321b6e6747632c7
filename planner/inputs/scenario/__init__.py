"""The schema of a scenario: which fleet, where, over which months, on which hardware, by which policies.

A scenario names profiles and adds what is particular to the plan. Under `accelerators:`, `nodes:` and the other kinds
it may override single fields of a shipped profile or define a profile of its own; an entry of `regions:` that names a
`site` takes part in the fleet. Numeric fields declare leaves, as in the profiles.
"""

from typing import Annotated, Literal

from pydantic import Field, StrictStr

from planner.inputs.numbers import Cell, Confidence, Leaf
from planner.inputs.profiles import Country, Entity, LongText, MonthIndex, Name, Ref, ShortText
from planner.inputs.scenario.data import (
    Curation,
    DataClass,
    Labels,
    Link,
    Storage,
    Telemetry,
    Tier,
)
from planner.inputs.scenario.fleet import (
    FleetChoice,
    FleetRegion,
    MarketChoice,
    OpeningCohort,
    Program,
)
from planner.inputs.scenario.money import Carbon, Economics
from planner.inputs.scenario.releases import (
    Deployment,
    Edge,
    Ota,
    Package,
    Qualification,
    Simulation,
    Variants,
)
from planner.inputs.scenario.services import SERVICE_FIELDS, Service
from planner.inputs.scenario.sites import Fabric, Facility, Site, Wan
from planner.inputs.scenario.training import Checkpoint, Cluster, Training, Workload

__all__ = [
    "SERVICE_FIELDS",
    "Check",
    "Deployment",
    "Fabric",
    "Link",
    "Scenario",
    "Service",
    "Site",
    "Tier",
    "fleet_regions",
    "forecast_of",
    "opening_class",
]


class Horizon(Entity):
    """The months that the tables show."""

    start: MonthIndex
    end: MonthIndex


class Check(Entity):
    """An expectation that the scenario declares: the command fails where it does not hold."""

    name: ShortText
    quantity: Annotated[StrictStr, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    at: MonthIndex | None = None
    over: Literal["max", "min", "sum", "mean", "end"] | None = None
    where: dict[Name, StrictStr] = Field(default_factory=dict)
    at_least: StrictStr | None = None
    at_most: StrictStr | None = None
    equals: StrictStr | None = None
    tolerance: Annotated[
        Cell | None, Leaf("1", "allowed deviation from `equals`", least=0, most=1, absent=0)
    ] = None
    source: LongText | None = None


class Correlated(Entity):
    """Uncertain numbers that move together in a simulation: every pair of those named has the correlation."""

    of: Annotated[
        StrictStr | list[StrictStr],
        Field(description="paths of uncertain numbers, `*` for any step: regions.*.transit_price"),
    ]
    correlation: Annotated[
        Cell, Leaf("1", "correlation of the normal scores of two numbers", least=-1, most=1)
    ]
    source: LongText | None = None
    confidence: Confidence | None = None


class Scenario(Entity):
    """A whole scenario, after `extends` and overrides."""

    title: ShortText
    about: LongText | None = None
    sources: dict[Name, ShortText | LongText] = Field(default_factory=dict)
    plan_start: MonthIndex
    horizon: Horizon
    export_rules: Annotated[Name, Ref("rules")]
    duty_rates: Annotated[Name, Ref("duties")]
    residency_rules: Annotated[Name, Ref("rules")]
    rules_as_of: Annotated[
        MonthIndex | None,
        Field(description="rules known in this month count; absent: plan_start"),
    ] = None
    rules_as_written: Annotated[
        list[Name], Field(description="export rules that count although nobody enforces them")
    ] = Field(default_factory=list)
    operator_country: Annotated[
        Country | None,
        Field(description="headquarters of the operator of all sites, or of its ultimate parent"),
    ] = None
    allow_export_violation: Annotated[
        bool,
        Field(
            description="what-if: deliveries that the rules stop are made, and every page says so"
        ),
    ] = False
    market: MarketChoice
    fleet: FleetChoice
    regions: Annotated[dict[Name, FleetRegion], Field(min_length=1)]
    programs: Annotated[dict[Name, Program], Field(min_length=1)]
    opening_fleet: list[OpeningCohort] = Field(default_factory=list)
    telemetry: Telemetry
    links: dict[Literal["wifi", "cellular", "depot"], Link]
    data_classes: Annotated[dict[Name, DataClass], Field(min_length=1)]
    curation: Curation
    labels: Labels
    storage_policy: Storage
    tiers: dict[Literal["hot", "warm", "cold"], Tier]
    workloads: Annotated[dict[Name, Workload], Field(min_length=1)]
    training: Training
    checkpoint: Checkpoint
    cluster: Cluster
    services: dict[Name, Service] = Field(default_factory=dict)
    packages: Annotated[dict[Name, Package], Field(min_length=1)]
    variants: Variants
    simulation: Simulation
    qualification: Qualification
    deployments: dict[Name, Deployment] = Field(default_factory=dict)
    edge: Edge
    ota: Ota
    sites: Annotated[dict[Name, Site], Field(min_length=1)]
    fabrics: dict[Literal["compute", "storage", "front_end", "management"], Fabric]
    wan: Wan
    facility: Facility
    economics: Economics
    carbon: Carbon
    correlations: Annotated[
        list[Correlated], Field(description="of two entries that name a pair, the later holds")
    ] = Field(default_factory=list)
    checks: list[Check] = Field(default_factory=list)


def fleet_regions(scenario: Scenario) -> list[str]:
    """The regions that take part in the fleet: those that name a site."""
    return [name for name, region in scenario.regions.items() if region.site is not None]


def forecast_of(scenario: Scenario, region: str) -> str:
    """The forecast of electric-car sales that a region follows: its own, or the common one."""
    return scenario.regions[region].forecast or scenario.market.forecast


def opening_class(scenario: Scenario) -> str:
    """The class of opening data that names none: the one that takes what others leave of the clips."""
    kinds = scenario.data_classes.items()
    return next(name for name, kind in kinds if kind.stream == "clips" and kind.share is None)
