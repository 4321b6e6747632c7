"""How are a release's packages, a region's law, the flash, the cadence and a rollback written down?

The blocks beside a campaign's own: each is read into a record of `planner.perf.campaign`, or changes the campaign that
was read. Sizes are in MB, times in the unit that the key says.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from planner.inputs.campaign_node import CampaignNode
from planner.perf.campaign.description import (
    BYTES_PER_MB,
    Campaign,
    Law,
    Region,
    Release,
    RollbackRule,
    Version,
)
from planner.perf.campaign.flash import Flash, install_hours
from planner.perf.campaign.packages import Package, chain, full_image, payload

HOURS_PER_DAY = 24.0
BYTES_PER_GB = 1e9
SAME_SIZE = 1e-3  # relative: full image and sum of packages
CHAINS = ("latest", "oldest_first")


def read_packages(update: CampaignNode) -> tuple[Package, ...]:
    """The packages of `update.packages`, if there are any."""
    node = update.get("packages")
    return tuple(_package(each) for each in node.some()) if node.present else ()


def _package(node: CampaignNode) -> Package:
    node.keys("name", "full_mb", "delta_ratio")
    ratio = node["delta_ratio"]
    if isinstance(ratio.value, list):
        ratios = tuple(each.number(0.0) for each in ratio.some()) or (1.0,)
    else:
        ratios = (ratio.number(0.0),)
    return Package(node["name"].text(), node["full_mb"].number(0.0) * BYTES_PER_MB, ratios)


def read_full(update: CampaignNode, packages: tuple[Package, ...]) -> float:
    """The full image [bytes]: `full_mb`, or the sum of the packages."""
    if not packages:
        return update["full_mb"].number(0.0) * BYTES_PER_MB
    whole = full_image(packages)
    given = update.get("full_mb")
    if given.present and abs(given.number(0.0) * BYTES_PER_MB - whole) > SAME_SIZE * whole:
        given.fault(f"the packages add up to {whole / BYTES_PER_MB:g} MB; leave one of them out")
    return whole


def read_versions(update: CampaignNode, packages: tuple[Package, ...]) -> tuple[Version, ...]:
    """Installed versions, with what each has to download."""
    order = update.get("chain")
    one_by_one = order.present and order.one_of(*CHAINS) == "oldest_first"
    versions = update["installed_versions"].some()
    return tuple(_version(each, packages, one_by_one) for each in versions)


def _version(node: CampaignNode, packages: tuple[Package, ...], one_by_one: bool) -> Version:
    """A version's payload as it stands; by its distance where packages say how; else the full image.

    One by one a payload that stands there is that of each missing release.
    """
    node.keys("name", "share", "payload_mb", "releases_behind")
    behind = node.get("releases_behind").whole(1) if "releases_behind" in node else 1
    delta: float | None
    if "payload_mb" in node or not packages:
        delta = node["payload_mb"].optional(lambda each: each.number(0.0) * BYTES_PER_MB)
        earlier: tuple[float | None, ...] = (delta,) * (behind - 1)
    else:
        delta = payload(packages, 1 if one_by_one else behind)
        earlier = chain(packages, behind - 1)
    return Version(
        name=node["name"].text(),
        share=node["share"].number(0.0),
        delta=delta,
        earlier=earlier if one_by_one else (),
    )


def with_policy(root: CampaignNode, campaign: Campaign) -> Campaign:
    """The campaign with its law, flash, cadence and rollback."""
    return replace(
        _with_flash(root.get("flash"), campaign),
        regions=_lawful(root.get("law"), campaign),
        release=root.get("release").optional(_release),
        rollback=root.get("rollback").optional(_rollback),
    )


def _lawful(node: CampaignNode, campaign: Campaign) -> tuple[Region, ...]:
    """The regions with their law."""
    if not node.present:
        return campaign.regions
    laws = node.entries()
    names = [region.name for region in campaign.regions]
    for name in laws:
        if name not in names:
            node.unknown(name, names)
    scheduled = campaign.install.slot is not None
    return tuple(
        replace(region, law=_law(laws[region.name], scheduled)) if region.name in laws else region
        for region in campaign.regions
    )


def _law(node: CampaignNode, scheduled: bool) -> Law:
    """A region's law. An update that may not be silent waits for its owner as one that needs consent does."""
    node.keys(
        "filing_lead_days", "consent_required", "consent_per_day", "silent_update_allowed",
        "deadline_days", "deadline_share", "source", "confidence",
    )  # fmt: skip
    asked = node.get("consent_required").optional(CampaignNode.flag) or False
    silent = node.get("silent_update_allowed").optional(CampaignNode.flag)
    chance = node.get("consent_per_day").optional(lambda each: each.number(0.0, 1.0))
    asks = asked or silent is False
    if asks and chance is None and not scheduled:
        node.fault("an install that waits for its owner needs consent_per_day")
    deadline = node.get("deadline_days").optional(CampaignNode.positive)
    share = node.get("deadline_share").optional(lambda each: each.number(0.0, 1.0))
    lead = node.get("filing_lead_days").optional(lambda each: each.number(0.0))
    return Law(
        lead=HOURS_PER_DAY * (lead or 0.0),
        consent=chance if asks else None,
        deadline=None if deadline is None else HOURS_PER_DAY * deadline,
        share=1.0 if share is None else share,
    )


def _with_flash(node: CampaignNode, campaign: Campaign) -> Campaign:
    """The campaign with the flash of its vehicles: it says how long an install takes, and whether there is room."""
    if not node.present:
        return campaign
    flash = _flash(node)
    duration = install_hours(flash, campaign.full)
    if not np.isfinite(duration):
        node.get("free_slot_mb").fault(
            f"an image of {campaign.full / BYTES_PER_MB:g} MB does not fit, so no vehicle could "
            "install it; in_place: true writes it in place while the vehicle is parked"
        )
        return campaign
    return replace(campaign, flash=flash, install=replace(campaign.install, duration=duration))


def _flash(node: CampaignNode) -> Flash:
    node.keys(
        "free_slot_mb", "write_mb_per_s", "hash_mb_per_s", "reboot_s", "slots", "in_place",
        "capacity_gb", "endurance_cycles", "write_amplification", "releases_per_year", "life_years",
    )  # fmt: skip
    return Flash(
        free=node["free_slot_mb"].number(0.0) * BYTES_PER_MB,
        write=node["write_mb_per_s"].positive() * BYTES_PER_MB,
        hash=node["hash_mb_per_s"].positive() * BYTES_PER_MB,
        reboot=node["reboot_s"].number(0.0),
        slots=node["slots"].whole(1),
        in_place=node["in_place"].flag(),
        capacity=node["capacity_gb"].positive() * BYTES_PER_GB,
        endurance=node["endurance_cycles"].positive(),
        amplification=node["write_amplification"].number(1.0),
        releases_per_year=node["releases_per_year"].number(0.0),
        life=node["life_years"].number(0.0),
    )


def _release(node: CampaignNode) -> Release:
    node.keys("cadence_days", "chain")
    order = node.get("chain")
    one_by_one = order.present and order.one_of(*CHAINS) == "oldest_first"
    return Release(HOURS_PER_DAY * node["cadence_days"].positive(), one_by_one)


def _rollback(node: CampaignNode) -> RollbackRule:
    node.keys("deadline_days", "slot_intact_share", "updated_share")
    updated = node.get("updated_share").optional(lambda each: each.number(0.0, 1.0))
    return RollbackRule(
        deadline=HOURS_PER_DAY * node["deadline_days"].positive(),
        intact=node["slot_intact_share"].number(0.0, 1.0),
        updated=1.0 if updated is None else updated,
    )
