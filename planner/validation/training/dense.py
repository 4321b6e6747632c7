"""How long does a step of a dense transformer take, from the columns of its row alone?

Blanks that the row's other columns imply are computed; blanks with a public default of its framework take that, and
`assumed` says so; anything else is a reason why not. All cases go through `planner.perf.training_step` together, as
arrays. Nothing is looked up by row.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import Field, dataclass, field, fields
from typing import TypeVar

import numpy as np

from planner.axes import Array
from planner.perf.training_step.collectives import switch_share
from planner.perf.training_step.configuration import Configuration, Software, System
from planner.perf.training_step.constants import FITTED, Constants, constants_of
from planner.perf.training_step.step import StepTerms, step_terms, step_time
from planner.validation import fitting
from planner.validation.cases import FULL, Case, Outcome
from planner.validation.training.conventions import (
    UTILISATION,
    exact_value,
    layer_weights,
    seconds_per_unit,
)
from planner.validation.training.eras import Stack, stack_of
from planner.validation.training.priors import PRIORS
from planner.validation.training.tables import CACHE, ERAS, GPUS, PEERS

Record = TypeVar("Record", Configuration, System, Software)

GATED = (
    "llama", "mistral", "mixtral", "qwen", "gemma", "yi-", "olmo", "deepseek", "internlm", "baichuan",
    "phi-3", "granite", "swiglu", "geglu", "palm",
)  # fmt: skip
VOCABULARIES = (  # words of the model, size: configurations published by its makers
    (r"llama[- ]?3|llama3", 128256),
    (r"llama|mistral|mixtral", 32000),
    (r"qwen", 151936),
    (r"gemma", 256000),
    (r"bloom", 250880),
    (r"\bopt\b|opt-", 50272),
    (r"\bmpt\b|mpt-", 50368),
    (r"nemotron", 256000),
)
DEEPSPEED_PIPELINE = dict(
    scattered_sends=0, blocking_sends=2, fused_accumulation=0, handled_bytes=20
)
EARLY_BLACKWELL = 0.87  # of the speed half a year later: the same B200 run took 1.51 s in MLPerf v5.0, 1.30 s in v5.1
MX_PENALTY = 0.95  # block scales against per-tensor fp8
PER_OPERATION = (
    1.0 / 3.0
)  # forward repeated under torchtitan's per-operation selective checkpointing
SHARES = (
    0.25,
    0.5,
    1.0,
)  # of blocks that are checkpointed, where "selective" means every n-th block
ACTIVATIONS = (
    0.62  # share of memory for activations where every n-th block is checkpointed; assumed
)
USABLE = 0.92  # share of memory that fills before a run fails; assumed
# Layers of one chunk of an interleaved pipeline in NVIDIA's recipes (NeMo 24.07, Megatron-Bridge), by layers.
CHUNK = {40: 1, 80: 4, 96: 2, 126: 4}
NODE = 8.0  # GPUs of a node, and the shards of hybrid sharding
BITS = (
    (r"nvfp4|mxfp4|\bfp4", 4),
    (r"fp8|float8", 8),
    (r"bf16|fp16|bfloat16|float16|half|amp|mixed|16", 16),
)
RECOMPUTE = {
    "none": "none", "no": "none", "false": "none", "off": "none", "0": "none",
    "full": "full", "yes": "full", "true": "full", "block": "full", "uniform": "full", "all": "full",
    "selective": "selective", "attention": "selective", "core": "selective", "core_attn": "selective",
}  # fmt: skip


@dataclass
class Run:
    """What a row says, completed; `reason` where it cannot be."""

    case: Case
    reason: str = ""
    generation: str = ""
    configuration: dict[str, float] = field(default_factory=dict)
    system: dict[str, float] = field(default_factory=dict)
    software: dict[str, float] = field(default_factory=dict)
    assumed: list[str] = field(default_factory=list)
    identity: tuple[object, ...] = ()


@dataclass(frozen=True)
class Batch:
    """Runs as arrays."""

    generation: list[str]
    configuration: Configuration
    system: System
    software: Software

    def terms(self, constants: Mapping[str, float]) -> StepTerms:
        """The parts of every step [s]."""
        k = self.constants(constants)
        return step_terms(self.configuration, self.system, self.software, k)

    def constants(self, values: Mapping[str, float]) -> Constants:
        """Constants of every run: its generation's and the global ones."""
        bits = self.configuration.linear_bits
        return constants_of(values, self.generation, bits, self.software.native_attention)

    def seconds(self, constants: Mapping[str, float]) -> Array:
        """Every step [s]."""
        return step_time(self.terms(constants))


def predict(cases: Sequence[Case], constants: Mapping[str, float] | None = None) -> list[Outcome]:
    """An outcome for every case."""
    runs = [run_of(case) for case in cases]
    able = [run for run in runs if not run.reason]
    if not able:
        return [Outcome(reason=run.reason) for run in runs]
    terms = batch_of(able).terms(constants or FITTED)
    seconds = step_time(terms)
    names = [f.name for f in fields(terms)]
    parts = np.array([np.broadcast_to(getattr(terms, name), seconds.shape) for name in names]).T
    found = iter(zip(seconds.tolist(), parts.tolist(), strict=True))
    return [
        _outcome(run, *next(found), names) if not run.reason else Outcome(reason=run.reason)
        for run in runs
    ]


def _outcome(run: Run, seconds: float, parts: list[float], names: list[str]) -> Outcome:
    n = {**run.configuration, "gpus": run.system["gpus"]}
    convert, _ = seconds_per_unit(run.case, n, run.system["peak_linear"])
    return Outcome(
        predicted=convert(seconds),
        assumed=tuple(run.assumed),
        configuration=run.identity,
        terms={name: part for name, part in zip(names, parts, strict=True) if part},
        measured=exact_value(run.case, n),
        seconds=seconds,
        derived=run.case.metric in UTILISATION,
    )


def measured_seconds(case: Case, run: Run) -> float:
    """The measured step [s]."""
    n = {**run.configuration, "gpus": run.system["gpus"]}
    convert, _ = seconds_per_unit(case, n, run.system["peak_linear"])
    value = exact_value(case, n) or case.value
    assert value is not None
    return convert(value)


def batch_of(runs: Sequence[Run]) -> Batch:
    """Runs as arrays."""
    return Batch(
        [run.generation for run in runs],
        _stacked(Configuration, [run.configuration for run in runs]),
        _stacked(System, [run.system for run in runs]),
        _stacked(Software, [run.software for run in runs]),
    )


def _stacked(kind: type[Record], records: Sequence[Mapping[str, float]]) -> Record:
    """One record of arrays; what a field has no numbers for takes the field's default."""

    def values(of: Field[Array]) -> Array:
        if of.name in records[0] or not callable(of.default_factory):
            return np.array([r[of.name] for r in records], float)
        return of.default_factory()

    return kind(**{f.name: values(f) for f in fields(kind)})


# --- From a row to a run ---------------------------------------------------------------------------------------------


def run_of(case: Case) -> Run:
    """The run that a row describes."""
    run = Run(case)
    name = accelerator(case.gpu)
    if case.value is None:
        run.reason = "missing: value"
        return run
    n, missing = _numbers(case, run.assumed)
    if missing:
        run.reason = "missing: " + ", ".join(missing)
        return run
    if name is None:
        run.reason = f"unknown accelerator: {case.gpu}"
        return run
    if fault := _contradiction(n):
        run.reason = fault
        return run
    stack = stack_of(case)
    bits = _bits(case, name, run.assumed)
    if not bits or not GPUS[name][{16: 1, 8: 2, 4: 3}[bits]]:
        run.reason = f"no {case.text('precision')} matrix rate of {case.gpu}"
        return run
    run.generation = GPUS[name][0]
    run.system = _system(case, name, n, bits)
    run.configuration = _configuration(case, n, stack, bits, run)
    if run.reason:
        return run
    run.software = _software(case, stack, run)
    shape = {**run.configuration, "gpus": n["gpus"]}
    _, run.reason = seconds_per_unit(case, shape, run.system["peak_linear"])
    run.identity = (case.source, name, n["gpus"], *run.configuration.values())
    return run


def accelerator(text: str) -> str | None:
    """The accelerator that a spelling means."""
    return next((name for name in GPUS if text.lower().startswith(name.lower())), None)


def _numbers(case: Case, assumed: list[str]) -> tuple[dict[str, float], list[str]]:
    """The needed numbers, with what other columns imply; and the names of those that are missing."""
    n = {name: case.number(name) for name in FULL if name != "gpu"}
    cp = case.number("cp") or 1.0
    sharded = case.text("zero_stage") == "3" or "fsdp" in case.words
    replicas = (n["dp"] or 0.0) * cp
    if n["gpus"] and (replicas == n["gpus"] or (sharded and not replicas)):
        for name in ("tp", "pp"):
            if n[name] is None:
                n[name] = 1.0
                assumed.append(f"{name} 1, for data parallelism takes all GPUs")
    gpus, tp, pp = n["gpus"], n["tp"], n["pp"]
    if n["dp"] is None and gpus and tp and pp:
        n["dp"] = gpus / (tp * pp * cp)
        assumed.append(f"dp {n['dp']:g} = gpus / (tp pp cp)")
    if n["micro_batch"] is None and n["global_batch_size"] and n["dp"]:
        local = n["global_batch_size"] / n["dp"]
        steps = re.search(r"\b(?:ga|gradient accumulation)\s*[= ]\s*(\d+)", case.words)
        if local == 1.0 or steps:
            n["micro_batch"] = local / (float(steps[1]) if steps else 1.0)
            assumed.append(
                f"micro_batch {n['micro_batch']:g}, from batch, replicas and accumulation"
            )
    missing = [name for name in FULL if (name == "gpu" and not case.gpu) or n.get(name, 1) is None]
    whole = {name: value for name, value in n.items() if value is not None}
    whole["cp"] = cp
    return whole, missing


def _contradiction(n: Mapping[str, float]) -> str:
    """What cannot be in a row, in words; empty where nothing is."""
    ranks = n["tp"] * n["pp"] * n["cp"] * n["dp"]
    if abs(ranks - n["gpus"]) > 0.01 * n["gpus"]:
        return f"contradiction: tp pp cp dp = {ranks:g}, gpus = {n['gpus']:g}"
    if n["global_batch_size"] < 0.999 * n["micro_batch"] * n["dp"]:
        smallest = n["micro_batch"] * n["dp"]
        return f"contradiction: micro_batch dp = {smallest:g}, batch = {n['global_batch_size']:g}"
    if n["pp"] > n["layers"] + 2:
        return f"contradiction: pp = {n['pp']:g}, layers = {n['layers']:g}"
    return ""


def _bits(case: Case, name: str, assumed: list[str]) -> int:
    """Bits of the linears; 0 for a precision that is not modelled."""
    text = case.text("precision").lower()
    if not text:
        recent = "mlperf" in case.words and GPUS[name][2] > 0
        assumed.append("precision fp8, as MLPerf's runs" if recent else "16-bit precision")
        return 8 if recent else 16
    return next((bits for words, bits in BITS if re.search(words, text)), 0)


def _system(case: Case, name: str, n: Mapping[str, float], bits: int) -> dict[str, float]:
    generation, p16, p8, p4, memory, link, nic, processors, power, domain, _ = GPUS[name]
    linear = {16: p16, 8: p8, 4: p4}[bits]
    if re.search(
        r"^mx-?fp8|label (mx-?fp8|fp8-mx)", f"{case.text('precision')} {case.text('notes')}".lower()
    ):
        linear *= MX_PENALTY
    return dict(
        peak_16=p16 * 1e12, peak_linear=linear * 1e12, memory_rate=memory * 1e9, nvlink=link * 1e9,
        nic=_nic(case, name, nic) * 1e9, cache=CACHE[generation], processors=processors, power=power,
        domain=domain, gpus=n["gpus"],
        in_switch=switch_share(generation, domain), peers=PEERS.get(generation, 0.0),
    )  # fmt: skip


def _nic(case: Case, name: str, usual: float) -> float:
    """Network rate of one GPU and direction [GB/s]: as the notes state it, else the usual one."""
    stated = re.search(r"(\d+)\s*gb(?:ps|/s|it/s)[ /]*(?:per )?node", case.words)
    if stated:
        return float(stated[1]) / 8.0 / NODE
    if name.startswith("A100") and re.search(r"bigscience|bloom|jean ?zay", case.words):
        return 6.25  # Jean Zay: four ports of 100 Gb/s for eight GPUs (BLOOM's model card)
    return usual


def _gated(case: Case, n: Mapping[str, float], kv: float, ffn: float) -> float:
    """Whether the MLP has a gate: by the model's name, else by a width other than 4 h and the count of parameters."""
    if any(word in case.words for word in GATED):
        return 1.0
    stated = case.number("params_b")
    if not stated or ffn in (0.0, 4.0 * n["hidden"]):
        return 0.0
    shape = dict(layers=n["layers"], hidden=n["hidden"], heads=n["heads"], kv_heads=kv, ffn=ffn)
    plain, gated = (layer_weights({**shape, "gated": flag}) for flag in (0.0, 1.0))
    return float(abs(gated / 1e9 - stated) < abs(plain / 1e9 - stated))


def _configuration(
    case: Case, n: Mapping[str, float], stack: Stack, bits: int, run: Run
) -> dict[str, float]:
    assumed = run.assumed
    lora = "lora" in case.text("model").lower() or "lora" in case.text("notes").lower()
    kv = case.number("kv_heads") or n["heads"]
    ffn = case.number("ffn_hidden")
    gated = _gated(case, n, kv, ffn or 0.0)
    if ffn is None:
        ffn = 256.0 * np.ceil(8.0 / 3.0 * n["hidden"] / 256.0) if gated else 4.0 * n["hidden"]
        assumed.append(f"ffn_hidden {ffn:g}")
    zero = _zero(case, stack, lora, assumed)
    replicas = n["dp"] * n["cp"]
    hybrid = "hsdp" in case.words
    vocab = _vocabulary(case, n["tp"], stack, assumed)
    c = dict(
        layers=n["layers"], hidden=n["hidden"], heads=n["heads"], kv_heads=kv, ffn=float(ffn), gated=gated,
        vocab=vocab, seq=n["seq_len"], global_batch=n["global_batch_size"], micro_batch=n["micro_batch"],
        tp=n["tp"], pp=n["pp"], vpp=_interleave(case, n, stack, assumed), cp=n["cp"], dp=n["dp"],
        zero_stage=zero, shard_group=(min(NODE, replicas) if hybrid else replicas) if zero == 3 else 1.0,
        recompute_block=0.0, recompute_core=0.0, sequence_parallel=0.0, frozen=float(lora), linear_bits=float(bits),
    )  # fmt: skip
    c["recompute_block"], c["recompute_core"] = _recompute(case, c, stack, run)
    c["sequence_parallel"] = _sequence_parallel(case, c, stack, assumed)
    return c


def _zero(case: Case, stack: Stack, lora: bool, assumed: list[str]) -> float:
    """What is sharded over replicas: 0 nothing, 1 the optimiser's state, 3 the weights."""
    stated = case.number("zero_stage")
    if lora and stack.zero != 3:
        return 0.0
    if stated is None and not stack.interleaved and re.search(r"fsdp|hsdp|zero-?3", case.words):
        return 3.0
    if stated is None or (stated == 0 and stack.zero == 1 and stack.interleaved):
        if stack.zero:
            what = "weights" if stack.zero == 3 else "optimiser"
            assumed.append(f"sharded {what}, as {stack.words} does")
        return float(stack.zero)
    return 1.0 if stated in (1.0, 2.0) else stated


def _vocabulary(case: Case, tp: float, stack: Stack, assumed: list[str]) -> float:
    vocab = case.number("vocab")
    if vocab is None:
        model = case.text("model").lower()
        known = (size for words, size in VOCABULARIES if re.search(words, model))
        vocab = float(next(known, stack.vocab))
        assumed.append(f"vocabulary {vocab:g}")
    return float(128.0 * tp * np.ceil(vocab / (128.0 * tp))) if stack.padded else vocab


def _interleave(case: Case, n: Mapping[str, float], stack: Stack, assumed: list[str]) -> float:
    """Chunks of a pipeline stage."""
    stated = case.number("vp")
    if stated or n["pp"] == 1.0:
        return stated or 1.0
    layers = n["layers"] / n["pp"]
    chunk = CHUNK.get(int(n["layers"])) if stack.interleaved else None
    if chunk is None or layers % chunk:
        assumed.append("pipeline without interleaving")
        return 1.0
    assumed.append(f"interleaved pipeline, {chunk} layers a chunk, as in {stack.words}'s recipes")
    return layers / chunk


def _sequence_parallel(
    case: Case, c: Mapping[str, float], stack: Stack, assumed: list[str]
) -> float:
    stated = case.text("sequence_parallel").lower()
    if stated:
        return float(stated in ("1", "true", "yes", "on"))
    if c["tp"] == 1.0:
        return 0.0
    if re.search(r"no sequence[- ]parallel|without sequence[- ]parallel", case.words):
        return 0.0
    if re.search(r"sequence[- ]parallel", case.words):
        return 1.0
    # Megatron's selective recomputation came with sequence parallelism (arXiv 2205.05198)
    usual = stack.sequence_parallel or c["recompute_core"] > 0.0
    if usual:
        assumed.append("sequence parallelism")
    return float(usual)


def _recompute(case: Case, c: Mapping[str, float], stack: Stack, run: Run) -> tuple[float, float]:
    """Shares of a block and of its attention core that the backward pass computes again."""
    word = case.text("recompute").lower()
    if stack.era == "traced_2024":
        # vTrain's column says full, from its simulator's files; but from hidden 1,024 to 2,048 a layer's time grows
        # by less than four passes through its linears would take at the peak of an A100. Three passes fit.
        run.assumed.append("no recomputation: the time of a layer has room for three passes")
        return 0.0, 0.0
    if not word and not stack.recomputes:
        run.assumed.append(f"no recomputation, which {stack.words}'s tables would say")
        return 0.0, 0.0
    if not word:
        needed = memory_needed(c)
        limit = USABLE * GPUS[accelerator(case.gpu) or ""][10] * 1e9
        full = float(needed > limit)
        run.assumed.append(
            "full recomputation, for activations do not fit" if full else "no recomputation"
        )
        return full, 0.0
    kind = RECOMPUTE.get(word)
    if kind is None:
        run.reason = f'recompute "{word}" is not known'
    if kind == "selective" and re.search(r"every n-?th|n-th block", case.words):
        room = ACTIVATIONS * GPUS[accelerator(case.gpu) or ""][10] * 1e9
        kept = activations(c)
        share = next((s for s in SHARES if (1.0 - s) * kept <= room), 1.0)
        run.assumed.append(f"{share:g} of the blocks are checkpointed")
        return share, 0.0
    if kind == "selective" and re.search(r"per-op|sac\b|torchtitan", case.words):
        return PER_OPERATION, 0.0
    return {"full": (1.0, 0.0), "selective": (0.0, 1.0)}.get(kind or "", (0.0, 0.0))


def activations(c: Mapping[str, float]) -> float:
    """Activations that the backward pass needs, without recomputation [byte].

    Inputs and outputs of the kernels of a block, in 16 bit (34 bytes an element for a plain block; Korthikanti et
    al., arXiv 2205.05198, without scores, which fused attention keeps on chip), of all micro-batches in a pipeline.
    """
    tokens = c["micro_batch"] * c["seq"] / c["cp"]
    kv = 2.0 * c["hidden"] * c["kv_heads"] / c["heads"]
    bytes_ = 12.0 * c["hidden"] + 2.0 * (c["hidden"] + kv) + 2.0 * (2.0 + c["gated"]) * c["ffn"]
    in_flight = 1.0 + (c["pp"] - 1.0) / (c["pp"] * c["vpp"]) if c["vpp"] > 1 else 1.0
    return float(tokens * bytes_ / c["tp"] * c["layers"] * in_flight)


def memory_needed(c: Mapping[str, float]) -> float:
    """Weights, gradients, optimiser's state and activations of one GPU, without recomputation [byte]."""
    weights = (layer_weights(c) / c["pp"] + 2.0 * c["vocab"] * c["hidden"]) / c["tp"]
    replicas = c["dp"] * c["cp"]
    if c["frozen"]:
        state = 2.0 / (c["shard_group"] if c["zero_stage"] == 3.0 else 1.0)
    elif c["zero_stage"] == 3.0:
        state = 18.0 / c["shard_group"]
    else:
        state = 6.0 + 12.0 / (replicas if c["zero_stage"] >= 1.0 else 1.0)
    return state * weights + activations(c)


def _software(case: Case, stack: Stack, run: Run) -> dict[str, float]:
    """The era of the row's stack, with what its notes add."""
    era = dict(ERAS[stack.era])
    notes = case.text("notes").lower()
    if "eager" in notes:
        era.update(fused_elementwise=-1.0, host_share=0.5)
    if run.configuration["frozen"]:
        era.update(tp_overlap=0.0)
    if stack.deepspeed or ("deepspeed" in notes and stack.era != "traced_2024"):
        era.update(DEEPSPEED_PIPELINE)
    if "asynctp" in notes or "async tp" in notes:
        era.update(tp_overlap=1.0)
    if run.generation == "blackwell" and re.search(r"mlperf v(4|5\.0)", notes):
        era["kernel_rate"] = EARLY_BLACKWELL
    return era


# --- Constants -------------------------------------------------------------------------------------------------------


def fit(cases: Sequence[Case]) -> dict[str, float]:
    """Constants that fit the cases; each must be predictable, and none a repeat."""
    runs = [run_of(case) for case in cases]
    batch = batch_of(runs)
    measured = np.array(
        [measured_seconds(case, run) for case, run in zip(cases, runs, strict=True)]
    )
    return fitting.fit(PRIORS, batch.seconds, measured, [case.source for case in cases])
