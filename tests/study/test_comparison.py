"""What makes two plans differ, and what their files say differently."""

from __future__ import annotations

import math
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest

from planner.axes import MONTH, RANK, SERVICE, SITE
from planner.errors import PlannerError
from planner.inputs.documents import Table, Text
from planner.plan import Plan
from planner.project import load
from planner.study import changes as changes_module
from planner.study import comparison
from planner.study.changes import Change, changes
from planner.study.comparison import FIGURES, NAMES, Figure, difference

HEADLINE = "5pct_ev_market"


@lru_cache
def plan(**options: str) -> Plan:
    return load(HEADLINE, **options).plan()


@lru_cache
def plan_of(scenario: str) -> Plan:
    return load(scenario).plan()


def edited(*edits: str) -> Plan:
    return load(HEADLINE, set=list(edits)).plan()


def test_a_plan_does_not_differ_from_itself() -> None:
    found = difference(plan(), load(HEADLINE).plan())
    assert found.causes == ()
    assert found.before == found.after
    assert not any(found.together.values())
    assert changes(plan().project, load(HEADLINE)) == []


def test_figures_are_those_of_the_plans() -> None:
    after = plan(hardware="dgx_h100")
    found = difference(plan(), after)
    for side, mine in ((found.before, plan()), (found.after, after)):
        assert side["tco"] == mine.values("tco")[0].item()
        gpus = mine.values("gpus_required")[0]
        assert side["gpus_required"] == pytest.approx(
            gpus.reshape(gpus.shape[1], -1).sum(axis=1).max()
        )


@pytest.mark.parametrize("options", [{"hardware": "dgx_h100"}, {"hardware": "dojo_tile"}])
def test_causes_add_up_to_the_difference(options: dict[str, str]) -> None:
    found = difference(plan(), plan(**options))
    assert not found.inseparable
    for name in NAMES:
        moved = sum(each.moves[name] for each in found.causes) + found.together[name]
        assert moved == pytest.approx(found.after[name] - found.before[name], abs=1e-6)


def test_a_single_change_is_the_whole_cause() -> None:
    found = difference(plan(), edited("economics.staff_cost=200000 USD/year"))
    assert [each.name for each in found.causes] == ["economics.staff_cost"]
    (cause,) = found.causes
    assert cause.moves["tco"] == pytest.approx(found.after["tco"] - found.before["tco"])
    assert found.together["tco"] == pytest.approx(0.0, abs=1e-3)
    assert cause.moves["gpus_required"] == 0


def test_causes_do_not_depend_on_the_direction() -> None:
    """From B to A every cause moves what it moves from A to B, with the other sign."""
    a, b = plan(), plan(hardware="dgx_h100")
    there = {each.name: each.moves["tco"] for each in difference(a, b).causes}
    back = {each.name: each.moves["tco"] for each in difference(b, a).causes}
    assert there.keys() == back.keys()
    assert back == pytest.approx({name: -moved for name, moved in there.items()})


def test_a_price_moves_no_accelerators_and_a_node_of_other_size_keeps_its_price_by_accelerator() -> (
    None
):
    """Nodes of 32 and of 8 accelerators: what the price causes is of accelerators, not of nodes."""
    found = difference(plan(), plan(hardware="dgx_h100"))
    causes = {each.name: each for each in found.causes}
    price = causes["prices of nodes and accelerators"]
    assert price.moves["gpus_required"] == 0
    of_nodes = found.before["tco"] * 0.3  # nodes are a quarter of the cost
    assert 0 < -price.moves["tco"] < of_nodes


def test_plans_of_other_months_are_separated_from_what_changes_beside_them() -> None:
    after = load("5pct_from_2027").plan()
    found = difference(plan(), after)
    assert any(each.name.startswith("other months") for each in found.causes)
    assert found.after["tco"] == after.values("tco")[0].item()
    assert found.largest("tco")[0][0].startswith("other months")


def test_an_overridden_quantity_is_a_cause() -> None:
    found = difference(plan(), load(HEADLINE, set_quantity=["gpus_required=3000"]).plan())
    assert [each.name for each in found.causes] == ["--set-quantity"]


def test_changes_name_the_entry_and_both_lines() -> None:
    found = changes(plan().project, edited("fleet.life=14 year").project)
    (change,) = found
    assert change.path == "fleet.life"
    assert change.after == "14 year"
    assert change.was_at is not None and change.was_at.file.endswith(".yaml")
    assert change.was_at.line > 0
    assert change.is_at is not None and change.is_at.file == "--set"
    assert not change.words


def test_an_entity_of_one_side_is_one_change() -> None:
    found = changes(plan().project, plan(hardware="dgx_h100").project)
    paths = {each.path: each for each in found}
    assert paths["nodes.dgx_h100"].before is None
    assert paths["nodes.gh200_nvl32"].after is None
    assert paths["sites.taiwan.training"].before == "gh200_nvl32"
    assert paths["sites.taiwan.training"].after == "dgx_h100"


LIFE = "low: 10 year, base: 13 year, high: 16 year"
SAID = "source: a registry, confidence: published"


def changes_of_a_number(folder: Path, before: str, after: str) -> dict[str, Change]:
    """What differs between two scenarios that write one number in two ways."""
    projects = []
    for name, entries in (("before", before), ("after", after)):
        file = folder / f"{name}.yaml"
        text = f"extends: {HEADLINE}.yaml\nfleet:\n  life: {{{entries}}}\n"
        file.write_text(text, encoding="utf-8")
        projects.append(load(file))
    return {each.path: each for each in changes(*projects)}


def test_a_number_that_is_chosen_and_no_longer_found_out_is_a_change(tmp_path: Path) -> None:
    found = changes_of_a_number(tmp_path, f"{LIFE}, {SAID}", f"{LIFE}, choice: true, {SAID}")
    (change,) = found.values()
    assert change.before == "13 year (10 year to 16 year)"
    assert change.after == "13 year (10 year to 16 year), to be chosen"
    same = changes_of_a_number(tmp_path, f"{LIFE}, choice: false, {SAID}", f"{LIFE}, {SAID}")
    assert same == {}


def test_a_source_that_a_number_loses_is_a_change(tmp_path: Path) -> None:
    found = changes_of_a_number(tmp_path, f"{LIFE}, {SAID}", f"{LIFE}, confidence: assumed")
    assert found["fleet.life.source"].before == "a registry"
    assert found["fleet.life.source"].after is None
    assert found["fleet.life.confidence"].after == "assumed"
    assert all(each.words for each in found.values())


def test_needs_are_read_in_their_largest_month_and_sums_over_all() -> None:
    shape = [1] * RANK
    shape[MONTH], shape[SITE] = 3, 2
    values = np.array([1.0, 2.0, 5.0, 4.0, 3.0, 1.0]).reshape(shape)  # two sites in each month
    read = {figure.name: figure.read(values) for figure in FIGURES}
    assert read == {name: 16.0 if name in ("carbon", "tco") else 9.0 for name in NAMES}


def test_a_path_for_several_has_a_star_where_they_differ() -> None:
    assert comparison._common(["regions.taiwan.price", "regions.japan.price"]) == "regions.*.price"
    assert comparison._common(["tiers.hot.share", "tiers.hot"]) == "tiers.hot.*"
    assert comparison._common(["market.share"]) == "market.share"


def test_another_service_in_the_place_of_one_is_not_mixed_with_it() -> None:
    """Tokens a second of the one with the hours of the other mean nothing; a site is compared with another."""
    one, other = plan_of("smart_city").project, plan_of("robotics").project
    labels = [each.table.labels.get(SERVICE, ()) for each in (one, other)]
    assert labels[0] != labels[1]
    assert SERVICE in comparison._Mix(one, other).differing_axes


def test_what_has_no_bounds_is_no_hybrid(monkeypatch: pytest.MonkeyPatch) -> None:
    project = plan().project
    monkeypatch.setattr(comparison, "FIGURES", (Figure("tco", "TCO", lambda _: math.inf),))
    with pytest.raises(PlannerError, match="no bounds"):
        comparison._Mix(project, project).figures(frozenset())


def test_lists_of_entries_are_compared_entry_by_entry(tmp_path: Path) -> None:
    projects = []
    for name, least in (("before", "1 USD"), ("after", "2 USD")):
        file = tmp_path / f"{name}.yaml"
        check = f"- {{name: any cost, quantity: tco, at_least: {least}}}"
        file.write_text(f"extends: {HEADLINE}.yaml\nchecks:\n{check}\n", encoding="utf-8")
        projects.append(load(file))
    (change,) = changes(*projects)
    assert (change.path, change.before, change.after) == ("checks[0].at_least", "1 USD", "2 USD")


def test_an_entity_is_said_by_the_number_of_its_entries() -> None:
    def text(value: str) -> Text:
        return Text(value, "a.yaml", 1)

    number = Table({"value": text("5 %"), "source": text("who")}, "a.yaml", 1)
    inner = Table({"a": text("1"), "b": number}, "a.yaml", 1)
    assert (
        changes_module._whole(Table({"inner": inner, "c": text("x")}, "a.yaml", 1)) == "3 entries"
    )
    assert changes_module._whole(Table({"c": text("x")}, "a.yaml", 1)) == "1 entry"
    assert changes_module._whole(number) == "5 %"
