"""What a prediction of training speed knows besides the chip: machines, software eras, frameworks, model shapes.

Published runs name machines that nobody buys any more and models that no vehicle carries. What they need is far
less than a node that is ordered or a model that a fleet's data trains, hence kinds of their own: a system is a node
without price, power and delivery; an architecture is a model without data set and release.
"""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from planner.inputs.numbers import Cell, Leaf
from planner.inputs.profiles.base import Entity, Name, Profile, Ref, ShortText
from planner.inputs.profiles.hardware import Generation

Year = Annotated[str, StringConstraints(pattern=r"^\d{4}$")]


class ComputeSystem(Profile):
    """A machine as training feels it: how accelerators are joined inside and outside their scale-up domain."""

    accelerator: Annotated[Name, Ref("accelerators")]
    aliases: list[ShortText] = Field(default_factory=list)
    scale_up: Literal["switch", "mesh", "bridge", "pcie", "torus"]
    in_network_reduction: bool = False
    accelerators: Annotated[
        Cell, Leaf("1", "accelerators in one server or tray", least=1, whole=True)
    ]
    scale_up_domain: Annotated[
        Cell,
        Leaf("1", "accelerators that reach each other without the network", least=1, whole=True),
    ]
    link_bandwidth: Annotated[
        Cell | None,
        Leaf(
            "byte/second",
            "scale-up bandwidth of one accelerator, one direction; absent: that of its links",
            above=0,
            absent=0,
        ),
    ] = None
    peers: Annotated[
        Cell | None,
        Leaf(
            "1",
            "accelerators that one has wires to in a mesh; absent: all others of its domain",
            least=1,
            absent=0,
        ),
    ] = None
    nic_bandwidth: Annotated[
        Cell, Leaf("bit/second", "network rate of one accelerator, one direction", least=0)
    ]
    power_share: Annotated[
        Cell | None,
        Leaf(
            "1",
            "the accelerator's power_share where this machine runs it at another limit; absent: its own",
            above=0,
            most=4,
            absent=0,
        ),
    ] = None
    network_latency: Annotated[
        Cell | None,
        Leaf(
            "second", "latency of a hop beyond that of InfiniBand; absent: none", least=0, absent=0
        ),
    ] = None
    oversubscription: Annotated[
        Cell | None,
        Leaf(
            "1",
            "bandwidth into the leaf switches over that out of them; absent: not oversubscribed",
            least=1,
            absent=1,
        ),
    ] = None


def _flag(meaning: str) -> Leaf:
    return Leaf("1", meaning, least=0, most=1)


class SoftwareEra(Profile):
    """What the training software of a time fuses and overlaps: documented behaviour, the same for every run of it.

    The fields are those of `planner.perf.training_step.configuration.Software`.
    """

    fused_attention: Annotated[
        Cell, _flag("attention scores stay on chip and half of the causal square is skipped")
    ]
    attention_rate: Annotated[
        Cell,
        Leaf(
            "1", "rate of the fused attention over that of the generation's best", above=0, most=1
        ),
    ]
    native_attention: Annotated[Cell, _flag("attention is written for the chip's own generation")]
    kernel_rate: Annotated[
        Cell,
        Leaf("1", "rate of matmuls over a mature library's on the generation", above=0, most=1),
    ]
    pow2_heads: Annotated[Cell, _flag("the attention kernel pads a head's width to a power of two")]
    fused_elementwise: Annotated[
        Cell,
        Leaf(
            "1",
            "norms, activations and residuals: -1 eager without any fusion, 0 fused in part, 1 fused",
            least=-1,
            most=1,
        ),
    ]
    loss_bytes: Annotated[Cell, Leaf("byte", "memory traffic of the loss for each logit", least=0)]
    tp_overlap: Annotated[Cell, _flag("tensor-parallel transfers run beside matmuls")]
    dp_overlap: Annotated[Cell, _flag("gradient transfers run beside the backward pass")]
    zero_overlap: Annotated[
        Cell, _flag("sharded weights are fetched ahead without disturbing kernels much")
    ]
    blocking_sends: Annotated[
        Cell,
        Leaf(
            "1",
            "a pipeline send stops the sender: 0 not, 1 while it receives too, 2 in turn with receiving",
            least=0,
            most=2,
        ),
    ]
    scattered_sends: Annotated[
        Cell, _flag("tensor-parallel ranks send a part of the activation each")
    ]
    gradient_bytes: Annotated[
        Cell, Leaf("byte", "size of one gradient value in the reduction", least=1, most=4)
    ]
    fused_accumulation: Annotated[
        Cell, _flag("weight-gradient matmuls add to the 32-bit gradient themselves")
    ]
    handled_bytes: Annotated[
        Cell,
        Leaf(
            "byte",
            "traffic of the engine over the gradient of a parameter after each micro-batch",
            least=0,
        ),
    ]
    gather_lists: Annotated[
        Cell,
        Leaf(
            "1",
            "tensors of a block that are gathered one by one, as lists of parts; 0: all in one flat tensor",
            least=0,
        ),
    ]
    host_share: Annotated[
        Cell,
        Leaf("1", "launches a layer over those of eager Megatron; 0 with graphs", least=0, most=2),
    ]
    serial_launches: Annotated[Cell, _flag("the host waits for every kernel")]
    micro_batch_host: Annotated[
        Cell, Leaf("1", "launches outside the layers for a micro-batch, in layers' worth", least=0)
    ]
    adapted: Annotated[Cell, _flag("share of the linears' traffic that low-rank adapters repeat")]
    early_stop: Annotated[
        Cell, _flag("recomputation ends before the last matmul, whose output is not needed")
    ]
    optimiser_bytes: Annotated[
        Cell, Leaf("byte", "memory traffic of the optimiser for each parameter", least=0)
    ]


class Framework(Profile):
    """A training framework: the words that name it, its era by year, and what it does where a run is silent.

    `eras` maps the first year to the software era from then on, which `era_on` replaces on a generation; `sharded_eras`
    are those of runs that shard their weights (absent: the same). A run is of the framework whose longest word stands
    in its source or notes, else of the one without words. `generations`: accelerators on which every run is of this
    framework, because its maker's build is what runs there. `experts_apart`: experts lie on different replicas where a
    run does not say; else they are sharded and gathered like all weights. `compiled`: as its eras have it; else only
    where a run says so or uses what needs it.
    """

    words: list[ShortText] = Field(default_factory=list)
    generations: list[Generation] = Field(default_factory=list)
    eras: dict[Year, Annotated[Name, Ref("software")]] = Field(min_length=1)
    sharded_eras: dict[Year, Annotated[Name, Ref("software")]] = Field(default_factory=dict)
    era_on: dict[Generation, Annotated[Name, Ref("software")]] = Field(default_factory=dict)
    recompute: Literal["none", "selective", "full", "memory"]
    selective: Literal["core", "blocks", "operations"]
    precision: Literal["fp16", "bf16", "fp8"]
    selective_share: Annotated[
        Cell | None,
        Leaf(
            "1",
            'share of a block\'s forward that "selective" repeats besides the attention core; absent: none',
            least=0,
            most=1,
            absent=0,
        ),
    ] = None
    zero_stage: Annotated[
        Cell, Leaf("1", "ZeRO stage where a run states none", least=0, most=3, whole=True)
    ]
    sequence_parallel_from: Annotated[
        Cell | None,
        Leaf(
            "1",
            "year from which tensor parallelism comes with sequence parallelism; absent: never",
            least=2000,
            most=2100,
            whole=True,
            absent=float("inf"),
        ),
    ] = None
    interleaved_from: Annotated[
        Cell | None,
        Leaf(
            "1",
            "year from which pipelines with few micro-batches are interleaved; absent: never",
            least=2000,
            most=2100,
            whole=True,
            absent=float("inf"),
        ),
    ] = None
    vocabulary: Annotated[
        Cell | None,
        Leaf("1", "vocabulary where a run states none", least=1, whole=True, absent=0),
    ] = None
    vocabulary_multiple: Annotated[
        Cell,
        Leaf("1", "the vocabulary is padded to a multiple of this", least=1, whole=True),
    ]
    multiple_by_tensor_parallel: bool = False
    experts_apart: bool = True
    compiled: bool = True


def _count(meaning: str, absent: float | None = None) -> Leaf:
    if absent is None:
        return Leaf("1", meaning, least=1, whole=True)
    return Leaf("1", meaning, least=0, whole=True, absent=absent)


class Experts(Entity):
    """The expert layers of a mixture: every token goes to a few of many small MLPs."""

    layers: Annotated[Cell, _count("layers with experts; the others have a plain MLP or none")]
    routed: Annotated[Cell, _count("routed experts of one layer")]
    active: Annotated[Cell, _count("routed experts that a token goes to")]
    ffn: Annotated[Cell, _count("width of one expert")]
    shared_ffn: Annotated[
        Cell | None, _count("width of the shared experts together; absent: none", 0.0)
    ] = None
    latent: Annotated[
        Cell | None,
        _count(
            "width that tokens are projected to before the experts; absent: the hidden size", 0.0
        ),
    ] = None


class LatentAttention(Entity):
    """Multi-head latent attention: queries, keys and values pass through narrow projections (DeepSeek-V2)."""

    query_rank: Annotated[
        Cell | None, _count("width of the latent queries; absent: queries are not latent", 0.0)
    ] = None
    key_rank: Annotated[Cell, _count("width of the latent keys and values")]
    rotary_size: Annotated[Cell, _count("width of the key's part that all heads share")]
    value_size: Annotated[Cell, _count("width of a head's values")]


class StateSpace(Entity):
    """Mamba-2 layers of a hybrid."""

    layers: Annotated[Cell, _count("state-space layers")]
    inner: Annotated[Cell, _count("width of a layer: its heads times their size")]
    state: Annotated[Cell, _count("size of the state of a channel")]
    groups: Annotated[Cell, _count("groups that share the state's input and output matrices")]
    heads: Annotated[Cell, _count("heads of a layer")]


class ModelArchitecture(Profile):
    """The shape of a transformer, or of a hybrid with one: what parameters and FLOPs follow from.

    Without `attention_layers` and `dense_layers` every layer has attention and, unless it has experts, a plain MLP.
    `aliases` are the spellings under which published runs know it.
    """

    aliases: list[ShortText] = Field(default_factory=list)
    layers: Annotated[Cell, _count("layers")]
    hidden: Annotated[Cell, _count("hidden size")]
    heads: Annotated[Cell, _count("attention heads")]
    kv_heads: Annotated[
        Cell | None, _count("heads of keys and values; absent: as many as heads", 0.0)
    ] = None
    head_size: Annotated[
        Cell | None,
        _count(
            "width of a head's queries and keys, rotary part included; absent: hidden size / heads",
            0.0,
        ),
    ] = None
    ffn: Annotated[Cell, _count("width of a plain MLP")]
    gated: bool
    vocabulary: Annotated[Cell, _count("rows of the embedding, as published")]
    tied: bool
    positions: Annotated[
        Cell | None, _count("rows of a learned table of positions; absent: none", 0.0)
    ] = None
    sequence: Annotated[Cell, _count("tokens of a sequence in training where none is said")]
    window: Annotated[
        Cell | None, _count("tokens that a sliding window reaches; absent: all", 0.0)
    ] = None
    windowed_layers: Annotated[
        Cell | None, _count("layers whose attention has the window; absent: none", 0.0)
    ] = None
    attention_layers: Annotated[Cell | None, _count("layers with attention; absent: all", 0.0)] = (
        None
    )
    dense_layers: Annotated[
        Cell | None,
        _count("layers with a plain MLP; absent: all attention layers without experts", 0.0),
    ] = None
    experts: Experts | None = None
    latent_attention: LatentAttention | None = None
    state_space: StateSpace | None = None
    parameters: Annotated[
        Cell, Leaf("1", "parameters as published, which the shape must come to", above=0)
    ]
    active_parameters: Annotated[
        Cell | None,
        Leaf("1", "parameters that work on a token as published", above=0, absent=0),
    ] = None
