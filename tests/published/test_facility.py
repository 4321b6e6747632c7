"""Published halls, sites and racks through the model: row ids are those of the published cases of facilities.

D29, D19, D17 and F3 are scenarios of their own in `tests/cases` and run with them; here are the rows that change only a
few fields of one hall, and the bands that the cooling model must meet without having been fitted to them.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from planner.plan import Plan
from planner.project import load

HALL = Path(__file__).parent.parent / "cases" / "d29_20480_h100.yaml"
BAND = 0.15  # rows without a printed width


def hall(hardware: str, count: int, **changes: str) -> Plan:
    """The hall of D29 with other hardware: `changes` by path, with `__` for a dot; PUE from climate and plant."""
    stock = f"[{{hardware: {hardware}, count: {count}, in_service: 2024-12}}]"
    edits = {
        "sites.hall.training": hardware,
        "sites.hall.installed": stock,
        "sites.hall.cooling": "both",
        "sites.hall.rack_density": "200 kW",
        "regions.europe.pue": "null",
        "regions.europe.pue_peak": "null",
    }
    return load(HALL, set=edits | {k.replace("__", "."): v for k, v in changes.items()}).plan()


def most(plan: Plan, name: str, unit: float = 1e6) -> float:
    return float(plan[name].values.max()) / unit


LIQUID = {"nodes__dgx_h100__cooling": "liquid", "nodes__dgx_h100__liquid_share": "80 %"}
NVL72 = {
    "nodes__gh200_nvl32__accelerators": "72",
    "nodes__gh200_nvl32__nics": "72",
    "nodes__gh200_nvl32__power": "132 kW",  # its power shelves (S65)
    "network__quantum2_qm9700__power": "1500 W",
}


def test_d31_power_of_32_dgx_b200_arithmetic_of_the_source() -> None:
    # D31 (NVIDIA DGX B200, 14.3 kW): 32 nodes are 458 kW, the rating handed in; test_power.py builds the node up.
    plan = hall("dgx_h100", 32, nodes__dgx_h100__power="14.3 kW")
    assert most(plan, "it_power", 1e3) == pytest.approx(458, rel=0.005)


def test_d30_critical_power_of_100_000_h100() -> None:
    # D30 (SemiAnalysis, 100,000 H100 Clusters): about 150 MW of critical IT power; -7 %.
    assert most(hall("dgx_h100", 12_500), "it_power") == pytest.approx(150, rel=BAND)


def test_d32_power_of_a_gb200_scalable_unit() -> None:
    # D32 (SuperPOD GB200): 1.2 MW for 8 racks, 576 GPUs, with its switches; -7 %.
    plan = hall("gh200_nvl32", 8, **NVL72)
    assert most(plan, "it_power") == pytest.approx(1.2, rel=BAND)


def test_d33_first_phase_of_foxconn_and_nvidia_in_taiwan() -> None:
    # D33 (10,000 Blackwell as 139 NVL72 racks): 20 MW, taken as critical IT; +1 %. Read as grid power: +19 %.
    plan = hall("gh200_nvl32", 139, regions__europe__climate="taipei", **NVL72)
    assert most(plan, "it_power") == pytest.approx(20, rel=BAND)
    assert most(plan, "site_power") == pytest.approx(20, rel=0.25)


def test_d34_grid_power_of_a_gpu_of_colossus() -> None:
    # D34 (Colossus, liquid-cooled): 1.5 kW a GPU from the grid; +9 %.
    plan = hall("dgx_h100", 12_500, regions__europe__climate="ashburn", **LIQUID)
    assert most(plan, "site_power", 1e5 * 1e3) == pytest.approx(1.5, rel=BAND)


def test_d35_power_of_an_accelerator_of_cortex() -> None:
    # D35 (Tesla Cortex): 130 MW for 70,000 accelerators, 1.86 kW each with cooling; -12 %.
    plan = hall("dgx_h100", 8_750, regions__europe__climate="ashburn", **LIQUID)
    assert most(plan, "site_power", 7e4 * 1e3) == pytest.approx(1.86, rel=BAND)


# --- Power usage effectiveness and water -------------------------------------------------------------------------


def year(climate: str, plant: str, liquid: bool = False) -> tuple[float, float]:
    """PUE of the year and litres of water for a kWh of IT energy of a hall of H100."""
    place = {"regions__europe__climate": climate, "facility__plant": plant}
    plan = hall("dgx_h100", 1000, **place, **(LIQUID if liquid else {}))
    it, used, water = (float(plan[name].values.sum()) for name in ("it_energy", "energy", "water"))
    return used / it, water * 1000 / it


def test_liquid_cooling_in_europe_is_between_five_and_fifteen_per_cent() -> None:
    # Published for direct liquid cooling in temperate climates: 1.05 to 1.15.
    for plant in ("chilled_water", "hyperscale_air"):
        assert 1.05 <= year("frankfurt", plant, liquid=True)[0] <= 1.15


def test_air_cooled_chillers_in_taiwan() -> None:
    # Halls on air-cooled chillers in hot humid places: 1.3 to 1.5.
    assert 1.3 <= year("taipei", "air_cooled_chillers")[0] <= 1.5


@pytest.mark.parametrize("climate", ["frankfurt", "ashburn", "tokyo", "taipei"])
def test_hyperscale_halls_are_near_what_their_operators_publish(climate: str) -> None:
    # Fleet means: Google 1.10 to 1.09, Microsoft's newest 1.12 (their own pages, second hand).
    assert year(climate, "hyperscale_air")[0] == pytest.approx(1.10, abs=0.03)


def test_the_survey_mean_lies_between_new_halls_and_old_ones() -> None:
    # Uptime Institute, F3: 1.54 in 2025; a new hall without water is below it in every shipped climate.
    for climate in ("frankfurt", "taipei", "singapore"):
        assert year(climate, "air_cooled_chillers")[0] < 1.54


def test_towers_use_about_the_water_of_us_data_centres() -> None:
    # LBNL 2016 (quoted by Mytton, npj Clean Water 2021): 1.8 L/kWh on site.
    assert year("ashburn", "chilled_water")[1] == pytest.approx(1.8, rel=BAND)


def test_evaporation_on_hot_days_only_uses_about_what_microsoft_publishes() -> None:
    # Microsoft: 0.49 L/kWh in 2021, 0.30 in 2024, fleet means (second hand); the climates of its fleet are not known.
    europe, america = (year(climate, "hyperscale_air")[1] for climate in ("frankfurt", "ashburn"))
    assert 0.30 * (1 - BAND) <= (europe + america) / 2 <= 0.49 * (1 + BAND)


def test_a_place_orders_as_its_climate() -> None:
    order = ("frankfurt", "ashburn", "taipei", "singapore")
    found = [year(climate, "air_cooled_chillers")[0] for climate in order]
    assert found == sorted(found)
