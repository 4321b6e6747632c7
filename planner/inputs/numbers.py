"""How a number is written in YAML, and what it becomes.

A number is plain text with a unit (`700 W`, `45 %`) or a mapping that also says where it comes from and how sure
it is::

    power: {value: 700 W, source: nvidia_h100, confidence: published}
    price: {low: 25000 USD, base: 30000 USD, high: 40000 USD, source: "...", confidence: assumed}

`low` and `high` are the 10th and 90th percentiles and `base` the median. A number that changes over time is a `Series`
of knots: before its first knot it has the first knot's value, and after the last the last's.

`Leaf`, attached to a field by `Annotated`, is the single declaration of what the number means: its unit, its bounds,
one line of meaning. Values are held in base units from here on.
"""

from __future__ import annotations

import math
import re
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import core_schema

from planner import units
from planner.errors import UnitError, suggestion

Confidence = Literal["measured", "published", "derived", "assumed"]
CONFIDENCES: tuple[str, ...] = typing.get_args(Confidence)
Interpolation = Literal["step", "linear", "geometric"]
INTERPOLATIONS: tuple[str, ...] = typing.get_args(Interpolation)

_NUMBER_KEYS = frozenset({"value", "low", "base", "high", "source", "confidence"})
_MONTHS_KEYS = frozenset({"months", "source", "confidence"})
_SERIES_KEYS = frozenset({"series", "interpolate", "source", "confidence"})
SERIES_ENDS = (
    "a number over time; before its first knot a series has the first knot's value, "
    "and after the last the last's"
)

_MONTH = re.compile(r"^(\d{4})-(\d{1,2})$")
_YEAR = re.compile(r"^\d{4}$")


@dataclass(frozen=True, slots=True)
class Cell:
    """One number as somebody wrote it, in base units."""

    value: float
    unit: str
    source: str | None = None
    confidence: str | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Series:
    """A number over time: knots by month index (years x 12 + month - 1), and how to read between them."""

    knots: tuple[tuple[int, Cell], ...]
    interpolate: str = "step"
    constant: bool = False


@dataclass(frozen=True, slots=True)
class MonthProfile:
    """Twelve numbers, one for each calendar month from January on."""

    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class HourProfile:
    """Twenty-four weights, one for each local hour of the day."""

    cells: tuple[Cell, ...]


def month_index(text: str) -> int:
    """`2024-03` as years x 12 + month - 1; `2024` is its January. Raises ValueError."""
    if _YEAR.match(text):
        return int(text) * 12
    found = _MONTH.match(text)
    if found is None or not 1 <= int(found[2]) <= 12:
        raise ValueError(f'"{text}" is not a month; expected a month such as 2024-03')
    return int(found[1]) * 12 + int(found[2]) - 1


def month_label(index: int) -> str:
    """The inverse of `month_index`: `2024-03`."""
    return f"{index // 12:04d}-{index % 12 + 1:02d}"


@dataclass(frozen=True, slots=True)
class Leaf:
    """Declares a numeric input: unit, one line of meaning, bounds in that unit, and what its absence stands for."""

    unit: str
    meaning: str
    least: float | None = None
    most: float | None = None
    above: float | None = None
    whole: bool = False
    absent: float = math.nan

    # Pydantic calls these two when it builds a model that carries the annotation.
    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        reader = {
            Cell: self.cell,
            Series: self.series,
            HourProfile: self.hours,
            MonthProfile: self.months,
        }
        wanted, optional = _split_optional(source)
        read = reader[wanted]

        def validate(raw: Any) -> Any:
            if raw is None and optional:
                return None
            return raw if isinstance(raw, wanted) else read(raw)

        return core_schema.no_info_plain_validator_function(validate)

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        text = {"type": ["string", "number"], "examples": [f"1 {self.unit}".strip()]}
        return {
            "description": f"{self.meaning} [{self.unit}]{self._bounds_text()}",
            "x-unit": self.unit,
            "anyOf": [
                text,
                {
                    "type": "object",
                    "additionalProperties": False,
                    "properties": {
                        **{key: text for key in ("value", "low", "base", "high")},
                        "source": {"type": "string"},
                        "confidence": {"enum": list(CONFIDENCES)},
                    },
                },
                {
                    "type": "object",
                    "description": SERIES_ENDS,
                    "required": ["series"],
                    "additionalProperties": False,
                    "properties": {
                        "series": {"type": "object"},
                        "interpolate": {"enum": list(INTERPOLATIONS)},
                        "source": {"type": "string"},
                        "confidence": {"enum": list(CONFIDENCES)},
                    },
                },
                {
                    "type": "object",
                    "description": "a number for each calendar month, January first",
                    "required": ["months"],
                    "additionalProperties": False,
                    "properties": {
                        "months": {"type": "array", "minItems": 12, "maxItems": 12, "items": text},
                        "source": {"type": "string"},
                        "confidence": {"enum": list(CONFIDENCES)},
                    },
                },
                {"type": "array", "minItems": 24, "maxItems": 24, "items": text},
            ],
        }

    def cell(self, raw: Any) -> Cell:
        """One number, from text or from a mapping with its source. Raises ValueError in words."""
        if isinstance(raw, Mapping):
            return self._cell_from_mapping(raw)
        return self._bounded(raw)

    def series(self, raw: Any) -> Series:
        """Knots over time, or one number for all months. Raises ValueError in words."""
        if not (isinstance(raw, Mapping) and "series" in raw):
            return Series(((0, self.cell(raw)),), constant=True)
        _refuse_unknown(raw, _SERIES_KEYS)
        if not isinstance(raw["series"], Mapping) or not raw["series"]:
            raise ValueError("a series is a mapping from months to numbers, such as {2024-01: 3 %}")
        interpolate = raw.get("interpolate") or "step"
        if interpolate not in INTERPOLATIONS:
            raise ValueError(
                f'interpolate: "{interpolate}" is unknown; {suggestion(interpolate, INTERPOLATIONS)}'
            )
        source, confidence = _provenance(raw)
        knots = []
        for key, value in raw["series"].items():
            cell = self.cell(value)
            if cell.source is None:
                cell = Cell(cell.value, cell.unit, source, confidence, cell.low, cell.high)
            if interpolate == "geometric" and cell.value <= 0:
                raise ValueError(f"{key}: a geometric series needs values above 0")
            knots.append((month_index(str(key)), cell))
        knots.sort(key=lambda knot: knot[0])
        for (before, _), (after, _) in pairwise(knots):
            if before == after:
                raise ValueError(f"two knots for {month_label(before)}")
        return Series(tuple(knots), interpolate)

    def months(self, raw: Any) -> MonthProfile:
        """Twelve numbers, January first, with one source for all. Raises ValueError in words."""
        if not isinstance(raw, Mapping) or not isinstance(raw.get("months"), list):
            raise ValueError("expected {months: [12 numbers, January first], source: ...}")
        _refuse_unknown(raw, _MONTHS_KEYS)
        if len(raw["months"]) != 12:
            raise ValueError(f"{len(raw['months'])} values; expected 12, January first")
        source, confidence = _provenance(raw)
        cells = (self.cell(item) for item in raw["months"])
        return MonthProfile(
            tuple(
                Cell(c.value, c.unit, c.source or source, c.confidence or confidence, c.low, c.high)
                for c in cells
            )
        )

    def hours(self, raw: Any) -> HourProfile:
        """Twenty-four non-negative weights with a positive sum. Raises ValueError in words."""
        if not isinstance(raw, list) or len(raw) != 24:
            count = f"{len(raw)} values" if isinstance(raw, list) else f'"{raw}"'
            raise ValueError(f"{count}; expected a list of 24 weights, one for each local hour")
        profile = HourProfile(tuple(self.cell(item) for item in raw))
        if sum(cell.value for cell in profile.cells) <= 0:
            raise ValueError("the 24 weights add up to 0; expected a positive sum")
        return profile

    def _cell_from_mapping(self, raw: Mapping[str, Any]) -> Cell:
        _refuse_unknown(raw, _NUMBER_KEYS)
        source, confidence = _provenance(raw)
        if raw.get("value") is not None:
            if any(raw.get(key) is not None for key in ("low", "base", "high")):
                raise ValueError("give either value, or low, base and high")
            plain = self._bounded(raw["value"])
            return Cell(plain.value, plain.unit, source, confidence)
        missing = [key for key in ("low", "base", "high") if raw.get(key) is None]
        if missing:
            raise ValueError(f"{' and '.join(missing)} missing; expected value, or low, base, high")
        low, base, high = (self._bounded(raw[key]) for key in ("low", "base", "high"))
        if not low.value <= base.value <= high.value:
            raise ValueError("expected low <= base <= high")
        return Cell(base.value, base.unit, source, confidence, low.value, high.value)

    def _bounded(self, raw: Any) -> Cell:
        if isinstance(raw, Mapping | list) or raw is None:
            raise ValueError(f"expected {units.kind(self.unit)} such as 1 {self.unit}")
        try:
            value, written = units.read(str(raw), self.unit)
        except UnitError as error:
            raise ValueError(str(error)) from None
        factor = units.scale(self.unit)
        # A bound is met as written: 100 % must not fail by the rounding of 0.01 x 100.
        slack = 1e-12 * max(abs(value), factor)
        if self.least is not None and value < self.least * factor - slack:
            raise ValueError(f"{raw} is below the least value {self._bound(self.least)}")
        if self.most is not None and value > self.most * factor + slack:
            raise ValueError(f"{raw} is above the greatest value {self._bound(self.most)}")
        if self.above is not None and value <= self.above * factor:
            raise ValueError(f"{raw} must be above {self._bound(self.above)}")
        if self.whole:
            if abs(value - round(value)) > slack:
                raise ValueError(f"{raw} is not a whole number")
            value = float(round(value))
        if abs(value) > 1e30:
            raise ValueError(f"{raw} is beyond any physical size")
        return Cell(value, written)

    def _bound(self, bound: float) -> str:
        return f"{bound:g} {self.unit}" if self.unit != "1" else f"{bound:g}"

    def _bounds_text(self) -> str:
        parts = []
        if self.least is not None:
            parts.append(f"at least {self.least:g}")
        if self.above is not None:
            parts.append(f"above {self.above:g}")
        if self.most is not None:
            parts.append(f"at most {self.most:g}")
        return f" ({', '.join(parts)})" if parts else ""


def _split_optional(source: Any) -> tuple[Any, bool]:
    if typing.get_origin(source) in (typing.Union, types.UnionType):
        inner = [arg for arg in typing.get_args(source) if arg is not type(None)]
        return inner[0], True
    return source, False


def _refuse_unknown(raw: Mapping[str, Any], known: frozenset[str]) -> None:
    for key in raw:
        if key not in known:
            raise ValueError(f'unknown key "{key}" in a number; {suggestion(key, known)}')


def _provenance(raw: Mapping[str, Any]) -> tuple[str | None, str | None]:
    source, confidence = raw.get("source"), raw.get("confidence")
    if source is not None and not (isinstance(source, str) and source.strip()):
        raise ValueError("source: expected text that says where the number comes from")
    if confidence is not None and confidence not in CONFIDENCES:
        raise ValueError(
            f'confidence: "{confidence}" is unknown; {suggestion(str(confidence), CONFIDENCES)}'
        )
    return source, confidence
