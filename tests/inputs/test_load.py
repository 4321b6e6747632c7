"""From files to checked inputs: what is laid over what, and how every fault names its place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import planner
from planner.errors import Fault, InputError
from planner.inputs.load import Inputs, check_profile, load
from planner.resources import data_root, find_scenario, profiles, scenarios

Faults = Callable[..., list[Fault]]
Loaded = Callable[..., Inputs]


def only(found: list[Fault]) -> Fault:
    assert len(found) == 1, [str(each) for each in found]
    return found[0]


@pytest.mark.parametrize("name", sorted(scenarios()))
def test_every_shipped_scenario_is_right(name: str) -> None:
    assert load(find_scenario(name)).scenario.title


@pytest.mark.parametrize(
    "path",
    sorted((data_root() / "hardware_profiles").glob("*/*.yaml")),
    ids=lambda path: f"{path.parent.name}/{path.stem}",
)
def test_every_shipped_profile_is_right_and_sourced(path: Path) -> None:
    assert check_profile(path, path.parent.name).title


def test_an_unknown_key_names_its_line_and_the_nearest(faults: Faults) -> None:
    fault = only(faults("programs:\n  model_c:\n    daily_hurs: 2 hour/day\n"))
    assert (fault.file.endswith("mine.yaml"), fault.line) == (True, 4)
    assert fault.path == "programs.model_c.daily_hurs"
    assert fault.message == "unknown key; nearest: daily_hours"


def test_a_wrong_unit_says_what_it_is_and_what_is_expected(faults: Faults) -> None:
    fault = only(faults("ota:\n  rollout: 2 GB\n"))
    assert (fault.line, fault.path) == (3, "ota.rollout")
    assert '"2 GB" is an amount of data; expected a time such as "2 day"' in fault.message


def test_a_distribution_stands_at_the_line_of_its_family(scenario: Callable[[str], Path]) -> None:
    path = scenario("curation:\n  anonymise:\n    uniform: {least: 1 second, most: 9 second}\n")
    (row,) = (row for row in planner.load(path).table.rows if row.path == "curation.anonymise")
    assert (row.value, row.line) == (5.0, 4)
    edited = planner.load(path, set=["curation.anonymise={normal: {mean: 4 second, sd: 1 second}}"])
    (row,) = (row for row in edited.table.rows if row.path == "curation.anonymise")
    assert (row.value, row.file) == (4.0, "--set")
    with pytest.raises(InputError, match=r"curation\.anonymise  uniform: most missing"):
        planner.load(scenario("curation: {anonymise: {uniform: {least: 1 second}}}\n"))


def test_all_faults_are_reported_at_once(faults: Faults) -> None:
    found = faults("ota:\n  rollout: 2 GB\n  headrom: 2\ntraining:\n  goodput: 120 %\n")
    assert [(fault.line, fault.path) for fault in found] == [
        (3, "ota.rollout"),
        (4, "ota.headrom"),
        (6, "training.goodput"),
    ]


def test_a_number_without_its_unit_is_refused(faults: Faults) -> None:
    fault = only(faults("programs:\n  model_c:\n    daily_hours: 0.5\n"))
    assert (fault.line, fault.path) == (4, "programs.model_c.daily_hours")
    assert fault.message == '"0.5" has no unit; expected one such as "0.5 hour/day"'


def test_what_a_wrong_key_holds_is_not_missed_besides(faults: Faults) -> None:
    found = faults("tiers:\n  lukewarm: {copies: 2 GB}\nlinks:\n  wify: {session: 1 hour}\n")
    assert [(fault.line, fault.path) for fault in found] == [
        (3, "tiers.lukewarm"),
        (3, "tiers.lukewarm.copies"),
        (5, "links.wify"),
    ]
    assert found[0].message == "\"lukewarm\" is unknown; expected 'hot', 'warm' or 'cold'"


@pytest.mark.parametrize(
    ("text", "path", "best"),
    [
        ("programs:\n  model_nn: {daily_hours: 1 hour/day}\n", "programs.model_nn", "model_n"),
        ("workloads:\n  percepton: {cadence: 9 day}\n", "workloads.percepton", "perception"),
        ("sites:\n  jpan: {training: dgx_h100}\n", "sites.jpan", "japan"),
        ("regions:\n  eurpe: {country: NO}\n", "regions.eurpe", "europe"),
        ("nodes:\n  dgx_h10: {power: 9 kW}\n", "nodes.dgx_h10", "dgx_h100"),
        ("programs:\n  xyz: {}\n", "programs.xyz", None),
    ],
)
def test_a_misspelt_entry_is_one_fault_that_names_the_nearest(
    faults: Faults, text: str, path: str, best: str | None
) -> None:
    fault = only(faults(text))
    assert (fault.file.endswith("mine.yaml"), fault.line, fault.path) == (True, 3, path)
    assert fault.message.startswith("incomplete: ")
    assert fault.message.partition(" more are missing")[2] == (
        f"; nearest entry: {best}" if best else ""
    )


def test_one_misspelt_entry_is_not_offered_for_another(faults: Faults) -> None:
    found = faults("programs:\n  model_nx: {}\n  model_ny: {}\n")
    assert [fault.message.rpartition(": ")[2] for fault in found] == ["model_n", "model_n"]


def test_an_entry_that_lacks_little_names_each_key(faults: Faults) -> None:
    found = faults("packages:\n  maps: {size: 1 GB}\n")
    assert [fault.path for fault in found] == [
        f"packages.maps.{key}" for key in ("cadence", "delta_ratio", "delta_share")
    ]
    assert {fault.message for fault in found} == {"missing"}


def test_months_in_the_wrong_order_are_reported_with_the_faults_of_other_sections(
    faults: Faults,
) -> None:
    found = faults("horizon: {start: 2028-01, end: 2026-12}\nota:\n  rollout: 2 GB\n")
    assert [(fault.line, fault.path) for fault in found] == [(2, "horizon.end"), (4, "ota.rollout")]
    assert found[0].message == "2026-12 is before the start 2028-01"
    found = faults("horizon: {start: 2019-01, end: never}\n")
    assert [fault.path for fault in found] == ["horizon.end", "horizon.start"]


def test_a_missing_profile_names_the_nearest(faults: Faults) -> None:
    fault = only(faults("tiers:\n  hot: {system: nvme_flsh}\n"))
    assert (fault.line, fault.path) == (3, "tiers.hot.system")
    assert fault.message == 'no profile "nvme_flsh" in storage/; nearest: nvme_flash'


def test_a_missing_number_is_named(faults: Faults) -> None:
    found = faults("", ("ota.rollout", "null"))
    assert [fault.path for fault in found] == ["ota.rollout"]
    assert "missing" in found[0].message


def test_an_edit_of_the_scenario_takes_effect(loaded: Loaded) -> None:
    inputs = loaded("", ("programs.model_n.daily_hours", "5 hour/day"))
    assert inputs.scenario.programs["model_n"].daily_hours.value == pytest.approx(5 / 24)


def test_an_edit_of_a_profile_takes_effect_without_naming_it_in_the_scenario(
    loaded: Loaded,
) -> None:
    inputs = loaded("", ("nodes.gh200_nvl32.power", "55 kW"))
    assert inputs.profile("nodes", "gh200_nvl32").power.value == 55_000
    assert inputs.profile("nodes", "gh200_nvl32").accelerators.value == 32


def test_an_edit_may_name_another_profile(loaded: Loaded) -> None:
    inputs = loaded("", ("nodes.gh200_nvl32.accelerator", "gh200_96"))
    assert inputs.profile("accelerators", "gh200_96").memory.value == 96e9


def test_a_wrong_edit_is_a_fault_of_the_command_line(faults: Faults) -> None:
    fault = only(faults("", ("ota.rollout", "2 GB")))
    assert (fault.file, fault.path) == ("--set", "ota.rollout")
    fault = only(faults("", ("programs.model_x.daily_hours", "1 hour/day")))
    assert 'without an entry "model_x"; nearest: model_n' in fault.message
    fault = only(faults("", ("nodes.gh200_nvl32.pwer", "1 kW")))
    assert fault.message == "unknown key; nearest: power"


def test_a_null_deletes_an_entry_of_what_is_extended(loaded: Loaded) -> None:
    inputs = loaded("packages:\n  map: null\nregions:\n  india: null\n")
    assert set(inputs.scenario.packages) == {"driving_model", "system"}
    assert "india" not in inputs.scenario.regions


def test_hardware_replaces_the_kind_at_every_site() -> None:
    inputs = load(find_scenario("5pct_ev_market"), hardware="dgx_h100")
    assert {site.training for site in inputs.scenario.sites.values()} == {"dgx_h100"}
    assert inputs.profile("nodes", "dgx_h100").accelerators.value == 8


def test_hardware_that_does_not_exist_names_the_nearest() -> None:
    with pytest.raises(InputError) as caught:
        load(find_scenario("5pct_ev_market"), hardware="dgx_h10")
    (fault,) = caught.value.faults
    assert (fault.file, fault.path) == ("--hardware", "dgx_h10")
    assert fault.message == 'no profile "dgx_h10" in nodes/; nearest: dgx_h100'


def test_a_scenario_lays_single_fields_over_a_profile(loaded: Loaded) -> None:
    inputs = loaded("nodes:\n  gh200_nvl32: {price: 1 MUSD}\n")
    node = inputs.profile("nodes", "gh200_nvl32")
    assert (node.price.knots[0][1].value, node.accelerators.value) == (1e6, 32)


def test_a_scenario_may_bring_a_profile_of_its_own(loaded: Loaded) -> None:
    text = (
        "nodes:\n  my_rack:\n    title: Mine\n    accelerator: h100_sxm\n    nic: connectx7\n"
        "    accelerators: 4\n    scale_up_domain: 4\n    nics: 4\n    power: 5 kW\n"
        "    power_idle: 1 kW\n    power_typical: 4 kW\n    nodes_per_rack: 8\n    cooling: air\n"
        "    price: 100 kUSD\n    lead_time: 30 day\n    embodied_carbon: 900 kg\n"
        "sites:\n  japan: {training: my_rack}\n"
    )
    inputs = loaded(text)
    assert inputs.profile("nodes", "my_rack").accelerators.value == 4
    assert inputs.profile("accelerators", "h100_sxm").bf16.value == 989.4e12


def test_an_overlay_folder_is_laid_over_the_shipped_profile(loaded: Loaded, tmp_path: Path) -> None:
    """Of two folders the last one given wins; what neither says comes from the shipped file."""
    for name, power, price in (("first", "60 kW", "1 MUSD"), ("second", "70 kW", None)):
        folder = tmp_path / name / "nodes"
        folder.mkdir(parents=True)
        said = f"price: {{value: {price}, source: quote, confidence: published}}\n" if price else ""
        text = f"power: {{value: {power}, source: own, confidence: measured}}\n{said}"
        (folder / "gh200_nvl32.yaml").write_text(text, encoding="utf-8")
    overlays = (tmp_path / "first", tmp_path / "second")
    node = loaded("", overlays=overlays).profile("nodes", "gh200_nvl32")
    assert (node.power.value, node.accelerators.value) == (70_000, 32)
    assert node.price.knots[0][1].value == 1e6


def test_an_overlay_folder_may_bring_a_new_profile(loaded: Loaded, tmp_path: Path) -> None:
    folder = tmp_path / "mine" / "nodes"
    folder.mkdir(parents=True)
    shipped = data_root() / "hardware_profiles" / "nodes" / "dgx_h100.yaml"
    (folder / "my_dgx.yaml").write_bytes(shipped.read_bytes())
    text = "sites:\n  taiwan: {training: my_dgx}\n"
    inputs = loaded(text, overlays=(tmp_path / "mine",))
    assert inputs.profile("nodes", "my_dgx").accelerators.value == 8


def test_a_number_of_a_profile_file_without_a_source_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "hardware_profiles" / "ecus"
    folder.mkdir(parents=True)
    shipped = (data_root() / "hardware_profiles" / "ecus" / "drive_orin.yaml").read_text()
    lines = shipped.splitlines()
    at = next(i for i, line in enumerate(lines) if line.startswith("memory_bandwidth:"))
    lines[at] = "memory_bandwidth: 200 GB/s"
    (folder / "mine.yaml").write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(InputError) as caught:
        check_profile(folder / "mine.yaml", "ecus")
    fault = only(list(caught.value.faults))
    assert (fault.line, fault.path) == (at + 1, "memory_bandwidth")
    assert "source missing; every number of a profile says where it comes from" in fault.message


def test_a_number_of_a_profile_file_without_a_confidence_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "hardware_profiles" / "ecus"
    folder.mkdir(parents=True)
    shipped = (data_root() / "hardware_profiles" / "ecus" / "drive_orin.yaml").read_text()
    lines = shipped.splitlines()
    at = next(i for i, line in enumerate(lines) if line.startswith("memory_bandwidth:"))
    lines[at] = "memory_bandwidth: {value: 200 GB/s, source: mine}"
    (folder / "mine.yaml").write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(InputError, match="confidence missing"):
        check_profile(folder / "mine.yaml", "ecus")


def overlay(folder: Path, text: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "gh200_nvl32.yaml"
    path.write_text(text, encoding="utf-8")
    return path


POWER = "power: {value: 42 kW, source: own, confidence: measured}\n"


def test_a_profile_file_is_checked_over_the_shipped_one_of_its_name(tmp_path: Path) -> None:
    node = check_profile(overlay(tmp_path / "nodes", POWER), "nodes")
    assert node.power.value == 42_000  # type: ignore[attr-defined]
    assert node.title == check_profile(profiles("nodes")["gh200_nvl32"], "nodes").title


def test_a_wrong_profile_file_is_not_told_to_extend_a_scenario(tmp_path: Path) -> None:
    path = overlay(tmp_path / "nodes", f"{POWER}pwer: 2 kW\ntitle: null\n")
    with pytest.raises(InputError) as caught:
        check_profile(path, "nodes")
    assert [(fault.line, fault.path, fault.message) for fault in caught.value.faults] == [
        (1, "title", "missing"),
        (2, "pwer", "unknown key; nearest: power"),
    ]


def test_a_profile_file_with_a_misspelt_name_is_told_the_nearest(tmp_path: Path) -> None:
    path = overlay(tmp_path / "nodes", POWER).rename(tmp_path / "nodes" / "gh200_nvl3.yaml")
    with pytest.raises(InputError) as caught:
        check_profile(path, "nodes")
    assert only(list(caught.value.faults)).message.endswith("; nearest entry: gh200_nvl32")


def test_a_profile_of_an_overlay_is_checked_though_nothing_names_it(
    faults: Faults, loaded: Loaded, tmp_path: Path
) -> None:
    folder = tmp_path / "lab" / "nodes"
    overlay(folder, POWER).rename(folder / "dojo_tile.yaml")
    inputs = loaded("title: Mine\n", overlays=(tmp_path / "lab",))
    assert "dojo_tile" not in inputs.profiles["nodes"]
    (folder / "dojo_tile.yaml").write_text("pwer: 2 kW\nprice: 3 USD\n", encoding="utf-8")
    fault = only(faults("title: Mine\n", overlays=(tmp_path / "lab",)))
    assert (Path(fault.file).name, fault.line, fault.path) == ("dojo_tile.yaml", 1, "pwer")
    (folder / "dojo_tile.yaml").write_text("price: 3 USD\n", encoding="utf-8")
    fault = only(faults("ota: {rollout: 2 day}\n", overlays=(tmp_path / "lab",)))
    assert fault.message.startswith("source missing")


def test_an_edit_needs_no_source(loaded: Loaded) -> None:
    inputs = loaded("", ("ecus.drive_orin.memory_bandwidth", "210 GB/s"))
    assert inputs.profile("ecus", "drive_orin").memory_bandwidth.value == 210e9


def test_a_scenario_by_itself_needs_what_base_gives(tmp_path: Path) -> None:
    path = tmp_path / "bare.yaml"
    path.write_text("title: Bare\nplan_start: 2024-01\n", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        load(path)
    messages = {fault.path: fault.message for fault in caught.value.faults}
    assert {"horizon", "fleet", "economics", "sites"} <= set(messages)
    assert "extends: base.yaml" in messages["fleet"]


def test_words_that_yaml_would_turn_into_something_else_stay_words(loaded: Loaded) -> None:
    """Norway is no boolean, 010 no octal number, and 1e9 a number."""
    text = "regions:\n  europe: {country: NO}\neconomics:\n  staff: 010 1/MW\n"
    inputs = loaded(text)
    assert inputs.scenario.regions["europe"].country == "NO"
    assert inputs.scenario.economics.staff.value == pytest.approx(10e-6)


def test_a_plan_that_starts_after_its_horizon_is_blamed_on_the_line_that_says_so(
    tmp_path: Path,
) -> None:
    mine = tmp_path / "mine.yaml"
    mine.write_text("extends: 5pct_ev_market.yaml\nplan_start: 2031-01\n", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        load(mine)
    blamed = {(fault.file, fault.line, fault.path) for fault in caught.value.faults}
    assert (str(mine), 2, "plan_start") in blamed
