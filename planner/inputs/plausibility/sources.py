"""Does every number say where it comes from, and is that where it could come from?

That a number of a profile names a source and a confidence is refused by the loader already; here is what it cannot
see: a source that is not declared, or a memory that passes as published.
"""

from __future__ import annotations

import re

from planner.errors import suggestion
from planner.inputs.load import cells_of
from planner.inputs.plausibility.finding import Findings, Implausible, Shelf
from planner.inputs.profiles import Profile

READ = ("measured", "published")
MEMORY = "from memory"
_ID = re.compile(r"^[a-z][a-z0-9_]*$")


def rules(profile: Profile, shelf: Shelf) -> Findings:
    """Sources that lead nowhere, and confidence that a source does not give."""
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
        elif cell.confidence in READ and MEMORY in source and cited[0] not in profile.sources:
            yield Implausible(
                (*steps, "confidence"),
                f"{cell.confidence}, {MEMORY}",
                "derived or assumed: nobody can look up a memory",
            )
