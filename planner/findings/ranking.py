"""Which warnings matter most, and how are those that end by themselves said together?

What keeps vehicles or hardware out, or lasts, comes first; then what is short until the first orders serve; then what
is good to know. A list for the eye says in one line what is alike: the start-up shortages of a site, ECUs that are
overrun, data that moves under conditions.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from planner.findings.spans import Warning_, months_text

STARTING = 4
# How grave each kind is; what is not named here counts as LASTING.
LASTING = 2
GRAVITY = {
    **dict.fromkeys(("input", "tiers"), 0),
    **dict.fromkeys(("unserved", "export", "power"), 1),
    **dict.fromkeys(("it_capacity", "rack_density", "liquid", "floor", "water"), 1),
    "residency": 3,
    **dict.fromkeys(("dataset", "feeding", "refresh", "hardware"), 5),
}


def ranked(warnings: Iterable[Warning_]) -> list[Warning_]:
    """The gravest first; those that are equally grave stay in their order."""
    return sorted(warnings, key=_gravity)


def _gravity(warning: Warning_) -> int:
    return STARTING if warning.at_start else GRAVITY.get(warning.kind, LASTING)


def in_short(warnings: Sequence[Warning_]) -> list[str]:
    """A line a warning, in few words where it has some; those of one heading, and start-up shortages, together."""
    lines, together = [], set()
    for each in warnings:
        if each.at_start:
            key = each.place
            mine = [other for other in warnings if other.at_start and other.place == each.place]
            line = _until_served(each.place, mine)
        elif each.heading:
            key = each.heading
            parts = [other.brief for other in warnings if other.heading == each.heading]
            line = f"{each.heading}: {', '.join(dict.fromkeys(parts))}"
        else:
            lines.append(each.brief or each.text)
            continue
        if key not in together:
            together.add(key)
            lines.append(line)
    return lines


def _until_served(place: str, warnings: Sequence[Warning_]) -> str:
    """What is short at a place, and what waits, until the first orders serve."""
    months = months_text(min(each.first for each in warnings), max(each.last for each in warnings))
    short = [each.at_start for each in warnings if each.kind != "queue"]
    waits = [each.at_start for each in warnings if each.kind == "queue"]
    said = [f"{', '.join(short)} short"] if short else []
    return f"{place}, {months.removeprefix('in ')}: {'; '.join([*said, *waits])} until the first orders serve"
