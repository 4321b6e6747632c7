"""From profiles to the records of `planner.perf.training_step`: machines, software eras, shapes of models.

`machine` joins an accelerator with a system into one record of numbers, `system_of` lays machines side by side as
arrays, `software` does so with eras, `architecture` gives the shape of a model. Words are turned into profiles by
`planner.inputs.naming`. `overlays` are folders of the user's own profiles, as everywhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from functools import cache
from pathlib import Path
from typing import TypedDict, TypeVar

import numpy as np
import numpy.typing as npt

from planner import resources
from planner.axes import Array
from planner.errors import PlannerError, suggestion
from planner.inputs.load import read_profile
from planner.inputs.numbers import Cell
from planner.inputs.profiles import (
    Accelerator,
    ComputeSystem,
    ModelArchitecture,
    Node,
    Profile,
    SoftwareEra,
)
from planner.inputs.profiles.hardware import NetworkPart
from planner.inputs.profiles.vehicles import TrainedModel
from planner.perf.training_step.collectives import switch_share
from planner.perf.training_step.configuration import Software, System
from planner.perf.training_step.parameters import Shape

P = TypeVar("P", bound=Profile)
SWITCHES_ADD = ("hopper", "blackwell")  # their NVLink switches reduce (NVLS)


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


def machine(
    accelerator: str,
    system: str | None = None,
    nic: float | None = None,
    overlays: Sequence[Path] = (),
) -> Machine:
    """An accelerator in a system of systems/ or nodes/; absent: the accelerator's usual one.

    `nic`: network rate of one accelerator that a source states instead [byte/s]. Raises PlannerError for a name that
    no profile has.
    """
    found = _machine(accelerator, system, tuple(overlays))
    return found if nic is None else replace(found, nic=nic)


def joined(
    chip: Accelerator,
    place: ComputeSystem | Node,
    card: NetworkPart | None = None,
    rated: Accelerator | None = None,
    names: tuple[str, str] = ("", ""),
) -> Machine:
    """A machine of profiles at hand: a chip in a system, or in a node with its network card.

    `rated`: the accelerator that `chip.rated_as` names. `names` of chip and place are for printing.
    """
    if chip.generation is None:
        raise PlannerError(f"{names[0]}: a prediction needs the accelerator's generation")
    peaks = rated or chip
    share = place.power_share if isinstance(place, ComputeSystem) else None
    return Machine(
        accelerator=names[0],
        system=names[1],
        generation=chip.generation,
        peak_vector=_number(chip.fp32),
        peak_32=_number(peaks.tf32) or _number(chip.fp32),
        peak_16=_number(peaks.bf16),
        peak_8=_number(peaks.fp8),
        peak_4=_number(peaks.fp4),
        memory=_number(chip.memory),
        memory_rate=_number(chip.memory_bandwidth),
        cache=_number(chip.cache),
        processors=_number(chip.processors),
        power=_number(share or chip.power_share) or 1.0,
        host_memory=_number(chip.host_memory),
        host_memory_rate=_number(chip.host_memory_bandwidth),
        host_rate=_number(chip.host_link_bandwidth),
        **_place(chip, place, card),
    )


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


def software(names: Sequence[str], overlays: Sequence[Path] = ()) -> Software:
    """Software eras of software/ side by side. Raises PlannerError for a name that no profile has."""
    return software_of([era(name, tuple(overlays)) for name in names])


def software_of(eras: Sequence[SoftwareEra]) -> Software:
    """The same of profiles at hand."""
    return Software(
        **{
            field.name: np.array([_number(getattr(each, field.name)) for each in eras])
            for field in fields(Software)
        }
    )


def era(name: str, overlays: tuple[Path, ...] = ()) -> SoftwareEra:
    """One software era. Raises PlannerError for a name that no profile has."""
    return _profile(SoftwareEra, "software", name, overlays)


@cache
def architecture(name: str, overlays: tuple[Path, ...] = ()) -> Shape:
    """The shape of a model: of architectures/, or that which a profile of models/ names.

    Raises PlannerError for a name that no profile has.
    """
    if name in resources.profiles("models", overlays):
        shape = _profile(TrainedModel, "models", name, overlays).architecture
        if shape is None:
            raise PlannerError(f"models/{name} names no architecture, which a prediction needs")
        return shape_of(_profile(ModelArchitecture, "architectures", shape, overlays))
    return shape_of(_profile(ModelArchitecture, "architectures", name, overlays))


def shape_of(a: ModelArchitecture) -> Shape:
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
def _machine(accelerator: str, system: str | None, overlays: tuple[Path, ...]) -> Machine:
    chip = _profile(Accelerator, "accelerators", accelerator, overlays)
    rated = (
        _profile(Accelerator, "accelerators", chip.rated_as, overlays) if chip.rated_as else None
    )
    name = system or chip.default_system
    if name is None:
        raise PlannerError(f"{accelerator}: a prediction needs default_system, or a machine")
    names, systems = (accelerator, name), resources.profiles("systems", overlays)
    if name in systems:  # says more of how it is joined than the node of that name
        return joined(chip, _profile(ComputeSystem, "systems", name, overlays), None, rated, names)
    known = {*systems, *resources.profiles("nodes", overlays)}
    if name not in known:
        raise PlannerError(f'no profile "{name}" in systems/ or nodes/; {suggestion(name, known)}')
    node = _profile(Node, "nodes", name, overlays)
    card = _profile(NetworkPart, "network", node.nic, overlays)
    return joined(chip, node, card, rated, names)


def _profile(kind: type[P], folder: str, name: str, overlays: tuple[Path, ...]) -> P:
    found = _read(folder, name, overlays)
    assert isinstance(found, kind)
    return found


@cache
def _read(folder: str, name: str, overlays: tuple[Path, ...]) -> Profile:
    return read_profile(folder, name, overlays)


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


def _place(chip: Accelerator, place: ComputeSystem | Node, card: NetworkPart | None) -> _Place:
    """What a machine adds to its accelerator."""
    size, domain = _number(place.accelerators), _number(place.scale_up_domain)
    if isinstance(place, ComputeSystem):
        return {
            "peers": (_number(place.peers) or domain - 1.0) if place.scale_up == "mesh" else 0.0,
            "scale_up": place.scale_up,
            "in_network_reduction": place.in_network_reduction,
            "link": _number(place.link_bandwidth) or _number(chip.link_bandwidth),
            "server": size,
            "domain": domain,
            "nic": _number(place.nic_bandwidth),
            "nic_latency": _number(place.network_latency),
            "oversubscription": _number(place.oversubscription) or 1.0,
        }
    joined_by = place.scale_up or "switch"
    return {
        "peers": domain - 1.0 if joined_by == "mesh" else 0.0,
        "scale_up": joined_by if domain > 1 else "pcie",
        "in_network_reduction": (
            domain > 1 and joined_by == "switch" and chip.generation in SWITCHES_ADD
        ),
        "link": _number(chip.link_bandwidth),
        "server": size,
        "domain": domain,
        "nic": _number(place.nics) * _number(card.port_rate if card else None) / size,
        "nic_latency": 0.0,
        "oversubscription": 1.0,
    }


def _number(cell: Cell | None) -> float:
    return 0.0 if cell is None else cell.value
