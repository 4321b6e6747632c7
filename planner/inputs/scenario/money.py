"""What it costs: prices, payment, the value of money, and carbon."""

from typing import Annotated, Literal

from pydantic import Field

from planner.inputs.numbers import Cell, Leaf, Series
from planner.inputs.profiles import Entity, MonthIndex

Currency = Literal["CNY", "EUR", "INR", "JPY", "KRW", "TWD"]


class Economics(Entity):
    """Prices, payment and the value of money."""

    money: Literal["real", "nominal"] = "real"
    base_date: MonthIndex | None = None
    exchange_rates: dict[
        Currency,
        Annotated[Cell, Leaf("1", "units of the currency for one US dollar", above=0)],
    ] = Field(default_factory=dict)
    discount_rate: Annotated[Cell, Leaf("1", "real discount rate a year", least=0, most=1)]
    inflation: Annotated[
        Series, Leaf("1", "yearly rise of the general price level", least=-0.5, most=10)
    ]
    deposit_share: Annotated[
        Cell, Leaf("1", "share of the price of equipment paid at the order", least=0, most=1)
    ]
    retention_share: Annotated[
        Cell,
        Leaf(
            "1",
            "share of the balance kept back until after acceptance; the rest is paid at delivery",
            least=0,
            most=1,
        ),
    ]
    retention_time: Annotated[
        Cell,
        Leaf(
            "day",
            "from the start of service to the payment of what was kept back",
            least=0,
            most=1500,
        ),
    ]
    network_deposit_share: Annotated[
        Cell | None,
        Leaf(
            "1",
            "share of the price of networks paid at the order, the rest with the service; absent: none",
            least=0,
            most=1,
            absent=0,
        ),
    ] = None
    building_deposit_share: Annotated[
        Cell | None,
        Leaf(
            "1",
            "share of a hall's cost paid before its power is needed; absent: none",
            least=0,
            most=1,
            absent=0,
        ),
    ] = None
    building_lead_time: Annotated[
        Cell | None,
        Leaf(
            "day",
            "from the deposit on a hall to the need of its power; absent: none",
            least=0,
            most=3000,
            absent=0,
        ),
    ] = None
    rent_lead_time: Annotated[
        Cell | None,
        Leaf(
            "day",
            "from the order to the delivery of rented nodes; absent: at once",
            least=0,
            most=1500,
            absent=0,
        ),
    ] = None
    lease_rate: Annotated[
        Cell, Leaf("1", "nominal interest a year in the payments of a lease", least=0, most=1)
    ]
    lease_term: Annotated[Cell, Leaf("year", "time over which a lease is paid off", above=0)]
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
        Series, Leaf("USD/year", "software licence for one accelerator", least=0)
    ]
    staff: Annotated[Cell, Leaf("1/MW", "operating staff for a megawatt of IT power", least=0)]
    staff_least: Annotated[
        Cell, Leaf("1", "operating staff of a site with any equipment, at least", least=0)
    ]
    staff_cost: Annotated[Series, Leaf("USD/year", "cost of one person", least=0)]
    colocation_price: Annotated[
        Series,
        Leaf("USD/kW month", "rent of space and cooling, by IT power, without energy", least=0),
    ]
    equipment_life: Annotated[
        Cell, Leaf("year", "life over which nodes, storage and switches are written down", above=0)
    ]
    building_life: Annotated[Cell, Leaf("year", "service life of the building", above=0)]
    currency_factor: Annotated[
        Cell,
        Leaf("1", "all prices are multiplied by this: another price level or currency", above=0),
    ]
    revenue_target: Annotated[
        Cell | None,
        Leaf(
            "USD/year",
            "revenue that the cost is compared with; absent: none",
            least=0,
            absent=0,
        ),
    ] = None


class Carbon(Entity):
    """Carbon that no profile carries, and which statement of the grid's is taken."""

    grid: Literal["country", "cloud_region"] = "country"
    switch_embodied: Annotated[Cell, Leaf("kg", "CO2-equivalent of making one switch", least=0)]
    optic_embodied: Annotated[
        Cell | None,
        Leaf(
            "kg",
            "CO2-equivalent of making one pluggable module; absent: none counted",
            least=0,
            absent=0,
        ),
    ] = None
    rig_embodied: Annotated[
        Cell | None,
        Leaf(
            "kg",
            "CO2-equivalent of making one rig with its ECUs; absent: none counted",
            least=0,
            absent=0,
        ),
    ] = None
    building_embodied: Annotated[
        Cell, Leaf("kg/watt", "CO2-equivalent of building a data hall, by IT power", least=0)
    ]
