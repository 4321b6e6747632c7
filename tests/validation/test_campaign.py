"""The campaign model against measured campaigns and against one vehicle, one event at a time."""

from __future__ import annotations

import copy
import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from planner.errors import InputError
from planner.inputs.campaign import read_campaign
from planner.perf.campaign import Outcome, Output, follow, outcome, predict
from planner.validation.campaign import (
    compare_campaigns,
    compare_output,
    read_cases,
    tolerance,
    wilson,
)
from tests.command import Planner
from tests.validation.campaign_reference import simulate

CASES = Path(__file__).parent / "data" / "ota_campaigns.json"


@cache
def inputs(start: str) -> dict[str, Any]:
    return next(c["inputs"] for c in read_cases(CASES) if c["name"].startswith(start))


def changed(start: str, **values: Any) -> dict[str, Any]:
    """A case's inputs with other values, by path with double underscores."""
    found = copy.deepcopy(inputs(start))
    for path, value in values.items():
        *parents, last = path.split("__")
        node: Any = found
        for key in parents:
            node = node[int(key)] if isinstance(node, list) else node[key]
        node[last] = value
    return found


def test_every_output_of_every_measured_campaign_is_within_its_target() -> None:
    rows = list(compare_campaigns(CASES))
    assert len({row.case for row in rows}) == 8
    assert len(rows) > 200
    assert [row for row in rows if not row.within] == []


def compared(
    x: dict[str, Any], seeds: int, spread: float = 4.0
) -> tuple[Outcome, dict[str, list[float]]]:
    """The model and the reference; every mean of the reference within `spread` of its own uncertainty."""
    runs = [simulate(copy.deepcopy(x), seed) for seed in range(seeds)]
    got = outcome(follow(read_campaign(x), 12_000, 0))
    found: dict[str, list[float]] = {}
    for name in runs[0]:
        values = [run[name] for run in runs]
        found[name] = [each for each in values if each is not None]
    for name in ("updated_share", "total_tb", "cell_tb", "download_t50_h", "t50_h",
                 "install_attempts", "verify_failures", "connection_drops"):  # fmt: skip
        values = np.array(found[name])
        error = values.std(ddof=1) / np.sqrt(seeds)
        mean, predicted = values.mean(), got.outputs[name].mean
        assert predicted is not None, name
        assert abs(predicted - mean) <= spread * error + 0.02 * abs(mean), (name, predicted, values)
    return got, found


def test_drops_chunks_and_a_window_follow_the_semantics() -> None:
    x = changed(
        "c06", fleet__n_vehicles=800, horizon_h=160, links__lte__drops_per_hour=6.0,
        campaign__resume={"mode": "chunk", "chunk_mb": 300.0},
        campaign__download_window_local_h=[8, 17],
    )  # fmt: skip
    compared(x, 3)


def test_a_tight_cap_with_drops_waits_and_fallbacks_follows_the_semantics() -> None:
    x = changed(
        "c03", fleet__n_vehicles=300, horizon_h=120, cdn__pools__0__cap_gbps=0.012,
        links__wifi__drops_per_hour=0.5, update__p_verify_fail_delta=0.2,
        campaign__cell_wait_h_with_wifi=24.0, campaign__cell_wait_h_without_wifi=12.0,
    )  # fmt: skip
    got, found = compared(x, 4)
    peak = got.outputs["peak_gbps_5min"].mean
    assert peak == pytest.approx(0.012) == max(found["peak_gbps_5min"])


def test_short_sessions_at_a_cap_for_days_follow_the_semantics() -> None:
    # Trips of 12 to 60 minutes inside a window, with drops: who is there changes within a quarter of an hour.
    x = changed(
        "c15", fleet__n_vehicles=1600, horizon_h=120, cdn__pools__0__cap_gbps=0.16,
        campaign__download_window_local_h=[9, 20], links__lte__drops_per_hour=4.0,
        links__wifi__drops_per_hour=2.0, update__full_mb=700.0, campaign__backoff_s=600.0,
        campaign__cell_wait_h_with_wifi=10.0, campaign__poll_interval_h=0.25,
        campaign__resume={"mode": "chunk", "chunk_mb": 150.0},
        campaign__waves=[{"share": 1.0, "not_before_h": 0, "open_when_prev_success": None,
                          "min_after_prev_open_h": 0, "admission": {"type": "all"}}],
    )  # fmt: skip
    found = [simulate(copy.deepcopy(x), seed) for seed in range(2)]
    got = outcome(follow(read_campaign(x), 12_000)).outputs
    for name, tolerance_of in (("download_t50_h", 0.02), ("connection_drops", 0.04)):
        expected = np.mean([each[name] for each in found])
        assert got[name].mean == pytest.approx(expected, rel=tolerance_of), name


def test_slots_attempts_and_gates_follow_the_semantics() -> None:
    wave = {"not_before_h": 0, "min_after_prev_open_h": 12.0, "admission": {"type": "all"}}
    x = changed(
        "c08", fleet__n_vehicles=1000, horizon_h=240,
        campaign__install={
            "mode": "scheduled", "install_min": 40.0, "p_install_fail": 0.2, "max_attempts": 3,
            "p_consent_per_day": 0.6, "slot_local_h": [1.0, 4.0],
        },
        campaign__waves=[
            {**wave, "share": 0.5, "open_when_prev_success": None},
            {**wave, "share": 0.5, "open_when_prev_success": 0.6,
             "admission": {"type": "uniform", "hours": 24.0}},
        ],
        cdn__pools__0__cap_gbps=None, cdn__pools__1__cap_gbps=None,
    )  # fmt: skip
    got, found = compared(x, 3)
    opened = got.outputs["wave1_open_h"].mean
    assert opened == pytest.approx(np.mean(found["wave1_open_h"]), abs=1.5)
    failed = got.outputs["failed_vehicles"].mean
    assert failed == pytest.approx(np.mean(found["failed_vehicles"]), abs=4)


def test_a_false_halt_has_the_frequency_of_the_reference() -> None:
    x = changed(
        "c05", fleet__n_vehicles=120, horizon_h=72, campaign__halt_min_failures=4,
        campaign__install__p_install_fail=0.025,
        campaign__waves=[{"share": 1.0, "not_before_h": 0, "open_when_prev_success": None,
                          "min_after_prev_open_h": 0, "admission": {"type": "all"}}],
    )  # fmt: skip
    runs = [simulate(copy.deepcopy(x), seed) for seed in range(40)]
    got = outcome(follow(read_campaign(x), 4000)).outputs
    low, high = wilson(sum(run["halted"] or 0 for run in runs), len(runs))
    predicted = got["halted"].mean
    assert predicted is not None
    assert low <= predicted <= high
    for name, slack in (("updated_share", 0.08), ("failed_vehicles", 0.9)):
        mean = got[name].mean
        assert mean == pytest.approx(np.mean([run[name] for run in runs]), abs=slack), name


def test_intervals_hold_four_campaigns_of_a_small_fleet_in_five() -> None:
    wave = {"not_before_h": 0, "min_after_prev_open_h": 0.0, "admission": {"type": "all"}}
    x = changed(
        "c06", fleet__n_vehicles=400, horizon_h=72, fleet__regions__0__p_home_wifi=0.5,
        update__p_verify_fail_full=0.05,
        campaign__waves=[
            {**wave, "share": 0.1, "open_when_prev_success": None},
            {**wave, "share": 0.9, "open_when_prev_success": 0.5},
        ],
    )  # fmt: skip
    runs = [simulate(copy.deepcopy(x), seed) for seed in range(60)]
    got = outcome(follow(read_campaign(x), 16_000)).outputs
    for name in ("peak_gbps_5min", "p95_gbps_horizon", "wave1_open_h", "total_tb",
                 "updated_share", "verify_failures", "connection_drops"):  # fmt: skip
        values = np.array([run[name] for run in runs if run[name] is not None])
        low, high = got[name].low, got[name].high
        assert low is not None and high is not None
        # Binomial: 80 % of 60 campaigns, more where a count takes few values.
        assert ((values >= low) & (values <= high)).mean() >= 0.62, (name, low, high, values)
        mean, error = values.mean(), values.std(ddof=1) / np.sqrt(values.size)
        assert got[name].mean == pytest.approx(mean, abs=4 * error), name


def test_intervals_are_as_wide_as_the_spread_of_the_measured_seeds() -> None:
    ratios = []
    for case in read_cases(CASES):
        got = predict(read_campaign(case["inputs"]), 20_000).outputs
        for name, measured in case["measured"].items():
            low, high = got[name].low, got[name].high
            # Few of the outputs of a large fleet vary by more than a thousandth.
            if measured["std"] and measured["std"] > 1e-3 * measured["mean"] and low is not None:
                assert high is not None
                ratios.append((high - low) / 2.563 / measured["std"])
    assert len(ratios) > 50
    assert 0.7 < np.median(ratios) < 1.4
    assert np.mean((np.array(ratios) > 0.3) & (np.array(ratios) < 3)) > 0.9


def test_a_faulty_description_is_refused_with_all_its_faults() -> None:
    x = changed(
        "c08", horizon_h=-1, fleet__segments__0__p_active_day=1.5,
        campaign__resume={"mode": "chunks"}, cdn__pools__0__regions=["us_w"],
        sessions__0__p_per_day=[0.1, 0.2],
    )  # fmt: skip
    x["campaign"]["haltt"] = 1
    with pytest.raises(InputError) as caught:
        read_campaign(x, "rollout.json")
    faults = {fault.path: fault.message for fault in caught.value.faults}
    assert set(faults) == {
        "horizon_h", "fleet.segments[0].p_active_day", "campaign.resume.mode", "fleet.regions[1]",
        "sessions[0].p_per_day", "campaign.haltt",
    }  # fmt: skip
    assert "nearest: chunk" in faults["campaign.resume.mode"]
    assert "unknown key; valid: backoff_s" in faults["campaign.haltt"]


def test_regions_have_rates_and_sessions_of_their_own() -> None:
    x = changed("c01", sessions__0__regions=["a"], sessions__0__start_weights=[1, 2])
    x["fleet"]["regions"][0]["wifi"] = {"rate_mbps": [[80, 1]], "drops_per_hour": 0.5}
    found = read_campaign(x)
    assert found.sessions[0].regions == (0,) and found.sessions[1].regions is None
    assert found.sessions[0].start_weights == (1, 2)
    assert found.regions[0].wifi is not None and found.regions[0].wifi.drops_per_hour == 0.5
    x["sessions"][0]["regions"] = ["b"]
    x["sessions"][0]["start_weights"] = [0, 0]
    with pytest.raises(InputError, match=r"'b'(.|\n)*add up to 0"):
        read_campaign(x)


def test_a_lacking_key_is_named() -> None:
    x = copy.deepcopy(inputs("c01"))
    del x["campaign"]["poll_interval_h"]
    with pytest.raises(InputError, match=r"lacks 'poll_interval_h'"):
        read_campaign(x)


def test_no_file_of_campaigns_is_an_input_error(tmp_path: Path) -> None:
    file = tmp_path / "other.json"
    file.write_text(json.dumps([1, 2]))
    with pytest.raises(InputError, match="no file of campaigns"):
        read_cases(file)


def test_tolerances_are_those_of_their_kind() -> None:
    assert tolerance("t50_h", 8, 0.01) == 0.25
    assert tolerance("t50_h", 100, 0.01) == pytest.approx(2)
    assert tolerance("cell_tb", 60, 0.3) == pytest.approx(0.9)
    assert tolerance("peak_gbps_pool_x", 10, 0.1) == pytest.approx(0.5)
    assert tolerance("install_attempts", 1000, 1) == pytest.approx(30)


def test_an_output_that_no_seed_reached_must_be_as_rare_in_the_model() -> None:
    missing = {"mean": None, "std": None, "n_reached": 0}
    assert compare_output("c", "t99_h", missing, 5, Output(None, 0.0)).within
    assert not compare_output("c", "t99_h", missing, 40, Output(80.0, 0.9)).within


def test_the_command_says_how_far_each_output_is_off(planner: Planner, tmp_path: Path) -> None:
    cases = [case for case in read_cases(CASES) if case["name"] == "c05_bad_release_halts"]
    cases[0]["measured"]["install_attempts"]["mean"] *= 2
    file = tmp_path / "cases.json"
    file.write_text(json.dumps({"cases": cases}))
    rows = json.loads(planner("validate", str(file), "--kind", "campaign", "--json").out)["rows"]
    keys = {"case", "output", "measured", "std", "predicted", "error_pct", "z", "within"}
    assert all(set(row) == keys for row in rows)
    outside = [row for row in rows if not row["within"]]
    assert [row["output"] for row in outside] == ["install_attempts"]
    assert outside[0]["error_pct"] == pytest.approx(-50, abs=2)
    table = planner("validate", str(file), "--kind", "campaign").out
    assert "1 output outside the target" in table
    assert "c05_bad_release_halts install_attempts: 23" in table


def test_campaigns_need_a_file_and_take_no_grouping(planner: Planner) -> None:
    assert "needs a file" in planner("validate", "--kind", "campaign").err
    done = planner("validate", str(CASES), "--kind", "campaign", "--by", "gpu")
    assert "do not go with --kind campaign" in done.err
