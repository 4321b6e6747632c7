"""Where hardware stands: sites with their halls, licences and stocks, their networks, how halls are laid out."""

import math
from typing import Annotated, Literal

from pydantic import Field

from planner.inputs.numbers import Cell, Leaf, Series
from planner.inputs.profiles import Country, Entity, LongText, MonthIndex, Name, Ref


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
    data: Name | None = None
    kept: Annotated[Cell, Leaf("byte", "bytes kept in the year", least=0)]


class Licence(Entity):
    """A licence to receive a kind of node at a site, over the months of delivery that it covers."""

    hardware: Annotated[Name, Ref("nodes")]
    from_: Annotated[MonthIndex, Field(alias="from")]
    until: MonthIndex | None = None
    reference: Annotated[LongText, Field(description="who granted it, under which number")]


class Site(Entity):
    """A data centre: where it stands, what it trains on, what power, cooling and space it has.

    What it does not say (a limit of density, of capacity, of floor, of water) does not limit it.
    """

    location: Annotated[Name, Ref("regions")]
    operator_country: Annotated[
        Country | None,
        Field(
            description="headquarters of its operator or ultimate parent; absent: the scenario's or its place's"
        ),
    ] = None
    licences: list[Licence] = Field(default_factory=list)
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
    acquisition: Literal["buy", "lease", "rent"] = "buy"
    building: Literal["build", "colocate"] = "build"
    hosts_releases: bool = False
    installed: list[NodeStock] = Field(default_factory=list)
    committed: list[NodeStock] = Field(default_factory=list)
    installed_storage: list[StorageStock] = Field(default_factory=list)
    committed_storage: list[StorageStock] = Field(default_factory=list)
    opening_data: list[OpeningData] = Field(default_factory=list)


class Fabric(Entity):
    """One of a site's networks: its switch, and how it is built from them."""

    switch: Annotated[Name, Ref("network")]
    tree: Literal["spine", "leaves_only"] = "spine"
    planes: Annotated[
        Cell,
        Leaf(
            "1",
            "equal planes, each with its share of every node's ports",
            least=1,
            most=8,
            whole=True,
        ),
    ]
    oversubscription: Annotated[
        Cell,
        Leaf(
            "1", "most endpoint ports of a leaf over its uplinks; 1: non-blocking", least=1, most=64
        ),
    ]
    core_oversubscription: Annotated[
        Cell, Leaf("1", "most ports of spines down over those up, in three tiers", least=1, most=64)
    ]
    down_ports: Annotated[
        Cell | None,
        Leaf(
            "1",
            "ports of a leaf for endpoints; absent: all but those that its uplinks need",
            least=1,
            whole=True,
            absent=0,
        ),
    ] = None
    management_ports: Annotated[
        Cell, Leaf("1", "ports that the fabric manager takes", least=0, whole=True)
    ]
    endpoint_ports_per_module: Annotated[
        Cell, Leaf("1", "endpoint ports that share one pluggable module", least=1, most=8)
    ]


class Wan(Entity):
    """The wide-area connection of a site."""

    paths: Annotated[
        Cell, Leaf("1", "paths to the outside, of which one may fail", least=1, most=16, whole=True)
    ]
    origin_pulls: Annotated[
        Cell,
        Leaf("1", "caches of the content network that fetch a package from the origin", least=0),
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
    plant_share: Annotated[
        Cell,
        Leaf(
            "1",
            "share of a hall's cost that goes with installed power and cooling; the rest is the shell",
            least=0,
            most=1,
        ),
    ]
    usual_oversize: Annotated[
        Cell,
        Leaf(
            "1",
            "installed over usable power and cooling in a usual N+1 hall, where a site gives no modules",
            least=1,
            most=2,
        ),
    ]
