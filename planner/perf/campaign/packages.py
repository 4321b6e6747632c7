"""How many bytes does a vehicle download that is some releases behind, made up of packages that change differently?

A release is a set of packages: retrained network weights change nearly everywhere (delta ratio 0.9 to 1), a map or an
operating system in few places (0.05 to 0.4). The payload over k releases is sum_i F_i r_i(k). Given one ratio r for the
release before, blocks that change independently from release to release give r(k) = 1 - (1 - r)^k; given a list, its
entries are the distances 1, 2, ..., and the last one goes on.

Source: ranges of ratios, published sizes of xdelta3, OSTree and Android deltas; the law is that of independent changes.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Package:
    """A part of a release: its full size [bytes] and its delta ratio, by distance in releases or (one) from one."""

    name: str
    full: float
    ratio: tuple[float, ...]

    def delta(self, distance: int) -> float:
        """Bytes from the release `distance` before; never more than the full package."""
        if distance <= 0:
            return 0.0
        if len(self.ratio) > 1:
            share = self.ratio[min(distance, len(self.ratio)) - 1]
        else:
            share = 1 - (1 - min(self.ratio[0], 1.0)) ** distance
        return self.full * min(share, 1.0)


def full_image(packages: tuple[Package, ...]) -> float:
    """Bytes of a whole release."""
    return sum(package.full for package in packages)


def payload(packages: tuple[Package, ...], distance: int) -> float:
    """Bytes straight to the release `distance` ahead."""
    return sum(package.delta(distance) for package in packages)


def chain(packages: tuple[Package, ...], behind: int) -> tuple[float, ...]:
    """Bytes of each release that a vehicle has missed, where it takes them one by one, oldest first."""
    return (payload(packages, 1),) * behind
