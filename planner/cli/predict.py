"""`planner predict training`: one layout of a training job, its time and its memory by cause."""

from __future__ import annotations

from typing import Annotated

import typer

from planner.cli.layout import Batch, Era, HostMemory, Json, Precision, Seq
from planner.cli.options import Profiles

EXAMPLES = """\
\b
Examples:
  planner predict training llama3_70b --hardware dgx_h100 --gpus 64 --tp 8 --pp 2
  planner predict training llama3_8b --hardware gh200_nvl32 --gpus 32 --zero 3 --micro-batch 2 --json
"""

predict = typer.Typer(
    help="What a job takes on given hardware, from first principles.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@predict.callback()
def _predict() -> None:
    """What a job takes on given hardware, from first principles."""


@predict.command(epilog=EXAMPLES, short_help="Step time, tokens/s and memory of one layout.")
def training(
    model: Annotated[
        str, typer.Argument(metavar="MODEL", help="A model of the profiles.", show_default=False)
    ],
    gpus: Annotated[int, typer.Option("--gpus", metavar="N", min=1, help="Accelerators.")],
    hardware: Annotated[
        str,
        typer.Option("--hardware", metavar="NAME", help="A node, a system or an accelerator."),
    ],
    tp: Annotated[int, typer.Option("--tp", metavar="N", min=1, help="Tensor parallel.")] = 1,
    pp: Annotated[int, typer.Option("--pp", metavar="N", min=1, help="Pipeline stages.")] = 1,
    cp: Annotated[int, typer.Option("--cp", metavar="N", min=1, help="Context parallel.")] = 1,
    ep: Annotated[
        int | None,
        typer.Option(
            "--ep", metavar="N", min=1, help="Ranks that share the experts. Default: the most."
        ),
    ] = None,
    interleave: Annotated[
        int, typer.Option("--interleave", metavar="N", min=1, help="Chunks of a stage.")
    ] = 1,
    micro_batch: Annotated[
        int, typer.Option("--micro-batch", metavar="N", min=1, help="Sequences of a pass.")
    ] = 1,
    zero: Annotated[
        int | None,
        typer.Option(
            "--zero",
            metavar="STAGE",
            min=0,
            max=3,
            help="Sharding over replicas. Default: 1, the optimiser.",
        ),
    ] = None,
    shard_group: Annotated[
        int | None,
        typer.Option(
            "--shard-group", metavar="N", min=1, help="Ranks that share weights with --zero 3."
        ),
    ] = None,
    recompute: Annotated[
        str, typer.Option("--recompute", metavar="WHAT", help="none, selective or full.")
    ] = "none",
    sequence_parallel: Annotated[
        bool | None,
        typer.Option(
            "--sequence-parallel/--no-sequence-parallel", help="Default: with tensor parallelism."
        ),
    ] = None,
    offload: Annotated[
        str | None,
        typer.Option("--offload", metavar="A,B", help="Kept on the host: optimiser, activations."),
    ] = None,
    failures: Annotated[
        float | None,
        typer.Option(
            "--failures",
            metavar="N",
            min=0,
            help="Interruptions a day of 1,000 nodes of eight GPUs. Default: 4.21, Llama 3's.",
        ),
    ] = None,
    batch: Batch = None,
    seq: Seq = None,
    precision: Precision = None,
    software: Era = None,
    host_memory: HostMemory = None,
    profiles: Profiles = None,
    json: Json = False,
) -> None:
    """Step time, tokens/s, utilisation and memory of one layout, by cause; refused where it does not fit."""
    from planner.cli.output import width, write
    from planner.errors import PlanForbidden, PlannerError
    from planner.report.layouts import one as report
    from planner.study.layouts.images import image_model_of
    from planner.study.layouts.jobs import wanted
    from planner.study.layouts.one import Asked, one
    from planner.study.layouts.use import FAILURES

    if image_model_of(model, profiles or ()) is not None:
        raise PlannerError(f"{model} is trained data parallel alone: planner layout has its step")
    of = wanted(model, hardware, gpus, batch, seq, precision, software, profiles or (), host_memory)
    moved = tuple(word.strip() for word in (offload or "").split(",") if word.strip())
    asked = Asked(
        tp,
        pp,
        cp,
        ep,
        interleave,
        micro_batch,
        zero,
        shard_group,
        recompute,
        sequence_parallel,
        moved,
    )
    choice, missing = one(of, asked)
    often = FAILURES if failures is None else failures
    if json:
        write(report.prediction_json(choice, of, often))
    else:
        write(report.prediction(choice, of, width(), often))
    if missing:
        raise PlanForbidden(missing)
