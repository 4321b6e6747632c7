"""How do frameworks run expert layers: who dispatches, what is captured in graphs, what is computed again?

By framework, release, model and accelerator, as the frameworks' own benchmark recipes have it: Megatron-Bridge,
scripts/performance/configs and src/megatron/bridge/perf_recipes; NeMo Automodel, examples/llm_benchmark. Numbers of
kernels are assumed; they follow from counts of the guide "Optimizing DeepSeek-V3 training performance on NVIDIA GB200
NVL72" (Megatron-LM, docs/discussions): 72 kernels in an unfused router, 31 fused, 17 with the dispatch's own
preprocessing; a matmul an expert on several streams, for each of the experts' two linears; a wait for token counts in
every layer until counts stay on the device. Done: NVIDIA's and native PyTorch's stacks since 2025. Not done: other
stacks' expert layers (taken for Megatron-Core's with NCCL).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from planner.perf.training_step.constants import MMA_SYNC
from planner.validation.cases import Case

Flags = Mapping[str, float]

# NCCL's all-to-all, permutation by kernels of its own, everything launched by the host.
EAGER: Flags = dict(
    dispatch_overlap=0, shared_overlap=0, gathered_map=0, rack_rate=1, fused_dispatch=0, fused_experts=0, stashed=0,
    mixer_kernels=40, layer_kernels=80, expert_kernels=2, synchronous=1,
    expert_rate=1,
)  # fmt: skip
HYBRID: Flags = {**EAGER, "gathered_map": 1, "fused_dispatch": 1}  # HybridEP in its place
# Graphs of attention, state spaces, router and preprocessing; the experts are launched by the host.
PARTIAL: Flags = {**HYBRID, "mixer_kernels": 2, "layer_kernels": 52}
UNFUSED_PARTIAL: Flags = {**PARTIAL, "gathered_map": 0, "fused_dispatch": 0}
# One graph of a whole step, token counts on the device, activation and casts within grouped matmuls, dispatch beside
# another micro-batch's kernels; buffers of fixed size, what they hold packed into pages (paged stash).
WHOLE: Flags = {
    **HYBRID, "dispatch_overlap": 1, "fused_experts": 1, "stashed": 1, "mixer_kernels": 0, "layer_kernels": 0,
    "expert_kernels": 0, "synchronous": 0,
}  # fmt: skip
# PyTorch with DeepEP and one grouped matmul for all experts; shared experts on a stream of their own (Automodel,
# components/moe/layers.py).
NATIVE: Flags = {
    **EAGER, "shared_overlap": 1, "fused_dispatch": 1, "mixer_kernels": 17, "layer_kernels": 35, "expert_kernels": 0,
}  # fmt: skip
# As many tokens for every expert: nothing to wait for, and fewer kernels around the experts.
DROPPED: Flags = {**EAGER, "layer_kernels": 52, "synchronous": 0}
BESIDE: Flags = {"dispatch_overlap": 1}
LATENT: Flags = {"recompute_latent": 1}
ACTIVATION: Flags = {"recompute_activation": 1}
EXPERTS_CORE: Flags = {"recompute_experts": 1, "recompute_core": 1}
MAMBA_GRAPHS: Flags = {**HYBRID, "mixer_kernels": 10}  # 23 of the 29 mixers are captured


@dataclass(frozen=True)
class Recipe:
    """What a framework's recipe sets for a model on an accelerator."""

    words: str
    software: Flags
    recompute: Flags = field(default_factory=dict)
    era: Flags = field(default_factory=dict)  # what it changes of the dense layers' era


ANY = ""
# Earlier releases dispatch by NCCL or DeepEP, which in a rack of GB200 reach 400 GB/s one way and 190 the other of 900
# (the guide above, section 2.2.1; NCCL as fast as that), 257 on average where NCCL reaches 706 in a server.
HYBRID_SINCE, RACK_RATE = "25.11", 0.36
# Time of a launch on Grace over that on the hosts of HGX servers: an empty kernel launches in 2.77 us on GH200, 2.37
# with a Xeon, 2.26 with an EPYC (Vellaisamy et al., arXiv 2504.11750, from memory).
GRACE = 1.2
LAUNCHED = ("mixer_kernels", "layer_kernels", "expert_kernels")
# model, GPU and precision (patterns), first release, recipe. The first that fits counts.
RECIPES: tuple[tuple[str, str, str, str, Recipe], ...] = (
    (r"qwen3.*tokendrop", ANY, ANY, "", Recipe("a fixed number of tokens an expert", DROPPED)),
    (r"qwen3|deepseek|gpt oss|kimi", r"^gb[23]00", r"mxfp8", "26.06", Recipe(
        "one graph of the whole step, dispatch overlapped", WHOLE)),
    (r"deepseek|kimi", r"^b300", r"mxfp8", "26.06", Recipe(
        "one graph of the whole step, dispatch overlapped", WHOLE, LATENT)),
    (r"qwen3 235b", r"^h", ANY, "", Recipe("NCCL all-to-all, overlapped", {**EAGER, **BESIDE})),
    (r"qwen3 235b", r"^b[23]00", ANY, "", Recipe("NCCL all-to-all", EAGER)),
    (r"qwen3", r"^h", ANY, "", Recipe("HybridEP without graphs", HYBRID)),
    (r"gpt oss", r"^(h|b200|gb200)", ANY, "", Recipe(
        "NCCL all-to-all, activations of experts computed again", EAGER, ACTIVATION)),
    (r"gpt oss", ANY, ANY, "", Recipe("NCCL all-to-all, graphs", UNFUSED_PARTIAL)),
    (r"deepseek|kimi", r"^b200", r"mxfp8|nvfp4", "26.04.01", Recipe(
        "DeepEP overlapped, graphs", {**PARTIAL, **BESIDE}, LATENT)),
    (r"deepseek|kimi", r"^(h|b200)", ANY, "", Recipe("HybridEP without graphs", HYBRID, LATENT)),
    (r"deepseek|kimi", ANY, ANY, "", Recipe("HybridEP, graphs", PARTIAL, LATENT)),
    (r"nemotron.*nano", r"^h", ANY, "", Recipe(
        "HybridEP, graphs of Mamba layers, expert layers and attention core computed again", MAMBA_GRAPHS,
        EXPERTS_CORE)),
    (r"nemotron.*super", r"^b200", ANY, "", Recipe(
        "HybridEP without graphs, activations of experts computed again", HYBRID, ACTIVATION)),
    (r"nemotron.*super", r"^gb200", ANY, "", Recipe(
        "HybridEP, graphs, expert layers and attention core computed again", PARTIAL, EXPERTS_CORE)),
    (ANY, r"^h", ANY, "", Recipe("NCCL all-to-all without graphs", EAGER)),
    (ANY, ANY, ANY, "", Recipe("HybridEP, graphs", PARTIAL)),
)  # fmt: skip
# Linears, norms and attention of TransformerEngine (Automodel's column of kernel optimisations: TE + DeepEP).
TRANSFORMER_ENGINE: Flags = {"native_attention": 1, "fused_elementwise": 1}
NATIVE_RECIPE = Recipe(
    "TransformerEngine, DeepEP and grouped matmuls, all layers computed again",
    NATIVE,
    {"recompute_block": 1},
    TRANSFORMER_ENGINE,
)

# Dropless experts as one block-sparse matmul (Gale et al., MegaBlocks, arXiv 2211.15841) on every replica; its kernels
# are written for Ampere's instructions.
SHARDED_RECIPE = Recipe("one sparse matmul for all experts", {**EAGER, "expert_kernels": 0})
SPARSE_ON_HOPPER: Flags = {"expert_rate": MMA_SYNC}


# Further tokens that a model's training predicts in these benchmarks, and modules with weights for them.
FURTHER: tuple[tuple[str, float, float], ...] = (
    (r"deepseek ?v3|deepseek ?r1", 1.0, 1.0),
    (r"nemotron.*(super|ultra|lightning)", 2.0, 1.0),  # one module, used twice
)
NARROW = r"nemotron"  # in 4 bit keeps attention, projections and outputs of Mamba layers in 16 (Nemotron 3, 2025)
NOT_MODELLED = (  # kinds of layers that the step does not have
    (r"deepseek ?v4", "attention over compressed keys, several residual streams that mix"),
    (r"deepseek ?v3 2", "attention to tokens that an indexer chooses"),
    (r"qwen ?3 (next|5|6|8)", "gated delta networks"),
    (r"kimi (k3|linear)", "delta attention"),
    (r"glm ?5", "attention to tokens that an indexer chooses"),
)


def plain(name: str) -> str:
    """A name in small letters, everything but letters and digits a blank."""
    return re.sub(r"[^a-z0-9]+", " ", name.lower()).strip()


def further_predictions(name: str) -> tuple[float, float]:
    """Further tokens that a model's training predicts, and modules with weights for them."""
    words = plain(name)
    return next(((n, own) for pattern, n, own in FURTHER if re.search(pattern, words)), (0.0, 0.0))


def release_of(case: Case) -> str:
    """Release of the container, as 26.04.01; that of the row's year where none is stated."""
    stated = re.search(
        r"\b2[3-9]\.\d\d(?:\.\d\d)?\b", case.text("source") + " " + case.text("notes")
    )
    return stated[0] if stated else f"{(case.year or 2025) % 100}.02"


def precision_words(case: Case) -> str:
    """The precision, by the notes' label where they have one."""
    label = re.search(r"precision label ([\w-]+)", case.text("notes").lower())
    words = (label[1] if label else case.text("precision").lower()).replace("-", "")
    return "mxfp8" if words in ("fp8mx", "mxfp8") else words


# DeepSeek-V3's own stack: two micro-batches in opposite directions through the pipeline, the dispatch of one beside the
# kernels of the other, by kernels of its own; latent projections computed again (arXiv 2412.19437, section 3.2).
DUAL = r"dual-?pipe|2412\.19437|deepseek-v3 (technical|report|paper|readme)|deepseek-ai/deepseek-v3"
DUAL_RECIPE = Recipe("DualPipe: dispatch beside another micro-batch", {**HYBRID, **BESIDE}, LATENT)


def recipe_of(case: Case, model: str, native: bool, apart: bool) -> Recipe:
    """The recipe of a row; `model` is its name in plain words, `native` a stack of native PyTorch.

    `apart`: that stack puts experts on different replicas by default.
    """
    if native:
        if apart:
            return NATIVE_RECIPE
        hopper = case.gpu.lower().startswith(("h1", "h2", "h8", "gh", "nvidia h"))
        software = {**SHARDED_RECIPE.software, **(SPARSE_ON_HOPPER if hopper else {})}
        return replace(SHARDED_RECIPE, software=software)
    if re.search(DUAL, case.words):
        return DUAL_RECIPE
    gpu, precision, release = case.gpu.lower(), precision_words(case), release_of(case)
    recipe = next(
        recipe
        for name, part, bits, since, recipe in RECIPES
        if re.search(name, model)
        and re.search(part, gpu)
        and re.search(bits, precision)
        and release >= since
    )
    software, words = dict(recipe.software), recipe.words
    if release < HYBRID_SINCE:
        software |= {"gathered_map": 0, "fused_dispatch": 0, "rack_rate": RACK_RATE}
        words += f", by NCCL before {HYBRID_SINCE}"
    if gpu.startswith(("gb", "gh")):
        software |= {name: GRACE * software[name] for name in LAUNCHED}
    return replace(recipe, words=words, software=software)
