"""Campaign files: YAML and JSON, bare inputs and cases, what extends means, and faults at their lines."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from planner import resources
from planner.errors import Fault, InputError, PlannerError
from planner.inputs.campaign import read_campaign
from planner.inputs.campaign_files import LoadedCampaign, load_campaign, scalar
from planner.inputs.campaign_node import ANNOTATIONS
from planner.validation.campaign import read_cases

CASES = Path(__file__).parents[1] / "validation" / "data" / "ota_campaigns.json"
Write = Callable[..., Path]


@pytest.fixture
def written(tmp_path: Path) -> Write:
    """Writes a file: the monthly release changed by a text, or a text or document as it is."""

    def write(content: Any, name: str = "mine.yaml", extends: bool = True) -> Path:
        path = tmp_path / name
        text = content if isinstance(content, str) else json.dumps(content, indent=1)
        head = "extends: monthly_release.yaml\n" if isinstance(content, str) and extends else ""
        path.write_text(head + text, encoding="utf-8")
        return path

    return write


def faults(path: Path, **options: Any) -> list[Fault]:
    with pytest.raises(InputError) as caught:
        load_campaign(path, **options)
    return list(caught.value.faults)


def case() -> dict[str, Any]:
    return read_cases(CASES)[0]


@pytest.mark.parametrize("wrap", ["bare", "inputs", "case"])
@pytest.mark.parametrize("name", ["mine.json", "mine.yaml"])
def test_a_measured_campaign_is_read_bare_and_as_a_case(
    written: Write, wrap: str, name: str
) -> None:
    whole = case()
    content = {"bare": whole["inputs"], "inputs": {"inputs": whole["inputs"]}, "case": whole}[wrap]
    loaded = load_campaign(written(content, name))
    assert loaded.campaign == read_campaign(whole["inputs"])
    assert loaded.title == (whole["name"] if wrap == "case" else "mine")


def test_every_measured_campaign_is_read_as_the_validation_reads_it() -> None:
    for each in read_cases(CASES):
        loaded = load_campaign(CASES, each["name"])
        assert loaded.campaign == read_campaign(each["inputs"])
        assert loaded.title == each["name"]


def test_a_file_of_several_asks_for_one_by_name() -> None:
    names = [each["name"] for each in read_cases(CASES)]
    with pytest.raises(PlannerError, match=f"give --case, one of: {names[0]}, "):
        load_campaign(CASES)
    with pytest.raises(PlannerError, match=f"nearest: {names[0]}"):
        load_campaign(CASES, names[0][:-1])
    with pytest.raises(PlannerError, match="holds one campaign"):
        load_campaign("rollback", "a")


def test_blocks_beside_the_inputs_of_a_case_are_kept(written: Write) -> None:
    content = {**case(), "goal": {"share": 0.9, "days": 4}}
    block = load_campaign(written(content, "mine.json")).block("goal")
    assert block is not None
    assert block["share"].number() == 0.9


def test_mappings_merge_lists_replace_and_null_is_a_value(written: Write) -> None:
    path = written(
        "horizon_h: 100\ncampaign:\n  halt_error_share: null\n  cell_wait_h_with_wifi: null\n"
        "cdn:\n  pools:\n    - {name: all, cap_gbps: null, "
        "regions: [taiwan, japan, india, usa, europe, rest_of_world]}\n"
    )
    found, base = load_campaign(path).campaign, load_campaign("monthly_release").campaign
    assert (found.horizon, found.halt_share, found.cell_wait_with_wifi) == (100, None, None)
    assert [pool.name for pool in found.pools] == ["all"]
    assert found.waves == base.waves
    assert base.halt_share == 0.02


def test_faults_come_all_at_once_at_their_lines(written: Write) -> None:
    path = written(
        "horizon_h: soon\n"
        "campaign:\n"
        "  halt_eror_share: 0.1\n"
        "  poll_interval_h: -1\n"
        "  resume:\n"
        "    mode: bytes\n"
    )
    found = [(f.line, f.path, f.message) for f in faults(path)]
    assert found == [
        (2, "horizon_h", "expected a number, found 'soon'"),
        (4, "campaign.halt_eror_share", "unknown key; nearest: halt_error_share"),
        (5, "campaign.poll_interval_h", "-1 is below the least value 0"),
        (7, "campaign.resume.mode", "unknown 'bytes'; nearest: byte"),
    ]


def test_faults_of_json_have_lines_too(written: Write) -> None:
    content = case()["inputs"]
    content["fleet"]["n_vehicles"] = 0.5
    path = written(content, "mine.json")
    lines = path.read_text(encoding="utf-8").splitlines()
    place = next(i for i, line in enumerate(lines, 1) if "n_vehicles" in line)
    assert [(f.line, f.path) for f in set(faults(path))][:1] == [(place, "fleet.n_vehicles")]


def test_a_fault_in_a_base_names_the_base(written: Write) -> None:
    written("update:\n  full_mb: much\n", "mine_base.yaml")
    path = written("extends: mine_base.yaml\ntitle: A\n", "other.yaml", extends=False)
    (fault,) = faults(path)
    assert (Path(fault.file).name, fault.line) == ("mine_base.yaml", 3)


def test_what_is_missing_is_said_once_and_its_parts_are_not(written: Write) -> None:
    content = case()["inputs"]
    del content["update"]
    (fault,) = faults(written(content, "mine.json"))
    assert fault.message.startswith("lacks 'update'; has: horizon_h")


def test_a_number_may_say_where_it_is_from(written: Write) -> None:
    path = written(
        "update:\n  full_mb: {value: 6_000, source: a data sheet, confidence: published}\n"
        "horizon_h: {value: 1e2, confidence: guessed}\n"
    )
    (fault,) = faults(path)
    assert (fault.line, fault.path) == (4, "horizon_h.confidence")
    assert fault.message == "unknown 'guessed'; nearest: assumed"
    path.write_text(path.read_text(encoding="utf-8").replace("guessed", "assumed"), "utf-8")
    found = load_campaign(path).campaign
    assert (found.full, found.horizon) == (6e9, 100)


def test_sources_name_keys_of_their_block(written: Write) -> None:
    (fault,) = faults(written("update:\n  sources: {ful_mb: assumed}\n"))
    assert (fault.line, fault.path) == (3, "update.sources.ful_mb")
    assert fault.message.endswith("nearest: full_mb")


@pytest.mark.parametrize("number", ["NaN", "Infinity", ".inf", "1e999", "yes", "0x10"])
def test_what_is_no_finite_number_is_refused(written: Write, number: str) -> None:
    assert faults(written(f"horizon_h: {number}\n"))[0].path == "horizon_h"


@pytest.mark.parametrize(
    ("text", "path", "said"),
    [
        ("fleet: {n_vehicles: 1e15}", "fleet.n_vehicles", "above the largest value 1e+12"),
        ("horizon_h: 1e6", "horizon_h", "above the largest value 26304"),
        ("curve_step_h: 1e-4", "curve_step_h", "more than 100,000 points"),
        ("update: {p_verify_fail_full: 1}", "update.p_verify_fail_full", "largest value 0.99"),
        ("fleet: null", "fleet", "expected an object, found nothing"),
        ("sessions: {a: 1}", "sessions", "expected a list, found an object"),
        (
            "campaign: {download_window_local_h: [22, 30]}",
            "campaign.download_window_local_h[1]",
            "above the largest value 24",
        ),
        ("campaign: {resume: {mode: chunk}}", "campaign.resume", "lacks 'chunk_mb'"),
        (
            "cdn: {pools: [{name: a, cap_gbps: 1, regions: [taiwan, japan, india, usa, europe]}]}",
            "fleet.regions[5]",
            "belongs to no pool",
        ),
        (
            "links: {lte: {rate_mbps: [[3]]}}",
            "links.lte.rate_mbps[0]",
            "expected [Mbit/s, probability]",
        ),
    ],
)
def test_what_no_campaign_can_be_is_refused(
    written: Write, text: str, path: str, said: str
) -> None:
    found = {fault.path: fault.message for fault in faults(written(f"{text}\n"))}
    assert said in found[path]


def test_a_wave_opens_no_earlier_than_its_campaign(written: Write) -> None:
    content = case()["inputs"]
    content["campaign"]["waves"][0]["not_before_h"] = -30
    (fault,) = faults(written(content, "mine.json"))
    assert fault.path == "campaign.waves[0].not_before_h"


def test_a_window_of_the_whole_day_cuts_no_session_at_midnight(written: Write) -> None:
    whole = written("campaign: {download_window_local_h: [0, 24]}\n")
    assert load_campaign(whole).campaign.window is None
    night = written("campaign: {download_window_local_h: [22, 6]}\n", "night.yaml")
    assert load_campaign(night).campaign.window == (22.0, 6.0)


def test_regions_have_a_name_each_and_a_technology_where_cellular_is_used(written: Write) -> None:
    content = case()["inputs"]
    region = content["fleet"]["regions"][0]
    content["fleet"]["regions"].append({**region, "cell_mix": {}})
    found = {fault.path: fault.message for fault in faults(written(content, "mine.json"))}
    assert found == {
        "fleet.regions[1]": f"the name {region['name']!r} is given twice",
        "fleet.regions[1].cell_mix": "adds up to 0, but cellular may be used",
    }


def test_scalars_are_what_they_look_like_and_names_stay_text(written: Write) -> None:
    assert [scalar(x) for x in ("7", "-1.5", "1e3", "true", "5g")] == [7, -1.5, 1000.0, True, "5g"]
    path = written(
        "update:\n  installed_versions:\n    - {name: 2023.42, share: 1, payload_mb: null}\n"
    )
    assert load_campaign(path).campaign.versions[0].name == "2023.42"


def test_a_name_finds_a_shipped_campaign_and_a_wrong_one_the_nearest() -> None:
    assert load_campaign("rollback").title == "Rollback of a bad release"
    with pytest.raises(PlannerError, match="nearest: monthly_release"):
        load_campaign("monthly_relase")
    assert "base" not in resources.campaigns()


def test_an_overlay_folder_goes_before_the_shipped_one(tmp_path: Path) -> None:
    folder = tmp_path / "campaigns"
    folder.mkdir()
    (folder / "rollback.yaml").write_text("extends: map_update.yaml\ntitle: Mine\n", "utf-8")
    assert load_campaign("rollback", overlays=[tmp_path]).title == "Mine"


def test_a_place_is_found_by_its_steps() -> None:
    loaded = load_campaign("monthly_release")
    own = loaded.place("campaign", "waves", 2)
    inherited = loaded.place("fleet", "n_vehicles")
    assert Path(own.file).name == "monthly_release.yaml"
    assert Path(inherited.file).name == "base.yaml"
    lines = Path(own.file).read_text(encoding="utf-8").splitlines()
    assert "share: 0.30" in lines[own.line - 1]


# --- The shipped campaigns -------------------------------------------------------------------------------------------


@pytest.fixture(params=sorted(resources.campaigns()))
def shipped(request: pytest.FixtureRequest) -> LoadedCampaign:
    return load_campaign(request.param)


def test_a_shipped_campaign_is_short_and_says_what_it_shows(shipped: LoadedCampaign) -> None:
    assert len(Path(shipped.file).read_text(encoding="utf-8").splitlines()) < 100
    assert shipped.document["title"]
    assert "Shows" in shipped.document["note"]


def unsourced(value: Any, path: str, covered: bool) -> Iterator[str]:
    """Numbers for which no block on the way says where they are from."""
    if isinstance(value, dict):
        sources = value.get("sources", {})
        covered = covered or "source" in value or "assumed" in str(value.get("note", ""))
        for key, each in value.items():
            if key not in ANNOTATIONS:
                yield from unsourced(
                    each, f"{path}.{key}", covered or bool({key, "all"} & {*sources})
                )
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from unsourced(each, f"{path}[{number}]", covered)
    elif isinstance(value, (int, float)) and not isinstance(value, bool) and not covered:
        yield path


def test_every_number_of_a_shipped_campaign_has_a_source(shipped: LoadedCampaign) -> None:
    asked = {"horizon_h", "curve_step_h", "goal"}  # what the user wants to know, not a fact
    described = {key: each for key, each in shipped.document.items() if key not in asked}
    assert list(unsourced(described, "", False)) == []


def test_a_shipped_campaign_is_called_by_its_name_and_another_as_the_user_did(
    tmp_path: Path,
) -> None:
    shipped = resources.campaigns()["map_update"]
    assert load_campaign(shipped).name == "map_update"
    own = tmp_path / "map_update.yaml"
    own.write_text(f"extends: {shipped}\n", encoding="utf-8")
    assert load_campaign(own).name == str(own)
