"""What do the `goal` and `search` blocks of a campaign file say?

    goal: {share: 0.95, days: 14, of: updated}          of: updated (default) or downloaded
    search:
      waves: [[1], [0.01, 0.99]]                        each list is crossed with the others; what is left out stays
      soak_h: [24, 48]                                  as the campaign says
      open_when_prev_success: [null, 0.5]
      admission: [{type: all}, {type: uniform, hours: 24}]
      halt_error_share: [0.01, 0.02]
      halt_min_failures: [5, 20]
      download_window_local_h: [null, [22, 6]]
      cap_gbps: {POOL: [10, 20, null]}
      bad_release: {defect_rate: 0.3, detection_delay_h: 2}
      limits: {exposure: 100, exposure_of: p90, false_halt: 0.01, missed: 0.01}
      prices: {usd_per_gb: 0.005, usd_per_gb_cellular: 1, usd_per_gbps: 500}
      candidates: 1000

`prices` add to the file's `billing`, if it has one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from planner.errors import PlannerError
from planner.inputs.billing import read_billing
from planner.inputs.campaign_files import LoadedCampaign
from planner.inputs.campaign_node import CampaignNode
from planner.perf.campaign.description import BYTE_PER_HOUR_OF_GBPS
from planner.perf.campaign.reaching import STAGES, UPDATED
from planner.study.campaigns.demands import BYTES_PER_GB, BadRelease, Costs, Limits, Prices, Search
from planner.study.campaigns.goal import Goal
from planner.study.campaigns.space import Admitted, Space

CANDIDATES = 1000
LISTS = (
    "waves", "soak_h", "open_when_prev_success", "admission", "halt_error_share",
    "halt_min_failures", "download_window_local_h", "cap_gbps",
)  # fmt: skip
KEYS = (*LISTS, "bad_release", "limits", "prices", "candidates")
EXAMPLE_GOAL = "goal: {share: 0.95, days: 14}"
EXAMPLE = (
    "search: {waves: [[1], [0.01, 0.99]], soak_h: [24, 48], halt_min_failures: [5, 20], "
    "bad_release: {defect_rate: 0.3, detection_delay_h: 2}, "
    "limits: {exposure: 1000, false_halt: 0.01}, prices: {usd_per_gb: 0.005}}"
)
T = TypeVar("T")


def read_goal(
    loaded: LoadedCampaign,
    share: float | None = None,
    days: float | None = None,
    of: str | None = None,
) -> Goal:
    """The goal of a file; what is given goes before what the file says."""
    node = loaded.block("goal")
    if node is not None:
        node.keys("share", "days", "of")
        share = _share(node["share"]) if share is None else share
        days = node["days"].positive() if days is None else days
        stage = node.get("of")
        of = stage.one_of(*STAGES) if of is None and stage.present else of
        node.origin.raise_faults()
    if share is None or days is None:
        raise PlannerError(
            f"{loaded.file}: says nothing of a goal; give --share and --days, or write: "
            + EXAMPLE_GOAL
        )
    try:
        return Goal(share, days, of or UPDATED)
    except ValueError as error:
        raise PlannerError(
            f"expected a share above 0 and up to 1, days above 0 and one of {', '.join(STAGES)}; "
            f"found {share:g}, {days:g}, {of or UPDATED}"
        ) from error


def read_search(
    loaded: LoadedCampaign, goal: Goal, most: int | None = None, overlays: Sequence[Path] = ()
) -> Search:
    """The search of a file, for a goal; `most` candidates go before what the file says."""
    node = loaded.block("search")
    if node is None:
        raise PlannerError(f"{loaded.file}: says nothing of a search; for example: {EXAMPLE}")
    node.keys(*KEYS)
    number = node.get("candidates")
    wanted = number.whole(1) if number.present else CANDIDATES
    block = loaded.block("billing")
    billing = None if block is None else read_billing(block, loaded.campaign, overlays)
    prices = _prices(node.get("prices")) if "prices" in node else None
    if billing is None and prices is None:
        node.fault(
            "lacks 'prices', and the file has no billing: what is the cheapest campaign? For example "
            "prices: {usd_per_gb: 0.005, usd_per_gb_cellular: 1}"
        )
    search = Search(
        space=_space(node, loaded),
        goal=goal,
        bad=_bad(node["bad_release"]),
        limits=_limits(node.get("limits")),
        pricing=Costs(billing, prices),
        candidates=most or wanted,
    )
    node.origin.raise_faults()
    return search


def _space(node: CampaignNode, loaded: LoadedCampaign) -> Space:
    def each(key: str, read: Callable[[CampaignNode], T]) -> tuple[T, ...]:
        return tuple(read(item) for item in node.get(key).some()) if key in node else ()

    def maybe(read: Callable[[CampaignNode], T]) -> Callable[[CampaignNode], T | None]:
        return lambda item: item.optional(read)

    if not any(key in node for key in LISTS):
        node.fault("says nothing that may be chosen; has none of: " + ", ".join(LISTS))
    names = [pool.name for pool in loaded.campaign.pools]
    caps: dict[str, tuple[float, ...]] = {}
    if "cap_gbps" in node:
        listed = node.get("cap_gbps")
        listed.keys(*names)
        caps = {
            name: tuple(_cap(item) for item in entry.some())
            for name, entry in listed.entries().items()
        }
    return Space(
        waves=each("waves", _shares),
        soaks=each("soak_h", lambda item: item.number(0.0)),
        gates=each("open_when_prev_success", maybe(lambda item: item.number(0.0, 1.0))),
        admissions=each("admission", _admission),
        halt_shares=each("halt_error_share", maybe(lambda item: item.number(0.0, 1.0))),
        halt_leasts=each("halt_min_failures", lambda item: item.whole(0)),
        windows=each("download_window_local_h", maybe(CampaignNode.hours)),
        caps=tuple(caps.get(name, ()) for name in names),
    )


def _shares(node: CampaignNode) -> tuple[float, ...]:
    return tuple(each.positive() for each in node.some()) or (1.0,)


def _cap(node: CampaignNode) -> float:
    return node.positive() * BYTE_PER_HOUR_OF_GBPS if node.present else np.inf


def _admission(node: CampaignNode) -> Admitted:
    kind = node["type"].one_of("all", "uniform", "rate")
    if kind == "uniform":
        node.keys("type", "hours")
        return Admitted("uniform", hours=node["hours"].number(0.0))
    if kind == "rate":
        node.keys("type", "base_per_min", "factor", "step_n", "max_per_min")
        return Admitted(
            "rate",
            base=node["base_per_min"].positive() * 60,
            factor=node["factor"].number(1.0),
            step=node["step_n"].positive(),
            fastest=node["max_per_min"].positive() * 60,
        )
    node.keys("type")
    return Admitted("all")


def _share(node: CampaignNode) -> float:
    if node.value == 0:
        node.fault("expected more than 0")
    return node.number(0.0, 1.0) or 1.0


def _bad(node: CampaignNode) -> BadRelease:
    node.keys("defect_rate", "detection_delay_h")
    delay = node.get("detection_delay_h")
    return BadRelease(_share(node["defect_rate"]), delay.number(0.0) if delay.present else 0.0)


def _limits(node: CampaignNode) -> Limits:
    if not node.present:
        return Limits()
    node.keys("exposure", "exposure_of", "false_halt", "missed")
    of: Any = node.get("exposure_of").one_of("p90", "mean") if "exposure_of" in node else "p90"
    return Limits(
        exposure=node.get("exposure").optional(CampaignNode.positive),
        of=of,
        false_halt=node.get("false_halt").optional(lambda each: each.number(0.0, 1.0)),
        missed=node.get("missed").optional(lambda each: each.number(0.0, 1.0)),
    )


def _prices(node: CampaignNode) -> Prices:
    node.keys("usd_per_gb", "usd_per_gb_cellular", "usd_per_gbps")

    def price(key: str) -> float:
        return node.get(key).number(0.0) if key in node else 0.0

    return Prices(
        per_byte=price("usd_per_gb") / BYTES_PER_GB,
        per_cellular_byte=price("usd_per_gb_cellular") / BYTES_PER_GB,
        per_gbps=price("usd_per_gbps"),
    )
