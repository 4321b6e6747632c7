"""What does this YAML text say, and at which line does it say it?

Reads scenarios and hardware profiles into a light tree of texts, lists and tables that remembers
the file and line of everything in it, and knows nothing of what the entries mean. Scalars stay
text, so `NO`, `1:30`, `010` and `1e9` reach the schema as they were written. Trees are overlaid
(`extends`), edited (`--set PATH=VALUE`) and handed on as plain Python values; a place in those
values is traced back to its line. Whatever makes a file ambiguous or dangerous (duplicate keys,
tags, merge keys, alias bombs, control characters, an `extends` that leaves its folders) is refused,
with all faults of a file at once where its syntax allows.

The grammar is YAML 1.1 as PyYAML and libyaml parse it: https://pyyaml.org/wiki/PyYAMLDocumentation
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias, cast, overload

import yaml
from yaml.events import (
    AliasEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    StreamEndEvent,
)

from planner.errors import Fault, InputError, nearest, suggestion

SIZE_LIMIT = 2**20  # bytes in a file
NODE_LIMIT = 100_000  # values in a file, after its aliases are written out
DEPTH_LIMIT = 30  # tables and lists inside each other
KEY_LIMIT = 200  # characters in a key
EXTENDS_LIMIT = 20  # files that one file extends, and links in a chain of `extends`
SHOWN_FAULTS = 20  # control characters listed for one file

NUMBER_KEYS = frozenset(
    {"value", "low", "base", "high", "series", "p10", "p50", "p90", "distribution"}
)
NULLS = frozenset({"", "~", "null", "Null", "NULL"})

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

# Everything that YAML does not count as printable, line breaks other than \n, and the marks that
# make text read in another order than it is stored.
_CONTROL = re.compile(
    r"[^\t\n\x20-\x7e\xa0-\u2027\u202f-\u2065\u206a-\ud7ff\ue000-\ufefe\uff00-\ufffd"
    r"\U00010000-\U0010ffff]"
)
_BARE_KEY = re.compile(r'[^.\[\]"]+')
_STEP = re.compile(
    rf'(?P<dot>\.?)(?:(?P<bare>{_BARE_KEY.pattern})|(?P<quoted>"(?:[^"\\]|\\.)*"))'
    r"|\[(?P<index>[0-9]{1,9})\]"
)

# What the parser says, and what the person at the terminal needs to hear.
_SYNTAX_HINTS = (
    (
        "mapping values are not allowed",
        'expected one "key: value" here; quote a text that holds ": ", or mend the indentation',
    ),
    ("could not find expected ':'", 'expected "key: value", found no ": " after the key'),
    ("did not find expected key", "expected a key, indented like the keys above it"),
    ("expected <block end>", "expected an entry, indented like those above it"),
    ("did not find expected '-' indicator", 'expected "- ", indented like the items above it'),
    ("tab character", "expected spaces; a tab cannot indent"),
    ("character '\\t'", "expected spaces; a tab cannot indent"),
    (
        "cannot start any token",
        "expected a value; quote a text that begins with @, ` or %, and indent with spaces",
    ),
    ("unexpected end of stream", "expected the closing quote"),
)


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
Plain: TypeAlias = "dict[str, Plain] | list[Plain] | str | None"


# --- Reading -------------------------------------------------------------------------------------


def load(path: Path, display: str | None = None) -> Table:
    """The table in a file; faults name the file as `display` (default: the path as given)."""
    shown = str(path) if display is None else display
    return loads(_decode(_bytes(path, shown), shown), shown)


def loads(text: str, file: str) -> Table:
    """The table that a YAML text holds."""
    node = _read(text, file)
    if isinstance(node, Table):
        return node
    if isinstance(node, Text) and node.text is None:
        raise _refusal(file, 1, "", 'the file is empty; expected "key: value" entries')
    message = f'expected "key: value" entries at the top of the file, found {_describe(node)}'
    raise _refusal(file, node.line, "", message)


def _bytes(path: Path, shown: str) -> bytes:
    try:
        with path.open("rb") as stream:
            data = stream.read(SIZE_LIMIT + 1)
    except FileNotFoundError:
        best = nearest(path.name, _files_in(path.parent))
        hint = f"; nearest: {best}" if best else ""
        raise _refusal(shown, 0, "", f"there is no such file{hint}") from None
    except IsADirectoryError:
        raise _refusal(shown, 0, "", "is a folder; expected a YAML file") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise _refusal(shown, 0, "", f"cannot be read: {reason}") from None
    if len(data) > SIZE_LIMIT:
        raise _refusal(shown, 0, "", f"is larger than the {SIZE_LIMIT:,} bytes a file may have")
    return data


def _decode(data: bytes, file: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        message = f"byte 0x{data[error.start]:02X} is not UTF-8; save the file as UTF-8"
        raise _refusal(file, line, "", message) from None


def _read(text: str, file: str, first_line: int = 1, steps: tuple[Step, ...] = ()) -> Node:
    """The tree of a text that starts on line `first_line` and stands at `steps` of a larger one."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    faults = [
        Fault(
            file,
            first_line + text.count("\n", 0, match.start()),
            dotted(steps),
            _control_message(match[0]),
        )
        for match in islice(_CONTROL.finditer(text), SHOWN_FAULTS)
    ]
    if faults:
        raise InputError(faults)
    return _Reader(text, file, first_line, steps).document()


@dataclass(slots=True)
class _Anchor:
    """A named value (`&name`), None while it is being read, and what each alias of it adds."""

    line: int
    node: Node | None = None
    size: int = 0
    height: int = 0


class _Reader:
    """Builds the tree of one document from the parser's events and notes every fault on the way.

    Works on events and not on PyYAML's composed nodes, because those no longer tell a tag that was
    written from one that was guessed, and are composed in full before a limit can be checked.
    """

    def __init__(self, text: str, file: str, first_line: int, steps: tuple[Step, ...]) -> None:
        self._text = text
        self._file = file
        self._first_line = first_line
        self._root = dotted(steps)
        self._steps = list(steps)
        self._faults: list[Fault] = []
        self._anchors: dict[str, _Anchor] = {}
        self._count = 0
        self._depth = 0
        self._deepest = 0

    def document(self) -> Node:
        try:
            node = self._document()
        except (yaml.YAMLError, ValueError, OverflowError) as error:
            # PyYAML's pure Python scanner lets the latter two out for absurd escapes and versions.
            line, message = _syntax_fault(error, self._text, self._first_line)
            self._faults.append(Fault(self._file, line, self._root, message))
            raise InputError(self._faults) from None
        if self._faults:
            raise InputError(self._faults)
        return node

    def _document(self) -> Node:
        self._next = _LOADER(self._text).get_event
        self._next()
        event = self._next()
        if isinstance(event, StreamEndEvent):
            return Text(None, self._file, self._first_line)
        node = self._node(self._next())
        self._next()
        event = self._next()
        if not isinstance(event, StreamEndEvent):
            self._fault(event, "a second document starts here; one file holds one document")
        return node

    def _node(self, event: NodeEvent) -> Node:
        self._grow(event, 1)
        if isinstance(event, AliasEvent):
            return self._alias(event)
        tag = event.tag  # type: ignore[attr-defined]
        if tag is not None:
            written = tag.replace("tag:yaml.org,2002:", "!!")
            self._fault(event, f"the tag {_quoted(written)} is not allowed; write the value alone")
        if event.anchor is None:
            return self._untagged(event)
        return self._anchored(event)

    def _untagged(self, event: NodeEvent) -> Node:
        if isinstance(event, ScalarEvent):
            return self._scalar(event)
        self._depth += 1
        self._check_depth(event, self._depth)
        node = self._table(event) if isinstance(event, MappingStartEvent) else self._list(event)
        self._depth -= 1
        return node

    def _scalar(self, event: ScalarEvent) -> Text:
        value = event.value
        if not event.style and value in NULLS:
            return Text(None, self._file, self._line(event))
        if event.style == '"' and (found := _CONTROL.search(value)):
            self._fault(event, _control_message(found[0]))
        return Text(value, self._file, self._line(event))

    def _list(self, start: NodeEvent) -> Items:
        items: list[Node] = []
        while not isinstance(event := self._next(), SequenceEndEvent):
            self._steps.append(len(items))
            items.append(self._node(event))
            self._steps.pop()
        return Items(items, self._file, self._line(start))

    def _table(self, start: NodeEvent) -> Table:
        entries: dict[str, Node] = {}
        places: dict[str, Place] = {}
        while not isinstance(event := self._next(), MappingEndEvent):
            key = self._key(event, places)
            self._steps.append("?" if key is None else key)
            value = self._node(self._next())
            self._steps.pop()
            if key is not None and key not in places:
                entries[key] = value
                places[key] = Place(self._file, self._line(event))
        return Table(entries, self._file, self._line(start), places)

    def _key(self, event: NodeEvent, places: Mapping[str, Place]) -> str | None:
        """The key that starts at `event`, or None after noting why it cannot be one."""
        faults_before = len(self._faults)
        node = self._node(event)
        if not isinstance(node, Text):
            self._fault(event, f"{_describe(node)} cannot be a key; a key is plain text")
            return None
        # The word null is as good a key as any other; only a key that is not there is refused.
        key = node.text if node.text is not None else getattr(event, "value", "")
        if len(self._faults) > faults_before:
            return None
        if problem := _key_problem(key):
            self._fault(event, problem)
            return None
        if key in places:
            self._steps.append(key)
            first = f" on line {places[key].line}" if places[key].line else ""
            self._fault(event, f"{_quoted(key)} is already given{first}; keep one of them")
            self._steps.pop()
        return key

    def _anchored(self, event: NodeEvent) -> Node:
        name = str(event.anchor)
        line = self._line(event)
        if name in self._anchors:
            first = self._anchors[name].line
            self._fault(event, f"the anchor &{name} is already given on line {first}; rename one")
        anchor = self._anchors[name] = _Anchor(line)
        count, deepest = self._count, self._deepest
        self._deepest = self._depth
        node = self._untagged(event)
        anchor.node = node
        anchor.size = self._count - count
        anchor.height = self._deepest - self._depth
        self._deepest = max(deepest, self._deepest)
        return node

    def _alias(self, event: AliasEvent) -> Node:
        name = str(event.anchor)
        anchor = self._anchors.get(name)
        if anchor is None:
            self._fault(event, f"the alias *{name} has no anchor &{name} before it")
        elif anchor.node is None:
            self._fault(event, f"the alias *{name} stands inside the value that it names")
        else:
            self._grow(event, anchor.size)
            self._check_depth(event, self._depth + anchor.height)
            return anchor.node
        return Text(None, self._file, self._line(event))

    def _grow(self, event: Event, size: int) -> None:
        self._count += size
        if self._count > NODE_LIMIT:
            self._fault(event, f"the file holds more than {NODE_LIMIT:,} values, aliases included")
            raise InputError(self._faults)

    def _check_depth(self, event: Event, depth: int) -> None:
        self._deepest = max(self._deepest, depth)
        if depth > DEPTH_LIMIT:
            self._fault(event, f"tables and lists are nested more than {DEPTH_LIMIT} deep")
            raise InputError(self._faults)

    def _line(self, event: Event) -> int:
        return _mark_line(event.start_mark) + self._first_line

    def _fault(self, event: Event, message: str) -> None:
        self._faults.append(Fault(self._file, self._line(event), dotted(self._steps), message))


def _syntax_fault(error: Exception, text: str, first_line: int) -> tuple[int, str]:
    """The line at which a text stops being YAML and, in one line, what was expected there."""
    problem = str(getattr(error, "problem", None) or error)
    message = next((hint for sign, hint in _SYNTAX_HINTS if sign in problem), problem)
    message = "not valid YAML: " + message.replace("did not find expected", "expected")
    if not isinstance(error, yaml.MarkedYAMLError):
        return first_line, _one_line(message)
    line = min(_mark_line(error.problem_mark), text.rstrip("\n").count("\n"))
    opened = _mark_line(error.context_mark)
    if error.context_mark and error.context and opened < line:
        context = error.context.removeprefix("while ")
        message += f" ({context} that starts on line {opened + first_line})"
    return line + first_line, _one_line(message)


def _mark_line(mark: Any) -> int:
    """The line of one of the parser's marks, counted from 0; 0 where it has none."""
    return int(mark.line) if mark else 0


def _key_problem(key: str) -> str | None:
    if key == "":
        return 'the key before ":" is missing'
    if key == "<<":
        return "merge keys (<<) are not allowed; use `extends`, or repeat the entries"
    if len(key) > KEY_LIMIT:
        return f"the key is longer than {KEY_LIMIT} characters"
    if "\n" in key or _CONTROL.search(key):
        return "a key stands on one line and holds no control characters"
    return None


def _control_message(character: str) -> str:
    return f"the control character U+{ord(character):04X} is not allowed; remove it"


# --- Overlaying ----------------------------------------------------------------------------------


def merge(base: Node, over: Node) -> Node:
    """`base` overlaid with `over`: tables merge entry by entry, everything else is replaced.

    A null in `over` deletes the entry that it would replace; where there is none it stays, for the
    schema to judge. A number in its long form (`{value: ..., source: ...}`) is one thing and is
    replaced whole, so that no source vouches for another file's value.
    """
    if not isinstance(base, Table) or not isinstance(over, Table):
        return over
    return over if _is_number(base) or _is_number(over) else _merge_tables(base, over)


def _is_number(table: Table) -> bool:
    return not NUMBER_KEYS.isdisjoint(table.entries)


def _merge_tables(base: Table, over: Table) -> Table:
    entries, places = dict(base.entries), {**base.keys, **over.keys}
    for key, value in over.entries.items():
        if key not in base.entries:
            entries[key] = value
        elif isinstance(value, Text) and value.text is None:
            del entries[key]
            places.pop(key, None)
        else:
            entries[key] = merge(base.entries[key], value)
    return Table(entries, over.file, over.line, places)


def resolve(path: Path, roots: Sequence[Path] = (), display: str | None = None) -> Table:
    """The table in a file, overlaid on those that its `extends` names (one file, or a list).

    A name is looked up beside the file and then in each of `roots`, and must lie there after
    symbolic links are followed. Later names of a list overlay earlier ones; the file overlays all.
    """
    shown = str(path) if display is None else display
    return _Resolver([_real(root) for root in roots]).table(_Link(_real(path), shown), ())


class _Link(NamedTuple):
    """One file in a chain of `extends`: where it lies, and what messages call it."""

    path: Path
    shown: str


class _Resolver:
    """Follows `extends` from file to file; each file is read once."""

    def __init__(self, roots: Sequence[Path]) -> None:
        self._roots = roots
        self._done: dict[Path, Table | InputError] = {}

    def table(self, link: _Link, chain: tuple[_Link, ...]) -> Table:
        if link.path not in self._done:
            try:
                self._done[link.path] = self._overlaid(link, (*chain, link))
            except InputError as error:
                self._done[link.path] = error
        done = self._done[link.path]
        if isinstance(done, InputError):
            raise done
        return done

    def _overlaid(self, link: _Link, chain: tuple[_Link, ...]) -> Table:
        own = load(link.path, link.shown)
        if "extends" not in own.entries:
            return own
        faults: list[Fault] = []
        layers: list[Table] = []
        for where, name in _extends_names(own):
            try:
                layers.append(self._parent(where, name, chain))
            except InputError as error:
                faults.extend(error.faults)
        if faults:
            raise InputError(faults)
        return reduce(_merge_tables, [*layers, _with_entry(own, "extends", None, own.file)])

    def _parent(self, where: str, name: Text, chain: tuple[_Link, ...]) -> Table:
        found = self._find(where, name, chain[-1])
        files = [link.path for link in chain]
        if found.path in files:
            circle = [link.shown for link in chain[files.index(found.path) :]]
            message = f"extends runs in a circle: {' > '.join([*circle, circle[0]])}"
            raise _refusal(name.file, name.line, where, message)
        if len(chain) > EXTENDS_LIMIT:
            message = f"extends is a chain of more than {EXTENDS_LIMIT} files"
            raise _refusal(name.file, name.line, where, message)
        return self.table(found, chain)

    def _find(self, where: str, name: Text, child: _Link) -> _Link:
        """The file that `extends` names, inside the child's folder or one of the roots."""
        text = name.text or ""
        folders = [child.path.parent, *(root for root in self._roots if root != child.path.parent)]
        candidates = [(folder, _real(folder / text)) for folder in folders]
        inside = [pair for pair in candidates if _is_inside(pair[1], folders)]
        for folder, candidate in inside:
            if os.path.isfile(candidate):
                beside = folder == folders[0]
                home = os.path.dirname(child.shown) if beside else _shown(folder)
                return _Link(candidate, os.path.normpath(os.path.join(home, text)))
        searched = " or ".join(
            ["beside this file", *(f"in {_shown(root)}" for root in folders[1:])]
        )
        if candidates[0] not in inside:
            message = f"{_quoted(text)} leads outside; extends names a file {searched}"
        else:
            message = f"there is no file {_quoted(text)} {searched}{_nearby(text, folders)}"
        raise _refusal(name.file, name.line, where, message)


def _nearby(text: str, folders: Sequence[Path]) -> str:
    """A clause with the name closest to `text` among the files that it could have meant."""
    part = os.path.dirname(text)
    searched = [_real(folder / part) for folder in folders]
    names = {
        os.path.join(part, file)
        for folder in searched
        if _is_inside(folder, folders)
        for file in _files_in(folder)
    }
    return f"; {suggestion(text, names)}" if names else ""


def _is_inside(path: Path, folders: Iterable[Path]) -> bool:
    return any(path.is_relative_to(folder) for folder in folders)


def _extends_names(table: Table) -> list[tuple[str, Text]]:
    """The names under `extends`, each with its path in the file."""
    node = table.entries["extends"]
    named: list[tuple[str, Node]] = [("extends", node)]
    if isinstance(node, Items):
        named = [(f"extends[{index}]", item) for index, item in enumerate(node.items)]
    names = [(where, item) for where, item in named if isinstance(item, Text) and item.text]
    if not names or len(names) < len(named):
        message = f"expected a file name or a list of file names, found {_describe(node)}"
        raise _refusal(node.file, node.line, "extends", message)
    if len(names) > EXTENDS_LIMIT:
        message = f"names {len(names)} files; at most {EXTENDS_LIMIT} are allowed"
        raise _refusal(node.file, node.line, "extends", message)
    return names


def _real(path: Path) -> Path:
    """The path after symbolic links; unlike `Path.resolve`, it lets a loop of links pass."""
    return Path(os.path.realpath(path))


def _shown(folder: Path) -> str:
    """A folder as a person in the working directory would name it."""
    here = _real(Path())
    return str(folder.relative_to(here)) if folder.is_relative_to(here) else str(folder)


def _files_in(folder: Path) -> list[str]:
    try:
        return [file.name for file in folder.iterdir() if file.suffix in (".yaml", ".yml")]
    except OSError:
        return []


# --- Editing -------------------------------------------------------------------------------------


def set_path(tree: Table, path: str, text: str, origin: str = "--set") -> Table:
    """`tree` with the entry at `path` replaced by `text`, or removed where `text` is null.

    A path is keys joined by dots, with `[i]` for the item of a list (from 0) and quotes around a
    key that holds a dot: `programs.model_n.daily_hours`, `installed[0].count`, `models."v1.5"`. The
    last key may be new; the schema judges it. Text in braces, brackets or quotes is read as YAML,
    any other text is taken as it stands.
    """
    steps = _parse_path(path, origin)
    return cast(Table, _edited(tree, steps, 0, _parse_value(text, steps, origin), origin))


def _parse_path(path: str, origin: str) -> tuple[Step, ...]:
    steps = _split(path)
    if steps is None:
        message = (
            "is not a path; expected keys joined by dots and [i] for list items, such as "
            'installed[0].count, with quotes around a key that holds a dot: models."v1.5"'
        )
        raise _refusal(origin, 0, _one_line(path), message)
    return steps


def _split(path: str) -> tuple[Step, ...] | None:
    """The steps of a path, the first of them a key; None if it cannot be read."""
    steps: list[Step] = []
    position = 0
    while position < len(path) or not steps:
        match = _STEP.match(path, position)
        step = _step(match) if match else None
        if match is None or step is None or (isinstance(step, int) and not steps):
            return None
        if isinstance(step, str) and bool(match["dot"]) != bool(steps):
            return None
        steps.append(step)
        position = match.end()
    return tuple(steps)


def _step(match: re.Match[str]) -> Step | None:
    if match["index"]:
        return int(match["index"])
    try:
        key: str = match["bare"] or json.loads(match["quoted"])
    except ValueError:
        return None
    return None if _key_problem(key) else key


def _parse_value(text: str, steps: tuple[Step, ...], origin: str) -> Node | None:
    """The value that a text on the command line stands for; None for null."""
    text = text.strip()
    if text == "":
        message = "there is no value after the =; write null to remove the entry"
        raise _refusal(origin, 0, dotted(steps), message)
    if text in NULLS:
        return None
    if text[0] in "{[\"'":
        return _read(text, origin, 0, steps)
    if found := _CONTROL.search(text):
        raise _refusal(origin, 0, dotted(steps), _control_message(found[0]))
    return Text(text, origin, 0)


def _edited(
    node: Node, steps: tuple[Step, ...], depth: int, value: Node | None, origin: str
) -> Node:
    """`node` with `value` at the end of the path that continues with `steps[depth]`."""
    step, is_last = steps[depth], depth == len(steps) - 1
    child = _child(node, step)
    is_addition = is_last and value is not None and isinstance(node, Table)
    if child is None and not (is_addition and isinstance(step, str)):
        raise _refusal(origin, 0, dotted(steps), _no_entry(node, steps, depth))
    if child is not None and not is_last:
        value = _edited(child, steps, depth + 1, value, origin)
    return _with(node, step, value, origin)


def _with(node: Node, step: Step, value: Node | None, origin: str) -> Node:
    """`node` with the entry or item `step` replaced, added, or for None removed."""
    if isinstance(node, Items) and isinstance(step, int):
        items = list(node.items)
        items[step : step + 1] = [] if value is None else [value]
        return Items(items, node.file, node.line)
    if isinstance(node, Table) and isinstance(step, str):
        return _with_entry(node, step, value, origin)
    return node


def _with_entry(table: Table, key: str, value: Node | None, origin: str) -> Table:
    entries, keys = dict(table.entries), dict(table.keys)
    if value is None:
        del entries[key]
        keys.pop(key, None)
    else:
        entries[key] = value
        keys.setdefault(key, Place(origin, 0))
    return Table(entries, table.file, table.line, keys)


def _child(node: Node, step: Step) -> Node | None:
    if isinstance(node, Table):
        return node.entries.get(step) if isinstance(step, str) else None
    if isinstance(node, Items) and isinstance(step, int) and 0 <= step < len(node.items):
        return node.items[step]
    return None


def _no_entry(node: Node, steps: tuple[Step, ...], depth: int) -> str:
    """Why `steps[depth]` leads nowhere, and what would lead somewhere."""
    place, step = dotted(steps[:depth]) or "the file", steps[depth]
    if isinstance(node, Items):
        known = f"its items are [0] to [{len(node.items) - 1}]" if node.items else "it is empty"
    elif isinstance(node, Table):
        keys = [dotted([key]) for key in node.entries]
        known = suggestion(str(step), keys) if keys else "it is empty"
    else:
        known = "it can only be set whole"
    wanted = f"item [{step}]" if isinstance(step, int) else f"entry {_quoted(step)}"
    return f"{place} is {_describe(node)} without an {wanted}; {known}"


# --- Handing on ----------------------------------------------------------------------------------


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
        child = _child(node, step)
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
            key = step if _BARE_KEY.fullmatch(step) else json.dumps(step, ensure_ascii=False)
            path += f".{key}" if path else key
    return path


# --- Saying what is wrong ------------------------------------------------------------------------


def _refusal(file: str, line: int, path: str, message: str) -> InputError:
    return InputError([Fault(file, line, path, message)])


def _describe(node: Node) -> str:
    if isinstance(node, Table):
        return "a table"
    if isinstance(node, Items):
        return "a list"
    return "nothing" if node.text is None else f"the text {_quoted(node.text)}"


def _quoted(text: str) -> str:
    return json.dumps(text if len(text) <= 60 else f"{text[:57]}...", ensure_ascii=False)


def _one_line(text: str) -> str:
    return " ".join(_CONTROL.sub(" ", text).split())
