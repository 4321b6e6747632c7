"""What is trained, how often, and on how good a cluster: workloads, the queue, checkpoints, failures and repairs."""

from typing import Annotated

from planner.inputs.numbers import Cell, Leaf
from planner.inputs.profiles import Entity, MonthIndex, Name, Ref


class Workload(Entity):
    """A network under continual training: how often it is released and how fast it must be trained."""

    model: Annotated[Name, Ref("models")]
    start: MonthIndex | None = None
    cadence: Annotated[Cell, Leaf("day", "time between releases", above=0)]
    deadline: Annotated[Cell, Leaf("day", "time allowed for the release's training run", above=0)]
    experiments: Annotated[
        Cell, Leaf("1", "experiments for each release, in full training runs", least=0)
    ]
    offset: Annotated[
        Cell | None,
        Leaf("day", "first release after the common start of the calendar", least=0, absent=0),
    ] = None
    preemptible_share: Annotated[
        Cell | None,
        Leaf(
            "1",
            "share of the experiments' work that nobody waits for and that fills idle accelerators; absent: all",
            least=0,
            most=1,
            absent=1,
        ),
    ] = None
    job_gpus: Annotated[
        Cell | None,
        Leaf(
            "1", "accelerators that one experiment job needs at once: its gang", least=1, absent=1
        ),
    ] = None
    job_duration: Annotated[
        Cell | None, Leaf("hour", "mean length of one experiment job", above=0, absent=1)
    ] = None
    job_parameter_share: Annotated[
        Cell | None,
        Leaf(
            "1",
            "parameters of the network that an experiment trains over those of the model; absent: all",
            least=0,
            most=1,
            absent=1,
        ),
    ] = None
    selection_share: Annotated[
        Cell, Leaf("1", "share of kept recordings that joins the data set", least=0, most=1)
    ]


class Training(Entity):
    """How well the cluster is used."""

    software: Annotated[Name, Ref("software")]
    goodput: Annotated[
        Cell,
        Leaf(
            "1",
            "share of time that makes progress, beside interruptions and checkpoints, which are computed",
            above=0,
            most=1,
        ),
    ]
    step_error: Annotated[
        Cell, Leaf("1", "step time over the predicted one, where it is predicted", above=0)
    ]
    occupancy: Annotated[
        Cell, Leaf("1", "share of the accelerators that the schedule fills", above=0, most=1)
    ]
    percentile: Annotated[
        Cell, Leaf("1", "percentile of release demand that is covered", least=0, most=1)
    ]
    max_queue_wait: Annotated[
        Cell, Leaf("hour", "time that an experiment job may wait for its gang", above=0)
    ]
    queue_percentile: Annotated[
        Cell,
        Leaf("1", "share of the experiment jobs that wait no longer", least=0.5, most=0.999),
    ]
    arrival_variability: Annotated[
        Cell,
        Leaf(
            "1",
            "squared coefficient of variation of the times between jobs; 1: Poisson arrivals",
            least=0,
            most=100,
        ),
    ]
    duration_variability: Annotated[
        Cell,
        Leaf(
            "1",
            "squared coefficient of variation of job durations; 1: exponential",
            least=0,
            most=100,
        ),
    ]
    idle_service_use: Annotated[
        Cell,
        Leaf(
            "1",
            "share of the accelerators idle between the services' mean and peak that preemptible work fills",
            least=0,
            most=1,
        ),
    ]


class Checkpoint(Entity):
    """How training runs save their state: what of each parameter, how often, how fast, and what stands still for it."""

    weight_bytes: Annotated[
        Cell, Leaf("byte", "bytes of a parameter's weight in a checkpoint", least=0, most=64)
    ]
    master_bytes: Annotated[
        Cell, Leaf("byte", "bytes of its master copy; 0 where none is kept", least=0, most=64)
    ]
    moment_bytes: Annotated[
        Cell, Leaf("byte", "bytes of the optimiser's moments for it", least=0, most=64)
    ]
    in_background: bool = True
    stall: Annotated[
        Cell,
        Leaf(
            "second",
            "time for which training stands still at a checkpoint beside copying or writing its bytes",
            above=0,
        ),
    ]
    write_rate: Annotated[
        Cell,
        Leaf(
            "byte/second",
            "bandwidth of the hot tier for the checkpoints of a job, for each of its accelerators",
            above=0,
        ),
    ]
    copy_rate: Annotated[
        Cell,
        Leaf(
            "byte/second",
            "rate at which an accelerator copies its part of a checkpoint to its host's memory",
            above=0,
        ),
    ]
    restart: Annotated[
        Cell, Leaf("minute", "from an interruption until training runs again", least=0)
    ]
    interval_limit: Annotated[
        Cell, Leaf("hour", "longest time between two checkpoints of a run", above=0)
    ]
    kept: Annotated[Cell, Leaf("1", "checkpoints of a run kept on the hot tier", least=0)]


class Cluster(Entity):
    """How often hardware fails, how fast it is repaired, how much must be up, how long it serves."""

    failure_rate: Annotated[
        Cell,
        Leaf(
            "1/day",
            "hardware failures of one accelerator with its part of the node that need a repair",
            least=0,
            most=1,
        ),
    ]
    interruption_rate: Annotated[
        Cell,
        Leaf(
            "1/day",
            "interruptions of a run by whatever cause, for each accelerator that it works on",
            least=0,
            most=0.1,
        ),
    ]
    repair_time: Annotated[
        Cell, Leaf("day", "from a hardware failure until the part serves again", least=0, most=1000)
    ]
    availability: Annotated[
        Cell,
        Leaf(
            "1",
            "probability with which all accelerators needed are up; 0 for no spares",
            least=0,
            most=0.999999999,
        ),
    ]
    refresh_age: Annotated[
        Cell, Leaf("year", "age at which nodes, storage and switches are replaced", above=0)
    ]
