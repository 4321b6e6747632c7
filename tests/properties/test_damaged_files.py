"""A thousand damaged scenarios: each is a plan, or says what is wrong with file, line and key.

The shipped scenarios, the base that they extend and a profile under them are damaged in turn
(`mutations.py`); seed by seed the same damage. No other exception leaves the loader, and nothing
takes longer than two seconds of the processor.
"""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from planner import resources
from planner.errors import Fault, InputError
from planner.headline import HEADLINE
from planner.project import load
from tests.command import Planner
from tests.properties.mutations import MUTATIONS, mutated

COUNT = 1000
BATCH = 100
SECONDS = 2.0
BY_COMMAND = tuple(range(0, COUNT, 67))

PROFILES = (
    *("nodes/gh200_nvl32", "accelerators/gh200_96", "vehicles/model_c", "storage/hdd_dense"),
    *("models/driving_10b", "regions/japan", "markets/iea_2024_steps", "rules/us_export"),
    *("network/quantum2_qm9700", "ecus/drive_thor"),
)


@contextmanager
def processor_time(seconds: float) -> Iterator[None]:
    """Fail when the block takes longer; time for which others have the processor does not count."""

    def stop(*_: object) -> None:
        raise TimeoutError(f"more than {seconds} s")

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0.0)
        signal.signal(signal.SIGPROF, before)


def damaged(folder: Path, seed: int) -> tuple[Path, list[Path], str]:
    """A scenario with the damage of a seed in it or under it: its file, overlay folders, the damage."""
    scenarios = resources.scenarios()
    names = list(scenarios)
    name = names[seed % len(names)]
    files = {folder / f"{each}.yaml": scenarios[each] for each in scenarios}
    files[folder / "base.yaml"] = resources.scenario_root() / "base.yaml"
    target = folder / f"{(name, name, 'base')[seed % 3]}.yaml"
    overlays = []
    if seed % 5 == 4:
        target = folder / resources.data_root().name / f"{PROFILES[seed // 5 % len(PROFILES)]}.yaml"
        overlays = [target.parent.parent]
        files[target] = (
            resources.data_root() / "hardware_profiles" / target.relative_to(overlays[0])
        )
    for file, original in files.items():
        text, what = original.read_text(encoding="utf-8"), ""
        if file == target:
            text, what = mutated(text, seed)
            damage = f"{what} in {file.name}"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode("utf-8", "surrogatepass"))
    return folder / f"{name}.yaml", overlays, damage


NO_KEY = (
    *("not valid YAML", "the control character", "the file is empty", "a second document starts"),
    *('expected "key: value"', "byte 0x", "merge keys (<<)", "the key ", "a key stands"),
)
"""What is said of a text in which there is no key to name, or of a key that cannot be one."""


def names_its_place(fault: Fault) -> bool:
    """A fault names file and line, and the key where there is one."""
    has_key = bool(fault.path) or fault.message.startswith(NO_KEY)
    return bool(fault.file) and fault.line > 0 and has_key


@pytest.mark.parametrize("start", range(0, COUNT, BATCH))
def test_a_damaged_scenario_is_a_plan_or_says_what_is_wrong(start: int, tmp_path: Path) -> None:
    outcomes = {"plan": 0, "fault": 0}
    for seed in range(start, start + BATCH):
        file, overlays, damage = damaged(tmp_path, seed)
        where = f"seed {seed}, {damage}"
        try:
            with processor_time(SECONDS):
                plan = load(file, profiles=overlays).plan()
        except InputError as error:
            outcomes["fault"] += 1
            assert error.exit_code == 2, where
            assert error.faults, where
            for fault in error.faults:
                assert names_its_place(fault), f"{where}: {fault}"
        except Exception as error:
            pytest.fail(f"{where}: {type(error).__name__}: {error}")
        else:
            outcomes["plan"] += 1
            for name in HEADLINE:
                assert np.isfinite(plan[name].values).all(), f"{where}: {name} is not finite"
    assert min(outcomes.values()) > BATCH / 20, outcomes


def test_every_kind_of_damage_is_done_and_changes_the_text() -> None:
    text = resources.scenarios()["5pct_ev_market"].read_text(encoding="utf-8")
    assert len(MUTATIONS) < BATCH
    for seed in range(len(MUTATIONS)):
        again = [mutated(text, seed + k * len(MUTATIONS)) for k in range(5)]
        assert any(found != text for found, _ in again), again[0][1]
        assert mutated(text, seed) == again[0]


@pytest.mark.parametrize("seed", BY_COMMAND)
def test_the_command_ends_with_a_plan_or_with_2(
    planner: Planner, seed: int, tmp_path: Path
) -> None:
    """The same through `planner size FILE --json`; 1 is left for a check that the scenario declares."""
    file, overlays, damage = damaged(tmp_path, seed)
    options = [part for folder in overlays for part in ("--profiles", str(folder))]
    done = planner("size", str(file), "--json", *options)
    if done.code == 2:
        assert done.out == "", damage
        assert ".yaml:" in done.err, damage
    else:
        assert done.code in (0, 1), f"{damage}: {done.err}"
        assert json.loads(done.out)["schema"] == 1
