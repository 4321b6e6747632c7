"""`planner layout`: the best of all legal layouts of a training job, why the next lost, time against memory."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from planner.cli.options import Profiles, folder_to_write

EXAMPLES = """\
\b
Examples:
  planner layout llama3_70b --gpus 512 --hardware gh200_nvl32
  planner layout llama3_70b --gpus 512 --hardware dgx_h100 --precision fp8 --batch 1024 --out layouts
  planner layout resnet50 --gpus 64 --hardware dgx_h100 --batch 16384
  planner layout --task layout_search_task.json --search cli-64 --json
"""

Gpus = Annotated[int | None, typer.Option("--gpus", metavar="N", min=1, help="Accelerators.")]
Hardware = Annotated[
    str | None,
    typer.Option("--hardware", metavar="NAME", help="A node, a system or an accelerator."),
]
Batch = Annotated[
    int | None,
    typer.Option(
        "--batch", metavar="N", min=1, help="Sequences a step. Default: 4 million tokens."
    ),
]
Seq = Annotated[
    int | None,
    typer.Option("--seq", metavar="N", min=1, help="Tokens of a sequence. Default: 8,192."),
]
Precision = Annotated[
    str | None,
    typer.Option(
        "--precision",
        metavar="P",
        help="Of the linears: bf16 (default; fp16 before Ampere), fp8, nvfp4.",
    ),
]
Era = Annotated[
    str | None,
    typer.Option("--software", metavar="ERA", help="What is fused and overlaps: an era's name."),
]
HostMemory = Annotated[
    float | None,
    typer.Option(
        "--host-memory",
        metavar="GB",
        min=0,
        help="Memory of the host for each GPU, for offload. Default: the profile's, as of a Grace.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def layout(
    model: Annotated[
        str | None,
        typer.Argument(metavar="MODEL", help="A model of the profiles.", show_default=False),
    ] = None,
    gpus: Gpus = None,
    hardware: Hardware = None,
    batch: Batch = None,
    seq: Seq = None,
    precision: Precision = None,
    software: Era = None,
    host_memory: HostMemory = None,
    profiles: Profiles = None,
    task: Annotated[
        Path | None,
        typer.Option("--task", metavar="FILE", help="Search a space of this file, on its system."),
    ] = None,
    search: Annotated[
        str | None, typer.Option("--search", metavar="ID", help="Which search of the file.")
    ] = None,
    json: Json = False,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="DIR",
            callback=folder_to_write,
            help="Write the answer and its charts here.",
        ),
    ] = None,
) -> None:
    """All legal layouts of a training job at once: the best, why the next lost, and time against memory."""
    if task is not None:
        given = (model, gpus, hardware, batch, seq, precision, software, host_memory, profiles, out)
        if any(x is not None for x in given):
            raise typer.BadParameter("--task brings its own model and system; give --search alone")
        if search is None:
            raise typer.BadParameter("--task needs --search ID")
        _task(task, search, json)
        return
    if search is not None:
        raise typer.BadParameter("--search belongs to --task")
    if model is None or gpus is None or hardware is None:
        raise typer.BadParameter("expected MODEL, --gpus and --hardware, or --task and --search")
    from planner.cli.output import width, write
    from planner.report.layouts import answer as as_json
    from planner.report.layouts import charts, page
    from planner.study.layouts.images import image_model_of
    from planner.study.layouts.jobs import wanted
    from planner.study.layouts.search import search as run

    network = image_model_of(model, profiles or ())
    if network is not None:
        if out is not None or host_memory is not None:
            raise typer.BadParameter("--out and --host-memory are of transformers")
        from planner.report.layouts.images import image_json, image_page
        from planner.study.layouts.images import answered as image

        answer = image(
            model, network, hardware, gpus, batch, seq, precision, software, profiles or ()
        )
        write(image_json(answer) if json else image_page(answer, width()))
        if not answer.choices:
            raise typer.Exit(1)
        return
    of = wanted(model, hardware, gpus, batch, seq, precision, software, profiles or (), host_memory)
    found = run(of.job, of.gpus, of.batch)
    if out is not None:
        charts.write(found, of, out)
    write(as_json.search_json(found, of) if json else page.page(found, of, width()))
    if found.best is None:
        raise typer.Exit(1)


def _task(file: Path, name: str, as_json: bool) -> None:
    from planner.cli.output import write
    from planner.study.layouts.answer import answered

    answer = answered(file, name)
    write(answer.json() if as_json else answer.text())
    if answer.best is None:
        raise typer.Exit(1)
