"""The page and the object of an image network's step: its time by term, and what more passes cost."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from planner.report.layouts.words import COLUMN, LABEL, VISIBLE, folded, seconds
from planner.study.layouts.images import ImageAnswer, ImageChoice
from planner.text import counted, printable

SHOWN = 5  # ways that the page lists


def image_json(of: ImageAnswer) -> str:
    """The answer as JSON, in the words of other layouts where they fit."""
    best = of.choices[0] if of.choices else None
    about: dict[str, Any] = {
        "model": of.model,
        "hardware": of.hardware,
        "gpus": of.gpus,
        "precision": of.precision,
        "software": of.software,
        "layouts": len(of.choices) + len(of.refused),
        "feasible": len(of.choices),
        "best": _choice_json(best, of) if best else None,
        "runners_up": [_choice_json(each, of) for each in of.choices[1:]],
        "refused": _choice_json(of.refused[0], of) if of.refused else None,
    }
    about |= _use(best, of) if best else {}
    return json.dumps({**about, "assumed": list(of.assumed)}, indent=1)


def image_page(of: ImageAnswer, width: int) -> str:
    """What the command prints."""
    lines = [
        f"{of.model} on {counted(of.gpus, 'GPU')}, {of.hardware}: batch of {of.batch:,} samples, {of.precision}",
        "",
    ]
    if not of.choices:
        least = min(of.refused, key=lambda each: each.memory)
        lines.append(f"Nothing fits: {_words(least)} needs {_gb(least.memory, of)}")
        return folded([*map(printable, lines)], width)
    best = of.choices[0]
    use = _use(best, of)
    lines += [
        f"dp {of.replicas}: {_words(best)}",
        f"{seconds(best.step_time)} a step, {use['samples_per_s']:,.0f} samples/s "
        f"({use['samples_per_s_per_gpu']:,.0f} a GPU), {_gb(best.memory, of)}",
        f"{use['model_tflops_per_gpu']:.0f} TFLOP/s a GPU: {use['mfu']:.0%} of the peak by model FLOPs",
        "",
        f"{'Seconds a step'.ljust(LABEL)}{'':>12}{'share':>8}",
    ]
    for name, value in best.terms.items():
        if value > VISIBLE * best.step_time:
            label = name.replace("_", " ").ljust(LABEL - 2)
            lines.append(f"  {label}{value:>12.4f}{value / best.step_time:>8.1%}")
    lines.append(f"{'step'.ljust(LABEL)}{best.step_time:>12.4f}{1:>8.0%}")
    lines += ["", f"{'Time against memory'.ljust(LABEL)}{'s a step':>12}{'memory':>{COLUMN}}"]
    for each in of.choices[:SHOWN]:
        size = f"{each.memory / 1e9:.1f} GB"
        lines.append(
            f"  {_words(each).ljust(LABEL - 2)}{each.step_time:>12.4f}{size:>{COLUMN}}".rstrip()
        )
    if of.refused:
        lines += ["", f"Does not fit: {_words(of.refused[0])}, {_gb(of.refused[0].memory, of)}"]
    lines += ["", "Assumed: " + "; ".join(of.assumed)] if of.assumed else []
    return folded([*map(printable, lines)], width)


def _words(choice: ImageChoice) -> str:
    return f"{choice.micro_batch:,} x {counted(choice.passes, 'pass', 'passes')}"


def _gb(size: float, of: ImageAnswer) -> str:
    return f"{size / 1e9:.1f} GB of {of.capacity / 1e9:.1f} GB"


def _use(choice: ImageChoice, of: ImageAnswer) -> Mapping[str, float]:
    """Samples a second, and the share of the peak that useful FLOPs are."""
    rate = of.batch / choice.step_time
    flops = of.flops / choice.step_time / of.gpus
    return {
        "samples_per_s": rate,
        "samples_per_s_per_gpu": rate / of.gpus,
        "model_tflops_per_gpu": flops / 1e12,
        "mfu": flops / of.peak,
    }


def _choice_json(choice: ImageChoice, of: ImageAnswer) -> dict[str, Any]:
    return {
        "tp": 1,
        "pp": 1,
        "dp": of.replicas,
        "cp": 1,
        "micro_batch": choice.micro_batch,
        "passes": choice.passes,
        "global_batch": of.batch,
        "step_time_s": choice.step_time,
        "memory_gib": choice.memory / 2**30,
        "terms_s": dict(choice.terms),
    }
