"""Where vehicles are sold and data halls stand: regions with their climates and markets, and the plant of a hall."""

from typing import Annotated

from pydantic import Field, StrictStr

from planner.inputs.numbers import Cell, Leaf, MonthProfile, Series
from planner.inputs.profiles.base import Entity, MonthIndex, Name, Place, Profile, Ref, ShortText


class Region(Profile):
    """A place: its market row, time, roads, networks and energy; a home of vehicles and a location of sites."""

    country: Annotated[StrictStr, Field(pattern=r"^[A-Z]{2}$|^multiple$")]
    jurisdiction: Annotated[
        Place | None,
        Field(
            description="group of countries whose law its vehicles' data is under; absent: its country's"
        ),
    ] = None
    market_row: ShortText
    market_share: Annotated[
        Cell | None,
        Leaf(
            "1",
            "share of the row's sales; absent: what the other regions of that row leave",
            least=0,
            most=1,
            absent=-1,
        ),
    ] = None
    utc_offset: Annotated[Cell, Leaf("hour", "local time less UTC", least=-12, most=14)]
    annual_distance: Annotated[Cell, Leaf("km/year", "distance driven by a vehicle", least=0)]
    wifi_share: Annotated[
        Cell, Leaf("1", "share of vehicles that upload over home Wi-Fi", least=0, most=1)
    ]
    wifi_uplink: Annotated[
        Cell, Leaf("bit/second", "uplink rate of a vehicle on home Wi-Fi", above=0)
    ]
    wifi_downlink: Annotated[
        Cell, Leaf("bit/second", "downlink rate of a vehicle on home Wi-Fi", above=0)
    ]
    cellular_uplink: Annotated[
        Cell, Leaf("bit/second", "uplink rate of a vehicle on the cellular network", above=0)
    ]
    cellular_downlink: Annotated[
        Cell, Leaf("bit/second", "downlink rate of a vehicle on the cellular network", above=0)
    ]
    cellular_price: Annotated[
        Series, Leaf("USD/GB", "price of cellular data to the carmaker", least=0)
    ]
    cdn_price: Annotated[Series, Leaf("USD/GB", "price of delivery by a content network", least=0)]
    transit_price: Annotated[
        Series | None,
        Leaf(
            "USD/Mbps month",
            "price of internet transit, by capacity; absent: none is paid",
            least=0,
            absent=0,
        ),
    ] = None
    electricity_price: Annotated[
        Series, Leaf("USD/kWh", "price of electricity for industry", least=0)
    ]
    grid_carbon: Annotated[Series, Leaf("g/kWh", "CO2-equivalent of a kWh from the grid", least=0)]
    grid_carbon_cloud: Annotated[
        Cell | None,
        Leaf(
            "g/kWh",
            "the same as a cloud provider states it for its region; absent: as the country's",
            least=0,
            absent=-1,
        ),
    ] = None
    grid_carbon_cloud_date: Annotated[
        MonthIndex,
        Field(description="month for which grid_carbon_cloud is stated; absent: 2023-01"),
    ] = 2023 * 12
    building_cost: Annotated[
        Series, Leaf("USD/watt", "cost to build a data hall, by IT power", least=0)
    ]
    climate: Annotated[Name, Ref("climates")]
    pue: Annotated[
        Cell | None,
        Leaf(
            "1",
            "power usage effectiveness, mean of the year, in place of that of climate and plant",
            least=1,
            most=4,
            absent=0,
        ),
    ] = None
    pue_peak: Annotated[
        Cell | None,
        Leaf(
            "1",
            "power usage effectiveness on the hottest day, in place of that of climate and plant",
            least=1,
            most=4,
            absent=0,
        ),
    ] = None
    data_stays: Annotated[
        bool | None,
        Field(
            description="true: its data may not leave; false: it may; absent: as the residency rules say"
        ),
    ] = None


class Climate(Profile):
    """The weather of a place, as far as cooling feels it."""

    dry_bulb: Annotated[
        MonthProfile, Leaf("degC", "mean air temperature of the calendar month", least=-50, most=50)
    ]
    humidity: Annotated[
        MonthProfile, Leaf("1", "mean relative humidity of the calendar month", least=0.05, most=1)
    ]
    dry_bulb_spread: Annotated[
        Cell,
        Leaf(
            "degC",
            "standard deviation of the hourly air temperatures of a month",
            least=0,
            most=15,
        ),
    ]
    wet_bulb_spread: Annotated[
        Cell,
        Leaf(
            "degC",
            "standard deviation of the hourly wet-bulb temperatures of a month",
            least=0,
            most=15,
        ),
    ]
    design_dry_bulb: Annotated[
        Cell,
        Leaf(
            "degC",
            "air temperature that 35 hours of the year exceed (0.4 %)",
            least=-50,
            most=60,
        ),
    ]
    design_wet_bulb: Annotated[
        Cell,
        Leaf(
            "degC",
            "wet-bulb temperature that 35 hours of the year exceed (0.4 %)",
            least=-50,
            most=40,
        ),
    ]


class Plant(Profile):
    """How a data hall is fed and cooled: chillers, heat rejection, pumps, fans, UPS, distribution."""

    supply_air: Annotated[
        Cell,
        Leaf("degC", "water supplied to the coils that cool the hall's air", least=2, most=40),
    ]
    supply_liquid: Annotated[
        Cell,
        Leaf("degC", "water supplied to the loops of liquid-cooled racks", least=2, most=60),
    ]
    water_range: Annotated[
        Cell, Leaf("degC", "by how much the water comes back warmer", least=1, most=30)
    ]
    approach: Annotated[
        Cell,
        Leaf(
            "degC",
            "by how much the outdoor units' water stays above the wet-bulb (or air) temperature",
            least=0,
            most=30,
        ),
    ]
    wet_above: Annotated[
        Cell,
        Leaf(
            "degC",
            "air temperature above which outdoor units evaporate water: -50 always, 60 never",
            least=-60,
            most=60,
        ),
    ]
    economiser: Annotated[
        Cell,
        Leaf("1", "share of the load that outdoor units may cool without chiller", least=0, most=1),
    ]
    condenser_rise: Annotated[
        Cell,
        Leaf("degC", "condensing temperature over the outdoor units' water", least=0, most=30),
    ]
    chiller_quality: Annotated[
        Cell, Leaf("1", "chiller's coefficient of performance over Carnot's", above=0, most=0.9)
    ]
    fans: Annotated[
        Cell, Leaf("1", "power of the hall's fans over the heat that air carries", least=0, most=1)
    ]
    liquid_pumps: Annotated[
        Cell,
        Leaf("1", "power of coolant distribution over the heat of liquid loops", least=0, most=1),
    ]
    pumps: Annotated[
        Cell, Leaf("1", "power of the plant's water pumps over the heat", least=0, most=1)
    ]
    rejection: Annotated[
        Cell, Leaf("1", "power of the outdoor units' fans over the heat", least=0, most=1)
    ]
    ups_efficiency: Annotated[
        Cell, Leaf("1", "efficiency of the UPS at working load", least=0.5, most=1)
    ]
    distribution_efficiency: Annotated[
        Cell, Leaf("1", "efficiency of transformers, switchgear and busbars", least=0.5, most=1)
    ]
    other: Annotated[
        Cell, Leaf("1", "lighting, offices and controls over IT power", least=0, most=1)
    ]
    concentration: Annotated[
        Cell,
        Leaf(
            "1",
            "cycles of concentration: make-up water over blow-down",
            least=1.5,
            most=20,
        ),
    ]


SOLD = Leaf("vehicle", "electric cars sold in the year", above=0)


class MarketRow(Entity):
    """Sales of one region by year."""

    sales: dict[
        Annotated[str, Field(pattern=r"^\d{4}$")],
        Annotated[Cell, SOLD],
    ] = Field(min_length=1)


class Market(Profile):
    """A named edition of a forecast: electric-car sales by row and year."""

    rows: dict[Name, MarketRow] = Field(min_length=1)
