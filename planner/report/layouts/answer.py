"""What a search over layouts found, as JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from planner.perf.training_step.layouts import Choice
from planner.perf.training_step.memory import GIB
from planner.report.layouts.words import recomputation
from planner.study.layouts.jobs import Wanted
from planner.study.layouts.search import Found
from planner.study.layouts.use import utilisation

if TYPE_CHECKING:
    pass


def layout_json(choice: Choice) -> dict[str, Any]:
    """A layout as an object: whole numbers, words, time and memory."""
    layout = choice.layout
    return {
        "tp": int(layout["tp"]),
        "pp": int(layout["pp"]),
        "dp": int(layout["dp"]),
        "cp": int(layout["cp"]),
        "ep": int(layout["ep"]),
        "interleave": int(layout["vpp"]),
        "micro_batch": int(layout["micro_batch"]),
        "global_batch": int(layout["global_batch"]),
        "recompute": recomputation(choice),
        "zero_stage": int(layout["zero_stage"]),
        "shard_group": int(layout["shard_group"]),
        "sequence_parallel": bool(layout["sequence_parallel"]),
        "offload_optimiser": bool(layout["offload_optimiser"]),
        "offload_activations": bool(layout["offload_activations"]),
        "step_time_s": choice.step_time,
        "memory_gib": choice.memory / GIB,
        "terms_s": dict(choice.terms),
        "memory_terms_gib": {name: size / GIB for name, size in choice.memory_terms.items()},
    }


def found_json(found: Found) -> dict[str, Any]:
    """What a search found as an object."""
    refused = found.refused
    return {
        "layouts": found.layouts,
        "feasible": found.feasible,
        "seconds": found.seconds,
        "best": layout_json(found.best) if found.best else None,
        "runners_up": [layout_json(each) for each in found.runners_up],
        "pareto": [layout_json(each) for each in found.front],
        "refused": None
        if refused is None
        else layout_json(refused.choice)
        | {
            "missing_gib": refused.missing / GIB,
            "missing_host_gib": refused.missing_host / GIB,
        },
    }


def search_json(found: Found, of: Wanted) -> str:
    """The whole answer of a search."""
    about = {
        "model": of.model,
        "hardware": of.hardware,
        "gpus": of.gpus,
        "batch": of.batch,
        "seq": int(of.job.seq),
        "precision": of.precision,
        "software": of.software,
        "assumed": list(of.assumed),
    }
    more = dict(utilisation(of.job, found.best, of.gpus)) if found.best else {}
    return json.dumps(found_json(found) | more | about, indent=1)
