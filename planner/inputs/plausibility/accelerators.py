"""Are an accelerator's rates dense, its link one direction, its memory usable, and is it one GPU?"""

from __future__ import annotations

import numpy as np

from planner.inputs.plausibility.finding import Findings, Implausible, Shelf, shown, value
from planner.inputs.plausibility.generations import (
    ADVERTISED,
    BY_GENERATION,
    C2C,
    CLOCK,
    CUT_LINKS,
    DENSITIES,
    DENSITY_DECIDES,
    GH200_LARGE,
    GRACE,
    GRACES,
    GRAPHICS_AMPERE,
    JOINED,
    LINK_FOR_CHINA,
    PEER_LINK,
    TERA,
    Family,
)
from planner.inputs.profiles import Accelerator, Profile
from planner.perf.export import total_processing_performance

FORMATS = ("tf32", "fp8", "fp4", "int8")
ROUNDING = 0.05  # data sheets round; 15 against 14 petaFLOP/s of a B300's 4-bit is 7 %
MM2 = 1e-6


def rules(profile: Profile, shelf: Shelf) -> Findings:
    """What of an accelerator cannot be."""
    if not isinstance(profile, Accelerator) or profile.generation is None:
        return
    family = BY_GENERATION[profile.generation]
    yield from _ratios(profile, family)
    yield from _sparse(profile, family)
    yield from _export(profile)
    yield from _links(profile, family)
    yield from _memory(profile, family)
    yield from _superchip(profile)


def _ratios(chip: Accelerator, family: Family) -> Findings:
    """Rates of the other formats over bf16, and formats that the generation lacks."""
    base = chip.bf16.value
    for name in FORMATS:
        rate = value(getattr(chip, name))
        if not rate:
            continue
        known = family.ratios.get(name)
        if known is None:
            yield Implausible(
                (name,), shown(rate, "FLOP/second"), f"null: {chip.generation} has no {name}"
            )
        elif not any(abs(rate / base / each - 1) < _tolerance(each) for each in known):
            dense = " or ".join(shown(each * base, "FLOP/second") for each in known)
            yield Implausible(
                (name,),
                f"{shown(rate, 'FLOP/second')}, {rate / base:.3g} x bf16",
                f"{dense} dense",
            )
    ultra = value(chip.fp4) > 5 * base
    integers = value(chip.int8)
    if "fp4" in family.ratios and integers and ultra != (integers < 0.5 * base):
        yield Implausible(
            ("int8",),
            f"{shown(integers, 'FLOP/second')} beside {shown(value(chip.fp4), 'FLOP/second')} of fp4",
            "8-bit integers all but gone where 4-bit is three times 8-bit float (Blackwell Ultra)",
        )


def _tolerance(ratio: float) -> float:
    """How far a rounded rate may be off; what Blackwell Ultra keeps of int8 is 157 to 165, by the page."""
    return 0.1 if ratio < 0.1 else ROUNDING


def _sparse(chip: Accelerator, family: Family) -> Findings:
    """Rates that only the sparse headline gives, by clock and by power; two GPUs given as one."""
    rate, factor = chip.bf16.value, chip.sparsity_factor.value
    half = f"{shown(rate / 2, 'FLOP/second')} if the figure is the sparse headline"
    if factor not in family.sparsity:
        expected = " or ".join(f"{each:g}" for each in family.sparsity)
        yield Implausible(("sparsity_factor",), f"{factor:g}", f"{expected} for {chip.generation}")
    processors = value(chip.processors)
    if family.processors and processors > family.processors:
        yield Implausible(
            ("processors",),
            f"{processors:g}",
            f"at most {family.processors:g} in one GPU of {chip.generation}; a profile is one GPU",
        )
    if family.flops and processors:
        graphics = chip.generation == "ampere" and not value(chip.fp64)
        clock = rate / (processors * (GRAPHICS_AMPERE if graphics else family.flops))
        if not CLOCK[0] < clock < CLOCK[1]:
            yield Implausible(
                ("bf16",),
                f"{shown(rate, 'FLOP/second')}, a clock of {clock / 1e9:.3g} GHz on {processors:g} processors",
                half if clock > CLOCK[1] else "a faster clock",
            )
    if family.per_watt and rate / chip.power.value > family.per_watt:
        yield Implausible(
            ("bf16",),
            f"{shown(rate, 'FLOP/second')}, {rate / chip.power.value / TERA:.3g} TFLOP/s a watt",
            f"at most {family.per_watt / TERA:g} of {chip.generation}; {half}",
        )


def _export(chip: Accelerator) -> Findings:
    """Performance density: published for some, and needed where it decides the class of what is for sale."""
    formats = [(chip.bf16, 16), (chip.fp8, 8), (chip.fp4, 4), (chip.int8, 8), (chip.fp64, 64)]
    rates = [(np.array(value(cell)), bits) for cell, bits in formats]
    performance = float(total_processing_performance(rates))
    area = value(chip.die_area) / MM2
    known = DENSITIES.get((chip.chip or "", chip.form or ""))
    if known and area and abs(performance / area / known - 1) > ROUNDING:
        yield Implausible(
            ("bf16",),
            f"a performance density of {performance / area:.3g}",
            f"the published {known:g}, which counts dense rates alone",
        )
    decides = DENSITY_DECIDES[0] <= performance < DENSITY_DECIDES[1]
    if decides and chip.price is not None and not area:
        yield Implausible(
            (),
            f"a total processing performance of {performance:.0f} without die_area",
            "die_area: between 1,600 and 4,800 the density decides the export class",
        )


def _links(chip: Accelerator, family: Family) -> Findings:
    """Scale-up bandwidth is that of all links of a chip in one direction."""
    link = chip.link_bandwidth.value
    found = shown(link, "byte/second")
    if chip.chip in ("A800", "H800") and link != LINK_FOR_CHINA:
        yield Implausible(
            ("link_bandwidth",),
            found,
            f"{shown(LINK_FOR_CHINA, 'byte/second')}: 400 GB/s in both directions",
        )
    elif family.link and link > family.link * (1 + ROUNDING):
        yield Implausible(
            ("link_bandwidth",),
            found,
            f"at most {shown(family.link, 'byte/second')} in one direction for {chip.generation}",
        )
    elif chip.generation == "cdna3" and link <= PEER_LINK:
        yield Implausible(
            ("link_bandwidth",),
            f"{found}, the wire to one peer",
            f"{shown(family.link, 'byte/second')}, the sum over seven (the node says scale_up: mesh)",
        )
    elif chip.form in JOINED and link < CUT_LINKS * family.link:
        yield Implausible(
            ("link_bandwidth",),
            found,
            f"at least {shown(CUT_LINKS * family.link, 'byte/second')} of all links, in bytes, for {chip.form}",
        )


def _memory(chip: Accelerator, family: Family) -> Findings:
    """What a job can use, of one GPU."""
    memory = chip.memory.value
    advertised = ADVERTISED.get(chip.chip or "", GH200_LARGE if chip.chip == "GH200" else 0.0)
    if advertised and memory == advertised:
        yield Implausible(
            ("memory",),
            f"{shown(memory, 'byte')}, what is on the package",
            "what a job can use of it, which is less",
        )
    elif family.memory and memory > family.memory:
        yield Implausible(
            ("memory",),
            shown(memory, "byte"),
            f"at most {shown(family.memory, 'byte')} of one GPU of {chip.generation}",
        )


def _superchip(chip: Accelerator) -> Findings:
    """A Grace beside one GPU (Hopper) or two (Blackwell): its memory, its bandwidth by size, its link."""
    graces = GRACES.get(chip.generation or "")
    if chip.form != "superchip" or graces is None:
        return
    size = value(chip.host_memory) / graces
    expected = f"the share of one GPU: {graces:g} of a Grace's"
    if size not in GRACE:
        modules = " or ".join(shown(graces * each, "byte") for each in GRACE)
        yield Implausible(
            ("host_memory",), shown(graces * size, "byte"), f"{modules}, {expected} memory"
        )
    elif value(chip.host_memory_bandwidth) != graces * GRACE[size]:
        yield Implausible(
            ("host_memory_bandwidth",),
            shown(value(chip.host_memory_bandwidth), "byte/second"),
            f"{shown(graces * GRACE[size], 'byte/second')} with {shown(size, 'byte')} a Grace, {expected}",
        )
    if value(chip.host_link_bandwidth) != graces * C2C:
        yield Implausible(
            ("host_link_bandwidth",),
            shown(value(chip.host_link_bandwidth), "byte/second"),
            f"{shown(graces * C2C, 'byte/second')} in one direction, {expected} NVLink-C2C",
        )
