"""`planner campaign run`: what it says, its JSON, its files, and how it refuses."""

from __future__ import annotations

import csv
import json
import time
import tracemalloc
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from planner import resources
from planner.inputs.campaign import read_campaign
from planner.inputs.campaign_files import load_campaign
from planner.perf.campaign import predict
from planner.report.campaigns import charts, files
from planner.study.campaign_run import run
from planner.validation.campaign import read_cases
from tests.cli.conftest import Planner
from tests.cli.test_other_commands import as_json

CASES = "tests/validation/data/ota_campaigns.json"
FEW = ("--classes", "4000")


_ANSWERS: dict[tuple[str, ...], dict[str, Any]] = {}


def answer(planner: Planner, *arguments: str) -> dict[str, Any]:
    """The JSON of a run; the same question is asked once."""
    if arguments not in _ANSWERS:
        done = planner("campaign", "run", *arguments, "--json")
        assert (done.code, done.err) == (0, "")
        _ANSWERS[arguments] = json.loads(done.out)
    return _ANSWERS[arguments]


@pytest.mark.parametrize("name", sorted(resources.campaigns()))
def test_every_shipped_campaign_runs_and_its_page_fits(planner: Planner, name: str) -> None:
    done = planner("campaign", "run", name, *FEW)
    assert (done.code, done.err) == (0, "")
    assert max(map(len, done.out.splitlines())) <= 100
    for word in ("by region and home link", "pool", "wave", "Failures", "Exposure", "Binding"):
        assert f"\n{word}" in done.out, word
    assert f"planner campaign run {name} --json" in done.out


def test_the_json_has_the_outputs_of_the_semantics_twice(planner: Planner) -> None:
    found = answer(planner, "monthly_release", *FEW)
    names = {
        *(f"{kind}t{q}_h" for kind in ("", "download_") for q in (50, 90, 99)),
        "peak_gbps_5min", *(f"peak_gbps_pool_{pool}" for pool in ("americas", "emea", "apac")),
        "p95_gbps_horizon", "p95_gbps_30day", "total_tb",
        "cell_tb", "first_day_tb", "max_active_downloads", "updated_share", "failed_vehicles",
        "verify_failures", "connection_drops", "install_attempts", "halted", "halt_t_h",
        *(f"wave{wave}_open_h" for wave in range(4)),
    }  # fmt: skip
    assert set(found["outputs"]) == names
    assert {name: found[name] for name in names} == found["outputs"]
    assert set(found["spread"]["t50_h"]) == {"low", "high", "reached"}
    assert found["halted"] == found["halt_chance"]
    curves = found["curves"]
    assert len(curves["updated_share"]) == len(curves["download_share"]) == 720 / 6 + 1
    assert len(curves["hourly_gbps"]) == 720


def test_a_measured_case_is_answered_as_it_is_validated(planner: Planner) -> None:
    case = next(each for each in read_cases(Path(CASES)) if each["name"].startswith("c10"))
    found = answer(planner, CASES, "--case", case["name"], "--classes", "8000")
    expected = predict(read_campaign(case["inputs"]), 8000).outputs
    assert found["outputs"] == {name: each.mean for name, each in expected.items()}
    assert set(case["measured"]) <= set(found["outputs"])


def test_regions_pools_and_links_add_up_to_the_whole(planner: Planner) -> None:
    found = answer(planner, "monthly_release", *FEW)
    regions = found["regions"]
    assert sum(row["vehicles"] for row in regions) == pytest.approx(732_117)
    assert sum(row["sent_over_link_tb"] for row in regions) == pytest.approx(found["total_tb"])
    cellular = sum(row["sent_over_link_tb"] for row in regions if row["link"] == "cellular")
    assert cellular == pytest.approx(found["cell_tb"])
    updated = sum(row["vehicles"] * row["updated_share"] for row in regions) / 732_117
    assert updated == pytest.approx(found["updated_share"])
    for pool in found["pools"]:
        assert pool["peak_gbps"] <= pool["cap_gbps"] * (1 + 1e-9)
    amounts = found["bill"]["components"].values()
    assert sum(amounts) == pytest.approx(found["bill"]["total"])


def test_what_binds_and_what_is_never_reached_is_said(planner: Planner) -> None:
    found = answer(planner, "monthly_release", *FEW)
    assert found["t99_h"] is None
    assert "not continued beyond the horizon" in found["warnings"][0]
    assert any(each.startswith("A cap binds: americas for") for each in found["warnings"])
    stuck = {pool["name"]: pool["at_cap_h"] for pool in found["pools"]}
    assert stuck["americas"] > 5
    out = planner("campaign", "run", "rollback", *FEW).out
    assert "99 % not within the horizon" in out
    assert "\nBinding   no cap: " in out


def test_a_goal_is_compared_with_the_curve(planner: Planner) -> None:
    found = answer(planner, "urgent_safety_fix", *FEW)
    by_day_7 = found["curves"]["updated_share"][int(7 * 24 / found["curves"]["step_h"])]
    assert found["goal"]["fleet_share_by_then"] == pytest.approx(by_day_7)
    out = planner("campaign", "run", "urgent_safety_fix", *FEW).out
    assert "\nGoal      95.0 % of the reachable fleet updated by day 7: " in out
    assert "planner campaign size urgent_safety_fix\n" in out
    assert answer(planner, CASES, "--case", "c01_plain_uncapped", *FEW)["goal"] is None


def test_law_cadence_flash_and_rollback_are_answered(planner: Planner, tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(
        "extends: map_update.yaml\n"
        "law: {japan: {deadline_days: 10, deadline_share: 0.999}}\n"
        "release: {cadence_days: 7, chain: oldest_first}\n"
        "rollback: {deadline_days: 3, slot_intact_share: 0.9, updated_share: 0.1}\n"
        "flash: {free_slot_mb: 1000, write_mb_per_s: 100, hash_mb_per_s: 400, reboot_s: 60, slots: 2,\n"
        "  in_place: false, capacity_gb: 64, endurance_cycles: 3000, write_amplification: 2,\n"
        "  releases_per_year: 12, life_years: 10}\n",
        encoding="utf-8",
    )
    found = answer(planner, str(file), *FEW)
    (law,) = found["law"]
    assert (law["region"], law["deadline"], law["met"]) == ("japan", 240, False)
    # The horizon of 14 days holds two campaigns a week apart.
    assert found["cadence"]["in_flight"] == 2
    # A/B slots: the vehicle stands still for the reboot alone. 500 MB x 2 x 120 releases of 64 GB x 3,000.
    assert found["flash"]["install_h"] == pytest.approx(1 / 60)
    assert found["flash"]["wear_share"] == pytest.approx(0.5 * 2 * 120 / 64 / 3000)
    assert found["rollback"]["vehicles"] == pytest.approx(73_212)
    assert 0.5 < found["rollback"]["back_share"] < 1
    out = planner("campaign", "run", str(file), *FEW).out
    for word in ("Law       japan: ", "Cadence   a release every 7 d: 2 campaigns at once",
                 "Flash     the image fits the free slot", "Rollback  "):  # fmt: skip
        assert f"\n{word}" in out, word


def test_a_bad_build_reaches_more_the_later_it_is_stopped_and_the_rarer_it_fails(
    planner: Planner,
) -> None:
    exposure = answer(planner, "monthly_release", *FEW)["exposure"]
    by_delay = [row["vehicles"] for row in exposure["stopped_after"]]
    assert by_delay == sorted(by_delay)
    by_badness = [row["vehicles"] for row in exposure["stopped_by_rule"]]
    assert by_badness == sorted(by_badness, reverse=True)


def test_vehicles_without_any_link_are_counted_and_named(planner: Planner, tmp_path: Path) -> None:
    file = tmp_path / "wifi_only.yaml"
    file.write_text(
        "extends: map_update.yaml\ncampaign: {cell_wait_h_with_wifi: null, cell_wait_h_without_wifi: null}\n",
        encoding="utf-8",
    )
    found = answer(planner, str(file), *FEW)
    # 1 - 0.491 have no Wi-Fi at home.
    assert list(found["unreachable_share"].values()) == pytest.approx([0.509] * 6)
    assert found["warnings"][0].startswith("50.9 % of the fleet can never be reached")
    assert found["cell_tb"] == 0
    assert found["updated_share"] < 0.491


def test_a_campaign_that_halts_says_so(planner: Planner) -> None:
    done = planner("campaign", "run", CASES, "--case", "c05_bad_release_halts", *FEW)
    assert "chance 100 %" in done.out
    assert "If nothing halts it:" in done.out
    assert "--case c05_bad_release_halts" in done.out


def test_a_time_that_few_campaigns_reach_says_in_how_many(planner: Planner, tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    rule = "{halt_error_share: 0.001, halt_min_failures: 5}"
    file.write_text(
        f"extends: monthly_release.yaml\nfleet: {{n_vehicles: 50000}}\ncampaign: {rule}\n",
        encoding="utf-8",
    )
    done = planner("campaign", "run", str(file), *FEW)
    lead = " ".join(done.out.splitlines()[2:5])
    assert "% of campaigns" in lead and "at its end in the mean" in lead
    found = answer(planner, str(file), *FEW)
    assert f"in {100 * found['spread']['t50_h']['reached']:.0f} % of campaigns" in lead


def test_long_names_of_regions_are_told_apart(planner: Planner, tmp_path: Path) -> None:
    case = next(each for each in read_cases(Path(CASES)) if each["name"].startswith("c01"))
    content = json.loads(json.dumps(case["inputs"]))
    old = content["fleet"]["regions"][0]
    names = ["rest_of_world_one", "rest_of_world_two"]
    content["fleet"]["regions"] = [{**old, "name": each} for each in names]
    content["cdn"]["pools"][0]["regions"] = names
    file = tmp_path / "long.json"
    file.write_text(json.dumps(content), encoding="utf-8")
    done = planner("campaign", "run", str(file), *FEW)
    for name in names:
        assert f"\n{name} Wi-Fi " in done.out and f"\n{name} cellular " in done.out


def test_the_same_seed_gives_the_same_answer_and_another_a_near_one(planner: Planner) -> None:
    first, again = (planner("campaign", "run", "rollback", *FEW, "--json").out for _ in range(2))
    assert first == again
    other = answer(planner, "rollback", *FEW, "--seed", "1")
    assert other["t50_h"] != json.loads(first)["t50_h"]
    assert other["t50_h"] == pytest.approx(json.loads(first)["t50_h"], rel=0.1)


def test_files_and_charts_are_written_whole(planner: Planner, tmp_path: Path) -> None:
    done = planner("campaign", "run", "model_n_india_japan", *FEW, "--out", str(tmp_path))
    assert done.code == 0
    charts = {"completion", "traffic", "cost", "exposure"}
    assert {file.name for file in tmp_path.iterdir()} == {
        "campaign.json",
        *(f"{name}.csv" for name in charts),
        *(f"{name}.{kind}" for name in charts for kind in ("png", "svg")),
    }
    assert (tmp_path / "traffic.png").read_bytes().startswith(b"\x89PNG")
    whole = json.loads((tmp_path / "campaign.json").read_text(encoding="utf-8"))
    with (tmp_path / "completion.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    last = [row for row in rows if float(row["hour"]) == 504]
    total = sum(float(row["vehicles"]) * float(row["updated"]) for row in last)
    assert total / 6486 == pytest.approx(whole["updated_share"])
    for row in rows:
        low, mean, high = (float(row[f"updated{end}"]) for end in ("_low", "", "_high"))
        assert 0 <= low <= mean <= high <= 1 + 1e-9
    with (tmp_path / "traffic.csv").open(encoding="utf-8", newline="") as stream:
        hourly = [
            float(row["wifi_gbps"]) + float(row["cellular_gbps"]) for row in csv.DictReader(stream)
        ]
    assert sum(hourly) * 3600 / 8e3 == pytest.approx(whole["total_tb"], rel=1e-6)


def test_the_same_campaign_gives_the_same_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(charts, "_charts", lambda found: [("a", charts._traffic(found))])
    for name in ("a", "b"):
        files.write(run(load_campaign("model_n_india_japan"), 4000), tmp_path / name)
    for file in (tmp_path / "a").iterdir():
        assert file.read_bytes() == (tmp_path / "b" / file.name).read_bytes(), file.name


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("monthly_relase",), "nearest: monthly_release"),
        ((CASES,), "give --case, one of: c01_plain_uncapped"),
        ((CASES, "--case", "c01"), "holds no case"),
        (("rollback", "--classes", "0"), "--classes"),
    ],
)
def test_a_wrong_question_is_refused(
    planner: Planner, arguments: tuple[str, ...], said: str
) -> None:
    done = planner("campaign", "run", *arguments)
    assert (done.code, done.out) == (2, "")
    assert said in done.err


def test_check_reads_campaigns_with_their_faults(planner: Planner, tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text("extends: rollback.yaml\nsessions: []\nbilling: {acounts: 1}\n", "utf-8")
    done = planner("check", "scenarios/campaigns/rollback.yaml", CASES, "map_update", str(bad))
    assert done.code == 2
    assert done.out.count(": ok\n") == 3
    assert "  2  sessions   expected at least one entry" in done.err
    (tmp_path / "ours.yaml").write_text("extends: map_update.yaml\ntitle: Ours\n", "utf-8")
    assert planner("check", str(tmp_path / "ours.yaml")).code == 0
    base = planner("check", "scenarios/campaigns/base.yaml")
    assert "no campaign by itself, but a base" in base.err


def test_shipped_campaigns_meet_the_schema_and_a_wrong_key_does_not(planner: Planner) -> None:
    schema = json.loads(planner("schema", "campaign").out)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    folder = resources.scenario_root() / resources.CAMPAIGNS
    documents = [as_json(file) for file in folder.glob("*.yaml")]
    documents += [case["inputs"] for case in json.loads(Path(CASES).read_text("utf-8"))["cases"]]
    for document in documents:
        assert [error.message for error in validator.iter_errors(document)] == []
    assert not validator.is_valid({"horizon": 720})
    assert not validator.is_valid({"fleet": {"n_vehicle": 1}})
    assert not validator.is_valid({"campaign": {"install": {"p_install_fail": 2}}})


@pytest.mark.parametrize("name", sorted(resources.campaigns()))
def test_a_shipped_campaign_is_quick(name: str) -> None:
    loaded = load_campaign(name)
    began = time.process_time()
    run(loaded)
    assert time.process_time() - began < 5, "seconds of one core; some 0.5 to 2 on a free one"


def test_a_hundred_million_vehicles_fit_into_little_memory() -> None:
    loaded = load_campaign("rollback")
    large = replace(loaded, campaign=replace(loaded.campaign, vehicles=100_000_000))
    tracemalloc.start()
    found = run(large)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 500e6
    assert found.vehicles.sum() == pytest.approx(1e8)
