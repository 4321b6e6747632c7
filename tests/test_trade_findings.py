"""When do rules on exports and data stop a plan, when do they leave a region out, and what is said?"""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from planner.axes import DATA
from planner.errors import InputError, PlanForbidden
from planner.findings import verdicts
from planner.plan import Plan, size
from planner.project import load
from planner.report import export
from planner.report.summary import summary
from planner.results import VIOLATION_MARK

LATER = {"plan_start": "2026-06", "horizon": "{start: 2026-07, end: 2027-12}"}
COMMITTED = {"sites.china.committed": "[{hardware: gh200_nvl32, count: 3, in_service: 2024-06}]"}
# A site of its own in Saudi Arabia, where a licence is needed, in the place of that in Japan.
RIYADH = {"regions.japan.country": "SA"}
LICENCE = "[{hardware: gh200_nvl32, from: 2023-11, reference: 'granted, number 1'}]"


def texts(plan: Plan, kind: str, place: str | None = None) -> list[str]:
    return [w.text for w in plan.warnings if w.kind == kind and place in (None, w.place)]


def test_a_region_whose_data_has_to_stay_is_left_out_and_the_plan_goes_on() -> None:
    load("5pct_ev_market").plan().require_lawful()


def test_it_stops_where_the_region_is_required() -> None:
    with pytest.raises(PlanForbidden, match=r"china: .*cn_automotive_2021.*serve: required"):
        size("5pct_ev_market", set={"regions.china.serve": "required"})


def test_data_that_may_leave_may_not_be_sent_to_a_site_that_is_shut() -> None:
    with pytest.raises(PlanForbidden) as stopped:
        size("5pct_ev_market", set={"regions.india.site": "china"})
    text = str(stopped.value)
    for word in (
        "india",
        "denied",
        "us_2023_10",
        "allowed there: hgx_h20",
        "regions.india.site = taiwan",
    ):
        assert word in text, word
    assert "china: up to" not in text  # its own data has to stay: it is left out


def test_where_no_node_is_allowed_it_says_of_how_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verdicts, "permitted_nodes", lambda *_: [])
    with pytest.raises(PlanForbidden, match=r"of the \d\d node profiles none is allowed there"):
        size("5pct_ev_market", set={"regions.india.site": "china"})


def test_it_may_where_the_scenario_says_if_permitted() -> None:
    plan = size(
        "5pct_ev_market",
        set={"regions.india.site": "china", "regions.india.serve": "if_permitted"},
    )
    assert {w.place for w in plan.warnings if w.kind == "unserved"} == {"india", "china"}


def test_a_licence_that_nobody_has_stops_and_one_that_is_declared_does_not() -> None:
    with pytest.raises(PlanForbidden, match="needs a licence that the site does not declare"):
        size("5pct_ev_market", set=RIYADH)
    plan = size("5pct_ev_market", set={**RIYADH, "sites.japan.licences": LICENCE})
    assert plan["gpus"].at(site="japan", hardware="gh200_nvl32").values.max() > 0


def test_a_licence_that_runs_out_keeps_later_hardware_out() -> None:
    until = "[{hardware: gh200_nvl32, from: 2023-11, until: 2024-12, reference: granted}]"
    with pytest.raises(PlanForbidden) as stopped:
        size("5pct_ev_market", set={**RIYADH, "sites.japan.licences": until})
    # What came under the licence works for five years; then the site has nothing.
    assert re.search(r"japan: up to \d+ GPUs kept out, 2025-\d\d to 2029-11", str(stopped.value))
    assert re.search(r"japan: up to .* not served, 2029-12 to 2030-12", str(stopped.value))


def test_a_licence_lifts_no_denial() -> None:
    changes = {"regions.india.site": "china", "sites.china.licences": LICENCE}
    with pytest.raises(PlanForbidden, match="denied"):
        size("5pct_ev_market", set=changes)


def test_committed_hardware_that_is_denied_in_its_month_of_delivery_stops_the_plan() -> None:
    with pytest.raises(PlanForbidden, match=r"3 x GH200 NVL32 rack delivered in 2024-05: denied"):
        size("5pct_ev_market", set=COMMITTED)


def test_committed_hardware_that_came_while_it_was_free_does_not() -> None:
    came = "[{hardware: hgx_h800, count: 3, in_service: 2023-10}]"
    changes = {"plan_start": "2023-10", "sites.china.committed": came}
    plan = size("5pct_ev_market", set=changes)
    assert plan["gpus"].at(site="china", hardware="hgx_h800").values[0] == 24


def test_ordered_hardware_that_an_override_puts_there_stops_the_plan_too() -> None:
    plan = load("5pct_ev_market", set_quantity="orders=1").plan()
    with pytest.raises(PlanForbidden, match=r"china: .* denied"):
        plan.require_lawful()


def test_a_plan_in_which_no_site_may_have_its_hardware_stops() -> None:
    everywhere = {f"regions.{name}.country": "CN" for name in ("taiwan", "japan")}
    keep = {f"regions.{name}.data_stays": "true" for name in ("taiwan", "japan", "india", "usa")}
    rest = {f"regions.{name}.serve": "if_permitted" for name in ("europe", "rest_of_world")}
    with pytest.raises(PlanForbidden, match=r"no site may have its hardware: taiwan: .*denied"):
        size("5pct_ev_market", set={**everywhere, **keep, **rest})


def test_a_site_without_regions_that_is_shut_leaves_its_work_to_others() -> None:
    plan = size("5pct_ev_market", set={"regions.china.site": "taiwan"})
    (text,) = texts(plan, "export", "china")
    assert "other sites do its share of training" in text and "denied" in text


def test_a_what_if_delivers_counts_and_says_so() -> None:
    plan = load("5pct_ev_market", allow_export_violation=True).plan()
    plan.require_lawful()
    (text,) = texts(plan, "export", "china")
    assert text.startswith("against the export rules: china") and "denied" in text
    assert plan["gpus"].at(site="china", hardware="gh200_nvl32").values.max() > 0
    delivered = plan["nodes_delivered"].at(site="china").values.sum()
    assert plan["nodes_unlawful"].values.sum() == delivered > 0


def test_a_what_if_about_exports_lifts_no_residency() -> None:
    changes = {"regions.china.site": "taiwan", "regions.china.serve": "required"}
    with pytest.raises(PlanForbidden, match="may not leave CN"):
        size("5pct_ev_market", set=changes, allow_export_violation=True)


def test_every_output_of_a_what_if_carries_the_mark() -> None:
    plan = load("5pct_ev_market", allow_export_violation=True).plan()
    assert plan.export_violation_allowed and plan.mark == VIOLATION_MARK
    pages = [line.plain for line in summary(plan)]
    assert pages.count(VIOLATION_MARK) == 4  # header, table, orders, findings
    assert pages[0] == VIOLATION_MARK
    document = json.loads(export.to_json(plan, ["gpus"]))
    assert document["mark"] == VIOLATION_MARK
    assert document["scenario"]["export_violation_allowed"] is True
    lines = export.to_csv(plan, ["gpus", "tco"]).splitlines()
    assert all(VIOLATION_MARK in line for line in lines[1:]) and "mark" in lines[0]
    assert str(plan.explain("gpus")).startswith(VIOLATION_MARK)
    assert VIOLATION_MARK in plan._repr_html_() and VIOLATION_MARK in repr(plan)
    assert VIOLATION_MARK in repr(plan["gpus"]) and VIOLATION_MARK in repr(
        plan["gpus"].at(site="china")
    )
    assert (plan.to_pandas(["gpus"])["mark"] == VIOLATION_MARK).all()


def test_other_plans_carry_none() -> None:
    plan = load("5pct_ev_market").plan()
    assert not plan.export_violation_allowed and plan.mark == ""
    assert VIOLATION_MARK not in "\n".join(line.plain for line in summary(plan))
    document = json.loads(export.to_json(plan, ["gpus"]))
    assert "mark" not in document and document["scenario"]["rules_as_of"] == "2023-11"
    assert export.to_csv(plan, ["tco"]).splitlines()[0] == "quantity,unit,value"
    assert "mark" not in plan.to_pandas(["tco"])


def test_the_month_of_the_rules_stands_in_the_header() -> None:
    plan = load("5pct_ev_market", rules_as_of="2026-05").plan()
    assert plan.rules_as_of == "2026-05"
    assert any("rules known in 2026-05" in line.plain for line in summary(plan))
    assert plan.project.changes == ("--rules-as-of 2026-05",)


def test_reviewed_deliveries_include_committed_ones_and_no_licensed_ones() -> None:
    committed = "[{hardware: gh200_nvl32, count: 3, in_service: 2026-12}]"
    changes = {**LATER, "sites.china.committed": committed}
    plan = load("5pct_ev_market", set=changes).plan()
    (text,) = texts(plan, "export", "china")
    ordered = plan["nodes_delivered"].at(site="china").values.sum()
    assert f"{ordered + 3:.0f} x GH200" in text and "case by case" in text
    held = "[{hardware: gh200_nvl32, from: 2026-06, reference: granted}]"
    licensed = load("5pct_ev_market", set={**changes, "sites.china.licences": held}).plan()
    assert not texts(licensed, "export", "china")


def test_conditions_on_data_and_data_that_stays_are_said() -> None:
    plan = load("5pct_ev_market", set=LATER).plan()
    found = texts(plan, "residency")
    assert any("europe" in t and "standard contractual clauses" in t for t in found)
    assert any("china" in t and "it stays at china" in t for t in found)


def test_data_that_goes_on_to_another_site_of_its_pool_is_bound_there_too() -> None:
    """Japan's data is free at home; training in Taiwan reads it, and evidence is copied there."""
    plan = load("5pct_ev_market").plan()
    (text,) = texts(plan, "residency", "japan")
    assert text == (
        "japan: data sets and copies of its evidence go on from japan to taiwan under conditions "
        "(jp_appi): consent, or a contract on equivalent measures"
    )
    # Japan has an adequacy decision for Europe's data, Taiwan none.
    assert all("japan" not in text for text in texts(plan, "residency", "europe"))


def test_nothing_goes_on_where_the_other_site_neither_trains_nor_holds_copies() -> None:
    alone = {"data_classes.evidence.copies": "1", "sites.taiwan.training_share": "0"}
    changes = {**alone, "regions.usa.site": "japan", "sites.japan.training_share": "1"}
    assert not texts(load("5pct_ev_market", set=changes).plan(), "residency", "japan")
    copies = {**changes, "data_classes.evidence.copies": "2"}
    (text,) = texts(load("5pct_ev_market", set=copies).plan(), "residency", "japan")
    assert "japan: copies of its evidence go on from japan to taiwan" in text


def test_a_class_that_may_not_be_copied_abroad_is_pointed_out() -> None:
    """Evidence has to stay in Japan, clips may leave: the pool is one, and its copies of evidence are too many."""
    rules = load("5pct_ev_market").inputs.profile("rules", "data_residency").residency
    index = next(i for i, rule in enumerate(rules) if rule.name == "jp_appi")
    limb = (
        "{name: kept, data: [evidence], destinations: [all], verdict: stays, "
        "source: a test, confidence: assumed}"
    )
    plan = load(
        "5pct_ev_market", set={f"rules.data_residency.residency[{index}].limbs": f"[{limb}]"}
    ).plan()
    (text,) = texts(plan, "residency", "japan")
    assert "jp_appi" in text
    assert text.endswith("yet copies of its evidence go on from japan to taiwan")


def test_a_licence_without_effect_is_said_once() -> None:
    licence = LICENCE.replace("granted, number 1", "EL-1")
    plan = load("5pct_ev_market", set={"sites.china.licences": licence}).plan()
    (text,) = texts(plan, "export", "china")
    assert "the licence for GH200 NVL32 rack (EL-1) has no effect" in text
    assert "denied" in text and "us_2023_10" in text
    used = load("5pct_ev_market", set={**RIYADH, "sites.japan.licences": LICENCE}).plan()
    assert not [text for text in texts(used, "export") if "no effect" in text]


def test_a_class_of_data_that_alone_would_have_to_stay_is_pointed_out() -> None:
    """Only signals stay, and the region's clips go abroad: it is served there, with a word about the signals."""
    changes = {
        "regions.china.site": "taiwan",
        "rules.data_residency.residency[0].limbs[0].data": "[telemetry]",
        "rules.data_residency.residency[0].limbs[1].data": "[telemetry]",
    }
    project = load("5pct_ev_market", set=changes)
    labels = {DATA: ("clips", "telemetry"), **project.table.labels}
    plan = replace(project, table=replace(project.table, labels=labels)).plan()
    assert plan["region_served"].at(region="china").values.all()
    (text,) = [t for t in texts(plan, "residency", "china") if "yet its telemetry" in t]
    assert "goes to taiwan with the rest" in text and "cn_automotive_2021" in text


def test_a_chip_without_a_die_area_is_not_taken_for_harmless() -> None:
    small = {f"accelerators.h800.{form}": "120 TFLOP/s" for form in ("bf16", "fp8", "int8")}
    changes = {**small, "accelerators.h800.die_area": "null", "sites.china.training": "hgx_h800"}
    plan = load("5pct_ev_market", set=changes).plan()
    assert any("has no die_area" in text and "denied" in text for text in texts(plan, "export"))


@pytest.mark.parametrize(
    ("changes", "path", "word"),
    [
        ({"rules_as_written": "[us_2025_05_difusion]"}, "rules_as_written[0]", "us_2025_05_diff"),
        ({"export_rules": "data_residency"}, "export_rules", "has no rules"),
        ({"residency_rules": "us_export"}, "residency_rules", "has no residency"),
        ({"regions.europe.jurisdiction": "eeaa"}, "regions.europe.jurisdiction", "eea"),
        ({"sites.japan.operator_country": "Japan"}, "sites.japan.operator_country", "match"),
        (
            {"sites.japan.licences": "[{hardware: gh200_nvl23, from: 2024, reference: x}]"},
            "sites.japan.licences[0].hardware",
            "nearest: gh200_nvl32",
        ),
        (
            {
                "sites.japan.licences": "[{hardware: hgx_h800, from: 2024, until: 2023, reference: x}]"
            },
            "sites.japan.licences[0].until",
            "before",
        ),
        (
            {"rules.us_export.rules[0].limbs[0].destinations": "[d55]"},
            "rules.us_export.rules[0].limbs[0].destinations",
            "nearest: d5",
        ),
    ],
)
def test_rules_that_lead_nowhere_are_faults(changes: dict[str, str], path: str, word: str) -> None:
    with pytest.raises(InputError) as refused:
        load("5pct_ev_market", set=changes)
    assert any(fault.path == path and word in fault.message for fault in refused.value.faults), (
        refused.value.faults
    )


def test_a_month_that_is_none_is_refused_by_the_name_of_the_option() -> None:
    with pytest.raises(InputError) as refused:
        load("5pct_ev_market", rules_as_of="May 2026")
    (fault,) = refused.value.faults
    assert fault.file == "--rules-as-of" and "2024-03" in fault.message
