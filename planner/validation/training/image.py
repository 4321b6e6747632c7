"""How long does a step of a vision network, detector or diffusion model take, from the columns of its row alone?

The model's name picks a network of `image_models/`, the accelerator's a machine, source and notes the software; blanks
with a public default take that, and `assumed` says so; anything else is a reason why not. All cases go through
`planner.perf.image_step` together, as arrays. Nothing is looked up by row.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace

import numpy as np

from planner.axes import Array
from planner.errors import PlannerError
from planner.inputs.image_job import (
    LARGE_UNITS,
    ImageRun,
    Stack,
    outside_matrix_units,
    side_by_side,
)
from planner.inputs.image_models import image_model_named, image_models, network_of
from planner.inputs.naming import accelerator_named, fabric_stated, system_named
from planner.inputs.profiles import ImageModel
from planner.inputs.training import Machine, machine
from planner.perf.image_step.constants import FITTED, constants_of
from planner.perf.image_step.jobs import samples_that_fit
from planner.perf.image_step.kernels import Cores, Moves, Network, Products
from planner.perf.image_step.step import Runs, StepTerms, step_terms, step_time
from planner.validation import fitting
from planner.validation.cases import Case, Outcome
from planner.validation.training.conventions import NOT_RATES
from planner.validation.training.image_priors import PRIORS

PER_SECOND = ("samples_per_s", "images_per_s", "sequences_per_s", "img_per_s")
PER_GPU = tuple(f"{name}_per_gpu" for name in PER_SECOND)
BITS = (
    (r"fp8|float8|fp4|float4", 8),  # 4 bit is not modelled
    (r"tf32|fp32|float32|single", 32),
    (r"fp16|bf16|float16|half|amp|mixed|\b16\b", 16),
)
TENSOR_FLOAT = 2020  # first year of frameworks that run 32-bit products as TensorFloat-32
# Tokens of a sequence of MLPerf's BERT without padding: half of 512 is padding (Krell et al., arXiv 2107.02027), and
# NVIDIA's packs of 512 hold two sequences (48 packs for a batch of 96, round v4.0).
PACKED = 256
UNEVEN = (
    4.0 / 3.0
)  # mean square over squared mean of lengths, spread evenly from nothing to twice the mean; assumed
MLPERF_TOKENS = 512.0  # with padding
UNPADDED = 2021  # first year of submissions without padding, and with sharded optimisers (v1.0)
SHARDED = 2024  # first year of sharded optimisers in diffusion (v4.0)
# Loader processes of one accelerator (NVIDIA, DeepLearningExamples: configs.yml of PyTorch/Classification/ConvNets).
WORKERS = {"ampere": 16.0, "volta": 8.0, "turing": 8.0}
# Clock of few busy cores over that of all: 3.6 over 2.7 GHz (Xeon E5-2698 v4), 3.4 over 2.6 (EPYC 7742); from memory.
ALONE = 1.3
ROBUST = (
    0.1  # relative error where a row begins to pull less; tables of frameworks differ by such days
)
WINOGRAD = 2.25  # products that F(2 x 2, 3 x 3) saves
LARGEST_BATCH = 256  # where neither row nor recipe says: powers of two up to this that fit
TOO_LARGE = 4.0  # times what fits by that count is surely not one pass; assumed


GRAPHED = Stack("CUDA graphs", True, True, 0.0, channels_last=True, half_gradients=True)
# Before the full-iteration graphs, fused group norms and sharded optimiser of MLPerf v4.0.
DIFFUSION_2023 = Stack(
    "NeMo of 2023", False, True, 0.5, channels_last=True, batched=True, half_gradients=True
)
# words of source and notes, last year, stack; the first that fits counts
STACKS: tuple[tuple[str, int, Stack], ...] = (
    (r"(mlcommons|mlperf).*diffusion", 2023, DIFFUSION_2023),
    (r"mlcommons|mlperf", 2020, replace(GRAPHED, name="MLPerf", flash=False, host=0.3)),
    (r"mlcommons|mlperf", 9999, replace(GRAPHED, name="MLPerf")),
    (r"mxnet", 9999, replace(GRAPHED, name="MXNet", flash=False)),
    (r"paddle", 9999, Stack("Paddle", True, False, 0.5, channels_last=True, half_only=True)),
    (r"tensorflow|\btf2?\b|keras", 9999, Stack("TensorFlow", composed=True, channels_last=True)),
    (r"torch\.compile|torchcompile|inductor|\bjax\b|flax|\bxla\b", 9999,
     Stack("compiled", True, True, 0.5, channels_last=True, batched=True)),
    # memory_format: nhwc with AMP alone (their configs.yml)
    (r"deeplearningexamples.*(classification|/ssd)", 9999,
     Stack("PyTorch", channels_last=True, half_only=True)),
    # Apex: fused norms, biases and activations
    (r"deeplearningexamples.*languagemodeling", 9999, Stack("PyTorch, Apex", True, host=0.5, batched=True)),
    (r"deeplearningexamples", 9999, Stack("PyTorch")),
    (r"channels.?last|nhwc", 9999, Stack("PyTorch, channels last", channels_last=True)),
    (r"", 2022, Stack("PyTorch")),
    # hosts of these years launch faster; assumed
    (r"", 9999, Stack("PyTorch 2", flash=True, host=0.6, batched=True)),
)  # fmt: skip
RECIPES = {"MXNet": (192, 96), "Paddle": (256, 256)}  # their ResNet-50: 16 and 32 bit
RECENT = 2023  # the year of a row that states none


@dataclass
class Run:
    """What a row says, completed; `reason` where it cannot be."""

    case: Case
    reason: str = ""
    assumed: list[str] = field(default_factory=list)
    name: str = ""  # of the network
    tokens: int = 0
    machine: Machine | None = None
    stack: Stack = GRAPHED
    bits: int = 16
    gpus: float = 1.0
    replicas: float = 1.0
    parts: float = 1.0
    accumulated: float = 1.0  # micro-batches of a step
    batch: float = 0.0  # samples of a micro-batch and replica
    samples: float = 0.0  # of the whole step
    sharded_optimiser: bool = False
    late: bool = False  # gradients travel after the backward pass
    packed: bool = False  # sequences of unequal length without padding

    @property
    def network(self) -> Network:
        """The kernels; a token of a longer sequence meets more keys."""
        found = network_of(self.name, self.tokens)
        if not self.packed:
            return found
        return replace(found, cores=replace(found.cores, keys=UNEVEN * found.cores.keys))

    @property
    def model(self) -> ImageModel:
        """The profile of the network."""
        return image_models()[self.name]

    @property
    def place(self) -> Machine:
        """The machine, of a run that has one."""
        assert self.machine is not None
        return self.machine

    @property
    def vector(self) -> bool:
        """32-bit products outside the matrix units."""
        return outside_matrix_units(self.bits, self.place)

    def metric(self, seconds: float) -> float:
        """The step in the row's metric, and back: a constant over it, or itself."""
        if self.case.metric == "step_time_s":
            return seconds
        return self.samples / seconds / (self.gpus if self.case.metric in PER_GPU else 1.0)


@dataclass(frozen=True)
class Batch:
    """Runs as arrays."""

    members: Sequence[Run]
    runs: Runs
    products: Products
    cores: Cores
    moves: Moves

    def terms(self, values: Mapping[str, float]) -> StepTerms:
        """The parts of every step [s]."""
        generation = [run.place.generation for run in self.members]
        bits = [run.bits for run in self.members]
        k = constants_of(values, generation, bits, self.runs.vector)
        return step_terms(self.runs, self.products, self.cores, self.moves, k)

    def seconds(self, values: Mapping[str, float]) -> Array:
        """Every step [s]."""
        return step_time(self.terms(values))


def predict(cases: Sequence[Case], constants: Mapping[str, float] | None = None) -> list[Outcome]:
    """An outcome for every case."""
    runs = [run_of(case) for case in cases]
    able = [run for run in runs if not run.reason]
    if not able:
        return [Outcome(reason=run.reason) for run in runs]
    batch = batch_of(able)
    terms = batch.terms(constants or FITTED)
    names = [f.name for f in fields(terms)]
    parts = iter(np.array([getattr(terms, name) for name in names]).T.tolist())
    return [
        Outcome(reason=run.reason) if run.reason else _outcome(run, names, next(parts))
        for run in runs
    ]


def fit(cases: Sequence[Case]) -> dict[str, float]:
    """Constants that fit the cases; each must be predictable, and none a repeat. Every network weighs the same."""
    runs = [run_of(case) for case in cases]
    measured = np.array([run.metric(run.case.value or np.nan) for run in runs])
    return fitting.fit(PRIORS, batch_of(runs).seconds, measured, [run.name for run in runs], ROBUST)


def _outcome(run: Run, names: Sequence[str], parts: Sequence[float]) -> Outcome:
    terms = {n: part for n, part in zip(names, parts, strict=True) if part}
    seconds = sum(terms.values())
    identity = (
        run.case.source, run.name, run.tokens, run.place.accelerator, run.gpus, run.samples, run.bits,
        run.accumulated, run.stack.name,
    )  # fmt: skip
    return Outcome(
        predicted=run.metric(seconds),
        assumed=tuple(run.assumed),
        configuration=identity,
        terms=terms,
        seconds=seconds,
    )


def batch_of(runs: Sequence[Run]) -> Batch:
    """Runs as arrays."""
    described = [
        ImageRun(
            model=run.model,
            network=run.network,
            machine=run.place,
            stack=run.stack,
            bits=run.bits,
            gpus=run.gpus,
            replicas=run.replicas,
            batch=run.batch,
            accumulated=run.accumulated,
            parts=run.parts,
            sharded_optimiser=run.sharded_optimiser,
            late=run.late,
            loader=_loader(run),
        )
        for run in runs
    ]
    return Batch(runs, *side_by_side(described))


# --- From a row to a run ---------------------------------------------------------------------------------------------


def run_of(case: Case) -> Run:
    """A row completed to a run, or with the reason why it cannot be."""
    run = Run(case)
    if case.metric in NOT_RATES:
        run.reason = f"metric {case.metric}: {NOT_RATES[case.metric]}"
    elif case.metric not in ("step_time_s", *PER_SECOND, *PER_GPU):
        run.reason = f"metric {case.metric}: unknown"
    for step in (_model, _machine, _software, _sizes, _possible):
        if not run.reason:
            step(run)
    return run


def _model(run: Run) -> None:
    name = image_model_named(run.case.text("model"))
    if name is None:
        run.reason = f'no network "{run.case.text("model")}" in image_models/'
        return
    mlperf = re.search("mlcommons|mlperf", run.case.words)
    if name.startswith("ssd300") and mlperf and "300" not in run.case.text("model"):
        name = "ssd300_resnet34" if (run.case.year or RECENT) <= 2021 else "retinanet_resnext50"
        run.assumed.append(f"network of the round: {name}")
    run.name = name
    if not run.model.sequence:
        return
    tokens = run.case.number("seq_len") or (MLPERF_TOKENS if mlperf else None)
    if mlperf and tokens == MLPERF_TOKENS and (run.case.year or RECENT) >= UNPADDED:
        tokens, run.packed = PACKED, True
        run.assumed.append(f"tokens: {PACKED} on average, padding dropped")
    if tokens is None:
        run.reason = "missing: seq_len"
        return
    run.tokens = int(tokens)


def _machine(run: Run) -> None:
    case = run.case
    try:
        chip = accelerator_named(case.gpu)
        place = system_named(case.words, chip.name)
        found = machine(chip.name, place.name)
    except PlannerError as error:
        run.reason = f"gpu: {error}"
        return
    run.assumed += [text for text in (chip.assumed,) if text]
    run.gpus = case.number("gpus") or 1.0
    if found.generation in LARGE_UNITS:
        run.reason = f"gpu: no model of the matrix units of {found.generation}"
        return
    nodes = case.number("nodes")
    server = run.gpus / nodes if nodes else min(run.gpus, found.server)
    nic = fabric_stated(case.text("notes"), server)
    domain = min(found.domain, max(server, 1.0)) if found.domain <= found.server else found.domain
    run.machine = replace(found, nic=nic or found.nic, domain=domain)


def _software(run: Run) -> None:
    case, year = run.case, run.case.year or RECENT
    run.stack = next(
        stack for words, last, stack in STACKS if re.search(words, case.words) and year <= last
    )
    stated = case.text("precision").lower() or (
        case.text("notes").lower()
        if re.search(r"precision|amp\b", case.text("notes").lower())
        else ""
    )
    bits = next((b for words, b in BITS if re.search(words, stated)), None)
    place = run.place
    if bits is None and case.text("precision"):
        run.reason = f"precision {case.text('precision')} is not known"
        return
    if bits is None or not case.text("precision"):
        eight = (
            run.model.sequence and place.peak_8 > 0 and place.generation in ("hopper", "blackwell")
        )
        bits = 8 if eight and run.stack.name == "MLPerf" else 16
        run.assumed.append(f"precision: {bits} bit")
    if bits == 32 and "fp32" in stated and place.peak_32 > place.peak_vector:
        if year < TENSOR_FLOAT:
            run.machine = replace(place, peak_32=place.peak_vector)
        else:
            run.assumed.append("precision: 32-bit products in TensorFloat-32, the default")
    if bits == 8 and "p4" in stated:
        run.assumed.append("precision: 8 bit, for 4 bit is not modelled in image networks")
    if bits == 8 and not place.peak_8:
        bits = 16
        run.assumed.append(f"precision: 16 bit, {place.accelerator} has no 8-bit units")
    run.bits = bits
    diffusion = case.family == "diffusion" and not run.model.sharded
    # NeMo's distributed Adam; Apex's distributed LAMB, in one block behind the backward pass unless a submission asks
    # for more (dwu-num-blocks, dwu-overlap-reductions: those of hundreds of servers)
    run.late = run.model.sequence and year >= UNPADDED and run.stack.name == "MLPerf"
    run.sharded_optimiser = run.late or (
        diffusion and year >= SHARDED and run.stack.name == "MLPerf"
    )


def _sizes(run: Run) -> None:
    """Batch, accelerators that train, and micro-batches."""
    case, n = run.case, run.gpus
    whole, own = case.number("global_batch_size"), case.number("micro_batch")
    if whole is None:
        each = own or _usual_batch(run)
        whole = each * n
    steps = re.search(r"\bGA=([1-9]\d*)", case.text("notes"))
    run.accumulated = float(steps[1]) if steps else 1.0
    run.replicas = n
    if whole < n:
        if not re.search("mlcommons|mlperf", case.words):
            run.reason = f"contradiction: a batch of {whole:g} on {n:g} accelerators"
            return
        # the others evaluate; those that train share samples in powers of two
        run.replicas = whole * 2.0 ** np.floor(np.log2(n / whole))
        run.parts = run.replicas / whole
        run.assumed.append(f"{run.replicas:g} of {n:g} accelerators train")
    elif own and own * n < whole and not steps:
        run.accumulated = max(1.0, round(whole / (own * n)))
    run.samples = whole
    each = whole / run.replicas * run.parts / run.accumulated
    run.batch = float(np.ceil(each - 1e-9))  # the fullest replica sets the pace
    most = max(1.0, np.floor(_fitting(run) * run.parts))
    if run.accumulated == 1.0 and run.batch > TOO_LARGE * most:
        run.accumulated = float(np.ceil(run.batch / most))
        run.batch /= run.accumulated
        run.assumed.append(f"batch: in {run.accumulated:g} passes, as memory demands")


def _possible(run: Run) -> None:
    """Refuse what the peak forbids: multiply-adds forward and, of products, twice back."""
    value = run.case.value
    if value and not run.model.sharded:
        place = run.place
        peak = max(place.peak_16, place.peak_8) if run.bits < 32 else place.peak_32
        saved = WINOGRAD if run.vector and not run.model.sequence else 1.0
        needed = 6.0 * run.network.forward_macs * run.samples / run.metric(value) / run.replicas
        if needed > peak * saved:
            run.reason = (
                f"contradiction: {needed / 1e12:.1f} TFLOP/s, the peak is {peak / 1e12:.1f}"
            )


def _fitting(run: Run) -> float:
    """Samples whose activations fit in the memory of one accelerator."""
    return samples_that_fit(run.network, run.place.memory, 4.0 if run.bits == 32 else 2.0)


def _usual_batch(run: Run) -> float:
    """Samples of one accelerator where the row states none: the recipe's, else what fits."""
    single = run.bits == 32
    recipe = RECIPES.get(run.stack.name) if run.name == "resnet50" else None
    usual = run.model.usual_batch
    known = recipe or usual.get(run.place.generation)  # type: ignore[call-overload]
    if known is None and usual:
        known = usual[max(usual, key=list(usual).index)]
    if known is not None:
        run.assumed.append(f"batch: {known[single]} an accelerator, the recipe's")
        return float(known[single])
    fits = _fitting(run)
    batch = 2.0 ** np.floor(np.log2(np.clip(fits, 1.0, LARGEST_BATCH)))
    run.assumed.append(f"batch: {batch:g} an accelerator, the largest power of two that fits")
    return float(batch)


def _loader(run: Run) -> float:
    """Processes that decode images for one replica, at the clock of a busy host; inf where none are waited for."""
    words = run.case.words
    if not re.search(r"deeplearningexamples.*pytorch/classification", words):
        return np.inf
    workers = WORKERS.get(run.place.generation, max(WORKERS.values()))
    return workers * (ALONE if run.gpus == 1 else 1.0)
