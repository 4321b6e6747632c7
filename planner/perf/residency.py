"""Where may a region's data be processed, by dated rules?

A rule speaks of the data of some origins; of its limbs the first that matches destination, class of data, fleet and
sensors decides: the data may go freely, under conditions (a contract, consent), or it stays. Data is always free in its
own country. Not legal advice.

A region sends all its data to one site, so the strictest verdict among the classes that training reads decides on the
region; classes beside them (telemetry, maps) that alone would have to stay are left to a warning.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from planner.axes import Array

VERDICTS = ("free", "conditions", "stays")
FREE, CONDITIONS, STAYS = range(3)
EVERYTHING = "all"
TRAINED_ON = frozenset(
    {"clips"}
)  # the class of data that training reads, by the name that scenarios give it


@dataclass(frozen=True, slots=True)
class Limb:
    """One condition of a rule; `vehicles_above` is -inf where the size of the fleet does not matter."""

    name: str
    data: tuple[str, ...]
    destinations: frozenset[str]
    exempt: frozenset[str]
    vehicles_above: float
    exterior_video: bool
    verdict: str
    condition: str

    def covers(self, destination: str) -> bool:
        """Whether the limb speaks of a destination."""
        named = destination in self.destinations or EVERYTHING in self.destinations
        return named and destination not in self.exempt

    def speaks_of(self, classes: frozenset[str]) -> bool:
        """Whether the limb speaks of one of some classes of data."""
        return EVERYTHING in self.data or not classes.isdisjoint(self.data)


@dataclass(frozen=True, slots=True)
class Rule:
    """Limbs for the data of some origins, in force from a month (years x 12 + month - 1) on."""

    name: str
    title: str
    known: int
    effective: int
    origins: frozenset[str]
    limbs: tuple[Limb, ...]


@dataclass(frozen=True, slots=True)
class Origin:
    """A region as the rules see it: its country or group of countries, and what its vehicles send.

    `stays` is the scenario's own word where it has one: True the data stays whatever the rules say, False it may leave
    (an assessment has been passed).
    """

    law: str
    home: frozenset[str]
    films: bool
    stays: bool | None = None


@dataclass(frozen=True, slots=True)
class Flow:
    """Data on its way: whose, to which country, of which classes, out of how many vehicles."""

    origin: Origin
    destination: str
    classes: frozenset[str]
    vehicles: float


@dataclass(frozen=True)
class Rules:
    """The residency rules known in the month `as_of`, worked out for the regions and sites of a plan.

    `verdicts[i]` holds the verdict by (month, region, site) where the region has more than `thresholds[i]` vehicles;
    the thresholds rise, the first is below any fleet, and each changes a verdict.
    """

    rules: tuple[Rule, ...]
    as_of: int
    thresholds: tuple[float, ...]
    verdicts: tuple[Array, ...]

    def of(self, vehicles: Array) -> Array:
        """The verdict by (draw, month, region, site), from vehicles by (draw, month, region)."""
        result = self.verdicts[0][..., None]  # draws last, where they then lie side by side
        held = np.moveaxis(vehicles, 0, -1)[:, :, None]
        for threshold, verdict in zip(self.thresholds[1:], self.verdicts[1:], strict=True):
            result = np.where(held > threshold, verdict[..., None], result)
        return np.moveaxis(result, -1, 0)

    @property
    def strictest(self) -> Array:
        """The verdict by (month, region, site) of a fleet above every threshold."""
        return self.verdicts[-1]


def in_force(rules: Sequence[Rule], law: str, month: int) -> Rule | None:
    """The latest rule in force for the data of an origin in a month index, or None."""
    current = [rule for rule in rules if law in rule.origins and rule.effective <= month]
    return max(current, key=lambda rule: rule.effective) if current else None


def deciding_limb(rule: Rule | None, flow: Flow) -> Limb | None:
    """The limb that decides on a flow of data, or None where nothing speaks of it or it stays at home."""
    if rule is None or flow.destination in flow.origin.home:
        return None
    return next((limb for limb in rule.limbs if _matches(limb, flow)), None)


def strictest_limb(rule: Rule | None, flow: Flow) -> Limb | None:
    """The limb with the strictest verdict among the classes of a flow; for each class the first match decides."""
    classes = sorted(flow.classes)
    each = [Flow(flow.origin, flow.destination, frozenset({c}), flow.vehicles) for c in classes]
    found = [limb for one in each if (limb := deciding_limb(rule, one)) is not None]
    return max(found, key=lambda limb: VERDICTS.index(limb.verdict), default=None)


def _matches(limb: Limb, flow: Flow) -> bool:
    return (
        limb.covers(flow.destination)
        and limb.speaks_of(flow.classes)
        and flow.vehicles > limb.vehicles_above
        and (flow.origin.films or not limb.exterior_video)
    )


def verdict(rules: Sequence[Rule], month: int, flow: Flow) -> int:
    """The verdict on a flow of data in a month index: free, under conditions, or it stays."""
    if flow.destination in flow.origin.home or flow.origin.stays is False:
        return FREE
    if flow.origin.stays:
        return STAYS
    limb = strictest_limb(in_force(rules, flow.origin.law, month), flow)
    return FREE if limb is None else VERDICTS.index(limb.verdict)


def trained_classes(classes: Sequence[str]) -> frozenset[str]:
    """Those of a scenario's classes of data that training reads; all of them where none has the usual name."""
    return TRAINED_ON if not classes else (TRAINED_ON & {*classes} or frozenset(classes))


def worked_out(
    rules: Sequence[Rule],
    as_of: int,
    origins: Sequence[Origin],
    countries: Sequence[str],
    classes: Sequence[str],
    months: range,
) -> Rules:
    """The rules for some regions and the countries of some sites, in each month index of a plan."""
    limits = {limb.vehicles_above for rule in rules for limb in rule.limbs}
    thresholds = sorted({-np.inf, *limits})
    trained = trained_classes(classes)
    changes = [m for m in months if m == months.start or any(r.effective == m for r in rules)]

    def table(vehicles: float) -> Array:
        held = np.zeros((len(months), len(origins), len(countries)))
        for month in changes:
            held[month - months.start :] = [
                [verdict(rules, month, Flow(o, c, trained, vehicles)) for c in countries]
                for o in origins
            ]
        return held

    tables = [table(float(np.nextafter(each, np.inf))) for each in thresholds]
    matters = [
        i for i in range(len(tables)) if not i or not np.array_equal(tables[i], tables[i - 1])
    ]
    return Rules(
        tuple(rules),
        as_of,
        tuple(thresholds[i] for i in matters),
        tuple(tables[i] for i in matters),
    )


def pools(may_pool: npt.NDArray[np.bool_]) -> tuple[tuple[float, ...], ...]:
    """Groups of places that may all pool with each other: each joins the first group that takes it.

    `may_pool` is a symmetric table of pairs. Pairs need not be transitive, groups are: a place in between two that may
    not meet joins the first of them. Row i has 1 for the members of the group of i.
    """
    groups: list[list[int]] = []
    for place in range(len(may_pool)):
        for group in groups:
            if all(may_pool[place, other] for other in group):
                group.append(place)
                break
        else:
            groups.append([place])
    member = {place: group for group in groups for place in group}
    return tuple(
        tuple(float(other in member[place]) for other in range(len(may_pool)))
        for place in range(len(may_pool))
    )
