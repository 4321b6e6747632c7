"""Does every number say where it comes from, and is that where it could come from?

That a number of a profile names a source and a confidence is refused by the loader already; here is what it cannot
see: a source that is not declared, a publication that is not named, an address that leads nowhere, or a memory that
passes as published.
"""

from __future__ import annotations

import re

from planner.errors import suggestion
from planner.inputs.documents import Steps
from planner.inputs.load import cells_of
from planner.inputs.numbers import Cell
from planner.inputs.plausibility.finding import Findings, Implausible, Shelf
from planner.inputs.profiles import Profile

READ = ("measured", "published")
MEMORY = "from memory"
CHECKED_ITSELF = ("utc_offset",)  # civil time is common knowledge, and compared with the zones
_ID = re.compile(r"^[a-z][a-z0-9_]*$")
_YEAR = re.compile(r"\b(19|20)\d\d\b")
_WORD = re.compile(r"[a-z][a-z0-9_]*")
_ADDRESS = re.compile(r"\b(?:h?tt?ps?|www)\b[:.]/*[^\s\"'()<>]*", re.IGNORECASE)
_WELL_FORMED = re.compile(
    r"^https?://[a-z0-9-]+(\.[a-z0-9-]+)*\.[a-z]{2,}(:\d+)?(/\S*)?$", re.IGNORECASE
)


def rules(profile: Profile, shelf: Shelf) -> Findings:
    """Sources that lead nowhere, and confidence that a source does not give."""

    def remembered(name: str) -> bool:
        return profile.sources.get(name, "").endswith(f"({MEMORY})")

    for steps, cell in cells_of(profile, ()):
        source = cell.source or ""
        cited = [word.strip() for word in source.partition(":")[0].split(",")]
        if all(_ID.match(word) for word in cited):
            for word in cited:
                if word not in profile.sources:
                    known = suggestion(word, profile.sources) if profile.sources else "none is"
                    yield Implausible(
                        (*steps, "source"), f'"{word}"', f"one of the declared sources, {known}"
                    )
            if cell.confidence in READ and all(map(remembered, cited)):
                yield _memory(steps, cell)
        elif cell.confidence in READ and MEMORY in source and cited[0] not in profile.sources:
            yield _memory(steps, cell)
        elif steps[-1] in CHECKED_ITSELF:
            continue
        elif cell.confidence in READ and not (
            _YEAR.search(source) or profile.sources.keys() & set(_WORD.findall(source))
        ):
            yield Implausible(
                (*steps, "source"),
                f'{cell.confidence}, "{source}"',
                "a source that the profile declares, or at least the year of one; else derived or assumed",
            )
    for name, text in profile.sources.items():
        for address in _ADDRESS.findall(text):
            if not _WELL_FORMED.match(address.rstrip(".,;:")):
                yield Implausible(
                    ("sources", name), address, "an address: https://host.domain/path"
                )


def _memory(steps: Steps, cell: Cell) -> Implausible:
    return Implausible(
        (*steps, "confidence"),
        f"{cell.confidence}, {MEMORY}",
        "derived or assumed: nobody can look up a memory",
    )
