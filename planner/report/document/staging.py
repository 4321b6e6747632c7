"""How do the files of a report come into a folder together, so that a kill leaves the old report or the new one?

All files are made in a hidden folder inside the one that they are for, hence on its disk, and moved when the last of
them is whole: what fails or is killed while they are made (seconds) has changed nothing, and the moves take about a
millisecond. Two reports at once do not mix: the moves of one wait for those of the other. What a killed run has left is
removed by the next one; that a run is alive shows by the lock that it holds on its hidden folder, which the system
lets go of when the process dies. Where a system has no such locks, the reports come out all the same.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

PREFIX = ".planner-report-"


@contextmanager
def staging(folder: Path) -> Iterator[Path]:
    """A hidden folder in this one, gone afterwards. Raises OSError where none can be made."""
    with _locked(folder, wait=True):  # nobody tidies a hidden folder that is not locked yet
        _tidy(folder)
        room = Path(tempfile.mkdtemp(prefix=PREFIX, dir=folder))
        held = contextlib.ExitStack()
        held.enter_context(_locked(room, wait=True))
    try:
        yield room
    finally:
        shutil.rmtree(room, ignore_errors=True)
        held.close()


def put(room: Path, folder: Path, places: Sequence[Path], outdated: Iterable[Path]) -> None:
    """Move files from one folder to the same places in another, and remove what is `outdated` there."""
    for parent in dict.fromkeys(place.parent for place in places):
        (folder / parent).mkdir(parents=True, exist_ok=True)
    with _locked(folder, wait=True):
        for place in places:
            os.replace(room / place, folder / place)
        for old in outdated:
            old.unlink(missing_ok=True)


def _tidy(folder: Path) -> None:
    """Remove what runs that died have left."""
    for left in folder.glob(f"{PREFIX}*"):
        with _locked(left, wait=False) as is_mine:
            if is_mine:
                shutil.rmtree(left, ignore_errors=True)


@contextmanager
def _locked(folder: Path, wait: bool) -> Iterator[bool]:
    """Hold the lock of a folder, and say whether it could be had."""
    try:
        import fcntl

        held = os.open(folder, os.O_RDONLY)
    except (ImportError, OSError):
        yield False
        return
    try:
        fcntl.flock(held, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        has_lock = True
    except OSError:
        has_lock = False
    try:
        yield has_lock
    finally:
        os.close(held)
