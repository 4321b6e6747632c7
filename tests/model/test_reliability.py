"""Spares, checkpoints and goodput through the quantities themselves and in the main scenario."""

from __future__ import annotations

import numpy as np
import pytest

from planner.axes import HARDWARE, MONTH, SITE, TIER, WORKLOAD, Array, on, place, take, total
from planner.findings import Warning_
from planner.model.checkpoints import (
    checkpoint_bandwidth,
    checkpoint_size,
    experiments_at_once,
    runs_at_once,
)
from planner.model.hardware import nodes_spare
from planner.model.reliability import (
    checkpoint_delay,
    checkpoint_interval,
    checkpoint_pause,
    goodput_expected,
    group_down_share,
    repair_group,
    run_gang,
    run_interruption_rate,
)
from planner.project import Project, load

DAY, HOUR = 86_400.0, 3_600.0
TOGETHER, APART = ((1.0, 1.0), (1.0, 1.0)), ((1.0, 0.0), (0.0, 1.0))


def test_a_tray_of_a_rack_or_all_of_a_server_is_repaired() -> None:
    found = repair_group(place([2.0, np.inf], HARDWARE), place([32.0, 8.0], HARDWARE))
    assert found.ravel().tolist() == [2, 8]


def test_a_server_of_eight_fails_at_the_published_rate() -> None:
    # RSC-1: 6.50 failures in 1,000 node-days, 8.1e-4 a day for each of eight; two days to repair are 1.3 % down.
    down = group_down_share(place(8.0), place(6.5e-3 / 8 / DAY), place(2 * DAY))
    assert down.item() == pytest.approx(0.013 / 1.013, rel=1e-9)


def test_spare_trays_are_parts_of_a_rack() -> None:
    spare = nodes_spare(
        place([[6.0]], MONTH, SITE),
        place([32.0, 8.0], HARDWARE),
        place([[1.0, 0.0]], SITE, HARDWARE),
    )
    assert spare.item() == 6 / 32


def test_a_run_as_large_as_llama_3s_is_expected_to_make_the_progress_that_was_published() -> None:
    # 16,384 H100, 466 interruptions in 54 days: over 90 % (arXiv 2407.21783). Stalls of 10 s, 5 minutes to restart.
    each = place(466 / 54 / 16_384 / DAY)
    rate = run_interruption_rate(place(16_384.0), each)
    assert rate.item() * DAY == pytest.approx(8.63, rel=0.001)
    # 405 billion parameters are 5.67 TB: 10 s of copies beside the writing, which takes two minutes
    gang, pause, delay = place(16_384.0), place(10.0), place(120.0)
    interval = checkpoint_interval(gang, each, pause, delay, place(3 * HOUR))
    assert interval.item() / 60 == pytest.approx(7.5, abs=0.2)
    share = goodput_expected(gang, each, pause, delay, place(300.0), interval).item()
    assert 0.90 < share < 0.95
    assert share < goodput_expected(gang, each, pause, place(0.0), place(300.0), interval).item()


def test_a_small_run_saves_at_the_policys_limit() -> None:
    rates = (place(8.0), place(5e-4 / DAY))
    found = checkpoint_interval(*rates, place(60.0), place(0.0), place(3 * HOUR))
    assert found.item() == 3 * HOUR


def test_a_failure_anywhere_stops_the_whole_gang() -> None:
    # 70 and 30 accelerators of one run: both sites see the failures of 100.
    gang = place([[70.0, 30.0]], MONTH, SITE)
    rate = run_interruption_rate(run_gang(gang, TOGETHER), place(5e-4 / DAY))
    assert rate.ravel() * DAY == pytest.approx([0.05, 0.05])
    apart = run_interruption_rate(run_gang(gang, APART), place(5e-4 / DAY))
    assert apart.ravel() * DAY == pytest.approx([0.035, 0.015])


def test_a_run_on_two_sites_writes_one_checkpoint() -> None:
    gang, parts = place([[70.0, 30.0]], MONTH, SITE), place([0.7, 0.3], SITE)
    runs = runs_at_once(gang, place(0.0), place(1.0), parts)
    assert runs.ravel() == pytest.approx([0.7, 0.3])
    assert runs_at_once(place(0.0), place(0.0), place(1.0), parts).max() == 0


def test_an_experiment_writes_the_checkpoints_of_its_own_model() -> None:
    # 96 accelerators busy in gangs of 32 are three jobs; of half the parameters they write as much as 1.5 releases.
    jobs = experiments_at_once(place(96.0), place(32.0))
    assert jobs.item() == 3
    assert runs_at_once(place(5.0), jobs, place(0.5), place(1.0)).item() == pytest.approx(2.5)


def test_ten_billion_parameters_are_140_gb_a_checkpoint() -> None:
    size = checkpoint_size(place(10e9), place(1.0), place(2.0), place(4.0), place(8.0))
    assert size.item() == 140e9
    # 128 accelerators write 19.2 GB/s, for which a run that waits stands still for 7.3 s, or copy 1.28 TB/s for 0.1 s
    rates = (place(128.0), place(0.15e9))
    waits, goes_on = (
        checkpoint_pause(size, *rates, place(10e9), place(mode), place(2.0)).item()
        for mode in (0.0, 1.0)
    )
    assert waits == pytest.approx(2 + 7.29, abs=0.01)
    assert goes_on == pytest.approx(2 + 0.11, abs=0.01)
    delays = [checkpoint_delay(size, *rates, place(mode)).item() for mode in (0.0, 1.0)]
    assert delays == [0.0, pytest.approx(7.29, abs=0.01)]
    # the hot tier has that for the release and an experiment of half its size
    found = checkpoint_bandwidth(place(128.0), place(64.0), size, place(0.15e9))
    assert found.item() == pytest.approx(28.8e9)
    assert not checkpoint_bandwidth(place(128.0), place(64.0), 0 * size, place(0.15e9)).any()


# --- In the main scenario ------------------------------------------------------------------------


def test_what_is_ordered_covers_need_and_spares(
    headline: Project, everything: dict[str, Array]
) -> None:
    covered = everything["nodes_required"] + everything["nodes_spare"]
    there = on(everything["nodes"], MONTH, SITE, HARDWARE)[0].sum(axis=2)
    need = on(covered, MONTH, SITE)[0]
    after = slice(headline.table.labels[MONTH].index("2024-10"), None)
    assert (there[after] >= need[after] * (1 - 1e-9)).all()
    assert everything["gpus_spare"].max() > 0


def test_a_higher_target_orders_more() -> None:
    def racks(target: str) -> float:
        # Nodes of eight: of a rack of 32 a few spares more may be none.
        project = load("5pct_ev_market", set={"cluster.availability": target}, hardware="dgx_h100")
        return float(project.run(["orders"])["orders"].sum())

    assert racks("0 %") < racks("99.999999 %")


def test_older_hardware_is_replaced_at_the_refresh_age() -> None:
    def ordered(age: str) -> float:
        project = load("5pct_ev_market", set={"cluster.refresh_age": age})
        return float(project.run(["storage_orders"])["storage_orders"].sum())

    assert ordered("3 year") > ordered("5 year") > ordered("20 year")


def test_checkpoints_lie_on_the_hot_tier_and_are_written_to_it(
    everything: dict[str, Array],
) -> None:
    at_tiers = [take(everything["tier_checkpoints"], TIER, tier).max() for tier in range(3)]
    assert at_tiers[0] == everything["checkpoint_space"].max() > 0
    assert at_tiers[1:] == [0, 0]
    hot = take(everything["storage_write_required"], TIER, 0)
    arriving = everything["site_ingest_peak"] + everything["copies_arriving"]
    rest = arriving + everything["checkpoint_bandwidth"]
    assert hot == pytest.approx(rest, rel=1e-12)


def test_where_a_run_trains_does_not_change_what_it_writes(everything: dict[str, Array]) -> None:
    names = ["checkpoint_space", "run_interruption_rate"]
    elsewhere = load("5pct_ev_market", set={"sites.japan.training_share": "90 %"}).run(names)
    before = total(everything["checkpoint_space"], SITE)
    assert total(elsewhere["checkpoint_space"], SITE) == pytest.approx(before, rel=1e-9)
    moved = take(elsewhere["checkpoint_space"], SITE, 1) - take(
        everything["checkpoint_space"], SITE, 1
    )
    assert moved.max() > 0
    rates = (everything["run_interruption_rate"], elsewhere["run_interruption_rate"])
    assert rates[1] == pytest.approx(rates[0], rel=1e-9)


def test_without_checkpoints_nothing_is_kept_or_written_for_them() -> None:
    parts = ("weight_bytes", "master_bytes", "moment_bytes")
    project = load("5pct_ev_market", set={f"checkpoint.{part}": "0 byte" for part in parts})
    found = project.run(["checkpoint_space", "checkpoint_bandwidth"])
    assert [x.max() for x in found.values()] == [0, 0]


# --- Warnings ------------------------------------------------------------------------------------


def warned(kind: str, **changes: str) -> list[Warning_]:
    plan = load(
        "5pct_ev_market", set={path.replace("__", "."): text for path, text in changes.items()}
    ).plan()
    return [warning for warning in plan.warnings if warning.kind == kind]


def test_nothing_is_wrong_with_the_assumptions_as_they_are() -> None:
    for kind in ("feeding", "refresh"):
        assert not warned(kind), kind


def test_failures_add_accelerators() -> None:
    few, many = (
        load("5pct_ev_market", set={"cluster.interruption_rate": f"{rate} 1/day"}).plan()
        for rate in (0.0005, 0.05)
    )
    usual, worse = (
        on(each.values("run_gpus")[0], MONTH, WORKLOAD, SITE)[0, -1, :, 0] for each in (few, many)
    )
    assert (worse > 1.04 * usual).all()


def test_accelerators_that_read_more_than_they_are_given_are_pointed_out() -> None:
    found = warned("feeding", tiers__hot__read_per_accelerator="0.1 GB/s")
    assert {warning.place for warning in found} == {"perception", "driving"}


def test_hardware_replaced_before_it_is_written_down_is_pointed_out() -> None:
    (found,) = warned("refresh", cluster__refresh_age="3 year")
    assert "replaced after 3 years and written down over 5 years" in found.text
