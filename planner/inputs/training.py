"""From profiles to the records of `planner.perf.training_step`: machines, software eras, shapes of models.

`machine` joins an accelerator with a system into one record of numbers, `system_of` lays machines side by side as
arrays, `software` does so with eras, `architecture` gives the shape of a model. Words are turned into profiles by
`planner.inputs.naming`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from functools import cache
from typing import TypedDict

import numpy as np
import numpy.typing as npt

from planner import resources
from planner.axes import Array
from planner.errors import PlannerError, suggestion
from planner.inputs.load import check_profile
from planner.inputs.naming import accelerators, shipped, systems
from planner.inputs.numbers import Cell
from planner.inputs.profiles import Accelerator, ModelArchitecture, Node, SoftwareEra
from planner.inputs.profiles.hardware import NetworkPart
from planner.inputs.profiles.vehicles import TrainedModel
from planner.perf.training_step.collectives import switch_share
from planner.perf.training_step.configuration import Software, System
from planner.perf.training_step.parameters import Shape


@dataclass(frozen=True)
class Machine:
    """An accelerator in its server and network; numbers in base units, 0 where a chip has none."""

    accelerator: str
    system: str
    generation: str
    peak_vector: float  # 32-bit float in vectors [FLOP/s]
    peak_32: float  # TensorFloat-32 where the chip has it, else 32-bit float [FLOP/s]
    peak_16: float  # dense [FLOP/s]
    peak_8: float  # dense 8-bit float [FLOP/s]
    peak_4: float  # dense 4-bit float [FLOP/s]
    memory: float  # [byte]
    memory_rate: float  # [byte/s]
    cache: float  # last-level [byte]
    processors: float
    power: float  # power for a FLOP of the peak over the generation's reference [1]
    host_memory: float  # coherent CPU memory of the superchip [byte]
    host_memory_rate: float  # [byte/s]
    host_rate: float  # PCIe or NVLink-C2C, one direction [byte/s]
    peers: float  # accelerators that one is wired to in a mesh; 0 with a switch
    scale_up: str  # switch, mesh, bridge, pcie or torus
    in_network_reduction: bool  # the scale-up switches add
    link: float  # scale-up bandwidth of one accelerator and direction [byte/s]
    server: float  # accelerators in one server
    domain: float  # accelerators that reach each other without the network
    nic: float  # network rate of one accelerator and direction [byte/s]
    nic_latency: float  # of a hop beyond that of InfiniBand [s]
    oversubscription: float


def machine(accelerator: str, system: str | None = None, nic: float | None = None) -> Machine:
    """An accelerator in a system of systems/ or nodes/; absent: the accelerator's usual one.

    `nic`: network rate of one accelerator that a source states instead [byte/s]. Raises PlannerError for a name that
    no profile has.
    """
    found = _machine(accelerator, system)
    return found if nic is None else replace(found, nic=nic)


def system_of(
    machines: Sequence[Machine], linear_bits: npt.ArrayLike, gpus: npt.ArrayLike
) -> System:
    """Machines side by side: how many accelerators, and in what precision their linears run (32, 16, 8 or 4 bits).

    A precision that a chip lacks runs at the next wider that it has.
    """
    bits = np.broadcast_to(np.asarray(linear_bits, float), (len(machines),))
    count = np.broadcast_to(np.asarray(gpus, float), (len(machines),))

    def of(name: str) -> Array:
        return np.array([getattr(each, name) for each in machines], float)

    peak_16 = of("peak_16")
    peak_8 = np.where(of("peak_8") > 0, of("peak_8"), peak_16)
    peak_4 = np.where(of("peak_4") > 0, of("peak_4"), peak_8)
    return System(
        peak_16=peak_16,
        peak_linear=np.select(
            [bits <= 4, bits <= 8, bits <= 16], [peak_4, peak_8, peak_16], of("peak_32")
        ),
        memory_rate=of("memory_rate"),
        cache=of("cache"),
        nvlink=of("link"),
        nic=of("nic"),
        processors=of("processors"),
        power=of("power"),
        domain=of("domain"),
        gpus=count,
        peers=of("peers"),
        host_links=np.array([each.scale_up == "pcie" for each in machines], float),
        in_switch=np.array(
            [
                switch_share(each.generation, each.domain) * each.in_network_reduction
                for each in machines
            ]
        ),
        nic_latency=of("nic_latency"),
        oversubscription=of("oversubscription"),
    )


def software(names: Sequence[str]) -> Software:
    """Software eras of software/ side by side. Raises PlannerError for a name that no profile has."""
    eras = [era(name) for name in names]
    return Software(
        **{
            field.name: np.array([_number(getattr(each, field.name)) for each in eras])
            for field in fields(Software)
        }
    )


def era(name: str) -> SoftwareEra:
    """One software era. Raises PlannerError for a name that no profile has."""
    known = shipped(SoftwareEra, "software")
    if name not in known:
        raise PlannerError(f'no profile "{name}" in software/; {suggestion(name, known)}')
    return known[name]


@cache
def architecture(name: str) -> Shape:
    """The shape of a model: of architectures/, or that of a profile in models/ which names one.

    Raises PlannerError for a name that no profile has.
    """
    known = shipped(ModelArchitecture, "architectures")
    if name in known:
        return _shape(known[name])
    models = {each: model.architecture for each, model in shipped(TrainedModel, "models").items()}
    shape = models.get(name)
    if shape is None:
        named = {*known, *(each for each, found in models.items() if found)}
        raise PlannerError(f'no profile "{name}" in architectures/; {suggestion(name, named)}')
    return _shape(known[shape])


def _shape(a: ModelArchitecture) -> Shape:
    """What the absence of a number stands for is filled in."""
    hidden, heads = _number(a.hidden), _number(a.heads)
    head = _number(a.head_size) or hidden / heads
    attention = _number(a.layers if a.attention_layers is None else a.attention_layers)
    routed = _number(a.experts.layers) if a.experts else 0.0
    shape = Shape(
        layers=_number(a.layers),
        hidden=hidden,
        heads=heads,
        kv_heads=_number(a.kv_heads) or heads,
        ffn=_number(a.ffn),
        gated=float(a.gated),
        vocab=_number(a.vocabulary),
        head_size=head,
        value_size=head,
        tied=float(a.tied),
        positions=_number(a.positions),
        seq=_number(a.sequence),
        window=_number(a.window),
        windowed_layers=_number(a.windowed_layers),
        attention_layers=attention,
        dense_layers=attention - routed if a.dense_layers is None else _number(a.dense_layers),
    )
    if a.experts is not None:
        shape = replace(
            shape,
            expert_layers=routed,
            experts=_number(a.experts.routed),
            active=_number(a.experts.active),
            expert_ffn=_number(a.experts.ffn),
            shared_ffn=_number(a.experts.shared_ffn),
            latent=_number(a.experts.latent) or hidden,
        )
    if a.latent_attention is not None:
        shape = replace(
            shape,
            query_rank=_number(a.latent_attention.query_rank),
            key_rank=_number(a.latent_attention.key_rank),
            rotary_size=_number(a.latent_attention.rotary_size),
            value_size=_number(a.latent_attention.value_size),
        )
    if a.state_space is not None:
        shape = replace(
            shape,
            state_space_layers=_number(a.state_space.layers),
            inner=_number(a.state_space.inner),
            state=_number(a.state_space.state),
            state_groups=_number(a.state_space.groups),
            state_heads=_number(a.state_space.heads),
        )
    return shape


@cache
def _machine(accelerator: str, system: str | None) -> Machine:
    known = accelerators()
    if accelerator not in known:
        raise PlannerError(
            f'no profile "{accelerator}" in accelerators/; {suggestion(accelerator, known)}'
        )
    chip = known[accelerator]
    rated = known[chip.rated_as] if chip.rated_as else chip
    place = system or chip.default_system
    if chip.generation is None or place is None:
        raise PlannerError(f"{accelerator}: a prediction needs generation and default_system")
    return Machine(
        accelerator=accelerator,
        system=place,
        generation=chip.generation,
        peak_vector=_number(chip.fp32),
        peak_32=_number(rated.tf32) or _number(chip.fp32),
        peak_16=_number(rated.bf16),
        peak_8=_number(rated.fp8),
        peak_4=_number(rated.fp4),
        memory=_number(chip.memory),
        memory_rate=_number(chip.memory_bandwidth),
        cache=_number(chip.cache),
        processors=_number(chip.processors),
        power=_number(chip.power_share) or 1.0,
        host_memory=_number(chip.host_memory),
        host_memory_rate=_number(chip.host_memory_bandwidth),
        host_rate=_number(chip.host_link_bandwidth),
        **_place(place, chip),
    )


class _Place(TypedDict):
    peers: float
    scale_up: str
    in_network_reduction: bool
    link: float
    server: float
    domain: float
    nic: float
    nic_latency: float
    oversubscription: float


def _place(name: str, chip: Accelerator) -> _Place:
    """What a machine adds to its accelerator."""
    if name in systems():
        found = systems()[name]
        others = _number(found.scale_up_domain) - 1.0
        return {
            "peers": (_number(found.peers) or others) if found.scale_up == "mesh" else 0.0,
            "scale_up": found.scale_up,
            "in_network_reduction": found.in_network_reduction,
            "link": _number(found.link_bandwidth) or _number(chip.link_bandwidth),
            "server": _number(found.accelerators),
            "domain": _number(found.scale_up_domain),
            "nic": _number(found.nic_bandwidth),
            "nic_latency": _number(found.network_latency),
            "oversubscription": _number(found.oversubscription) or 1.0,
        }
    nodes = resources.profiles("nodes")
    if name not in nodes:
        known = {*systems(), *nodes}
        raise PlannerError(f'no profile "{name}" in systems/ or nodes/; {suggestion(name, known)}')
    node = check_profile(nodes[name], "nodes")
    assert isinstance(node, Node)
    card = check_profile(resources.profiles("network")[node.nic], "network")
    assert isinstance(card, NetworkPart)
    size, domain = _number(node.accelerators), _number(node.scale_up_domain)
    return {
        "peers": 0.0,
        "scale_up": "switch" if domain > 1 else "pcie",
        "in_network_reduction": domain > 1 and chip.generation in ("hopper", "blackwell"),
        "link": _number(chip.link_bandwidth),
        "server": size,
        "domain": domain,
        "nic": _number(node.nics) * _number(card.port_rate) / size,
        "nic_latency": 0.0,
        "oversubscription": 1.0,
    }


def _number(cell: Cell | None) -> float:
    return 0.0 if cell is None else cell.value
