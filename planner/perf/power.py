"""How much power does a node draw, built up from its parts?

A node's parts at full load are added up, each at the share of its full load that the work asks for; fans or pumps add
a share of the electronics, and the power supplies lose theirs:

    P_wall = (sum of part x share) x (1 + fan share) / supply efficiency

A busy accelerator draws part of its limit whatever it does, and the rest with the rate that it sustains:

    P / P_limit = STANDING + RATE x (rate / peak), at most 1

and the host processors beside it draw HOST of theirs. These four constants are the only fitted ones, STANDING one for
each generation of chips: to the power of GPU systems of the TOP500 lists of June 2024 to June 2025 at Linpack, whose
rate is a share of the FP64 tensor peak. Everything else is a published limit or description, or marked as assumed
where it is written. The compute fabric is counted in full, as the rules of measurement ask at every level.

How well it does, as tests/published/test_power.py repeats it: 80 rows of 74 systems, all that the lists give with a
power and a node that can be told; 55 of them, of 50 systems, were the first (median absolute error, %; "once": each
system counts once):

                                                     80 rows   once   55 rows   once   other 25
    fitted to all 80                                    4.6     4.8      4.1     4.6      4.7
    each system left out                                5.0     5.4      4.8     5.8      5.1
    null: median W a device of the other systems        6.8     8.0      7.1     8.0      6.5
    fitted to the 55 alone, each system left out         -       -       5.9     6.4      6.6 (in no fit)

By family, left out: GH200 2.6, H100 and H200 6.2, A100 7.3 (null 2.4, 9.4, 6.0; of the first 17 rows of A100, three of
which state ratings or more than their nodes can draw, 11.5): the model is better than watts a device where nodes
differ, and no better where they are alike. The mean error is 10 %: a tail of rows misses by more than 14 %, listed
with what is known of each in tests/published/data/top500_systems.yaml. Some state ratings instead of readings (the
model is a third below them), some were run at clocks tuned for efficiency (it is up to 72 % above them). The lists do
not say which, and nothing in them tells these rows apart: over the systems of June 2025 the errors have no rank
correlation above 0.15 with rate, size and memory fill of the matrix, run time, number of devices, or the watts of
hosts and fabric.

What a node is made of counts for as much as the law: with seven machines described by their class alone (Torch,
Karolina, Alex, Berzelius3, Space HPC, Pegasus, HoreKa-Green) instead of in the words of their sites or of the list,
the medians left out are 6.4 (80 rows) and 6.4 (55). Rows that were missed were looked up harder than rows that were
hit.

Tried on the same 80 rows (left out, rows and once) and not taken: one STANDING for both generations 6.4 and 6.8;
without HOST besides 5.9 and 6.8; a RATE for each generation 6.0 and 6.9; a STANDING of GH200's own 5.3 and 5.6; the
metered share of the fabric as a constant (0.24) 5.6 and 5.9; the fans' share as a constant (11 %) 5.7 and 6.3.
STANDING and RATE are known less well apart than together: when the fit is less robust (soft from 10 % on instead of 3
%) they are 0.51 and 0.52, with 5.3 and 5.9 left out. That other arithmetic (16-bit training) follows the same line is
assumed.

Range of use: busy servers with A100 to GH200 accelerators at clocks as shipped. Not modelled: clocks tuned for
efficiency, meters that include storage or cooling, and what the supplies lose at low load.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from planner.axes import Array

# Fitted; see the module's text. Shares of the thermal design power.
STANDING_SHARE = 0.47  # Hopper
STANDING_SHARE_AMPERE = 0.38
RATE_SHARE = 0.59
HOST_SHARE = 0.75

# Share of the 16-bit peak that large trainings sustain: 0.38 to 0.43 (Llama 3, arXiv:2407.21783, table 4).
TRAINING_PEAK_SHARE = 0.40

# Idle over full load. Assumed: nvidia-smi shows 70 to 80 W of 700 on an idle H100 and 50 to 60 W of 400 on an A100;
# servers' processors idle at a third, their memory at half of what they draw at work.
ACCELERATOR_IDLE_SHARE = 0.12
HOST_IDLE_SHARE = 0.33
MEMORY_IDLE_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class NodeParts:
    """The parts of one node at full load [W] and what is lost around them; arrays of any common shape.

    `accelerators` and `host_cpus` are design limits, summed over the node; a superchip's CPU is inside the former.
    `always_on` is what does not follow the work: NVSwitches, network cards, flash, baseboard. `supply_efficiency` is
    what the power supplies give over what they take.
    """

    accelerators: Array
    host_cpus: Array
    memory: Array
    always_on: Array
    supply_efficiency: Array


def standing_share(fp8: Array) -> Array:
    """What a busy accelerator draws at any rate over its limit; chips without 8-bit floats are taken for Ampere's."""
    return np.where(fp8 > 0, STANDING_SHARE, STANDING_SHARE_AMPERE)


def busy_share(
    peak_share: Array,
    standing: float | Array = STANDING_SHARE,
    rate: float | Array = RATE_SHARE,
) -> Array:
    """Power of a busy accelerator over its limit, from the share of its peak that it sustains [-]."""
    return np.minimum(standing + rate * peak_share, 1.0)


def electronics(
    parts: NodeParts,
    accelerator_share: float | Array,
    host_share: float | Array,
    memory_share: float | Array = 1.0,
) -> Array:
    """Power of everything but fans and supplies [W]."""
    chips = parts.accelerators * accelerator_share + parts.host_cpus * host_share
    return chips + parts.memory * memory_share + parts.always_on


def from_the_wall(power: Array, fan_share: Array, supply_efficiency: Array) -> Array:
    """Power at the plug [W] of electronics that draw `power` [W]."""
    return power * (1.0 + fan_share) / supply_efficiency


def node_power_peak(parts: NodeParts, fan_share_peak: Array) -> Array:
    """Everything at its limit and the fans at full speed [W]: what a circuit has to be laid out for."""
    return from_the_wall(electronics(parts, 1.0, 1.0), fan_share_peak, parts.supply_efficiency)


def node_power_busy(
    parts: NodeParts,
    fan_share: Array,
    peak_share: float | Array,
    standing: float | Array = STANDING_SHARE,
    rate: float | Array = RATE_SHARE,
    host: float | Array = HOST_SHARE,
) -> Array:
    """Mean power [W] while the accelerators sustain a share of their peak."""
    share = busy_share(np.asarray(peak_share, dtype=np.float64), standing, rate)
    return from_the_wall(electronics(parts, share, host), fan_share, parts.supply_efficiency)


def node_power_idle(parts: NodeParts, fan_share: Array) -> Array:
    """Power [W] of a node that is switched on and has no work."""
    power = electronics(parts, ACCELERATOR_IDLE_SHARE, HOST_IDLE_SHARE, MEMORY_IDLE_SHARE)
    return from_the_wall(power, fan_share, parts.supply_efficiency)
