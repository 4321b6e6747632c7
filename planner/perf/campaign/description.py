"""What describes a campaign: the fleet, its links and sessions, the capacity, the package and the policy.

Frozen records of plain numbers, after the semantics of the shipped measured campaigns. Times and lengths are in hours
from the start of the campaign, 00:00 UTC of day 0; sizes are in bytes, link rates and caps in byte/hour.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from planner.perf.campaign.flash import Flash
from planner.perf.campaign.packages import Package

BYTES_PER_MB = 1e6
BYTE_PER_HOUR_OF_MBPS = 1e6 / 8 * 3600
BYTE_PER_HOUR_OF_GBPS = 1e9 / 8 * 3600

Resume = Literal["byte", "chunk", "none"]
Admission = Literal["all", "uniform", "rate"]


@dataclass(frozen=True)
class LinkTable:
    """Rates [byte/hour] with their chances, and the drop rate of a connection [1/hour of flow]."""

    rates: tuple[float, ...]
    chances: tuple[float, ...]
    drops_per_hour: float


@dataclass(frozen=True)
class Law:
    """What a region's rules ask of a release.

    It opens there `lead` [hours] after the planned start at the earliest (filing). `consent`: an install begins only
    once the owner agrees, which happens with this chance a day; None: no need to ask. `share` of the region's vehicles
    has to be updated by the `deadline` [hours from the planned start]; None: there is none.
    """

    lead: float = 0.0
    consent: float | None = None
    deadline: float | None = None
    share: float = 1.0


@dataclass(frozen=True)
class Region:
    """A share of the fleet in one time zone, served by one capacity pool (its index in `pools`).

    `wifi`: link rates of its own; None: those of the campaign.
    """

    name: str
    share: float
    utc_offset: float
    home_wifi: float
    cell_mix: tuple[float, ...]  # in the order of the campaign's `cellular`
    pool: int
    wifi: LinkTable | None = None
    law: Law = Law()


@dataclass(frozen=True)
class Segment:
    """A share of the fleet with one pattern of use; `offline_mean` [hours] of an exponential absence, or None."""

    name: str
    share: float
    active_day: float
    offline_mean: float | None


@dataclass(frozen=True)
class Session:
    """A kind of online time: when it starts (local hours), how long it lasts, how likely on each weekday.

    `start_weights`: of equal parts of the span in which it starts; empty: all parts alike. `regions`: indices of those
    whose vehicles have it; None: all.
    """

    name: str
    wifi: bool
    start: tuple[float, float]
    length: tuple[float, float]
    chance: tuple[float, ...]  # seven, by weekday
    parked: bool
    start_weights: tuple[float, ...] = ()
    regions: tuple[int, ...] | None = None


@dataclass(frozen=True)
class Pool:
    """A capacity that its regions share max-min fairly; `cap` [byte/hour], infinite when there is none.

    `places`: downloads at once; a vehicle that finds none free comes again at its next poll.
    """

    name: str
    cap: float
    places: float = float("inf")


@dataclass(frozen=True)
class Version:
    """A share of the fleet on one installed version; `delta` [bytes], or None when it needs the full image.

    `earlier`: payloads [bytes, or None: a full image] of the releases that it has to download and install before,
    oldest first, where missing releases are taken one by one.
    """

    name: str
    share: float
    delta: float | None
    earlier: tuple[float | None, ...] = ()


@dataclass(frozen=True)
class Wave:
    """A share of the fleet that opens together: by the clock, after a soak, at a success share of the one before.

    `admission` spreads the members' eligible times: all at once; uniformly over `hours`; or one after another at
    `base` vehicles an hour, times `factor` for every `step` vehicles, at most `fastest` an hour.
    """

    share: float
    not_before: float
    gate: float | None
    after_previous: float
    admission: Admission
    hours: float = 0.0
    base: float = 0.0
    factor: float = 1.0
    step: float = 1.0
    fastest: float = 0.0


@dataclass(frozen=True)
class Install:
    """When an install starts, how long it takes [hours], how often it fails, how often it is tried.

    `slot` None: as soon as the vehicle is parked, and again `retry_delay` [hours] after a failure. Else: at a slot of
    these local hours that exists on a vehicle-day with chance `consent`.
    """

    duration: float
    fail: float
    attempts: int
    retry_delay: float
    slot: tuple[float, float] | None
    consent: float


@dataclass(frozen=True)
class RollbackRule:
    """What a rollback has to do: within `deadline` [hours], for vehicles of which a share has its old slot `intact`.

    `updated`: share of the fleet that has the release.
    """

    deadline: float
    intact: float
    updated: float = 1.0


@dataclass(frozen=True)
class Release:
    """Releases every `cadence` [hours]; `one_by_one`: a campaign goes on when the next release is out."""

    cadence: float
    one_by_one: bool = False


@dataclass(frozen=True)
class Campaign:
    """One rollout, whole; what steers no rollout but is asked of it stands last."""

    vehicles: int
    horizon: float
    curve_step: float
    regions: tuple[Region, ...]
    segments: tuple[Segment, ...]
    wifi: LinkTable
    cellular: tuple[LinkTable, ...]
    sessions: tuple[Session, ...]
    pools: tuple[Pool, ...]
    full: float
    versions: tuple[Version, ...]
    verify_fail_delta: float
    verify_fail_full: float
    waves: tuple[Wave, ...]
    halt_share: float | None
    halt_least: int
    poll: float
    cell_wait_with_wifi: float | None
    cell_wait_without_wifi: float | None
    window: tuple[float, float] | None
    backoff: float
    resume: Resume
    chunk: float
    install: Install
    packages: tuple[Package, ...] = ()
    flash: Flash | None = None
    release: Release | None = None
    rollback: RollbackRule | None = None
