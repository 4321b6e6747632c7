"""The schema of a scenario: which fleet, where, over which months, on which hardware, by which policies.

A scenario names profiles and adds what is particular to the plan. Under `accelerators:`, `nodes:` and the other kinds
it may override single fields of a shipped profile or define a profile of its own; an entry of `regions:` that names a
`site` takes part in the fleet. Numeric fields declare leaves, as in the profiles.
"""

import math
from typing import Annotated, Literal

from pydantic import Field, StrictStr

from planner.inputs.numbers import Cell, HourProfile, Leaf, Series
from planner.inputs.profiles import Entity, LongText, MonthIndex, Name, Ref, Region, ShortText


class Horizon(Entity):
    """The months that the tables show."""

    start: MonthIndex
    end: MonthIndex


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
    serve: Literal["required", "if_permitted"] = "if_permitted"


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
    depot_share: Annotated[
        Cell, Leaf("1", "share of vehicles that upload at a depot dock", least=0, most=1)
    ]


class OpeningCohort(Entity):
    """Vehicles sold before the plan that are on the road at its start."""

    cohort: MonthIndex
    region: Name
    program: Name
    ecu: Annotated[Name, Ref("ecus")]
    vehicles: Annotated[
        Cell, Leaf("vehicle", "vehicles of the cohort on the road at plan_start", least=0)
    ]


class Telemetry(Entity):
    """What the fleet sends over time, and the room left for peaks."""

    trigger_growth: Annotated[
        Series, Leaf("1", "recording triggers relative to the programme's rate", least=0)
    ]
    ingest_headroom: Annotated[
        Cell, Leaf("1", "ingest capacity over the largest hourly mean", least=1, most=10)
    ]


class Link(Entity):
    """A way home for data: how often it is there, how long, and when."""

    session: Annotated[Cell, Leaf("hour", "usable length of one session", above=0, most=24)]
    interval: Annotated[Cell, Leaf("day", "mean time between usable sessions", above=0)]
    rate: Annotated[
        Cell | None, Leaf("bit/second", "rate of the link; absent: the region's", least=0, absent=0)
    ] = None
    data_cap: Annotated[
        Cell | None,
        Leaf(
            "byte/month",
            "upload allowance of a vehicle; absent: no limit",
            least=0,
            absent=float("inf"),
        ),
    ] = None
    upload_profile: Annotated[
        HourProfile, Leaf("1", "weight of each local hour in the day's uploads", least=0)
    ]
    download_profile: Annotated[
        HourProfile, Leaf("1", "weight of each local hour in the day's downloads", least=0)
    ]


class Storage(Entity):
    """What is kept of what arrives."""

    kept_share: Annotated[
        Cell, Leaf("1", "share of arriving bytes that curation keeps", least=0, most=1)
    ]
    order_interval: Annotated[
        Cell, Leaf("month", "months that one storage order covers", least=1, most=60, whole=False)
    ]
    commissioning: Annotated[Cell, Leaf("day", "from delivery to service", least=0, most=1000)]


class Tier(Entity):
    """A storage tier: what is in it by age, on which system, read how fast."""

    system: Annotated[Name, Ref("storage")]
    held_from: Annotated[Cell, Leaf("day", "age at which kept data enters the tier", least=0)]
    held_until: Annotated[Cell, Leaf("day", "age at which data leaves the tier", least=0)]
    held_share: Annotated[
        Cell, Leaf("1", "share of kept data that is held here at that age", least=0, most=1)
    ]
    copies: Annotated[
        Cell, Leaf("1", "copies of each byte, before the system's own protection", least=1, most=10)
    ]
    dataset_copies: Annotated[
        Cell, Leaf("1", "copies of the training data sets in this tier", least=0, most=10)
    ]
    read_per_accelerator: Annotated[
        Cell, Leaf("byte/second", "read bandwidth for each accelerator that trains", least=0)
    ]
    scan_interval: Annotated[
        Cell | None,
        Leaf(
            "day",
            "time in which the whole tier is read once; absent: never",
            above=0,
            absent=float("inf"),
        ),
    ] = None


class Workload(Entity):
    """A network under continual training: how often it is released and how fast it must be trained."""

    model: Annotated[Name, Ref("models")]
    start: MonthIndex | None = None
    cadence: Annotated[Cell, Leaf("day", "time between releases", above=0)]
    deadline: Annotated[Cell, Leaf("day", "time allowed for the release's training run", above=0)]
    experiments: Annotated[
        Cell, Leaf("1", "experiments for each release, in full training runs", least=0)
    ]
    selection_share: Annotated[
        Cell, Leaf("1", "share of kept recordings that joins the data set", least=0, most=1)
    ]


class Training(Entity):
    """How well the cluster is used."""

    goodput: Annotated[
        Cell,
        Leaf(
            "1", "share of time that makes progress, after failures and restarts", above=0, most=1
        ),
    ]
    occupancy: Annotated[
        Cell, Leaf("1", "share of the accelerators that the schedule fills", above=0, most=1)
    ]
    percentile: Annotated[
        Cell, Leaf("1", "percentile of release demand that is covered", least=0, most=1)
    ]


class Package(Entity):
    """A part of a release that vehicles download: its size, how much of it a delta saves, how often."""

    size: Annotated[Cell, Leaf("byte", "size of the full package", least=0)]
    delta_ratio: Annotated[
        Cell, Leaf("1", "size of a delta over the full package", least=0, most=1)
    ]
    delta_share: Annotated[
        Cell, Leaf("1", "share of vehicles that can take the delta", least=0, most=1)
    ]
    cadence: Annotated[Cell, Leaf("day", "time between releases of the package", above=0)]


class Ota(Entity):
    """How releases are rolled out."""

    rollout: Annotated[
        Cell, Leaf("day", "time over which vehicles are admitted to a release", above=0)
    ]
    retry_overhead: Annotated[
        Cell, Leaf("1", "bytes sent again, as a share of the payload", least=0, most=2)
    ]
    cellular_share: Annotated[
        Cell,
        Leaf(
            "1",
            "share of the vehicles without Wi-Fi that may download over cellular",
            least=0,
            most=1,
        ),
    ]
    headroom: Annotated[
        Cell, Leaf("1", "delivery capacity over the largest hourly mean", least=1, most=10)
    ]


class NodeStock(Entity):
    """Nodes that the site has, or has on order, before the plan begins."""

    hardware: Annotated[Name, Ref("nodes")]
    count: Annotated[Cell, Leaf("1", "nodes", least=0, whole=True)]
    in_service: MonthIndex


class StorageStock(Entity):
    """Storage units that the site has, or has on order, before the plan begins."""

    tier: Literal["hot", "warm", "cold"]
    count: Annotated[Cell, Leaf("1", "units of the tier's storage system", least=0, whole=True)]
    in_service: MonthIndex


class OpeningData(Entity):
    """Data that the site has kept from the years before the plan."""

    year: MonthIndex
    kept: Annotated[Cell, Leaf("byte", "bytes kept in the year", least=0)]


class Site(Entity):
    """A data centre: where it stands, what it trains on, what power, cooling and space it has.

    What it does not say (a limit of density, of capacity, of floor, of water) does not limit it.
    """

    location: Annotated[Name, Ref("regions")]
    training: Annotated[Name, Ref("nodes")]
    training_share: Annotated[
        Cell, Leaf("1", "weight of the site in the training work of all sites", least=0)
    ]
    power_limit: Annotated[
        Series, Leaf("watt", "site power that the grid connection gives", least=0)
    ]
    plant: Annotated[Name, Ref("plants")] | None = None
    cooling: Literal["air", "liquid", "both"] = "both"
    liquid_capacity: Annotated[
        Series | None,
        Leaf("watt", "heat that the hall's liquid loops carry", least=0, absent=math.inf),
    ] = None
    rack_density: Annotated[
        Series | None,
        Leaf(
            "watt", "IT power that the hall feeds and cools in one rack", above=0, absent=math.inf
        ),
    ] = None
    redundancy: Literal["N", "N+1", "2N"] = "N"
    modules: Annotated[
        Series | None,
        Leaf(
            "1",
            "equal modules of power and cooling (UPS with its chillers) that are installed",
            least=0,
            whole=True,
            absent=math.inf,
        ),
    ] = None
    module_power: Annotated[
        Cell | None, Leaf("watt", "IT power that one module carries", above=0, absent=math.inf)
    ] = None
    floor_area: Annotated[
        Series | None,
        Leaf("m^2", "white space: floor for racks and their aisles", least=0, absent=math.inf),
    ] = None
    water_limit: Annotated[
        Series | None,
        Leaf(
            "m^3/day", "water that the site may take on its hottest day", least=0, absent=math.inf
        ),
    ] = None
    commissioning: Annotated[Cell, Leaf("day", "from delivery to service", least=0, most=1000)]
    order_interval: Annotated[
        Cell, Leaf("month", "months that one order of nodes covers", least=1, most=60)
    ]
    orders_allowed: bool = True
    installed: list[NodeStock] = Field(default_factory=list)
    committed: list[NodeStock] = Field(default_factory=list)
    installed_storage: list[StorageStock] = Field(default_factory=list)
    committed_storage: list[StorageStock] = Field(default_factory=list)
    opening_data: list[OpeningData] = Field(default_factory=list)


class Fabric(Entity):
    """The compute network of a site."""

    switch: Annotated[Name, Ref("network")]
    other_share: Annotated[
        Cell,
        Leaf(
            "1",
            "power and price of storage, management and front-end networks, over the compute fabric's",
            least=0,
            most=10,
        ),
    ]


class Facility(Entity):
    """How data halls are laid out and what plant they have, unless a site says otherwise."""

    plant: Annotated[Name, Ref("plants")]
    rack_area: Annotated[
        Cell, Leaf("m^2", "white space for one rack with its part of the aisles", above=0)
    ]
    white_space_share: Annotated[
        Cell, Leaf("1", "white space over the whole building's floor", above=0, most=1)
    ]
    switches_per_rack: Annotated[Cell, Leaf("1", "switches in one network rack", least=1)]


class Economics(Entity):
    """Prices, payment and the value of money."""

    discount_rate: Annotated[Cell, Leaf("1", "real discount rate a year", least=0, most=1)]
    deposit_share: Annotated[
        Cell,
        Leaf("1", "share of the price paid at the order; the rest at delivery", least=0, most=1),
    ]
    installation_share: Annotated[
        Cell,
        Leaf("1", "integration and installation, over the price of equipment", least=0, most=2),
    ]
    maintenance_share: Annotated[
        Cell,
        Leaf(
            "1/year",
            "support and maintenance a year, over the price of equipment in service",
            least=0,
            most=1,
        ),
    ]
    licence_price: Annotated[
        Cell, Leaf("USD/year", "software licence for one accelerator", least=0)
    ]
    staff: Annotated[Cell, Leaf("1/MW", "operating staff for a megawatt of IT power", least=0)]
    staff_cost: Annotated[Cell, Leaf("USD/year", "cost of one person", least=0)]
    equipment_life: Annotated[
        Cell, Leaf("year", "service life of nodes, storage and switches", above=0)
    ]
    building_life: Annotated[Cell, Leaf("year", "service life of the building", above=0)]
    currency_factor: Annotated[
        Cell,
        Leaf("1", "all prices are multiplied by this: another price level or currency", above=0),
    ]


class Carbon(Entity):
    """Carbon that no profile carries."""

    switch_embodied: Annotated[Cell, Leaf("kg", "CO2-equivalent of making one switch", least=0)]
    building_embodied: Annotated[
        Cell, Leaf("kg/watt", "CO2-equivalent of building a data hall, by IT power", least=0)
    ]


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


class Scenario(Entity):
    """A whole scenario, after `extends` and overrides."""

    title: ShortText
    about: LongText | None = None
    sources: dict[Name, ShortText | LongText] = Field(default_factory=dict)
    plan_start: MonthIndex
    horizon: Horizon
    export_rules: Annotated[Name, Ref("rules")]
    market: MarketChoice
    fleet: FleetChoice
    regions: Annotated[dict[Name, FleetRegion], Field(min_length=1)]
    programs: Annotated[dict[Name, Program], Field(min_length=1)]
    opening_fleet: list[OpeningCohort] = Field(default_factory=list)
    telemetry: Telemetry
    links: dict[Literal["wifi", "cellular", "depot"], Link]
    storage_policy: Storage
    tiers: dict[Literal["hot", "warm", "cold"], Tier]
    workloads: Annotated[dict[Name, Workload], Field(min_length=1)]
    training: Training
    packages: Annotated[dict[Name, Package], Field(min_length=1)]
    ota: Ota
    sites: Annotated[dict[Name, Site], Field(min_length=1)]
    fabric: Fabric
    facility: Facility
    economics: Economics
    carbon: Carbon
    checks: list[Check] = Field(default_factory=list)
