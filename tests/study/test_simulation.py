"""Draws of small projects with known answers: right, the same to the last bit, and never lost or counted twice."""

from __future__ import annotations

import math
import multiprocessing
import os
import signal
import subprocess
import sys
import textwrap
import time
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import special, stats

import planner
from planner.axes import Array
from planner.errors import InputError, PlannerError
from planner.headline import FINDINGS, HEADLINE
from planner.inputs.leaves import Correlation
from planner.perf.distributions import Distribution
from planner.project import load
from planner.study import analysis
from planner.study.blocks import Block, Folder, StudyError, missing
from planner.study.drawn import Drawn
from planner.study.manifest import _SHOWING, _sources, manifest_of
from planner.study.mixing import refuse_mixed
from planner.study.sampling import Sampler
from planner.study.simulation import Interrupted, Simulation, simulate
from planner.study.workers import Recipe, Task
from tests.example_graphs import compute
from tests.study.toys import UNIFORM, project, usual

ROOT = Path(__file__).parents[2]


def numbers(simulation: Simulation) -> Array:
    """Everything that is stored of every draw."""
    rows = sum(column.stored for column in simulation.columns.stored)
    return simulation.folder.numbers(simulation.blocks, slice(0, rows))


def same(one: Simulation, other: Simulation) -> bool:
    a, b = (each.folder.sketch(each.blocks) for each in (one, other))
    counts = all(map(np.array_equal, (a.runs, a.keys, a.counts), (b.runs, b.keys, b.counts)))
    return counts and np.array_equal(numbers(one), numbers(other))


@pytest.fixture(scope="module")
def undisturbed() -> Simulation:
    return simulate(usual(), 1000, workers=1, block=1000)


# --- Known answers ---------------------------------------------------------------------------------------------------


def test_quantiles_of_kept_quantities_are_those_of_the_formula(undisturbed: Simulation) -> None:
    needed = undisturbed.spreads["gpus_required"]
    assert needed.cells is not None and needed.months is not None
    for level in analysis.LEVELS:
        total = 100.0 + 10.0 * special.ndtri(level) + np.arange(3.0)
        assert needed.months.at(level) == pytest.approx(total, rel=2e-3)
        assert needed.cells.at(level) == pytest.approx(np.outer(total, [0.25, 0.75]), rel=2e-3)


def test_their_error_bars_hold_the_formula(undisturbed: Simulation) -> None:
    months = undisturbed.spreads["gpus_required"].months
    assert months is not None
    for level in analysis.LEVELS:
        low, high = months.error(level)
        exact = 100.0 + 10.0 * special.ndtri(level) + np.arange(3.0)
        assert np.all((low < exact) & (exact < high))


def test_quantiles_of_other_quantities_are_within_half_a_per_cent(undisturbed: Simulation) -> None:
    counted = undisturbed.spreads["ingest_peak"]
    assert counted.cells is None and counted.months is not None and not counted.months.exact
    draws = undisturbed.sampler.draws(0, 1000)
    a, b = draws[0], draws[1]
    exact = np.quantile([a * b + month for month in range(3)], analysis.LEVELS, axis=1)
    assert np.all(np.abs(counted.months.values / exact - 1) <= 0.005 * (1 + 1e-9))


def test_totals_of_a_year_are_taken_draw_by_draw(undisturbed: Simulation) -> None:
    b = undisturbed.sampler.draws(0, 1000)[1]
    capex, needed = (undisturbed.spreads[name].years for name in ("capex", "gpus_required"))
    assert capex is not None and needed is not None
    assert capex.at(0.9) == pytest.approx(np.quantile(6.0 * b, [0.9]))  # 1 + 2 + 3 months of b
    months = undisturbed.spreads["gpus_required"].months
    assert months is not None and needed.at(0.9) == pytest.approx(months.at(0.9)[-1:])


def test_the_mean_cost_of_the_dearest_draws_is_that_of_the_lognormal(
    undisturbed: Simulation,
) -> None:
    # tco = 9 b; E[b | b > its q-quantile] of a lognormal = exp(s^2 / 2) Phi(s - z_q) / (1 - q).
    for share, found in undisturbed.risk.dearest.items():
        z = special.ndtri(1.0 - share)
        assert found == pytest.approx(9 * math.exp(0.125) * special.ndtr(0.5 - z) / share, rel=0.01)


def test_money_adds_up_over_the_months_of_each_draw(undisturbed: Simulation) -> None:
    b = np.quantile(undisturbed.sampler.draws(0, 1000)[1], analysis.LEVELS)
    assert undisturbed.spent is not None
    assert undisturbed.spent.values == pytest.approx(np.outer(b, [2.0, 5.0, 9.0]))


def test_building_at_a_quantile_is_short_as_often_as_it_says(undisturbed: Simulation) -> None:
    # All months rise together, so that a draw is short in all months or in none.
    for level, short in zip(
        analysis.BUILT_AT, undisturbed.risk.shortfall["gpus_required"], strict=True
    ):
        assert short.probability == pytest.approx(1.0 - level, abs=2e-3)
        assert short.months == 3.0
        # Mean excess of a normal over its quantile: sd (phi(z) / (1 - q) - z).
        z = special.ndtri(level)
        excess = 10.0 * (stats.norm.pdf(z) / (1.0 - level) - z)
        assert short.size == pytest.approx(excess, rel=0.02)
        assert short.worst == 0


def test_what_is_built_stays() -> None:
    falling = project(
        {"a": UNIFORM},
        compute("gpus_required", ["a", "step"], "a * (2.0 - step)", "month"),
        months=2,
    )
    (short, *_) = simulate(falling, 256).risk.shortfall["gpus_required"]
    assert short.built == pytest.approx([1.0, 1.0], abs=0.01)
    assert short.chance.tolist() == [0.5, 0.0]
    assert (short.probability, short.months, short.worst) == (0.5, 1.0, 0)


def test_the_capacity_that_is_enough_stands_beside_the_plans_own(undisturbed: Simulation) -> None:
    capacity = undisturbed.risk.capacity["gpus_required"]
    assert capacity.needed == pytest.approx(102.0 + 10.0 * special.ndtri(0.9), rel=2e-3)
    assert capacity.low < 102.0 + 10.0 * special.ndtri(0.9) < capacity.high
    assert (capacity.planned, capacity.built) == (102.0, 107.0)
    assert capacity.planned_at == pytest.approx(0.5, abs=2e-3)
    assert capacity.enough == pytest.approx(special.ndtr(0.5), abs=3e-3)


def test_months_before_the_horizon_count_for_money_alone() -> None:
    simulation = simulate(usual(before=1), 64, workers=1)
    assert len(simulation.risk.shortfall["gpus_required"][0].built) == 2
    b = simulation.sampler.draws(0, 64)[1]
    assert simulation.spreads["capex"].figures == pytest.approx(6.0 * b)
    years = simulation.spreads["capex"].years
    assert years is not None and years.at(0.5) == pytest.approx([np.median(5.0 * b)])


def test_a_certain_project_has_no_spread() -> None:
    certain = project({}, compute("tco", ["step"], "total(step, MONTH)", "", "USD"))
    spread = simulate(certain, 10).spreads["tco"].cells
    assert spread is not None and set(spread.values.ravel()) == {3.0}


# --- The same to the last bit ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("workers", "block"), ((1, 64), (2, 256), (2, 37), (3, 1)))
def test_bits_depend_on_neither_workers_nor_blocks(
    undisturbed: Simulation, workers: int, block: int
) -> None:
    draws = 1000 if block > 1 else 40
    other = simulate(usual(), draws, workers=workers, block=block)
    whole = undisturbed if draws == 1000 else simulate(usual(), draws, block=draws)
    assert same(whole, other)
    assert repr(whole.risk) == repr(other.risk)
    for name, found in whole.spreads.items():
        months, others = found.months, other.spreads[name].months
        assert months is not None and others is not None
        assert np.array_equal(months.values, others.values)
        assert np.array_equal(months.mean, others.mean)


def test_bits_of_the_shipped_scenario_depend_on_neither() -> None:
    project = load("5pct_ev_market")
    whole = simulate(project, 24, block=24, workers=1)
    assert same(whole, simulate(project, 24, block=7, workers=2))


def test_slabs_of_any_size_give_the_same(
    undisturbed: Simulation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(analysis, "SLAB", 1)
    small = replace(undisturbed)  # without what is remembered
    for name, found in small.spreads.items():
        whole = undisturbed.spreads[name]
        assert repr(found) == repr(whole)


def test_another_seed_gives_other_draws(undisturbed: Simulation) -> None:
    assert not np.array_equal(numbers(simulate(usual(), 1000, seed=2)), numbers(undisturbed))


@pytest.mark.parametrize("name", ["5pct_ev_market", "test_fleet"])
def test_a_draw_at_the_medians_is_the_plan(name: str) -> None:
    project = load(name)
    medians = project.table.redrawn(Sampler.of(project.table).medians())
    drawn = project.run(HEADLINE, medians)
    plan = project.plan()
    for quantity in HEADLINE:
        assert np.array_equal(drawn[quantity], plan.values(quantity)[0])


def test_a_draw_is_the_plan_with_its_inputs(undisturbed: Simulation) -> None:
    draws = undisturbed.sampler.draws(700, 701)
    toy = undisturbed.project
    alone = toy.run(["gpus_required"], toy.table.redrawn(draws))["gpus_required"]
    assert undisturbed.values("gpus_required")[700] == pytest.approx(alone.reshape(3, 2), rel=0)


# --- Going on --------------------------------------------------------------------------------------------------------


def test_more_draws_go_on_from_those_that_are_there(
    undisturbed: Simulation, tmp_path: Path
) -> None:
    simulate(usual(), 300, out=tmp_path, block=128)
    done: list[int] = []
    longer = simulate(usual(), 1000, out=tmp_path, block=256, progress=done.append)
    assert done[0] == 300
    assert Block(256, 300) in longer.blocks  # a part of a block stays what it is
    assert same(longer, undisturbed)


def test_the_same_again_computes_nothing(undisturbed: Simulation, tmp_path: Path) -> None:
    simulate(usual(), 1000, out=tmp_path, block=256)
    done: list[int] = []
    again = simulate(usual(), 1000, out=tmp_path, progress=done.append)
    assert done == [1000]
    assert same(again, undisturbed)


@pytest.mark.parametrize(
    ("change", "said"),
    (
        ({"seed": 2}, r"another study: seed is 1 there, 2 here\. Give"),
        ({"draws": 10}, "it has 64 draws, more than 10"),
        ({"keep": ["gpus"]}, r"other quantities are kept \(--keep\)"),
        ({"b": Distribution("lognormal", (1.0, 0.6))}, r"1 input differs \(toy\.b\)"),
        ({"months": 4}, r"1 input differs \(toy\.step\[3\]\)"),
    ),
)
def test_another_study_is_refused_with_what_differs(
    tmp_path: Path, change: dict[str, object], said: str
) -> None:
    simulate(usual(), 64, out=tmp_path)
    of_project = {key: change.pop(key) for key in ("b", "months") if key in change}
    with pytest.raises(StudyError, match=said) as refused:
        simulate(usual(**of_project), **{"draws": 64, "out": tmp_path, **change})  # type: ignore[arg-type]
    assert refused.value.exit_code == 2


def test_other_correlations_are_another_study(tmp_path: Path) -> None:
    simulate(usual(), 8, out=tmp_path)
    toy = usual()
    together = (Correlation(("toy.a", "toy.b"), 0.5),)
    correlated = replace(toy, table=replace(toy.table, correlations=together))
    with pytest.raises(StudyError, match="another study: the correlations differ"):
        simulate(correlated, 8, out=tmp_path)


def test_draws_in_the_order_of_other_files_are_another_study(tmp_path: Path) -> None:
    """A change on the command line that the files then have leads to the same inputs in other dimensions."""
    toy = usual()
    simulate(toy, 8, out=tmp_path)
    files = replace(toy.table, rows=toy.table.rows[::-1])
    changed = replace(toy, _read_as_written=lambda: files)
    with pytest.raises(
        StudyError, match="another study: the uncertain inputs are drawn in another"
    ):
        simulate(changed, 8, out=tmp_path)


def test_a_study_goes_on_whatever_is_changed_in_what_shows_its_numbers() -> None:
    root = Path(planner.__file__).parent
    read = {place for place, _ in _sources(usual())}
    assert {"project.py", "headline.py", "graph.py", "study/sampling.py"} <= read
    assert all((root / name).exists() for name in _SHOWING)
    assert not [place for place in read if Path(place).parts[0] in _SHOWING]
    computing = "import planner.study.workers, sys; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", computing], capture_output=True, check=True)
    shown = {"planner.plan", "planner.results", "planner.findings", "planner.report"}
    assert not shown & {*loaded.stdout.decode().split()}


def test_two_runs_do_not_share_a_folder(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from planner.study.blocks import Folder\n"
        f"with Folder(Path({str(tmp_path)!r})).alone(): print('in', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", script]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "cwd": ROOT}
    with subprocess.Popen(command, **pipes) as other:  # type: ignore[call-overload]
        assert other.stdout.readline() == b"in\n"
        with pytest.raises(StudyError, match="another run is at work in it"):
            simulate(usual(), 10, out=tmp_path)
        other.kill()
    simulate(usual(), 10, out=tmp_path)


def test_a_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    for text in ("[1]", '{"format": 1}', "{"):
        (tmp_path / "manifest.json").write_text(text)
        with pytest.raises(StudyError, match="is not the manifest of a study"):
            simulate(usual(), 10, out=tmp_path)


def test_blocks_that_are_torn_or_overlap_are_done_again(
    undisturbed: Simulation, tmp_path: Path
) -> None:
    simulate(usual(), 600, out=tmp_path, block=300)
    blocks = tmp_path / "blocks"
    assert not (blocks / "counts.npz").exists()  # few blocks are not worth merging
    torn = blocks / "draws-0000000300-0000000600.npy"
    torn.write_bytes(torn.read_bytes()[:-8])
    (blocks / "draws-0000000200-0000000400.npy").write_bytes(b"")
    whole = simulate(usual(), 1000, out=tmp_path)
    assert same(whole, undisturbed)


def test_what_was_half_written_is_tidied_away_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "blocks").mkdir()
    (tmp_path / "charts").mkdir()
    left = ["blocks/draws-1.npy.7.part", "results.nc.77.part", "charts/gpus.svg.7.part"]
    others = ["film.part", "results.part"]
    for name in (*left, *others):
        (tmp_path / name).write_bytes(b"")
    simulate(usual(), 10, out=tmp_path)
    assert not any((tmp_path / name).exists() for name in left)
    assert all((tmp_path / name).exists() for name in others)


@pytest.mark.parametrize("part", [0, 100, 3000])
def test_a_torn_sketch_has_its_blocks_done_again(
    undisturbed: Simulation, tmp_path: Path, part: int
) -> None:
    first = simulate(usual(), 600, out=tmp_path, block=50)
    first.folder.merge(first.blocks[:7])
    counts = tmp_path / "blocks" / "counts.npz"
    counts.write_bytes(counts.read_bytes()[:part])
    alone = tmp_path / "blocks" / "counts-0000000350-0000000400.npz"
    alone.write_bytes(alone.read_bytes()[:part])
    assert same(simulate(usual(), 1000, out=tmp_path), undisturbed)


def test_a_merge_that_is_cut_short_counts_nothing_twice(
    undisturbed: Simulation, tmp_path: Path
) -> None:
    first = simulate(usual(), 600, out=tmp_path, block=50)
    counts = {file: file.read_bytes() for file in tmp_path.glob("blocks/counts-*")}
    assert len(counts) == 12
    first.folder.merge(first.blocks[:7])
    for file, content in counts.items():  # as if it had been killed before it deleted them
        file.write_bytes(content)
    assert same(simulate(usual(), 1000, out=tmp_path), undisturbed)


def test_kept_numbers_that_are_lost_after_their_sketch_was_merged_are_computed_again(
    undisturbed: Simulation, tmp_path: Path
) -> None:
    first = simulate(usual(), 600, out=tmp_path, block=50)
    first.folder.merge(first.blocks)
    (tmp_path / "blocks" / "draws-0000000050-0000000100.npy").unlink()
    torn = tmp_path / "blocks" / "draws-0000000300-0000000350.npy"
    torn.write_bytes(torn.read_bytes()[:-8])
    done: list[int] = []
    again = simulate(usual(), 1000, out=tmp_path, progress=done.append)
    assert done[0] == 500
    assert same(again, undisturbed)
    again.folder.merge(again.blocks)
    assert same(again, undisturbed)


def test_a_study_is_read_as_it_was_while_another_run_goes_on(tmp_path: Path) -> None:
    shorter = simulate(usual(), 300, out=tmp_path, block=10)
    simulate(usual(), 1000, out=tmp_path, block=10)
    fresh = simulate(usual(), 300)
    name = "ingest_peak"
    counted = [each.spreads[name].months for each in (shorter, fresh)]
    assert counted[0] is not None and counted[1] is not None
    assert np.array_equal(counted[0].values, counted[1].values)
    assert np.array_equal(numbers(shorter), numbers(fresh))


def test_what_is_missing_is_filled_with_blocks() -> None:
    done = [Block(256, 512), Block(512, 600)]
    assert missing(done, 700, 200) == [Block(0, 200), Block(200, 256), Block(600, 700)]
    assert missing([], 3, 2) == [Block(0, 2), Block(2, 3)]
    assert missing([Block(0, 5)], 5, 2) == []


# --- Whatever befalls the workers ------------------------------------------------------------------------------------


def test_the_block_of_a_killed_worker_is_done_again(
    undisturbed: Simulation, tmp_path: Path
) -> None:
    killed: list[int] = []

    def kill(done: int) -> None:
        alive = [each.pid for each in multiprocessing.active_children()]
        fresh = [pid for pid in alive if pid and pid not in killed]
        if fresh and len(killed) < 3:
            killed.append(fresh[0])
            os.kill(killed[-1], signal.SIGKILL)

    survived = simulate(usual(), 1000, out=tmp_path, block=50, workers=2, progress=kill)
    assert len(set(killed)) == 3
    assert same(survived, undisturbed)


def test_a_block_that_kills_every_worker_is_given_up() -> None:
    deadly = project({"a": UNIFORM}, compute("tco", ["a"], "die(a)", "", "USD", die=_die), months=2)
    with pytest.raises(
        StudyError, match=r"draws 0 to 9: 3 workers died of them \(killed by SIGKILL\)"
    ):
        simulate(deadly, 10, workers=2)


def _die(a: Array) -> Array:
    os.kill(os.getpid(), signal.SIGKILL)
    return a


def test_a_fault_in_a_quantity_names_it_and_the_draws() -> None:
    faulty = project(
        {"a": UNIFORM}, compute("tco", ["a"], "np.where(a < 0.5, np.nan, a)", "", "USD"), months=2
    )
    with pytest.raises(PlannerError, match=r"draws \d+ to \d+: tco: is NaN"):
        simulate(faulty, 20, workers=2, block=10)
    assert not multiprocessing.active_children()


@pytest.mark.parametrize(
    "mixing", ["a - a.mean(axis=0, keepdims=True)", "np.sort(a, axis=0)", "np.roll(a, 1, axis=0)"]
)
def test_a_quantity_that_mixes_draws_is_refused_though_it_keeps_their_number(mixing: str) -> None:
    mixed = project({"a": UNIFORM}, compute("tco", ["a"], mixing, "", "USD"), months=2)
    with pytest.raises(PlannerError, match="tco: mixes draws"):
        simulate(mixed, 20, workers=2, block=10)
    with pytest.raises(PlannerError, match="tco: mixes draws"):
        Drawn.of(mixed).values("tco")


def test_no_shipped_quantity_mixes_draws() -> None:
    shipped = load("5pct_ev_market")
    last = compute("capex", ["node_payments"], "node_payments", "month", "USD")
    changed = replace(shipped, graph=shipped.graph.replace(last))
    refuse_mixed(changed, Sampler.of(shipped.table), [*HEADLINE, *FINDINGS])
    mixing = compute(
        "capex", ["node_payments"], "np.roll(node_payments, 1, axis=0)", "month", "USD"
    )
    changed = replace(shipped, graph=shipped.graph.replace(mixing))
    with pytest.raises(PlannerError, match="capex: mixes draws"):
        refuse_mixed(changed, Sampler.of(shipped.table), [*HEADLINE, *FINDINGS])


def test_interrupting_says_how_far_it_came(undisturbed: Simulation, tmp_path: Path) -> None:
    def interrupt(done: int) -> None:
        if done >= 200:
            raise KeyboardInterrupt

    with pytest.raises(
        Interrupted, match=r"stopped after 200 of 1,000 draws; the same command goes on"
    ):
        simulate(usual(), 1000, out=tmp_path, block=100, workers=1, progress=interrupt)
    assert not multiprocessing.active_children()
    assert same(simulate(usual(), 1000, out=tmp_path), undisturbed)


SLOW = """
    import time
    from tests.study.toys import usual
    from planner.study import workers
    compute = workers.Task.compute
    def slowly(task, block):
        time.sleep(0.05)
        return compute(task, block)
    workers.Task.compute = slowly
    from planner.study.simulation import simulate
    simulate(usual(), 1000, out={out!r}, block=20, workers=2)
"""


def test_a_killed_parent_leaves_what_is_done_and_no_workers(
    undisturbed: Simulation, tmp_path: Path
) -> None:
    script = textwrap.dedent(SLOW).format(out=str(tmp_path))
    parent = subprocess.Popen([sys.executable, "-c", script], cwd=ROOT)
    for _ in _until(lambda: len(list(tmp_path.glob("blocks/draws-*.npy"))) > 4, 60.0):
        pass
    workers = _children(parent.pid)
    parent.kill()
    parent.wait()
    done: list[int] = []
    resumed = simulate(usual(), 1000, out=tmp_path, block=20, progress=done.append)
    assert 80 <= done[0] < 1000
    assert same(resumed, undisturbed)
    assert len(workers) == 2
    for _ in _until(lambda: not any(_alive(pid) for pid in workers), 3.0):
        pass


def _until(holds: object, seconds: float) -> Iterator[None]:
    """Waits until something holds; fails where it does not come to that."""
    end = time.monotonic() + seconds
    while not holds():  # type: ignore[operator]
        assert time.monotonic() < end
        time.sleep(0.02)
        yield


def _children(pid: int) -> list[int]:
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(child) for child in text.split()]


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except FileNotFoundError:
        return False


def test_matrix_products_of_a_worker_run_inone_thread() -> None:
    script = """
        import ctypes, numpy
        from planner.study.workers import one_thread
        library = ctypes.CDLL(numpy._core._multiarray_umath.__file__)
        threads = getattr(library, "scipy_openblas_get_num_threads64_", None)
        before = threads and threads()
        one_thread()
        print(before, threads and threads())
    """
    run = [sys.executable, "-c", textwrap.dedent(script)]
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "2"}
    said = subprocess.run(
        run, cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    assert said.stdout.split() in (["2", "1"], ["1", "1"], ["None", "None"])


def test_workers_that_share_no_memory_give_the_same() -> None:
    project = load("test_fleet", set={"fleet.life": "14 year"})
    keep = ["tco", "gpus_required"]
    spawned = simulate(project, 6, keep=keep, workers=1, block=3, method="spawn")
    assert same(spawned, simulate(project, 6, keep=keep))


def test_a_project_is_loaded_again_with_all_that_changed_it(tmp_path: Path) -> None:
    project = load(
        "5pct_ev_market",
        set=["fleet.life=14 year", "programs.model_n.daily_hours='2 hour/day'"],
        set_quantity="gpus_required={taiwan: 1500, japan: 500, china: 0}",
        hardware="dgx_h100",
        rules_as_of="2026-02",
        allow_export_violation=True,
    )
    manifest = manifest_of(project, 8, 1, ["tco"])
    task = Task.of(project, ["tco"], 1, Folder(tmp_path))
    again = Recipe.of(task, manifest).project()
    assert again.changes == project.changes
    assert manifest_of(again, 8, 1, ["tco"]) == manifest
    with pytest.raises(StudyError, match="does not say what it did"):
        replace(Recipe.of(task, manifest), changes=()).task()


# --- Memory, and what is refused -------------------------------------------------------------------------------------


def test_memory_stays_flat(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(analysis, "SLAB", 1_000_000)

    def peak(draws: int) -> int:
        simulation = simulate(usual(months=12), draws, block=5_000)
        tracemalloc.start()
        assert simulation.risk and simulation.spent
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    few, many = peak(10_000), peak(60_000)
    # 73 numbers are stored of a draw. In memory are a slab, and a few numbers a draw: figures, shortages, sums so far.
    assert many - few < 50_000 * 8 * 25, (few, many)


def test_unknown_quantities_and_impossible_numbers_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="gpu_required  no such quantity; nearest: gpus_required"):
        simulate(usual(), 10, keep=["gpu_required"])
    with pytest.raises(InputError, match="expected at least 1"):
        simulate(usual(), 0)
    with pytest.raises(InputError, match="whole number from 0"):
        simulate(usual(), 1, seed=-1)


def test_a_disk_that_is_too_small_is_seen_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    import shutil

    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10, 9, 1_000))
    with pytest.raises(PlannerError, match=r"need .* GB, 1e-06 GB are free; keep fewer quantities"):
        simulate(usual(), 1000)


def test_what_is_asked_for_is_kept_and_the_rest_counted() -> None:
    simulation = simulate(usual(), 32, keep=["gpus", "ingest_peak"])
    assert [column.name for column in simulation.kept] == ["gpus", "ingest_peak"]
    assert simulation.spreads["ingest_peak"].cells is not None
    needed = simulation.spreads["gpus_required"]  # its totals are stored, because risk needs them
    assert needed.cells is None and needed.months is not None and needed.months.exact
    with pytest.raises(PlannerError, match="tco is not kept"):
        simulation.values("tco")
