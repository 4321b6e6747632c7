"""Which units may a person write, what are they worth inside, and how is a value printed?

In: text such as `20 MW`, `45 %` or `3.3 million vehicle`. Out: a float in the base units byte,
second, FLOP, watt, joule, USD, vehicle, metre and kg, and the way back to a text of three
significant digits. The registry is pint's with none of pint's own definitions: what is not spelt in
`_UNITS` is an error that names the nearest spelling. Case counts (`b` is a bit, `B` a byte); GB is
1e9 bytes and GiB 2^30 (SI brochure, 9th edition, and IEC 80000-13).

Conventions worth knowing:
- A space binds tighter than a slash: `USD/GB month` and `USD/million token` mean what they seem to.
- `month` is 365.25/12 days and `year` 365.25 days; the month axis of a plan has calendar months.
- `TFLOPS` is TFLOP/s, an operation (`TOPS`) counts as a FLOP, a lidar `point` is a pixel.
- Money may be written in the currencies of `EXCHANGE_RATES`; it is held and printed in US dollars.
- Masses of CO2 equivalent are written in g, kg or t.
- Temperatures, and differences of temperatures, are degrees Celsius (`degC`); there is no other scale to convert to.
- Values declared with the long names `byte/second` and `joule` print as readers expect: links in
  bit/s, energy in kWh. Values declared in symbols (`B/s`, `J`) stay in those.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Hashable, Iterator
from functools import cache
from typing import TYPE_CHECKING, NamedTuple, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from planner.errors import UnitError, nearest

if TYPE_CHECKING:
    import pint

Array = NDArray[np.float64]
Number = TypeVar("Number", float, Array)

_PREFIXES = {
    "p": "1e-12", "n": "1e-9", "u": "1e-6", "m": "1e-3", "c": "1e-2",
    "k": "1e3", "M": "1e6", "G": "1e9", "T": "1e12", "P": "1e15", "E": "1e18",
    "Ki": "2**10", "Mi": "2**20", "Gi": "2**30", "Ti": "2**40", "Pi": "2**50",
}  # fmt: skip

# Units of a currency for one US dollar, mean of 2023: Federal Reserve, Foreign Exchange Rates G.5A, 1 February 2024
# (the euro is quoted there as 1.0817 dollars). A scenario may give its own.
EXCHANGE_RATES = {
    "CNY": 7.0809, "EUR": 1 / 1.0817, "INR": 82.5708, "JPY": 140.5001, "KRW": 1306.7637,
    "TWD": 31.1525,
}  # fmt: skip

# Names (the first takes the prefixes), definition, prefixes.
_UNITS = (
    ("B byte bytes", "[information]", "k M G T P E Ki Mi Gi Ti Pi"),
    ("bit bits", "0.125 B", "k M G T P"),
    ("b", "0.125 B", "k M G T P"),
    ("bps", "0.125 B/s", "k M G T P"),
    ("s second seconds", "[time]", "n u m"),
    ("min minute minutes", "60 s", ""),
    ("h hour hours", "3600 s", ""),
    ("day days", "86400 s", ""),
    ("week weeks", "7 day", ""),
    ("month months", "365.25/12 day", ""),
    ("year years yr", "365.25 day", ""),
    ("Hz hertz", "1/s", "k M G"),
    ("m metre metres", "[length]", "m c k"),
    ("L litre litres", "1e-3 m**3", ""),
    ("degC", "[temperature]", ""),
    ("kg kilogram kilograms", "[mass]", ""),
    ("g gram grams", "1e-3 kg", ""),
    ("t tonne tonnes", "1e3 kg", "k M"),
    ("J joule joules", "kg*m**2/s**2", "p n u m k M G T"),
    ("W watt watts", "J/s", "m k M G T"),
    ("Wh", "3600 J", "k M G T"),
    ("USD", "[currency]", "k M"),
    ("BUSD", "1e9 USD", ""),
    *((code, f"USD/{rate}", "k M") for code, rate in EXCHANGE_RATES.items()),
    ("vehicle vehicles", "[vehicle]", ""),
    ("FLOP", "[computation]", "k M G T P E"),
    ("FLOPS", "FLOP/s", "k M G T P E"),
    ("OP", "FLOP", "k M G T P E"),
    ("OPS", "FLOP/s", "k M G T P E"),
    ("token tokens", "[token]", ""),
    ("sample samples", "[sample]", ""),
    ("frame frames", "[frame]", ""),
    ("fps", "frame/s", ""),
    ("pixel pixels", "[pixel]", "k M"),
    ("px", "pixel", "k M"),
    ("point points", "pixel", "k M"),
    ("MP", "1e6 pixel", ""),
    ("percent", "0.01", ""),
    ("ppm", "1e-6", ""),
    ("thousand", "1e3", ""),
    ("million", "1e6", ""),
    ("billion", "1e9", ""),
    ("trillion", "1e12", ""),
)

_MEANT = {
    "$": "USD", "car": "vehicle", "cars": "vehicle", "sec": "s", "secs": "s", "hr": "h", "hrs": "h",
    "mo": "month", "meter": "metre", "meters": "metres", "m2": "m^2", "mm2": "mm^2", "tons": "t",
    "m3": "m^3", "liter": "litre", "liters": "litres", "C": "degC", "°C": "degC",
    "gCO2": "g", "gCO2e": "g", "kgCO2": "kg", "kgCO2e": "kg", "tCO2": "t", "tCO2e": "t",
}  # fmt: skip

# Unit of the dimension: the words for it, and spellings to offer in an error.
_KINDS = {
    "1": ("a number", ("1",)),
    "byte": ("an amount of data", ("GB", "MB", "TB", "PB", "kB")),
    "byte/second": ("a data rate", ("Gb/s", "Mb/s", "GB/s", "MB/s", "TB/s")),
    "second": ("a time", ("h", "s", "ms", "min", "day", "month", "year")),
    "Hz": ("a frequency", ("Hz", "1/h", "1/year")),
    "metre": ("a length", ("m", "km", "mm")),
    "metre^2": ("an area", ("mm^2", "m^2")),
    "metre^3": ("a volume", ("m^3", "L")),
    "metre^3/second": ("a flow of water", ("m^3/day", "L/s")),
    "metre/second": ("a speed", ("km/h", "m/s")),
    "degC": ("a temperature", ("degC",)),
    "kg": ("a mass", ("kg", "g", "t", "kt")),
    "watt": ("a power", ("kW", "W", "MW", "GW")),
    "joule": ("an energy", ("kWh", "MWh", "GWh", "J")),
    "FLOP": ("an amount of compute", ("TFLOP", "GFLOP", "PFLOP", "EFLOP")),
    "FLOP/second": ("a compute rate", ("TFLOP/s", "PFLOP/s", "TOPS")),
    "FLOP/joule": ("a compute efficiency", ("TFLOP/J", "TOPS/W")),
    "FLOP/byte": ("a compute intensity", ("FLOP/B",)),
    "USD": ("a price", ("USD", "kUSD", "MUSD")),
    "USD/kWh": ("a price of energy", ("USD/kWh", "USD/MWh")),
    "USD/kW": ("a price of power", ("USD/kW", "USD/W")),
    "USD/GB": ("a price of data", ("USD/GB", "USD/TB")),
    "USD/kg": ("a price of mass", ("USD/t", "USD/kg")),
    "USD/hour": ("a cost rate", ("USD/h", "USD/month", "USD/year")),
    "USD/vehicle": ("a price per vehicle", ("USD/vehicle",)),
    "kg/kWh": ("a carbon intensity", ("g/kWh", "kg/MWh")),
    "joule/byte": ("an energy per data", ("pJ/bit",)),
    "vehicle": ("a number of vehicles", ("vehicle", "thousand vehicle", "million vehicle")),
    "vehicle/second": ("a rate of vehicles", ("vehicle/day", "thousand vehicle/month")),
    "byte/vehicle": ("an amount of data per vehicle", ("GB/vehicle", "MB/vehicle")),
    "token": ("a number of tokens", ("token", "million token", "billion token")),
    "token/second": ("a token rate", ("token/s",)),
    "sample": ("a number of samples", ("sample", "million sample")),
    "sample/second": ("a sample rate", ("sample/s",)),
    "frame": ("a number of frames", ("frame", "million frame")),
    "frame/second": ("a frame rate", ("fps",)),
    "pixel": ("a number of pixels", ("MP", "pixel")),
    "pixel/frame": ("a resolution", ("MP/frame",)),
    "pixel/second": ("a pixel rate", ("MP/s",)),
}  # fmt: skip


class _Ladder(NamedTuple):
    """Rungs of one unit from small to large; `home` is the rung that prints a zero."""

    rungs: tuple[str, ...]
    home: str
    long_names: tuple[str, ...] = ()


_COUNTED = {name: f"{name}s" for name in ("vehicle", "token", "sample", "frame", "pixel")}
_PLURALS = _COUNTED | {name: f"{name}s" for name in ("day", "week", "month", "year")}
_SYMBOLS = {
    "second": "s", "seconds": "s", "minute": "min", "minutes": "min", "hour": "h", "hours": "h",
    "byte": "B", "bytes": "B", "bit": "b", "bits": "b", "metre": "m", "metres": "m", "watt": "W",
    "watts": "W", "joule": "J", "joules": "J", "hertz": "Hz", "percent": "%",
} | {plural: name for name, plural in _PLURALS.items()}  # fmt: skip
_MONEY = {"USD": "USD", "MUSD": "USD M", "BUSD": "USD bn"}

WHOLE_SHOWN = 1e6  # counts of things below this are shown exactly

_LADDERS = (
    _Ladder(("B", "kB", "MB", "GB", "TB", "PB", "EB"), "GB", ("byte", "bytes")),
    _Ladder(("b", "kb", "Mb", "Gb", "Tb", "Pb"), "Gb", ("bit", "bits")),
    _Ladder(("W", "kW", "MW", "GW"), "kW", ("watt", "watts")),
    _Ladder(("Wh", "kWh", "MWh", "GWh", "TWh"), "kWh", ("joule", "joules")),
    _Ladder(("J", "kJ", "MJ", "GJ", "TJ"), "J"),
    _Ladder(("FLOP", "kFLOP", "MFLOP", "GFLOP", "TFLOP", "PFLOP", "EFLOP"), "TFLOP"),
    _Ladder(("kg", "t", "kt", "Mt"), "t", ("kilogram", "kilograms")),
    _Ladder(("m", "km"), "m", ("metre", "metres")),
    _Ladder(("Hz", "kHz", "MHz", "GHz"), "Hz", ("hertz",)),
    _Ladder(tuple(_MONEY), "USD", ("kUSD",)),
    *(
        _Ladder((one, f"million {one}", f"billion {one}", f"trillion {one}"), one, (many,))
        for one, many in _COUNTED.items()
    ),
)

_NUMBER = re.compile(r"[+-]?(?:\d+(?:_\d+)*(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_GROUPED = re.compile(r"[+-]?\d{1,3}(?:[, ']\d{3})+(?!\d)", re.ASCII)
_WORD = re.compile(r"[^\s*/^]+")


class Written(NamedTuple):
    """A number and its unit as a person wrote them; the unit of a bare number is "1"."""

    value: float
    unit: str


# ---- Reading -------------------------------------------------------------------------------------


def parse(text: str) -> Written:
    """Split "20 MW" into (20.0, "MW"); checks the spelling of the unit, not its dimension."""
    number, unit = _split(text)
    check(unit)
    value = float(number)
    if not math.isfinite(value):
        raise UnitError(f'"{text}" is too large for a number')
    return Written(value, unit)


def read(text: str, expected_unit: str, share: bool = False) -> tuple[float, str]:
    """The value of `text` in base units, and its unit as written; refuses another dimension.

    A bare number counts ones: it is no value of "%" or "hour/day", though they too are without a
    dimension. Only a bare 0 is a value of every unit. `share`: the number is one, which messages
    write in per cent.
    """
    text = " ".join(text.split())
    value, unit = parse(text)
    bare = unit == "1"
    if bare and value == 0:
        return 0.0, expected_unit
    if same_dimension(unit, expected_unit):
        if bare and scale(expected_unit) != 1:
            raise UnitError(f'"{text}" has no unit; expected one such as "{text} {expected_unit}"')
        base = to_base(value, unit)
        if not math.isfinite(base):
            raise UnitError(f'"{text}" is too large for a number')
        return base, unit
    number, _ = _split(text)
    fault = "has no unit" if bare else f"is {kind(unit)}"
    if share:
        example, wanted = f"{number if 0 < value <= 100 else 45} %", "a share"
    else:
        example = f"{number} {_example(expected_unit, near=unit)}".removesuffix(" 1")
        wanted = kind(expected_unit)
    raise UnitError(f'"{text}" {fault}; expected {wanted} such as "{example}"')


def check(unit: str) -> None:
    """Raise `UnitError`, with the nearest valid spelling, unless `unit` is one of ours."""
    _expression(unit)


def _split(text: str) -> tuple[str, str]:
    """The number and the unit of a text, both as text."""
    text = " ".join(text.split())
    found = _NUMBER.match(text)
    grouped = _GROUPED.match(text)
    if grouped:
        digits = re.sub("[, ']", "_", grouped[0])
        plain, rest = digits.replace("_", ""), text[grouped.end() :]
        raise UnitError(
            f'"{text}" has a separator inside the number; write "{plain}{rest}" or "{digits}{rest}"'
        )
    if not found:
        raise UnitError(f'"{text}" is not a number with a unit, such as "12", "45 %" or "20 MW"')
    number, unit = found[0], text[found.end() :].strip()
    if unit.startswith(","):
        raise UnitError(f'"{text}" has a decimal comma; write "{text.replace(",", ".", 1)}"')
    if unit.startswith(":"):
        raise UnitError(
            f'"{text}" is not a number; write a duration with its unit, such as "90 min" or "1.5 h"'
        )
    return number, f"1{unit}" if unit.startswith("/") else unit or "1"


@cache
def _expression(unit: str) -> str:
    """The unit as pint reads it, each run of words in brackets; every word is checked."""
    text = re.sub(r"\(([^()/]*)\)(?!\^)", lambda group: group[1].replace("*", " "), unit)
    parts = re.split(r"\s*([*/])\s*", text.strip())
    factors = [factor for run in parts[::2] for factor in run.split()]
    unknown = [name for name in (_name(factor) for factor in factors) if name not in _spellings()]
    if unknown:
        raise _unknown_spelling(unit, text, unknown)
    stray_one = any("1" in run.split() and run.strip() != "1" for run in parts[::2])
    if stray_one or not all(parts) or not all(map(_well_formed, factors)):
        raise UnitError(f'"{unit}" is not a unit; write it as in "GB/s", "mm^2" or "USD/kWh"')
    parts[::2] = ["(" + "*".join(run.split()) + ")" for run in parts[::2]]
    return "".join(parts).replace("%", "percent").replace("^", "**")


def _name(factor: str) -> str:
    return factor.partition("^")[0]


def _well_formed(factor: str) -> bool:
    """A name, or a name to a small whole power."""
    return "^" not in factor or re.fullmatch(r"[^\^]+\^-?[1-9]", factor) is not None


@cache
def _spellings() -> frozenset[str]:
    """Every valid word of a unit."""
    names = (name for names, _, _ in _UNITS for name in names.split())
    prefixed = (p + names.split()[0] for names, _, prefixes in _UNITS for p in prefixes.split())
    return frozenset({"1", "%", *names, *prefixed})


def _unknown_spelling(unit: str, text: str, unknown: list[str]) -> UnitError:
    joined = re.sub(r"[\s*/]", "", text)
    offers = [joined] if joined in _spellings() else _case_slips(joined)
    choices = [_near(word) for word in unknown]
    offers = offers or [
        _swapped(text, dict(zip(unknown, chosen, strict=True)))
        for chosen in itertools.islice(itertools.product(*choices), 2)
    ]
    if offers:
        return UnitError(
            f'"{unit}" is not a unit; nearest: ' + " or ".join(f'"{offer}"' for offer in offers[:2])
        )
    return UnitError(f'"{unit}" is not a unit; units look like "GB", "Gb/s", "kW", "USD/kWh", "%"')


def _swapped(text: str, words: dict[str, str]) -> str:
    """A unit with some of its words replaced."""
    return _WORD.sub(lambda word: words.get(word[0], word[0]), text)


def _near(word: str) -> list[str]:
    """Valid words that `word` was probably meant to be, the likeliest first."""
    if word in _spellings():
        return [word]
    meant = _MEANT.get(word)
    if meant:
        return [meant]
    resembling = nearest(word, sorted(_spellings()))
    return _case_slips(word) or ([resembling] if resembling else [])


def _case_slips(word: str) -> list[str]:
    """Valid words that differ from `word` in case only; those with fewer changed letters first."""
    slips = [known for known in sorted(_spellings()) if known.lower() == word.lower()]
    return sorted(slips, key=lambda known: sum(a != b for a, b in zip(known, word, strict=True)))


# ---- Converting ----------------------------------------------------------------------------------


@cache
def currencies(unit: str) -> tuple[tuple[str, int], ...]:
    """Currencies other than the dollar in a unit, each with its power: TWD/kWh has (TWD, 1)."""
    above, *below = unit.split("/")
    parts = [(above, 1), *((part, -1) for part in below)]
    return tuple(
        (code, sign)
        for part, sign in parts
        for word in re.split(r"[\s*]+", part)
        for code in EXCHANGE_RATES
        if word in (code, f"k{code}", f"M{code}")
    )


def in_dollars(unit: str) -> str:
    """The unit with dollars for other currencies: MTWD/year becomes MUSD/year."""
    codes = "|".join(EXCHANGE_RATES)
    return re.sub(rf"\b([kM]?)(?:{codes})\b", r"\1USD", unit)


def scale(unit: str) -> float:
    """The factor from `unit` to base units: 1.25e8 for "Gb/s"."""
    return _resolve(unit)[0]


def to_base(value: Number, unit: str) -> Number:
    """A value in `unit`, in base units."""
    return value * scale(unit)


def from_base(value: Number, unit: str) -> Number:
    """A value in base units, in `unit`."""
    return value / scale(unit)


def same_dimension(a: str, b: str) -> bool:
    """Whether values in `a` and `b` can be converted into each other."""
    return _resolve(a)[1] == _resolve(b)[1]


def kind(unit: str) -> str:
    """The dimension in words with an article: "an energy", "a data rate"."""
    dimension = _resolve(unit)[1]
    whole, per, time = unit.partition("/")
    if whole.strip() in ("%", "percent"):
        return f"a share per {time.strip()}" if per else "a share"
    if dimension in _kinds():
        return _kinds()[dimension][0]
    head, slash, tail = unit.rpartition("/")
    if slash and "*" not in tail:
        return f"{kind(head)} per {tail.strip()}"
    return re.sub(r"[\[\]]", "", str(dimension)).replace(" ** ", "^")


def _example(unit: str, near: str) -> str:
    """A usual spelling for the dimension of `unit`, one that starts as `near` does where there is one."""
    declared = () if unit in _KINDS else (_swapped(unit, _SYMBOLS),)
    _, usual = _kinds().get(_resolve(unit)[1], ("", ()))
    spellings = declared + usual
    alike = [spelling for spelling in spellings if spelling[0] == near[0]]
    return nearest(near, alike) or spellings[0]


@cache
def _kinds() -> dict[Hashable, tuple[str, tuple[str, ...]]]:
    return {_resolve(unit)[1]: words for unit, words in _KINDS.items()}


@cache
def _resolve(unit: str) -> tuple[float, Hashable]:
    """Factor to base units, and dimension."""
    try:
        found, base = _registry().get_base_units(_expression(unit))
        factor = float(cast("float", found))
    except OverflowError:
        factor = math.inf
    if not 0 < factor < math.inf:
        raise UnitError(f'"{unit}" is beyond what a number can hold')
    return factor, base.dimensionality


@cache
def _registry() -> pint.UnitRegistry[float]:
    """Our registry, built at the first conversion; pint's own definitions are never read."""
    from pint import UnitRegistry

    registry: pint.UnitRegistry[float] = UnitRegistry(None)
    registry.load_definitions(list(_definitions()))
    return registry


def _definitions() -> Iterator[str]:
    """The registry as lines of pint's definition language."""
    for names, definition, prefixes in _UNITS:
        first, *others = names.split()
        yield " = ".join([first, definition, "_", *others])
        for prefix in prefixes.split():
            yield f"{prefix}{first} = {_PREFIXES[prefix]} {first}"


# ---- Showing -------------------------------------------------------------------------------------


def show(value: float, unit: str, digits: int = 3) -> str:
    """A value in base units as a person reads it, for a quantity declared in `unit`; whole counts exactly."""
    if not math.isfinite(value):
        return str(float(value))
    if unit == "1" and value == round(value) and abs(value) < WHOLE_SHOWN:
        return f"{value:,.0f}"
    factor, label = _scale_and_label(abs(value), unit, digits)
    number = _digits(value / factor, digits)
    if label.startswith("USD"):
        return f"USD {number}{label.removeprefix('USD')}"
    head, slash, tail = label.partition("/")
    if number in ("1", "-1"):
        head = _SYMBOLS.get(head, head)
    return f"{number} {head}{slash}{tail}".rstrip()


def magnitude(values: Array, unit: str) -> tuple[float, str]:
    """The one scale and label to print a whole row with, by its largest value: (1.25e8, "Gb/s")."""
    known = np.abs(values[np.isfinite(values)])
    return _scale_and_label(float(known.max(initial=0.0)), unit, digits=3)


def _scale_and_label(peak: float, unit: str, digits: int) -> tuple[float, str]:
    """Scale and label in which `peak` (not negative) reads best."""
    head, slash, tail = re.sub(r"\s*/\s*", "/", unit.strip()).partition("/")
    per = scale(head) / scale(unit)
    if (head, tail) == ("byte", "second"):
        head = "bit"
    ladder = _ladders().get(head)
    rung = _rung(peak * per, ladder, digits) if ladder else head
    return scale(rung) / per, _label(rung) + slash + _swapped(tail, _SYMBOLS)


def _rung(peak: float, ladder: _Ladder, digits: int) -> str:
    """The largest rung on which `peak`, once rounded, is at least 1."""
    if peak == 0:
        return ladder.home
    reached = [rung for rung in ladder.rungs if _rounded(peak / scale(rung), digits) >= 1]
    return reached[-1] if reached else ladder.rungs[0]


@cache
def _ladders() -> dict[str, _Ladder]:
    return {name: ladder for ladder in _LADDERS for name in ladder.rungs + ladder.long_names}


def _label(head: str) -> str:
    """The unit before the slash as it is printed after a number."""
    if head == "1":
        return ""
    *multiplier, last = _swapped(head, _SYMBOLS).split()
    return _MONEY.get(head) or " ".join([*multiplier, _PLURALS.get(last, last)])


def _rounded(value: float, digits: int) -> float:
    return float(f"{value:.{digits - 1}e}")


def _digits(value: float, digits: int) -> str:
    """Significant digits with thousands separators; exponents only below 1e-3 and from 1e15."""
    rounded = _rounded(value, digits)
    if rounded == 0:
        return "0"
    if not 1e-3 <= abs(rounded) < 1e15:
        return f"{rounded:.{digits}g}"
    exponent = int(f"{rounded:e}".partition("e")[2])
    text = f"{rounded:,.{max(0, digits - 1 - exponent)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
