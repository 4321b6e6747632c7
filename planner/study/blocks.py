"""How do draws lie on the disk, so that nothing is lost, counted twice or mixed with another study?

A study has a folder. `manifest.json` says what it is a study of; `blocks/` has two files for each block of consecutive
draws: its kept numbers (an .npy file, [row, draw]) and the sketch of the others. Each is written under another name and
then moved, the sketch first: a block is there once its kept numbers are. From time to time the sketches are merged into
`counts.npz`, which says of which blocks it is. A draw depends on its number alone, so blocks may have any size, and a
study goes on wherever draws are missing.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from planner.axes import Array
from planner.errors import PlannerError
from planner.study.sketch import Sketch, merged
from planner.text import counted

FORMAT = 1
MERGED_AT_ONCE = 16  # sketches: more cost memory, fewer cost time
DIFFERENCES_SHOWN = 4

_NAME = re.compile(r"draws-(\d{10})-(\d{10})\.npy")
_LEFT = re.compile(r"(manifest\.json|[\w-]+\.(npy|npz|parquet|nc|png|svg))\.\d+\.part")
_TORN = (ValueError, KeyError, EOFError, zipfile.BadZipFile)  # what reading half a file raises


class StudyError(PlannerError):
    """A study that cannot go on as it was asked to."""


class Block(NamedTuple):
    """The draws from `start` up to, but without, `stop`."""

    start: int
    stop: int

    @property
    def draws(self) -> int:
        return self.stop - self.start


@dataclass(frozen=True)
class Folder:
    """The folder of a study."""

    path: Path

    @property
    def blocks(self) -> Path:
        return self.path / "blocks"

    @property
    def manifest(self) -> Path:
        return self.path / "manifest.json"

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep other runs out while this one lasts; the system lets go of the lock of a process that dies."""
        self.blocks.mkdir(parents=True, exist_ok=True)
        try:
            import fcntl
        except ImportError:  # where there are no such locks, two runs write the same bits twice
            yield
            return
        with open(self.path / "lock", "w") as file:
            try:
                fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # workers do not inherit this kind
            except OSError:
                raise StudyError(f"{self.path}: another run is at work in it") from None
            yield
            self._tidy()

    def open(self, manifest: Mapping[str, Any]) -> tuple[list[Block], list[Block]]:
        """Make the folder that of a study, or find what is there of the same; another one is refused.

        Gives the blocks that are done, and those to be done again just as they were: they are counted already, but
        their numbers are gone.
        """
        self._tidy()
        before = self._read_manifest()
        if before is not None:
            refuse_another(self.path, before, manifest)
        done, again = self._found()
        if before is None and (done or again):
            raise StudyError(
                f"{self.path}: has blocks of draws but no manifest.json that says of what; give another folder"
            )
        if before != manifest:
            text = json.dumps(manifest, indent=1, ensure_ascii=False) + "\n"
            moved(self.manifest, partial(_save_text, text))
        return done, again

    def write(self, block: Block, numbers: Array, sketch: Sketch) -> None:
        """Put a finished block into the folder."""
        moved(self._counts(block), partial(_save, sketch, [block]))
        moved(self._numbers(block), partial(_save_array, numbers))

    def numbers(self, blocks: Sequence[Block], rows: slice) -> Array:
        """Some of the kept numbers of consecutive blocks, shape (row, draw)."""
        first = blocks[0].start
        found = np.empty((rows.stop - rows.start, blocks[-1].stop - first))
        for block in blocks:
            with open(self._numbers(block), "rb") as file:
                np.lib.format.read_magic(file)
                np.lib.format.read_array_header_1_0(file)
                file.seek(rows.start * block.draws * found.itemsize, os.SEEK_CUR)
                part = np.fromfile(file, dtype=np.float64, count=len(found) * block.draws)
            found[:, block.start - first : block.stop - first] = part.reshape(-1, block.draws)
        return found

    def merge(self, blocks: Iterable[Block]) -> None:
        """Put the sketches of more blocks into the one of the whole study."""
        sketch, inside = self._merged()
        blocks = list(blocks)
        fresh = [block for block in blocks if block not in inside]
        for start in range(0, len(fresh), MERGED_AT_ONCE):
            group = fresh[start : start + MERGED_AT_ONCE]
            parts = [_load(self._counts(block))[0] for block in group]
            sketch = merged([*([sketch] if sketch else []), *parts])
            inside |= set(group)
            moved(self._all_counts, partial(_save, sketch, inside))
        for block in blocks:
            self._counts(block).unlink(missing_ok=True)

    def sketch(self, blocks: Sequence[Block]) -> Sketch:
        """The sketch of exactly these blocks, merged or not."""
        sketch, inside = self._merged()
        assert inside <= set(blocks)
        rest = [block for block in blocks if block not in inside]
        for start in range(0, len(rest), MERGED_AT_ONCE):
            parts = [_load(self._counts(block))[0] for block in rest[start:][:MERGED_AT_ONCE]]
            sketch = merged([*([sketch] if sketch else []), *parts])
        assert sketch is not None
        return sketch

    def _found(self) -> tuple[list[Block], list[Block]]:
        """The finished blocks, and those in the merged sketch whose numbers are gone, each in order.

        What is torn, or overlaps another, is deleted.
        """
        _, inside = self._merged()
        names = sorted(os.listdir(self.blocks))
        written = {Block(int(m[1]), int(m[2])) for m in map(_NAME.fullmatch, names) if m}
        # What is in the merged sketch comes first: it cannot be taken out again.
        done = [block for block in inside if block in written and self._is_whole(block, True)]
        again = sorted(inside.difference(done))
        for block in inside:
            self._counts(block).unlink(missing_ok=True)
        for block in sorted(written - inside):
            overlaps = any(b.start < block.stop and block.start < b.stop for b in (*done, *again))
            if not overlaps and self._is_whole(block, False):
                done.append(block)
            else:
                self._numbers(block).unlink(missing_ok=True)
                self._counts(block).unlink(missing_ok=True)
        return sorted(done), again

    def _is_whole(self, block: Block, is_merged: bool) -> bool:
        """Whether both files of a block are as long as they should be."""
        try:
            with open(self._numbers(block), "rb") as file:
                np.lib.format.read_magic(file)
                shape, _, kind = np.lib.format.read_array_header_1_0(file)
                expected = file.tell() + shape[0] * block.draws * kind.itemsize
                if shape[1] != block.draws or os.fstat(file.fileno()).st_size != expected:
                    return False
            return is_merged or _load(self._counts(block))[1] == {block}
        except (OSError, *_TORN):
            return False

    def _tidy(self) -> None:
        """Delete what processes that died had begun to write; others' files in the folder are none of ours."""
        for folder in (self.blocks, self.path, self.path / "charts"):
            for left in folder.glob("*.part"):
                if _LEFT.fullmatch(left.name):
                    left.unlink(missing_ok=True)

    def _read_manifest(self) -> dict[str, Any] | None:
        try:
            found: Any = json.loads(self.manifest.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except ValueError:
            found = None
        whole = isinstance(found, dict) and {"format", "draws", "inputs"} <= found.keys()
        if not whole or found["format"] != FORMAT:
            raise StudyError(
                f"{self.manifest}: is not the manifest of a study; give another folder"
            )
        manifest: dict[str, Any] = found
        return manifest

    def _merged(self) -> tuple[Sketch | None, set[Block]]:
        """The merged sketch and its blocks; one that is torn is none, and its blocks are done again."""
        try:
            return _load(self._all_counts)
        except (FileNotFoundError, *_TORN):
            return None, set()

    @property
    def _all_counts(self) -> Path:
        return self.blocks / "counts.npz"

    def _numbers(self, block: Block) -> Path:
        return self.blocks / f"draws-{block.start:010d}-{block.stop:010d}.npy"

    def _counts(self, block: Block) -> Path:
        return self.blocks / f"counts-{block.start:010d}-{block.stop:010d}.npz"


def missing(done: Sequence[Block], draws: int, size: int) -> list[Block]:
    """Blocks of at most `size` draws for all that is not done of the first `draws`."""
    edges = [0, *(edge for block in done for edge in block), draws]
    return [
        Block(start, min(start + size, end))
        for begin, end in zip(edges[::2], edges[1::2], strict=True)
        for start in range(begin, end, size)
    ]


def refuse_another(folder: Path, before: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    """Raise `StudyError` with what differs, unless `now` is the same study, perhaps with more draws."""
    there, asked = before["inputs"], now["inputs"]
    paths = [path for path in {**there, **asked} if there.get(path) != asked.get(path)]
    passed_over = ("draws", "inputs", "changes", *(["leaves"] if paths else []))
    found = [_of_inputs(paths)] if paths else []
    found += [
        _difference(key, before.get(key), value)
        for key, value in now.items()
        if key not in passed_over and before.get(key) != value
    ]
    if before["draws"] > now["draws"]:
        found.append(f"it has {before['draws']:,} draws, more than {now['draws']:,}")
    if found:
        raise StudyError(
            f"{folder}: holds another study: {'; '.join(found)}. Give another folder, or delete this one"
        )


def _of_inputs(paths: Sequence[str]) -> str:
    """ "1 input differs (fleet.life)"."""
    more = len(paths) - DIFFERENCES_SHOWN
    names = ", ".join(paths[:DIFFERENCES_SHOWN]) + (f" and {more} more" if more > 0 else "")
    return f"{counted(len(paths), 'input')} differ{'s' if len(paths) == 1 else ''} ({names})"


def _difference(key: str, there: Any, asked: Any) -> str:
    """What differs, in words: digests are not shown."""
    words = {
        "keep": "other quantities are kept (--keep)",
        "code": "the planner's own code has changed",
        "leaves": "the inputs differ",
        "correlations": "the correlations differ",
        "overrides": "the overridden quantities differ",
        "order": "the uncertain inputs are drawn in another order, for other inputs are uncertain in the files",
    }
    if key in words:
        return words[key]
    return f"{key} is {there} there, {asked} here"


def _save_text(text: str, file: Path) -> None:
    file.write_text(text, encoding="utf-8")


def _save(sketch: Sketch, blocks: Iterable[Block], file: Path) -> None:
    runs, keys, counts = sketch.arrays()
    with open(file, "wb") as stream:
        np.savez(stream, blocks=np.array(sorted(blocks)), runs=runs, keys=keys, counts=counts)


def _load(file: Path) -> tuple[Sketch, set[Block]]:
    with np.load(file) as found:
        sketch = Sketch.from_arrays(found["runs"], found["keys"], found["counts"])
        return sketch, {Block(int(start), int(stop)) for start, stop in found["blocks"]}


def _save_array(numbers: Array, file: Path) -> None:
    with open(file, "wb") as stream:
        np.lib.format.write_array(stream, np.ascontiguousarray(numbers), version=(1, 0))


def moved(file: Path, write: Callable[[Path], object]) -> None:
    """Write a file under another name, then give it its own: it is there whole or not at all."""
    part = file.with_name(f"{file.name}.{os.getpid()}.part")
    try:
        write(part)
        os.replace(part, file)
    except BaseException:
        with contextlib.suppress(OSError):
            part.unlink()
        raise
