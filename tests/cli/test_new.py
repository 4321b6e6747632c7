"""Files to start from, the tutorial, and what a shell completes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from planner.cli import complete
from planner.project import load
from tests.cli.conftest import Planner

HEADLINE = "5pct_ev_market"


def uncommented(text: str) -> str:
    """The file with every entry that it offers switched on."""
    lines = text.splitlines()
    entry = re.compile(r"# ( *)([A-Za-z0-9_]+:( .*)?|- .*)$")
    start = lines.index(next(line for line in lines if line.startswith("title:")))
    return "\n".join(
        line[2:] if number > start and entry.match(line) else line
        for number, line in enumerate(lines)
    )


def test_a_new_scenario_plans_what_its_base_plans(planner: Planner, tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    result = planner("new", "scenario", str(file), "--title", "Mine: a test")
    assert result.code == 0
    mine, base = load(file).plan(), load(HEADLINE).plan()
    assert mine.title == "Mine: a test"
    assert mine.values("tco")[0].item() == base.values("tco")[0].item()


def test_every_entry_that_a_new_scenario_offers_can_be_switched_on(
    planner: Planner, tmp_path: Path
) -> None:
    file = tmp_path / "mine.yaml"
    planner("new", "scenario", str(file))
    text = file.read_text(encoding="utf-8")
    blocks = uncommented(text).split("\n# ---")
    inputs = [block for block in blocks[-1].split("\n\n") if ":" in block]
    assert len(inputs) >= 8
    head = "extends: 5pct_ev_market.yaml\ntitle: one at a time\n"
    for block in inputs:
        file.write_text(head + block + "\n", encoding="utf-8")
        checked = planner("check", str(file))
        assert checked.code == 0, (block, checked.err)


def test_a_new_profile_is_its_base_until_it_is_changed(planner: Planner, tmp_path: Path) -> None:
    result = planner(
        "new", "profile", "nodes/my_rack", "--like", "gh200_nvl32", "--out", str(tmp_path)
    )
    assert result.code == 0
    mine = load(HEADLINE, hardware="my_rack", profiles=[tmp_path]).plan()
    base = load(HEADLINE, hardware="gh200_nvl32").plan()
    assert mine.values("tco")[0].item() == pytest.approx(base.values("tco")[0].item())
    text = (tmp_path / "nodes" / "my_rack.yaml").read_text(encoding="utf-8")
    assert "# provisioned peak power of one node" in text
    assert "[watt]" in text


@pytest.mark.parametrize(
    "kind", ["accelerators", "regions", "vehicles", "models", "ecus", "storage"]
)
def test_a_new_profile_of_any_kind_passes_its_check(
    planner: Planner, tmp_path: Path, kind: str
) -> None:
    assert planner("new", "profile", f"{kind}/mine", "--out", str(tmp_path)).code == 0
    checked = planner("check", str(tmp_path / kind / "mine.yaml"))
    assert checked.code == 0, checked.err


def test_no_file_is_overwritten(planner: Planner, tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("precious", encoding="utf-8")
    result = planner("new", "scenario", str(file))
    assert result.code == 2
    assert "is there already" in result.err
    assert file.read_text(encoding="utf-8") == "precious"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("profile", "nodes"), "expected KIND/NAME"),
        (("profile", "node/mine"), "nodes"),
        (("profile", "nodes/mine", "--like", "dgx_h10"), "dgx_h100"),
        (("profile", "nodes/dgx_h100"), "has a profile"),
        (("scenario", "mine", "--extends", "5pct_ev_markt"), "5pct_ev_market"),
    ],
)
def test_wrong_names_are_refused_with_the_nearest(
    planner: Planner,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    result = planner("new", *arguments)
    assert result.code == 2
    assert said in result.err
    assert not list(tmp_path.iterdir())


def test_the_tutorial_runs_to_its_end(
    planner: Planner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = planner("tutorial", "--no-pause")
    assert result.code == 0, result.err
    assert "6 of 6" in result.out
    assert "market.share" in result.out
    folder = tmp_path / "planner_tutorial"
    assert (folder / "report" / "report.pdf").read_bytes().startswith(b"%PDF")
    assert (folder / "profiles" / "nodes" / "my_rack.yaml").is_file()
    again = planner("tutorial", "--no-pause")
    assert again.code == 2


def test_a_shell_is_offered_names() -> None:
    assert HEADLINE in complete.scenario_names("5")
    assert complete.node_names("gh200_nvl32,dgx_h1") == ["gh200_nvl32,dgx_h100"]
    assert "nodes/" in complete.profile_kinds_and_names("no")
    assert complete.profile_kinds_and_names("nodes/dgx_h1") == ["nodes/dgx_h100"]
    assert complete.profile_kinds_and_names("nothing/") == []
    assert "gpus_required" in complete.quantity_names("gpus")
