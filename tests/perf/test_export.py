"""Export rules on real chips: published figures of the chips, thresholds of the rules, and the traps between them."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from planner.inputs.leaf_builder import build
from planner.inputs.load import load
from planner.inputs.numbers import month_index
from planner.perf import export
from planner.perf.export import Chips, Limb, Rule, Rules
from planner.resources import find_scenario

GB = 1e9
MM2 = 1e-6

# Dense TFLOP/s (bf16, fp8 or int8), die [mm2], link both directions [GB/s], memory [TB/s]: NVIDIA data sheets (dense is
# half of the sparse headline); die areas as used for the published densities (H100 19.5, A100 6.0).
CHIPS = {
    "H100": (989.4, 1979.0, 814.0, 900.0, 3.35),
    "H800": (989.4, 1979.0, 814.0, 400.0, 3.36),
    "A100": (312.0, 624.0, 826.0, 600.0, 2.039),
    "A800": (312.0, 624.0, 826.0, 400.0, 2.039),
    "GH200": (989.4, 1979.0, 814.0, 900.0, 4.8),
    "H200": (989.4, 1979.0, 814.0, 900.0, 4.8),
    "H20": (148.0, 296.0, 814.0, 900.0, 4.0),
    "L4": (121.0, 242.0, 294.0, 64.0, 0.3),
    "V100": (125.0, 0.0, 815.0, 300.0, 0.9),
    "B200": (2250.0, 4500.0, 1600.0, 1800.0, 8.0),
    "MI300X": (1307.4, 2614.9, 0.0, 896.0, 5.3),
}


def chips(name: str, sparse: bool = False, data_centre: bool = True) -> Chips:
    bf16, byte, die, link, memory = (np.array([x]) for x in CHIPS[name])
    factor = 2.0 if sparse else 1.0
    rates = [(bf16 * 1e12 * factor, 16), (byte * 1e12 * factor, 8)]
    performance = export.total_processing_performance(rates)
    density = export.performance_density(performance, die * MM2)
    one_way = link * GB / 2
    return export.chips(
        performance, density, one_way, memory * 1e12, np.array([float(data_centre)])
    )


@cache
def rules() -> Rules:
    """The shipped rules, all of them known."""
    edits = [("plan_start", "2026-12"), ("horizon", "{start: 2027-01, end: 2027-12}")]
    inputs = load(find_scenario("5pct_ev_market"), edits)
    found = build(inputs).values()["export_rules"]
    assert isinstance(found, Rules)
    return found


def verdict(
    name: str,
    country: str,
    month: str,
    sparse: bool = False,
    data_centre: bool = True,
    operator: str | None = None,
) -> str:
    in_force = rules().in_force(month_index(month))
    found = export.verdicts(
        in_force, country, operator or country, chips(name, sparse, data_centre)
    )
    return export.VERDICTS[int(found.item())]


@pytest.mark.parametrize(
    ("name", "performance", "density"),
    [
        # Total processing performance and its density as published or derived by many: H100 15,832 and 19.5; A100
        # 4,992 and 6.0; H20 2,368 and 2.9; L4 1,936 and 6.6; V100 2,000 and 2.45; MI300X 20,919.
        ("H100", 15_832, 19.45),
        ("GH200", 15_832, 19.45),
        ("A100", 4_992, 6.04),
        ("H20", 2_368, 2.91),
        ("L4", 1_936, 6.59),
        ("V100", 2_000, 2.45),
        ("MI300X", 20_919, 0.0),
    ],
)
def test_performance_and_density_of_known_chips(
    name: str, performance: float, density: float
) -> None:
    found = chips(name)
    assert found.performance.item() == pytest.approx(performance, rel=1e-4)
    assert found.density.item() * MM2 == pytest.approx(density, abs=0.01)


def test_six_hundred_tera_operations_at_eight_bits_are_the_threshold() -> None:
    # 88 FR 73458: 4,800 = 600 TOPS at 8 bits = 300 TFLOPS at 16 bits.
    assert export.total_processing_performance([(np.array(600e12), 8)]) == pytest.approx(4800)
    assert export.total_processing_performance([(np.array(300e12), 16)]) == pytest.approx(4800)


@pytest.mark.parametrize(
    ("name", "month", "expected"),
    [
        # October 2022: fast chip and link of 600 GB/s together; hence A800 and H800 for China.
        ("H100", "2022-12", "denied"),
        ("A100", "2022-12", "denied"),
        ("H800", "2022-12", "free"),
        ("A800", "2022-12", "free"),
        ("H20", "2022-12", "free"),
        # From 17 November 2023 the link no longer counts, density does.
        ("H100", "2023-11", "denied"),
        ("H800", "2023-11", "denied"),
        ("A800", "2023-11", "denied"),
        ("GH200", "2024-06", "denied"),
        ("H20", "2024-06", "free"),
        ("L4", "2024-06", "denied"),
        ("V100", "2024-06", "free"),
        # From 15 January 2026: China and Macau case by case below 21,000 and 6.5 TB/s.
        ("H200", "2026-01", "case_by_case"),
        ("H800", "2026-01", "case_by_case"),
        ("GH200", "2026-01", "case_by_case"),
        ("A100", "2026-01", "case_by_case"),
        ("L4", "2026-01", "case_by_case"),
        ("MI300X", "2026-01", "case_by_case"),
        ("B200", "2026-01", "denied"),
        ("H20", "2026-01", "free"),
    ],
)
def test_verdicts_for_china_over_time(name: str, month: str, expected: str) -> None:
    assert verdict(name, "CN", month) == expected


@pytest.mark.parametrize("country", ["TW", "JP", "IN", "US", "DE"])
def test_other_sites_are_free_under_every_rule(country: str) -> None:
    for month in ("2022-12", "2024-06", "2026-06"):
        assert verdict("GH200", country, month) == "free"


def test_group_d4_needs_a_licence_where_d5_is_denied() -> None:
    assert verdict("H100", "SA", "2024-06") == "licence"
    assert verdict("H100", "RU", "2024-06") == "denied"
    assert verdict("H100", "IL", "2024-06") == "free"  # in D:4 and in A:6, which exempts it


@pytest.mark.parametrize(
    ("name", "month", "dense", "sparse"),
    [("H20", "2024-06", "free", "notify"), ("H200", "2026-01", "case_by_case", "denied")],
)
def test_sparse_figures_would_flip_the_verdict(
    name: str, month: str, dense: str, sparse: str
) -> None:
    """H20: 4,736 and 5.8 instead of 2,368 and 2.9; H200: 31,664, above 21,000."""
    assert verdict(name, "CN", month) == dense
    assert verdict(name, "CN", month, sparse=True) == sparse


def test_a_chip_that_is_not_for_data_centres_is_notified_from_4800_on() -> None:
    assert verdict("H100", "CN", "2024-06", data_centre=False) == "notify"
    assert verdict("L4", "CN", "2024-06", data_centre=False) == "free"


def test_one_direction_of_the_link_instead_of_both_would_miss_the_first_rule() -> None:
    in_force = rules().in_force(month_index("2022-12"))
    h100 = chips("H100")
    halved = Chips(h100.performance, h100.density, h100.link / 2, h100.memory, h100.for_data_centre)
    assert export.verdicts(in_force, "CN", "CN", h100).item() == export.DENIED
    assert export.verdicts(in_force, "CN", "CN", halved).item() == export.FREE


def test_before_the_first_rule_everything_is_free() -> None:
    assert rules().in_force(month_index("2022-09")) == ()
    assert verdict("H100", "CN", "2022-09") == "free"


def test_a_rule_replaces_the_one_before_from_its_month_on() -> None:
    names = {
        m: rules().in_force(month_index(m)) for m in ("2023-10", "2023-11", "2025-12", "2026-01")
    }
    assert [rule.name for found in names.values() for rule in found] == [
        "us_2022_10",
        "us_2023_10",
        "us_2023_10",
        "us_2026_01",
    ]


def test_the_first_matching_limb_decides() -> None:
    def limb(name: str, least: float, verdict: str) -> Limb:
        everybody, nobody, wide = frozenset({"all"}), frozenset({"JP"}), (0.0, np.inf)
        return Limb(name, everybody, nobody, (least, np.inf), wide, 0.0, 0.0, False, verdict)

    rule = (Rule("r", "r", 0, 0, (limb("high", 5000, "denied"), limb("any", 0, "notify"))),)
    assert export.verdicts(rule, "US", "US", chips("H100")).item() == export.DENIED
    assert export.verdicts(rule, "US", "US", chips("H20")).item() == export.NOTIFY
    assert export.verdicts(rule, "JP", "US", chips("H100")).item() == export.FREE
    decided = export.deciding_limb(rule, "US", "US", chips("H20"))
    assert decided is not None and decided[1].name == "any"
    assert export.deciding_limb(rule, "JP", "US", chips("H20")) is None


def test_thresholds_belong_to_the_span_that_they_open() -> None:
    """ "From" includes its value, "below" does not: 2,400 is in 3A090.b, 4,800 is in 3A090.a."""
    in_force = rules().in_force(month_index("2024-06"))
    zero, one = np.zeros(3), np.ones(3)
    performance = np.array([2399.9, 2400.0, 4800.0])
    chip = Chips(performance, 2.0 / MM2 * one, zero, zero, one)
    found = export.verdicts(in_force, "CN", "CN", chip)
    assert [export.VERDICTS[int(v)] for v in found] == ["free", "notify", "denied"]


def test_an_unknown_die_area_counts_as_no_density() -> None:
    assert export.performance_density(np.array([5000.0]), np.zeros(1)).tolist() == [0.0]


@pytest.mark.parametrize("field", ["performance", "density", "link", "memory"])
def test_any_figure_of_a_chip_may_carry_the_draws(field: str) -> None:
    one = chips("H200")
    figures = {name: getattr(one, name).reshape(1, 1) for name in Chips.__slots__}
    drawn = {**figures, field: np.concatenate([figures[field], 9 * figures[field]])}
    in_force = rules().in_force(month_index("2026-01"))
    together = export.verdicts(in_force, "CN", "CN", Chips(**drawn))
    assert together.shape == (2, 1)
    for draw in range(2):
        alone = Chips(**{**figures, field: drawn[field][draw : draw + 1]})
        assert together[draw] == export.verdicts(in_force, "CN", "CN", alone)[0]


def test_performance_takes_draws_of_one_format_alone() -> None:
    rates = [(np.array([[1e14], [9e14]]), 16), (np.array([[4e14]]), 8)]
    assert export.total_processing_performance(rates).ravel() == pytest.approx([3200, 14_400])


# --- Operators, rules beside others, licences ----------------------------------------------------


@pytest.mark.parametrize(
    ("name", "operator", "expected"),
    [
        # 15 CFR 744.23(a)(3): licence worldwide where headquarters or ultimate parent are in Macau or D:5.
        ("H100", "CN", "licence"),
        ("H100", "MO", "licence"),
        ("H100", "RU", "licence"),
        ("H100", "SA", "free"),  # D:4 alone is no matter of headquarters
        ("H100", "US", "free"),
        ("H20", "CN", "free"),  # in no class
        ("L4", "CN", "licence"),  # 3A090.a by its density
    ],
)
def test_the_headquarters_of_the_operator_count_wherever_the_site_is(
    name: str, operator: str, expected: str
) -> None:
    for month in ("2024-06", "2026-06"):
        assert verdict(name, "SG", month, operator=operator) == expected


def test_a_chinese_site_is_no_better_off_with_a_foreign_operator() -> None:
    assert verdict("H100", "CN", "2024-06", operator="US") == "denied"


def rule(name: str, effective: int, verdict: str, beside: bool = False) -> Rule:
    everybody, wide = frozenset({"all"}), (0.0, np.inf)
    limb = Limb(name, everybody, frozenset(), wide, wide, 0.0, 0.0, False, verdict)
    return Rule(name, name, 0, effective, (limb,), beside)


@pytest.mark.parametrize(
    ("main", "beside", "expected"),
    [
        ("free", "licence", "licence"),
        ("denied", "licence", "denied"),
        ("case_by_case", "notify", "case_by_case"),
        ("case_by_case", "licence", "licence"),  # a licence that nobody has stops, a review may not
    ],
)
def test_of_rules_beside_each_other_the_stricter_counts(
    main: str, beside: str, expected: str
) -> None:
    both = Rules((rule("main", 3, main), rule("beside", 5, beside, beside=True)), 0)
    found = export.verdicts(both.in_force(6), "US", "US", chips("H100"))
    assert export.VERDICTS[int(found.item())] == expected
    decided = export.deciding_limb(both.in_force(6), "US", "US", chips("H100"))
    assert decided is not None and decided[1].verdict == expected


def test_a_rule_beside_others_survives_the_next_rule() -> None:
    known = Rules((rule("a", 1, "free"), rule("b", 2, "notify", True), rule("c", 3, "free")), 0)
    assert [[r.name for r in known.in_force(m)] for m in range(4)] == [
        [],
        ["a"],
        ["a", "b"],
        ["c", "b"],
    ]


def test_a_declared_licence_lifts_the_need_of_one_but_no_denial() -> None:
    verdicts = np.arange(5.0)
    assert export.blocked(verdicts).tolist() == [0, 0, 1, 0, 1]
    assert export.blocked(verdicts, np.ones(5)).tolist() == [0, 0, 0, 0, 1]


def test_classes_are_the_same_wherever_the_chip_goes() -> None:
    in_force = rules().in_force(month_index("2024-06"))
    classes = {name: export.control_class(in_force, chips(name)) for name in CHIPS}
    assert {name for name, found in classes.items() if found == "none"} == {"H20", "V100"}
    assert set(classes.values()) == {"3A090.a", "none"}
