"""Units: what people write is read as they mean it, and everything else is refused with advice."""

from __future__ import annotations

import math
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner import units
from planner.errors import UnitError

USUAL = [
    "B", "kB", "MB", "GB", "TB", "PB", "EB", "KiB", "MiB", "GiB", "TiB", "PiB", "b", "Mb", "Gb",
    "Gbit", "byte", "bit", "Gbps", "Mbps", "Tbps", "Gb/s", "GB/s", "byte/second", "byte/day",
    "FLOP", "GFLOP", "TFLOP", "PFLOP", "EFLOP", "FLOP/second", "TFLOP/s", "TFLOPS", "PFLOPS",
    "TOPS", "TOP/s", "pixel", "px", "MP", "kpixel", "point", "frame", "fps", "sample", "token",
    "vehicle", "W", "kW", "MW", "GW", "mW", "J", "Wh", "kWh", "MWh", "GWh", "TWh", "second", "s",
    "ms", "us", "ns", "min", "minute", "h", "hour", "hours", "day", "days", "week", "month",
    "year", "yr", "Hz", "m", "metre", "km", "mm", "cm", "mm^2", "kg", "g", "t", "kt", "Mt", "USD",
    "kUSD", "MUSD", "BUSD", "USD/kWh", "USD/month", "g/kWh", "%", "1", "ppm",
]  # fmt: skip
COMPOUND = ["thousand vehicle", "million vehicle/month", "USD/GB month", "USD/million token"]
finite = st.floats(min_value=-1e12, max_value=1e12, allow_nan=False).filter(
    lambda value: value == 0 or abs(value) > 1e-12
)


# ---- What a spelling is worth --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("unit", "factor"),
    [
        ("GB", 1e9),
        ("EB", 1e18),
        ("GiB", 2.0**30),
        ("PiB", 2.0**50),
        ("b", 0.125),
        ("Gb/s", 1.25e8),
        ("Gbps", 1.25e8),
        ("Gbit/second", 1.25e8),
        ("W", 1.0),
        ("kW", 1e3),
        ("J", 1.0),
        ("kWh", 3.6e6),
        ("TFLOPS", 1e12),
        ("TFLOP/s", 1e12),
        ("TOPS", 1e12),
        ("EFLOP", 1e18),
        ("MP", 1e6),
        ("kpixel", 1e3),
        ("point", 1.0),
        ("fps", 1.0),
        ("%", 0.01),
        ("ppm", 1e-6),
        ("1", 1.0),
        ("hour", 3600.0),
        ("ms", 1e-3),
        ("month", 86400 * 365.25 / 12),
        ("year", 86400 * 365.25),
        ("mm^2", 1e-6),
        ("g", 1e-3),
        ("t", 1e3),
        ("Mt", 1e9),
        ("kUSD", 1e3),
        ("BUSD", 1e9),
        ("million vehicle", 1e6),
        ("1/hour", 1 / 3600),
        ("USD/million token", 1e-6),
        ("USD/GB month", 1e-9 / (86400 * 365.25 / 12)),
        ("USD/(GB month)", 1e-9 / (86400 * 365.25 / 12)),
        ("kg*m", 1.0),
    ],
)
def test_factor_to_base_units(unit: str, factor: float) -> None:
    assert units.scale(unit) == pytest.approx(factor, rel=1e-14)


def test_gigabit_per_second_is_no_gilbert() -> None:
    assert units.to_base(1.0, "Gb/s") == 1.25e8
    assert units.same_dimension("Gb/s", "byte/second")
    assert units.scale("Gbps") == units.scale("Gb/s")


def test_fps_is_frames_and_mp_is_pixels() -> None:
    assert units.same_dimension("fps", "frame/second")
    assert not units.same_dimension("fps", "metre/second")
    assert units.same_dimension("MP", "pixel")


def test_energy_is_power_times_time() -> None:
    assert units.same_dimension("kW hour", "kWh")
    assert units.scale("kW hour") == units.scale("kWh")


@pytest.mark.parametrize(
    ("one", "other"),
    [("vehicle", "1"), ("byte", "1"), ("Hz", "byte/second"), ("token", "sample"), ("W", "J")],
)
def test_counted_things_have_dimensions_of_their_own(one: str, other: str) -> None:
    assert not units.same_dimension(one, other)


@given(value=finite, unit=st.sampled_from(USUAL + COMPOUND))
def test_to_base_and_back_returns_the_value(value: float, unit: str) -> None:
    assert units.from_base(units.to_base(value, unit), unit) == pytest.approx(value, rel=1e-12)


@given(value=finite, unit=st.sampled_from(USUAL + COMPOUND))
def test_twice_the_value_is_twice_the_base_value(value: float, unit: str) -> None:
    assert units.to_base(2 * value, unit) == 2 * units.to_base(value, unit)


def test_arrays_convert_elementwise() -> None:
    np.testing.assert_allclose(units.from_base(np.array([3.6e6, 7.2e6]), "kWh"), [1.0, 2.0])


def test_every_spelling_is_defined_once_and_known_to_the_registry() -> None:
    lines = list(units._definitions())
    names = [name for line in lines for name in line.split(" = ") if name in units._spellings()]
    assert len(lines) == len({line.split(" = ")[0] for line in lines})
    assert set(names) | {"1", "%"} == units._spellings()
    assert all(units.scale(name) > 0 for name in units._spellings())


# ---- What a person writes ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("20 MW", 20.0, "MW"),
        ("20MW", 20.0, "MW"),
        ("45 %", 45.0, "%"),
        ("45%", 45.0, "%"),
        ("1e9", 1e9, "1"),
        ("1EB", 1.0, "EB"),
        ("1_000", 1000.0, "1"),
        ("010", 10.0, "1"),
        ("-3.5", -3.5, "1"),
        (".5 W", 0.5, "W"),
        ("5 /s", 5.0, "1/s"),
        (" 3.3 million vehicle ", 3.3, "million vehicle"),
    ],
)
def test_a_number_and_its_unit_are_split(text: str, value: float, unit: str) -> None:
    assert units.parse(text) == units.Written(value, unit)


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("1,000 USD", 'write "1000 USD" or "1_000 USD"'),
        ("1 000 000", 'write "1000000" or "1_000_000"'),
        ("0,5 W", 'write "0.5 W"'),
        ("1:30", '"90 min" or "1.5 h"'),
        ("NO", "not a number"),
        ("inf", "not a number"),
        ("nan GB", "not a number"),
        ("1e400", "too large"),
        ("", "not a number"),
        ("MW", "not a number"),
        ("1 GB//s", "is not a unit"),
        ("1 GB/", "is not a unit"),
        ("1 m^99", "is not a unit"),
        ("5 1 GB", "is not a unit"),
        ("4 (GB/s", "is not a unit"),
        ("4 (GB s)^2", "is not a unit"),
        ("4" + 50 * " gb", "is not a unit"),
    ],
)
def test_what_is_no_number_is_refused_with_advice(text: str, advice: str) -> None:
    with pytest.raises(UnitError) as fault:
        units.parse(text)
    assert advice in str(fault.value)


@pytest.mark.parametrize(
    ("unit", "offer"),
    [
        ("gb/s", '"Gb/s" or "GB/s"'),
        ("Kwh", '"kWh"'),
        ("mw/h", '"MWh"'),
        ("usd/kwh", '"USD/kWh"'),
        ("vehicules", '"vehicles"'),
        ("fpss", '"fps"'),
        ("hr", '"h"'),
        ("gCO2e/kWh", '"g/kWh"'),
        ("TFLOPs", '"TFLOPS"'),
    ],
)
def test_an_unknown_spelling_names_the_nearest(unit: str, offer: str) -> None:
    with pytest.raises(UnitError) as fault:
        units.check(unit)
    assert f"nearest: {offer}" in str(fault.value)


def test_volumes_and_temperatures_have_units_of_their_own() -> None:
    assert units.read("1800 L", "m^3") == (pytest.approx(1.8), "L")
    assert units.read("12 litres/h", "m^3/day")[0] == pytest.approx(0.012 / 3600)
    assert units.read("-3.5 degC", "degC") == (-3.5, "degC")
    with pytest.raises(UnitError, match="a temperature"):
        units.read("20 kW", "degC")
    with pytest.raises(UnitError, match='nearest: "m\\^3"'):
        units.check("m3")


@pytest.mark.parametrize("unit", ["gilbert", "dB", "degF", "GBP", "inch", "kvehicle", "mByte", "é"])
def test_the_registry_is_closed(unit: str) -> None:
    with pytest.raises(UnitError):
        units.scale(unit)


def test_a_unit_beyond_floating_point_is_refused() -> None:
    for unit in ("EB^9*EB^9", "1/EB^9/EB^9"):
        with pytest.raises(UnitError):
            units.scale(unit)
    with pytest.raises(UnitError, match="too large"):
        units.read("1e300 EB", "byte")


@given(text=st.text(alphabet="0123456789.,:eE+-_ /*^()%BGbskWhMUSD1$é\n", max_size=12))
def test_any_text_is_read_or_refused_in_our_words(text: str) -> None:
    try:
        value, unit = units.parse(text)
        assert math.isfinite(value) and units.scale(unit) > 0
    except UnitError as fault:
        assert "\n" not in str(fault)


# ---- Reading against an expected unit ------------------------------------------------------------


def test_reading_returns_base_units_and_the_spelling() -> None:
    assert units.read("20 MW", "watt") == (20e6, "MW")
    assert units.read("45 %", "1") == (45 * 0.01, "%")
    assert units.read("12", "1") == (12.0, "1")


def test_zero_needs_no_unit() -> None:
    assert units.read("0", "byte/second") == (0.0, "byte/second")
    assert units.read("0", "hour/day") == (0.0, "hour/day")


@pytest.mark.parametrize(
    ("text", "expected"), [("0.5", "hour/day"), ("45", "%"), ("1", "USD/kUSD")]
)
def test_a_bare_number_counts_ones_and_nothing_else(text: str, expected: str) -> None:
    """Half an hour a day is no half: a share of the day would be 12 hours."""
    with pytest.raises(UnitError) as fault:
        units.read(text, expected)
    message = f'"{text}" has no unit; expected one such as "{text} {expected}"'
    assert str(fault.value) == message
    assert units.read("50 %", "hour/day") == (0.5, "%")


@pytest.mark.parametrize(
    ("text", "expected", "message"),
    [
        ("20 MWh", "watt", '"20 MWh" is an energy; expected a power such as "20 MW"'),
        ("20", "watt", '"20" has no unit; expected a power such as "20 kW"'),
        ("2 Hz", "byte/second", '"2 Hz" is a frequency; expected a data rate such as "2 Gb/s"'),
        ("3 B", "byte/second", '"3 B" is an amount of data; expected a data rate such as "3 Gb/s"'),
        ("20 kW", "%", '"20 kW" is a power; expected a share such as "20 %"'),
        ("2 kW", "1", '"2 kW" is a power; expected a number such as "2"'),
        ("2", "day", '"2" has no unit; expected a time such as "2 day"'),
        ("20 MW/h", "watt", '"20 MW/h" is a power per h; expected a power such as "20 MW"'),
    ],
)  # fmt: skip
def test_the_wrong_dimension_is_named_in_words(text: str, expected: str, message: str) -> None:
    with pytest.raises(UnitError) as fault:
        units.read(text, expected)
    assert str(fault.value) == message


@pytest.mark.parametrize(
    ("unit", "words"),
    [
        ("kWh", "an energy"),
        ("GB", "an amount of data"),
        ("Gbps", "a data rate"),
        ("TOPS", "a compute rate"),
        ("day", "a time"),
        ("kUSD", "a price"),
        ("million", "a number"),
        ("%", "a share"),
        ("%/year", "a share per year"),
        ("USD/vehicle/month", "a price per vehicle per month"),
        ("kg*m", "mass * length"),
    ],
)
def test_a_dimension_has_a_word(unit: str, words: str) -> None:
    assert units.kind(unit) == words


# ---- Printing ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (1.2e9, "byte/second", "9.6 Gb/s"),
        (3.35e12, "TB/s", "3.35 TB/s"),
        (3.2e15, "byte", "3.2 PB"),
        (80 * 2.0**30, "GiB", "80 GiB"),
        (2.5e7, "watt", "25 MW"),
        (700.0, "watt", "700 W"),
        (3.6e12, "kWh", "1 GWh"),
        (3.6e9, "joule", "1 MWh"),
        (3e12, "J", "3 TJ"),
        (1.979e15, "FLOP/second", "1.98 PFLOP/s"),
        (1.23e9, "USD", "USD 1.23 bn"),
        (45.6e6, "USD", "USD 45.6 M"),
        (-45.6e6, "USD", "USD -45.6 M"),
        (1230.0, "USD", "USD 1,230"),
        (0.12 / 3.6e6, "USD/kWh", "USD 0.12/kWh"),
        (1.23e6, "vehicle", "1.23 million vehicles"),
        (12345.0, "vehicle", "12,300 vehicles"),
        (1.0, "vehicle", "1 vehicle"),
        (1500.0, "kg", "1.5 t"),
        (0.35 / 3.6e6, "g/kWh", "350 g/kWh"),
        (0.456, "%", "45.6 %"),
        (1234.0, "1", "1,234"),
        (1234.5, "1", "1,230"),
        (12345 * 3600.0, "hour", "12,300 h"),
        (3 * 86400.0, "day", "3 days"),
        (30.0, "fps", "30 fps"),
        (1e9 / 3600, "byte / hour", "1 GB/h"),
        (999.96e9, "byte", "1 TB"),
        (0.0, "byte/second", "0 Gb/s"),
        (0.0, "1", "0"),
        (math.inf, "watt", "inf"),
        (math.nan, "USD", "nan"),
    ],
)
def test_a_value_prints_as_people_read_it(value: float, unit: str, text: str) -> None:
    assert units.show(value, unit) == text


@given(exponent=st.floats(min_value=-2.99, max_value=14.99), unit=st.sampled_from(["1", "second"]))
def test_ordinary_numbers_print_without_an_exponent(exponent: float, unit: str) -> None:
    assert "e" not in units.show(10**exponent, unit)


@given(value=st.floats(min_value=1e-3, max_value=1e14), unit=st.sampled_from(["B", "byte", "W"]))
def test_what_is_printed_reads_back_to_three_digits(value: float, unit: str) -> None:
    back, _ = units.read(units.show(value, unit).replace(",", ""), unit)
    assert back == pytest.approx(value, rel=0.00501)


def test_a_row_has_one_scale_set_by_its_largest_value() -> None:
    row = np.array([1e7, np.nan, -1.2e9, np.inf])
    assert units.magnitude(row, "byte/second") == (1.25e8, "Gb/s")
    assert units.magnitude(np.array([2.0, 4e6]), "vehicle") == (1e6, "million vehicles")
    assert units.magnitude(np.array([]), "USD") == (1.0, "USD")


# ---- Cost of the import --------------------------------------------------------------------------


def run_python(code: str) -> None:
    """Run code in a fresh interpreter; a failed assertion fails the test."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_importing_and_checking_spellings_does_not_import_pint() -> None:
    run_python(
        "import sys; from planner import units\n"
        "units.parse('20 MW')\n"
        "assert 'pint' not in sys.modules"
    )


def test_pints_default_registry_is_never_built() -> None:
    run_python(
        "import pint; from planner import units\n"
        "assert units.read('2 Gb/s', 'byte/second')[0] == 2.5e8\n"
        "default = object.__getattribute__(pint.application_registry, '_registry')\n"
        "assert type(default) is pint.LazyRegistry, type(default)\n"
        "assert 'gilbert' not in units._registry()"
    )
