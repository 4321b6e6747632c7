"""Which measured runs are there to be predicted?

Reads CSV files of the columns in `COLUMNS` into `Case` records: one row, one case, none lost. A file that is no such
table is refused with all its faults at once, each with line and column. A row with a cell that cannot be read is kept
as unreadable, with the reason; a row that lacks something is kept, and its predictor says what is missing. Nothing
depends on `id`, which is for printing alone.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from planner.errors import Fault, InputError, PlannerError, suggestion
from planner.validation.cells import NUMBERS, WHOLE, fault, plain

TEXTS = (
    "id", "source", "model", "family", "gpu", "recompute", "precision", "metric", "notes",
    "sequence_parallel", "doubtful",
)  # fmt: skip
COLUMNS = (*TEXTS, *NUMBERS, *WHOLE)
REQUIRED = ("source", "family", "gpu", "metric", "value")
FULL = (
    "layers", "hidden", "heads", "seq_len", "global_batch_size", "micro_batch", "gpu", "gpus",
    "tp", "pp", "dp",
)  # fmt: skip
"""What a transformer's row must state to count as fully specified."""


@dataclass(frozen=True, eq=False)
class Case:
    """One measured run: where it stands, and its columns as text."""

    file: str
    line: int
    fields: Mapping[str, str]
    unreadable: str = (
        ""  # why the row is not predicted, whatever it states: a cell that says nothing plain
    )

    def text(self, name: str) -> str:
        """A column; empty where the file has none."""
        return self.fields.get(name, "")

    def number(self, name: str) -> float | None:
        """A column as a number; none where it is blank."""
        text = self.text(name)
        return float(text) if text else None

    @property
    def label(self) -> str:
        """What to call the row in print: its id, else its line."""
        return self.text("id") or f"line {self.line}"

    @property
    def year(self) -> int | None:
        """The year of the measurement."""
        year = self.number("year")
        return None if year is None else int(year)

    @property
    def family(self) -> str:
        """Kind of model, such as `llm-dense`."""
        return self.text("family").lower()

    @property
    def gpu(self) -> str:
        """The accelerator, as the source spells it."""
        return self.text("gpu")

    @property
    def metric(self) -> str:
        """What was measured, unit included."""
        return self.text("metric")

    @property
    def value(self) -> float | None:
        """What was measured, in the unit of the metric."""
        return self.number("value")

    @cached_property
    def source(self) -> str:
        """Who measured: repository or paper, without table, section and release (see `source_name`)."""
        return source_name(self.text("source"))

    @cached_property
    def words(self) -> str:
        """Everything that the row says in words, in small letters."""
        names = ("source", "model", "gpu", "notes")
        return " ".join(self.text(name) for name in names).lower()

    def cell(self, column: str) -> str:
        """What to group by: the name of the source, or another column as it is."""
        return (self.source if column == "source" else self.text(column)) or "not stated"

    @property
    def fully_specified(self) -> bool:
        """Whether shape, batch, layout and accelerator of a transformer are all stated."""
        return all(self.text(name) for name in FULL)


@dataclass(frozen=True)
class Outcome:
    """What a predictor makes of a case."""

    predicted: float | None = None  # in the case's own metric
    reason: str = ""  # why nothing is predicted, as "missing: micro_batch"
    assumed: tuple[str, ...] = ()  # defaults used for blanks, in words
    configuration: Hashable = None  # equal for repeats of one configuration
    terms: Mapping[str, float] = field(default_factory=dict)  # named parts of the step [s]
    measured: float | None = None  # in place of `value` where the row's notes give it more exactly
    seconds: float | None = None  # predicted step [s]
    derived: bool = False  # the metric is a utilisation, turned into a rate by the source's formula


_RELEASE = re.compile(r"_v\d[\d.]*$")
_PLACE = re.compile(
    r"\s+(table|tab\.|sec\.|section|sect\.|fig\.|figure|appendix|readme|abstract|paper)\b.*$", re.I
)


def source_name(text: str) -> str:
    """The source without the place in it: one name for all tables, sections and releases of a repository or paper.

    `owner/repository` where the text begins with one; with the benchmark, the last part of the path, where the
    repository holds results of many submitters (MLCommons). Else the words before the first bracket, comma or colon,
    without the number of a table.
    """
    first = text.split(" ")[0]
    if re.fullmatch(r"[\w.-]+/[\w./-]+", first):
        owner, name = first.split("/")[:2]
        name = _RELEASE.sub("", name)
        if name.endswith("_results"):
            return f"{owner} {text.split(' (')[0].rsplit('/', 1)[-1]}"
        return f"{owner}/{name}"
    words = re.split(r"[(,:;\"]", text)[0].strip() or text
    return _PLACE.sub("", words).strip() or words


def read(paths: Sequence[Path]) -> list[Case]:
    """The cases of all files, in their order; every fault of every file at once."""
    cases: list[Case] = []
    faults: list[Fault] = []
    for path in paths:
        for found in _read_file(path):
            if isinstance(found, Fault):
                faults.append(found)
            else:
                cases.append(found)
    if faults:
        raise InputError(faults)
    return cases


def _read_file(path: Path) -> Iterator[Case | Fault]:
    if path.is_dir():
        raise PlannerError(f"{path}: is a folder; name a CSV file in it")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise PlannerError(
            f"{path}: is not UTF-8 text (byte {error.start}); expected a CSV file"
        ) from None
    except OSError as error:
        raise PlannerError(f"{path}: {error.strerror}; expected a CSV file") from None
    if "\0" in text:
        raise PlannerError(f"{path}: holds binary data; expected a CSV file")
    first = text.partition("\n")[0]
    delimiter = _delimiter(first)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True, delimiter=delimiter)
    try:
        header = _named([name.strip() for name in next(reader, [])])
        faults = list(_header_faults(str(path), header))
        yield from faults
        if faults:
            return
        begins = reader.line_num + 1
        for cells in reader:
            line, begins = begins, reader.line_num + 1
            if any(cell.strip() for cell in cells):
                yield _row(str(path), line, header, cells, delimiter)
    except csv.Error as error:
        yield Fault(str(path), reader.line_num, "", f"is not CSV: {error}")


def _delimiter(header: str) -> str:
    """What separates columns: a semicolon or tab where the needed columns stand between these, else a comma."""
    for delimiter in ";\t":
        names = _named([name.strip().strip('"').strip() for name in header.split(delimiter)])
        if all(name in names for name in REQUIRED):
            return delimiter
    return ","


def _named(header: Sequence[str]) -> list[str]:
    """The header, in which capitals, blanks, hyphens and a plural's letter make no other column."""
    words = [re.sub(r"[\s-]+", "_", name.lower()) for name in header]
    known = [_singular(name, words) for name in words]
    return [
        name if name in COLUMNS and name not in header and known.count(name) == 1 else stated
        for stated, name in zip(header, known, strict=True)
    ]


def _singular(name: str, words: Sequence[str]) -> str:
    """A column of ours that differs by its last `s` alone and is not there itself: `note` for `notes`."""
    other = name.removesuffix("s") if name.endswith("s") else f"{name}s"
    return other if name not in COLUMNS and other in COLUMNS and other not in words else name


def _header_faults(file: str, header: Sequence[str]) -> Iterator[Fault]:
    if not any(header):
        yield Fault(file, 1, "", f"is empty; expected the columns {', '.join(REQUIRED)}, ...")
        return
    if len(header) == 1 and (found := re.search(r"[;\t|]", header[0])):
        yield Fault(file, 1, "", f"columns are separated by {found[0]!r}; expected commas")
        return
    for name in dict.fromkeys(name for name in header if name and header.count(name) > 1):
        yield Fault(file, 1, name, "stands twice; expected every column once")
    for name in REQUIRED:
        if name not in header:
            others = [other for other in header if other and other not in COLUMNS]
            near = suggestion(name, others) if others else ""
            hint = near if near.startswith("nearest") else f"found {', '.join(header[:6])}, ..."
            yield Fault(file, 1, name, f"column is missing; {hint}")
    for name in header:
        # one that looks like a column of ours, which is not there, is a slip and would be passed over without a word
        absent = [column for column in COLUMNS if column not in header and column not in REQUIRED]
        near = suggestion(name, absent) if name and name not in COLUMNS and absent else ""
        if near.startswith("nearest") and _alike(name, near.removeprefix("nearest: ")):
            yield Fault(file, 1, name, f"unknown column; {near}")


def _alike(one: str, other: str) -> bool:
    """Whether two names differ by case, spaces or one letter alone."""
    a, b = (re.sub(r"[\s_-]", "", name.lower()) for name in (one, other))
    if a == b:
        return True
    if abs(len(a) - len(b)) > 1 or min(len(a), len(b)) < 4:
        return False
    same = next(
        (i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b))
    )
    return a[same + 1 :] == b[same + 1 :] or a[same:] == b[same + 1 :] or a[same + 1 :] == b[same:]


def _row(file: str, line: int, header: Sequence[str], cells: Sequence[str], delimiter: str) -> Case:
    """The case of a row; unreadable where the row has too few or many cells, or one that cannot be read."""
    named = dict(zip(header, (cell.strip() for cell in cells), strict=False))
    named.pop("", None)
    fields = {name: plain(name, cell, named, delimiter == ";") for name, cell in named.items()}
    faults = [f"{name}: {why}" for name, text in fields.items() if (why := fault(name, text))]
    fields = {name: "" if fault(name, text) else text for name, text in fields.items()}
    if len(cells) > len(header) and any(cell.strip() for cell in cells[len(header) :]):
        faults.append(f"row has {len(cells)} cells; expected {len(header)} as in the header")
    if len(cells) < len(header):
        faults.append(f"row ends after {len(cells)} cells; expected {len(header)} as in the header")
    return Case(file, line, fields, f"line {line}: {'; '.join(faults)}" if faults else "")
