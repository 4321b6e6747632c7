"""What goes to the terminal: results to stdout, faults to stderr, nothing that steers the terminal."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

from planner.errors import Fault, InputError, PlannerError
from planner.text import counted, printable

if TYPE_CHECKING:
    from rich.text import Text

WIDTH = 100
ERASE = "\r\x1b[K"  # what stands on the terminal's line
FAILED = 1
BROKEN_PIPE = 141  # 128 + SIGPIPE, as a shell reports it


def write(text: str) -> None:
    """Print a result."""
    try:
        sys.stdout.write(text if text.endswith("\n") else text + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        finish()


def finish() -> NoReturn:
    """Leave without complaint when the reader of the output has gone."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(BROKEN_PIPE)


def refused(error: OSError) -> NoReturn:
    """Leave with the system's reason, such as a full disk, on one line."""
    what = f"{error.filename}: " if error.filename else "cannot write the output: "
    sys.stderr.write(f"planner: {printable(what + (error.strerror or str(error)))}\n")
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is buffered goes nowhere
    sys.exit(FAILED)


def width(most: int = WIDTH) -> int:
    """Columns to print for: those of the terminal or of COLUMNS, else 100; never more than `most`."""
    import shutil

    return min(shutil.get_terminal_size((WIDTH, 24)).columns, most)


def write_styled(lines: Sequence[Text]) -> None:
    """Print lines with their styles on a terminal; plainly elsewhere, and where NO_COLOR asks for it."""
    if os.environ.get("NO_COLOR") or not sys.stdout.isatty():
        write("\n".join(line.plain for line in lines))
        return
    from rich.console import Console

    console = Console(soft_wrap=True, highlight=False, emoji=False, markup=False)
    with console.capture() as capture:
        for line in lines:
            console.print(line)
    write(capture.get())


@contextmanager
def telling() -> Iterator[Callable[[str], None]]:
    """Says on a terminal how far a command is: each text takes the place of the one before, and the last one goes.

    Nothing is said where standard error is no terminal.
    """
    if not sys.stderr.isatty():
        yield lambda _: None
        return

    def tell(text: str) -> None:
        sys.stderr.write(f"{ERASE}{printable(text)}")
        sys.stderr.flush()

    try:
        yield tell
    finally:
        sys.stderr.write(ERASE)
        sys.stderr.flush()


def table(rows: Sequence[Sequence[str]], gap: int = 2) -> str:
    """Rows of text in columns; the last column is as long as it is."""
    if not rows:
        return ""
    shown = [[printable(cell) for cell in row] for row in rows]
    widths = [max(len(row[i]) for row in shown) for i in range(len(shown[0]) - 1)]
    lines = []
    for row in shown:
        padded = [cell.ljust(size + gap) for cell, size in zip(row[:-1], widths, strict=True)]
        lines.append(("".join(padded) + row[-1]).rstrip())
    return "\n".join(lines) + "\n"


def report(error: PlannerError) -> None:
    """Print an error: every fault on a line of its own, by file."""
    if isinstance(error, InputError):
        sys.stderr.write("".join(_by_file(error.faults)))
    else:
        sys.stderr.write(f"planner: {printable(str(error))}\n")


def _by_file(faults: Sequence[Fault]) -> Iterable[str]:
    for file in dict.fromkeys(fault.file for fault in faults):
        mine = [fault for fault in faults if fault.file == file]
        yield f"{printable(file)}: {counted(len(mine), 'fault')}\n"
        places = [str(fault.line) if fault.line else "" for fault in mine]
        margin = max(map(len, places))
        lead = margin + 2 if margin else 0
        paths = max(len(printable(fault.path)) for fault in mine)
        for fault, place in zip(mine, places, strict=True):
            path = printable(fault.path).ljust(paths + 3) if paths else ""
            start = f"  {place:>{margin}}".ljust(lead + 2) if lead else "  "
            yield f"{start}{path}{printable(fault.message)}\n"
