"""The schema of hardware profiles: what a file in `hardware_profiles/` may say.

One class a kind of thing, one field a number or reference. A numeric field is the declaration of a leaf: the leaf
`<entity>_<field>` of the model is read from here with its unit, bounds and meaning.
"""

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictStr, WithJsonSchema

from planner.inputs.numbers import Cell, Leaf, MonthProfile, month_index

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_]*$", max_length=60)]
ShortText = Annotated[StrictStr, Field(min_length=1, max_length=200)]
LongText = Annotated[StrictStr, Field(min_length=1, max_length=4000)]


@dataclass(frozen=True, slots=True)
class Ref:
    """Marks a text field as the name of a profile of another kind."""

    kind: str

    def __get_pydantic_json_schema__(self, schema: Any, handler: Any) -> dict[str, Any]:
        return {**handler(schema), "description": f"name of a profile in {self.kind}/"}


def _month(raw: Any) -> int:
    return raw if isinstance(raw, int) else month_index(str(raw))


MonthIndex = Annotated[
    int,
    BeforeValidator(_month),
    WithJsonSchema(
        {"type": ["string", "integer"], "pattern": r"^\d{4}(-\d{1,2})?$", "description": "a month"}
    ),
]


class Entity(BaseModel):
    """Anything with fields that a YAML file sets: no unknown keys, no change after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class Profile(Entity):
    """What every profile carries."""

    title: ShortText
    note: LongText | None = None
    sources: dict[Name, ShortText | LongText] = Field(default_factory=dict)


class Accelerator(Profile):
    """A chip that trains: dense peaks, memory, links, power, price."""

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
    link_bandwidth: Annotated[
        Cell, Leaf("byte/second", "scale-up link bandwidth of one chip, one direction", least=0)
    ]
    power: Annotated[Cell, Leaf("watt", "thermal design power", above=0)]
    die_area: Annotated[
        Cell | None,
        Leaf(
            "mm^2", "logic die area, for the performance density of export rules", above=0, absent=0
        ),
    ] = None
    price: Annotated[Cell | None, Leaf("USD", "price of one chip", least=0, absent=0)] = None
    for_data_centre: bool = True


class Node(Profile):
    """What one buys and racks as one piece: a server, or a rack that is sold whole."""

    accelerator: Annotated[Name, Ref("accelerators")]
    nic: Annotated[Name, Ref("network")]
    accelerators: Annotated[Cell, Leaf("1", "accelerators in one node", least=1, whole=True)]
    scale_up_domain: Annotated[
        Cell, Leaf("1", "accelerators that share one scale-up (NVLink) domain", least=1, whole=True)
    ]
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
    price: Annotated[Cell, Leaf("USD", "price of one node, with its network cards", least=0)]
    lead_time: Annotated[Cell, Leaf("day", "from order to delivery", least=0, most=1500)]
    embodied_carbon: Annotated[Cell, Leaf("kg", "CO2-equivalent of making one node", least=0)]


class PowerMode(Entity):
    """A setting of a computer's clocks."""

    peak_share: Annotated[
        Cell,
        Leaf(
            "1", "share of the dense peaks that the mode's clocks leave", above=0, most=1, absent=1
        ),
    ]
    bandwidth_share: Annotated[
        Cell,
        Leaf("1", "share of the memory bandwidth that the mode leaves", above=0, most=1, absent=1),
    ]
    power: Annotated[Cell, Leaf("watt", "power in the mode", above=0, absent=0)]


class Ecu(Profile):
    """The computer in the vehicle that runs the driving model."""

    year: Annotated[Cell, Leaf("1", "year of first vehicles", least=2000, most=2100, whole=True)]
    int8: Annotated[Cell, Leaf("FLOP/second", "dense peak at 8-bit integer", above=0)]
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
    fp16: Annotated[Cell, Leaf("FLOP/second", "dense peak at 16-bit float", above=0)]
    gpu_share: Annotated[
        Cell | None,
        Leaf(
            "1",
            "share of the 8-bit integer peak that the GPU has; inference engines have the rest",
            above=0,
            most=1,
            absent=1,
        ),
    ] = None
    sparsity_factor: Annotated[
        Cell, Leaf("1", "vendor's sparse headline over the dense peak", least=1, most=4)
    ]
    memory: Annotated[Cell, Leaf("byte", "memory of the computer", above=0)]
    memory_bandwidth: Annotated[Cell, Leaf("byte/second", "memory bandwidth", above=0)]
    flash: Annotated[Cell, Leaf("byte", "flash for software slots", above=0)]
    power: Annotated[Cell, Leaf("watt", "power in the mode that drives", above=0)]
    price: Annotated[Cell | None, Leaf("USD", "price of one unit", least=0, absent=0)] = None
    modes: dict[Name, PowerMode] = Field(default_factory=dict)
    mode: Name | None = None


class StorageSystem(Profile):
    """The building block of a storage tier: one node or enclosure with its drives."""

    medium: Literal["nvme", "hdd", "object"]
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
    price: Annotated[Cell, Leaf("USD", "price of one unit with its drives", least=0)]
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
    ports_per_module: Annotated[
        Cell | None,
        Leaf("1", "ports that share one pluggable module; absent: one", least=1, absent=1),
    ] = None


class Sensor(Entity):
    """One group of equal sensors of a vehicle."""

    kind: Literal["camera", "lidar", "radar", "ultrasonic", "positioning", "bus"]
    count: Annotated[Cell, Leaf("1", "sensors of this group", least=0, whole=True)]
    resolution: Annotated[
        Cell,
        Leaf("pixel/frame", "pixels of a frame; points of a scan; samples of a report", least=0),
    ]
    rate: Annotated[Cell, Leaf("frame/second", "frames, scans or reports a second", least=0)]
    bits: Annotated[
        Cell, Leaf("bit/pixel", "bits of one pixel, point or sample before compression", least=0)
    ]
    codec: ShortText
    compression: Annotated[Cell, Leaf("1", "raw bytes over encoded bytes", least=1)]


class Vehicle(Profile):
    """A vehicle type: what it senses and what it can hold until it is uploaded."""

    sensors: dict[Name, Sensor] = Field(min_length=1)
    buffer: Annotated[
        Cell, Leaf("byte", "space on the vehicle for recordings that wait for upload", least=0)
    ]
    recorder_rate: Annotated[
        Cell | None,
        Leaf(
            "byte/second",
            "rate that one recorder writes; absent: one takes everything",
            above=0,
            absent=float("inf"),
        ),
    ] = None


class TrainedModel(Profile):
    """A network that the factory trains, by what one second of driving costs it."""

    family: Literal["vision", "driving", "world_model", "language"]
    parameters: Annotated[Cell, Leaf("1", "parameters that work on each token", above=0)]
    token_rate: Annotated[
        Cell,
        Leaf(
            "token/second",
            "tokens of one second of driving; 0 for networks counted by frames",
            least=0,
        ),
    ]
    frame_flops: Annotated[
        Cell,
        Leaf(
            "FLOP/frame",
            "forward FLOPs of one frame of all cameras; 0 for networks counted by tokens",
            least=0,
        ),
    ]
    frame_rate: Annotated[
        Cell, Leaf("frame/second", "frames taken from one second of driving", least=0)
    ]
    epochs: Annotated[Cell, Leaf("1", "passes over the data set in one training run", above=0)]
    base_dataset: Annotated[
        Cell, Leaf("hour", "driving in the data set before the fleet adds any", least=0)
    ]
    dataset_limit: Annotated[
        Cell, Leaf("hour", "driving beyond which the data set is rotated instead of grown", above=0)
    ]
    training_rate: Annotated[
        Cell, Leaf("byte/second", "stored training bytes of one second of driving", least=0)
    ]
    precision: Literal["bf16", "fp8"]
    utilisation: Annotated[
        Cell,
        Leaf(
            "1",
            "share of the dense peak that training reaches (model FLOPs utilisation)",
            above=0,
            most=1,
        ),
    ]
    deployed_bits: Annotated[
        Cell | None,
        Leaf("bit", "bits of one parameter as deployed on the vehicle", above=0, absent=0),
    ] = None


Place = Annotated[str, Field(pattern=r"^([A-Z]{2}|[a-z][a-z0-9_]*)$")]  # a country or a group


class Region(Profile):
    """A place: its market row, time, roads, networks and energy; a home of vehicles and a location of sites."""

    country: Annotated[StrictStr, Field(pattern=r"^[A-Z]{2}$|^multiple$")]
    jurisdiction: Annotated[
        Place | None,
        Field(
            description="group of countries whose law its vehicles' data is under; absent: its country's"
        ),
    ] = None
    market_row: ShortText
    market_share: Annotated[
        Cell | None,
        Leaf(
            "1",
            "share of the row's sales; absent: what the other regions of that row leave",
            least=0,
            most=1,
            absent=-1,
        ),
    ] = None
    utc_offset: Annotated[Cell, Leaf("hour", "local time less UTC", least=-12, most=14)]
    annual_distance: Annotated[Cell, Leaf("km/year", "distance driven by a vehicle", least=0)]
    wifi_share: Annotated[
        Cell, Leaf("1", "share of vehicles that upload over home Wi-Fi", least=0, most=1)
    ]
    wifi_uplink: Annotated[
        Cell, Leaf("bit/second", "uplink rate of a vehicle on home Wi-Fi", above=0)
    ]
    wifi_downlink: Annotated[
        Cell, Leaf("bit/second", "downlink rate of a vehicle on home Wi-Fi", above=0)
    ]
    cellular_uplink: Annotated[
        Cell, Leaf("bit/second", "uplink rate of a vehicle on the cellular network", above=0)
    ]
    cellular_downlink: Annotated[
        Cell, Leaf("bit/second", "downlink rate of a vehicle on the cellular network", above=0)
    ]
    cellular_price: Annotated[
        Cell, Leaf("USD/GB", "price of cellular data to the carmaker", least=0)
    ]
    cdn_price: Annotated[Cell, Leaf("USD/GB", "price of delivery by a content network", least=0)]
    electricity_price: Annotated[
        Cell, Leaf("USD/kWh", "price of electricity for industry", least=0)
    ]
    grid_carbon: Annotated[Cell, Leaf("g/kWh", "CO2-equivalent of a kWh from the grid", least=0)]
    building_cost: Annotated[
        Cell, Leaf("USD/watt", "cost to build a data hall, by IT power", least=0)
    ]
    climate: Annotated[Name, Ref("climates")]
    pue: Annotated[
        Cell | None,
        Leaf(
            "1",
            "power usage effectiveness, mean of the year, in place of that of climate and plant",
            least=1,
            most=4,
            absent=0,
        ),
    ] = None
    pue_peak: Annotated[
        Cell | None,
        Leaf(
            "1",
            "power usage effectiveness on the hottest day, in place of that of climate and plant",
            least=1,
            most=4,
            absent=0,
        ),
    ] = None
    data_stays: Annotated[
        bool | None,
        Field(
            description="true: its data may not leave; false: it may; absent: as the residency rules say"
        ),
    ] = None


class Climate(Profile):
    """The weather of a place, as far as cooling feels it."""

    dry_bulb: Annotated[
        MonthProfile, Leaf("degC", "mean air temperature of the calendar month", least=-50, most=50)
    ]
    humidity: Annotated[
        MonthProfile, Leaf("1", "mean relative humidity of the calendar month", least=0.05, most=1)
    ]
    dry_bulb_spread: Annotated[
        Cell,
        Leaf(
            "degC",
            "standard deviation of the hourly air temperatures of a month",
            least=0,
            most=15,
        ),
    ]
    wet_bulb_spread: Annotated[
        Cell,
        Leaf(
            "degC",
            "standard deviation of the hourly wet-bulb temperatures of a month",
            least=0,
            most=15,
        ),
    ]
    design_dry_bulb: Annotated[
        Cell,
        Leaf(
            "degC",
            "air temperature that 35 hours of the year exceed (0.4 %)",
            least=-50,
            most=60,
        ),
    ]
    design_wet_bulb: Annotated[
        Cell,
        Leaf(
            "degC",
            "wet-bulb temperature that 35 hours of the year exceed (0.4 %)",
            least=-50,
            most=40,
        ),
    ]


class Plant(Profile):
    """How a data hall is fed and cooled: chillers, heat rejection, pumps, fans, UPS, distribution."""

    supply_air: Annotated[
        Cell,
        Leaf("degC", "water supplied to the coils that cool the hall's air", least=2, most=40),
    ]
    supply_liquid: Annotated[
        Cell,
        Leaf("degC", "water supplied to the loops of liquid-cooled racks", least=2, most=60),
    ]
    water_range: Annotated[
        Cell, Leaf("degC", "by how much the water comes back warmer", least=1, most=30)
    ]
    approach: Annotated[
        Cell,
        Leaf(
            "degC",
            "by how much the outdoor units' water stays above the wet-bulb (or air) temperature",
            least=0,
            most=30,
        ),
    ]
    wet_above: Annotated[
        Cell,
        Leaf(
            "degC",
            "air temperature above which outdoor units evaporate water: -50 always, 60 never",
            least=-60,
            most=60,
        ),
    ]
    economiser: Annotated[
        Cell,
        Leaf("1", "share of the load that outdoor units may cool without chiller", least=0, most=1),
    ]
    condenser_rise: Annotated[
        Cell,
        Leaf("degC", "condensing temperature over the outdoor units' water", least=0, most=30),
    ]
    chiller_quality: Annotated[
        Cell, Leaf("1", "chiller's coefficient of performance over Carnot's", above=0, most=0.9)
    ]
    fans: Annotated[
        Cell, Leaf("1", "power of the hall's fans over the heat that air carries", least=0, most=1)
    ]
    liquid_pumps: Annotated[
        Cell,
        Leaf("1", "power of coolant distribution over the heat of liquid loops", least=0, most=1),
    ]
    pumps: Annotated[
        Cell, Leaf("1", "power of the plant's water pumps over the heat", least=0, most=1)
    ]
    rejection: Annotated[
        Cell, Leaf("1", "power of the outdoor units' fans over the heat", least=0, most=1)
    ]
    ups_efficiency: Annotated[
        Cell, Leaf("1", "efficiency of the UPS at working load", least=0.5, most=1)
    ]
    distribution_efficiency: Annotated[
        Cell, Leaf("1", "efficiency of transformers, switchgear and busbars", least=0.5, most=1)
    ]
    other: Annotated[
        Cell, Leaf("1", "lighting, offices and controls over IT power", least=0, most=1)
    ]
    concentration: Annotated[
        Cell,
        Leaf(
            "1",
            "cycles of concentration: make-up water over blow-down",
            least=1.5,
            most=20,
        ),
    ]


SOLD = Leaf("vehicle", "electric cars sold in the year", above=0)


class MarketRow(Entity):
    """Sales of one region by year."""

    sales: dict[
        Annotated[str, Field(pattern=r"^\d{4}$")],
        Annotated[Cell, SOLD],
    ] = Field(min_length=1)


class Market(Profile):
    """A named edition of a forecast: electric-car sales by row and year."""

    rows: dict[Name, MarketRow] = Field(min_length=1)


Threshold = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Verdict = Literal["free", "notify", "licence", "case_by_case", "denied"]


class Limb(Entity):
    """One condition of an export rule and what follows when a chip and a destination meet it."""

    name: ShortText
    eccn: Annotated[ShortText, Field(description="classification of the chips it speaks of")] = (
        "none"
    )
    destinations: list[Place] = Field(min_length=1)
    except_: list[Place] = Field(default_factory=list, alias="except")
    operators: Annotated[
        list[Place],
        Field(
            description="headquarters of the site's operator or its ultimate parent; none: anywhere"
        ),
    ] = Field(default_factory=list)
    performance_from: Threshold | None = None
    performance_below: Threshold | None = None
    density_from: Threshold | None = None
    density_below: Threshold | None = None
    link_from: Annotated[
        Cell | None, Leaf("byte/second", "scale-up bandwidth, both directions", least=0)
    ] = None
    memory_bandwidth_from: Annotated[
        Cell | None, Leaf("byte/second", "memory bandwidth", least=0)
    ] = None
    data_centre_only: bool = False
    verdict: Verdict
    source: LongText
    confidence: Literal["measured", "published", "derived", "assumed"]


class ExportRule(Entity):
    """A rule with its dates; the first limb that matches decides, and without one the export is free."""

    name: Name
    title: ShortText
    known: MonthIndex
    effective: MonthIndex
    unenforced_from: Annotated[
        MonthIndex | None,
        Field(description="month in which it became known that nobody will enforce the rule"),
    ] = None
    beside: Annotated[
        bool, Field(description="stands beside the rule in force instead of replacing it")
    ] = False
    limbs: list[Limb] = Field(min_length=1)


class ResidencyLimb(Entity):
    """One condition of a residency rule and what follows for data of these classes to these destinations."""

    name: ShortText
    data: Annotated[
        list[Name], Field(description="classes of data as scenarios name them, or all")
    ] = Field(min_length=1)
    destinations: list[Place] = Field(min_length=1)
    except_: list[Place] = Field(default_factory=list, alias="except")
    vehicles_above: Annotated[
        Threshold | None, Field(description="only for a region with more vehicles on the road")
    ] = None
    exterior_video: Annotated[
        bool, Field(description="only where a vehicle sold in the region has cameras")
    ] = False
    verdict: Literal["free", "conditions", "stays"]
    condition: ShortText = "none"
    source: LongText
    confidence: Literal["measured", "published", "derived", "assumed"]


class ResidencyRule(Entity):
    """A rule on the data of some origins; it replaces their rule before it, and its first matching limb decides."""

    name: Name
    title: ShortText
    known: MonthIndex
    effective: MonthIndex
    origins: list[Place] = Field(min_length=1)
    limbs: list[ResidencyLimb] = Field(min_length=1)


class TradeRules(Profile):
    """Dated rules on exports or on the residency of data, and the country groups that they name."""

    groups: dict[Name, list[Place]]
    rules: Annotated[list[ExportRule], Field(description="export rules")] = Field(
        default_factory=list
    )
    residency: Annotated[list[ResidencyRule], Field(description="residency rules")] = Field(
        default_factory=list
    )


PROFILE_KINDS: dict[str, type[Profile]] = {
    "accelerators": Accelerator,
    "nodes": Node,
    "ecus": Ecu,
    "storage": StorageSystem,
    "storage_levels": StorageLevel,
    "network": NetworkPart,
    "vehicles": Vehicle,
    "models": TrainedModel,
    "regions": Region,
    "climates": Climate,
    "plants": Plant,
    "markets": Market,
    "rules": TradeRules,
}
