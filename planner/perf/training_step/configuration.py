"""What is trained, on what, with which software: three records of arrays with one entry a configuration.

All arrays have the same shape or broadcast. Flags are 0.0 or 1.0, shares lie between. Sizes are counts unless a unit
is given. What is legal (divisibility, memory) is known to `layouts`; what experts and state spaces add is in `mixture`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from planner.axes import Array


def none() -> Array:
    """Nothing of it in any configuration."""
    return np.zeros(1)


def whole() -> Array:
    """All of it in every configuration."""
    return np.ones(1)


def scalable_unit() -> Array:
    """Accelerators of a DGX SuperPOD's unit: 32 servers of eight below the same leaf switches (RA-11333-001)."""
    return np.full(1, 256.0)


@dataclass(frozen=True)
class Configuration:
    """A dense transformer, its batch and its layout over accelerators."""

    layers: Array
    hidden: Array
    heads: Array
    kv_heads: Array
    ffn: Array
    gated: Array  # flag: gate and up projection, three matrices in the MLP instead of two
    vocab: Array  # rows of the output matrix, padding included
    seq: Array
    global_batch: Array  # sequences a step
    micro_batch: Array  # sequences a pass and replica
    tp: Array
    pp: Array
    vpp: Array  # model chunks a pipeline stage, 1 without interleaving
    cp: Array
    dp: Array
    zero_stage: Array  # 0 plain, 1 sharded optimiser, 3 sharded weights
    shard_group: Array  # ranks that hold one copy of the weights when zero_stage is 3, else 1
    recompute_block: Array  # share of a block's forward that the backward pass repeats
    recompute_core: (
        Array  # share of the attention core's forward that is repeated (Megatron's "selective")
    )
    sequence_parallel: Array  # flag
    frozen: Array  # flag: base weights are not trained (LoRA)
    linear_bits: Array  # 16, 8 or 4: operands of the layers' linears; everything else is 16 bit

    @property
    def tensor_stride(self) -> Array:
        """Accelerators from one rank of a tensor-parallel group to the next: they are neighbours."""
        return np.ones_like(self.tp)

    @property
    def data_stride(self) -> Array:
        """Accelerators from one replica to the next: they lie side by side, outside tensor-parallel groups."""
        return self.tp

    @property
    def pipeline_stride(self) -> Array:
        """Accelerators from one pipeline stage to the next: a stage holds all its replicas."""
        return self.tp * self.cp * self.dp

    @property
    def gathers_again(self) -> Array:
        """Flag: sequence parallelism gathers its inputs again in the backward pass instead of keeping them."""
        return self.sequence_parallel


@dataclass(frozen=True)
class Placed(Configuration):
    """A configuration whose groups lie elsewhere than in the usual order: tensor, context, data, pipeline."""

    tensor_apart: Array  # accelerators between neighbours of a tensor-parallel group
    data_apart: Array  # of a data-parallel group
    pipeline_apart: Array  # of a pipeline
    gathered_twice: Array  # flag, `gathers_again`

    @property
    def tensor_stride(self) -> Array:
        """As given."""
        return self.tensor_apart

    @property
    def data_stride(self) -> Array:
        """As given."""
        return self.data_apart

    @property
    def pipeline_stride(self) -> Array:
        """As given."""
        return self.pipeline_apart

    @property
    def gathers_again(self) -> Array:
        """As given."""
        return self.gathered_twice


@dataclass(frozen=True)
class System:
    """An accelerator, its links and how many there are."""

    peak_16: Array  # dense 16-bit matrix rate [FLOP/s]
    peak_linear: Array  # dense matrix rate of the linears' precision [FLOP/s]
    memory_rate: Array  # [byte/s]
    cache: Array  # last-level cache of the accelerator [byte]
    nvlink: Array  # of one accelerator and direction [byte/s]
    nic: Array  # of one accelerator and direction [byte/s]
    processors: Array  # streaming multiprocessors
    power: Array  # limit of an accelerator over that of its generation's reference part [1]
    domain: Array  # accelerators that NVLink connects
    gpus: Array
    # Details of the links; without them the system is switched, does not reduce in switches and never blocks.
    # Accelerators wired to each one where there is no NVLink switch; 0 with a switch.
    peers: Array = field(default_factory=none)
    host_links: Array = field(default_factory=none)  # flag: `nvlink` is PCIe through the host
    # Share of `nvlink` at which its switch reduces (NVLS), 0 where it cannot [1].
    in_switch: Array = field(default_factory=none)
    in_network: Array = field(default_factory=none)  # flag: network switches reduce (SHARP)
    nic_latency: Array = field(default_factory=none)  # of a hop, beyond that of InfiniBand [s]
    leaf: Array = field(default_factory=scalable_unit)  # accelerators below the same leaf switches
    oversubscription: Array = field(default_factory=whole)  # above them, ports down over ports up


@dataclass(frozen=True)
class Software:
    """The era of the software stack: documented behaviour, never fitted by row."""

    fused_attention: Array  # flag: scores stay on chip and half of the causal square is skipped
    attention_rate: Array  # of the fused kernel, over that of its generation's best kernel [1]
    native_attention: (
        Array  # flag: written for the accelerator's own generation; for the choice of the constant
    )
    kernel_rate: Array  # of matmuls, over those of a mature library on this generation [1]
    pow2_heads: Array  # flag: the kernel pads the width of a head to a power of two
    fused_elementwise: (
        Array  # 0 eager .. 1 fused: compiled or hand-fused norms, activations, residuals
    )
    loss_bytes: Array  # memory traffic of the loss, for each logit [byte]
    tp_overlap: Array  # flag: tensor-parallel transfers run beside matmuls
    dp_overlap: Array  # flag: gradient transfers run beside the backward pass
    zero_overlap: Array  # flag: weights are prefetched without disturbing the kernels much
    gather_lists: Array  # tensors of a block gathered one by one, as lists of parts; 0: flat
    blocking_sends: Array  # a pipeline send stops the sender: 0 not, 1 while it receives too, 2 in turn with receiving
    scattered_sends: Array  # flag: tensor-parallel ranks send a part each instead of the whole
    gradient_bytes: Array  # of one gradient value in the reduction [byte]
    fused_accumulation: Array  # flag: weight-gradient matmuls add to the 32-bit gradient themselves
    handled_bytes: Array  # traffic of the engine over the gradient of a parameter, each micro-batch, beyond that [byte]
    host_share: Array  # kernels a layer that the host launches, over those of eager Megatron; 0 with CUDA graphs
    serial_launches: Array  # flag: the host waits for every kernel, so that launches add to kernels
    micro_batch_host: Array  # launches outside the layers for each micro-batch, in layers' worth
    adapted: Array  # share of the linears' traffic that LoRA adapters repeat: 1 all linears, 0 fused away
    early_stop: Array  # flag: recomputation ends before the last matmul, whose output is not needed
    optimiser_bytes: Array  # memory traffic of the optimiser for each parameter [byte]
