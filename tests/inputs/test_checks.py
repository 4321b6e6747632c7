"""Inputs that are right one by one and wrong together."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from planner.errors import Fault
from planner.project import load

Faults = Callable[..., list[Fault]]

NODES = "sites:\n  taiwan:\n    %s:\n      - {hardware: gh200_nvl32, count: 4, in_service: %s}\n"
UNITS = "sites:\n  taiwan:\n    %s:\n      - {tier: hot, count: 4, in_service: %s}\n"
COHORT = "opening_fleet:\n  - {cohort: %s, region: %s, program: %s, ecu: %s, vehicles: 5 vehicle}\n"


@pytest.mark.parametrize(
    ("text", "path", "words"),
    [
        ("horizon: {start: 2023-01}\n", "horizon.start", "2023-01 is before plan_start 2023-11"),
        ("horizon: {end: 2023-12}\n", "horizon.end", "2023-12 is before the start 2024-01"),
        ("horizon: {end: 2099-12}\n", "horizon.end", "914 months from plan_start; at most 600"),
        ("horizon: {end: 2036-01}\n", "horizon.end", "of 2019 to 2035; end by 2035-12"),
        ("plan_start: 2018-12\n", "plan_start", "start in 2019-01 or later"),
        (
            "regions:\n  india: {site: taivan}\n",
            "regions.india.site",
            'no "taivan" in sites; nearest: taiwan',
        ),
        (
            "regions:\n  india: {market_row: indea}\n",
            "regions.india.market_row",
            'no row of iea_2024_steps "indea"; nearest: india',
        ),
        (
            "regions:\n  japan: {market_share: null}\n",
            "regions.rest_of_world",
            "take what is left of rest_of_world; give one of them a market_share",
        ),
        (
            "regions:\n  india: {market_row: world}\n",
            "regions.india.market_row",
            "has the sales of taiwan, japan, usa, europe, rest_of_world, china in it; they would be counted twice",
        ),
        (
            "regions:\n  japan: {market_share: 99.9 %}\n",
            "regions",
            "regions claim 103% of the row rest_of_world of iea_2024_steps",
        ),
        (
            "data_classes:\n  clips: {share: 90 %}\n",
            "data_classes",
            "no class of the stream clips without a share takes its rest",
        ),
        (
            "data_classes:\n  evidence: {share: null}\n",
            "data_classes.evidence",
            "both clips and evidence take what is left of clips; give one of them a share",
        ),
        (
            "data_classes:\n  evidence: {share: 60 %}\n"
            "  rare: {stream: clips, share: 55 %, kept_share: 1, copies: 1, withdrawn_share: 0}\n",
            "data_classes",
            "classes claim 115% of the stream clips",
        ),
        (
            "data_classes:\n  evidence: {withdrawn_share: 1 %}\n",
            "data_classes.evidence.withdrawn_share",
            "what must be kept is not deleted on request",
        ),
        (
            "sites:\n  taiwan:\n    opening_data: [{year: 2022, kept: 1 PB, data: evidance}]\n",
            "sites.taiwan.opening_data[0].data",
            'no data class "evidance"; nearest: evidence',
        ),
        (
            "programs:\n  model_n: {regions: [japan, tawan]}\n",
            "programs.model_n.regions[1]",
            "nearest: taiwan",
        ),
        ("links:\n  depot: null\n", "links", "depot is missing; expected wifi, cellular, depot"),
        (
            "nodes:\n  gh200_nvl32: {repair_group: 3}\n",
            "nodes.gh200_nvl32.repair_group",
            "3 does not divide the 32 accelerators of the node",
        ),
        (
            "cluster: {failure_rate: 0.01 1/day, repair_time: 1000 day}\n",
            "cluster.repair_time",
            "fails 20 times while it is repaired; expected at most 1",
        ),
        ("checkpoint: {stall: 4 hour}\n", "checkpoint.stall", "not shorter than interval_limit"),
        (
            "storage:\n  hdd_dense: {protection: 1.3}\n",
            "storage.hdd_dense",
            "shards and protection; expected data_shards with parity_shards, or protection alone",
        ),
        (
            "storage:\n  hdd_dense: {parity_shards: null}\n",
            "storage.hdd_dense",
            "neither shards in full nor protection",
        ),
        (
            "tiers:\n  hot: {level: superpod_h100_best}\n",
            "tiers.hot",
            "both; expected either level or read_per_accelerator",
        ),
        (
            "tiers:\n  hot: {read_per_accelerator: null}\n",
            "tiers.hot",
            "neither; expected either level or read_per_accelerator",
        ),
        (
            "tiers:\n  hot: {level: superpod_best, read_per_accelerator: null}\n",
            "tiers.hot.level",
            'no profile "superpod_best" in storage_levels/; nearest: superpod_h100_best',
        ),
        ("tiers:\n  warm: null\n", "tiers", "warm is missing; expected hot, warm, cold"),
        (NODES % ("installed", "2023-11"), "in_service", "what arrives later is committed"),
        (NODES % ("committed", "2023-10"), "in_service", "what is there already is installed"),
        (UNITS % ("installed_storage", "2024-11"), "in_service", "is not before plan_start"),
        (UNITS % ("committed_storage", "2022-11"), "in_service", "is before plan_start"),
        (COHORT % ("2023-11", "japan", "model_c", "drive_orin"), "cohort", "not before plan_start"),
        (COHORT % ("2022-11", "japam", "model_c", "drive_orin"), "region", "nearest: japan"),
        (COHORT % ("2022-11", "japan", "model_d", "drive_orin"), "program", "nearest: model_"),
        (
            "sites:\n  taiwan:\n    opening_data: [{year: 2023-06, kept: 1 PB}]\n",
            "sites.taiwan.opening_data[0].year",
            "expected a year that begins before plan_start",
        ),
        (
            "sites:\n  taiwan:\n    opening_data: [{year: 2024, kept: 1 PB}]\n",
            "sites.taiwan.opening_data[0].year",
            "expected a year that begins before plan_start",
        ),
        (
            "tiers:\n  warm: {held_until: 3 day}\n",
            "tiers.warm.held_until",
            "less than the 14 days at which",
        ),
        (
            "sites:\n  taiwan: {training_share: 0}\n  japan: {training_share: 0}\n"
            "  china: {training_share: 0}\n",
            "sites",
            "no site has a training_share above 0",
        ),
        (
            "programs:\n  model_c: {sales_mix: 0}\n  model_n: {regions: [japan]}\n",
            "regions.taiwan",
            "no programme with a sales_mix above 0 is sold here",
        ),
        ("checks: [{name: a, quantity: gpus}]\n", "checks[0]", "at_least, at_most or equals"),
        (
            "checks: [{name: a, quantity: gpus, at: 2024-01, over: max, at_least: '1'}]\n",
            "checks[0]",
            "give either at (one month) or over",
        ),
        (
            "checks: [{name: a, quantity: gpus, at: 2034-01, at_least: '1'}]\n",
            "checks[0].at",
            "2034-01 is not a month of the plan",
        ),
    ],
)
def test_a_contradiction_is_reported_at_its_place(
    faults: Faults, text: str, path: str, words: str
) -> None:
    found = faults(text)
    assert any(words in f.message and f.path.endswith(path) for f in found), [str(f) for f in found]
    assert all(fault.file and fault.line for fault in found)


@pytest.mark.parametrize(
    ("down", "over", "most"), [(33, 1, 32), (48, 1, 32), (48, 2, 42), (64, 64, 63), (60, 7, 56)]
)
def test_a_leaf_without_ports_for_the_uplinks_asked_for_is_refused(
    faults: Faults, down: int, over: int, most: int
) -> None:
    (found,) = faults(f"fabrics: {{compute: {{down_ports: {down}, oversubscription: {over}}}}}\n")
    assert found.path == "fabrics.compute.down_ports"
    for words in (f"{down} of 64 ports", f"leave {64 - down} for uplinks", f"at most {most}"):
        assert words in found.message
    fits = {"down_ports": str(most), "oversubscription": str(over)}
    load("5pct_ev_market", set={f"fabrics.compute.{field}": text for field, text in fits.items()})


def test_a_leaf_with_no_spines_above_may_give_all_its_ports() -> None:
    load(
        "5pct_ev_market",
        set=["fabrics.front_end.tree=leaves_only", "fabrics.front_end.down_ports=64"],
    )


def test_a_fleet_without_a_home_is_refused(faults: Faults) -> None:
    text = "".join(
        f"  {name}: {{site: null}}\n"
        for name in ("taiwan", "japan", "india", "usa", "europe", "rest_of_world", "china")
    )
    found = faults(f"regions:\n{text}")
    assert any("no region names a site" in fault.message for fault in found)
