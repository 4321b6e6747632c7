"""How software gets back to the vehicles: packages, builds, simulation, qualification, what runs on board, rollout."""

from typing import Annotated, Literal

from planner.inputs.numbers import Cell, Leaf, Series
from planner.inputs.profiles import Entity, MonthIndex, Name, Ref


class Package(Entity):
    """A part of a release that vehicles download: its size, how much of it a delta saves, how often."""

    size: Annotated[
        Cell | None,
        Leaf(
            "byte",
            "size of the full package; absent: the weights of the functions that it brings, and `code`",
            least=0,
            absent=-1,
        ),
    ] = None
    code: Annotated[
        Cell | None,
        Leaf(
            "byte",
            "code and calibration beside the weights, where no size is given",
            least=0,
            absent=0,
        ),
    ] = None
    delta_ratio: Annotated[
        Cell, Leaf("1", "size of a delta over the full package", least=0, most=1)
    ]
    delta_share: Annotated[
        Cell, Leaf("1", "share of vehicles that can take the delta", least=0, most=1)
    ]
    cadence: Annotated[Cell, Leaf("day", "time between releases of the package", above=0)]


class Variants(Entity):
    """How many builds are kept alive, and what a build takes."""

    support_years: Annotated[
        Cell, Leaf("year", "support of a build after the last sale of it", least=0, most=100)
    ]
    per_build: Annotated[
        Cell,
        Leaf("1", "packages of one build: trims and options that need one of their own", above=0),
    ]
    build_time: Annotated[
        Cell, Leaf("hour", "core-hours to compile, optimise, sign and pack one package", least=0)
    ]
    releases_kept: Annotated[
        Cell, Leaf("1", "releases of which the packages are kept in storage", least=0)
    ]
    copies: Annotated[Cell, Leaf("1", "copies of the packages kept", least=1, most=10)]


class Simulation(Entity):
    """How far a release drives in simulation, of which kind, and how fast that runs."""

    package: Name | None = None
    start: MonthIndex | None = None
    distance: Annotated[Series, Leaf("km", "distance simulated for one release", least=0)]
    rendered_share: Annotated[
        Cell, Leaf("1", "share of it with sensors rendered from modelled scenes", least=0, most=1)
    ]
    neural_share: Annotated[
        Cell,
        Leaf(
            "1", "share of it with sensors rendered from reconstructed recordings", least=0, most=1
        ),
    ]
    speed: Annotated[Cell, Leaf("km/h", "mean speed of simulated driving", above=0)]
    core_rate: Annotated[
        Cell,
        Leaf(
            "1",
            "driving time without sensors that one processor core simulates, over its time",
            above=0,
        ),
    ]
    rendering_rate: Annotated[
        Cell,
        Leaf(
            "1",
            "driving time with all sensors rendered that the reference accelerator runs, over its time",
            above=0,
        ),
    ]
    neural_rate: Annotated[
        Cell,
        Leaf(
            "1",
            "driving time in reconstructed scenes that the reference accelerator runs, over its time",
            above=0,
        ),
    ]
    reconstruction: Annotated[
        Cell,
        Leaf(
            "1",
            "time of the reference accelerator to reconstruct a recording, over its length",
            least=0,
        ),
    ]
    reuse: Annotated[
        Cell, Leaf("1", "drives through a reconstructed scene before it is made anew", above=0)
    ]
    reference_bandwidth: Annotated[
        Cell, Leaf("byte/second", "memory bandwidth of the reference accelerator", above=0)
    ]


class Qualification(Entity):
    """How a release passes on rigs with real control units, and what a rig is."""

    package: Name | None = None
    replay: Annotated[
        Series, Leaf("hour", "recorded driving replayed for one release to one variant", least=0)
    ]
    variant_share: Annotated[
        Cell,
        Leaf(
            "1",
            "share of the variants that are replayed to; the rest ride on one like them",
            least=0,
            most=1,
        ),
    ]
    real_time_factor: Annotated[
        Cell,
        Leaf(
            "1", "time on a rig over driving time replayed; 1 is real time, 2 half as fast", above=0
        ),
    ]
    window: Annotated[Cell, Leaf("day", "time allowed to qualify a release", above=0)]
    utilisation: Annotated[
        Cell, Leaf("1", "share of the time in which a rig replays", above=0, most=1)
    ]
    most_rigs: Annotated[
        Cell | None,
        Leaf("1", "rigs that may stand; absent: as many as needed", least=0, absent=float("inf")),
    ] = None
    rigs_installed: Annotated[
        Cell | None,
        Leaf("1", "rigs that stand at plan_start; absent: none", least=0, whole=True, absent=0),
    ] = None
    rig_ecus: Annotated[Cell, Leaf("1", "ECUs in one rig", least=0)]
    rig_power: Annotated[Cell, Leaf("watt", "power of one rig at work", least=0)]
    rigs_per_rack: Annotated[Cell, Leaf("1", "rigs in one rack", above=0)]
    rig_price: Annotated[Cell, Leaf("USD", "price of one rig without its ECUs", least=0)]
    rig_lead_time: Annotated[
        Cell, Leaf("day", "from order to service of a rig", least=0, most=1500)
    ]


class Deployment(Entity):
    """A function on board: a network, what a frame of it costs, and which ECUs run it from when."""

    package: Name | None = None
    ecus: list[Annotated[Name, Ref("ecus")]] | None = None
    start: MonthIndex | None = None
    precision: Literal["int8", "fp8", "fp4", "fp16"]
    on_engines: bool = False
    parameters: Annotated[Cell, Leaf("1", "parameters of the network", least=0)]
    weight_bits: Annotated[Cell, Leaf("bit", "bits of one parameter as stored on the ECU", above=0)]
    operations: Annotated[
        Cell, Leaf("FLOP/frame", "operations of one frame of all cameras", least=0)
    ]
    passes: Annotated[
        Cell,
        Leaf(
            "1",
            "passes over the weights in one frame: 1, and one for each token written",
            least=0,
        ),
    ]
    moved: Annotated[
        Cell,
        Leaf("byte", "activations and cache read and written in one frame", least=0),
    ]
    held: Annotated[
        Cell,
        Leaf("byte", "activations, caches and buffers held in memory", least=0),
    ]
    frame_rate: Annotated[Cell, Leaf("frame/second", "frames a second", least=0)]
    growth: Annotated[
        Series, Leaf("1", "size of the network over its size as written above", least=0, absent=1)
    ]


class Edge(Entity):
    """What functions may use of an ECU, and how many ECUs are built."""

    usable_compute: Annotated[
        Cell, Leaf("1", "share of the dense peak that inference reaches", above=0, most=1)
    ]
    usable_bandwidth: Annotated[
        Cell, Leaf("1", "share of the memory bandwidth that inference reaches", above=0, most=1)
    ]
    usable_memory: Annotated[
        Cell, Leaf("1", "share of the memory that is left for networks", above=0, most=1)
    ]
    units_per_vehicle: Annotated[Cell, Leaf("1", "ECUs in one vehicle", least=0)]
    service_share: Annotated[
        Cell,
        Leaf(
            "1",
            "ECUs replaced in service, over those on the road for the life of the fleet",
            least=0,
        ),
    ]


class Ota(Entity):
    """How releases are rolled out."""

    rollout: Annotated[
        Cell, Leaf("day", "time over which vehicles are admitted to a release", above=0)
    ]
    retry_overhead: Annotated[
        Cell, Leaf("1", "bytes sent again, as a share of the payload", least=0, most=2)
    ]
    cellular_share: Annotated[
        Cell,
        Leaf(
            "1",
            "share of the vehicles without Wi-Fi that may download over cellular",
            least=0,
            most=1,
        ),
    ]
    headroom: Annotated[
        Cell, Leaf("1", "delivery capacity over the largest hourly mean", least=1, most=10)
    ]
    rate_spread: Annotated[
        Cell | None,
        Leaf(
            "1",
            "standard deviation of the natural log of link rates between vehicles; absent: all have the link's",
            least=0,
            most=3,
            absent=0,
        ),
    ] = None
    session_spread: Annotated[
        Cell | None,
        Leaf(
            "1",
            "half of the range of session lengths over their mean; absent: all are alike",
            least=0,
            most=1,
            absent=0,
        ),
    ] = None
    rare_share: Annotated[
        Cell | None,
        Leaf(
            "1",
            "share of vehicles that are used more rarely than a link's interval says; absent: none",
            least=0,
            most=1,
            absent=0,
        ),
    ] = None
    rare_sessions: Annotated[
        Cell | None,
        Leaf(
            "1",
            "sessions of these over those of the others; absent: as many",
            least=0.01,
            most=1,
            absent=1,
        ),
    ] = None
    absent_share: Annotated[
        Cell | None,
        Leaf(
            "1",
            "share of vehicles that are not in use when a release begins; absent: none",
            least=0,
            most=1,
            absent=0,
        ),
    ] = None
    absence: Annotated[
        Cell | None,
        Leaf("day", "mean time until these are used again; absent: a week", above=0, absent=7),
    ] = None
    poll_interval: Annotated[
        Cell | None,
        Leaf(
            "minute",
            "time between looks for a release within a session; absent: a quarter of an hour",
            above=0,
            absent=15,
        ),
    ] = None
    drops: Annotated[
        Cell | None,
        Leaf("1/hour", "connections that break, by time of flow; absent: none", least=0, absent=0),
    ] = None
    backoff: Annotated[
        Cell | None,
        Leaf("minute", "pause before a broken download goes on; absent: none", least=0, absent=0),
    ] = None
    verify_failures: Annotated[
        Cell | None,
        Leaf(
            "1",
            "share of payloads that are rejected and fetched again in full, of the bytes sent again; absent: none",
            least=0,
            most=0.5,
            absent=0,
        ),
    ] = None
    install_time: Annotated[
        Cell | None,
        Leaf("minute", "time to install a release, parked; absent: none", least=0, absent=0),
    ] = None
    install_failures: Annotated[
        Cell | None,
        Leaf("1", "share of installs that fail; absent: none", least=0, most=1, absent=0),
    ] = None
    install_attempts: Annotated[
        Cell | None,
        Leaf("1", "installs that are tried; absent: three", least=1, whole=True, absent=3),
    ] = None
