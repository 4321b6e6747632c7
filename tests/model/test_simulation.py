"""Scenario distance, neural re-simulation, and rigs: by hand, and on the main scenario."""

from __future__ import annotations

import numpy as np
import pytest

from planner.axes import MONTH, PACKAGE, SITE, TIER, WORKLOAD, Array, on, place, total
from planner.model.simulation import (
    gpus_for_simulation,
    qualification_cadence,
    qualification_time,
    qualification_work,
    rigs_required,
    rigs_short,
    simulated_distance,
    simulation_gpu_hours,
    simulation_speedup,
    virtual_vehicles,
)
from planner.project import Project, load
from planner.units import from_base, to_base

DAY, HOUR = 86_400.0, 3600.0


def test_a_month_simulates_what_its_releases_ask_for() -> None:
    # 2 million km a release every 30 days, in a month of 31 days.
    found = simulated_distance(place(2e9), place(30 * DAY), place(1.0), place(31 * DAY)).item()
    assert from_base(found, "km") == pytest.approx(2e6 * 31 / 30)


def test_virtual_vehicles_drive_day_and_night() -> None:
    # 960 km a day at 40 km/h keep one busy.
    found = virtual_vehicles(place(960e3 * 30), place(to_base(40.0, "km/h")), place(30 * DAY))
    assert found.item() == pytest.approx(1.0)


def test_accelerator_hours_are_rendering_and_reconstruction() -> None:
    # 40,000 km rendered at 40 km/h and a quarter of real time: 4,000 h; as much re-simulated at half of real time,
    # 2,000 h, and 200 h for each hour reconstructed, driven a thousand times: 200 h.
    speed = place(to_base(40.0, "km/h"))
    drives = (place(0.25), place(0.5), place(200.0), place(1000.0))
    found = simulation_gpu_hours(place(40e6), place(40e6), speed, *drives).item()
    assert from_base(found, "hour") == pytest.approx(4000 + 2000 + 200)


def test_accelerators_with_twice_the_bandwidth_render_twice_as_fast() -> None:
    speedup = simulation_speedup(place(4e12), place(1.0), place(2e12))
    found = gpus_for_simulation(place(1460 * HOUR), speedup, place(1.0), place(730 * HOUR))
    assert found.item() == pytest.approx(1.0)


def test_rigs_are_hours_times_variants_over_the_window() -> None:
    # 1,000 h x 96 variants x 10 % x 1.1 over 10 days of 24 h at 80 %: 10,560 h / 192 h = 55.
    work = qualification_work(place(1000 * HOUR), place(96.0), place(0.1), place(1.1))
    site = place(np.array([1.0, 0.0]), SITE)
    found = rigs_required(work, place(10 * DAY), place(30 * DAY), place(0.8), site)
    assert found.ravel().tolist() == pytest.approx([55.0, 0.0])
    assert rigs_short(found, place(np.array([50.0, 0.0]), SITE)).ravel().tolist() == pytest.approx(
        [5.0, 0.0]
    )
    # On 50 rigs the same queue takes a tenth longer than the window.
    assert qualification_time(work, place(50.0), place(0.8)).item() == pytest.approx(11 * DAY)
    assert qualification_time(work, place(0.0), place(0.8)).item() == 0


def test_a_window_is_never_longer_than_the_cadence() -> None:
    work = place(100 * HOUR)
    tight = rigs_required(work, place(30 * DAY), place(5 * DAY), place(1.0), place(1.0))
    assert tight.item() == pytest.approx(100 / 120)


def test_the_named_package_sets_the_pace_and_else_the_most_frequent() -> None:
    cadence = place(np.array([30.0, 90.0, 14.0]) * DAY, PACKAGE)
    named = place(np.array([0.0, 1.0, 0.0]), PACKAGE)
    assert qualification_cadence(cadence, named).item() == 90 * DAY
    assert qualification_cadence(cadence, np.ones_like(cadence)).item() == 14 * DAY


def test_rigs_stand_at_the_host_and_add_power_racks_and_money(
    headline: Project, everything: dict[str, Array]
) -> None:
    host = headline.table.labels[SITE].index("taiwan")
    rigs = everything["rigs"]
    assert rigs[..., host, :, :, :].max() > 0
    assert np.delete(rigs, host, axis=SITE).max() == 0
    without = headline.run(
        ["it_power", "it_power_mean", "racks", "capex", "building_payments"],
        {"qualification_replay": 0.0 * np.asarray(headline.leaves["qualification_replay"])},
    )
    power = everything["it_power"] - without["it_power"]
    assert power == pytest.approx(everything["rig_power"])
    assert everything["it_power_mean"] - without["it_power_mean"] == pytest.approx(power)
    assert everything["racks"] - without["racks"] == pytest.approx(rigs)  # one to a rack
    installed = everything["rig_payments"] + 0.08 * everything["rig_value_entering"]
    halls = everything["building_payments"] - without["building_payments"]
    assert everything["capex"] - without["capex"] == pytest.approx(installed + halls, abs=1e-3)
    assert halls.max() > 0


def test_a_rig_costs_its_ecus_too_and_is_paid_from_its_order_on(
    headline: Project, everything: dict[str, Array]
) -> None:
    """Seven rigs serve from May 2024: USD 250,000 and two Orin at 900 each; 30 % in November 2023, when ordered."""
    months = headline.table.labels[MONTH]
    entering, paid = (on(everything[x], MONTH)[0] for x in ("rig_value_entering", "rig_payments"))
    served = months.index("2024-05")
    assert entering[served] == pytest.approx(7 * (250_000 + 2 * 900))
    assert not entering[:served].any()
    assert paid[0] == pytest.approx(0.3 * entering[served])
    later = everything["rig_unit_price"].ravel()[-1]  # by then most builds are on Thor, at 1,500
    assert 250_000 + 2 * 900 < later < 250_000 + 2 * 1500


def test_simulation_is_work_like_training(everything: dict[str, Array]) -> None:
    others = ("gpus_services_waiting", "gpus_for_curation", "gpus_for_relabelling")
    parts = [total(everything["gpus_for_throughput"], WORKLOAD), *(everything[n] for n in others)]
    assert everything["gpus_work_mean"] == pytest.approx(
        sum(parts) + everything["gpus_for_simulation"]
    )


def test_a_policy_may_keep_rigs_from_standing() -> None:
    plan = load("5pct_ev_market", set={"qualification.most_rigs": "10"}).plan()
    assert plan["rigs"].values.max() == 10
    (warning,) = (each for each in plan.warnings if each.kind == "qualification")
    assert "no more than 10 may stand" in warning.text
    assert "releases come every 30" in warning.text


def test_no_rig_in_time_is_said_with_its_lead_time() -> None:
    plan = load("5pct_ev_market").plan()
    (warning,) = (each for each in plan.warnings if each.kind == "qualification")
    assert (warning.first, warning.last) == ("2024-02", "2024-04")
    assert "has no rig" in warning.text
    assert "180 days after its order" in warning.text


def test_release_packages_lie_on_the_cold_tier_only(everything: dict[str, Array]) -> None:
    kept = everything["release_storage"]
    assert np.take(kept, [0, 1], axis=TIER).max() == 0
    # 96 variants x 8.7 GB x 24 releases x 2 copies in December 2030.
    assert total(kept, TIER, SITE)[:, -1].item() == pytest.approx(96 * 8.7e9 * 24 * 2)


def test_rigs_that_stand_are_not_bought_again() -> None:
    plan = load("5pct_ev_market", set={"qualification.rigs_installed": "20"}).plan()
    without = load("5pct_ev_market").plan()
    bought, more = (each.values("rig_orders")[0].sum() for each in (plan, without))
    assert bought < more
    assert plan["rigs"].at(month="2023-11", site="taiwan").values == 20
    # They serve for five years, like everything else, and their room is there already.
    assert plan["rigs_before"].at(month="2028-10", site="taiwan").values == 20
    assert plan["rigs_before"].at(month="2028-11", site="taiwan").values == 0
    assert plan.values("it_power_at_start")[0].max() == pytest.approx(20 * 3000)
    assert plan.values("it_power_added")[0][:, 0].max() == 0
