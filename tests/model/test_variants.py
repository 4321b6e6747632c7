"""Builds in support: which sales make one, and how long it lives."""

from __future__ import annotations

import numpy as np
import pytest

from planner.axes import ECU, MONTH, PROGRAM, REGION, Array, on, place, total
from planner.model.edge import ecu_units_for_service
from planner.project import Project, load
from tests.properties.layouts import RUNNING, read

YEAR = 365.25 * 86_400.0


def december(project: Project, name: str, year: int) -> Array:
    (values,) = project.run([name]).values()
    return values[:, project.table.labels[MONTH].index(f"{year}-12")]


def test_builds_are_programme_ecu_market_and_model_year(headline: Project) -> None:
    # Six markets are served. Two programmes on Orin in 2024; in 2025 on Orin to June and on Thor from July, two builds
    # each; then one more model year every year.
    found = [december(headline, "variants", year).item() for year in (2024, 2025, 2026, 2030)]
    assert found == [6 * 2, 6 * 2 * 3, 6 * 2 * 4, 6 * 2 * 8]


def test_support_ends_years_after_the_last_sale() -> None:
    # Model year 2024 is last sold in December 2024 and supported for two years: to December 2026.
    project = load("5pct_ev_market", set={"variants.support_years": "2 year"})
    (variants,) = project.run(["variants"]).values()
    months = project.table.labels[MONTH]

    def at(month: str) -> float:
        return variants[0, months.index(month)].item()

    assert at("2026-12") == 6 * 2 * 4
    # 2024 leaves, 2027 comes.
    assert at("2027-01") == 6 * 2 * 4
    # Orin of 2025 was last sold in June 2025, Thor of 2025 in December.
    assert at("2027-06") == 6 * 2 * 4
    assert at("2027-07") == 6 * 2 * 3
    assert at("2028-01") == 6 * 2 * 3


def test_vehicles_from_before_the_plan_are_supported_too() -> None:
    project = read(RUNNING)
    (model_years,) = project.run(["model_years_supported"]).values()
    labels = project.table.labels
    start = model_years[0, 0]
    start = start.reshape([start.shape[axis - 2] for axis in (2, 3, 4, 5)])[0]
    europe, japan = labels[REGION].index("europe"), labels[REGION].index("japan")
    orin, thor = labels[ECU].index("drive_orin"), labels[ECU].index("drive_thor")
    model_c, model_n = labels[PROGRAM].index("model_c"), labels[PROGRAM].index("model_n")
    assert start[europe, model_c, orin] == 1  # 2024, from before
    assert start[europe, model_n, thor] == 2  # 2025 from before, and 2026 on sale
    assert start[japan, model_c, orin] == 1  # 2025
    assert start[japan, model_n, orin] == 0


def test_a_cohort_of_the_year_that_the_plan_begins_in_is_no_build_of_its_own() -> None:
    cohort = '  - {cohort: 2026-02, region: europe, program: model_c, ecu: drive_thor, vehicles: "9 vehicle"}\n'
    with_it = read(RUNNING.replace("sites:\n", "  " + cohort.strip() + "\nsites:\n", 1))
    before, after = (p.run(["variants"])["variants"] for p in (read(RUNNING), with_it))
    assert (before == after).all()


def test_nothing_is_built_for_who_gets_no_releases(
    headline: Project, everything: dict[str, Array]
) -> None:
    china = headline.table.labels[REGION].index("china")
    assert everything["model_years_supported"][:, :, :, china].max() > 0
    assert everything["builds_supported"][:, :, :, china].max() == 0


def test_packages_built_follow_the_cadence(everything: dict[str, Array]) -> None:
    # December 2030: 96 variants every 30, 90 and 30 days in 31 days.
    built = everything["packages_built"][:, -1].ravel()
    assert built == pytest.approx(96 * 31 / np.array([30, 90, 30]))


def test_ecus_are_built_for_vehicles_service_and_rigs(
    headline: Project, everything: dict[str, Array]
) -> None:
    sold = total(everything["vehicle_sales"], REGION, PROGRAM)
    # 2 % of the computers fail in 16 years on the road: of a million vehicles 106 in a month of 31 days.
    serviced = everything["vehicles_by_ecu"] * 0.02 * headline.leaves["month_seconds"] / (16 * YEAR)
    assert everything["ecu_units_for_service"] == pytest.approx(serviced)
    assert ecu_units_for_service(
        *(place(x) for x in (1e6, 1.0, 0.02, 16 * YEAR, 31 * 86_400.0))
    ).item() == pytest.approx(106.1, abs=0.05)
    parts = sold + everything["ecu_units_for_service"] + everything["rig_ecus"]
    assert everything["ecu_units"] == pytest.approx(parts)
    fitted = total(everything["rig_ecus"], MONTH, ECU).item()
    assert fitted == pytest.approx(2 * everything["rig_orders"].sum())
    assert place(fitted).item() > 0


# --- Vehicles out of support -----------------------------------------------------------------------------------------


def test_vehicles_out_of_support_get_no_releases(headline: Project) -> None:
    # Two years after the last sale of 2027 every vehicle sold until then is out: from January 2030 on.
    project = load("5pct_ev_market", set={"variants.support_years": "2 year"})
    names = ["vehicles_unsupported", "vehicles_supported", "vehicles_served", "ota_bytes"]
    x, full = project.run([*names, "vehicle_sales", "vehicles_on_road"]), headline.run(names)
    months, calendar = project.table.labels[MONTH], project.table.calendar
    life, shape = (headline.leaves[f"fleet_{name}"].item() for name in ("life", "life_shape"))  # type: ignore[union-attr]
    for month, last in (("2030-01", "2027-12"), ("2029-12", "2026-12"), ("2026-12", None)):
        now, until = months.index(month), months.index(last) + 1 if last else 0
        age = calendar.edges[now + 1] - calendar.middles[:until]
        sold = total(x["vehicle_sales"], ECU)[:, :until]
        left = sold * place(np.exp(-((age / life) ** shape)), MONTH)
        left = left.sum(axis=MONTH, keepdims=True)
        # Orin of 2025 was last sold in June 2025, and is out before Thor of 2025; both are, in these months.
        assert x["vehicles_unsupported"][:, now] == pytest.approx(left[:, 0], rel=1e-9)
    share = 1 - x["vehicles_unsupported"] / total(x["vehicles_on_road"], ECU).clip(1e-9)
    assert x["vehicles_supported"] == pytest.approx(x["vehicles_served"] * share)
    assert (full["vehicles_supported"] == full["vehicles_served"]).all()
    assert (x["ota_bytes"][:, -1] < 0.7 * full["ota_bytes"][:, -1])[
        full["ota_bytes"][:, -1] > 0
    ].all()


def test_a_vehicle_is_supported_as_long_as_a_build_is_made_for_it() -> None:
    text = (
        RUNNING
        + "programs: {model_n: {production_end: 2027-03}}\nvariants: {support_years: 0 year}\n"
    )
    project = read(text)
    x = project.run(["vehicles_unsupported", "model_years_supported", "vehicles_on_road"])
    years = on(total(x["model_years_supported"], REGION, ECU), MONTH, PROGRAM)[0]
    out, there = (
        on(total(y, REGION, ECU), MONTH, PROGRAM)[0]
        for y in (x["vehicles_unsupported"], x["vehicles_on_road"])
    )
    months, programs = project.table.labels[MONTH], project.table.labels[PROGRAM]
    van, ended = programs.index("model_n"), months.index("2027-03")
    assert years[ended, van] > 0 and (years[ended + 1 :, van] == 0).all()
    assert out[ended, van] < there[ended, van]  # those of 2027 are sold until then
    # Then no build is made for the vans, those from before the plan among them, and all of them are out.
    assert out[ended + 1 :, van] == pytest.approx(there[ended + 1 :, van], rel=1e-9)
    assert (out <= there * (1 + 1e-9)).all()
