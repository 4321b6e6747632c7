"""Published classes of chips and published rules on data, from the figures of a chip or fleet to the plan's verdict.

Rows F4 to F20 are those of the cases on export control and data rules; the table of products is that of the facts on
facilities (6.4) and on hardware (4). TPP and density of products are arithmetic on dense data-sheet figures; die areas
are second hand. S52: Code of Federal Regulations, July 2026; S53: rule of 15 January 2026; S55: H20 specification.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import pytest

from planner.axes import HARDWARE, MONTH, REGION, SITE, Array, on
from planner.inputs.numbers import month_index
from planner.perf import export, residency
from planner.project import Project, load
from planner.resources import profiles

MM2 = 1e-6


@dataclass(frozen=True)
class Chip:
    """Dense data-sheet figures: TFLOP/s at 16 bits, tera-operations at 8 bits, mm2 of logic, GB/s of DRAM and link."""

    bf16: float
    eight_bits: float
    die: float | None
    memory: float
    link: float  # one direction
    data_centre: bool = True

    def sparse(self) -> Chip:
        """The headline of the vendor: twice as much."""
        doubled = 2 * self.bf16, 2 * self.eight_bits
        return Chip(*doubled, self.die, self.memory, self.link, self.data_centre)


# Data sheets as in the table of accelerators (Epoch AI; Bekman, Machine Learning Engineering).
CHIPS = {
    "V100": Chip(125, 0, 815, 900, 150),
    "A100": Chip(312, 624, 826, 2039, 300),
    "A800": Chip(312, 624, 826, 2039, 200),
    "H100": Chip(989.4, 1979, 814, 3350, 450),
    "H800": Chip(989.4, 1979, 814, 3360, 200),
    "H200": Chip(989.4, 1979, 814, 4800, 450),
    "GH200": Chip(989.4, 1979, 814, 4900 + 512, 450),
    "H20": Chip(148, 296, 814, 4000, 450),
    "B200": Chip(2250, 4500, 1600, 8000, 900),
    "MI300X": Chip(1307.4, 2614.9, None, 5300, 448),
    "L40S": Chip(362, 733, 608.5, 864, 31.5),
    "L4": Chip(121, 242, 294, 300, 31.5),
    "L20": Chip(119.5, 239, 608.5, 864, 31.5),
    "L2": Chip(96.5, 193, 294, 300, 31.5),
    "RTX 4090": Chip(165.2, 660.6, 608.5, 1008, 31.5, data_centre=False),
    "DRIVE Orin": Chip(41.8, 127, 455, 205, 16, data_centre=False),
    "Jetson T5000": Chip(258.5, 517.5, None, 273, 31.5, data_centre=False),
}


@cache
def judged(chip: Chip, country: str, month: str, operator: str | None = None) -> Project:
    """A plan that may order the chip at a site in a country, with the rules of a month known."""
    year = int(month[:4])
    changes = {
        "plan_start": month,
        "horizon": f"{{start: {month}, end: {year}-12}}",
        "sites.china.training": "hgx_h800",
        "accelerators.h800.bf16": f"{chip.bf16} TFLOP/s",
        "accelerators.h800.fp8": f"{chip.eight_bits} TFLOP/s",
        "accelerators.h800.int8": f"{chip.eight_bits} TFLOP/s",
        "accelerators.h800.memory_bandwidth": f"{chip.memory} GB/s",
        "accelerators.h800.link_bandwidth": f"{chip.link} GB/s",
        "accelerators.h800.die_area": "null" if chip.die is None else f"{chip.die} mm^2",
        "accelerators.h800.for_data_centre": str(chip.data_centre).lower(),
        "regions.china.country": country,
    }
    if operator is not None:
        changes["sites.china.operator_country"] = operator
    return load("5pct_ev_market", set=changes)


def position(project: Project) -> tuple[int, int]:
    labels = project.table.labels
    return labels[SITE].index("china"), labels[HARDWARE].index("hgx_h800")


def performance(name: str | Chip) -> tuple[float, float]:
    """TPP and density a mm2 as the plan has them."""
    project = judged(CHIPS[name] if isinstance(name, str) else name, "CN", "2026-06")
    found = project.run(["total_processing_performance", "performance_density"])
    kind = position(project)[1]
    tpp, density = (float(on(x, HARDWARE)[0, kind]) for x in found.values())
    return tpp, density * MM2


def verdict(
    name: str | Chip, country: str, month: str = "2026-06", operator: str | None = None
) -> str:
    chip = CHIPS[name] if isinstance(name, str) else name
    project = judged(chip, country, month, operator)
    found = project.run(["export_verdict"])["export_verdict"]
    site, kind = position(project)
    return export.VERDICTS[int(on(found, MONTH, SITE, HARDWARE)[0, 0, site, kind])]


def class_of(name: str | Chip, month: str = "2026-06") -> str:
    """The classification as the limbs of the rules have it."""
    chip = CHIPS[name] if isinstance(name, str) else name
    project = judged(chip, "CN", month)
    rules = project.leaves["export_rules"]
    assert isinstance(rules, export.Rules)
    tpp, density = performance(chip)
    figures = (np.array([x]) for x in (tpp, density / MM2, chip.link * 1e9, chip.memory * 1e9))
    chips = export.chips(*figures, np.array([float(chip.data_centre)]))
    return export.control_class(rules.in_force(month_index(month)), chips)


# --- Total processing performance and density ----------------------------------------------------


@pytest.mark.parametrize(
    ("chip", "tpp"),
    [
        # F4, S52: 600 TOPS at 8 bits are 4,800. And 300 TFLOPS at 16 bits (88 FR 73458).
        (Chip(1, 600, None, 1, 1), 4_800),
        (Chip(300, 1, None, 1, 1), 4_800),
    ],
)
def test_the_threshold_as_the_rule_spells_it_out(chip: Chip, tpp: float) -> None:
    assert performance(chip)[0] == pytest.approx(tpp)


@pytest.mark.parametrize(
    ("name", "tpp", "density", "classified"),
    [
        ("H100", 15_832, 19.4, "3A090.a"),  # F5, S52, S55
        ("A100", 4_992, 6.04, "3A090.a"),  # F7, S52
        ("GH200", 15_832, 19.4, "3A090.a"),
        ("H200", 15_832, 19.4, "3A090.a"),
        ("B200", 36_000, 22.5, "3A090.a"),
        ("MI300X", 20_920, None, "3A090.a"),
        ("H20", 2_368, 2.9, "none"),
        ("L40S", 5_864, 9.6, "3A090.a"),
        ("L4", 1_940, 6.6, "3A090.a"),  # by its density
        ("L20", 1_912, 3.1, "none"),  # just under 3.2
        ("L2", 1_544, 5.2, "none"),  # under 1,600
        ("RTX 4090", 5_285, 8.7, "3A090.a"),
        ("V100", 2_000, 2.45, "none"),
        ("DRIVE Orin", 1_016, 2.2, "none"),
        ("Jetson T5000", 4_140, None, "none"),
    ],
)
def test_products_have_their_published_performance_density_and_class(
    name: str, tpp: float, density: float | None, classified: str
) -> None:
    found = performance(name)
    assert found[0] == pytest.approx(tpp, rel=2.5e-3)
    if density is not None:
        assert found[1] == pytest.approx(density, rel=0.02)
    assert class_of(name) == classified


# --- Verdicts --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "route"),
    [
        ("A100", "case_by_case"),
        ("H100", "case_by_case"),
        ("H200", "case_by_case"),
        ("GH200", "case_by_case"),  # HBM and LPDDR5X together stay under 6.5 TB/s
        ("H800", "case_by_case"),
        ("B200", "denied"),  # F11, S53
        ("MI300X", "case_by_case"),  # just under 21,000
        ("H20", "free"),  # but for a letter without a numeric rule
        ("L40S", "case_by_case"),
        ("L4", "case_by_case"),
        ("L20", "free"),
        ("L2", "free"),
        ("RTX 4090", "notify"),  # F17, S52: licence exception NAC
    ],
)
def test_the_route_to_china_in_2026(name: str, route: str) -> None:
    assert verdict(name, "CN") == route


@pytest.mark.parametrize(
    ("name", "caught"),
    [
        *(("V100", False), ("A100", True), ("A800", False), ("H100", True), ("H800", False)),
        *(("H200", True), ("H20", False), ("L4", False), ("L40S", False), ("MI300X", True)),
        ("B200", True),
    ],
)
def test_the_rule_of_october_2022_looked_at_the_link(name: str, caught: bool) -> None:
    assert (verdict(name, "CN", "2022-12") == "denied") == caught


@pytest.mark.parametrize("country", ["VN", "SA", "QA"])
def test_groups_d1_and_d4_need_a_licence(country: str) -> None:
    assert verdict("H100", country) == "licence"  # F14, S52


@pytest.mark.parametrize("country", ["TW", "JP", "IN", "DE", "SG", "MY", "TH", "ID", "PH"])
def test_other_places_need_none(country: str) -> None:
    assert verdict("H100", country) == "free"  # groups A:5, A:6, or none of D:1, D:4, D:5: S52


def test_an_operator_from_d5_needs_a_licence_in_singapore() -> None:
    assert verdict("H100", "SG", operator="CN") == "licence"  # F16, S52, S53
    assert verdict("H100", "SG", operator="TW") == "free"


def test_a_delivery_within_the_usa_is_no_export_whoever_operates_there() -> None:
    for month in ("2023-12", "2026-06"):
        assert verdict("H100", "US", month, operator="CN") == "free"
        assert verdict("H20", "US", month, operator="CN") == "free"
        assert verdict("H100", "JP", month, operator="CN") == "licence"


def test_the_emirates_need_a_licence_although_they_joined_a5() -> None:
    """91 FR 43034: membership frees approved entities only, the one named until 2027-04; it declares its approval."""
    assert verdict("H100", "AE") == "licence"
    approved = '[{hardware: hgx_h800, from: 2026-07, until: 2027-04, reference: "approved entity"}]'
    plan = load(
        "5pct_ev_market",
        set={
            "plan_start": "2026-07",
            "horizon": "{start: 2026-08, end: 2027-12}",
            "sites.china.training": "hgx_h800",
            "regions.china.country": "AE",
            "sites.china.licences": approved,
        },
    ).plan()
    permitted = plan["export_permitted"].at(site="china", hardware="hgx_h800").values
    assert permitted.tolist() == [1.0] * 10 + [0.0] * 8


# --- Sparse figures, the classical mistake ---------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "sparse_tpp", "dense_route", "sparse_route", "sparse_class"),
    [
        ("H200", 31_664, "case_by_case", "denied", "3A090.a"),
        ("H20", 4_736, "free", "notify", "3A090.b"),
        ("Jetson T5000", 8_280, "free", "notify", "3A090.a"),
    ],
)
def test_sparse_figures_flip_the_verdict(
    name: str, sparse_tpp: float, dense_route: str, sparse_route: str, sparse_class: str
) -> None:
    sparse = CHIPS[name].sparse()
    assert performance(sparse)[0] == pytest.approx(sparse_tpp, rel=1e-4)
    assert verdict(name, "CN") == dense_route
    assert verdict(sparse, "CN") == sparse_route
    assert class_of(sparse) == sparse_class


def test_the_density_of_a_sparse_h20_is_that_of_class_b() -> None:
    assert performance(CHIPS["H20"].sparse())[1] == pytest.approx(5.8, rel=0.01)


@pytest.mark.parametrize("name", sorted(profiles("accelerators")))
def test_shipped_profiles_hold_dense_figures(name: str) -> None:
    """No shipped profile has the performance that its own sparse headline would give it."""
    known = {  # dense TPP as published or derived by many, see above
        **dict.fromkeys(("h100_sxm", "h800", "gh200_96", "gh200_144", "h200_sxm"), 15_832),
        **{"a100_80": 4_992, "dojo_d1": 5_792, "h20": 2_368, "mi300x": 20_920},
    }
    if name not in known:
        pytest.skip("no published figure to compare with")
    changes = {"nodes.hgx_h800.accelerator": name, "sites.china.training": "hgx_h800"}
    project = load("5pct_ev_market", set=changes)
    found = project.run(["total_processing_performance"])["total_processing_performance"]
    tpp = float(on(found, HARDWARE)[0, position(project)[1]])
    assert tpp == pytest.approx(known[name], rel=2e-3)


def test_with_sparse_figures_the_shipped_gh200_would_be_denied_in_2026() -> None:
    def route(factor: float) -> set[str]:
        changes = {
            "plan_start": "2026-06",
            "horizon": "{start: 2026-07, end: 2026-12}",
            **{
                f"accelerators.gh200_144.{form}": f"{factor * rate} TFLOP/s"
                for form, rate in (("bf16", 989.4), ("fp8", 1979), ("int8", 1979))
            },
        }
        plan = load("5pct_ev_market", set=changes).plan()
        codes = plan["export_verdict"].at(site="china", hardware="gh200_nvl32").values
        return {export.VERDICTS[int(code)] for code in codes}

    assert route(1) == {"case_by_case"}
    assert route(2) == {"denied"}


# --- The text of a rule and its enforcement --------------------------------------------------------


def test_the_worldwide_text_counts_only_where_the_scenario_takes_it_as_written() -> None:
    """The AI Diffusion rule: in the text of 2026, announced not to be enforced on 13 May 2025."""
    changes = {
        "plan_start": "2026-06",
        "horizon": "{start: 2026-07, end: 2026-12}",
        "regions.japan.country": "IN",
    }
    written = {**changes, "rules_as_written": "[us_2025_05_diffusion]"}
    for each, expected in ((changes, "free"), (written, "licence")):
        plan = load("5pct_ev_market", set=each).plan()
        codes = plan["export_verdict"].at(hardware="gh200_nvl32")
        assert export.VERDICTS[int(codes.at(site="japan").values[0])] == expected
        assert export.VERDICTS[int(codes.at(site="taiwan").values[0])] == "free"  # an exempt ally


def test_a_plan_of_february_2025_still_expected_it() -> None:
    changes = {
        "plan_start": "2025-02",
        "horizon": "{start: 2025-03, end: 2025-12}",
        "regions.japan.country": "IN",
    }
    plan = load("5pct_ev_market", set=changes).plan()
    codes = plan["export_verdict"].at(site="japan", hardware="gh200_nvl32").values
    assert [export.VERDICTS[int(code)] for code in codes[:5]] == ["free"] * 3 + ["licence"] * 2


# --- Data ------------------------------------------------------------------------------------------


def data_verdicts(region: str, site: str, start: str, **changes: str) -> tuple[Array, Project]:
    """The verdict on a region's data at a site, month by month."""
    end = int(start[:4]) + 1
    given = {"plan_start": start, "horizon": f"{{start: {start}, end: {end}-12}}", **changes}
    project = load("5pct_ev_market", set=given)
    found = project.run(["residency_verdict"])["residency_verdict"]
    labels = project.table.labels
    where = labels[REGION].index(region), labels[SITE].index(site)
    return on(found, MONTH, REGION, SITE)[0][:, where[0], where[1]], project


def test_data_of_more_than_100_000_people_stays_in_china() -> None:
    """F18, S56. Without cameras, so that it is the number of people that decides."""
    blind = {
        f"vehicles.{vehicle}.sensors.{name}.kind": "radar"
        for vehicle in ("model_c", "model_n")
        for name, sensor in load("5pct_ev_market")
        .inputs.profile("vehicles", vehicle)
        .sensors.items()
        if sensor.kind == "camera"
    }
    found, project = data_verdicts("china", "taiwan", "2023-11", **blind)
    vehicles = project.run(["vehicles_in_operation"])["vehicles_in_operation"]
    china = project.table.labels[REGION].index("china")
    many = on(vehicles, MONTH, REGION)[0][:, china] > 100_000
    assert many.any() and not many.all()
    assert np.array_equal(found == residency.STAYS, many)
    at_home, _ = data_verdicts("china", "china", "2023-11", **blind)
    assert not at_home.any()


def test_video_of_the_outside_stays_in_china_however_small_the_fleet() -> None:
    found, _ = data_verdicts("china", "taiwan", "2023-11")
    assert set(found) == {residency.STAYS}
    passed, _ = data_verdicts("china", "taiwan", "2023-11", **{"regions.china.data_stays": "false"})
    assert set(passed) == {
        residency.FREE
    }  # export needs the assessment of the Cyberspace Administration


@pytest.mark.parametrize(
    ("region", "country", "expected"),
    [
        ("japan", "DE", "free"),  # F19, S58: mutual adequacy
        ("japan", "GB", "free"),
        ("japan", "TW", "conditions"),  # consent or contract
        ("europe", "JP", "free"),
        ("europe", "GB", "free"),
        ("europe", "TW", "conditions"),  # no adequacy: standard contractual clauses, S59
        ("europe", "CN", "conditions"),
        ("europe", "FR", "free"),
        ("usa", "TW", "free"),
        ("usa", "CN", "stays"),  # 28 CFR 202
    ],
)
def test_data_between_countries(region: str, country: str, expected: str) -> None:
    found, _ = data_verdicts(region, "taiwan", "2025-12", **{"regions.taiwan.country": country})
    assert residency.VERDICTS[int(found[-1])] == expected


def test_india_to_taiwan_is_allowed_but_for_a_list_and_for_specified_data() -> None:
    """F20, S57: rules of November 2025, in force from May 2027."""
    found, _ = data_verdicts("india", "taiwan", "2027-01")
    assert [residency.VERDICTS[int(v)] for v in found[:6]] == ["free"] * 4 + ["conditions"] * 2
    listed = {"rules.data_residency.groups.india_restricts": "[TW]"}
    found, project = data_verdicts("india", "taiwan", "2027-01", **listed)
    assert residency.VERDICTS[int(found[5])] == "stays"
    (text,) = [w.text for w in project.plan().warnings if w.kind == "unserved"]
    assert "india" in text and "in_dpdp_2027" in text and "2027-05" in text


def test_rules_that_were_not_known_do_not_bind() -> None:
    late, _ = data_verdicts("india", "taiwan", "2023-11", horizon="{start: 2024-01, end: 2028-12}")
    assert not late.any()
    known, _ = data_verdicts(
        "india",
        "taiwan",
        "2023-11",
        horizon="{start: 2024-01, end: 2028-12}",
        rules_as_of="2026-01",
    )
    assert known.any()


def test_china_is_left_out_of_the_announced_plan_without_stopping_it() -> None:
    """GH200 could not be sold to mainland China (rule of October 2023), and the data may not leave."""
    plan = load("5pct_ev_market").plan()
    plan.require_lawful()
    (found,) = [w for w in plan.warnings if w.kind == "unserved"]
    for word in ("china", "denied", "us_2023_10", "cn_automotive_2021", "clips", "CN"):
        assert word in found.text
