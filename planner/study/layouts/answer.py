"""The answer to a search of a task file: how many layouts, how many fit, and the best of them, in the file's words."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from planner.perf.training_step.layouts import chosen, detail, evaluate, fits, ranked, taken
from planner.perf.training_step.memory import GIB
from planner.study.layouts.jobs import job_of_task
from planner.study.layouts.task import WAYS, communication, enumerated, read

LABEL = 22  # characters of a term's name


@dataclass(frozen=True)
class Answer:
    """What a search of a file found."""

    search: str
    layouts: int
    feasible: int
    seconds: float
    best: Mapping[str, Any] | None
    assumed: tuple[str, ...]

    def json(self) -> str:
        """As one object."""
        return json.dumps(vars(self), indent=1)

    def text(self) -> str:
        """In a few lines."""
        head = (
            f"{self.search}: {self.layouts:,} layouts, {self.feasible:,} fit; {self.seconds:.2f} s"
        )
        if self.best is None:
            return f"{head}\nNone fits in the memory of the file's system.\n"
        shown = [
            f"  {name}: {value:.4g}"
            if isinstance(value, float)
            else f"  {name}: {str(value).lower()}"
            for name, value in self.best.items()
            if name != "terms_s"
        ]
        terms = {name: value for name, value in self.best["terms_s"].items() if value > 0.0}
        parts = [f"  {name.replace('_', ' ').ljust(LABEL)}{terms[name]:>8.3f}" for name in terms]
        lines = [head, "best", *shown, "seconds a step", *parts]
        return "\n".join([*lines, *(f"Assumed: {each}" for each in self.assumed)]) + "\n"


def answered(file: Path, name: str) -> Answer:
    """Run one search of a file."""
    search = read(file, name)
    job, assumed = job_of_task(search)
    begun = time.perf_counter()
    listed = enumerated(search, job)
    found = evaluate(listed.layouts, job)
    feasible = fits(found, job.store) & listed.placed
    order = ranked(found, feasible)
    seconds = time.perf_counter() - begun
    best = None
    if len(order):
        row = order[:1]
        choice = chosen(detail(taken(listed.layouts, row), job))
        layout = choice.layout
        way = (layout["recompute_block"], layout["recompute_core"])
        ways = {shares: name for name, shares in WAYS.items()}
        tiers = [int(tier[row[0]]) for tier in listed.tiers]
        best = {
            "tp": int(layout["tp"]),
            "pp": int(layout["pp"]),
            "dp": int(layout["dp"]),
            "batch_size": int(layout["global_batch"]),
            "microbatch_size": int(layout["micro_batch"]),
            "pipeline_interleaving": int(layout["vpp"]),
            "activation_recompute": ways[way],
            "optimizer_sharding": bool(layout["zero_stage"]),
            "tensor_par_comm_type": communication(
                layout["sequence_parallel"], layout["scattered_sends"]
            ),
            "seq_par_ag_redo": bool(layout["gathered_twice"]),
            "tensor_par_net": tiers[0],
            "pipeline_par_net": tiers[1],
            "data_par_net": tiers[2],
            "step_time_s": choice.step_time,
            "sample_rate": layout["global_batch"] / choice.step_time,
            "memory_gib": choice.memory / GIB,
            "terms_s": dict(choice.terms),
        }
    return Answer(name, len(listed.layouts), int(feasible.sum()), seconds, best, assumed)
