"""Published training runs as configurations of `planner.perf.training_step`: every row from its own columns.

Reads the CSV of measured runs, keeps dense transformers with shape, batch, GPU and layout stated, turns the metric
into seconds a step and counts repeats of one configuration once, at their fastest. What a source leaves blank comes
from the named defaults of its framework below (`SOFTWARE`, `VOCABULARY`, `INTERLEAVE`). Done: the sources of the
given file. Not done: sources that are kept back (a new prefix gets the profile of its year in `software_of`), MoE,
rows without micro-batch.
"""

from __future__ import annotations

import csv
import re
from dataclasses import Field, dataclass, fields
from pathlib import Path

import numpy as np

from planner.perf.training_step.collectives import switch_share
from planner.perf.training_step.configuration import Configuration, Software, System

NEEDED = (
    "layers", "hidden", "heads", "seq_len", "global_batch_size", "micro_batch", "gpu", "gpus", "tp", "pp", "dp",
)  # fmt: skip

# name: generation, 16-bit, 8-bit, 4-bit peak [TFLOP/s], memory [GB/s], NVLink and NIC of one GPU and direction [GB/s],
# processors, power over the reference part's, NVLink domain. ../shared/facts/hardware.csv; GB200 and GB300 run at the
# peaks of B200 (study of mechanisms, section 3), GB200 at its power.
GPUS = {
    "V100": ("volta", 125, 0, 0, 900, 150, 12.5, 80, 1.0, 4),
    "A100-SXM4-40GB": ("ampere", 312, 0, 0, 1555, 300, 25, 108, 1.0, 8),
    "A100": ("ampere", 312, 0, 0, 2039, 300, 25, 108, 1.0, 8),
    "H100-SXM-96GB-HBM2e": ("hopper", 989.4, 1979, 0, 2400, 450, 50, 132, 500 / 700, 8),
    "H100": ("hopper", 989.4, 1979, 0, 3350, 450, 50, 132, 1.0, 8),
    "H200": ("hopper", 989.4, 1979, 0, 4800, 450, 50, 132, 1.0, 8),
    "GB300": ("blackwell", 2250, 4500, 9000, 8000, 900, 100, 148, 1.4, 72),
    "GB200": ("blackwell", 2250, 4500, 9000, 8000, 900, 50, 148, 1.0, 72),
    "B300": ("blackwell", 2250, 4500, 9000, 8000, 900, 100, 148, 1.1, 8),
    "B200": ("blackwell", 2250, 4500, 9000, 8000, 900, 50, 148, 1.0, 8),
    "AMD Instinct MI325X": ("cdna3", 1307.4, 2614.9, 0, 6000, 448, 50, 304, 1.0, 8),
}
# Gb/s a node over GPUs a node [GB/s a GPU]: fms states 400 and 800; Jean Zay's A100 nodes have four Omni-Path ports of
# 100 Gb/s (BLOOM's model card).
NIC_OF_SOURCE = {
    ("fms", "A100"): 6.25,
    ("fms", "H100"): 12.5,
    ("bloom", "A100"): 6.25,
    ("bloomfin", "A100"): 6.25,
}

PEERS = {"volta": 3.0, "cdna3": 7.0}  # wired to each other without a switch

# Profiles of software eras: what was fused and what overlapped is documented by each framework; bytes are counted from
# kernels; host shares, launches outside layers (0.6 of a layer's) and relative rates of kernels are assumed.
MEGATRON_2021 = dict(
    fused_attention=0, attention_rate=1.0, native_attention=0, kernel_rate=1.0, pow2_heads=0,
    fused_elementwise=0, loss_bytes=60, tp_overlap=0, dp_overlap=0, zero_overlap=0,
    fused_accumulation=0, blocking_sends=1, scattered_sends=1, gradient_bytes=2, host_share=1.0,
    serial_launches=0, micro_batch_host=0.6, early_stop=0, adapted=0.0, optimiser_bytes=33,
    handled_bytes=0, gather_lists=12,
)  # fmt: skip
# Its pipeline engine sends and receives one after the other, whole activations from every tensor-parallel rank, and
# handles gradients after every micro-batch. The 20 bytes a parameter (copy into the flat partition, conversion, sum,
# norm) are read off the part of jzv100's steps that does not depend on the micro-batch; MT-NLG's 60.1, 50.2 and 44.4 s
# at 280, 350 and 420 nodes (arXiv 2201.11990), not fitted, are then missed by 0.6 to 4.4 % instead of 11 to 15 %.
DEEPSPEED_PIPELINE = dict(
    scattered_sends=0, blocking_sends=2, fused_accumulation=0, handled_bytes=20
)
MEGATRON_2022 = {**MEGATRON_2021, "fused_accumulation": 1, "gather_lists": 0}
TRACED_2024 = {**MEGATRON_2021, "serial_launches": 1, "scattered_sends": 0, "loss_bytes": 24}
FSDP_2023 = {
    **MEGATRON_2022, "fused_attention": 1, "attention_rate": 0.5, "pow2_heads": 1, "loss_bytes": 20,
    "blocking_sends": 0, "fused_accumulation": 1, "host_share": 0.5, "early_stop": 1, "optimiser_bytes": 30,
}  # fmt: skip
FSDP_2024 = {
    **FSDP_2023, "attention_rate": 1.0, "pow2_heads": 0, "fused_elementwise": 1, "zero_overlap": 1,
    "host_share": 0.3, "dp_overlap": 1, "early_stop": 1,
}  # fmt: skip
NATIVE_2025 = {**FSDP_2024, "fused_elementwise": 0, "host_share": 0.5, "adapted": 1.0}
NVIDIA_2024 = {
    **FSDP_2024, "native_attention": 1, "tp_overlap": 1, "host_share": 0.2, "early_stop": 0, "gradient_bytes": 4,
}  # fmt: skip
SOFTWARE = {
    "sc21t1": MEGATRON_2021, "rar5": MEGATRON_2022, "jzv100": MEGATRON_2021, "vtrain-s": TRACED_2024,
    "foundry": FSDP_2023, "fms": FSDP_2024, "titan": FSDP_2024, "automodel": NATIVE_2025,
    "automodel-lora": NATIVE_2025, "nemo2407": NVIDIA_2024, "nemo2407ft": NVIDIA_2024, "mbridge": NVIDIA_2024,
    "mlperf-llama2_70b_lora": NVIDIA_2024, "mlperf-llama31_8b": NVIDIA_2024,
}  # fmt: skip
EARLY_BLACKWELL = 0.87  # of the speed half a year later: the same B200 run took 1.51 s in MLPerf v5.0, 1.30 s in v5.1
VOCABULARY = {"vtrain-s": 50257, "nemo2407": 51200}  # GPT-2's, unpadded; Megatron's padded
INTERLEAVE = {
    ("nemo2407ft", 5120): 10,
    ("nemo2407ft", 8192): 5,
    ("mbridge", 8192): 5,
}  # of the sibling pre-training rows
EVERY_NTH_BLOCK = {
    5120: 0.25,
    8192: 1.0,
}  # fms: share of blocks that are checkpointed, by hidden size
PER_OPERATION = (
    1.0 / 3.0
)  # torchtitan: forward repeated under per-operation selective checkpointing
CACHE = {
    "volta": 6e6,
    "ampere": 40e6,
    "hopper": 50e6,
    "blackwell": 126e6,
    "cdna3": 256e6,
}  # data sheets [byte]
MX_PENALTY = 0.95  # block scales against per-tensor fp8

SMALLEST_GROUP = 5  # configurations; smaller sources are pooled
REST = "rest"


@dataclass(frozen=True)
class Rows:
    """Measured steps [s] and what they were measured on."""

    ids: list[str]
    source: np.ndarray
    generation: np.ndarray
    measured: np.ndarray
    configuration: Configuration
    system: System
    software: Software


def read(path: Path) -> list[dict[str, str]]:
    """Rows of a file of measured runs that state everything and are dense transformers."""
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    return [r for r in rows if r["family"] == "llm-dense" and all(r[k] for k in NEEDED)]


def source_of(row: dict[str, str]) -> str:
    """Prefix of the id without its number."""
    return re.sub(r"-\d+$", "", row["id"]).replace("vtrain-sfull", "vtrain-s")


def hardware_of(row: dict[str, str]) -> tuple:
    """Data of the row's GPU."""
    return next(v for k, v in GPUS.items() if row["gpu"].startswith(k))


def step_seconds(row: dict[str, str]) -> float | None:
    """The row's metric as seconds a step; none where it is not a rate of steps."""
    n = {k: float(row[k]) for k in NEEDED if k != "gpu"}
    value, metric, source = float(row["value"]), row["metric"], source_of(row)
    tokens = n["global_batch_size"] * n["seq_len"]
    layers, hidden, seq = n["layers"], n["hidden"], n["seq_len"]
    if metric == "step_time_s":
        return value
    if metric == "samples_per_s":
        return n["global_batch_size"] / value
    if metric == "tflops_per_gpu" and ("96*B*s*l*h^2" in row["notes"] or source == "sc21t1"):
        vocab = float(row["vocab"])
        flops = (
            96 * tokens * layers * hidden**2 * (1 + seq / 6 / hidden + vocab / 16 / layers / hidden)
        )
        return flops / (value * 1e12 * n["gpus"])
    if metric == "tokens_per_s_per_gpu":
        rounded = (
            re.search(r"reported (\d+) MODEL", row["notes"])
            if "rounded to whole" in row["notes"]
            else None
        )
        if rounded:
            kv = 2 * hidden * float(row["kv_heads"]) / n["heads"]
            weights = layers * hidden * (2 * hidden + kv + 3 * float(row["ffn_hidden"]))
            weights += hidden * float(row["vocab"])
            value = float(rounded[1]) * 1e12 / (6 * weights + 6 * layers * hidden * seq)
        return tokens / (value * n["gpus"])
    return None


def build(raw: list[dict[str, str]]) -> Rows:
    """Configurations and measured seconds; repeats once, at their fastest."""
    best: dict[tuple, tuple[float, dict[str, str]]] = {}
    for row in raw:
        seconds = step_seconds(row)
        if seconds is None:
            continue
        hardware = hardware_of(row)
        key = (source_of(row), row["gpus"], *hardware, *configuration_of(row).values())
        if key not in best or seconds < best[key][0]:
            best[key] = (seconds, row)
    kept = list(best.values())
    sources = [source_of(r) for _, r in kept]
    few = {s for s in sources if sources.count(s) < SMALLEST_GROUP}
    return Rows(
        ids=[r["id"] for _, r in kept],
        source=np.array([REST if s in few else s for s in sources]),
        generation=np.array([hardware_of(r)[0] for _, r in kept]),
        measured=np.array([t for t, _ in kept]),
        configuration=stack(Configuration, [configuration_of(r) for _, r in kept]),
        system=stack(System, [system_of(r) for _, r in kept]),
        software=stack(Software, [software_of(r) for _, r in kept]),
    )


def stack(kind: type, records: list[dict[str, float]]) -> object:
    """One record of arrays from a list of records of numbers, with defaults where they state none."""

    def value(record: dict[str, float], of: Field) -> float:
        return record[of.name] if of.name in record else of.default_factory().item()

    return kind(**{f.name: np.array([value(r, f) for r in records], float) for f in fields(kind)})


def precision_of(row: dict[str, str]) -> int:
    """Bits of the linears; MLPerf's blanks are taken for fp8."""
    blank = "fp8" if source_of(row).startswith("mlperf") else "bf16"
    return {"fp8": 8, "nvfp4": 4}.get(row["precision"] or blank, 16)


def configuration_of(row: dict[str, str]) -> dict[str, float]:
    """The configuration of one row."""
    source = source_of(row)
    n = {k: float(row[k]) for k in NEEDED if k != "gpu"}
    blank = INTERLEAVE.get((source, int(n["hidden"])), 1) if n["pp"] > 1 else 1
    lora = "lora" in row["model"].lower()
    zero = float(row["zero_stage"] or 0)
    if source in ("nemo2407", "nemo2407ft", "mbridge", "mlperf-llama31_8b") and zero == 0:
        zero = 1.0  # distributed optimiser
    if source in ("fms", "automodel"):
        zero = 3.0
    if lora:
        zero = 0.0
    ffn = float(row["ffn_hidden"] or 4 * n["hidden"])
    gated = any(word in row["model"].lower() for word in ("llama", "mistral", "qwen"))
    full, core = {"full": (1.0, 0.0), "selective": (0.0, 1.0)}.get(row["recompute"], (0.0, 0.0))
    if row["recompute"] == "selective" and source == "fms":
        full, core = EVERY_NTH_BLOCK.get(int(n["hidden"]), 1.0), 0.0
        full = 0.5 if n["layers"] == 48 else full
    if row["recompute"] == "selective" and source == "titan":
        full, core = PER_OPERATION, 0.0
    if source.startswith("automodel"):
        # blank: 34 bytes an element of activations (arXiv 2205.05198) and 16-bit weights against 80 GB
        activations = 34 * n["micro_batch"] * n["seq_len"] * n["hidden"] * n["layers"]
        activations /= n["tp"] * float(row["cp"] or 1)
        weights = 2e9 * float(row["params_b"] or 70) / n["tp"] / n["dp"]
        full, zero = float(activations + weights > 80e9), 3.0
    if source == "vtrain-s":
        # The column says full, from the simulator's files; but from hidden 1,024 to 2,048 a layer's time grows by
        # less than four passes through its linears would take at the peak of an A100. Three passes fit.
        full = 0.0
    hybrid = "HSDP" in row["notes"]
    shard = (8.0 if hybrid else n["dp"] * float(row["cp"] or 1)) if zero == 3 else 1.0
    vocab = float(row["vocab"] or VOCABULARY.get(source, 51200))
    if source not in VOCABULARY:
        vocab = 128 * n["tp"] * np.ceil(vocab / (128 * n["tp"]))  # Megatron's default padding
    sequence_parallel = n["tp"] > 1 and (
        (int(row["year"]) >= 2024 and source != "vtrain-s") or (source == "rar5" and core > 0)
    )
    return dict(
        layers=n["layers"], hidden=n["hidden"], heads=n["heads"], kv_heads=float(row["kv_heads"] or n["heads"]),
        ffn=ffn, gated=gated, vocab=vocab, seq=n["seq_len"], global_batch=n["global_batch_size"],
        micro_batch=n["micro_batch"], tp=n["tp"], pp=n["pp"], vpp=float(row["vp"] or blank),
        cp=float(row["cp"] or 1), dp=n["dp"], zero_stage=zero, shard_group=shard, recompute_block=full,
        recompute_core=core, sequence_parallel=sequence_parallel, frozen=lora, linear_bits=precision_of(row),
    )  # fmt: skip


def system_of(row: dict[str, str]) -> dict[str, float]:
    """The system of one row."""
    generation, p16, p8, p4, memory, link, nic, processors, power, domain = hardware_of(row)
    name = next(k for k in GPUS if row["gpu"].startswith(k))
    nic = NIC_OF_SOURCE.get((source_of(row), name), nic)
    linear = {16: p16, 8: p8, 4: p4}[precision_of(row)]
    linear *= MX_PENALTY if "label MXFP8" in row["notes"] else 1.0
    return dict(
        peak_16=p16 * 1e12, peak_linear=linear * 1e12, memory_rate=memory * 1e9, nvlink=link * 1e9,
        nic=nic * 1e9, cache=CACHE[hardware_of(row)[0]], processors=processors, power=power,
        domain=domain, gpus=float(row["gpus"]),
        in_switch=switch_share(generation, domain), peers=PEERS.get(generation, 0.0),
    )  # fmt: skip


def profile_of(row: dict[str, str]) -> dict[str, float]:
    """The profile for a source without one of its own, by year and by whether weights are sharded."""
    year, sharded = int(row["year"]), row["zero_stage"] == "3"
    if sharded and year <= 2021:
        return MEGATRON_2021
    if sharded:
        return FSDP_2023 if year <= 2023 else FSDP_2024
    if year <= 2021 or source_of(row).startswith("vtrain"):
        return MEGATRON_2021
    return MEGATRON_2022 if year <= 2023 else NVIDIA_2024


def software_of(row: dict[str, str]) -> dict[str, float]:
    """The software of one row: its source's profile, with what its notes add."""
    source = source_of(row)
    era = dict(SOFTWARE.get(source) or profile_of(row))
    if "eager" in row["notes"]:
        era.update(fused_elementwise=-1, host_share=0.5)
    if "lora" in row["model"].lower():
        era.update(tp_overlap=0)
    if "DeepSpeed" in row["notes"] and source != "vtrain-s":
        era.update(DEEPSPEED_PIPELINE)
    if "AsyncTP" in row["notes"]:
        era.update(tp_overlap=1)
    if hardware_of(row)[0] == "blackwell" and re.search(r"MLPerf v(4|5\.0)", row["notes"]):
        era["kernel_rate"] = EARLY_BLACKWELL
    return era
