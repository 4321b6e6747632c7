"""Does a release fit the flash of the vehicle's computer, how long does it take, and how much does it wear?

A release is written, read back and hashed, and the computer restarts. With two slots (A/B) all but the switch runs
while the other slot is in use, so the vehicle stands still for the switch alone. What is larger than the free slot
cannot be taken; or, where that is allowed, is written in place with the vehicle parked for all of it.

Wear: each release programs and erases its image's blocks, amplified by the flash's housekeeping, out of the cycles that
the cells endure (3,000 of 64 GB are 192 TB written). Source: JEDEC JESD218 (endurance as total bytes written).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

SECONDS_PER_HOUR = 3600.0


@dataclass(frozen=True)
class Flash:
    """Sizes [bytes], rates [byte/s], times [s]. `slots` 2: A/B.

    `in_place`: what does not fit the `free` slot may be written in place.
    """

    free: float
    write: float
    hash: float
    reboot: float
    slots: int
    in_place: bool
    capacity: float
    endurance: float  # program and erase cycles of a cell
    amplification: float
    releases_per_year: float
    life: float  # [years]


def fits(flash: Flash, image: float) -> bool:
    """Whether an image [bytes] goes into the free slot."""
    return image <= flash.free


def write_hours(flash: Flash, image: float) -> float:
    """Hours to write and check an image."""
    return image * (1 / flash.write + 1 / flash.hash) / SECONDS_PER_HOUR


def install_hours(flash: Flash, image: float) -> float:
    """Hours for which the vehicle stands still; infinite where the image can not be installed at all."""
    switch = flash.reboot / SECONDS_PER_HOUR
    if fits(flash, image):
        return switch if flash.slots > 1 else write_hours(flash, image) + switch
    return write_hours(flash, image) + switch if flash.in_place else np.inf


def cycles_used(flash: Flash, image: float) -> float:
    """Program and erase cycles that all releases of a life take from the cells, levelled over the whole capacity."""
    written = image * flash.amplification * flash.releases_per_year * flash.life
    return written / flash.capacity


def wear(flash: Flash, image: float) -> float:
    """Share of the cells' endurance that updates use over the life."""
    return cycles_used(flash, image) / flash.endurance
