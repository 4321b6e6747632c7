"""Which entries does a file give by `like`?

What `extends` is to a file, `like` is to an entry of one of its tables: it names another entry of that table, over
which this one is laid.
"""

from __future__ import annotations

from functools import partial, reduce

from planner.errors import InputError, suggestion
from planner.inputs.documents.merging import merge
from planner.inputs.documents.reading import NODE_LIMIT
from planner.inputs.documents.tree import Node, Table, Text, describe, quoted, refusal, with_entry

LIKE_LIMIT = 20  # links in a chain of `like`


def layers(own: Table, below: Table | None, deletes: bool) -> list[Table]:
    """What a file lies over, and the file, with entries of its tables laid over those that their `like` names.

    The entry that is named stands in the same table, in the file or below, where it may be one that the file deletes.
    An entry with `like` is whole then: one of its name below gives way, and a null in it deletes from all of them.
    """
    for section, table in own.entries.items():
        if not isinstance(table, Table):
            continue
        alike = [entry for entry in table.entries.items() if _like(entry[1])]
        if not alike:
            continue
        under = below.entries.get(section) if below else None
        under = under if isinstance(under, Table) else None
        found = _Alike(section, table, under, deletes).table()
        _refuse_large(found, section)
        own = with_entry(own, section, found, own.file)
        if below and under:
            for name, entry in alike:
                if name in under.entries:
                    gone = Text(None, entry.file, entry.line)
                    under = with_entry(under, name, gone, entry.file)
            below = with_entry(below, section, under, below.file)
    return [below, own] if below else [own]


def _refuse_large(table: Table, section: str) -> None:
    """Refuses a table to which `like` gives more values than a file may hold, as aliases may not either."""
    left, waiting = NODE_LIMIT, [*table.entries.values()]
    while waiting:
        node = waiting.pop()
        left -= 1
        if left < 0:
            message = f"holds more than {NODE_LIMIT:,} values, those of `like` included"
            raise refusal(table.file, table.line, section, message)
        if not isinstance(node, Text):
            waiting += node.entries.values() if isinstance(node, Table) else node.items


def _like(entry: Node) -> Node | None:
    return entry.entries.get("like") if isinstance(entry, Table) else None


class _Alike:
    """One table of a file, whose entries may be like others of it or of the table below."""

    def __init__(self, section: str, own: Table, below: Table | None, deletes: bool) -> None:
        self._section, self._own, self._below = section, own, below
        self._merge = partial(merge, deletes=deletes)

    def table(self) -> Table:
        entries = {name: self._entry(name) for name in self._own.entries}
        return Table(entries, self._own.file, self._own.line, self._own.keys)

    def _entry(self, name: str) -> Node:
        """An entry of the file; one that is like another, with all that this and those of its name below say."""
        chain = self._chain(name)
        if len(chain) == 1:
            return self._own.entries[name]
        laid: Node | None = None
        for each in reversed(chain):
            parts = [node for node in (self._under(each), laid, self._over(each)) if node]
            laid = reduce(self._merge, parts)
        assert laid is not None
        return laid

    def _chain(self, name: str) -> list[str]:
        """The entry, what it is like, what that is like, and so on."""
        chain, over = [name], self._over(name)
        while over is not None and (like := _like(self._own.entries[chain[-1]])) is not None:
            wanted = self._wanted(chain[-1], like)
            if wanted in chain:
                circle = " > ".join([*chain[chain.index(wanted) :], wanted])
                raise self._refusal(chain[-1], like, f"like runs in a circle: {circle}")
            if len(chain) > LIKE_LIMIT:
                message = f"like is a chain of more than {LIKE_LIMIT} entries"
                raise self._refusal(chain[-1], like, message)
            chain.append(wanted)
            over = self._over(wanted)
        return chain

    def _wanted(self, name: str, like: Node) -> str:
        """The entry that `like` names, which has to be a table in the file or below."""
        wanted = like.text if isinstance(like, Text) else None
        if wanted is None:
            message = f"expected the name of another entry, found {describe(like)}"
            raise self._refusal(name, like, message)
        if self._over(wanted) or self._under(wanted):
            return wanted
        names = {*self._own.entries, *(self._below.entries if self._below else ())} - {name}
        known = [each for each in names if self._over(each) or self._under(each)]
        hint = suggestion(wanted, known) if known else "it has no other with entries"
        message = f"no entry {quoted(wanted)} in {self._section} that has entries; {hint}"
        raise self._refusal(name, like, message)

    def _over(self, name: str) -> Table | None:
        """The file's own entry, without its `like`; None where it has none, deletes it or gives a single value."""
        entry = self._own.entries.get(name)
        if not isinstance(entry, Table):
            return None
        return with_entry(entry, "like", None, entry.file) if _like(entry) else entry

    def _under(self, name: str) -> Table | None:
        """The entry below."""
        entry = self._below.entries.get(name) if self._below else None
        return entry if isinstance(entry, Table) else None

    def _refusal(self, name: str, like: Node, message: str) -> InputError:
        return refusal(like.file, like.line, f"{self._section}.{name}.like", message)
