"""Has each figure the size that such a thing has?

A schema bounds what a number may be at all; here stand the bounds of what is built, sold or measured, an order of
magnitude or more wide where things differ that much. What falls outside is nearly always a unit: bits for bytes, GB for
TB, a price in thousands, cents or another currency for dollars, kilograms of CO2 for grams. The bounds are ours, set
around the shipped profiles and what their sources show of the market; a thing that really lies outside moves them.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from planner import units
from planner.inputs.documents import Steps
from planner.inputs.load import cells_of
from planner.inputs.numbers import Cell
from planner.inputs.plausibility.finding import Findings, Implausible, Shelf
from planner.inputs.profiles import (
    Accelerator,
    ComputeSystem,
    Ecu,
    Market,
    NetworkPart,
    Node,
    Profile,
    Region,
    StorageSystem,
    TrainedModel,
    Vehicle,
)

Bounds = Mapping[str, tuple[str, str]]

BOUNDS: Mapping[type[Profile], Bounds] = {
    Accelerator: {
        "power": ("40 W", "5000 W"),
        "power_share": ("0.3", "3"),
        "cache": ("1 MB", "1 GB"),
        "die_area": ("50 mm^2", "3000 mm^2"),
        "price": ("100 USD", "200000 USD"),
        "rent_price": ("0.05 USD/hour", "20 USD/hour"),
    },
    ComputeSystem: {"nic_bandwidth": ("1 Gb/s", "2000 Gb/s")},  # for each accelerator
    Node: {"lead_time": ("1 day", "1000 day")},
    NetworkPart: {
        "ports": ("1", "1024"),
        "lead_time": ("1 day", "1000 day"),
        "cable_price": ("1 USD", "10000 USD"),
    },
    StorageSystem: {
        "drive_failure_rate": ("0.01 %/year", "20 %/year"),
        "rebuild_time": ("0.1 hour", "1000 hour"),
        "lead_time": ("1 day", "1000 day"),
    },
    Ecu: {
        "int8": ("1 TOPS", "4000 TOPS"),
        "memory_bandwidth": ("5 GB/s", "1000 GB/s"),  # of soldered memory, not stacked
        "flash": ("8 GB", "8 TB"),
        "power": ("2 W", "1500 W"),
        "price": ("20 USD", "20000 USD"),
    },
    Vehicle: {
        "buffer": ("1 GB", "1 PB"),
        "sensors.*.resolution": ("1 pixel/frame", "50e6 pixel/frame"),
        "sensors.*.rate": ("0.05 frame/second", "2000 frame/second"),
        "sensors.*.bits": ("1 bit/pixel", "256 bit/pixel"),
        "sensors.*.compression": ("1", "1000"),
    },
    TrainedModel: {
        "parameters": ("1e4", "1e14"),
        "epochs": ("0.1", "1000"),
        "utilisation": ("1 %", "70 %"),  # published training runs end at some 65 %
        "deployed_bits": ("1 bit", "32 bit"),
    },
    Market: {"rows.*.sales": ("100 vehicle", "200e6 vehicle")},
    Region: {
        "annual_distance": ("1000 km/year", "100000 km/year"),
        "wifi_uplink": ("0.5 Mb/s", "1000 Mb/s"),
        "wifi_downlink": ("1 Mb/s", "2000 Mb/s"),
        "cellular_uplink": ("0.1 Mb/s", "500 Mb/s"),
        "cellular_downlink": ("0.5 Mb/s", "2000 Mb/s"),
        "cellular_price": ("0.01 USD/GB", "50 USD/GB"),
        "cdn_price": ("0.0002 USD/GB", "1 USD/GB"),
        "transit_price": ("0.01 USD/Mbps month", "100 USD/Mbps month"),
        "electricity_price": ("0.005 USD/kWh", "1 USD/kWh"),
        "grid_carbon": ("1 g/kWh", "1500 g/kWh"),
        "grid_carbon_cloud": ("1 g/kWh", "1500 g/kWh"),
        "building_cost": ("1 USD/watt", "60 USD/watt"),
    },
}


def rules(profile: Profile, shelf: Shelf) -> Findings:
    """Figures that no such thing has; the ends of a spread count as the middle does."""
    for kind, bounds in BOUNDS.items():
        if isinstance(profile, kind):
            for steps, cell in cells_of(profile, ()):
                if written := bounds.get(_field(steps)):
                    yield from _outside(steps, cell, written)


def _field(steps: Steps) -> str:
    """The field that a number belongs to: without the month of a series, any name in a table as `*`."""
    if steps[0] == "sensors":
        return f"sensors.*.{steps[-1]}"
    return "rows.*.sales" if steps[0] == "rows" else str(steps[0])


def _outside(steps: Steps, cell: Cell, written: tuple[str, str]) -> Findings:
    least, most = _base(written[0]), _base(written[1])
    for x in {cell.value, cell.low or cell.value, cell.high or cell.value}:
        if x and not least <= x <= most:
            yield Implausible(
                steps,
                f"{units.from_base(x, cell.unit):.6g} {cell.unit}".removesuffix(" 1"),
                f"{written[0]} to {written[1]}, the size of such things; is it the unit?",
            )
            return


@cache
def _base(text: str) -> float:
    written = units.parse(text)
    return float(units.to_base(written.value, written.unit))
