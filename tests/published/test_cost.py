"""Published costs and emissions, worked out by our functions from their published inputs.

Row numbers are those of the project's list of facility cases; each has its source beside it.
"""

from __future__ import annotations

import numpy as np
import pytest

from planner import resources
from planner.axes import HARDWARE, MONTH, SITE, Array, place
from planner.catalogue import Calendar, by_item
from planner.inputs.load import check_profile
from planner.inputs.numbers import month_index
from planner.model.carbon import carbon_operational
from planner.model.cash_flow import capex
from planner.model.facility import site_power
from planner.model.hardware import gpus
from planner.model.payments import building_payments, network_entering, network_payments
from planner.model.running_costs import energy_cost
from planner.model.unit_costs import gpu_hour_cost, gpu_hours_present
from planner.perf.carbon import embodied_intensity
from planner.perf.fabric import leaves, leaves_by_rail, spines
from planner.perf.money import book_share
from planner.units import from_base, to_base

ONE, ZERO = place(1.0), place(0.0)
CALENDAR = Calendar(month_index("2024-01"), 1, 0)
HOURS = 8760.0


def number(value: float) -> Array:
    return place(value)


def hour_of_one(yearly: float, chips: float) -> float:
    """Cost of an accelerator's hour, as a plan works it out, from what a year of 8,760 hours of some costs."""
    gpus = place(np.full((1, 1, 1), chips), MONTH, SITE, HARDWARE)
    hours = gpu_hours_present(gpus, ONE, number(HOURS * 3600))
    return float(from_base(gpu_hour_cost(number(yearly), hours), "USD/hour").item())


# --- Prices of an accelerator's hour ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "yearly", "hourly"),
    # Amazon, reserved for three years, a year of an instance with eight chips, and the published hour of one:
    # GitHub Netflix-Skunkworks/service-capacity-modeling (dc69307).
    [
        ("E2 p5en", 208_481.87, 2.975),
        ("E3 p4d", 71_473.33, 1.020),
        ("E3 p4de", 89_341.67, 1.275),
    ],
)
def test_the_hour_of_a_chip_out_of_the_year_of_an_instance(row, yearly, hourly) -> None:
    assert hour_of_one(yearly, 8.0) == pytest.approx(hourly, abs=5e-4), row


def test_the_shipped_price_of_the_a100_is_that_of_p4de() -> None:
    """E3: the profile's rent price, from YAML to base units, against the published year."""
    chip = check_profile(resources.profiles("accelerators")["a100_80"], "accelerators")
    assert chip.rent_price.value * 3600 == pytest.approx(hour_of_one(89_341.67, 8.0), rel=1e-3)


def test_p5_after_the_cut_of_june_2025() -> None:
    """E4: 98.32 USD an hour for eight GPUs, cut by 44 % = 6.88 a GPU (compux, GPU pricing trends 2026)."""
    assert hour_of_one(98.32 * HOURS, 8.0) == pytest.approx(12.29)
    assert hour_of_one(98.32 * HOURS * (1 - 0.44), 8.0) == pytest.approx(6.88, abs=5e-3)


# --- Whole clusters --------------------------------------------------------------------------------------------------


def test_the_community_sheet_of_128_nodes_adds_up_in_our_ledger() -> None:
    """E5: 6.4 + 39.68 + 1.728 + 2.62144 M$ = 50,429,440, 49,248 a GPU ("H100 Freakonomics", August 2024)."""
    nodes = place(np.full((1, 1, 1), 128.0), MONTH, SITE, HARDWARE)
    ports = number(128 * 8)
    radix, down = number(64), number(32)
    leaf = leaves(leaves_by_rail(ports, number(8), down), ports, radix, down)
    switches = leaf + spines(leaf, down, radix, down)
    assert switches.item() == 48  # C19, of the same sheet
    links = 2.0 * ports  # from nodes to leaves, and as many from leaves to spines
    bought = network_entering(switches, number(36_000), links, number(1280), ONE)
    ledger = by_item(
        nodes=number(128 * 310_000),
        network=network_payments(bought, ONE, ZERO, ZERO, ONE, CALENDAR),
        building=building_payments(number(6.4e6), ONE, ZERO, ZERO, CALENDAR),
    )
    cost = capex(ledger).item()
    assert cost == pytest.approx(50_429_440, rel=1e-12)
    chips = gpus(nodes, number(8)).sum()
    assert cost / chips == pytest.approx(49_248, abs=0.6)


def test_the_life_of_the_gigawatts_servers() -> None:
    """E7: 8.5 billion a year with a life of 5 years, 12 with 3 and 7 with 7 (Epoch AI, 14 May 2026).

    The two differences give the same price of the servers: 26.25 billion a gigawatt. Found from the one, it predicts
    the other.
    """
    left = {life: book_share(np.array([0.0, 1.0]), np.array(life)) for life in (3.0, 5.0, 7.0)}
    a_dollar = {life: float(start - end) for life, (start, end) in left.items()}
    price = (12 - 8.5) / (a_dollar[3] - a_dollar[5])
    assert price == pytest.approx(26.25)
    rest = 8.5 - price * a_dollar[5]
    assert rest + price * a_dollar[7] == pytest.approx(7.0, rel=1e-9)


def test_racks_of_a_gigawatt_arithmetic_of_the_source() -> None:
    """E8, but for the effectiveness of power arithmetic of the source.

    35 billion a GW at 5.9 million a rack = 5,932 racks, 168.6 kW each (Bernstein, via investing.com).

    Band: 120 to 132 kW a GB200 NVL72 rack, under a power usage effectiveness of 1.28 to 1.4.
    """
    racks = 35e9 / 5.9e6
    assert racks == pytest.approx(5932, abs=0.5)
    each = 1e9 / racks
    low = site_power(number(120e3), number(1.28)).item()
    high = site_power(number(132e3), number(1.40)).item()
    assert each == pytest.approx(168.6e3, rel=1e-3) and low < each < high


def test_the_electricity_of_a_gigawatt() -> None:
    """E10: 0.6 billion a year for a gigawatt at full load is 0.068 USD a kWh (Epoch AI); our US price spans that."""
    region = check_profile(resources.profiles("regions")["usa"], "regions")
    (_, price), energy = region.electricity_price.knots[0], number(1e9 * HOURS * 3600)
    low, base, high = (
        energy_cost(energy, ONE, number(x), ONE).item()
        for x in (price.low, price.value, price.high)
    )
    implied = energy_cost(energy, ONE, number(float(to_base(np.array(0.0685), "USD/kWh"))), ONE)
    assert implied.item() == pytest.approx(0.6e9, rel=1e-3)
    assert low < 0.6e9 < base < high  # cheaper than the mean of the states where our price was read


# --- Carbon ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("where", "kilotonnes"),
    # 249,185 MWh (SemiAnalysis) times the country series of CodeCarbon for 2023 (Malaysia: 2022).
    [("taiwan", 160.1), ("japan", 121.0), ("india", 177.8), ("malaysia", 151.0)],
)
def test_a_year_of_20480_gpus_by_the_grid_that_feeds_it(where: str, kilotonnes: float) -> None:
    """F1: 642.4, 485.4, 713.4 and 605.8 g/kWh; three of them from our profiles."""
    if where == "malaysia":
        grid = float(to_base(np.array(605.8), "g/kWh"))
    else:
        grid = (
            check_profile(resources.profiles("regions")[where], "regions")
            .grid_carbon.knots[0][1]
            .value
        )
    energy = number(float(to_base(np.array(249_185.0), "MWh")))
    emitted = carbon_operational(energy, number(grid)).item()
    assert from_base(np.array(emitted), "kt") == pytest.approx(kilotonnes, rel=1e-3)


def test_embodied_carbon_of_a_flop_arithmetic_of_the_source() -> None:
    """F2, arithmetic of the source: 0.66 to 0.50 g an EFLOP of FP16, -24 % (NVIDIA, HGX B200 product carbon footprint).

    The carbon of the boards was not seen, so this checks our definition: from the two intensities and the dense peaks
    of 0.989 and 2.25 PFLOP/s a chip, the new board embodies 1.72 times the old one's, and a quarter less a FLOP.
    """
    life = np.array(5 * 365.25 * 86_400)
    h100, b200 = np.array(8 * 989.4e12), np.array(8 * 2.25e15)
    gram_an_eflop = 1e-3 / 1e18
    old, new = 0.66 * gram_an_eflop * h100 * life, 0.50 * gram_an_eflop * b200 * life
    assert float(new / old) == pytest.approx(1.72, abs=0.005)
    change = embodied_intensity(new, b200, life) / embodied_intensity(old, h100, life) - 1
    assert float(change) == pytest.approx(-0.24, abs=0.005)
