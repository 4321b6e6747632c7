"""Every shipped node, model, computer, vehicle and storage unit works in a plan; parts of a market row add up to it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from planner import resources
from planner.axes import ECU, REGION, on
from planner.inputs.load import check_profile
from planner.inputs.load import load as load_inputs
from planner.inputs.profiles import PROFILE_KINDS, Region
from planner.perf.export import FREE
from planner.plan import Plan
from planner.project import load

BARE = Path(__file__).parents[1] / "cases" / "minimal.yaml"
HEADLINE = resources.scenario_root() / "5pct_ev_market.yaml"
ROWS = ("rest_of_world", "europe")
PARTS = ("korea", "malaysia", "south_east_asia", "germany")


def _bare(*edits: str, hardware: str | None = None) -> Plan:
    """A factory of one month, one hall, one network and one vehicle, with a few values changed."""
    return load(BARE, edits, hardware=hardware).plan()


@pytest.fixture(scope="module")
def with_parts(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    """The headline plan with the parts of two rows as regions of their own."""
    scenario = tmp_path_factory.mktemp("parts") / "parts.yaml"
    regions = "".join(f"  {name}: {{site: taiwan}}\n" for name in PARTS)
    scenario.write_text(f"extends: 5pct_ev_market.yaml\nregions:\n{regions}", encoding="utf-8")
    return load(scenario).plan()


def _names(kind: str) -> list[str]:
    return sorted(resources.profiles(kind))


@pytest.mark.parametrize("kind", sorted(PROFILE_KINDS))
def test_every_profile_of_a_kind_is_sound(kind: str) -> None:
    for path in resources.profiles(kind).values():
        assert check_profile(path, kind).title


@pytest.mark.parametrize("node", _names("nodes"))
def test_a_node_trains_and_draws_power_in_a_plan(node: str) -> None:
    plan = _bare("sites.hall.cooling=both", hardware=node)
    required, idle, typical, peak = (
        float(np.max(plan.values(name)[0]))
        for name in ("gpus_required", "node_draw_idle", "node_draw_typical", "node_draw_peak")
    )
    assert required > 0
    assert 0 < idle < typical <= peak


@pytest.mark.parametrize("node", _names("nodes"))
def test_the_headline_s_halls_can_hold_any_node(node: str) -> None:
    inputs = load_inputs(HEADLINE, hardware=node)
    assert {site.training for site in inputs.scenario.sites.values()} == {node}


@pytest.mark.parametrize("system", _names("storage"))
def test_a_storage_system_is_bought_in_a_plan(system: str) -> None:
    plan = _bare(f"tiers.warm.system={system}", "sites.hall.orders_allowed=true")
    assert float(np.max(plan.values("storage_warm_required")[0])) > 0
    assert float(np.min(plan.values("storage_unit_usable")[0])) > 0


@pytest.mark.parametrize("ecu", _names("ecus"))
def test_a_computer_drives_in_a_plan(ecu: str) -> None:
    fleet = f"{{cohort: 1999-12, region: europe, program: car, ecu: {ecu}, vehicles: 1 vehicle}}"
    plan = _bare(f"programs.car.ecu_from={{{ecu}: 2000-01}}", f"opening_fleet=[{fleet}]")
    assert plan.project.table.labels[ECU] == (ecu,)
    assert float(np.max(plan.values("vehicles_by_ecu")[0])) == pytest.approx(1.0)


@pytest.mark.parametrize("region", _names("regions"))
def test_a_site_stands_in_a_region(region: str) -> None:
    profile = check_profile(resources.profiles("regions")[region], "regions")
    assert isinstance(profile, Region)
    one = [f"regions.{region}.country=TH"] if profile.country == "multiple" else []
    plan = _bare(f"sites.hall.location={region}", *one)
    assert 1.0 < float(np.max(plan.values("pue_peak")[0])) < 2.5


@pytest.mark.parametrize("region", PARTS)
def test_parts_of_rows_may_have_any_accelerator(region: str) -> None:
    edits = [f"regions.{region}.country=TH"] if region == "south_east_asia" else []
    plan = _bare(f"sites.hall.location={region}", *edits, hardware="gb300_nvl72")
    assert float(np.max(plan.values("export_verdict")[0])) == FREE


@pytest.mark.parametrize("model", _names("models"))
def test_a_model_trains_in_a_plan(model: str) -> None:
    plan = _bare(f"workloads.world_model.model={model}")
    assert float(np.max(plan.values("gpus_required")[0])) > 0


@pytest.mark.parametrize("vehicle", _names("vehicles"))
def test_a_vehicle_records_in_a_plan(vehicle: str) -> None:
    plan = _bare(f"programs.car.vehicle={vehicle}")
    assert float(np.max(plan.values("ingest_mean")[0])) > 0


@pytest.mark.parametrize("row", ROWS)
def test_parts_of_a_market_row_add_up_to_it(with_parts: Plan, row: str) -> None:
    plan = with_parts
    shares = on(plan.values("market_row_share")[0], REGION)[0]
    labels = plan.project.table.labels[REGION]
    regions = plan.project.inputs.scenario.regions
    of_row = {name: shares[at] for at, name in enumerate(labels) if regions[name].market_row == row}
    assert set(PARTS) & set(of_row)
    assert sum(of_row.values()) == pytest.approx(1.0, abs=1e-12)
    assert min(of_row.values()) > 0


def test_regions_of_a_row_cannot_claim_more_than_it_has() -> None:
    for row in ROWS:
        parts = [
            profile
            for path in resources.profiles("regions").values()
            if isinstance(profile := check_profile(path, "regions"), Region)
            and profile.market_row == row
        ]
        assert sum(each.market_share is None for each in parts) == 1
        highs = [each.market_share for each in parts if each.market_share is not None]
        assert sum(cell.high or cell.value for cell in highs) < 1


def test_naming_a_part_of_a_row_adds_no_vehicle(with_parts: Plan) -> None:
    sold = [
        float(plan.values("vehicle_sales")[0].sum()) for plan in (load(HEADLINE).plan(), with_parts)
    ]
    assert sold[1] == pytest.approx(sold[0], rel=1e-9)


def test_ten_cabinets_are_an_exapod() -> None:
    node = check_profile(resources.profiles("nodes")["dojo_exapod"], "nodes")
    chip = check_profile(resources.profiles("accelerators")["dojo_d1_exapod"], "accelerators")
    chips = 10 * node.accelerators.value  # type: ignore[attr-defined]
    assert chips == 3000
    assert chips * chip.bf16.value == pytest.approx(1.1e18, rel=0.02)  # type: ignore[attr-defined]
    assert chips * chip.host_memory.value == pytest.approx(13e12, rel=1e-3)  # type: ignore[attr-defined]
