"""`planner campaign size` and `planner campaign plan` from the command line."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.command import Planner

FLEET = {
    "horizon_h": 240, "curve_step_h": 24,
    "fleet": {
        "n_vehicles": 20000,
        "regions": [
            {"name": "a", "share": 1, "utc_offset_h": 0, "p_home_wifi": 1, "cell_mix": {"lte": 1}}
        ],
        "segments": [
            {"name": "s", "share": 1, "p_active_day": 0.8, "offline_until_exp_mean_h": None}
        ],
    },
    "links": {
        "wifi": {"rate_mbps": [[20, 1]], "drops_per_hour": 0},
        "lte": {"rate_mbps": [[5, 1]], "drops_per_hour": 0},
    },
    "sessions": [
        {
            "name": "home", "link": "wifi", "start_h": [18, 22], "duration_h": [1, 3],
            "p_per_day": 0.9, "parked": True,
        }
    ],
    "cdn": {"pools": [{"name": "main", "cap_gbps": 20, "regions": ["a"]}]},
    "update": {
        "full_mb": 1000, "installed_versions": [{"name": "v", "share": 1, "payload_mb": None}],
        "p_verify_fail_delta": 0, "p_verify_fail_full": 0,
    },
    "campaign": {
        "waves": [
            {
                "share": 1, "not_before_h": 0, "open_when_prev_success": None,
                "min_after_prev_open_h": 0, "admission": {"type": "all"},
            }
        ],
        "halt_error_share": 0.02, "halt_min_failures": 5, "poll_interval_h": 0.5,
        "cell_wait_h_with_wifi": None, "cell_wait_h_without_wifi": None,
        "download_window_local_h": None, "backoff_s": 60, "resume": {"mode": "byte"},
        "install": {
            "mode": "when_parked", "install_min": 20, "p_install_fail": 0.002,
            "max_attempts": 1, "retry_delay_h": 24,
        },
    },
}  # fmt: skip
GOAL = {"share": 0.9, "days": 8}
SEARCH: dict[str, Any] = {
    "waves": [[1], [0.005, 0.995], [0.005, 0.05, 0.945]],
    "soak_h": [24, 48],
    "halt_min_failures": [3, 6],
    "bad_release": {"defect_rate": 0.4, "detection_delay_h": 1},
    "limits": {"exposure": 200, "false_halt": 0.02, "missed": 0.01},
    "prices": {"usd_per_gb": 0.01},
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return written(tmp_path, goal=GOAL, search=SEARCH)


def written(folder: Path, **blocks: Any) -> Path:
    path = folder / "c.yaml"
    path.write_text(yaml.safe_dump({**FLEET, **blocks}))
    return path


def test_size_answers_with_caps_peak_margin_and_neighbours(planner: Planner, file: Path) -> None:
    shown = planner("campaign", "size", str(file), "--classes", "2000")
    assert shown.code == 0, shown.out
    assert "90.0 % of the reachable vehicles updated by day 8:" in shown.out + shown.err
    for word in ("least", "no cap", "day 7", "day 9", "89 %", "91 %", "Precision", "Margin"):
        assert word in shown.out + shown.err


def test_size_as_json_says_the_same(planner: Planner, file: Path) -> None:
    shown = planner("campaign", "size", str(file), "--json", "--classes", "2000")
    found = json.loads(shown.out)
    (pool,) = found["pools"]
    assert found["feasible"] and found["goal"] == {"share": 0.9, "days": 8, "of": "updated"}
    assert 0 < pool["cap_gbps"] < pool["uncapped_peak_gbps"] < pool["written_cap_gbps"]
    assert len(pool["sensitivity"]) == 4
    assert (
        pool["sensitivity"][0]["cap_gbps"] > pool["cap_gbps"] > pool["sensitivity"][1]["cap_gbps"]
    )


def test_options_go_before_the_goal_of_the_file(planner: Planner, file: Path) -> None:
    shown = planner(
        "campaign", "size", str(file), "--share", "0.99", "--days", "2", "--of", "downloaded",
        "--classes", "1000",
    )  # fmt: skip
    assert shown.code == 1
    assert "no cap suffices in main" in shown.out + shown.err
    assert "come online after it" in shown.out + shown.err


def test_without_a_goal_or_a_search_it_says_what_to_write(planner: Planner, tmp_path: Path) -> None:
    bare = written(tmp_path)
    for command, words in (("size", "goal: {share: 0.95"), ("plan", "goal: {share: 0.95")):
        shown = planner("campaign", command, str(bare))
        assert shown.code == 2 and words in shown.out + shown.err
    shown = planner("campaign", "plan", str(written(tmp_path, goal=GOAL)))
    assert shown.code == 2 and "search: {waves: [[1]" in shown.out + shown.err
    example = shown.err[shown.err.index("search:") :]
    search = yaml.safe_load(example)["search"]
    shown = planner("campaign", "plan", str(written(tmp_path, goal=GOAL, search=search)))
    assert shown.code in (0, 1) and "Demands:" in shown.out + shown.err


def test_faults_of_a_search_have_their_lines(planner: Planner, tmp_path: Path) -> None:
    wrong = {**SEARCH, "soak": [24], "bad_release": {"defect_rate": 2}, "waves": [[]]}
    shown = planner("campaign", "plan", str(written(tmp_path, goal=GOAL, search=wrong)))
    assert shown.code == 2
    assert "3 faults" in shown.out + shown.err
    assert "nearest: soak_h" in shown.out + shown.err
    assert "search.bad_release.defect_rate" in shown.out + shown.err


def test_plan_shows_the_front_and_why_others_lost(planner: Planner, file: Path) -> None:
    shown = planner("campaign", "plan", str(file), "--workers", "1")
    assert shown.code == 0, shown.out
    for word in ("Cheapest of", "Demands:", "Written", "Lost", "vehicles, ", "soak"):
        assert word in shown.out + shown.err
    assert max(map(len, shown.out.splitlines())) <= 100


def test_plan_writes_all_candidates_and_the_chart(
    planner: Planner, file: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    shown = planner("campaign", "plan", str(file), "--workers", "1", "--json", "--out", str(out))
    found = json.loads((out / "plan.json").read_text())
    assert json.loads(shown.out) == found
    assert {"front.png", "front.svg", "candidates.csv"} <= {each.name for each in out.iterdir()}
    rows = list(csv.DictReader((out / "candidates.csv").open()))
    assert len(rows) == len(found["candidates"])
    assert found["cheapest"] in found["front"]
    for row, each in zip(rows, found["candidates"], strict=True):
        assert (row["on_front"] == "1") == each["on_front"] == (each["reason"] is None)
        assert each["on_front"] == (each["number"] in found["front"])


def test_a_goal_that_is_met_without_a_byte_has_no_cap(planner: Planner, tmp_path: Path) -> None:
    """95 of 100 switch back to their old slot: no cap has to be sized for half of the vehicles."""
    versions = [
        {"name": "intact", "share": 0.95, "payload_mb": 0},
        {"name": "overwritten", "share": 0.05, "payload_mb": None},
    ]
    update = {**FLEET.get("update", {}), "installed_versions": versions}
    file = written(tmp_path, update=update, goal={"share": 0.5, "days": 8})
    out = planner("campaign", "size", str(file), "--classes", "1000").out
    said = " ".join(out.split())
    assert "no bandwidth is needed in the pool" in said
    assert "there is no least cap for this goal" in said
    assert "times the least" not in said and "<0.001" not in said
