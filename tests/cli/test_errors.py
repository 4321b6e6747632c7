"""What people see when something is wrong: every kind of error, as agreed in `tests/golden/errors.txt`.

Each names the place and says what to type instead. Wrong options are typer's own words and are tested by their code.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Planner

FILES = {
    "tab.yaml": "extends: 5pct_ev_market.yaml\nprograms:\n\tmodel_n: {}\n",
    "twice.yaml": "extends: 5pct_ev_market.yaml\ntitle: a\ntitle: b\n",
    "tag.yaml": "extends: 5pct_ev_market.yaml\ntitle: !!python/object:os.system x\n",
    "open.yaml": "extends: 5pct_ev_market.yaml\ntitle: [a\n",
    "nothing.yaml": "",
    "list.yaml": "- a\n- b\n",
    "base_missing.yaml": "extends: 5pct_ev_markt.yaml\ntitle: x\n",
    "outside.yaml": "extends: ../../../etc/passwd\ntitle: x\n",
    "circle.yaml": "extends: circle.yaml\ntitle: x\n",
    "key.yaml": "extends: 5pct_ev_market.yaml\nmarkets: {}\nmarke: {share: 3 %}\n",
    "unit.yaml": "extends: 5pct_ev_market.yaml\nfleet: {life: 14 GB}\n",
    "spelling.yaml": "extends: 5pct_ev_market.yaml\nfleet: {life: 14 yaers}\n",
    "bare.yaml": "extends: 5pct_ev_market.yaml\nfleet: {life: 14}\n",
    "bound.yaml": "extends: 5pct_ev_market.yaml\ncuration: {clip_length: -1 second}\n",
    "order.yaml": "extends: 5pct_ev_market.yaml\nfleet: {life: {low: 3 year, base: 2 year, high: 9 year}}\n",
    "spread.yaml": "extends: 5pct_ev_market.yaml\nfleet: {life: {low: 1 year, base: 1.1 year, high: 90 year}}\n",
    "month.yaml": "extends: 5pct_ev_market.yaml\nplan_start: 2023-13\n",
    "horizon.yaml": "extends: 5pct_ev_market.yaml\nhorizon: {start: 2030-01, end: 2024-01}\n",
    "profile.yaml": "extends: 5pct_ev_market.yaml\nsites: {taiwan: {training: dgx_h10}}\n",
    "region.yaml": "extends: 5pct_ev_market.yaml\nregions: {japan: {site: osaka}}\n",
    "choice.yaml": "extends: 5pct_ev_market.yaml\nrules_as_of: soon\n",
    "check.yaml": "extends: 5pct_ev_market.yaml\nchecks:\n  - {name: a, quantity: gpu, at: 2025-01, at_least: 3}\n",
    "correlation.yaml": (
        "extends: 5pct_ev_market.yaml\n"
        "correlations:\n  - {of: [fleet.lif, fleet.life_shape], correlation: 0.5, source: x, confidence: assumed}\n"
    ),
    "campaign.yaml": "extends: monthly_release.yaml\nhorizon: 3\nupdate: {full_mb: many}\n",
    "quantity.py": (
        "from planner.graph import quantity\n\n"
        "@quantity(unit='1', axes='month')\ndef gpus_requird(x):\n    return x\n"
    ),
    "broken.py": "def f(:\n",
}  # fmt: skip
HEADLINE = "5pct_ev_market"
COMMANDS = (
    *(f"size {name}" for name in FILES if name.endswith(".yaml") and name != "campaign.yaml"),
    "size 5pct_ev_markt",
    "size folder",
    f"size {HEADLINE} --set market.shar=3",
    f"size {HEADLINE} --set market.share",
    f"size {HEADLINE} --set-quantity gpus_requird=3",
    f"size {HEADLINE} --set-quantity ingest_peak=3_watt",
    f"size {HEADLINE} --set-quantity gpus={{munich:3}}",
    f"size {HEADLINE} --hardware dgx_h10",
    f"size {HEADLINE} --profiles nowhere",
    f"size {HEADLINE} --with quantity.py",
    f"size {HEADLINE} --with broken.py",
    f"size {HEADLINE} --json --quantities gpu",
    f"size {HEADLINE} --set regions.china.serve=required --no-spread --json --quantities tco",
    f"explain {HEADLINE} gpu",
    f"explain {HEADLINE} gpus --at 2050-01",
    f"explain {HEADLINE} gpus --site munich",
    f"compare {HEADLINE} --hardware dgx_h10,dgx_a10",
    f"diff {HEADLINE} nothing_there.yaml",
    "new profile nodes/dgx_h100",
    "new scenario tab.yaml",
    "profiles show nodes/dgx_h10",
    "check folder/nothing.yaml",
    "campaign run monthly_releas",
    "campaign run campaign.yaml",
    "campaign run several.json",
    "campaign run several.json --case c",
    "campaign run broken.json",
    "layout llama3_7b --gpus 8 --hardware dgx_h100",
    "layout llama3_70b --gpus 8 --hardware dgx_h10",
    "predict training llama3_70b --hardware dgx_h100 --gpus 8 --tp 3",
    "predict training llama3_70b --hardware dgx_h100 --gpus 8 --tp 1",
    "validate nothing.csv --kind training",
    "validate wrong.csv --kind training",
    "validate broken.json --kind campaign",
)


def test_every_kind_of_error_is_as_agreed(
    planner: Planner,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    golden: Callable[[str, str], None],
) -> None:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "folder").mkdir()
    several = {"cases": [{"name": name, "inputs": {}} for name in ("a", "b")]}
    (tmp_path / "several.json").write_text(json.dumps(several), encoding="utf-8")
    (tmp_path / "broken.json").write_text('{"cases": [\n', encoding="utf-8")
    (tmp_path / "wrong.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    said = []
    for command in COMMANDS:
        done = planner(*(word.replace("3_watt", "3 watt") for word in command.split()))
        assert done.code in (1, 2), command
        assert "Traceback" not in done.err, command
        err = done.err.replace(str(tmp_path), "HERE").rstrip()
        said.append(f"$ planner {command}\n{err}\n(exit {done.code})\n")
    root = str(Path(__file__).parents[2])
    golden("errors.txt", "\n".join(said).replace(root, "CHECKOUT"))


def test_a_wrong_command_writes_nothing(planner: Planner, tmp_path: Path) -> None:
    out = tmp_path / "out"
    for command in (
        f"report nothing_there --out {out}",
        f"simulate nothing_there --out {out}",
        f"campaign run nothing_there --out {out}",
        f"layout llama3_7b --gpus 8 --hardware dgx_h100 --out {out}",
    ):
        assert planner(*command.split()).code == 2
        assert not out.exists(), command
