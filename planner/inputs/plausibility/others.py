"""Do computers, storage units, switches and trained models agree with themselves and with what they are made of?"""

from __future__ import annotations

from planner.inputs.plausibility.finding import Findings, Implausible, Shelf, shown, value
from planner.inputs.profiles import (
    Ecu,
    ImageModel,
    ModelArchitecture,
    Profile,
    StorageSystem,
    TrainedModel,
)

ROUNDING = 0.05
SAME_SIZE = 0.15  # a model named by its billions against its shape
# Sequential bytes a second of one drive: PCIe 5.0 x4; outer tracks of a disk. Cartridges read through few drives.
FASTEST = {"nvme": 15e9, "hdd": 0.3e9, "object": 0.3e9}


def ecus(profile: Profile, shelf: Shelf) -> Findings:
    """Dense rates of a vehicle's computer: the GPU's in the ratios of its formats, the engines' apart."""
    if not isinstance(profile, Ecu):
        return
    if profile.mode is not None and profile.mode not in profile.modes:
        yield Implausible(("mode",), profile.mode, f"one of {', '.join(profile.modes)}")
    if profile.sparsity_factor.value == 1.0:
        return  # neural units with a rate of their own beside a small GPU
    half, share = profile.fp16.value, value(profile.gpu_share) or 1.0
    wide = "fp16 is dense: 8 bits have twice its rate on the GPU, 4 bits four times"
    for name, of_gpu, ratio in (("int8", share, 2.0), ("fp8", 1.0, 2.0), ("fp4", 1.0, 4.0)):
        rate = value(getattr(profile, name)) * of_gpu
        if rate and abs(rate / half / ratio - 1) > ROUNDING:
            gpu = " of the GPU" if of_gpu < 1 else ""
            yield Implausible(
                (name,),
                f"{shown(rate, 'FLOP/second')}{gpu}, {rate / half:.3g} x fp16",
                f"{shown(ratio * half, 'FLOP/second')}{gpu}; {wide}",
            )


def storage(profile: Profile, shelf: Shelf) -> Findings:
    """Bandwidth that the drives cannot give."""
    if not isinstance(profile, StorageSystem) or profile.medium not in FASTEST:
        return
    most = profile.drives.value * FASTEST[profile.medium]
    for name in ("read_bandwidth", "write_bandwidth"):
        rate = getattr(profile, name).value
        if rate > most:
            yield Implausible(
                (name,),
                shown(rate, "byte/second"),
                f"at most {shown(most, 'byte/second')} of {profile.drives.value:g} drives",
            )


def models(profile: Profile, shelf: Shelf) -> Findings:
    """Parameters that are not those of the network that a step is predicted from."""
    if not isinstance(profile, TrainedModel):
        return
    shape = shelf.get("architectures", profile.architecture) if profile.architecture else None
    image = shelf.get("image_models", profile.image_model) if profile.image_model else None
    known = 0.0
    if isinstance(shape, ModelArchitecture):
        known = value(shape.active_parameters) or shape.parameters.value
    if isinstance(image, ImageModel):
        known = value(image.parameters)
    found = profile.parameters.value
    if known and abs(found / known - 1) > SAME_SIZE:
        name = profile.architecture or profile.image_model
        yield Implausible(("parameters",), f"{found:.3g}", f"about {known:.3g}, those of {name}")
