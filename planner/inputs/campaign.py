"""How is a campaign written down?

Reads the `inputs` object of a measured campaign (JSON, in the vocabulary of its semantics: hours, Mbit/s, MB, Gbps)
into the record that `planner.perf.campaign` computes with. All faults are reported at once, by path.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from planner.errors import suggestion
from planner.inputs.campaign_node import CampaignNode, Source
from planner.inputs.campaign_policy import read_full, read_packages, read_versions, with_policy
from planner.inputs.documents import Table
from planner.perf.campaign.description import (
    BYTE_PER_HOUR_OF_GBPS,
    BYTE_PER_HOUR_OF_MBPS,
    BYTES_PER_MB,
    Campaign,
    Install,
    LinkTable,
    Pool,
    Region,
    Segment,
    Session,
    Wave,
)

WEEK = 7
MOST_VEHICLES, LONGEST, MOST_POINTS = 10**12, 26_304.0, 100_000
"""What a campaign may have at most: vehicles, hours (three years of days), points of its curves."""
MOST_ATTEMPTS = 1000
MOST_FAILING = 0.99
"""Of full images in their verification: one that always fails is fetched for ever."""
REQUIRED = ("horizon_h", "curve_step_h", "fleet", "links", "sessions", "cdn", "update", "campaign")
BLOCKS = ("law", "billing", "goal", "search", "flash", "release", "rollback")
"""Optional blocks, each read by the part of the planner that it steers."""
OPTIONAL = ("title", *BLOCKS)


def read_campaign(
    inputs: Mapping[str, Any], file: str = "campaign", tree: Table | None = None
) -> Campaign:
    """A campaign from an `inputs` object and the optional blocks beside it.

    InputError lists everything that is wrong with it, with lines where `tree` is what was read from `file`.
    """
    root = CampaignNode(inputs, (), Source(file, tree))
    root.keys(*REQUIRED, *OPTIONAL)
    fleet, update, policy = root["fleet"], root["update"], root["campaign"]
    fleet.keys("n_vehicles", "regions", "segments")
    update.keys(
        "full_mb", "installed_versions", "p_verify_fail_delta", "p_verify_fail_full",
        "packages", "chain",
    )  # fmt: skip
    policy.keys(
        "waves", "halt_error_share", "halt_min_failures", "poll_interval_h",
        "cell_wait_h_with_wifi", "cell_wait_h_without_wifi", "download_window_local_h",
        "backoff_s", "resume", "install",
    )  # fmt: skip
    technologies = _technologies(root["links"])
    root["links"].keys("wifi", *technologies)
    pools, pool_of = _pools(root["cdn"]["pools"])
    resume = policy["resume"]
    mode = resume["mode"].one_of("byte", "chunk", "none")
    regions = tuple(_region(each, technologies, pool_of) for each in fleet["regions"].some())
    packages = read_packages(update)
    campaign = Campaign(
        packages=packages,
        vehicles=fleet["n_vehicles"].whole(1, MOST_VEHICLES),
        horizon=root["horizon_h"].positive(LONGEST),
        curve_step=root["curve_step_h"].positive(),
        regions=regions,
        segments=tuple(_segment(each) for each in fleet["segments"].some()),
        wifi=_links(root["links"]["wifi"]),
        cellular=tuple(_links(root["links"][name]) for name in technologies),
        sessions=tuple(_session(each, regions) for each in root["sessions"].some()),
        pools=pools,
        full=read_full(update, packages),
        versions=read_versions(update, packages),
        verify_fail_delta=update["p_verify_fail_delta"].number(0.0, 1.0),
        verify_fail_full=update["p_verify_fail_full"].number(0.0, MOST_FAILING),
        waves=tuple(_wave(each) for each in policy["waves"].some()),
        halt_share=policy["halt_error_share"].optional(lambda node: node.number(0.0)),
        halt_least=policy["halt_min_failures"].whole(0),
        poll=policy["poll_interval_h"].positive(),
        cell_wait_with_wifi=policy["cell_wait_h_with_wifi"].optional(lambda node: node.number(0.0)),
        cell_wait_without_wifi=policy["cell_wait_h_without_wifi"].optional(
            lambda node: node.number(0.0)
        ),
        window=policy["download_window_local_h"].optional(CampaignNode.hours),
        backoff=policy["backoff_s"].number(0.0) / 3600,
        resume=mode,  # type: ignore[arg-type]
        chunk=resume["chunk_mb"].positive() * BYTES_PER_MB if mode == "chunk" else 0.0,
        install=_install(policy["install"]),
    )
    if campaign.horizon > MOST_POINTS * campaign.curve_step:
        root["curve_step_h"].fault(f"gives curves of more than {MOST_POINTS:,} points")
    _cellular(fleet["regions"], campaign)
    _once(fleet["regions"], [each.name for each in campaign.regions])
    _once(root["cdn"]["pools"], [each.name for each in campaign.pools])
    _shares(fleet["regions"], [each.share for each in campaign.regions])
    _shares(fleet["segments"], [each.share for each in campaign.segments])
    _shares(update["installed_versions"], [each.share for each in campaign.versions])
    _shares(policy["waves"], [each.share for each in campaign.waves])
    campaign = with_policy(root, campaign)
    root.origin.raise_faults()
    return campaign


def _once(node: CampaignNode, names: list[str]) -> None:
    for number, name in enumerate(names):
        if name in names[:number]:
            node.at(number).fault(f"the name {name!r} is given twice")


def _cellular(node: CampaignNode, campaign: Campaign) -> None:
    """Where cellular sessions may be used their technology has to be known."""
    waits = (campaign.cell_wait_with_wifi, campaign.cell_wait_without_wifi)
    if all(wait is None for wait in waits) or all(each.wifi for each in campaign.sessions):
        return
    for number, region in enumerate(campaign.regions):
        if sum(region.cell_mix) <= 0:
            node.at(number).get("cell_mix").fault("adds up to 0, but cellular may be used")


def _shares(node: CampaignNode, shares: list[float]) -> None:
    if shares and sum(shares) <= 0:
        node.fault("the shares add up to 0")


def _technologies(node: CampaignNode) -> list[str]:
    """Cellular technologies: every link but Wi-Fi."""
    return [name for name in node.entries() if name != "wifi"]


def _links(node: CampaignNode) -> LinkTable:
    node.keys("rate_mbps", "drops_per_hour")
    rates, chances = [], []
    for row in node["rate_mbps"].some():
        cells = row.items()
        if len(cells) != 2:
            row.fault("expected [Mbit/s, probability]")
            continue
        rates.append(cells[0].positive() * BYTE_PER_HOUR_OF_MBPS)
        chances.append(cells[1].number(0.0))
    if chances and sum(chances) <= 0:
        node.fault("the probabilities add up to 0")
    return LinkTable(tuple(rates), tuple(chances), node["drops_per_hour"].number(0.0))


def _pools(node: CampaignNode) -> tuple[tuple[Pool, ...], dict[str, int]]:
    pools, pool_of = [], {}
    for number, each in enumerate(node.some()):
        each.keys("name", "cap_gbps", "regions", "max_active")
        cap = each["cap_gbps"].optional(CampaignNode.positive)
        places = each.get("max_active").optional(CampaignNode.positive)
        pools.append(
            Pool(
                name=each["name"].text(),
                cap=float("inf") if cap is None else cap * BYTE_PER_HOUR_OF_GBPS,
                places=float("inf") if places is None else places,
            )
        )
        for region in each["regions"].items():
            if region.text() in pool_of:
                region.fault(f"region {region.value!r} belongs to a pool already")
            pool_of[region.text()] = number
    return tuple(pools), pool_of


def _region(node: CampaignNode, technologies: list[str], pool_of: dict[str, int]) -> Region:
    node.keys("name", "share", "utc_offset_h", "p_home_wifi", "cell_mix", "wifi")
    name = node["name"].text()
    if name not in pool_of:
        node.fault(f"region {name!r} belongs to no pool; {suggestion(name, pool_of)}")
    mix = node["cell_mix"]
    mix.keys(*technologies)
    present = mix.value if isinstance(mix.value, Mapping) else {}
    return Region(
        name=name,
        share=node["share"].number(0.0),
        utc_offset=node["utc_offset_h"].number(-24.0, 24.0),
        home_wifi=node["p_home_wifi"].number(0.0, 1.0),
        cell_mix=tuple(mix[each].number(0.0) if each in present else 0.0 for each in technologies),
        pool=pool_of.get(name, 0),
        wifi=_links(node["wifi"]) if "wifi" in node else None,
    )


def _segment(node: CampaignNode) -> Segment:
    node.keys("name", "share", "p_active_day", "offline_until_exp_mean_h")
    return Segment(
        name=node["name"].text(),
        share=node["share"].number(0.0),
        active_day=node["p_active_day"].number(0.0, 1.0),
        offline_mean=node["offline_until_exp_mean_h"].optional(lambda each: each.number(0.0)),
    )


def _session(node: CampaignNode, regions: Sequence[Region]) -> Session:
    required = ("name", "link", "start_h", "duration_h", "p_per_day", "parked")
    node.keys(*required, "start_weights", "regions")
    names = [each.name for each in regions]
    chance = node["p_per_day"]
    if isinstance(chance.value, Sequence):
        by_day = tuple(each.number(0.0, 1.0) for each in chance.items())
        if len(by_day) != WEEK:
            chance.fault(f"expected a number or seven, found {len(by_day)}")
            by_day = (0.0,) * WEEK
    else:
        by_day = (chance.number(0.0, 1.0),) * WEEK
    return Session(
        name=node["name"].text(),
        wifi=node["link"].one_of("wifi", "cell") == "wifi",
        start=node["start_h"].rising(),
        length=node["duration_h"].rising(),
        chance=by_day,
        parked=node["parked"].flag(),
        start_weights=_weights(node["start_weights"]) if "start_weights" in node else (),
        regions=_places(node["regions"], names) if "regions" in node else None,
    )


def _weights(node: CampaignNode) -> tuple[float, ...]:
    weights = tuple(each.number(0.0) for each in node.some())
    _shares(node, list(weights))
    return weights


def _places(node: CampaignNode, names: Sequence[str]) -> tuple[int, ...]:
    """Indices of the regions that are named."""
    return tuple(names.index(each.one_of(*names)) for each in node.items() if names)


def _wave(node: CampaignNode) -> Wave:
    node.keys(
        "share", "not_before_h", "open_when_prev_success", "min_after_prev_open_h", "admission"
    )
    admission = node["admission"]
    kind = admission["type"].one_of("all", "uniform", "rate")
    extra: dict[str, float] = {}
    if kind == "uniform":
        admission.keys("type", "hours")
        extra = {"hours": admission["hours"].number(0.0)}
    elif kind == "rate":
        admission.keys("type", "base_per_min", "factor", "step_n", "max_per_min")
        extra = {
            "base": admission["base_per_min"].positive() * 60,
            "factor": admission["factor"].number(1.0),
            "step": admission["step_n"].positive(),
            "fastest": admission["max_per_min"].positive() * 60,
        }
    return Wave(
        share=node["share"].number(0.0),
        not_before=node["not_before_h"].number(0.0),
        gate=node["open_when_prev_success"].optional(lambda each: each.number(0.0, 1.0)),
        after_previous=node["min_after_prev_open_h"].number(0.0),
        admission=kind,  # type: ignore[arg-type]
        **extra,
    )


def _install(node: CampaignNode) -> Install:
    mode = node["mode"].one_of("when_parked", "scheduled")
    common = ("mode", "install_min", "p_install_fail", "max_attempts")
    optional = ("retry_delay_h", "p_consent_per_day", "slot_local_h")
    node.keys(*common, *optional)
    parked = mode == "when_parked"
    return Install(
        duration=node["install_min"].number(0.0) / 60,
        fail=node["p_install_fail"].number(0.0, 1.0),
        attempts=node["max_attempts"].whole(1, MOST_ATTEMPTS),
        retry_delay=node["retry_delay_h"].number(0.0) if parked else 0.0,
        slot=None if parked else node["slot_local_h"].rising(),
        consent=0.0 if parked else node["p_consent_per_day"].number(0.0, 1.0),
    )
