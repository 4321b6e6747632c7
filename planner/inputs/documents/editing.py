"""What does the tree become when one entry of it is set from the command line?

A path such as `programs.model_n.daily_hours` or `installed[0].count` is read and followed, and a
changed copy of the tree handed back; where the path leads nowhere, the nearest entry is named.
"""

from __future__ import annotations

import json
import re
from typing import cast

from planner.errors import suggestion
from planner.inputs.documents.reading import NULLS, control_message, key_problem, read
from planner.inputs.documents.tree import (
    BARE_KEY,
    CONTROL,
    Items,
    Node,
    Step,
    Table,
    Text,
    child_of,
    describe,
    dotted,
    one_line,
    quoted,
    refusal,
    with_entry,
)

_STEP = re.compile(
    rf'(?P<dot>\.?)(?:(?P<bare>{BARE_KEY.pattern})|(?P<quoted>"(?:[^"\\]|\\.)*"))'
    r"|\[(?P<index>[0-9]{1,9})\]"
)


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
        raise refusal(origin, 0, one_line(path), message)
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
    return None if key_problem(key) else key


def _parse_value(text: str, steps: tuple[Step, ...], origin: str) -> Node | None:
    """The value that a text on the command line stands for; None for null."""
    text = text.strip()
    if text == "":
        message = "there is no value after the =; write null to remove the entry"
        raise refusal(origin, 0, dotted(steps), message)
    if text in NULLS:
        return None
    if text[0] in "{[\"'":
        return read(text, origin, 0, steps)
    if found := CONTROL.search(text):
        raise refusal(origin, 0, dotted(steps), control_message(found[0]))
    return Text(text, origin, 0)


def _edited(
    node: Node, steps: tuple[Step, ...], depth: int, value: Node | None, origin: str
) -> Node:
    """`node` with `value` at the end of the path that continues with `steps[depth]`."""
    step, is_last = steps[depth], depth == len(steps) - 1
    child = child_of(node, step)
    is_addition = is_last and value is not None and isinstance(node, Table)
    if child is None and not (is_addition and isinstance(step, str)):
        raise refusal(origin, 0, dotted(steps), _no_entry(node, steps, depth))
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
        return with_entry(node, step, value, origin)
    return node


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
    wanted = f"item [{step}]" if isinstance(step, int) else f"entry {quoted(step)}"
    return f"{place} is {describe(node)} without an {wanted}; {known}"
