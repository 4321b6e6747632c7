"""What does a layout make of its accelerators: tokens a second, shares of the peak, time that makes progress?"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from planner.perf.checkpoint import checkpoint_size
from planner.perf.goodput import ALL_CAUSES_TENDED, DAY, goodput
from planner.perf.training_step.layouts import Choice, Job, configuration, layouts_of
from planner.perf.training_step.memory import OPTIMISER, WEIGHT
from planner.perf.training_step.mixture import model_flops

NODES, NODE = 1000.0, 8.0  # interruptions are counted for so many nodes of so many accelerators
FAILURES = ALL_CAUSES_TENDED * NODES * NODE * DAY  # a day, Llama 3's tended run (arXiv 2407.21783)
RESTART = 600.0  # from an interruption until the job works again, as scenarios assume [s]
WRITE = 0.15e9  # of an accelerator to shared storage: BLOOM's 57.5 GB/s on 384 (arXiv 2211.05100) [byte/s]
COPY = 10e9  # of an accelerator to its host's memory; assumed [byte/s]
STALL = 2.0  # of a checkpoint beside its copy, as scenarios assume [s]
LONGEST = 4 * 3600.0  # between checkpoints; assumed [s]


def utilisation(job: Job, choice: Choice, gpus: float) -> Mapping[str, float]:
    """Tokens a second, and the shares of the peak of model and of hardware FLOPs.

    Model FLOPs count the causal half of attention and no recomputation (Megatron Bridge's convention); hardware FLOPs
    add what is computed again. Frozen weights have no weight-gradient.
    """
    a, layout = job.architecture, choice.layout
    tokens = layout["global_batch"] * job.seq / choice.step_time
    block = a.hidden * (2.0 * a.hidden * (1.0 + a.kv_heads / a.heads) + (2.0 + a.gated) * a.ffn)
    passes = 3.0 - job.frozen
    core = 2.0 * a.hidden * job.seq * a.layers  # forward, for each token: half of 4 h s
    linear = 2.0 * a.layers * block
    head = 2.0 * a.hidden * a.vocab
    model = passes * (linear + head) + 3.0 * core
    if job.experts is not None:
        one = np.ones(1)
        c = configuration(layouts_of({n: x * one for n, x in layout.items()}, job), job)
        model = float(model_flops(c, job.experts.mixture)[0])
        linear = model / 3.0 - head - core
    again = layout["recompute_block"] * linear
    again += max(layout["recompute_block"], layout["recompute_core"]) * core
    peak = gpus * float(job.system.peak_linear[0])
    return {
        "tokens_per_s": tokens,
        "tokens_per_s_per_gpu": tokens / gpus,
        "model_tflops_per_gpu": tokens * model / gpus / 1e12,
        "mfu": tokens * model / peak,
        "hfu": tokens * (model + again) / peak,
    }


def progress(job: Job, gpus: float, failures: float) -> Mapping[str, float]:
    """Share of the time that makes progress, and what decides it; `failures` a day of 1,000 nodes of eight.

    Checkpoints of weights and optimiser are copied to host memory and written in the background, at the best interval.
    """
    one = np.ones(1)
    size = checkpoint_size(job.architecture.parameters() * one, WEIGHT * one, OPTIMISER * one)
    rate = failures / (NODES * NODE * DAY)
    shares = goodput(
        gpus * one,
        rate * one,
        size,
        WRITE * gpus * one,
        COPY * gpus * one,
        one,
        RESTART * one,
        LONGEST * one,
        beside=STALL * one,
    )
    return {
        "goodput": float(shares.progress[0]),
        "mean_time_between_interruptions_h": float(shares.mean_time[0]) / 3600.0,
        "checkpoint_interval_min": float(shares.interval[0]) / 60.0,
        "checkpoint_gb": float(size[0]) / 1e9,
    }
