"""What does this YAML text say, and is there anything in it that makes it ambiguous or dangerous?

Builds the tree of a file or a text. Scalars stay text, so `NO`, `1:30`, `010` and `1e9` reach the
schema as they were written. Duplicate keys, tags, merge keys, alias bombs and control characters
are refused, with all faults of a file at once where its syntax allows.

The grammar is YAML 1.1 as PyYAML and libyaml parse it: https://pyyaml.org/wiki/PyYAMLDocumentation
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

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

from planner.errors import Fault, InputError, nearest
from planner.inputs.documents.tree import (
    CONTROL,
    Items,
    Node,
    Place,
    Step,
    Table,
    Text,
    describe,
    dotted,
    one_line,
    quoted,
    refusal,
)

SIZE_LIMIT = 2**20  # bytes in a file
NODE_LIMIT = 100_000  # values in a file, after its aliases are written out
DEPTH_LIMIT = 30  # tables and lists inside each other
KEY_LIMIT = 200  # characters in a key
SHOWN_FAULTS = 20  # control characters listed for one file

NOT_YAML = "not valid YAML: "
NULLS = frozenset({"", "~", "null", "Null", "NULL"})

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_TAB_INDENT = re.compile(r"[ ?:-]*\t")

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
    (
        "cannot start any token",
        "expected a value; quote a text that begins with @, ` or %",
    ),
    ("unexpected end of stream", "expected the closing quote"),
)


def load(path: Path, display: str | None = None) -> Table:
    """The table in a file; faults name the file as `display` (default: the path as given)."""
    shown = str(path) if display is None else display
    text = decode(_bytes(path, shown), shown)
    try:
        return loads(text, shown)
    except InputError as error:
        syntax = any(fault.message.startswith(NOT_YAML) for fault in error.faults)
        if syntax and path.suffix.lower() == ".json":
            _refuse_json(text, shown)
        raise


def loads(text: str, file: str) -> Table:
    """The table that a YAML text holds."""
    node = read(text, file)
    if isinstance(node, Table):
        return node
    if isinstance(node, Text) and node.text is None:
        raise refusal(file, 1, "", 'the file is empty; expected "key: value" entries')
    message = f'expected "key: value" entries at the top of the file, found {describe(node)}'
    raise refusal(file, node.line, "", message)


def _refuse_json(text: str, file: str) -> None:
    """Refuses what is no JSON, at the place where it stops being JSON, unless that lies too deep to be found."""
    try:
        with contextlib.suppress(RecursionError):
            json.loads(text)
    except json.JSONDecodeError as error:
        said = f"{error.msg[:1].lower()}{error.msg[1:]}".removesuffix(" at")
        message = f"not valid JSON at column {error.colno}: {said}"
        raise refusal(file, error.lineno, "", message) from None


def _bytes(path: Path, shown: str) -> bytes:
    try:
        with path.open("rb") as stream:
            data = stream.read(SIZE_LIMIT + 1)
    except FileNotFoundError:
        best = nearest(path.name, yaml_files_in(path.parent))
        hint = f"; nearest: {best}" if best else ""
        raise refusal(shown, 0, "", f"there is no such file{hint}") from None
    except IsADirectoryError:
        raise refusal(shown, 0, "", "is a folder; expected a YAML file") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise refusal(shown, 0, "", f"cannot be read: {reason}") from None
    if len(data) > SIZE_LIMIT:
        raise refusal(shown, 0, "", f"is larger than the {SIZE_LIMIT:,} bytes a file may have")
    return data


def decode(data: bytes, file: str) -> str:
    """The text that UTF-8 bytes stand for."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        message = f"byte 0x{data[error.start]:02X} is not UTF-8; save the file as UTF-8"
        raise refusal(file, line, "", message) from None


def read(text: str, file: str, first_line: int = 1, steps: tuple[Step, ...] = ()) -> Node:
    """The tree of a text that starts on line `first_line` and stands at `steps` of a larger one."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    faults = [
        Fault(
            file,
            first_line + text.count("\n", 0, match.start()),
            dotted(steps),
            control_message(match[0]),
        )
        for match in islice(CONTROL.finditer(text), SHOWN_FAULTS)
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
        if type(event) is ScalarEvent and event.tag is None and event.anchor is None:
            return self._scalar(event)  # most are; the rest of the questions is for the others
        if isinstance(event, AliasEvent):
            return self._alias(event)
        tag = event.tag  # type: ignore[attr-defined]
        if tag is not None:
            written = tag.replace("tag:yaml.org,2002:", "!!")
            self._fault(event, f"the tag {quoted(written)} is not allowed; write the value alone")
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
        if event.style == '"' and (found := CONTROL.search(value)):
            self._fault(event, control_message(found[0]))
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
            self._fault(event, f"{describe(node)} cannot be a key; a key is plain text")
            return None
        # The word null is as good a key as any other; only a key that is not there is refused.
        key = node.text if node.text is not None else getattr(event, "value", "")
        if len(self._faults) > faults_before:
            return None
        if problem := key_problem(key):
            self._fault(event, problem)
            return None
        if key in places:
            self._steps.append(key)
            first = f" on line {places[key].line}" if places[key].line else ""
            self._fault(event, f"{quoted(key)} is already given{first}; keep one of them")
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
        mark = event.start_mark
        return (int(mark.line) if mark else 0) + self._first_line

    def _fault(self, event: Event, message: str) -> None:
        self._faults.append(Fault(self._file, self._line(event), dotted(self._steps), message))


def _syntax_fault(error: Exception, text: str, first_line: int) -> tuple[int, str]:
    """The line at which a text stops being YAML and, in one line, what was expected there."""
    problem = str(getattr(error, "problem", None) or error)
    message = next((hint for sign, hint in _SYNTAX_HINTS if sign in problem), problem)
    message = NOT_YAML + message.replace("did not find expected", "expected")
    if not isinstance(error, yaml.MarkedYAMLError):
        return first_line, one_line(message)
    line = min(_mark_line(error.problem_mark), text.rstrip("\n").count("\n"))
    if _is_at_a_tab(error.problem_mark, text):
        return line + first_line, f"{NOT_YAML}a tab; indent with spaces"
    opened = _mark_line(error.context_mark)
    if error.context_mark and error.context and opened < line:
        context = error.context.removeprefix("while ")
        message += f" ({context} that starts on line {opened + first_line})"
    return line + first_line, one_line(message)


def _is_at_a_tab(mark: Any, text: str) -> bool:
    """Whether a tab stands where the parser stopped, or indents that line."""
    if mark is None:
        return False
    line = "".join(text.split("\n")[mark.line : mark.line + 1])
    return line[mark.column : mark.column + 1] == "\t" or _TAB_INDENT.match(line) is not None


def _mark_line(mark: Any) -> int:
    """The line of one of the parser's marks, counted from 0; 0 where it has none."""
    return int(mark.line) if mark else 0


@cache
def key_problem(key: str) -> str | None:
    """Why a text cannot be a key; None where it can."""
    if key == "":
        return 'the key before ":" is missing'
    if key == "<<":
        return "merge keys (<<) are not allowed; use `extends` for a file, `like` for an entry, or repeat"
    if len(key) > KEY_LIMIT:
        return f"the key is longer than {KEY_LIMIT} characters"
    if "\n" in key or CONTROL.search(key):
        return "a key stands on one line and holds no control characters"
    return None


def control_message(character: str) -> str:
    """What is said of a character that may not stand in a file."""
    return f"the control character U+{ord(character):04X} is not allowed; remove it"


def yaml_files_in(folder: Path) -> list[str]:
    """The names of the YAML files in a folder; none where it cannot be listed."""
    try:
        return [file.name for file in folder.iterdir() if file.suffix in (".yaml", ".yml")]
    except OSError:
        return []
