"""What must not matter: the currency, the spelling of a unit, where a region is cut in two.

Another price level scales all money and nothing else. A number in MB or GB, minutes or hours is the
same number. A region entered as two regions with the same profile and the market share split
between them changes the plan by rounding only.
"""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from planner import units
from planner.axes import REGION, total
from planner.headline import HEADLINE
from planner.inputs import documents, numbers
from planner.project import Project
from tests.properties import seeded_bugs as bugs
from tests.properties.layouts import (
    ANNOUNCED,
    RUNNING,
    WHOLE_PLANS,
    factors,
    layout,
    read,
    rows_of,
    run,
    same,
    scaled,
)

SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]


# --- Currency ------------------------------------------------------------------------------------


def money_of(project: Project) -> list[str]:
    quantities = project.graph.quantities
    return [name for name in quantities if "USD" in quantities[name].unit]


def price_levels(project: Project) -> st.SearchStrategy[tuple[dict[int, float], float]]:
    return st.tuples(
        factors(project.table), st.floats(1e-3, 1e3) | st.sampled_from([0.25, 2.0, 1024.0])
    )


def check_money_scales(project: Project, example: tuple[dict[int, float], float]) -> None:
    """All money by the factor, to the last bit for powers of two; nothing else at all."""
    chosen, level = example
    (row,) = rows_of(project.table, "economics_currency_factor")
    before = scaled(project.table, chosen)
    start = before.setdefault(row, project.table.rows[row].value)
    money = money_of(project)
    names = list(project.graph.quantities)
    x = run(project, names, before, before | {row: start * level})
    tolerance = 0.0 if np.log2(level) % 1 == 0 else 1e-12
    for name in names:
        expected = x[name][:1] * (level if name in money else 1.0)
        assert same(x[name][1:], expected, tolerance), name


@pytest.mark.parametrize("name", ["announced", "running"])
def test_the_currency_scales_all_money_and_nothing_else(name: str) -> None:
    project = layout(name)
    assert {"capex", "opex", "tco"} <= set(money_of(project))

    @WHOLE_PLANS
    @given(price_levels(project))
    def holds(example: tuple[dict[int, float], float]) -> None:
        check_money_scales(project, example)

    holds()


@pytest.mark.parametrize(
    "bug", [bugs.staff_is_paid_in_another_currency, bugs.buildings_are_paid_twice_over]
)
def test_a_seeded_bug_in_the_currency_is_caught(bug) -> None:
    project = bugs.with_bug(layout("announced"), bug)
    bugs.caught(lambda example: check_money_scales(project, example), price_levels(project))


# --- A region in two -----------------------------------------------------------------------------

SPLIT = ("japan", "taiwan", "europe", "usa", "rest_of_world", "china")
UNROUNDED = (
    *(
        "vehicles_in_operation",
        "ingest_mean",
        "ingest_peak",
        "site_ingest_mean",
        "site_ingest_peak",
    ),
    *("tier_held", "storage_capacity_required", "storage_bandwidth_required"),
    *("storage_hot_required", "storage_warm_required", "storage_cold_required"),
    *("training_gpu_hours", "gpus_required", "ota_bytes", "ota_peak", "ota_days_to_99"),
    *("cellular_cost", "delivery_cost"),
)
WHOLE = ("gpus", "nodes", "racks", "storage_units", "switches")

Cut = tuple[str, float, float]
CUTS = st.tuples(st.sampled_from(SPLIT), st.floats(0.01, 0.99), st.sampled_from([0.2, 1.0, 5.0]))


def cut_in_two(text: str, region: str, part: float) -> str:
    """The scenario with the region and a copy of it, which share its sales."""
    whole = read(text)
    tree = documents.plain(whole.inputs.tree)
    entry = dict(tree["regions"][region])
    row = whole.table.labels[REGION].index(region)
    (share,) = whole.run(["market_row_share"]).values()
    mine = float(share.ravel()[row])
    entry["market_share"] = repr(mine * part)
    rest: dict[str, object] = {}
    if whole.inputs.scenario.regions[region].market_share is not None:
        rest["market_share"] = repr(mine * (1.0 - part))
    changed = documents.loads(text, "")
    own = documents.plain(changed)
    own["regions"] = {"second_part": entry, region: rest}
    if "opening_fleet" in own:
        own["opening_fleet"] = list(_split_cohorts(own["opening_fleet"], region, part))
    return json.dumps(own)


def _split_cohorts(cohorts, region: str, part: float):
    for cohort in cohorts:
        if cohort["region"] != region:
            yield cohort
            continue
        vehicles = units.read(cohort["vehicles"], "vehicle")[0]
        yield {**cohort, "vehicles": f"{vehicles * (1.0 - part)!r} vehicle"}
        yield {**cohort, "region": "second_part", "vehicles": f"{vehicles * part!r} vehicle"}


def check_cut_is_rounding(project: Project, cut: Project, bound: float = 1e-9) -> None:
    names = [*UNROUNDED, *WHOLE]
    one, two = project.run(names), cut.run(names)
    for name in UNROUNDED:
        a, b = (total(x[name], REGION) for x in (one, two))
        assert same(a, b, bound), name
    for name in WHOLE:
        assert np.array_equal(one[name], two[name]), name


def both(text: str, cut: Cut) -> tuple[Project, Project]:
    region, part, share = cut
    text = f"{text}\n".replace("market: {", "market: {share: " + repr(0.05 * share) + ", ", 1)
    if "market:" not in text:
        text += f"market: {{share: {0.05 * share!r}}}\n"
    return read(text), read(cut_in_two(text, region, part))


@settings(max_examples=12, deadline=None, derandomize=True, suppress_health_check=SLOW)
@given(st.sampled_from([ANNOUNCED, RUNNING]), CUTS)
def test_a_region_in_two_parts_is_the_same_plan(text: str, cut: Cut) -> None:
    check_cut_is_rounding(*both(text, cut))


@pytest.mark.parametrize("bug", [bugs.rest_counts_japan_twice, bugs.overhead_for_each_region])
def test_a_seeded_bug_about_regions_is_caught(bug) -> None:
    def check(cut: Cut) -> None:
        project, in_two = both(ANNOUNCED, cut)
        check_cut_is_rounding(bugs.with_bug(project, bug), bugs.with_bug(in_two, bug))

    bugs.caught(check, CUTS)


# --- Units -------------------------------------------------------------------------------------

SPELLINGS = (
    *("B", "kB", "MB", "GB", "TB", "PB", "KiB", "MiB", "GiB", "bit", "kbit", "Mb", "Gb"),
    *(
        "B/s",
        "MB/s",
        "GB/s",
        "kb/s",
        "Mb/s",
        "Gb/s",
        "GB/h",
        "TB/day",
        "MB/day",
        "GB/month",
        "TB/month",
    ),
    *(
        "s",
        "min",
        "h",
        "day",
        "week",
        "month",
        "year",
        "1/s",
        "1/h",
        "1/day",
        "1/year",
        "Hz",
        "kHz",
    ),
    *("m", "km", "mm", "km/h", "m/s", "km/year", "mm^2", "m^2", "g", "kg", "t", "W", "kW", "MW"),
    *("USD", "kUSD", "MUSD", "USD/kWh", "USD/MWh", "USD/GB", "USD/TB", "USD/W", "USD/kW", "USD/h"),
    *(
        "USD/year",
        "USD/month",
        "g/kWh",
        "kg/MWh",
        "kg/W",
        "kg/kW",
        "h/day",
        "min/day",
        "B/km",
        "kB/km",
    ),
    *(
        "FLOP/s",
        "TFLOP/s",
        "PFLOP/s",
        "TOPS",
        "GFLOP/frame",
        "TFLOP/frame",
        "MP/frame",
        "pixel/frame",
        "pixel/second",
        "pixel/min",
    ),
    *(
        "fps",
        "frame/s",
        "frame/min",
        "token/s",
        "token/min",
        "bit/pixel",
        "B/pixel",
        "1/MW",
        "1/kW",
    ),
    *("1", "%", "ppm", "vehicle", "thousand vehicle", "million vehicle"),
    *("frame", "thousand frame", "token", "million token", "m^3/day", "m^3/h", "L/day"),
    *("EUR", "MTWD", "kJPY", "EUR/W", "TWD/kWh", "kINR/year"),
)
ONE_SPELLING = {"degC"}  # the only scale of temperatures that the planner reads
SAID_OTHERWISE = st.dictionaries(
    st.integers(0, 10_000), st.integers(0, 10_000), min_size=1, max_size=40
)


def edits(project: Project, chosen: dict[int, int]) -> list[str]:
    """Numbers of a layout in another spelling, as `--set` takes them."""
    rows = project.table.rows
    found = []
    for pick, spelling in chosen.items():
        row = rows[pick % len(rows)]
        same_kind = [each for each in SPELLINGS if units.same_dimension(each, row.unit)]
        if same_kind:
            other = same_kind[spelling % len(same_kind)]
            found.append(f"{row.path}={float(units.from_base(row.value, other))!r} {other}")
    return found


def check_spelling_is_nothing(chosen: dict[int, int]) -> None:
    project = layout("announced")
    other = read(ANNOUNCED, set=edits(project, chosen))
    one, two = project.run(HEADLINE), other.run(HEADLINE)
    for name in HEADLINE:
        assert same(one[name], two[name], 1e-9), name


@settings(max_examples=15, deadline=None, derandomize=True, suppress_health_check=SLOW)
@given(SAID_OTHERWISE)
def test_a_number_in_another_unit_is_the_same_plan(chosen: dict[int, int]) -> None:
    check_spelling_is_nothing(chosen)


def test_every_number_has_another_spelling() -> None:
    """Each row of the layout that has a unit can be written in at least one other; degrees Celsius cannot."""
    rows = layout("announced").table.rows
    alone = {
        row.unit for row in rows if sum(units.same_dimension(s, row.unit) for s in SPELLINGS) < 2
    }
    assert alone == ONE_SPELLING


def test_a_seeded_bug_in_the_units_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader that takes MB, GB and TB for powers of two."""
    layout("announced")
    binary = {"MB": 2**20, "GB": 2**30, "TB": 2**40}

    def wrong(text: str, expected: str, *hints: bool) -> tuple[float, str]:
        value, unit = units.read(text, expected, *hints)
        decimal = {"MB": 1e6, "GB": 1e9, "TB": 1e12}
        return (value * binary[unit] / decimal[unit] if unit in binary else value), unit

    class Wrong:
        kind, scale, read = staticmethod(units.kind), staticmethod(units.scale), staticmethod(wrong)

    monkeypatch.setattr(numbers, "units", Wrong)
    bugs.caught(check_spelling_is_nothing, SAID_OTHERWISE)
