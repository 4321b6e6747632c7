"""Orders that hold for every training step: more work takes no less time, better hardware takes no more."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from planner.inputs.training import machine, software, system_of
from planner.perf.training_step.configuration import Configuration, Software, System
from planner.perf.training_step.constants import FITTED, constants_of
from planner.perf.training_step.layer import layer_parameters
from planner.perf.training_step.step import StepTerms, step_terms, step_time

GENERATIONS = {
    "v100_32": "volta", "a100_40": "ampere", "a100_80": "ampere", "a100_pcie_80": "ampere", "a10": "ampere",
    "h100_sxm": "hopper", "h800": "hopper", "h20": "hopper", "h200": "hopper", "gh200_96": "hopper", "l40s": "ada",
    "mi250x": "cdna2", "mi300x": "cdna3", "b200": "blackwell", "gb200": "blackwell", "tpu_v4": "tpu",
}  # fmt: skip
SYSTEMS: dict[str, System] = {name: system_of([machine(name)], [16], 4096) for name in GENERATIONS}
ERAS: dict[str, Software] = {
    name: software([name])
    for name in ("megatron_2021", "deepspeed_pipeline", "fsdp_2023", "fsdp_2024", "nvidia_2024")
}
ROUNDING = 1 + 1e-9


def arrays(**numbers: float) -> dict[str, np.ndarray]:
    return {name: np.array([float(x)]) for name, x in numbers.items()}


@st.composite
def configurations(draw: st.DrawFn) -> Configuration:
    """Anything that divides: odd counts of accelerators and heads of odd widths as well."""
    heads, width = draw(st.integers(1, 128)), draw(st.integers(1, 256))
    tp, pp = draw(st.sampled_from([1, 2, 3, 4, 8, 16])), draw(st.integers(1, 12))
    dp, cp = draw(st.integers(1, 96)), draw(st.sampled_from([1, 1, 1, 2, 4, 8]))
    micro = draw(st.integers(1, 16))
    layers = draw(st.integers(pp, 130))
    zero = draw(st.sampled_from([0, 1, 3]))
    return Configuration(
        **arrays(
            layers=layers, hidden=heads * width, heads=heads, kv_heads=draw(st.sampled_from([heads, 1])),
            ffn=draw(st.integers(1, 4)) * heads * width, gated=draw(st.integers(0, 1)),
            vocab=draw(st.integers(1, 260_000)), seq=draw(st.sampled_from([1, 7, 512, 2048, 8192, 131072])),
            global_batch=micro * dp * draw(st.integers(1, 64)), micro_batch=micro, tp=tp, pp=pp,
            vpp=draw(st.sampled_from([1, 1, 2, 5])), cp=cp, dp=dp, zero_stage=zero,
            shard_group=dp * cp if zero == 3 else 1, recompute_block=draw(st.sampled_from([0, 1 / 3, 1])),
            recompute_core=draw(st.sampled_from([0, 1])),
            sequence_parallel=draw(st.integers(0, 1)) * (tp > 1), frozen=draw(st.sampled_from([0, 0, 0, 1])),
            linear_bits=16,
        )
    )  # fmt: skip


def parts(c: Configuration, chip: str, era: str, s: System | None = None) -> StepTerms:
    k = constants_of(FITTED, [GENERATIONS[chip]], c.linear_bits, ERAS[era].native_attention)
    return step_terms(c, s or SYSTEMS[chip], ERAS[era], k)


def seconds(c: Configuration, chip: str, era: str, s: System | None = None) -> float:
    return float(step_time(parts(c, chip, era, s))[0])


CASES = (configurations(), st.sampled_from(sorted(GENERATIONS)), st.sampled_from(sorted(ERAS)))


@settings(max_examples=60, deadline=None)
@given(*CASES)
def test_parts_are_finite_not_negative_and_sum_to_the_step(
    c: Configuration, chip: str, era: str
) -> None:
    found = parts(c, chip, era)
    values = np.array([getattr(found, f.name)[0] for f in fields(found)])
    assert np.isfinite(values).all()
    assert (values >= -1e-12 * values.sum()).all()
    assert values.sum() > 0.0
    assert np.isclose(values.sum(), step_time(found)[0])


@settings(max_examples=60, deadline=None)
@given(*CASES)
def test_no_step_beats_the_peak_of_the_chip(c: Configuration, chip: str, era: str) -> None:
    flops = (6.0 - 2.0 * c.frozen) * layer_parameters(c) * c.layers * c.global_batch * c.seq
    ideal = flops / SYSTEMS[chip].peak_16 / (c.tp * c.pp * c.dp * c.cp)
    assert seconds(c, chip, era) > ideal[0]


@settings(max_examples=60, deadline=None)
@given(
    *CASES,
    st.sampled_from(
        ["layers", "global_batch", "seq", "ffn", "recompute_block", "heads of a key", "vocab"]
    ),
)
def test_more_work_takes_no_less_time(c: Configuration, chip: str, era: str, what: str) -> None:
    if what == "heads of a key":
        more = replace(c, kv_heads=c.heads)
    elif what == "recompute_block":
        more = replace(c, recompute_block=np.ones(1))
    elif what == "vocab":
        # twice as wide keeps the alignment of a shard, or betters it: an aligned one is the fair comparison
        assume(c.vocab[0] % (8 * c.tp[0]) == 0)
        more = replace(c, vocab=2.0 * c.vocab)
    elif what == "layers":
        more = replace(c, layers=c.layers + c.pp)
    else:
        more = replace(c, **{what: 2.0 * getattr(c, what)})
    assert seconds(more, chip, era) * ROUNDING >= seconds(c, chip, era)


@settings(max_examples=60, deadline=None)
@given(
    *CASES,
    st.sampled_from(["peak", "memory_rate", "nvlink", "nic", "cache", "power"]),
    st.floats(1.01, 8.0),
)
def test_a_faster_accelerator_is_never_slower(
    c: Configuration, chip: str, era: str, what: str, times: float
) -> None:
    s = SYSTEMS[chip]
    names = ["peak_16", "peak_linear"] if what == "peak" else [what]
    better = replace(s, **{name: times * getattr(s, name) for name in names})
    assert seconds(c, chip, era, better) <= seconds(c, chip, era) * ROUNDING


# Each has no less of anything than the one before it, on a machine with no worse links.
LADDER = [
    ("v100_32", "a100_40"), ("a100_40", "a100_80"), ("a100_80", "h100_sxm"), ("h100_sxm", "h200"),
    ("h200", "b200"),
]  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(configurations(), st.sampled_from(LADDER), st.sampled_from(sorted(ERAS)))
def test_a_later_accelerator_is_never_slower(
    c: Configuration, pair: tuple[str, str], era: str
) -> None:
    older, newer = pair
    assert seconds(c, newer, era) <= seconds(c, older, era) * ROUNDING
