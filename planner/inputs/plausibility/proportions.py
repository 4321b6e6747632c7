"""Do figures of one thing fit each other?

Bounds on a single figure are wide, for small and large things are both sold; what a thing has for each of its drives,
ports, FLOPs or accelerators varies far less. Memory that takes a second to be read once, a server at the price of one
of its drives or a card that is rented back in a month are wrong units or another thing's figures. The bounds are ours,
around the shipped profiles with room on both sides.
"""

from __future__ import annotations

from typing import NamedTuple

from planner import units
from planner.inputs.plausibility.finding import Findings, Implausible, Shelf, value
from planner.inputs.plausibility.generations import FIRST_YEAR, HOST_LINK, YEARS_ON_SALE
from planner.inputs.profiles import (
    Accelerator,
    Climate,
    ComputeSystem,
    Ecu,
    NetworkPart,
    Node,
    Profile,
    Region,
    StorageSystem,
)

GIGABIT = 1e9 / 8  # byte/s
YEAR = 365.25 * 86400.0
SLACK = 1e-9  # of rounding
LINE_RATES = (1, 2.5, 10, 25, 40, 50, 56, 100, 200, 400, 800, 1600)  # Gb/s: Ethernet, InfiniBand
PARTS_SOLD = "pcie", "card"
MOST_CARD_POWER = 650.0  # W: what slots and their cables feed and air cools
VECTOR_SHARE = 0.55  # of bf16: half in chips without tensor units (P100) and in graphics cards
RACK_POWER = {"air": 80e3, "liquid": 1e6}  # W; racks of 600 kW are announced
SPARSE_TOPS_A_WATT = {2024: 3.0, 2101: 5.5}  # most by year, dense, where the headline is sparse

# What one drive of a medium has: bytes, USD a byte, W, byte/s read; least and most.
DRIVES = {
    "nvme": ((0.5e12, 300e12), (10e-12, 3000e-12), (5.0, 200.0), (0.2e9, 15e9)),
    "hdd": ((2e12, 60e12), (3e-12, 300e-12), (4.0, 50.0), (20e6, 0.3e9)),
    "object": ((2e12, 300e12), (2e-12, 300e-12), (1.0, 50.0), (5e6, 0.5e9)),
    "tape": ((5e12, 80e12), (0.5e-12, 200e-12), (0.01, 20.0), (0.2e6, 0.5e9)),
}

# Local time less UTC in hours, by country: least and most of its zones (IANA, time zone database).
ZONES = {
    **{"TW": (8.0, 8.0), "JP": (9.0, 9.0), "KR": (9.0, 9.0), "CN": (8.0, 8.0), "IN": (5.5, 5.5)},
    **{"MY": (8.0, 8.0), "SG": (8.0, 8.0), "TH": (7.0, 7.0), "VN": (7.0, 7.0), "ID": (7.0, 9.0)},
    **{"DE": (1.0, 2.0), "FR": (1.0, 2.0), "GB": (0.0, 1.0), "NO": (1.0, 2.0), "SE": (1.0, 2.0)},
    **{"US": (-10.0, -4.0), "CA": (-8.0, -2.5), "MX": (-8.0, -5.0), "BR": (-5.0, -2.0)},
    **{"AU": (8.0, 11.0), "AE": (4.0, 4.0), "SA": (3.0, 3.0)},
}


class Proportion(NamedTuple):
    """A figure over what it belongs to, with the least and most of it, in a unit that people read."""

    field: str
    found: float
    least: float
    most: float
    unit: str


def rules(profile: Profile, shelf: Shelf) -> Findings:
    """Figures that do not fit others of the same thing."""
    if isinstance(profile, Accelerator):
        yield from _outside(_of_accelerator(profile))
        yield from _rates(profile)
    elif isinstance(profile, Node):
        chip = shelf.get("accelerators", profile.accelerator)
        yield from _outside(_of_node(profile, chip if isinstance(chip, Accelerator) else None))
        yield from _divides(profile, "nics", "rails")
    elif isinstance(profile, ComputeSystem):
        count, domain = profile.accelerators.value, profile.scale_up_domain.value
        if max(count, domain) % min(count, domain):
            found = f"{domain:g} of servers of {count:g}"
            yield Implausible(("scale_up_domain",), found, "a multiple or a divisor")
    elif isinstance(profile, StorageSystem):
        yield from _outside(_of_drive(profile))
    elif isinstance(profile, NetworkPart):
        yield from _outside(_of_port(profile))
        yield from _divides(profile, "ports", "ports_per_module")
        rate = profile.port_rate.value / GIGABIT
        if not any(abs(rate / each - 1) < 1e-6 for each in LINE_RATES):
            rates = ", ".join(f"{each:g}" for each in LINE_RATES)
            yield Implausible(("port_rate",), f"{rate:g} Gb/s", f"a line rate: {rates} Gb/s")
    elif isinstance(profile, Ecu):
        yield from _outside(_of_computer(profile))
    elif isinstance(profile, Region):
        least, most = ZONES.get(profile.country, (-12.0, 14.0))
        hours = profile.utc_offset.value / 3600
        if not least <= hours <= most:
            found = f"{hours:g} hours in {profile.country}"
            yield Implausible(("utc_offset",), found, f"{least:g} to {most:g}")
    elif isinstance(profile, Climate):
        wet, dry = profile.design_wet_bulb.value, profile.design_dry_bulb.value
        if wet > dry:
            yield Implausible(("design_wet_bulb",), f"{wet:g} degC", f"at most the air's {dry:g}")


def _outside(proportions: list[Proportion]) -> Findings:
    for each in proportions:
        if each.found and not each.least * (1 - SLACK) <= each.found <= each.most * (1 + SLACK):
            yield Implausible(
                (each.field,),
                f"{each.found:.3g} {each.unit}",
                f"{each.least:g} to {each.most:g}",
            )


def _of_accelerator(chip: Accelerator) -> list[Proportion]:
    """Memory against bandwidth and arithmetic, one price against the other, years of the generation."""
    bandwidth, generation = chip.memory_bandwidth.value, chip.generation or ""
    rented = value(chip.rent_price) * YEAR
    first = FIRST_YEAR.get(generation, 0)
    host = HOST_LINK.get(generation, 0.0) if chip.form != "superchip" else 0.0
    stacked = 0.0 if generation == "dojo" else 1e3 * chip.memory.value / bandwidth
    years = value(chip.price) / rented if rented else 0.0
    host_link = value(chip.host_link_bandwidth) / 1e9 if host else 0.0
    power = chip.power.value if chip.form in PARTS_SOLD else 0.0
    link = "GB/s, one direction of its PCIe"
    return [
        Proportion(
            "memory_bandwidth", stacked, 10.0, 120.0, "ms to read all of the memory at that rate"
        ),
        Proportion("memory_bandwidth", chip.bf16.value / bandwidth, 20.0, 700.0, "FLOPs a byte"),
        Proportion("host_link_bandwidth", host_link, 0.4 * host / 1e9, host / 1e9, link),
        Proportion("rent_price", years, 0.25, 8.0, "years of rent for the price"),
        Proportion(
            "year", chip.year.value if first else 0.0, first, first + YEARS_ON_SALE, generation
        ),
        Proportion("power", power, 0.0, MOST_CARD_POWER, "W in a slot"),
    ]


def _rates(chip: Accelerator) -> Findings:
    """Vectors are slower than tensor units, and doubles than singles but in CDNA 2."""
    limits = (
        ("fp32", VECTOR_SHARE * chip.bf16.value, "about half of bf16"),
        ("fp64", value(chip.fp32) * (2.0 if chip.generation == "cdna2" else 1.0), "fp32"),
    )
    for name, most, of in limits:
        rate = value(getattr(chip, name))
        if most and rate > 1.02 * most:
            yield Implausible(
                (name,),
                units.show(rate, "FLOP/second"),
                f"at most {of}, {units.show(most, 'FLOP/second')}; no sparse rate is known of it",
            )


def _of_node(node: Node, chip: Accelerator | None) -> list[Proportion]:
    """What a node has for each of its accelerators, and what its racks draw."""
    count = node.accelerators.value
    power = max(value(node.power), count * chip.power.value if chip else 0.0)
    share = value(node.power_idle) / power if power else 0.0
    price = count * value(chip.price) if chip else 0.0
    highest = max(cell.value for _, cell in node.price.knots)
    rack = node.nodes_per_rack.value * power / 1e3
    return [
        Proportion(
            "price", highest / price if price else 0.0, 0.0, 5.0, "of its accelerators' prices"
        ),
        Proportion("power_idle", share, 0.05, 0.7, "of its power at most"),
        Proportion("nics", node.nics.value / count, 0.0, 4.0, "an accelerator"),
        Proportion("nodes_per_rack", rack, 0.0, RACK_POWER[node.cooling] / 1e3, "kW a rack"),
        Proportion(
            "local_storage", value(node.local_storage) / count / 1e12, 0.1, 200.0, "TB a chip"
        ),
        Proportion(
            "embodied_carbon", node.embodied_carbon.value / count, 30.0, 3000.0, "kg a chip"
        ),
    ]


def _of_drive(unit: StorageSystem) -> list[Proportion]:
    """What a storage unit has for each of its drives or cartridges."""
    drives = unit.drives.value
    capacity, price, power, rate = DRIVES[unit.medium]
    size, byte = unit.drive_capacity.value, 1e-12
    paid = max(cell.value for _, cell in unit.price.knots) / drives / size
    return [
        Proportion("drive_capacity", size / 1e12, capacity[0] / 1e12, capacity[1] / 1e12, "TB"),
        Proportion("price", paid / byte, price[0] / byte, price[1] / byte, "USD a TB"),
        Proportion("power", unit.power.value / drives, *power, "W a drive"),
        Proportion(
            "read_bandwidth",
            unit.read_bandwidth.value / drives / 1e6,
            rate[0] / 1e6,
            rate[1] / 1e6,
            "MB/s a drive",
        ),
    ]


def _of_port(part: NetworkPart) -> list[Proportion]:
    """What a switch or card draws and costs for each Gb/s of its ports."""
    rate = part.ports.value * part.port_rate.value / GIGABIT
    return [
        Proportion("power", part.power.value / rate, 0.005, 10.0, "W for each Gb/s of its ports"),
        Proportion("price", part.price.value / rate, 0.1, 200.0, "USD for each Gb/s of its ports"),
    ]


def _of_computer(computer: Ecu) -> list[Proportion]:
    """Memory against bandwidth, and dense arithmetic against power where the headline is sparse."""
    seconds = computer.memory.value / computer.memory_bandwidth.value
    limit = next(most for year, most in SPARSE_TOPS_A_WATT.items() if computer.year.value < year)
    sparse = computer.sparsity_factor.value > 1
    tops = computer.int8.value / 1e12 / computer.power.value if sparse else 0.0
    return [
        Proportion("memory", 1e3 * seconds, 50.0, 1000.0, "ms to read all of it once"),
        Proportion("int8", tops, 1.0, limit, "dense TOPS a watt; twice that is the headline"),
    ]


def _divides(profile: Profile, whole: str, part: str) -> Findings:
    """Equal groups of ports."""
    total, group = getattr(profile, whole).value, value(getattr(profile, part)) or 1.0
    if total % group:
        yield Implausible((part,), f"{group:g}", f"a divisor of the {total:g} {whole}")
