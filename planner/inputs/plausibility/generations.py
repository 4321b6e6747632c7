"""What chips of a generation have in common: formats, ratios of their dense rates, clocks, links, memory.

Dense rates of a generation's tensor units stand in fixed ratios, because a unit of half the width takes twice the
operands: bf16 = 2 x tf32, fp8 = int8 = 2 x bf16, fp4 = 2 x fp8 (Blackwell Ultra: 3 x, at the price of int8). A format
without a ratio is one that the generation does not have. FLOPs of a processor and clock follow from the same data
sheets: rate = processors x FLOPs x clock; 989 TFLOP/s of an H100 are 132 x 4,096 x 1.83 GHz.

Sources: NVIDIA's architecture papers (V100, Turing, A100, Ada, H100, Blackwell); Epoch AI, Machine Learning Hardware;
Stas Bekman, Machine Learning Engineering, chapters Accelerators and Network; AMD's data sheets of MI250X to MI355X.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

GIGA, TERA = 1e9, 1e12
CLOCK = (0.4 * GIGA, 2.7 * GIGA)  # Hz; the least is an H20, whose tensor units are throttled
LINK_FOR_CHINA = (
    200 * GIGA
)  # byte/s, one direction: A800, H800 (400 both ways, under the 600 of October 2022)
PEER_LINK = 64 * GIGA  # byte/s, one direction: one of seven Infinity Fabric links of an MI300X


@dataclass(frozen=True)
class Family:
    """Ratios of dense rates to bf16 by format, and what bounds a chip; 0 where there is no figure for it."""

    ratios: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    sparsity: tuple[float, ...] = (1.0,)
    flops: float = 0.0  # bf16 FLOPs of a processor in a clock, dense
    processors: float = 0.0  # of the full die or package
    per_watt: float = 0.0  # bf16 FLOP/s a watt that no chip of the generation passes, dense
    link: float = 0.0  # byte/s of all scale-up links of a chip, one direction
    memory: float = 0.0  # bytes of the largest GPU


BY_GENERATION: Mapping[str, Family] = {
    "pascal": Family(per_watt=0.09 * TERA, link=80 * GIGA, memory=24 * GIGA),
    "volta": Family(
        flops=1024, processors=84, per_watt=0.5 * TERA, link=150 * GIGA, memory=32 * GIGA
    ),
    "turing": Family(
        {"int8": (2.0,)},
        flops=1024,
        processors=72,
        per_watt=1.1 * TERA,
        link=50 * GIGA,
        memory=48 * GIGA,
    ),
    "ampere": Family(
        {"tf32": (0.5,), "int8": (2.0, 4.0)},  # 4: GeForce, whose 16-bit rate is halved
        sparsity=(2.0,),
        flops=2048,
        processors=128,
        per_watt=1.35 * TERA,
        link=300 * GIGA,
        memory=80 * GIGA,
    ),
    "ada": Family(
        {"tf32": (0.5,), "fp8": (2.0,), "int8": (2.0, 4.0)},
        sparsity=(2.0,),
        flops=1024,
        processors=144,
        per_watt=1.8 * TERA,
        link=32 * GIGA,
        memory=48 * GIGA,
    ),
    "hopper": Family(
        {"tf32": (0.5,), "fp8": (2.0,), "int8": (2.0,)},
        sparsity=(2.0,),
        flops=4096,
        processors=144,
        per_watt=2.3 * TERA,
        link=450 * GIGA,
        memory=144 * GIGA,
    ),
    "blackwell": Family(
        {"tf32": (0.5,), "fp8": (2.0,), "fp4": (4.0, 6.0), "int8": (2.0, 0.07)},
        sparsity=(2.0,),
        flops=8192,
        processors=160,
        per_watt=2.5 * TERA,
        link=900 * GIGA,
        memory=288 * GIGA,
    ),
    "cdna2": Family(
        {"int8": (1.0,)},
        flops=1024,
        processors=220,
        per_watt=0.85 * TERA,
        link=400 * GIGA,
        memory=128 * GIGA,
    ),
    "cdna3": Family(
        {"tf32": (0.5,), "fp8": (2.0,), "int8": (2.0,)},
        sparsity=(2.0,),
        flops=2048,
        processors=304,
        per_watt=1.9 * TERA,
        link=448 * GIGA,
        memory=256 * GIGA,
    ),
    "cdna4": Family(
        {"fp8": (2.0,), "fp4": (4.0,), "int8": (2.0,)},
        sparsity=(2.0,),
        flops=4096,
        processors=256,
        per_watt=2.4 * TERA,
        link=538 * GIGA,
        memory=288 * GIGA,
    ),
    "gaudi": Family({"fp8": (1.0, 2.0)}, per_watt=2.0 * TERA, memory=128 * GIGA),
    "tpu": Family({"int8": (1.0, 2.0)}, per_watt=3.2 * TERA, memory=192 * GIGA),
    "dojo": Family({"fp8": (1.0,)}, per_watt=1.0 * TERA),
}

GRAPHICS_AMPERE = (
    1024.0  # FLOPs of a processor in a clock where it has no 64-bit tensor units (GA10x)
)

# Memory on the package, which data sheets and shops give; less of it is there for a job.
ADVERTISED: Mapping[str, float] = {
    "B200": 192 * GIGA,
    "GB200": 192 * GIGA,
    "B300": 288 * GIGA,
    "GB300": 288 * GIGA,
}
GH200_LARGE = 144 * GIGA

# Bandwidth of a Grace's memory by its size: the larger module is the slower (Juelich Supercomputing Centre, JUPITER).
GRACE: Mapping[float, float] = {120 * GIGA: 512 * GIGA, 480 * GIGA: 384 * GIGA}
C2C = 450 * GIGA  # byte/s, one direction: NVLink-C2C of a Grace
GRACES = {
    "hopper": 1.0,
    "blackwell": 0.5,
}  # a GPU's share: GH200 is 1 GPU and 1 Grace, GB200 2 and 1

# Published performance densities, TPP a mm2: they hold only for dense rates (specification pages of H20 and H100).
DENSITIES: Mapping[tuple[str, str], float] = {("H100", "sxm"): 19.4, ("H20", "sxm"): 2.9}
DENSITY_DECIDES = (1600.0, 4800.0)  # TPP between which the class depends on density (88 FR 73458)

FIRST_YEAR: Mapping[str, int] = {
    **{"pascal": 2016, "volta": 2017, "turing": 2018, "ampere": 2020, "ada": 2022, "hopper": 2022},
    **{"blackwell": 2024, "cdna2": 2021, "cdna3": 2023, "cdna4": 2025},
    **{"gaudi": 2019, "tpu": 2017, "dojo": 2021},
}
YEARS_ON_SALE = 8  # between the first chip of a generation and the last

# byte/s in one direction to the host where no superchip joins it: PCIe x16 of the generation's own standard.
HOST_LINK: Mapping[str, float] = {
    **dict.fromkeys(("pascal", "volta", "turing", "tpu"), 16 * GIGA),
    **dict.fromkeys(("ampere", "ada"), 32 * GIGA),
    "cdna2": 36 * GIGA,  # Infinity Fabric
    **dict.fromkeys(("hopper", "cdna3", "gaudi"), 64 * GIGA),
    **dict.fromkeys(("blackwell", "cdna4"), 128 * GIGA),
}
CUT_LINKS = 0.4  # of the generation's link: what China's variants and half of a package keep
JOINED = "sxm", "oam", "superchip"  # forms that stand on a board with links between chips
