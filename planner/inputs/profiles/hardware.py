"""What a site buys: accelerators and the nodes that carry them, storage, switches and network cards."""

from typing import Annotated, Literal

from pydantic import Field

from planner.inputs.numbers import Cell, Leaf, Series
from planner.inputs.profiles.base import Country, Name, Profile, Ref, ShortText

Generation = Literal[
    "pascal",
    "volta",
    "turing",
    "ampere",
    "ada",
    "hopper",
    "blackwell",
    "cdna2",
    "cdna3",
    "cdna4",
    "gaudi",
    "tpu",
    "dojo",
]


class Accelerator(Profile):
    """A chip that trains: dense peaks, memory, links, power, price.

    `chip`, `form` and `aliases` are the words by which published runs know it (`planner.inputs.naming`), and `usual`
    marks the one that is meant by the chip's name alone where there are several. `rated_as` names the accelerator
    whose peaks its training shows, where its own data sheet's never do; `default_system` is the machine that is meant
    where a run names the chip alone.
    """

    generation: Generation | None = None
    chip: ShortText | None = None
    form: Literal["sxm", "oam", "pcie", "nvl", "superchip", "card", "pod"] | None = None
    aliases: list[ShortText] = Field(default_factory=list)
    usual: bool = False
    rated_as: Name | None = None
    default_system: Name | None = None
    year: Annotated[Cell, Leaf("1", "year of first shipments", least=2000, most=2100, whole=True)]
    bf16: Annotated[
        Cell,
        Leaf(
            "FLOP/second", "dense peak at 16-bit brain float (float16 on chips without it)", above=0
        ),
    ]
    fp8: Annotated[
        Cell | None,
        Leaf(
            "FLOP/second", "dense peak at 8-bit float; 0 where the chip has none", least=0, absent=0
        ),
    ] = None
    fp4: Annotated[
        Cell | None,
        Leaf(
            "FLOP/second", "dense peak at 4-bit float; 0 where the chip has none", least=0, absent=0
        ),
    ] = None
    int8: Annotated[
        Cell | None,
        Leaf(
            "FLOP/second",
            "dense peak at 8-bit integer; 0 where the chip has none",
            least=0,
            absent=0,
        ),
    ] = None
    tf32: Annotated[
        Cell | None,
        Leaf(
            "FLOP/second",
            "dense peak at TensorFloat-32; 0 where the chip has none",
            least=0,
            absent=0,
        ),
    ] = None
    fp64: Annotated[
        Cell | None,
        Leaf(
            "FLOP/second",
            "dense peak at 64-bit float, the larger of vector and tensor; 0 where the chip has none",
            least=0,
            absent=0,
        ),
    ] = None
    fp32: Annotated[
        Cell | None,
        Leaf(
            "FLOP/second",
            "peak at 32-bit float in vectors; 0 where no plan or prediction needs it",
            least=0,
            absent=0,
        ),
    ] = None
    processors: Annotated[
        Cell | None,
        Leaf(
            "1",
            "streaming multiprocessors, compute units or tensor cores that share a matrix product",
            least=1,
            whole=True,
            absent=0,
        ),
    ] = None
    cache: Annotated[
        Cell | None, Leaf("byte", "last cache before the device memory", least=0, absent=0)
    ] = None
    sparsity_factor: Annotated[
        Cell, Leaf("1", "vendor's sparse headline over the dense peak", least=1, most=4)
    ]
    memory: Annotated[Cell, Leaf("byte", "device memory that a job can use", above=0)]
    memory_bandwidth: Annotated[Cell, Leaf("byte/second", "device memory bandwidth", above=0)]
    host_memory: Annotated[
        Cell | None, Leaf("byte", "coherent CPU memory of the superchip", least=0, absent=0)
    ] = None
    host_memory_bandwidth: Annotated[
        Cell | None, Leaf("byte/second", "bandwidth of the coherent CPU memory", least=0, absent=0)
    ] = None
    host_link_bandwidth: Annotated[
        Cell | None,
        Leaf(
            "byte/second",
            "link to the CPU's memory, one direction: PCIe, or NVLink-C2C in a superchip",
            least=0,
            absent=0,
        ),
    ] = None
    link_bandwidth: Annotated[
        Cell, Leaf("byte/second", "scale-up link bandwidth of one chip, one direction", least=0)
    ]
    power: Annotated[Cell, Leaf("watt", "thermal design power", above=0)]
    power_share: Annotated[
        Cell | None,
        Leaf(
            "1",
            "power for a FLOP of the peak, over that of the reference chip of the generation; absent: the same",
            above=0,
            most=4,
            absent=1,
        ),
    ] = None
    die_area: Annotated[
        Cell | None,
        Leaf(
            "mm^2", "logic die area, for the performance density of export rules", above=0, absent=0
        ),
    ] = None
    price: Annotated[Cell | None, Leaf("USD", "price of one chip", least=0, absent=0)] = None
    rent_price: Annotated[
        Cell | None,
        Leaf(
            "USD/hour",
            "price to rent one chip with all that it needs; absent: not for rent",
            least=0,
            absent=0,
        ),
    ] = None
    for_data_centre: bool = True


class Node(Profile):
    """What one buys and racks as one piece: a server, or a rack that is sold whole."""

    accelerator: Annotated[Name, Ref("accelerators")]
    nic: Annotated[Name, Ref("network")]
    accelerators: Annotated[Cell, Leaf("1", "accelerators in one node", least=1, whole=True)]
    scale_up_domain: Annotated[
        Cell, Leaf("1", "accelerators that share one scale-up (NVLink) domain", least=1, whole=True)
    ]
    scale_up: Annotated[
        Literal["switch", "mesh"] | None,
        Field(
            description="how the accelerators of a domain are joined; absent: by switches, if they are"
        ),
    ] = None
    nics: Annotated[
        Cell, Leaf("1", "compute-fabric network ports of one node", least=0, whole=True)
    ]
    rails: Annotated[
        Cell | None,
        Leaf(
            "1",
            "rails of the compute network: ports of a tray that go to leaves of their own",
            least=1,
            whole=True,
            absent=1,
        ),
    ] = None
    storage_ports: Annotated[
        Cell | None,
        Leaf("1", "storage-network ports of one node; absent: one", least=0, whole=True, absent=1),
    ] = None
    front_end_ports: Annotated[
        Cell | None,
        Leaf(
            "1",
            "front-end (in-band Ethernet) ports of one node; absent: one",
            least=0,
            whole=True,
            absent=1,
        ),
    ] = None
    management_ports: Annotated[
        Cell | None,
        Leaf(
            "1",
            "out-of-band management ports of one node; absent: one",
            least=0,
            whole=True,
            absent=1,
        ),
    ] = None
    power: Annotated[
        Cell | None,
        Leaf(
            "watt",
            "provisioned peak power of one node, from the wall; absent: built up from its parts",
            above=0,
            absent=0,
        ),
    ] = None
    power_idle: Annotated[
        Cell | None,
        Leaf("watt", "power of one idle node; absent: built up from its parts", least=0, absent=0),
    ] = None
    power_typical: Annotated[
        Cell | None,
        Leaf(
            "watt",
            "mean power of one node while it trains; absent: built up from its parts",
            least=0,
            absent=0,
        ),
    ] = None
    host_cpu_power: Annotated[
        Cell | None,
        Leaf(
            "watt", "design limit of the processors that are not in a superchip", least=0, absent=0
        ),
    ] = None
    memory_power: Annotated[
        Cell | None, Leaf("watt", "memory modules of those processors at work", least=0, absent=0)
    ] = None
    link_switch_power: Annotated[
        Cell | None, Leaf("watt", "scale-up (NVLink) switches in the node", least=0, absent=0)
    ] = None
    flash_power: Annotated[
        Cell | None, Leaf("watt", "drives in the node at light load", least=0, absent=0)
    ] = None
    board_power: Annotated[
        Cell | None,
        Leaf("watt", "baseboard, management controller, PCIe switches", least=0, absent=0),
    ] = None
    fan_share: Annotated[
        Cell | None,
        Leaf(
            "1", "power of fans or pumps over that of the electronics, at work", least=0, absent=0
        ),
    ] = None
    fan_share_peak: Annotated[
        Cell | None,
        Leaf(
            "1", "the same with everything at its limit and fans at full speed", least=0, absent=0
        ),
    ] = None
    supply_efficiency: Annotated[
        Cell | None,
        Leaf("1", "what the power supplies give over what they take", above=0, most=1, absent=1),
    ] = None
    repair_group: Annotated[
        Cell | None,
        Leaf(
            "1",
            "accelerators that one failure takes out of service; absent: all of the node",
            least=1,
            whole=True,
            absent=float("inf"),
        ),
    ] = None
    nodes_per_rack: Annotated[Cell, Leaf("1", "nodes in one rack", least=1, whole=True)]
    cooling: Literal["air", "liquid"]
    liquid_share: Annotated[
        Cell | None,
        Leaf(
            "1",
            "share of the heat that cold plates give to water; 0 for a node cooled by air",
            least=0,
            most=1,
            absent=0,
        ),
    ] = None
    local_storage: Annotated[
        Cell | None, Leaf("byte", "flash inside the node", least=0, absent=0)
    ] = None
    price: Annotated[
        Series, Leaf("USD", "price of one node ordered then, with its network cards", least=0)
    ]
    licence_included: Annotated[
        Cell | None,
        Leaf(
            "year",
            "time for which the price has the software licence of its accelerators; absent: none",
            least=0,
            most=100,
            absent=0,
        ),
    ] = None
    origin: Country | None = None
    lead_time: Annotated[Cell, Leaf("day", "from order to delivery", least=0, most=1500)]
    embodied_carbon: Annotated[Cell, Leaf("kg", "CO2-equivalent of making one node", least=0)]


class StorageSystem(Profile):
    """The building block of a storage tier: one node or enclosure with its drives."""

    medium: Literal["nvme", "hdd", "object", "tape"]
    drives: Annotated[Cell, Leaf("1", "drives in one unit", least=1, whole=True)]
    drive_capacity: Annotated[Cell, Leaf("byte", "capacity of one drive", above=0)]
    data_shards: Annotated[
        Cell | None,
        Leaf(
            "1",
            "shards that a stripe's data is cut into; 1 where whole copies are kept",
            least=1,
            most=255,
            whole=True,
            absent=0,
        ),
    ] = None
    parity_shards: Annotated[
        Cell | None,
        Leaf(
            "1",
            "shards or further copies of a stripe that may be lost",
            least=0,
            most=255,
            whole=True,
            absent=0,
        ),
    ] = None
    protection: Annotated[
        Cell | None,
        Leaf(
            "1",
            "raw bytes written for one byte of data, where the shards are not known",
            least=1,
            most=10,
            absent=1,
        ),
    ] = None
    drive_failure_rate: Annotated[
        Cell | None, Leaf("1/year", "drives that fail in a year, each", least=0, most=100, absent=0)
    ] = None
    rebuild_time: Annotated[
        Cell | None,
        Leaf("hour", "from a drive's failure until its shards are whole again", above=0, absent=0),
    ] = None
    fill_limit: Annotated[
        Cell,
        Leaf("1", "share of the protected space that is planned to be filled", above=0, most=1),
    ]
    read_bandwidth: Annotated[
        Cell, Leaf("byte/second", "sustained read bandwidth of one unit", above=0)
    ]
    write_bandwidth: Annotated[
        Cell, Leaf("byte/second", "sustained write bandwidth of one unit", above=0)
    ]
    ports: Annotated[
        Cell | None,
        Leaf("1", "storage-network ports of one unit; absent: one", least=0, whole=True, absent=1),
    ] = None
    management_ports: Annotated[
        Cell | None,
        Leaf(
            "1",
            "out-of-band management ports of one unit; absent: one",
            least=0,
            whole=True,
            absent=1,
        ),
    ] = None
    power: Annotated[Cell, Leaf("watt", "power of one unit at work", above=0)]
    units_per_rack: Annotated[Cell, Leaf("1", "units in one rack", least=1, whole=True)]
    price: Annotated[
        Series, Leaf("USD", "price of one unit ordered then, with its drives", least=0)
    ]
    origin: Country | None = None
    lead_time: Annotated[Cell, Leaf("day", "from order to delivery", least=0, most=1500)]
    embodied_carbon: Annotated[Cell, Leaf("kg", "CO2-equivalent of making one unit", least=0)]


class StorageLevel(Profile):
    """A level of storage performance that a reference architecture asks for so many accelerators."""

    accelerators: Annotated[
        Cell, Leaf("1", "accelerators of one scalable unit", least=1, whole=True, absent=1)
    ]
    read_bandwidth: Annotated[
        Cell, Leaf("byte/second", "read bandwidth for one scalable unit", least=0, absent=0)
    ]
    write_bandwidth: Annotated[
        Cell, Leaf("byte/second", "write bandwidth for one scalable unit", least=0, absent=0)
    ]


class NetworkPart(Profile):
    """A switch or a network card."""

    part: Literal["switch", "nic"]
    ports: Annotated[Cell, Leaf("1", "ports at the port rate", least=1, whole=True)]
    port_rate: Annotated[Cell, Leaf("bit/second", "line rate of one port, one direction", above=0)]
    power: Annotated[Cell, Leaf("watt", "power of one unit with its optics", least=0)]
    price: Annotated[Cell, Leaf("USD", "price of one unit", least=0)]
    cable_price: Annotated[
        Cell | None,
        Leaf("USD", "price of one link: cable with its optics at both ends", least=0, absent=0),
    ] = None
    origin: Country | None = None
    lead_time: Annotated[
        Cell | None,
        Leaf(
            "day",
            "from order to delivery, with cables and optics; absent: at once",
            least=0,
            most=1500,
            absent=0,
        ),
    ] = None
    ports_per_module: Annotated[
        Cell | None,
        Leaf("1", "ports that share one pluggable module; absent: one", least=1, absent=1),
    ] = None
    pluggable: bool = True
    uplinks: Annotated[
        Cell | None,
        Leaf(
            "1",
            "further ports of a switch, up to the front-end network where no spines are above it",
            least=0,
            whole=True,
            absent=0,
        ),
    ] = None
