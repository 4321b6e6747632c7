"""`quantities`, `check`, `schema`, `profiles`, `scenarios`, help, and what they load."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from planner import resources
from tests.cli.conftest import ROOT, Planner

COMMANDS = (
    (),
    ("size",),
    ("explain",),
    ("quantities",),
    ("check",),
    ("schema",),
    ("profiles",),
    ("profiles", "list"),
    ("profiles", "show"),
    ("scenarios",),
    ("scenarios", "list"),
    ("campaign",),
    ("campaign", "run"),
)
PROFILES = [
    (kind, file)
    for kind in resources.KINDS
    for file in sorted((ROOT / "hardware_profiles" / kind).glob("*.yaml"))
]


@pytest.fixture(scope="module")
def scenario_schema() -> dict[str, Any]:
    """What `planner schema scenario` prints."""
    done = subprocess.run(
        [sys.executable, "-m", "planner", "schema", "scenario"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def as_json(file: Path) -> Any:
    """A YAML file as an editor sees it, with text for keys and dates."""
    return json.loads(
        json.dumps(yaml.load(file.read_text(encoding="utf-8"), yaml.CSafeLoader), default=str)
    )


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_has_help_with_an_example(planner: Planner, command: tuple[str, ...]) -> None:
    done = planner(*command, "--help")
    assert done.code == 0
    assert done.out.startswith(" ".join(("Usage: planner", *command)))
    assert "\n    planner " in done.out


@pytest.mark.parametrize(
    "group", [(), ("campaign",), ("new",), ("predict",), ("profiles",), ("scenarios",)]
)
def test_no_command_is_described_in_half_a_sentence(
    planner: Planner, monkeypatch: pytest.MonkeyPatch, group: tuple[str, ...]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    commands = planner(*group, "--help").out.partition("Commands:")[2]
    assert commands
    assert not [line for line in commands.splitlines() if line.endswith("...")]


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys\n"
        "from planner.cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'numpy', 'pydantic', 'yaml', 'pint', 'rich', 'scipy', 'pandas', 'matplotlib'}\n"
        "sys.stderr.write(' '.join(sorted(heavy & set(sys.modules))))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == ""


def test_size_as_json_loads_no_plotting_and_no_terminal_library() -> None:
    code = (
        "import sys\n"
        "from planner.cli import main\n"
        "try: main(['size', '5pct_ev_market', '--json'])\n"
        "except SystemExit: pass\n"
        "heavy = {'scipy.special', 'scipy.stats', 'scipy.sparse', 'pandas', 'matplotlib', 'xarray', 'rich.table'}\n"
        "sys.stderr.write(' '.join(sorted(heavy & set(sys.modules))))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == ""


def test_importing_planner_loads_no_numpy() -> None:
    code = "import planner, sys; assert 'numpy' not in sys.modules; assert planner.PlannerError"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_version_is_printed(planner: Planner) -> None:
    import planner as package

    assert planner("--version").out == f"planner {package.__version__}\n"


def test_the_list_of_quantities_is_as_agreed(
    planner: Planner, golden: Callable[[str, str], None]
) -> None:
    done = planner("quantities")
    assert done.code == 0
    assert max(map(len, done.out.splitlines())) <= 100
    golden("quantities.txt", done.out)


def test_the_graph_is_one_for_graphviz(planner: Planner) -> None:
    printed = planner("quantities", "--dot").out
    assert printed.startswith("digraph planner {")
    assert '"node_accelerators" -> "gpus";' in printed


def test_shipped_files_are_sound(planner: Planner) -> None:
    files = [str(file.relative_to(ROOT)) for _, file in PROFILES]
    scenarios = [f"scenarios/{name}.yaml" for name in ("5pct_ev_market", "5pct_from_2027")]
    done = planner("check", *files, *scenarios)
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines() == [f"{file}: ok" for file in (*files, *scenarios)]


def test_check_lists_the_faults_of_all_files(planner: Planner, tmp_path: Path) -> None:
    folder = tmp_path / "nodes"
    folder.mkdir()
    node = (ROOT / "hardware_profiles/nodes/dgx_h100.yaml").read_text(encoding="utf-8")
    (folder / "mine.yaml").write_text(node.replace("power_idle:", "power_idel:"), encoding="utf-8")
    (tmp_path / "other.yaml").write_text("a: 1\n", encoding="utf-8")
    done = planner(
        "check", f"{folder}/mine.yaml", f"{tmp_path}/other.yaml", "scenarios/test_fleet.yaml"
    )
    assert done.code == 2
    assert done.out == "scenarios/test_fleet.yaml: ok\n"
    assert "unknown key; nearest: power_idle" in done.err
    assert "neither a scenario" in done.err


def test_check_refuses_a_check_of_an_unknown_quantity(
    planner: Planner, scenario_file: Callable[[str], str]
) -> None:
    text = "extends: 5pct_ev_market.yaml\nchecks: [{name: a, quantity: gpuss, at_least: '1'}]\n"
    done = planner("check", scenario_file(text))
    assert done.code == 2
    assert "nearest: gpus" in done.err


@pytest.mark.parametrize("kind", resources.KINDS)
def test_shipped_profiles_meet_the_schema(planner: Planner, kind: str) -> None:
    schema = json.loads(planner("schema", "profile", kind).out)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    for each, file in PROFILES:
        if each == kind:
            assert [error.message for error in validator.iter_errors(as_json(file))] == [], (
                file.name
            )


def test_the_schema_of_all_profiles_has_every_kind(planner: Planner) -> None:
    schema = json.loads(planner("schema", "profile").out)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert set(schema["$defs"]) == set(resources.KINDS)
    validator = jsonschema.Draft202012Validator(schema)
    assert validator.is_valid(as_json(ROOT / "hardware_profiles/ecus/drive_orin.yaml"))
    assert not validator.is_valid({"title": "nothing"})


def test_shipped_scenarios_meet_the_schema_and_a_wrong_key_does_not(
    scenario_schema: dict[str, Any],
) -> None:
    jsonschema.Draft202012Validator.check_schema(scenario_schema)
    validator = jsonschema.Draft202012Validator(scenario_schema)
    for file in [*(ROOT / "scenarios").glob("*.yaml"), *(ROOT / "tests/cases").glob("*.yaml")]:
        assert [error.message for error in validator.iter_errors(as_json(file))] == [], file.name
    assert not validator.is_valid({"fleet": {"live": "3 year"}})
    assert not validator.is_valid({"nodes": {"dgx_h100": {"powr": "3 kW"}}})


@pytest.mark.parametrize(
    ("number", "valid"),
    [
        ({"p10": "1 day", "p50": "2 day", "p90": "4 day"}, True),
        ({"uniform": {"least": "1 day", "most": "2 day"}, "source": "a"}, True),
        ({"lognormal": {"median": "1 day", "sigma": 0.4}}, True),
        ({"discrete": [{"value": "1 day", "weight": 2}]}, True),
        ({"p10": "1 day", "base": "2 day", "p90": "4 day"}, False),
        ({"uniform": {"least": "1 day"}}, False),
        ({"normal": {"mean": "1 day", "sigma": 2}}, False),
        ({"discrete": {"value": "1 day", "weight": 2}}, False),
    ],
)
def test_the_schema_knows_the_ways_to_write_a_distribution(
    scenario_schema: dict[str, Any], number: dict[str, object], valid: bool
) -> None:
    validator = jsonschema.Draft202012Validator(scenario_schema)
    assert validator.is_valid({"fleet": {"life": number}}) is valid


def test_the_schema_gives_meaning_and_unit(planner: Planner) -> None:
    power = json.loads(planner("schema", "profile", "nodes").out)["properties"]["power"]
    assert power["x-unit"] == "watt"
    assert "provisioned peak power" in power["description"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    (
        (("schema", "profil"), "nearest: profile"),
        (("schema", "profile", "node"), "nearest: nodes"),
        (("schema", "scenario", "nodes"), "takes no kind"),
        (("profiles", "list", "node"), "nearest: nodes"),
        (("profiles", "show", "dgx_h100"), "KIND/NAME"),
        (("profiles", "show", "nodes/dgx_h10"), "nearest: dgx_h100"),
        (("profiles", "list", "--profiles", "nowhere"), "no such folder"),
        (("siz", "x"), "size"),
    ),
)
def test_wrong_names_exit_2_and_name_the_nearest(
    planner: Planner, arguments: tuple[str, ...], words: str
) -> None:
    done = planner(*arguments)
    assert (done.code, done.out) == (2, "")
    assert words in done.err


def test_what_predicts_training_is_in_the_catalogue(planner: Planner) -> None:
    assert "frameworks/megatron_lm" in planner("profiles", "list", "frameworks").out
    shown = planner("profiles", "show", "frameworks/megatron_lm").out
    assert "eras = 2019: megatron_2019, 2020: megatron_2020, 2021: megatron_2021" in shown
    assert "aliases = NVL72, GB200 NVL72" in planner("profiles", "show", "systems/gb200_nvl72").out


def test_profiles_are_listed_by_kind(planner: Planner) -> None:
    everything = planner("profiles", "list").out.splitlines()
    assert len(everything) == len(PROFILES)
    nodes = planner("profiles", "list", "nodes").out.splitlines()
    assert "nodes/dgx_h100" in {line.split()[0] for line in nodes}
    assert all(line.startswith("nodes/") for line in nodes)


def test_a_profile_is_shown_with_its_sources_spelt_out(planner: Planner) -> None:
    printed = planner("profiles", "show", "nodes/dgx_h100").out
    assert "accelerator = h100_sxm" in printed
    assert "  accelerators = 8   " in printed
    assert max(map(len, printed.splitlines())) <= 100


def test_an_overlay_is_laid_over_the_shipped_profile(planner: Planner, tmp_path: Path) -> None:
    folder = tmp_path / "nodes"
    folder.mkdir()
    price = "price: {value: 1 USD, source: a gift, confidence: assumed}\n"
    (folder / "dgx_h100.yaml").write_text(price, encoding="utf-8")
    shown = planner("profiles", "show", "nodes/dgx_h100", "--profiles", str(tmp_path)).out
    assert "  price = 1 USD   assumed\n      a gift\n" in shown


def test_shipped_scenarios_are_listed_without_the_base(planner: Planner) -> None:
    plans, campaigns = planner("scenarios", "list").out.split("\n\n")
    names = [line.split()[0] for line in plans.splitlines()]
    assert names == sorted(resources.scenarios())
    assert {"5pct_ev_market", "half_of_evs", "dojo"} <= set(names)
    assert "base" not in names
    head, *lines = campaigns.splitlines()
    assert head == "Over-the-air campaigns (planner campaign run NAME):"
    assert [line.split()[0] for line in lines] == sorted(resources.campaigns())


def test_a_base_is_called_one_with_what_it_lacks(planner: Planner) -> None:
    done = planner("check", "scenarios/base.yaml")
    assert (done.code, done.out) == (2, "")
    assert "no plan by itself, but a base" in done.err
    assert "title, plan_start, horizon, market, regions, sites" in done.err


def test_a_site_in_many_countries_is_told_what_to_type(
    planner: Planner, scenario_file: Callable[[str], str]
) -> None:
    text = "extends: 5pct_ev_market.yaml\nsites:\n  taiwan: {location: europe}\n"
    done = planner("check", scenario_file(text))
    assert done.code == 2
    assert '"europe: {country: DE}"' in done.err
    typed = f"{text}regions:\n  europe: {{country: DE}}\n"
    assert planner("check", scenario_file(typed)).code == 0
