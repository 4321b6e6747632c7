"""What do two scenarios say differently, and where is each of it written?

Both are compared as the loader sees them, with all that they extend and all profiles that they name, so that a change
of a profile shows like one of the scenario. A number is one entry, whatever form it is written in; an entity that only
one of them has is one entry too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from planner.inputs.documents import (
    NUMBER_KEYS,
    Items,
    Node,
    Place,
    Steps,
    Table,
    Text,
    dotted,
    is_number,
)
from planner.project import Project

PROSE = frozenset({"title", "about", "note", "notes", "sources", "source", "extends", "url"})
ABOUT_A_NUMBER = ("source", "confidence")
NONE = "nothing"
ENTITY_DEPTH = 2  # kind and name


@dataclass(frozen=True)
class Change:
    """One entry that differs; None where a side has nothing. `words` is it of prose that no number depends on."""

    path: str
    before: str | None
    after: str | None
    was_at: Place | None
    is_at: Place | None
    words: bool = False


def changes(before: Project, after: Project) -> list[Change]:
    """Every entry in which two projects differ, in the order of the files."""
    return list(_compared((), before.inputs.tree, after.inputs.tree))


def _compared(path: Steps, before: Node, after: Node) -> Iterator[Change]:
    if isinstance(before, Table) and isinstance(after, Table):
        if is_number(before) or is_number(after):
            yield from _numbers(path, before, after)
            return
        for key in dict.fromkeys((*before.entries, *after.entries)):
            a, b = before.entries.get(key), after.entries.get(key)
            if a is not None and b is not None:
                yield from _compared((*path, key), a, b)
            else:
                yield from _one_sided((*path, key), a, b)
        return
    if isinstance(before, Items) and isinstance(after, Items) and _are_entries(before, after):
        for index, (a, b) in enumerate(zip(before.items, after.items, strict=True)):
            yield from _compared((*path, index), a, b)
        return
    yield from _changed(path, before, after, written(before), written(after))


def _are_entries(before: Items, after: Items) -> bool:
    """Whether the items of two lists are compared one by one: as many entries with keys."""
    alike = len(before.items) == len(after.items)
    return alike and any(isinstance(item, Table) for item in before.items)


def _numbers(path: Steps, before: Table, after: Table) -> Iterator[Change]:
    """A number's value, and what is said about it."""
    yield from _changed(path, before, after, written(before), written(after))
    for key in ABOUT_A_NUMBER:
        a, b = before.entries.get(key), after.entries.get(key)
        if a is not None and b is not None:
            yield from _compared((*path, key), a, b)
        elif a is not None or b is not None:
            yield from _one_sided((*path, key), a, b)


def _one_sided(path: Steps, before: Node | None, after: Node | None) -> Iterator[Change]:
    """What one side alone has: an entity as a whole, other tables entry by entry."""
    node = before if after is None else after
    assert node is not None
    if isinstance(node, Table) and not is_number(node) and len(path) < ENTITY_DEPTH:
        for key, child in node.entries.items():
            yield from _one_sided(
                (*path, key), child if before else None, None if before else child
            )
        return
    text = _whole(node)
    yield Change(
        dotted(path), text if before else None, text if after else None, _place(before), _place(after),
        _is_prose(path),
    )  # fmt: skip


def _changed(path: Steps, before: Node, after: Node, a: str, b: str) -> Iterator[Change]:
    if a != b:
        yield Change(dotted(path), a, b, _place(before), _place(after), _is_prose(path))


def _place(node: Node | None) -> Place | None:
    return None if node is None else Place(node.file, node.line)


def _is_prose(path: Steps) -> bool:
    return any(step in PROSE for step in path) or path[-1:] == ("confidence",)


def _is_choice(number: Table) -> bool:
    """Whether a number is decided rather than found out, `choice: true`; its span is then drawn by nobody."""
    said = number.entries.get("choice")
    return isinstance(said, Text) and (said.text or "").lower() == "true"


def _whole(node: Node) -> str:
    """A node as one entry: a table is so many entries."""
    if isinstance(node, Table) and not is_number(node):
        count = sum(1 for _ in _leaves(node))
        return f"{count} entries" if count != 1 else "1 entry"
    return written(node)


def _leaves(node: Node) -> Iterator[Node]:
    if isinstance(node, Table) and not is_number(node):
        for child in node.entries.values():
            yield from _leaves(child)
    else:
        yield node


def written(node: Node) -> str:
    """A node on one line: a number as `5 % (3 % to 7 %)`, a list in brackets, a table in braces."""
    if isinstance(node, Items):
        return f"[{', '.join(written(item) for item in node.items)}]"
    if not isinstance(node, Table):
        return NONE if node.text is None else " ".join(node.text.split())
    if is_number(node):
        number = {key: written(value) for key, value in node.entries.items() if key in NUMBER_KEYS}
        middle = number.get("value") or number.get("base") or number.get("p50")
        ends = [number.get("low") or number.get("p10"), number.get("high") or number.get("p90")]
        if middle is not None and "series" not in number:
            text = f"{middle} ({ends[0]} to {ends[1]})" if all(ends) else middle
            return f"{text}, to be chosen" if _is_choice(node) else text
    entries = {k: v for k, v in node.entries.items() if k not in (*ABOUT_A_NUMBER, "note")}
    return "{" + ", ".join(f"{key}: {written(value)}" for key, value in entries.items()) + "}"
