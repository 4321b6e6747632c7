"""Functions on board: what they need, what the ECUs have, and when they are overrun."""

from __future__ import annotations

import numpy as np
import pytest

from planner.axes import ECU, FUNCTION, MONTH, Array, place, total
from planner.errors import InputError
from planner.model.edge import (
    edge_bandwidth,
    edge_headroom,
    edge_memory_used,
    edge_peak,
    edge_power,
    edge_time_used,
)
from planner.project import Project, load

ORIN, THOR = 0, 1


def peaks(*precisions: str, engines: float = 0.0, mode: float = 1.0) -> np.ndarray:
    """Dense peaks [TFLOP/s] of Orin and Thor (hardware.md section 2), by function."""
    found = edge_peak(
        *(
            place(np.array(rates) * 1e12, ECU)
            for rates in ((127, 500), (0, 500), (0, 1000), (41.8, 250))
        ),
        place(np.array([0.66, 1.0]), ECU),
        place(mode),
        precisions,
        place(np.full(len(precisions), engines), FUNCTION),
    )
    return found.reshape(2, len(precisions)) / 1e12


def test_a_float_that_the_chip_lacks_is_computed_in_the_next_wider() -> None:
    found = peaks("fp4", "fp8", "fp16")
    assert found[ORIN].tolist() == pytest.approx([41.8, 41.8, 41.8])
    assert found[THOR].tolist() == pytest.approx([1000, 500, 250])


def test_inference_engines_count_only_for_what_runs_on_them() -> None:
    # 84 of Orin's 127 dense 8-bit TOPS are on the GPU.
    assert peaks("int8")[ORIN].item() == pytest.approx(84, rel=0.01)
    assert peaks("int8", engines=1.0)[ORIN].item() == pytest.approx(127)


def test_a_third_of_the_peak_is_gone_without_the_largest_mode() -> None:
    # Jetson T5000: 1.05 GHz in place of 1.57 (hardware.md section 2, note a).
    assert peaks("fp8", mode=0.669)[THOR].item() == pytest.approx(500 * 1.05 / 1.57, rel=0.01)


def test_the_mode_of_the_profile_is_the_one_that_drives() -> None:
    plan = load("5pct_ev_market", set={"ecus.drive_thor.mode": "reduced"}).plan()
    full = load("5pct_ev_market").plan()
    thor = {"ecu": "drive_thor", "function": "driving"}
    assert float(plan["edge_peak"].at(**thor)) == pytest.approx(
        0.669 * float(full["edge_peak"].at(**thor))
    )
    assert float(plan["edge_power"].at(ecu="drive_thor")) == 90
    assert float(plan["edge_power"].at(ecu="drive_orin")) == 60


def test_without_modes_the_power_of_the_profile_holds() -> None:
    assert edge_power(place(72.0), place(0.0)).item() == 72


def test_ten_billion_parameters_at_ten_hertz_stream_fifty_gigabytes_a_second() -> None:
    found = edge_bandwidth(place(5e9), place(1.0), place(0.0), place(10.0), place(1.0))
    assert found.item() == pytest.approx(50e9)


def test_functions_run_in_turn_each_bound_by_its_slower_resource() -> None:
    compute = place(np.array([0.3, 0.1]), FUNCTION)
    bandwidth = place(np.array([0.1, 0.4]), FUNCTION)
    assert edge_time_used(compute, bandwidth).item() == pytest.approx(0.7)


def test_memory_counts_all_functions() -> None:
    memory = place(np.array([6e9, 6e9]), FUNCTION)
    assert edge_memory_used(memory, place(32e9), place(0.75)).item() == pytest.approx(0.5)


def test_headroom_is_never_below_nothing() -> None:
    assert edge_headroom(place(np.array([0.25, 1.5]), ECU)).ravel().tolist() == [0.75, 0.0]


def test_functions_are_where_and_when_the_scenario_says(
    headline: Project, everything: dict[str, Array]
) -> None:
    months, functions = (headline.table.labels[axis] for axis in (MONTH, FUNCTION))
    reasoning = np.take(everything["edge_memory"], [functions.index("reasoning")], axis=FUNCTION)
    assert np.take(reasoning, [ORIN], axis=ECU).max() == 0
    begins = months.index("2026-01")
    assert reasoning[:, :begins].max() == 0 < np.take(reasoning[:, begins:], [THOR], axis=ECU).min()


def test_orin_is_overrun_by_arithmetic_and_thor_by_bandwidth() -> None:
    plan = load("5pct_ev_market").plan()
    orin, thor = (each for each in plan.warnings if each.kind == "edge")
    assert orin.first == "2028-04"
    assert "arithmetic" in orin.text
    assert "525,000 vehicles carry it then" in orin.text
    assert thor.first == "2028-12"
    assert "memory bandwidth" in thor.text


def test_a_package_too_small_for_its_weights_is_named() -> None:
    plan = load("5pct_ev_market", set={"packages.driving_model.size": "2 GB"}).plan()
    (warning,) = (each for each in plan.warnings if each.kind == "package")
    assert warning.place == "driving_model"
    assert warning.first < "2030-01"


def test_a_plan_without_functions_has_nothing_on_board() -> None:
    nothing = dict.fromkeys(("perception", "driving", "reasoning"), "null")
    plan = load(
        "5pct_ev_market", set={f"deployments.{name}": x for name, x in nothing.items()}
    ).plan()
    for name in ("edge_memory", "edge_compute", "edge_bandwidth", "edge_used", "package_weights"):
        assert plan[name].values.max() == 0
    assert plan["edge_headroom"].values.min() == 1
    assert total(plan.values("ecu_units")[0], MONTH, ECU).item() > 0
    assert not [each for each in plan.warnings if each.kind in ("edge", "package")]


def test_a_package_without_a_size_is_as_large_as_the_weights_that_it_brings() -> None:
    given = load("5pct_ev_market").plan()
    edits = {"packages.driving_model.size": "null", "packages.driving_model.code": "0.1 GB"}
    plan = load("5pct_ev_market", set=edits).plan()
    at = {"package": "driving_model"}
    # December 2024, all on Orin: 70 million parameters of a byte and 250 million of half a byte, grown since January.
    grown = 3.5 ** (11 / 83), 9.2 ** (11 / 83)
    weights = 70e6 * grown[0] + 0.125e9 * grown[1]
    found = float(plan["package_bytes"].at(month="2024-12", **at))
    assert found == pytest.approx(weights + 0.1e9, rel=1e-3)
    assert float(given["package_bytes"].at(month="2024-12", **at)) == 5e9
    # Later it is the mean over the ECUs on the road, of which Thor's reasons.
    last = plan["package_weights"].at(month="2030-12", **at).values
    size = float(plan["package_bytes"].at(month="2030-12", **at))
    assert last.min() < size - 0.1e9 < last.max()
    delivered = (each["ota_bytes"].values[-1].sum() for each in (plan, given))
    assert next(delivered) != pytest.approx(next(delivered), rel=0.01)
    assert not [each for each in plan.warnings if each.kind == "package"]
    other = (each["package_bytes"].at(package="map").values for each in (plan, given))
    assert (next(other) == next(other)).all()


@pytest.mark.parametrize(
    ("edits", "said"),
    [
        (["packages.map.size=null"], "size is missing, and no deployment says"),
        (["packages.map.code=1 GB"], "given beside size"),
    ],
)
def test_a_package_of_unknown_size_is_a_fault(edits: list[str], said: str) -> None:
    with pytest.raises(InputError, match=said):
        load("5pct_ev_market", set=edits)
