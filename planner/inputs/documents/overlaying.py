"""Which entries hold when one file is laid over another, and which files does `extends` name?

Tables merge entry by entry. A chain of `extends` is followed from file to file, each read once, and
refused where it leaves its folders, runs in a circle or is too long. What `extends` is to a file, `like` is to an
entry of one of its tables: it names another entry of that table, over which this one is laid.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from functools import reduce
from pathlib import Path
from typing import NamedTuple

from planner.errors import Fault, InputError, suggestion
from planner.inputs.documents import reading
from planner.inputs.documents.reading import yaml_files_in
from planner.inputs.documents.tree import (
    Items,
    Node,
    Table,
    Text,
    describe,
    quoted,
    refusal,
    with_entry,
)
from planner.perf.distributions import PARAMETERS

EXTENDS_LIMIT = 20  # files that one file extends, and links in a chain of `extends`

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
    return over if is_number(base) or is_number(over) else _merge_tables(base, over, deletes)


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


def _merge_tables(base: Table, over: Table, deletes: bool = True) -> Table:
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


def resolve(
    path: Path,
    roots: Sequence[Path] = (),
    display: str | None = None,
    deletes: bool = True,
    layered: bool = False,
) -> Table:
    """The table in a file, overlaid on those that its `extends` names (one file, or a list).

    A name is looked up beside the file and then in each of `roots`, and must lie there after
    symbolic links are followed. Later names of a list overlay earlier ones; the file overlays all.
    `deletes`: whether a null removes the entry that it overlays. `layered`: whether of files with the
    same name the one found first overlays the others; else it stands for itself.
    """
    shown = str(path) if display is None else display
    resolver = _Resolver([_real(root) for root in roots], deletes, layered)
    return resolver.table(_Link(_real(path), shown), ())


def _alike(own: Table, below: Table | None) -> Table:
    """A file with the entries of its tables laid over those that their `like` names.

    The entry that is named stands in the same table, in the file or in what it extends, where it may be one that the
    file deletes.
    """
    for section, table in own.entries.items():
        if isinstance(table, Table) and any(_like(entry) for entry in table.entries.values()):
            under = below.entries.get(section) if below else None
            found = _Alike(section, table, under if isinstance(under, Table) else None)
            own = with_entry(own, section, found.table(), own.file)
    return own


def _like(entry: Node) -> Node | None:
    return entry.entries.get("like") if isinstance(entry, Table) else None


class _Alike:
    """One table of a file, whose entries may be like others of it or of the table below."""

    def __init__(self, section: str, own: Table, below: Table | None) -> None:
        self._section, self._own, self._below = section, own, below
        self._done: dict[str, Node] = {}

    def table(self) -> Table:
        entries = {name: self._entry(name, ()) for name in self._own.entries}
        return Table(entries, self._own.file, self._own.line, self._own.keys)

    def _entry(self, name: str, chain: tuple[str, ...]) -> Node:
        """An entry of the file, with all that it is like."""
        if name not in self._done:
            entry = self._own.entries[name]
            like = _like(entry)
            if isinstance(entry, Table) and like is not None:
                model = self._model(name, like, (*chain, name))
                entry = merge(model, with_entry(entry, "like", None, entry.file))
            self._done[name] = entry
        return self._done[name]

    def _model(self, name: str, like: Node, chain: tuple[str, ...]) -> Node:
        """What `like` names: the entry below with that of the file over it, or the one of them that there is."""
        wanted = like.text if isinstance(like, Text) else None
        under = self._below.entries.get(wanted) if self._below and wanted else None
        over = self._own.entries.get(wanted) if wanted else None
        if wanted in chain:
            circle = " > ".join([*chain[chain.index(wanted) :], wanted])
            raise self._refusal(name, like, f"like runs in a circle: {circle}")
        if isinstance(over, Table) and wanted:
            over = self._entry(wanted, chain)
            return merge(under, over) if under else over
        if not isinstance(under, Table):
            known = {*self._own.entries, *(self._below.entries if self._below else ())} - {name}
            if wanted is None:
                message = f"expected the name of another entry, found {describe(like)}"
            else:
                message = (
                    f"no entry {quoted(wanted)} in {self._section}; {suggestion(wanted, known)}"
                )
            raise self._refusal(name, like, message)
        return under

    def _refusal(self, name: str, like: Node, message: str) -> InputError:
        return refusal(like.file, like.line, f"{self._section}.{name}.like", message)


class _Link(NamedTuple):
    """One file in a chain of `extends`: where it lies, and what messages call it."""

    path: Path
    shown: str


class _Resolver:
    """Follows `extends` from file to file; each file is read once."""

    def __init__(self, roots: Sequence[Path], deletes: bool, layered: bool) -> None:
        self._roots, self._deletes, self._layered = roots, deletes, layered
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
        own = reading.load(link.path, link.shown)
        if "extends" not in own.entries:
            return _alike(own, None)
        faults: list[Fault] = []
        layers: list[Table] = []
        for where, name in _extends_names(own):
            try:
                layers.append(self._parent(where, name, chain))
            except InputError as error:
                faults.extend(error.faults)
        if faults:
            raise InputError(faults)
        below = self._laid(layers)
        return self._laid([below, _alike(with_entry(own, "extends", None, own.file), below)])

    def _laid(self, layers: Sequence[Table]) -> Table:
        """Tables laid over each other, the last on top."""
        return reduce(lambda low, high: _merge_tables(low, high, self._deletes), layers)

    def _parent(self, where: str, name: Text, chain: tuple[_Link, ...]) -> Table:
        found = self._find(where, name, chain[-1])
        chosen = found if self._layered else found[:1]
        return self._laid([self._linked(where, name, link, chain) for link in reversed(chosen)])

    def _linked(self, where: str, name: Text, found: _Link, chain: tuple[_Link, ...]) -> Table:
        files = [link.path for link in chain]
        if found.path in files:
            circle = [link.shown for link in chain[files.index(found.path) :]]
            message = f"extends runs in a circle: {' > '.join([*circle, circle[0]])}"
            raise refusal(name.file, name.line, where, message)
        if len(chain) > EXTENDS_LIMIT:
            message = f"extends is a chain of more than {EXTENDS_LIMIT} files"
            raise refusal(name.file, name.line, where, message)
        return self.table(found, chain)

    def _find(self, where: str, name: Text, child: _Link) -> list[_Link]:
        """The files that `extends` names, inside the child's folder and the roots, the nearest first."""
        text = name.text or ""
        folders = [child.path.parent, *(root for root in self._roots if root != child.path.parent)]
        candidates = [(folder, _real(folder / text)) for folder in folders]
        inside = [pair for pair in candidates if _is_inside(pair[1], folders)]
        homes = [os.path.dirname(child.shown), *map(_shown, folders[1:])]
        home = dict(zip(folders, homes, strict=True))
        found = [
            _Link(candidate, os.path.normpath(os.path.join(home[folder], text)))
            for folder, candidate in inside
            if os.path.isfile(candidate)
        ]
        if found:
            return found
        searched = " or ".join(
            ["beside this file", *(f"in {_shown(root)}" for root in folders[1:])]
        )
        if candidates[0] not in inside:
            message = f"{quoted(text)} leads outside; extends names a file {searched}"
        else:
            message = f"there is no file {quoted(text)} {searched}{_nearby(text, folders)}"
        raise refusal(name.file, name.line, where, message)


def _nearby(text: str, folders: Sequence[Path]) -> str:
    """A clause with the name closest to `text` among the files that it could have meant."""
    part = os.path.dirname(text)
    searched = [_real(folder / part) for folder in folders]
    names = {
        os.path.join(part, file)
        for folder in searched
        if _is_inside(folder, folders)
        for file in yaml_files_in(folder)
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
        message = f"expected a file name or a list of file names, found {describe(node)}"
        raise refusal(node.file, node.line, "extends", message)
    if len(names) > EXTENDS_LIMIT:
        message = f"names {len(names)} files; at most {EXTENDS_LIMIT} are allowed"
        raise refusal(node.file, node.line, "extends", message)
    return names


def _real(path: Path) -> Path:
    """The path after symbolic links; unlike `Path.resolve`, it lets a loop of links pass."""
    return Path(os.path.realpath(path))


def _shown(folder: Path) -> str:
    """A folder as a person in the working directory would name it."""
    here = _real(Path())
    return str(folder.relative_to(here)) if folder.is_relative_to(here) else str(folder)
