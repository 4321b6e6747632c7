"""Published measurements of serving, and what the first-order figures of services say about them."""

from __future__ import annotations

import numpy as np
import pytest

from planner.axes import SERVICE, Array, place
from planner.model.services import (
    gpus_for_services_mean,
    service_load,
    service_share_of_gpu,
    service_streams_analysed,
    summary_chunks,
)
from planner.perf.services import carried_over, summary_time
from planner.project import load

DAY = 86_400.0
H100, GH200_96, A100 = ("h100_sxm", "gh200_96", "a100_80")


def ratio(name: str, reference: str) -> float:
    """Speed of one accelerator over another's, from their profiles."""
    project = load(
        "5pct_ev_market",
        set=["nodes.gh200_nvl32.accelerator=" + name, "services.assistant.reference=" + reference],
    )
    peak, bandwidth, peak_there, bandwidth_there = (
        float(np.asarray(project.leaves[leaf]).ravel()[0])
        for leaf in (
            *("accelerator_bf16", "accelerator_memory_bandwidth"),
            *("reference_bf16", "reference_memory_bandwidth"),
        )
    )
    return carried_over(np.array(peak / peak_there), np.array(bandwidth / bandwidth_there)).item()


# Measured on the first, measured on the second; error when the first is carried over to the second.
# inf... are rows of published inference runs: TensorRT-LLM 0.15 (one GPU, fp8), MLPerf Inference 2.1, 3.0, 4.1.
CARRIED = (
    ("Llama 3.1 8B, 1000/1000: inf0974, inf0979", H100, 14797.28, GH200_96, 15955.43, -0.07),
    ("Llama 3.1 8B, 500/2000: inf0968, inf0973", H100, 15782.2, GH200_96, 19175.02, -0.18),
    ("Llama 3.1 8B, 20000/2000: inf0998, inf1003", H100, 1378.69, GH200_96, 1459.86, -0.06),
    ("RetinaNet server: inf0142 (v3.0), inf0329 (v4.1)", H100, 1437.61, GH200_96, 1731.13, -0.17),
    ("ResNet-50 server: inf0140 (v3.0), inf0327 (v4.1)", H100, 76000.99, GH200_96, 77012.21, -0.01),
    ("RetinaNet offline: inf0044 (v2.1), inf0141 (v3.0)", A100, 596.985, H100, 1478.64, -0.34),
    ("Llama 3 70B, 1000/1000: inf0942, inf0943", H100, 772.64, GH200_96, 1587.16, -0.51),
    ("Llama 3 70B, 2048/128: inf0944, inf0945", H100, 331.26, GH200_96, 425.89, -0.22),
)


@pytest.mark.parametrize("row", CARRIED, ids=[row[0] for row in CARRIED])
def test_throughput_carried_to_a_better_accelerator_stays_below_the_measured(row: tuple) -> None:
    _, reference, measured, other, found, error = row
    carried = measured * ratio(other, reference)
    assert carried / found - 1 == pytest.approx(error, abs=0.01)
    assert carried <= found


def test_a_model_that_barely_fits_is_not_carried_down() -> None:
    # X: 70 billion parameters in fp8 leave 10 GB of an H100's 80 for the cache and 26 GB of a GH200's 96. By bandwidth
    # the H100 is 0.84 times as fast, measured 0.49 times (inf0942 over inf0943): capacity is left out of the ratio.
    assert ratio(H100, GH200_96) == pytest.approx(0.84, abs=0.01)
    assert 1587.16 * ratio(H100, GH200_96) / 772.64 == pytest.approx(1.72, abs=0.02)


# --- Video: NVIDIA Video Search and Summarization 2.2 on eight H100 (docs.nvidia.com/vss, performance) --------------


def summarised(minutes: float, chunk: float) -> tuple[float, float]:
    """Chunks and seconds of a summary with the lines of the main scenario."""
    lines = load("5pct_ev_market").leaves["service_summary"]
    chunks = summary_chunks(place(minutes * 60), place(chunk)).item()
    times = summary_time(np.full((1, 2), chunks), lines["fixed"], lines["rate"])
    return chunks, float(times.min())


@pytest.mark.parametrize(
    ("minutes", "chunk", "chunks", "seconds", "error"),
    [
        (10, 10, 60, 55.25, 0.0),
        (60, 10, 360, 138.86, 0.0),
        (120, 10, 720, 204.12, 0.0),
        (60, 30, 120, 67.59, 0.065),  # not used for the lines
    ],
)
def test_video_summaries_take_their_published_times(
    minutes: float, chunk: float, chunks: float, seconds: float, error: float
) -> None:
    found = summarised(minutes, chunk)
    assert found[0] == chunks
    assert found[1] / seconds - 1 == pytest.approx(error, abs=0.002)
    # Published times over real time: 10.9, 25.9, 35.3 and 53.3.
    assert minutes * 60 / found[1] == pytest.approx(minutes * 60 / seconds, rel=0.01 + error)


def test_one_line_for_all_lengths_would_be_half_too_long_for_short_videos() -> None:
    # X: the line through the hour and the two hours gives 84 s for ten minutes, published 55.25.
    assert pytest.approx(84.5, abs=0.1) == 73.6 + 60 / 5.51639
    assert summarised(10, 10)[1] < 0.7 * 84.5


def test_a_city_camera_is_68_million_tokens_a_day() -> None:
    # Published: 10 s of video are 7,840 vision tokens; 8,640 such pieces a day are 67.7 million tokens.
    day = place(DAY)
    streams = service_streams_analysed(place(1.0), place(1.0), place(1.0))
    assert summary_chunks(day, place(10.0)).item() * streams.item() * 7840 == pytest.approx(
        67.7e6, rel=1e-3
    )


def accelerators(streams: float, each: float) -> float:
    none, one = place(0.0), place(1.0)
    cameras = (place(streams), place(each))
    load_ = service_load(none, none, *cameras, none, none, none, one)
    return gpus_for_services_mean(load_, service_share_of_gpu(one, one, one)).item()


def test_alerts_on_eight_accelerators_are_a_tenth_fewer_than_eight_times_those_on_one() -> None:
    # Published (VSS 3.2, RTX Pro 6000): 9 alerts within a second on one GPU, 65 on eight: 7.2 times. Accelerators are
    # additive here, so that 65 take 7.2 of them where 8 were used.
    assert accelerators(65.0, 9.0) == pytest.approx(7.22, abs=0.01)


def test_a_demand_far_beyond_the_pilot_is_no_small_thing() -> None:
    # AT&T: 8 billion tokens a day in one use; on the measured 1,587 tokens a second of a GH200 that is 58 of them.
    def mean(requests: Array) -> float:
        none, one = place(0.0), place(1.0)
        tokens = (requests * 1000.0 / DAY, place(1587.0))
        load_ = service_load(*tokens, none, none, none, none, none, one)
        return gpus_for_services_mean(load_, service_share_of_gpu(one, one, one)).item()

    assert mean(place(np.array([8e6]), SERVICE)) == pytest.approx(58.3, abs=0.1)
