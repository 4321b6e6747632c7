"""How a number is written in YAML, and what it becomes.

A number is plain text with a unit (`700 W`, `45 %`) or a mapping that also says where it comes from and how sure
it is::

    power: {value: 700 W, source: nvidia_h100, confidence: published}
    price: {low: 25000 USD, base: 30000 USD, high: 40000 USD, source: "...", confidence: assumed}

`low` and `high` are the 10th and 90th percentiles and `base` the median (`p10`, `p90` and `p50` say the same). What
three percentiles do not fit names a family: `uniform`, `triangular`, `normal`, `lognormal`, `beta` or `discrete`::

    copies: {discrete: [{value: 1, weight: 3}, {value: 2, weight: 1}], source: "...", confidence: assumed}

What is decided rather than found out may say between what, `{low: .., base: .., high: .., choice: true}`: its span
ranks what the plan rests on, but is not drawn.

The plan at the medians takes the distribution's median. A number that changes over time is a `Series` of knots: before
its first knot it has the first knot's value, and after the last the last's.

`Leaf`, attached to a field by `Annotated`, is the single declaration of what the number means: its unit, its bounds,
one line of meaning. Values are held in base units from here on.
"""

from __future__ import annotations

import math
import re
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Literal

import numpy as np
from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import core_schema

from planner import units
from planner.errors import UnitError, suggestion
from planner.perf import distributions
from planner.perf.distributions import PARAMETERS, Distribution

Confidence = Literal["measured", "published", "derived", "assumed"]
CONFIDENCES: tuple[str, ...] = typing.get_args(Confidence)
Interpolation = Literal["step", "linear", "geometric"]
INTERPOLATIONS: tuple[str, ...] = typing.get_args(Interpolation)

PERCENTILES = ("low", "base", "high")
PERCENTILES_BY_NUMBER = ("p10", "p50", "p90")
_LOWEST = (PERCENTILES[0], PERCENTILES_BY_NUMBER[0])
PROBABILITIES_OF_PERCENTILES = np.array([0.1, 0.5, 0.9])
_PROVENANCE = frozenset({"source", "confidence"})
_SHORT_KEYS = frozenset({"value", "choice", *PERCENTILES}) | _PROVENANCE
_NUMBER_KEYS = frozenset({*PERCENTILES_BY_NUMBER, *PARAMETERS}) | _SHORT_KEYS
_ORDERED = ("least", "mode", "most")
# Parameters without a unit, and the most that they may be: beyond, a spread has no meaning and arithmetic no room.
_MOST = {"sigma": 5.0, "alpha": 1e4, "beta": 1e4, "weight": 1e9}
_MONTHS_KEYS = frozenset({"months"}) | _PROVENANCE
_SERIES_KEYS = frozenset({"series", "interpolate"}) | _PROVENANCE
# What is drawn of a number that is above a bound lies at least this share of its 10th percentile's distance from it.
_STRICTLY_ABOVE = 1e-3
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
    distribution: Distribution | None = None


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


class InsideError(ValueError):
    """A fault of one number inside a longer form; `steps` lead to it from there."""

    def __init__(self, message: str, steps: tuple[str, ...]) -> None:
        super().__init__(message)
        self.steps = steps


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
                *_mapping_schemas(text),
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
            try:
                cell = self.cell(value)
            except ValueError as error:
                raise InsideError(str(error), ("series", str(key))) from None
            if cell.source is None:
                cell = _sourced(cell, source, confidence)
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
            tuple(_sourced(c, c.source or source, c.confidence or confidence) for c in cells)
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
        # A short list of the keys that most numbers have keeps reading thousands of them quick.
        ways = [] if raw.keys() <= _SHORT_KEYS else _ways(raw)
        if len(ways) > 1:
            raise ValueError(f"give either {' or '.join(ways)}")
        if raw.get("choice") is not None and not any(raw.get(key) is not None for key in _LOWEST):
            raise ValueError("choice: expected low, base and high, between what may be decided")
        if ways and ways[0] in PARAMETERS:
            cell = self._of_family(ways[0], raw[ways[0]])
            return _sourced(cell, source, confidence)
        if raw.get("value") is not None:
            if any(raw.get(key) is not None for key in PERCENTILES):
                raise ValueError("give either value, or low, base and high")
            plain = self._bounded(raw["value"])
            return Cell(plain.value, plain.unit, source, confidence)
        keys = PERCENTILES_BY_NUMBER if ways else PERCENTILES
        missing = [key for key in keys if raw.get(key) is None]
        if missing:
            expected = f"expected {'' if ways else 'value, or '}{', '.join(keys)}"
            raise ValueError(f"{' and '.join(missing)} missing; {expected}")
        low, base, high = (self._bounded(raw[key]) for key in keys)
        if not low.value <= base.value <= high.value:
            found = ", ".join(f"{key} {raw[key]}" for key in keys)
            raise ValueError(f"expected {' <= '.join(keys)}, found {found}")
        if _is_choice(raw):
            return Cell(base.value, base.unit, source, confidence, low.value, high.value)
        return Cell(
            base.value,
            base.unit,
            source,
            confidence,
            low.value,
            high.value,
            self._metalog(low.value, base, high.value),
        )

    def _metalog(self, low: float, base: Cell, high: float) -> Distribution | None:
        """The distribution with these percentiles; None where they are one number. Raises ValueError."""
        if low == high:
            return None
        factor = units.scale(self.unit)
        strict = self.above is not None
        least = self.above if strict else self.least
        least, most = (None if x is None else x * factor for x in (least, self.most))
        found = distributions.metalog_of(low, base.value, high, least, most, strict)
        if found is None:
            spans = distributions.feasible_medians(low, high, least, most)
            said = " or ".join(_span(first, last, base.unit) for first, last in spans)
            raise ValueError(
                f"no metalog of finite mean has these percentiles: the median would have to lie {said}; "
                f"or give one of {', '.join(PARAMETERS)}"
            )
        family, parameters = found
        return Distribution(family, parameters, *self._limits(low, base.value), self.whole)

    def _limits(self, low: float, median: float) -> tuple[float, float]:
        """Least and greatest value that is drawn, in base units; above a bound there is no least, so a little above."""
        factor = units.scale(self.unit)
        least = -math.inf if self.least is None else self.least * factor
        if self.above is not None:
            bound = self.above * factor
            least = bound + _STRICTLY_ABOVE * ((low if low > bound else median) - bound)
        most = math.inf if self.most is None else self.most * factor
        return math.ceil(least) if self.whole and math.isfinite(least) else least, most

    def _of_family(self, family: str, raw: Any) -> Cell:
        """A number with a named distribution; its value is the median. Raises ValueError in words."""
        if family == "discrete":
            parameters, unit = self._weighted(raw)
        else:
            parameters, unit = self._parameters(family, raw)
        whole = Distribution(family, parameters, whole=self.whole)
        found = distributions.quantile(whole, PROBABILITIES_OF_PERCENTILES)
        low, median, high = (float(x) for x in found)
        least, most = self._limits(low, median)
        if self.above is not None and median <= self.above * units.scale(self.unit):
            raise ValueError(f"{family}: the median must be above {self._bound(self.above)}")
        low, median, high = (min(max(x, least), most) for x in (low, median, high))
        drawn = replace(whole, least=least, most=most)
        return Cell(median, unit, low=low, high=high, distribution=drawn)

    def _parameters(self, family: str, raw: Any) -> tuple[tuple[float, ...], str]:
        """The parameters of a family in its order, and the unit in which they are written."""
        keys = PARAMETERS[family]
        if not isinstance(raw, Mapping):
            raise ValueError(f"{family}: expected a mapping with {', '.join(keys)}")
        for key in raw:
            if key not in keys:
                raise ValueError(f'{family}: unknown key "{key}"; {suggestion(key, keys)}')
        unit, values = self.unit, []
        for key in keys:
            if raw.get(key) is None:
                values.append(self._own_bound(family, key))
            elif key in _MOST:
                values.append(_positive(f"{family}.{key}", raw[key]))
            elif key == "sd":
                values.append(self._distance(raw[key]))
            else:
                cell = self._bounded(raw[key])
                unit = cell.unit
                values.append(cell.value)
        ordered = [value for key, value in zip(keys, values, strict=True) if key in _ORDERED]
        if ordered != sorted(ordered) or (ordered and ordered[0] == ordered[-1]):
            raise ValueError(f"{family}: expected least < most, and the mode between them")
        return tuple(values), unit

    def _own_bound(self, family: str, key: str) -> float:
        """A bound of the leaf where a beta distribution states none. Raises ValueError where there is none."""
        least = self.above if self.least is None else self.least
        bound = {"least": least, "most": self.most}.get(key) if family == "beta" else None
        if bound is None:
            raise ValueError(f"{family}: {key} missing; expected {', '.join(PARAMETERS[family])}")
        return bound * units.scale(self.unit)

    def _distance(self, raw: Any) -> float:
        """A standard deviation: of the leaf's unit, above 0, and not bounded by the leaf's bounds."""
        return Leaf(self.unit, self.meaning, above=0)._bounded(raw).value

    def _weighted(self, raw: Any) -> tuple[tuple[float, ...], str]:
        """Values in rising order and then their weights; and the unit in which the values are written."""
        expected = "expected a list of {value, weight}"
        if not isinstance(raw, list) or not raw:
            raise ValueError(f"discrete: {expected}")
        pairs = []
        for item in raw:
            if not isinstance(item, Mapping) or set(item) != {"value", "weight"}:
                raise ValueError(f"discrete: {expected}")
            pairs.append((self._bounded(item["value"]), _positive("weight", item["weight"])))
        pairs.sort(key=lambda pair: pair[0].value)
        values = [cell.value for cell, _ in pairs]
        if len(set(values)) < len(values):
            raise ValueError("discrete: a value is there twice")
        return (*values, *(weight for _, weight in pairs)), pairs[0][0].unit

    def _bounded(self, raw: Any) -> Cell:
        if isinstance(raw, Mapping | list) or raw is None:
            raise ValueError(f"expected {units.kind(self.unit)} such as 1 {self.unit}")
        try:
            value, written = units.read(str(raw), self.unit, self._is_share)
        except UnitError as error:
            raise ValueError(str(error)) from None
        factor = units.scale(self.unit)
        # A bound is met as written: 100 % must not fail by the rounding of 0.01 x 100.
        slack = 1e-12 * max(abs(value), factor)
        if self.least is not None and value < self.least * factor - slack:
            raise ValueError(f"{raw} is below the least value {self._bound(self.least)}")
        if self.most is not None and value > self.most * factor + slack:
            message = f"{raw} is above the greatest value {self._bound(self.most)}"
            if self._is_share:
                meant = f' (100 %); write "{raw} %" for {raw} per cent'
                message += meant if written == "1" and value <= 100 else " (100 %)"
            raise ValueError(message)
        if self.above is not None and value <= self.above * factor:
            raise ValueError(f"{raw} must be above {self._bound(self.above)}")
        if self.whole:
            if abs(value - round(value)) > slack:
                raise ValueError(f"{raw} is not a whole number")
            value = float(round(value))
        if abs(value) > 1e30:
            raise ValueError(f"{raw} is beyond any physical size")
        return Cell(value, written)

    @property
    def _is_share(self) -> bool:
        """Whether the number lies between nothing and all."""
        return self.unit == "1" and self.most == 1 and (self.least == 0 or self.above == 0)

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


def _mapping_schemas(text: dict[str, Any]) -> list[dict[str, Any]]:
    """The long forms of a number: its value, its percentiles, or the parameters of a family."""
    provenance = {"source": {"type": "string"}, "confidence": {"enum": list(CONFIDENCES)}}

    def form(description: str, **keys: Any) -> dict[str, Any]:
        return {
            "type": "object",
            "description": description,
            "required": list(keys),
            "additionalProperties": False,
            "properties": {**keys, **provenance},
        }

    def parameters(family: str, keys: tuple[str, ...]) -> dict[str, Any]:
        pure = {"type": ["string", "number"], "description": "a number without a unit"}
        bounds = ("least", "most") if family == "beta" else ()
        return {
            "type": "object",
            "required": [key for key in keys if key not in bounds],
            "additionalProperties": False,
            "properties": {key: pure if key in _MOST else text for key in keys},
        }

    percentiles = "10th, 50th and 90th percentile"
    families = {name: parameters(name, keys) for name, keys in PARAMETERS.items()}
    families["discrete"] = {"type": "array", "minItems": 1, "items": families["discrete"]}
    return [
        form("a number that is certain", value=text),
        form(percentiles, **dict.fromkeys(PERCENTILES, text)),
        form(percentiles, **dict.fromkeys(PERCENTILES_BY_NUMBER, text)),
        form(
            "what may be decided, and what is: its span ranks what the plan rests on, and is not drawn",
            **dict.fromkeys(PERCENTILES, text),
            choice={"const": True},
        ),
        *(form(f"{name} distribution", **{name: body}) for name, body in families.items()),
    ]


def _split_optional(source: Any) -> tuple[Any, bool]:
    if typing.get_origin(source) in (typing.Union, types.UnionType):
        inner = [arg for arg in typing.get_args(source) if arg is not type(None)]
        return inner[0], True
    return source, False


def _sourced(cell: Cell, source: str | None, confidence: str | None) -> Cell:
    """The same number from a source."""
    return Cell(cell.value, cell.unit, source, confidence, cell.low, cell.high, cell.distribution)


def _is_choice(raw: Mapping[str, Any]) -> bool:
    """Whether low, base and high are what may be decided, not what may turn out. Raises ValueError."""
    said = str(raw.get("choice") or "false").lower()
    if said not in ("true", "false"):
        raise ValueError(f'choice: "{raw["choice"]}"; expected true or false')
    return said == "true"


def _ways(raw: Mapping[str, Any]) -> list[str]:
    """In which ways a mapping states its number, percentiles together as one."""
    ways = [key for key in ("value", *PARAMETERS) if raw.get(key) is not None]
    for keys in (PERCENTILES, PERCENTILES_BY_NUMBER):
        if any(raw.get(key) is not None for key in keys):
            ways.append(", ".join(keys))
    return ways


def _positive(what: str, raw: Any) -> float:
    """A number above 0 without a unit. Raises ValueError in words."""
    try:
        return Leaf("1", what, above=0, most=_MOST[what.rpartition(".")[2]])._bounded(raw).value
    except ValueError as error:
        raise ValueError(f"{what}: {error}") from None


def _span(first: float, last: float, unit: str) -> str:
    """The numbers between two values in words, with three digits of their distance, rounded inwards."""
    first, last = units.from_base(first, unit), units.from_base(last, unit)
    width = max(last - first, 1e-12 * abs(last))
    grain = 10.0 ** (math.floor(math.log10(width)) - 2)
    ends = math.ceil(first / grain) * grain, math.floor(last / grain) * grain
    return f"between {ends[0]:.12g} and {ends[1]:.12g} {unit}".removesuffix(" 1")


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
