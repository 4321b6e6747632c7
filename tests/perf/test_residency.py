"""Rules on data: which limb decides, from which month and fleet on, and which places may pool."""

from __future__ import annotations

import numpy as np
import pytest

from planner.perf import residency
from planner.perf.residency import CONDITIONS, FREE, STAYS, Flow, Limb, Origin, Rule

JUNE = 100
CLIPS = frozenset({"clips"})
NO_LIMIT = float("-inf")


def limb(
    verdict: str,
    data: tuple[str, ...] = ("all",),
    to: frozenset[str] = frozenset({"all"}),
    but: frozenset[str] = frozenset(),
    above: float = NO_LIMIT,
    video: bool = False,
) -> Limb:
    return Limb(verdict, data, to, but, above, video, verdict, "")


def rule(*limbs: Limb, effective: int = 0, origin: str = "CN") -> Rule:
    return Rule("rule", "rule", 0, effective, frozenset({origin}), limbs)


def home(law: str = "CN", films: bool = True, stays: bool | None = None) -> Origin:
    return Origin(law, frozenset({law}), films, stays)


def verdict(
    *rules: Rule,
    to: str = "TW",
    classes: frozenset[str] = CLIPS,
    vehicles: float = 1.0,
    month: int = JUNE,
    origin: Origin | None = None,
) -> int:
    return residency.verdict(rules, month, Flow(origin or home(), to, classes, vehicles))


def test_data_without_a_rule_is_free() -> None:
    assert verdict() == FREE
    assert verdict(rule(limb("stays"), origin="JP")) == FREE


def test_data_is_always_free_in_its_own_country() -> None:
    strict = rule(limb("stays"))
    assert verdict(strict) == STAYS
    assert verdict(strict, to="CN") == FREE
    assert verdict(strict, to="CN", origin=home(stays=True)) == FREE


def test_a_group_of_countries_is_one_home() -> None:
    union = Origin("eea", frozenset({"DE", "FR"}), films=True)
    strict = rule(limb("stays"), origin="eea")
    assert verdict(strict, to="FR", origin=union) == FREE
    assert verdict(strict, to="US", origin=union) == STAYS


def test_the_first_limb_that_matches_decides() -> None:
    listed = limb("free", to=frozenset({"JP"}))
    found = rule(listed, limb("conditions"))
    assert verdict(found, to="JP") == FREE
    assert verdict(found, to="TW") == CONDITIONS
    assert verdict(rule(limb("stays", but=frozenset({"TW"})), limb("conditions"))) == CONDITIONS


def test_the_strictest_class_of_data_decides() -> None:
    found = rule(limb("stays", data=("clips",)), limb("conditions"))
    assert verdict(found, classes=frozenset({"telemetry"})) == CONDITIONS
    assert verdict(found, classes=frozenset({"telemetry", "clips"})) == STAYS


def test_cars_without_cameras_send_no_video() -> None:
    found = rule(limb("stays", video=True))
    assert verdict(found, origin=home(films=True)) == STAYS
    assert verdict(found, origin=home(films=False)) == FREE


@pytest.mark.parametrize(
    ("vehicles", "expected"), [(99_999, FREE), (100_000, FREE), (100_001, STAYS)]
)
def test_more_than_so_many_people_does_not_begin_at_so_many(vehicles: float, expected: int) -> None:
    assert verdict(rule(limb("stays", above=100_000)), vehicles=vehicles) == expected


def test_a_rule_binds_from_its_month_on_and_replaces_the_one_before() -> None:
    first, second = rule(limb("conditions"), effective=10), rule(limb("stays"), effective=20)
    found = [verdict(second, first, month=month) for month in (9, 10, 19, 20, 30)]
    assert found == [FREE, CONDITIONS, CONDITIONS, STAYS, STAYS]


def test_the_scenario_has_the_last_word() -> None:
    assert verdict(rule(limb("stays")), origin=home(stays=False)) == FREE
    assert verdict(origin=home(stays=True)) == STAYS


def test_classes_that_training_reads_go_by_their_usual_name() -> None:
    assert residency.trained_classes(()) == {"clips"}
    assert residency.trained_classes(("telemetry", "clips")) == {"clips"}
    assert residency.trained_classes(("video", "signals")) == {"video", "signals"}


def test_what_is_worked_out_agrees_with_the_rules_month_by_month() -> None:
    rules = (
        rule(limb("stays", above=50), limb("conditions"), effective=12),
        rule(limb("stays", above=500, to=frozenset({"CN"})), effective=15, origin="US"),
    )
    origins, countries = [home("CN"), home("US")], ["CN", "TW", "US"]
    table = residency.worked_out(rules, 0, origins, countries, (), range(10, 20))
    assert table.thresholds == (-np.inf, 50, 500)
    vehicles = np.array([[[0.0, 700.0]] * 5 + [[80.0, 300.0]] * 5, [[51.0, 501.0]] * 10])
    found = table.of(vehicles)
    assert found.shape == (2, 10, 2, 3)
    for draw, month, r, s in np.ndindex(*found.shape):
        flow = Flow(origins[r], countries[s], CLIPS, vehicles[draw, month, r])
        assert found[draw, month, r, s] == residency.verdict(rules, 10 + month, flow)


def test_a_size_of_fleet_that_changes_no_verdict_is_no_threshold() -> None:
    everywhere = (rule(limb("stays", above=50), limb("stays")),)
    table = residency.worked_out(everywhere, 0, [home("CN")], ["TW"], (), range(10, 12))
    assert table.thresholds == (-np.inf,)
    assert table.of(np.array([[[0.0]] * 2, [[80.0]] * 2])).tolist() == [[[[STAYS]], [[STAYS]]]]


def test_pools_are_groups_in_which_everybody_may_meet() -> None:
    free = np.ones((3, 3), dtype=bool)
    assert residency.pools(free) == ((1.0, 1.0, 1.0),) * 3
    alone = np.array([[True, True, False], [True, True, False], [False, False, True]])
    assert residency.pools(alone) == ((1, 1, 0), (1, 1, 0), (0, 0, 1))


def test_a_place_between_two_that_may_not_meet_joins_the_first() -> None:
    chain = np.array([[True, True, False], [True, True, True], [False, True, True]])
    assert residency.pools(chain) == ((1, 1, 0), (1, 1, 0), (0, 0, 1))
