"""Which files does `extends` name, and what do they say together?

A chain of `extends` is followed from file to file, each read once, and refused where it leaves its
folders, runs in a circle or is too long.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from functools import reduce
from pathlib import Path
from typing import NamedTuple

from planner.errors import Fault, InputError, suggestion
from planner.inputs.documents import reading
from planner.inputs.documents.alike import layers
from planner.inputs.documents.merging import merge_tables
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

EXTENDS_LIMIT = 20  # files that one file extends, and links in a chain of `extends`


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
            return self._laid(layers(own, None, self._deletes))
        faults: list[Fault] = []
        extended: list[Table] = []
        for where, name in _extends_names(own):
            try:
                extended.append(self._parent(where, name, chain))
            except InputError as error:
                faults.extend(error.faults)
        if faults:
            raise InputError(faults)
        below = self._laid(extended)
        own = with_entry(own, "extends", None, own.file)
        return self._laid(layers(own, below, self._deletes))

    def _laid(self, tables: Sequence[Table]) -> Table:
        """Tables laid over each other, the last on top."""
        return reduce(lambda low, high: merge_tables(low, high, self._deletes), tables)

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
