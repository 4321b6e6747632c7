"""What is a read text made of, and where in which file does each part of it stand?

Texts, lists and tables, each with its file and line, and the ways to name a place among them: as
steps, as a dotted path, and back from the steps of a schema's error to the line that somebody
wrote. Here too is what every refusal of a text needs: the words for what was found.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import NamedTuple, TypeAlias, overload

from planner.errors import Fault, InputError

# Everything that YAML does not count as printable, line breaks other than \n, and the marks that
# make text read in another order than it is stored.
CONTROL = re.compile(
    r"[^\t\n\x20-\x7e\xa0-\u2027\u202f-\u2065\u206a-\ud7ff\ue000-\ufefe\uff00-\ufffd"
    r"\U00010000-\U0010ffff]"
)
BARE_KEY = re.compile(r'[^.\[\]"]+')


class Place(NamedTuple):
    """Where a key is written; line 0 is the command line."""

    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Text:
    """A scalar as it was written; None where the file says nothing (`key:`, `~` or `null`)."""

    text: str | None
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Items:
    """A list."""

    items: Sequence[Node]
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Table:
    """Entries by key, and the place of each key: after a merge they may come from several files."""

    entries: Mapping[str, Node]
    file: str
    line: int
    keys: Mapping[str, Place] = field(default_factory=dict)


Node: TypeAlias = Text | Items | Table
Step: TypeAlias = str | int
Steps: TypeAlias = tuple[Step, ...]
Plain: TypeAlias = "dict[str, Plain] | list[Plain] | str | None"


def child_of(node: Node, step: Step) -> Node | None:
    """The entry or item of a node that a step names; None where there is none."""
    if isinstance(node, Table):
        return node.entries.get(step) if isinstance(step, str) else None
    if isinstance(node, Items) and isinstance(step, int) and 0 <= step < len(node.items):
        return node.items[step]
    return None


def with_entry(table: Table, key: str, value: Node | None, origin: str) -> Table:
    """`table` with the entry of a key replaced or added, or for None removed."""
    entries, keys = dict(table.entries), dict(table.keys)
    if value is None:
        del entries[key]
        keys.pop(key, None)
    else:
        entries[key] = value
        keys.setdefault(key, Place(origin, 0))
    return Table(entries, table.file, table.line, keys)


@overload
def plain(tree: Table) -> dict[str, Plain]: ...


@overload
def plain(tree: Node) -> Plain: ...


def plain(tree: Node) -> Plain:
    """The tree as nested dicts, lists, strings and None."""
    if isinstance(tree, Text):
        return tree.text
    if isinstance(tree, Items):
        return [plain(item) for item in tree.items]
    return {key: plain(value) for key, value in tree.entries.items()}


def locate(tree: Node, loc: Iterable[Step], at_key: bool = False) -> tuple[str, int, str]:
    """The file, line and dotted path of the deepest thing in `tree` that a pydantic `loc` names.

    Steps that lead nowhere are passed over: a key that is missing (its table is found), or the name
    of a union's member, which pydantic writes between the keys. `at_key`, or the `[key]` that
    pydantic puts after a wrong key, gives the line of the key and not that of its value.
    """
    node, walked = tree, list[Step]()
    key_place = Place(tree.file, tree.line)
    for step in loc:
        child = child_of(node, step)
        at_key = at_key or step == "[key]"
        if child is None:
            continue
        key_place = Place(child.file, child.line)
        if isinstance(node, Table):
            key_place = node.keys.get(str(step), key_place)
        node = child
        walked.append(step)
    file, line = key_place if at_key else (node.file, node.line)
    return file, line, dotted(walked)


def dotted(steps: Iterable[Step]) -> str:
    """The steps as one path, such as `installed[0].count`; `set_path` reads it back."""
    path = ""
    for step in steps:
        if isinstance(step, int):
            path += f"[{step}]"
        else:
            key = _key_text(step)
            path += f".{key}" if path else key
    return path


@cache
def _key_text(key: str) -> str:
    """A key as a path has it: in quotes where it holds more than a word."""
    return key if BARE_KEY.fullmatch(key) else json.dumps(key, ensure_ascii=False)


# --- Saying what is wrong ------------------------------------------------------------------------


def refusal(file: str, line: int, path: str, message: str) -> InputError:
    """The error of a single fault."""
    return InputError([Fault(file, line, path, message)])


def describe(node: Node) -> str:
    """A node in words: "a table", "a list", "nothing", "the text ..."."""
    if isinstance(node, Table):
        return "a table"
    if isinstance(node, Items):
        return "a list"
    return "nothing" if node.text is None else f"the text {quoted(node.text)}"


def quoted(text: str) -> str:
    """A text in quotes, cut where it is long."""
    return json.dumps(text if len(text) <= 60 else f"{text[:57]}...", ensure_ascii=False)


def one_line(text: str) -> str:
    """A text without control characters and line breaks."""
    return " ".join(CONTROL.sub(" ", text).split())
