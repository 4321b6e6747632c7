"""The bottom-up node power against published power: TOP500 systems at Linpack, and the ratings of servers and racks.

Fifty-five rows of the lists of June 2024 to June 2025 that state a power (TOP500 spreadsheets) were taken first, the
other 25 of June 2025 later. Four constants are fitted to all of them (planner/perf/power.py); no constant is a
system's own, and every error asserted is with the row's system left out of the fit. The row table, printed when a
test fails, says what the model makes of each row; data/top500_systems.yaml says what stands behind it, and what
cannot be explained.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from planner.axes import Array
from planner.perf.power import node_power_peak
from planner.project import load
from tests.published.top500 import (
    FITTED,
    LINPACK_PEAK_SHARE,
    TABLE,
    System,
    errors,
    first_of_each,
    fit,
    held_out,
    leave_one_out,
    median,
    most,
    null_model,
    other_systems,
    parts_of,
    predicted,
    systems,
    table,
)

FIRST = systems()
OTHERS = other_systems()
ROWS = [*FIRST, *OTHERS]
COUNT = len(FIRST)
BY_NAME = {row.name: row for row in FIRST}
FAMILIES = ("GH200", "H100", "A100")


@pytest.fixture(scope="module")
def found() -> Array:
    """Errors by the constants of the code."""
    return errors(ROWS)


@pytest.fixture(scope="module")
def left_out() -> Array:
    """Errors of each row by constants fitted without its system."""
    return leave_one_out(ROWS)


def test_every_row_of_the_extract_is_there() -> None:
    # 15 rows of GH200, 23 of H100 and H200, 17 of A100 in the three lists.
    assert [sum(row.family == family for row in FIRST) for family in FAMILIES] == [15, 23, 17]
    assert len({row.name for row in FIRST}) == 50
    assert len(OTHERS) == 25
    assert len({row.name for row in ROWS}) == 74  # Alps stands among both


def test_the_class_of_every_node_follows_from_its_server_model() -> None:
    """No class is chosen by hand where the list names the server; only where it does not, a written rule stands."""
    for name, said in (TABLE["systems"] | TABLE["others"]).items():
        for one in (said, *([said["also"]] if "also" in said else [])):
            if "model" in one:
                assert one["model"] in TABLE["models"][one["class"]], name
            else:
                assert one.get("basis", "rule") in ("rule", "published"), name
    assert {row.name for row in FIRST if row.basis == "rule"} == {"preAlps", "Grete Phase 3"}


def test_what_departs_from_the_class_of_a_node_names_its_source() -> None:
    """Ports, cooling and memory other than the rule gives are a site's own words, never a knob."""
    departs = {"ports", "cooling", "modules", "limit", "drives"}
    for name, said in (TABLE["systems"] | TABLE["others"]).items():
        if departs & set(said):
            assert "source" in said, name
        for source in said.get("source", "").split(", "):
            assert not source or source in TABLE["sources"], (name, source)
        if said.get("basis") == "published":
            assert said["source"], name


def test_host_processors_are_whole_in_every_node() -> None:
    """The sockets that the list counts, over the nodes that the accelerators make."""
    for row in ROWS:
        for node, devices in row.groups:
            if "cpu" in node:
                assert node["sockets"] * node["accelerators"] / devices in (1.0, 2.0), row.name


def test_median_error_over_the_55_rows(left_out: Array, found: Array) -> None:
    # The aim is 6 %. 4.8 % left out, every row counted, those that contradict themselves too; 4.1 % fitted; watts a
    # device of the family 7.1 %.
    text = table(ROWS, found, left_out)
    first = [index < COUNT for index in range(len(ROWS))]
    assert median(left_out, first.__getitem__) <= 5.1, text
    assert median(found, first.__getitem__) <= 4.4, text
    assert median(null_model(ROWS, ROWS), first.__getitem__) == pytest.approx(7.1, abs=0.1)


def test_median_error_over_all_80_rows(left_out: Array, found: Array) -> None:
    # 5.0 % left out, the other 25 rows 5.1; watts a device of the family 6.8 %.
    text = table(ROWS, found, left_out)
    assert median(left_out) <= 5.3, text
    assert median(left_out, lambda i: i >= COUNT) <= 5.4, text
    assert median(null_model(ROWS, ROWS)) == pytest.approx(6.8, abs=0.1)


def test_median_error_when_each_system_counts_once(left_out: Array) -> None:
    # Venado, Helios, Isambard and Santos Dumont stand in several lists, and most are easy. Without the repetitions:
    # 5.4 % of all 74 systems and 5.8 % of the first 50; watts a device of the family 8.0 %.
    once, first = set(first_of_each(ROWS)), set(first_of_each(FIRST))
    assert median(left_out, once.__contains__) <= 5.7
    assert median(left_out, first.__contains__) <= 6.0
    assert median(null_model(ROWS, ROWS), once.__contains__) == pytest.approx(8.0, abs=0.1)


def test_median_error_by_family(found: Array, left_out: Array) -> None:
    # Left out: GH200 2.6, H100 and H200 6.2, A100 7.3 %. What differs there is how a site tuned and what it metered.
    text = table(ROWS, found, left_out)
    for family, limit in zip(FAMILIES, (3.0, 6.7, 8.0), strict=True):
        assert median(left_out, lambda i, f=family: ROWS[i].family == f) <= limit, text


def test_constants_of_the_first_rows_alone_hold_for_the_others() -> None:
    # Fitted to the 55: 5.9 % with each system left out (6.4 % once), and 6.6 % on the 25 that are then in no fit, where
    # watts a device of the family from the 55 miss by 8.9 %.
    alone = leave_one_out(FIRST)
    assert median(alone) <= 6.0
    assert median(alone, set(first_of_each(FIRST)).__contains__) <= 6.7
    assert median(errors(OTHERS, fit(FIRST))) <= 7.0
    assert median(null_model(FIRST, OTHERS)) == pytest.approx(8.9, abs=0.1)


def test_median_error_without_rows_above_what_their_parts_can_draw(left_out: Array) -> None:
    # These state more than all parts at their limits: their power is not that of the run.
    above = {row.name for row in FIRST if row.power > most(row)}
    assert above == {"Snellius Phase 1 GPU", "AlphaCentauri"}
    assert {row.name for row in OTHERS if row.power > most(row)} == {"Nano 5"}
    assert all(TABLE["unexplained"][name].startswith("shown") for name in above | {"Nano 5"})
    assert median(left_out, lambda i: ROWS[i].name not in above | {"Nano 5"}) <= 5.2


def test_device_counts_as_listed_make_it_worse(left_out: Array) -> None:
    # Eight rows count devices wrongly (Kuma half, Snellius Phase 1 a quarter, GMO three times too many, Henri half; and
    # four divide by another chip's cores).
    wrong = [row for row in FIRST if row.devices != row.devices_as_listed]
    assert len(wrong) == 8 and all(row.why for row in wrong)
    as_listed = leave_one_out([*(row.as_listed() for row in FIRST), *OTHERS])
    assert median(left_out) < median(as_listed) < 9.0


def test_no_device_count_is_contradicted_by_the_rows_own_figures() -> None:
    for row in ROWS:
        assert row.rmax / row.devices < row.peak, row.name
        for node, devices in row.groups:
            assert devices % node["accelerators"] == 0, row.name


def test_the_constants_of_the_code_are_the_fit() -> None:
    assert fit(ROWS) == pytest.approx(FITTED, abs=0.006)
    assert np.median([row.peak_share for row in FIRST]) == pytest.approx(
        LINPACK_PEAK_SHARE, abs=0.01
    )


def test_a_row_of_two_kinds_of_nodes_lies_between_them() -> None:
    row = BY_NAME["Space HPC"]
    (blades, few), (boards, many) = row.groups
    assert few + many == row.devices == 108
    alone = [predicted(replace(row, node=node)) for node in ({**blades, "also": None}, boards)]
    assert min(alone) < predicted(row) < max(alone)


def test_what_is_missed_by_more_than_14_percent_is_listed_with_what_is_known(found: Array) -> None:
    missed = {row.name for row, error in zip(ROWS, found, strict=True) if abs(error) > 0.14}
    assert missed == set(TABLE["unexplained"])


# --- Section D of the published cases -------------------------------------------------------------------------

LISTED = [
    ("D2", "Venado"),
    ("D5", "DeltaAI"),  # 18 PF of 608: a run of low efficiency, whose lower rate the model sees
    ("D6", "Helios GPU"),
    ("D7", "preAlps"),
    ("D9", "ROMEO-2025"),
    ("D10", "Isambard-AI phase 1"),
    ("D11", "JEDI"),
    ("D21", "Gefion"),
    ("D23", "Ubilink"),
]


@pytest.mark.parametrize(("case", "name"), LISTED)
def test_listed_system_within_15_percent_when_left_out(case: str, name: str) -> None:
    # TOP500, June 2024 to June 2025; the constants are fitted without the system.
    row = BY_NAME[name]
    constants = fit([other for other in ROWS if other.name != name])
    assert predicted(row, constants) == pytest.approx(row.power, rel=0.15), case


@pytest.mark.parametrize("case", sorted(TABLE["held_out"]))
def test_system_of_no_list_within_15_percent(case: str) -> None:
    # Errors: D16 +7, D20 -2, D25 +1, D28 -2 %. None of them was fitted.
    row = held_out(case)
    assert predicted(row) == pytest.approx(row.power, rel=0.15), row.name


def test_d12_one_superchip_a_node_runs_at_its_higher_limit() -> None:
    # Miyabi-G states 904 W a superchip, a quarter above nodes of four: at 900 W (login nodes of JUPITER, the same form)
    # it is explained, at the 680 W of nodes of four it is not.
    row = BY_NAME["Miyabi-G"]
    assert predicted(row) == pytest.approx(row.power, rel=0.05)
    dense = replace(row, node={**row.node, "limit": 680})
    assert predicted(dense) < 0.8 * row.power


def test_d13_alps_of_june_2024_needs_every_part_at_its_limit() -> None:
    # 5,194 kW for 6,400 superchips, untuned: 2 % under all parts at the limit of JUPITER's; preAlps stated 601 W.
    row = BY_NAME["Alps"]
    assert predicted(row) < 0.9 * row.power
    assert 0.96 * most(row) < row.power < most(row)


def test_d17_isambard_at_linpack_from_the_parts_of_its_nodes() -> None:
    # 5,448 superchips in nodes of four at Linpack: 3,759 kW, scaled from phase 1. Built up, with phase 1 in no fit.
    row = BY_NAME["Isambard-AI phase 1"]
    constants = fit([other for other in ROWS if other.name != row.name])
    assert predicted(row, constants) / row.devices * 5448 == pytest.approx(3759e3, rel=0.05)


def test_d19_rack_of_jupiter_at_its_limit() -> None:
    # JSC: 48 nodes x 4 x 680 W = 130.6 kW of superchips; the whole rack draws a few per cent more from the wall.
    node = TABLE["classes"]["gh200_quad"]
    parts = parts_of(node)
    assert 48 * float(parts.accelerators) == pytest.approx(130.6e3, rel=1e-3)
    assert 1.05 < 48 * float(node_power_peak(parts, np.array(0.05))) / 130.6e3 < 1.2


def test_d19_jupiter_at_linpack() -> None:
    # TOP500 of June 2025, a preliminary run "on a partial system": 793.4 PF, 104.7 kW a rack over all 125 = 13.09 MW.
    # How many superchips ran is not published; at the usual share of the peak 793.4 PF take 18,500 of 24,000.
    node = TABLE["classes"]["gh200_quad"]
    devices = 793_400.0 / (LINPACK_PEAK_SHARE * 67.0)
    run = System(
        "JUPITER", "D19", "GH200", 793_400.0, 0.0, 125 * 104.7e3, devices, devices, "", "", node
    )
    assert devices < 24_000
    assert predicted(run) == pytest.approx(run.power, rel=0.15)


# --- Ratings -------------------------------------------------------------------------------------------------


def _peak(kind: str) -> float:
    """Built-up peak of a node profile [W]."""
    project = load("5pct_ev_market", [f"sites.taiwan.training={kind}"])
    return float(project.run(["node_power_bottom_up"])["node_power_bottom_up"].ravel()[0])


def test_dgx_h100_comes_to_its_rating() -> None:
    # 10.2 kW at most (NVIDIA, DGX H100 user guide); the fans' full speed was set to it.
    assert _peak("dgx_h100") == pytest.approx(10_200, rel=0.02)


def test_dgx_a100_comes_to_its_rating() -> None:
    # 6.5 kW at most (NVIDIA, DGX A100 user guide).
    assert _peak("dgx_a100") == pytest.approx(6_500, rel=0.05)


def test_dgx_b200_comes_to_its_rating() -> None:
    # 14.3 kW at most (NVIDIA, DGX B200 user guide): eight of 1,000 W in the server of a DGX H100, without BlueField.
    node = {**TABLE["classes"]["hopper_hgx8"], "limit": 1000}
    assert float(node_power_peak(parts_of(node), np.array(0.33))) == pytest.approx(14_300, rel=0.06)


def test_gh200_server_lies_between_1200_and_1500_watts() -> None:
    # 900 W superchip with fans, network card and flash; two supplies of 2 kW, one of which has to do (Supermicro).
    assert 1_200 < _peak("gh200_server") < 1_500


def test_a_dgx_h100_that_trains_lies_in_the_quoted_band() -> None:
    # 6.5 to 8.5 kW is quoted for a DGX H100 at work (second hand: unanswered.io).
    project = load("5pct_ev_market", ["sites.taiwan.training=dgx_h100"])
    name = "node_power_typical_bottom_up"
    assert 6_500 < project.run([name])[name].ravel()[0] < 8_500
