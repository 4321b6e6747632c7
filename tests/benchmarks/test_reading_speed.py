"""How fast are the files of a plan read and parsed?"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from planner.inputs.documents import load, loads, reading

SpeedLimit = Callable[[str, float, float], None]


def test_sixty_files_of_eighty_lines_are_read_in_150_ms(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, speed_limit: SpeedLimit
) -> None:
    if not yaml.__with_libyaml__:
        pytest.skip("libyaml is absent")
    monkeypatch.setattr(reading, "loads", loads)  # each time anew, not remembered
    entry = 'field_{}: {{value: {} GB, source: "vendor data sheet", confidence: published}}\n'
    text = "".join(entry.format(i, i) if i % 2 else f"name_{i}:\n" for i in range(80))
    files = [tmp_path / f"{i}.yaml" for i in range(60)]
    for file in files:
        file.write_text(text, encoding="utf-8")

    def seconds() -> float:
        start = time.perf_counter()
        for file in files:
            load(file)
        return time.perf_counter() - start

    speed_limit("reading 60 files of 80 lines, ms", 1e3 * min(seconds() for _ in range(5)), 150)
