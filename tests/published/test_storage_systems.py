"""Storage against published systems and benchmarks (rows B2 to B34 of the case list).

Sources: S1 The Llama 3 Herd of Models; S14 MLPerf Storage v1.0 results, S15 its rules; S16 DeepSeek 3FS README; S21
NVIDIA GB200 SuperPOD reference architecture; S24 G. Lockwood, Isambard-AI storage; S46 Backblaze's durability model,
quoted by systemoverflow and ByteByteGo.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from planner.axes import TIER, Array, place
from planner.model.storage import (
    storage_bandwidth_required,
    storage_protection,
    storage_units_for_bandwidth,
    storage_units_for_capacity,
    storage_units_required,
)
from planner.perf.checkpoint import write_time
from planner.perf.durability import annual_loss, nines
from planner.perf.feeding import (
    accelerators_fed,
    bandwidth_required,
    read_demand,
    served_bandwidth,
)
from planner.project import load

DAY, YEAR = 86_400.0, 365.25 * 86_400.0
GB, TB, MIB, TIB, PIB = 1e9, 1e12, 1024.0**2, 1024.0**4, 1024.0**5


def of(value: float) -> Array:
    return np.array(float(value))


# S15: samples of a batch, bytes of a sample, seconds of computing, least utilisation.
RULES = {
    ("unet3d", "h100"): (7, 146_600_628, 0.323, 0.90),
    ("unet3d", "a100"): (7, 146_600_628, 0.636, 0.90),
    ("resnet50", "h100"): (400, 114_660, 0.224, 0.90),
    ("resnet50", "a100"): (400, 114_660, 0.435, 0.90),
    ("cosmoflow", "h100"): (1, 2_828_486, 0.0035, 0.70),
    ("cosmoflow", "a100"): (1, 2_828_486, 0.00551, 0.70),
}


def demand(model: str, chip: str) -> tuple[Array, Array]:
    """Read demand of one accelerator [byte/s] and the least utilisation."""
    batch, sample, seconds, least = RULES[model, chip]
    return read_demand(of(batch * sample), of(seconds)), of(least)


def predicted(model: str, chip: str, accelerators: float) -> float:
    """Bandwidth in MiB/s at which a result with so many accelerators passes."""
    rate, least = demand(model, chip)
    return float(bandwidth_required(of(accelerators), least, rate)) / MIB


# S14: (row, model, accelerator, count, published MiB/s, tolerance). A submitter adds accelerators until the least
# utilisation is met; with few of them the last one leaves room (B14).
RESULTS = [
    ("B2", "unet3d", "h100", 4, 11_097, 0.06),
    ("B4", "unet3d", "h100", 13, 34_569, 0.06),
    ("B6", "unet3d", "h100", 60, 160_888, 0.06),
    ("B9", "unet3d", "h100", 255, 695_480, 0.06),
    ("B12", "unet3d", "a100", 195, 273_234, 0.06),
    ("B13", "unet3d", "a100", 264, 360_385, 0.06),
    ("B14", "resnet50", "h100", 1, 194, 0.15),
    ("B18", "resnet50", "h100", 1_056, 191_044, 0.06),
    ("B20", "resnet50", "a100", 2_100, 192_900, 0.06),
    ("B22", "cosmoflow", "h100", 64, 33_868, 0.06),
    ("B23", "cosmoflow", "h100", 102, 54_975, 0.06),
    ("B26", "cosmoflow", "a100", 150, 52_085, 0.06),
]


@pytest.mark.parametrize("row", RESULTS, ids=[row[0] for row in RESULTS])
def test_mlperf_storage_results(row: tuple[str, str, str, int, float, float]) -> None:
    _, model, chip, count, published, tolerance = row
    assert predicted(model, chip, count) == pytest.approx(published, rel=tolerance)


def test_a_system_feeds_as_many_accelerators_as_it_was_submitted_with() -> None:
    # Of the published bandwidth itself: B9, 255 H100 on 695,480 MiB/s.
    rate, least = demand("unet3d", "h100")
    assert float(accelerators_fed(of(695_480 * MIB), least, rate)) == 255


RECORDED = Path(__file__).parent / "data" / "mlperf_storage_v1.csv"


def errors() -> dict[tuple[str, str], list[float]]:
    """Relative errors of the 66 closed results of S14, by model and accelerator."""
    found: dict[tuple[str, str], list[float]] = {}
    for row in csv.DictReader(RECORDED.read_text(encoding="utf-8").splitlines()):
        which = (row["model"], row["sim_accelerator"])
        published = float(row["MiB_per_s"])
        error = predicted(*which, float(row["n_accelerators"])) / published - 1
        found.setdefault(which, []).append(error)
    return found


def test_the_median_error_over_all_results_is_below_three_per_cent() -> None:
    every = np.abs(np.concatenate(list(errors().values())))
    assert len(every) == 66
    assert np.median(every) < 0.03


@pytest.mark.parametrize("which", list(RULES), ids=[" on ".join(which) for which in RULES])
def test_each_benchmark_is_met_without_a_constant_of_its_own(which: tuple[str, str]) -> None:
    # Most submitters stop close to the least utilisation, so the prediction is low by what is left above it.
    assert np.median(errors()[which]) == pytest.approx(0.0, abs=0.05)


def test_one_scalable_unit_is_fed_as_its_guide_says() -> None:
    """B29 (S21): 125 GB/s read for the 576 GPUs of a GB200 unit; the H100 guide's best level gives 256 as much."""
    for level, gpus in (("superpod_gb200", 576), ("superpod_h100_best", 256)):
        project = load(
            "5pct_ev_market",
            set={"tiers.hot.level": level, "tiers.hot.read_per_accelerator": "null"},
        )
        rate = project.run(["tier_read_rate"])["tier_read_rate"]
        nothing = place(np.zeros(3), TIER)
        need = storage_bandwidth_required(
            place(float(gpus)), place(0.0), rate, nothing, place(np.inf), place(0.0), nothing
        )
        assert need.ravel() / GB == pytest.approx([125, 0, 0], rel=1e-9)
        unit = project.inputs.profile("storage_levels", level)
        assert unit.write_bandwidth.value / GB == 62
        assert unit.accelerators.value == gpus


def test_llama_3s_servers_are_bound_by_both_capacity_and_bandwidth() -> None:
    """B30 (S1): 240 PB and 2 TB/s of 7,500 servers, 32 TB and 267 MB/s each; 7 TB/s at peak."""
    server, reads = place(32 * TB), place(267e6)
    capacity = storage_units_for_capacity(place(240e15), server).item()
    sustained = storage_units_for_bandwidth(place(2e12), reads).item()
    assert capacity == pytest.approx(7_500, rel=0.01)
    assert sustained == pytest.approx(7_500, rel=0.01)
    at_peak = storage_units_for_bandwidth(place(7e12), reads).item()
    assert storage_units_required(*(place(x) for x in (capacity, at_peak, 0.0))).item() == at_peak


def test_3fs_is_bound_by_its_network_and_not_by_its_drives() -> None:
    """B31 (S16): 180 nodes of 16 drives and two ports of 200 Gb/s read 6.6 TiB/s, 0.75 to 0.92 of the network."""
    drives, ports = place(16 * 7.0e9), place(2 * 200e9 / 8)  # 7.0 GB/s: Solidigm D5-P5336, PCIe 4
    published = 6.6 * TIB
    by_ports = served_bandwidth(drives, ports, place(1.0)).item() * 180
    assert by_ports == 180 * ports.item()
    assert 0.75 <= published / by_ports <= 0.92
    assert published / (180 * drives.item()) < 0.4


def test_the_flash_of_isambard_ai_from_its_enclosures() -> None:
    """B32 (S24): 44 x 24 x 30.72 TB = 32.44 PB raw, 20.3 PiB usable, 2,500 GB/s read, 1,980 GB/s written."""
    project = load("5pct_ev_market")
    found = project.run(["storage_unit_raw", "storage_unit_usable", "storage_protection"])
    raw, usable, protection = (44 * x.ravel()[0] for x in found.values())
    assert raw == pytest.approx(32.44e15, rel=1e-3)
    assert usable == pytest.approx(20.3 * PIB, rel=0.15)
    # What is formatted before the space that is left free: between the two readings of 70.5 %.
    assert usable < 20.3 * PIB < raw / (protection / 44)
    for name, published in (("read", 2_500), ("write", 1_980)):
        unit = project.leaves[f"system_{name}_bandwidth"].ravel()[0]
        assert 44 * unit / GB == pytest.approx(published, rel=0.01)


def test_3fs_sorts_110_tebibytes_in_thirty_minutes() -> None:
    """B34 (S16): 110.5 TiB in 30 min 14 s, 3.66 TiB/min."""
    assert float(write_time(of(110.5 * TIB), of(3.66 * TIB / 60))) == pytest.approx(
        30 * 60 + 14, rel=0.005
    )


# --- Protection and durability --------------------------------------------------------------------

# Facility facts 2.4 and hardware facts, section 5 (S46).
CODES = [
    (1, 2, 3.0),
    (6, 3, 1.5),
    (10, 4, 1.4),
    (17, 3, 1.176),
    (4, 2, 1.5),
    (8, 2, 1.25),
    (8, 3, 1.375),
    (16, 4, 1.25),
]


@pytest.mark.parametrize(("data", "parity", "factor"), CODES)
def test_protection_factors(data: int, parity: int, factor: float) -> None:
    found = storage_protection(place(data), place(parity), place(1.0)).item()
    assert found == pytest.approx(factor, abs=5e-4)


def durability(data: int, parity: int, rate: float, rebuild: float) -> float:
    return nines(float(annual_loss(of(data), of(parity), of(rate / YEAR), of(rebuild))))


def test_backblazes_code_keeps_eleven_nines() -> None:
    # S46: 17 + 3, 0.405 % of the drives a year, 6.5 days to rebuild.
    assert 11 <= durability(17, 3, 0.00405, 6.5 * DAY) < 12


def test_three_copies_that_nobody_rebuilds_keep_six_nines() -> None:
    # S46: three copies at 0.81 % a year are given as six nines, which is 0.0081 cubed: no rebuild within the year.
    assert 6 <= durability(1, 2, 0.0081, YEAR) < 7


def test_four_and_two_is_never_safer_than_three_copies_at_one_rebuild_time() -> None:
    """X: the same source gives 4 + 2 eleven nines where three copies have six; both survive two losses.

    With six shards there are twenty ways to lose three, with three copies one. Eleven nines need a rebuild within
    nine hours, and then three copies have twelve; the published pair compares two rebuild times.
    """
    for rebuild in (0.1 * DAY, DAY, 6.5 * DAY):
        assert durability(4, 2, 0.0081, rebuild) < durability(1, 2, 0.0081, rebuild)
    assert 11 <= durability(4, 2, 0.0081, 0.35 * DAY) < 12
    assert durability(4, 2, 0.0081, 6.5 * DAY) == pytest.approx(8.5, abs=0.1)
