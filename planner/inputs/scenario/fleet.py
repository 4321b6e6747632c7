"""Which vehicles are on the road: the market and the share of it, vehicle programmes, regions, what drives already."""

from typing import Annotated, Literal

from pydantic import Field

from planner.inputs.numbers import Cell, Leaf, Series
from planner.inputs.profiles import Entity, MonthIndex, Name, Ref, Region


class MarketChoice(Entity):
    """Which forecast of electric-car sales, and the share of it that the fleet takes."""

    forecast: Annotated[Name, Ref("markets")]
    share: Annotated[
        Series, Leaf("1", "share of electric-car sales that join the fleet", least=0, most=1)
    ]


class FleetRegion(Region):
    """A region as the scenario uses it: the profile, the site that its data goes to, its forecast."""

    site: Name | None = None
    forecast: Annotated[Name, Ref("markets")] | None = None
    serve: Annotated[
        Literal["required", "if_permitted"] | None,
        Field(
            description="required: a plan that does not serve it is forbidden; if_permitted: it may go unserved; "
            "absent: it may where its data has to stay"
        ),
    ] = None


class FleetChoice(Entity):
    """How long vehicles stay on the road."""

    life: Annotated[
        Cell,
        Leaf(
            "year", "scale of the Weibull survival of vehicles: 37 % are left at this age", above=0
        ),
    ]
    life_shape: Annotated[
        Cell,
        Leaf(
            "1", "shape of the Weibull survival; above 1 scrappage rises with age", above=0, most=20
        ),
    ]


class Program(Entity):
    """A vehicle programme: a vehicle type with its sales, its use and its recording policy."""

    vehicle: Annotated[Name, Ref("vehicles")]
    sales_mix: Annotated[
        Cell, Leaf("1", "weight of the programme among those sold in a region", least=0)
    ]
    regions: list[Name] | None = None
    ecu_from: Annotated[dict[Name, MonthIndex], Field(min_length=1)]
    daily_hours: Annotated[Cell, Leaf("hour/day", "driving time of a vehicle", least=0, most=24)]
    record_share: Annotated[
        Cell, Leaf("1", "share of driving time that is recorded whole", least=0, most=1)
    ]
    trigger_rate: Annotated[
        Cell, Leaf("1/hour", "recording triggers in an hour of driving", least=0)
    ]
    clip_length: Annotated[
        Cell, Leaf("second", "length of the recording that a trigger keeps", least=0)
    ]
    telemetry: Annotated[
        Cell, Leaf("byte/day", "signals and logs sent whatever is recorded", least=0)
    ]
    map_rate: Annotated[
        Cell, Leaf("byte/km", "map observations sent for a distance driven", least=0)
    ]
    distance_factor: Annotated[
        Cell | None,
        Leaf(
            "1",
            "distance driven, relative to the region's passenger cars; absent: 1",
            least=0,
            absent=1,
        ),
    ] = None
    depot_share: Annotated[
        Cell, Leaf("1", "share of vehicles that upload at a depot dock", least=0, most=1)
    ]
    production_end: MonthIndex | None = None


class OpeningCohort(Entity):
    """Vehicles sold before the plan that are on the road at its start."""

    cohort: MonthIndex
    region: Name
    program: Name
    ecu: Annotated[Name, Ref("ecus")]
    vehicles: Annotated[
        Cell, Leaf("vehicle", "vehicles of the cohort on the road at plan_start", least=0)
    ]
