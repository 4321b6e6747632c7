"""What run does a row describe? Its columns, what they imply, and its framework's public defaults.

Blanks that the row's other columns imply are computed; blanks with a public default of its framework or its model take
that, and `Run.assumed` says so; anything else is a reason why not. Nothing is looked up by row.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields, replace
from functools import cache

import numpy as np

from planner.errors import PlannerError
from planner.inputs.naming import (
    Named,
    accelerator_named,
    architecture_named,
    era_of,
    fabric_stated,
    framework_named,
    framework_on,
    frameworks,
    system_named,
    systems,
)
from planner.inputs.profiles import Framework
from planner.inputs.training import Machine, architecture, machine, software
from planner.perf.training_step.configuration import Configuration, Software
from planner.perf.training_step.memory import BINARY, Offload, memory_terms
from planner.validation.cases import FULL, Case
from planner.validation.training.conventions import (
    UTILISATION,
    layer_weights,
    seconds_per_unit,
    stated_formula,
    usual_formula,
)
from planner.validation.training.runs import Run, peaks_of, stacked

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
MX_PENALTY = (
    0.95  # block scales against per-tensor fp8: a scale for every 32 elements is applied; assumed
)
# Scales of rows: Llama 3 8B on eight H100, 6,150 tokens/s in bf16, 7,690 with a scale a tensor, 6,768 with one a row
# (pytorch/ao, torchao/float8/README; from memory): a quarter of the linears' gain is left, which is this share.
ROW_PENALTY = 0.7
# Of blocks that are checkpointed, where "selective" means every n-th block.
SHARES = (0.25, 0.5, 1.0)
ROOM = 0.8  # share of memory that such runs fill at most; assumed
# Of memory, beside what driver and page tables keep (PyTorch reports 79.2 GiB of an A100's 80); assumed, and any share
# from 0.93 to 0.98 decides every shipped run alike.
USABLE = 0.96
VOCABULARY = 51200.0  # GPT-2's 50,257 padded, where neither model nor framework has a usual one
SHARDED_SINCE = 2022  # Megatron-LM 3.0 has use-distributed-optimizer; DeepSpeed had ZeRO-1 before
RECENT = 2024  # the year of a row that states none; from then on stacks are alike in their options
# Two dies to a package, four packages to a server. Runs on Frontier and LUMI count dies.
DIES = {"mi250x": "mi250x_gcd"}
SHAPE = (  # columns of a row, and the size of a shape that fills them
    ("layers", "layers"), ("hidden", "hidden"), ("heads", "heads"), ("kv_heads", "kv_heads"),
    ("ffn_hidden", "ffn"), ("vocab", "vocab"),
)  # fmt: skip
SHAPE_DECIDES = (
    "layers",
    "hidden",
    "heads",
    "kv_heads",
    "ffn_hidden",
)  # by which a row is of that model
ROUNDED = 0.08  # parameters as a source rounds them: "7B" for 6.74 and 7.62 billion
# The first FlashAttention has half the speed of the second (Dao, arXiv 2307.08691), which came in this year.
FIRST_FLASH = 2023
ALIBI_FUSED = ("llm_foundry",)  # whose Triton kernel of 2023 takes a bias
# 8 bit and asynchronous tensor parallelism need it; the others are kernels in its place
COMPILED = (
    r"compil|float8|fp8|async[- ]?tp|liger|unsloth|(?<!un)fused(?![- _]?(adam|optim))"
    r"|transformer[- ]?engine"
)
UNFUSED = (
    r"\b(without|no|w/o|non)[- ]?(flash|fused attention)|\b(unfused|naive|vanilla|eager) attention"
)
FLASH = r"flash[- ]?att[a-z]*(?:[- ]?v?([1-4])\b)?|\bfa[- ]?([1-4])\b"
# With unfused attention part of its element-wise steps are kernels of their own, as Megatron-LM in 2020; assumed.
SPLIT = -0.5
# Stacks with one kernel for scale, mask and softmax.
FUSED_SOFTMAX = (
    "megatron_lm", "megatron_core", "megatron_deepspeed", "vtrain", "mlperf",
    "large_scale_2023", "habana",
)  # fmt: skip
# Uncompiled PyTorch: three times the least traffic. Counted from torchtitan's model, in bytes an element over the
# least: norms in 32 bit 28 over 8, rotary embedding in complex numbers 20 over 4, activation and gate 10 over 6,
# residuals 6 over 6.
EAGER = dict(fused_elementwise=-3.2, host_share=0.5)
# Layers of one chunk of an interleaved pipeline in NVIDIA's recipes (NeMo 24.07, Megatron-Bridge), by layers.
RECIPES = ("megatron_core", "mlperf")
THOUSANDS = 1024  # accelerators from which a stack is of those who have one of their own
SPARING = (
    *RECIPES,
    "large_scale_2023",
)  # which save memory otherwise before they compute a layer again
CHUNK = {40: 1, 80: 4, 96: 2, 126: 4}
# Fill and drain over all micro-batches that a run accepts before it cuts its stages into chunks. Published runs that
# state their chunks have 0.05 to 0.12 left: Nemotron-4 340B 11/48/8 = 0.03, SC21's trillion parameters 63/512, Llama 3
# 15/16/8 (arXiv 2406.11704, 2104.04473, 2407.21783).
MOST_BUBBLE = 0.1
BITS = (
    (r"nvfp4|mxfp4|\bfp4", 4),
    (r"fp8|float8|e4m3|e5m2", 8),
    (r"bf16|fp16|bfloat16|float16|half|amp|mixed|16", 16),
    (r"tf32|fp32|float32", 32),
)
RECOMPUTE = (  # the first that fits a cell counts
    (r"^(none|no|not|false|off)\b|^0(\.0)?$", "none"),
    (r"^sel|\battention\b|\bcore", "selective"),
    (
        r"\b(full|uniform|block|all|yes|true|on|every layer|activation checkpointing)\b|^1(\.0)?$",
        "full",
    ),
)


def run_of(case: Case) -> Run:
    """The run that a row describes."""
    run = Run(case)
    if case.value is None:
        run.reason = "missing: value"
        return run
    case, gated = completed(case, run.assumed)
    n, missing = _numbers(case, run.assumed)
    if missing:
        run.reason = "missing: " + ", ".join(missing)
        return run
    run.gpus = n["gpus"]
    run.reason = _contradiction(n)
    if run.reason:
        return run
    try:
        run.machine = _machine(case, run.assumed)
    except PlannerError as error:
        run.reason = f"accelerator: {error}"
        return run
    named = framework_named(*_said(case, "source", "notes"))
    named = framework_on(run.machine.generation, named)
    framework = frameworks()[named.name]
    if named.assumed:
        run.assumed.append(named.assumed)
    bits = _bits(case, run.machine, framework, run.assumed)
    if not bits:
        run.reason = f"precision {case.text('precision')} is not known"
        return run
    if bits == 32 and not run.machine.peak_32:
        run.reason = f"precision: the 32-bit rate of {run.machine.accelerator} is not known"
        return run
    if re.search(
        r"^mx-?fp8|label (mx-?fp8|fp8-mx)", f"{case.text('precision')} {case.text('notes')}".lower()
    ):
        run.linear_share = MX_PENALTY
    if bits == 8 and re.search(r"row-?wise", f"{case.words} {case.text('precision').lower()}"):
        run.linear_share = ROW_PENALTY
    c = run.configuration = _configuration(run, case, n, named.name, bits)
    c["gated"] = c["gated"] if gated is None else gated
    run.software = _software(case, named.name, run)
    _decide_recomputation(run, named.name)
    c["sequence_parallel"] = _sequence_parallel(case, c, named.name, run.assumed)
    if not run.reason:
        _, run.reason = seconds_per_unit(case, {**c, "gpus": n["gpus"]}, peaks_of(run))
    usual = usual_formula(case) if case.metric in UTILISATION else None
    if usual and not run.reason and not stated_formula(case):
        run.assumed.append(f"FLOPs counted as {usual[0]}, as the framework's code has it")
    run.identity = (case.source, run.machine.accelerator, n["gpus"], *c.values())
    return run


def completed(case: Case, assumed: list[str]) -> tuple[Case, float | None]:
    """The row with blanks of its shape as its model's makers published them, and whether that MLP has a gate.

    Its name alone does not tell: layers and hidden size, or the count of parameters, have to agree. A row that states
    something else is of another model, and stays as it is.
    """
    named = architecture_named(case.text("model")) if case.text("model") else None
    shape = architecture(named.name) if named else None
    if named is None or shape is None or shape.experts or shape.state_space_layers:
        return case, None
    sizes = {column: getattr(shape, size) for column, size in SHAPE}
    blank = [column for column in sizes if not case.text(column)]
    agrees = all(case.number(column) in (None, sizes[column]) for column in SHAPE_DECIDES)
    stated, counted = case.number("params_b"), sum(shape.parts().values()) / 1e9
    told = "layers" not in blank and "hidden" not in blank
    told = told or (stated is not None and abs(stated / counted - 1.0) < ROUNDED)
    if not (blank and agrees and told):
        return case, None
    assumed.append(f"{', '.join(blank)} as published for {named.name}")
    filled = {column: f"{sizes[column]:.0f}" for column in blank}
    return replace(case, fields={**case.fields, **filled}), shape.gated


def _said(case: Case, *names: str) -> list[str]:
    """What columns say of a row's own run.

    DeepSpeed has no pipeline under ZeRO-3: beside one, its name is that of another row's run. PaLM's count of FLOPs is
    everybody's.
    """
    other = r"(?i)palm[- ](formula|mfu|style|convention|definition)"
    other += r"|zero-?3" if (case.number("pp") or 1.0) > 1.0 else ""
    return [re.sub(other, "", case.text(name)) for name in names]


def _machine(case: Case, assumed: list[str]) -> Machine:
    """The accelerator in its server and network. Raises PlannerError where no profile resembles it."""
    chip = accelerator_named(case.gpu)
    words = " ".join(case.text(name) for name in ("gpu", "source", "notes"))
    gpus, servers = case.number("gpus") or 0.0, case.number("nodes") or 1.0
    die = DIES.get(chip.name)
    if die and (gpus / servers == 8.0 or re.search(r"(?i)\bgcds?\b|frontier|lumi\b", words)):
        chip = Named(die, f"accelerator: {die}, for programs count dies")
    place = system_named(words, chip.name, gpus / servers if servers > 1 else None)
    carried = systems()[place.name].accelerator if place.name in systems() else chip.name
    if "memory" in chip.assumed and not place.assumed and carried != chip.name:
        chip = Named(carried, f"accelerator: {carried}, which {place.name} has")
    assumed += [said.assumed for said in (chip, place) if said.assumed]
    found = machine(chip.name, place.name)
    stated = fabric_stated(case.text("notes"), found.server)
    return found if stated is None else machine(chip.name, place.name, stated)


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
    if gpus and tp and pp and n["dp"] and not case.number("cp"):
        rest = gpus / (tp * pp * n["dp"])
        if rest > 1.0 and rest == int(rest):
            cp = rest
            assumed.append(f"cp {cp:g} = gpus / (tp pp dp)")
    if n["dp"] is None and gpus and tp and pp:
        n["dp"] = gpus / (tp * pp * cp)
        assumed.append(f"dp {n['dp']:g} = gpus / (tp pp cp)")
    if n["micro_batch"] is None and n["global_batch_size"] and n["dp"]:
        local = n["global_batch_size"] / n["dp"]
        steps = re.search(r"\b(?:ga|gradient accumulation)\s*[= ]\s*([1-9]\d*)", case.words)
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


def _bits(case: Case, of: Machine, framework: Framework, assumed: list[str]) -> int:
    """Bits of the linears, as wide as the accelerator's narrowest units; 0 for a precision that is not known."""
    text = case.text("precision").lower()
    if text:
        stated = next((bits for words, bits in BITS if re.search(words, text)), 0)
        bits = 8 if stated == 4 and not of.peak_4 else stated
        bits = 16 if bits == 8 and not of.peak_8 else bits
        if bits != stated:
            assumed.append(f"{bits}-bit linears: {of.accelerator} has no units for {text}")
        return bits
    bits = 8 if framework.precision == "fp8" and of.peak_8 else 16
    assumed.append(f"{bits}-bit precision, as {framework.title}")
    return bits


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
    run: Run, case: Case, n: Mapping[str, float], name: str, bits: int
) -> dict[str, float]:
    assert run.machine is not None
    assumed, framework = run.assumed, frameworks()[name]
    lora = "lora" in f"{case.text('model')} {case.text('notes')}".lower()
    kv = case.number("kv_heads") or n["heads"]
    ffn = case.number("ffn_hidden")
    gated = _gated(case, n, kv, ffn or 0.0)
    if ffn is None:
        ffn = 256.0 * np.ceil(8.0 / 3.0 * n["hidden"] / 256.0) if gated else 4.0 * n["hidden"]
        assumed.append(f"ffn_hidden {ffn:g}")
    zero = _zero(case, name, lora, assumed)
    replicas = n["dp"] * n["cp"]
    # shards in a server, copies of them beyond it
    hybrid = re.search(r"\bhsdp|hybrid[- _]shard|\bmics\b", case.words)
    stated = re.search(r"groups? of ([1-9]\d*)", case.words) if hybrid else None
    group = float(stated[1]) if stated else run.machine.server
    shards = min(group, replicas) if hybrid else replicas
    return dict(
        layers=n["layers"], hidden=n["hidden"], heads=n["heads"], kv_heads=kv, ffn=float(ffn), gated=gated,
        vocab=_vocabulary(case, n["tp"], framework, assumed), seq=n["seq_len"],
        global_batch=n["global_batch_size"], micro_batch=n["micro_batch"],
        tp=n["tp"], pp=n["pp"], vpp=_interleave(case, n, name, assumed), cp=n["cp"], dp=n["dp"],
        zero_stage=zero, shard_group=shards if zero == 3 else 1.0,
        recompute_block=0.0, recompute_core=0.0, sequence_parallel=0.0, frozen=float(lora), linear_bits=float(bits),
    )  # fmt: skip


def _zero(case: Case, name: str, lora: bool, assumed: list[str]) -> float:
    """What is sharded over replicas: 0 nothing, 1 the optimiser's state, 3 the weights."""
    framework = frameworks()[name]
    stated, usual = case.number("zero_stage"), framework.zero_stage.value
    words = " ".join(_said(case, "model", "source", "notes")).lower()
    named = set(re.findall(r"zero[- ]?(?:stage[- ]?)?([0-3])\b", words))
    if stated is None and len(named) == 1:
        stated = float(named.pop())
    if lora and usual != 3.0:
        return 0.0  # adapters alone have a state
    sharded = re.search(r"fsdp|zero-?3", words)
    if stated is None and usual != 1.0 and sharded:
        return 3.0
    if stated is None or (stated == 0.0 and usual == 1.0):
        # a blank or a 0 in tables of ZeRO stages says nothing of Megatron's own sharded optimiser
        if usual:
            what = "weights" if usual == 3.0 else "optimiser"
            assumed.append(f"sharded {what}, as {framework.title}")
        return usual
    return 1.0 if stated in (1.0, 2.0) else stated


def _vocabulary(case: Case, tp: float, framework: Framework, assumed: list[str]) -> float:
    vocab = case.number("vocab")
    if vocab is None:
        model = case.text("model").lower()
        known = (float(size) for words, size in VOCABULARIES if re.search(words, model))
        usual = framework.vocabulary.value if framework.vocabulary else VOCABULARY
        vocab = next(known, usual)
        assumed.append(f"vocabulary {vocab:g}")
    step = framework.vocabulary_multiple.value
    step *= tp if framework.multiple_by_tensor_parallel else 1.0
    return float(step * np.ceil(vocab / step))


def _interleave(case: Case, n: Mapping[str, float], name: str, assumed: list[str]) -> float:
    """Chunks of a pipeline stage."""
    stated = case.number("vp")
    if stated or n["pp"] == 1.0:
        return stated or 1.0
    # where layers do not divide, embedding and head take a layer's place each
    layers = (n["layers"] + 2.0 * (n["layers"] % n["pp"] > 0.0)) / n["pp"]
    chunk = CHUNK.get(int(n["layers"])) if name in RECIPES else None
    if chunk and not layers % chunk:
        assumed.append(f"interleaved pipeline, {chunk} layers a chunk, as in NVIDIA's recipes")
        return layers / chunk
    framework = frameworks()[name]
    begins = framework.interleaved_from
    count = n["global_batch_size"] / (n["micro_batch"] * n["dp"])
    usual = begins is not None and (case.year or RECENT) >= begins.value
    # Megatron's schedule wants as many micro-batches as a multiple of the stages
    if usual and not count % n["pp"] and layers == int(layers):
        bubble = (n["pp"] - 1.0) / count
        possible = [v for v in range(1, int(layers) + 1) if not layers % v]
        chunks = next((v for v in possible if bubble / v <= MOST_BUBBLE), possible[-1])
        if chunks > 1:
            assumed.append(f"interleaved pipeline, {chunks} chunks a stage, for the bubble is long")
            return float(chunks)
    assumed.append("pipeline without interleaving")
    return 1.0


def _sequence_parallel(case: Case, c: Mapping[str, float], name: str, assumed: list[str]) -> float:
    stated = case.text("sequence_parallel").lower()
    if stated:
        return float(stated in ("1", "1.0", "true", "yes", "on"))
    if c["tp"] == 1.0 or re.search(r"(no|without) sequence[- ]parallel", case.words):
        return 0.0
    if re.search(r"sequence[- ]parallel", case.words):
        return 1.0
    framework = frameworks()[name]
    begins = framework.sequence_parallel_from
    year = case.year or RECENT
    usual = begins is not None and year >= begins.value
    if year < RECENT and name not in RECIPES:
        # an option at first, which came with selective recomputation (arXiv 2205.05198)
        usual = usual and c["recompute_core"] > 0.0
    if usual:
        assumed.append(f"sequence parallelism, as {framework.title}")
    return float(usual)


def _software(case: Case, framework: str, run: Run) -> dict[str, float]:
    """The era of the row's framework, with what its notes add."""
    assert run.machine is not None
    sharded = run.configuration["zero_stage"] == 3.0
    era = _era(era_of(framework, case.year or RECENT, run.machine.generation, sharded))
    notes = case.text("notes").lower()
    if _eager(case, framework, run.assumed):
        era.update(EAGER)
    if run.configuration["frozen"]:
        era.update(tp_overlap=0.0)
    if re.search(r"async[- ]?tp", notes):
        era.update(tp_overlap=1.0)
    era.update(_attention(notes, case.year or RECENT, framework))
    return era


def _eager(case: Case, framework: str, assumed: list[str]) -> bool:
    """Whether kernels are not compiled: as notes say, else as the framework starts."""
    said = " ".join(case.text(name) for name in ("source", "notes", "precision")).lower()
    if re.search(r"\beager\b(?! attention)|(no|without|w/o) (torch[. ])?compil", said):
        return True
    if frameworks()[framework].compiled or re.search(COMPILED, said):
        return False
    assumed.append(f"not compiled, as {frameworks()[framework].title} starts")
    return True


def _attention(notes: str, year: int, framework: str) -> Mapping[str, float]:
    """What notes say of fused attention: none, the first kernel (all that "FlashAttention" was until 2023), a later.

    A bias on the scores (ALiBi) is nothing that fused kernels take before FlashAttention 2.4, unless said otherwise.
    """
    if re.search(UNFUSED, notes):
        split = framework not in FUSED_SOFTMAX
        return {"fused_attention": 0.0, **({"fused_elementwise": SPLIT} if split else {})}
    found = re.search(FLASH, notes)
    if found is None:
        biased = re.search(r"\balibi\b", notes) and framework not in ALIBI_FUSED
        return {"fused_attention": 0.0} if biased and year <= FIRST_FLASH else {}
    version = found[1] or found[2]
    if version is None and year > FIRST_FLASH:
        return {}
    return {"fused_attention": 1.0, "attention_rate": 0.5 if version in (None, "1") else 1.0}


@cache
def _numbers_of_era(name: str) -> tuple[tuple[str, float], ...]:
    found = software([name])
    return tuple((f.name, float(getattr(found, f.name)[0])) for f in fields(found))


def _era(name: str) -> dict[str, float]:
    return dict(_numbers_of_era(name))


# --- What is computed again in the backward pass ---------------------------------------------------------------------


def _decide_recomputation(run: Run, name: str) -> None:
    """Shares of a block and of its attention core that the backward pass computes again.

    As the row says, in its framework's sense of "selective"; a blank as the framework does. Where memory then does not
    suffice it is of attention cores alone, else full, but in NVIDIA's recipes and in stacks of those who train with
    thousands of accelerators, which turn on what else saves memory.
    """
    framework = frameworks()[name]
    c, word = run.configuration, run.case.text("recompute").lower()
    if name == "vtrain" and run.machine and run.gpus <= run.machine.server:
        # The column says full, from the simulator's files; but on one server, from hidden 1,024 to 2,048, a layer's
        # time grows by less than four passes through its linears would take at the peak of an A100. Three passes fit.
        # Over several servers its layouts (39 billion parameters, micro-batches of 24) need the memory.
        run.assumed.append("no recomputation: the time of a layer has room for three passes")
        return
    if not word:
        kind: str = "none" if framework.recompute == "memory" else framework.recompute
        crowded = kind != "full" and name not in SPARING and not _fits(run, name, kind)
        if crowded and _shards_optimiser(run):
            crowded = not _fits(run, name, kind)
        crowded = crowded and not _thousands(run, name)
        if not crowded:
            run.assumed.append(f"recomputation: {kind}, as {framework.title}")
        elif c["tp"] > 1.0 and framework.sequence_parallel_from and _fits(run, name, "selective"):
            kind = "selective"  # with sequence parallelism, as arXiv 2205.05198 proposes in place of full
            run.assumed.append("selective recomputation, for activations do not fit")
        else:
            kind = "full"
            run.assumed.append("full recomputation, for activations do not fit")
    else:
        known = next((kind for words, kind in RECOMPUTE if re.search(words, word)), None)
        if known is None:
            run.reason = f'recompute "{word}" is not known'
            return
        kind = known
    if kind == "full":
        c["recompute_block"] = 1.0
    elif kind == "selective" and framework.selective == "core":
        c["recompute_core"] = 1.0
    elif kind == "selective" and framework.selective == "operations":
        share = framework.selective_share
        c["recompute_block"] = share.value if share else 1.0
    elif kind == "selective":
        for share_of_blocks in SHARES:
            c["recompute_block"] = share_of_blocks
            if _filled(run) <= ROOM:
                break
        run.assumed.append(f"{c['recompute_block']:g} of the blocks are checkpointed")


def _thousands(run: Run, name: str) -> bool:
    """Whether a run that names no framework is of those who train with thousands of accelerators (`SPARING`)."""
    year = run.case.year or RECENT
    return not frameworks()[name].words and year >= RECENT and run.gpus >= THOUSANDS


def _shards_optimiser(run: Run) -> bool:
    """Whether the optimiser's state is sharded after all, where it is whole and memory does not suffice: it costs less
    than recomputation, and stacks have had it since 2022."""
    c = run.configuration
    if (
        c["zero_stage"]
        or c["frozen"]
        or c["dp"] == 1.0
        or (run.case.year or RECENT) < SHARDED_SINCE
    ):
        return False
    c["zero_stage"] = 1.0
    run.assumed.append("sharded optimiser, for its whole state does not fit")
    return True


def _fits(run: Run, name: str, kind: str) -> bool:
    """Whether a run with this recomputation of attention cores, and what goes with it, fits in memory."""
    kept = run.configuration
    c = {**kept, "recompute_core": float(kind == "selective")}
    c["sequence_parallel"] = _sequence_parallel(run.case, c, name, [])
    return _filled(replace(run, configuration=c)) <= USABLE


def _filled(run: Run) -> float:
    """What a run needs of its accelerators' memory [1]."""
    assert run.machine is not None
    none = np.zeros(1)
    c, era = (stacked(Configuration, [run.configuration]), stacked(Software, [run.software]))
    needed = memory_terms(c, era, Offload(none, none, none)).total()
    return float(needed[0]) / (BINARY * run.machine.memory)
