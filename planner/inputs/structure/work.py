"""What trains and what is served, and since when."""

from __future__ import annotations

from collections.abc import Iterator

from planner.axes import MONTH, SERVICE, SITE, WORKLOAD
from planner.catalogue import Calendar
from planner.inputs.load import Inputs
from planner.inputs.structure.entries import NEVER, Fixed, Names, since


def training(inputs: Inputs, labels: Names, calendar: Calendar) -> Iterator[Fixed]:
    """Which workload is trained when and in which precision, and whether checkpoints hold it up."""
    scenario = inputs.scenario
    starts = [
        w.start if w.start is not None else scenario.horizon.start
        for w in scenario.workloads.values()
    ]
    yield Fixed(
        "workload_active",
        (MONTH, WORKLOAD),
        "1 in the months in which the workload is trained",
        since(starts, calendar),
        [f"workloads.{name}.start" for name in scenario.workloads],
    )
    precisions = [inputs.profile("models", w.model).precision for w in scenario.workloads.values()]
    yield Fixed(
        "model_trains_in_fp8",
        (WORKLOAD,),
        "1 where the model trains in 8-bit float on chips that have it",
        [float(precision == "fp8") for precision in precisions],
        [f"models.{w.model}.precision" for w in scenario.workloads.values()],
    )
    yield Fixed(
        "checkpoint_in_background",
        (),
        "1 where training goes on while a checkpoint is written",
        float(scenario.checkpoint.in_background),
        ["checkpoint.in_background"],
    )


def services(inputs: Inputs, labels: Names, calendar: Calendar) -> Iterator[Fixed]:
    """Where each service runs, from when, and how; without services one position that is nowhere."""
    scenario, sites = inputs.scenario, labels[SITE]
    entries = scenario.services
    services = list(entries.values())
    starts = [s.start if s.start is not None else scenario.horizon.start for s in services]
    yield Fixed(
        "service_active",
        (MONTH, SERVICE),
        "1 in the months in which the service runs",
        since(starts or [NEVER], calendar),
        [f"services.{name}.start" for name in entries],
    )
    yield Fixed(
        "service_at_site",
        (SERVICE, SITE),
        "1 where the service runs",
        [[float(s.site == site) for site in sites] for s in services] or [[0.0] * len(sites)],
        [f"services.{name}.site" for name in entries],
    )
    yield Fixed(
        "service_preemptible",
        (SERVICE,),
        "1 where the service is work that may wait and fills idle accelerators",
        [float(s.preemptible) for s in services] or [0.0],
        [f"services.{name}.preemptible" for name in entries],
    )
