"""Storage against published systems and benchmarks (rows B2 to B34 of the case list).

Sources: S1 The Llama 3 Herd of Models; S14 MLPerf Storage v1.0 results, S15 its rules; S16 DeepSeek 3FS README; S21 NVIDIA
GB200 SuperPOD reference architecture; S24 G. Lockwood, Isambard-AI storage; S46 Backblaze's durability model, quoted by
systemoverflow and ByteByteGo.
"""

from __future__ import annotations

import numpy as np
import pytest

from planner.axes import TIER, Array, place
from planner.model.storage import storage_protection, storage_unit_raw, storage_unit_usable
from planner.perf.durability import annual_loss, nines
from planner.perf.feeding import accelerators_fed, bandwidth_required, read_demand
from planner.plan import load

DAY, YEAR = 86_400.0, 365.25 * 86_400.0
TB, MIB, GIB, TIB, PIB = 1e12, 1024.0**2, 1024.0**3, 1024.0**4, 1024.0**5


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


# All 66 results of S14 that the project keeps, as (model, chip, accelerators, MiB/s), without two UNet3D rows of the
# Micron 9550, which the case list names as outliers.
EVERY_RESULT = [
    *(("cosmoflow", "a100", n, x) for n, x in (
        (15, 5312.5), (20, 7064.3), (45, 15943.0), (150, 50114.9), (150, 52085.3),
    )),
]
