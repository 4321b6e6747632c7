"""Which entries hold when one tree is laid over another?

Tables merge entry by entry; everything else, a number in its long form too, is replaced whole.
"""

from __future__ import annotations

from collections.abc import Sequence

from planner.inputs.documents.tree import Items, Node, Table, Text
from planner.perf.distributions import PARAMETERS

NUMBER_KEYS = frozenset({"value", "low", "base", "high", "series", "p10", "p50", "p90"})


def merge(base: Node, over: Node, deletes: bool = True) -> Node:
    """`base` overlaid with `over`: tables merge entry by entry, everything else is replaced.

    A null in `over` `deletes` the entry that it would replace; where there is none, or where a null
    is a value like others, it stays, for the schema to judge. A number in its long form
    (`{value: ..., source: ...}`) is one thing and is replaced whole, so that no source vouches for
    another file's value.
    """
    if not isinstance(base, Table) or not isinstance(over, Table):
        return over
    return over if is_number(base) or is_number(over) else merge_tables(base, over, deletes)


def is_number(table: Table) -> bool:
    """Whether a table is a number in its long form, `{value: ..., source: ...}`."""
    if not NUMBER_KEYS.isdisjoint(table.entries):
        return True
    # `beta` may also be what somebody calls a programme: its entry then has no parameters of a distribution.
    return any(
        _has_parameters(table.entries[family], keys)
        for family, keys in PARAMETERS.items()
        if family in table.entries
    )


def _has_parameters(node: Node, keys: Sequence[str]) -> bool:
    return isinstance(node, Items) or (
        isinstance(node, Table) and not node.entries.keys().isdisjoint(keys)
    )


def merge_tables(base: Table, over: Table, deletes: bool = True) -> Table:
    """`base` overlaid with `over`, whatever they look like: whole files are no numbers."""
    entries, places = dict(base.entries), {**base.keys, **over.keys}
    for key, value in over.entries.items():
        if key not in base.entries:
            entries[key] = value
        elif deletes and isinstance(value, Text) and value.text is None:
            del entries[key]
            places.pop(key, None)
        else:
            entries[key] = merge(base.entries[key], value, deletes)
    return Table(entries, over.file, over.line, places)
