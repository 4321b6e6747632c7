"""What are the things of a plan called in front of people who have not read its files?

Files name things by keys (`rest_of_world`, `drive_orin`); profiles have titles ("Rest of world", "DRIVE Orin, one
chip"). A report says the title up to what only tells it from its siblings, and where there is none the key in words.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from planner.axes import PACKAGE, PROGRAM, REGION, SITE, WORKLOAD
from planner.plan import Plan

KINDS = ("regions", "ecus", "nodes", "storage", "network")  # of profiles that texts name
DETAIL = re.compile(r",| \(")  # from here a title tells siblings apart
ABBREVIATED = 2  # characters of words such as "ai", "us" and "uk"
SHORTEST = 4  # characters of a key that is looked for in a text: shorter ones may be words of it


class Names:
    """The names of one plan's regions, sites, computers and hardware."""

    def __init__(self, plan: Plan) -> None:
        self._names = dict(_works(plan)) | dict(_places(plan)) | dict(_titles(plan))
        sought = [key for key in self._names if len(key) >= SHORTEST]
        words = "|".join(map(re.escape, sorted(sought, key=len, reverse=True)))
        self._keys = re.compile(rf"(?<![\w./])(?:{words})(?![\w/]|\.\w)" if words else r"(?!)")

    def of(self, key: str) -> str:
        """The name of one thing."""
        return self._names.get(key, key.replace("_", " "))

    def known(self, key: str) -> str:
        """The name of one thing, and of anything else the word itself."""
        return self._names.get(key, key)

    def said(self, text: str) -> str:
        """A text with names in place of keys, and without commands to type."""
        text = re.sub(r" \(explain \w+\)", "", text)
        text = self._keys.sub(lambda found: self._names[found[0]], text)
        return text[:1].upper() + text[1:]


def _works(plan: Plan) -> Iterator[tuple[str, str]]:
    """Programs, jobs and releases whose keys are several words."""
    for axis in (PROGRAM, WORKLOAD, PACKAGE):
        yield from ((key, key.replace("_", " ")) for key in plan.project.labels[axis] if "_" in key)


def _places(plan: Plan) -> Iterator[tuple[str, str]]:
    """Sites and regions without a title, as words that begin large: "Palo Alto", "AI Factory"."""
    for axis in (REGION, SITE):
        for key in plan.project.labels[axis]:
            words = key.split("_")
            yield (
                key,
                " ".join(w.upper() if len(w) == ABBREVIATED else w.capitalize() for w in words),
            )


def _titles(plan: Plan) -> Iterator[tuple[str, str]]:
    """Titles up to their detail, in full where that would give two things one name."""
    profiles = plan.project.inputs.profiles
    titles = {key: each.title for kind in KINDS for key, each in profiles.get(kind, {}).items()}
    titles = {key: title for key, title in titles.items() if title}
    short = {key: DETAIL.split(title)[0] for key, title in titles.items()}
    alike = Counter(short.values())
    for key, title in titles.items():
        yield key, short[key] if alike[short[key]] == 1 else title
