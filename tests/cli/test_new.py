"""Files to start from, the tutorial, and what a shell completes."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from planner.cli import complete, new
from planner.inputs.documents import Table, is_number
from planner.inputs.load import profile_tree
from planner.project import load
from planner.study.changes import written
from tests.cli.conftest import Planner

HEADLINE = "5pct_ev_market"


def uncommented(text: str) -> str:
    """The file with every entry that it offers switched on."""
    lines = text.splitlines()
    entry = re.compile(r"# ( *)([A-Za-z0-9_-]+:( .*)?|- .*)$")
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


def test_every_entry_that_a_new_scenario_offers_can_be_switched_on_and_changes_nothing(
    planner: Planner, tmp_path: Path
) -> None:
    file = tmp_path / "mine.yaml"
    planner("new", "scenario", str(file))
    text = file.read_text(encoding="utf-8")
    blocks = uncommented(text).split("\n# ---")
    inputs = [block for block in blocks[-1].split("\n\n") if ":" in block]
    assert len(inputs) >= 8
    assert any("series:" in block for block in inputs)
    head = "extends: 5pct_ev_market.yaml\ntitle: one at a time\n"
    base = load(HEADLINE).table
    for block in inputs:
        file.write_text(head + block + "\n", encoding="utf-8")
        mine = load(file).table
        changed = [row for row in mine.rows if row.file.endswith("mine.yaml")]
        assert changed, block
        was = {row.path: (row.value, row.low, row.high) for row in base.rows}
        for row in changed:
            assert (row.value, row.low, row.high) == was[row.path], block


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


def test_words_of_a_title_stay_as_they_are(planner: Planner, tmp_path: Path) -> None:
    """Also such as the file's own comments are made of, and what no YAML may hold."""
    file = tmp_path / "mine.yaml"
    title = 'DATABASE of THIS_FILE: "RENAMED" # \x7f \U0001f600'
    assert planner("new", "scenario", str(file), "--title", title).code == 0
    assert load(file).plan().title == title.replace("\x7f", "\\x7f")
    out = tmp_path / "my profiles"
    assert planner("new", "profile", "regions/NAME", "--title", title, "--out", str(out)).code == 0
    text = (out / "regions" / "NAME.yaml").read_text(encoding="utf-8")
    assert "DATABASE of THIS_FILE" in text
    assert "RENAMED" in text
    assert f"--profiles '{out}'" in text


@pytest.mark.parametrize("name", ["a: b #1.yaml", "it's mine.yaml", "two\nlines: 3.yaml"])
def test_files_may_be_called_anything(planner: Planner, tmp_path: Path, name: str) -> None:
    base, file = tmp_path / "deep" / name, tmp_path / name
    base.parent.mkdir()
    base.write_text("extends: test_fleet.yaml\ntitle: base\n", encoding="utf-8")
    result = planner("new", "scenario", str(file), "--extends", str(base))
    assert result.code == 0, result.err
    assert planner("check", str(file)).code == 0
    if "\n" not in name:
        (command,) = [line for line in result.out.splitlines() if "planner check" in line]
        assert shlex.split(command) == ["planner", "check", str(file)]


def test_what_cannot_be_written_leaves_no_half_a_file(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    with pytest.raises(UnicodeEncodeError):
        new._write(file, f"{'text' * 10_000} \ud800")
    assert not file.exists()


@pytest.mark.parametrize("kind_and_base", ["regions/taiwan", "storage", "vehicles", "models"])
def test_what_a_new_profile_offers_is_what_it_inherits(
    planner: Planner, tmp_path: Path, kind_and_base: str
) -> None:
    """Each entry alone, switched on, changes nothing: numbers by a distribution or a series too."""
    kind, _, base = kind_and_base.partition("/")
    like = ["--like", base] if base else []
    assert planner("new", "profile", f"{kind}/mine", *like, "--out", str(tmp_path)).code == 0
    file = tmp_path / kind / "mine.yaml"
    lines = file.read_text(encoding="utf-8").splitlines()
    extends = next(line for line in lines if line.startswith("extends: "))
    named = extends.removeprefix("extends: ").removesuffix(".yaml")
    tree = profile_tree(kind, named)
    assert isinstance(tree, Table)
    offered = {}
    for line in lines[lines.index(extends) :]:
        if entry := re.fullmatch(r"# ([a-z_0-9]+): (.*)", line):
            offered[entry[1]] = entry[2]
    numbers = {
        key: node
        for key, node in tree.entries.items()
        if isinstance(node, Table) and is_number(node)
    }
    assert numbers
    for key, node in numbers.items():
        file.write_text(f"{extends}\ntitle: mine\n{key}: {offered[key]}\n", encoding="utf-8")
        mine = profile_tree(kind, "mine", [tmp_path])
        assert isinstance(mine, Table)
        assert written(mine.entries[key]) == written(node), key


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
        (("profile", "nodes/../mine"), "expected KIND/NAME"),
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
    arguments = ("tutorial", "--no-pause", "--out", "it's my tutorial")
    result = planner(*arguments)
    assert result.code == 0, result.err
    assert "6 of 6" in result.out
    assert "market.share" in result.out
    folder = tmp_path / "it's my tutorial"
    assert (folder / "report" / "report.pdf").read_bytes().startswith(b"%PDF")
    assert (folder / "profiles" / "nodes" / "my_rack.yaml").is_file()
    again = planner(*arguments)
    assert again.code == 2


def test_a_shell_is_offered_names() -> None:
    assert HEADLINE in complete.scenario_names("5")
    assert complete.node_names("gh200_nvl32,dgx_h1") == ["gh200_nvl32,dgx_h100"]
    assert "nodes/" in complete.profile_kinds_and_names("no")
    assert complete.profile_kinds_and_names("nodes/dgx_h1") == ["nodes/dgx_h100"]
    assert complete.profile_kinds_and_names("nothing/") == []
    assert "gpus_required" in complete.quantity_names("gpus")


@pytest.mark.parametrize("kind", ("nodes", "regions", "vehicles"))
def test_a_new_profile_says_how_a_scenario_takes_it(
    kind: str, planner: Planner, tmp_path: Path
) -> None:
    said = planner("new", "profile", f"{kind}/mine", "--out", str(tmp_path)).out
    assert ("planner size" in said) == (kind == "nodes")  # by --hardware; others change no scenario
    text = (tmp_path / kind / "mine.yaml").read_text(encoding="utf-8")
    (line,) = [line for line in text.splitlines() if line.startswith("#   ") and "{" in line]
    scenario = tmp_path / "mine.yaml"
    scenario.write_text(f"extends: {HEADLINE}.yaml\n{line.removeprefix('#   ')}\n", "utf-8")
    mine = load(scenario, profiles=[tmp_path])
    assert "mine" in mine.inputs.profiles[kind]
    assert mine.plan().values("tco")[0].item() > 0
