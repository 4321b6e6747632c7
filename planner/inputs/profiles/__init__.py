"""The schema of hardware profiles: what a file in `hardware_profiles/` may say.

One class a kind of thing, one field a number or reference. A numeric field is the declaration of a leaf: the leaf
`<entity>_<field>` of the model is read from here with its unit, bounds and meaning.
"""

from planner.inputs.profiles.base import (
    Country,
    Entity,
    LongText,
    MonthIndex,
    Name,
    Profile,
    Ref,
    ShortText,
)
from planner.inputs.profiles.hardware import (
    Accelerator,
    NetworkPart,
    Node,
    StorageLevel,
    StorageSystem,
)
from planner.inputs.profiles.image import ImageModel
from planner.inputs.profiles.places import SOLD, Climate, Market, Plant, Region
from planner.inputs.profiles.rules import (
    Duties,
    ExportRule,
    Limb,
    ResidencyLimb,
    ResidencyRule,
    TradeRules,
)
from planner.inputs.profiles.tariffs import RateTier, Tariff, VolumeTier
from planner.inputs.profiles.training import (
    ComputeSystem,
    Framework,
    ModelArchitecture,
    SoftwareEra,
)
from planner.inputs.profiles.vehicles import Ecu, PowerMode, TrainedModel, Vehicle

__all__ = [
    "PROFILE_KINDS",
    "SOLD",
    "Accelerator",
    "Climate",
    "ComputeSystem",
    "Country",
    "Duties",
    "Ecu",
    "Entity",
    "ExportRule",
    "Framework",
    "ImageModel",
    "Limb",
    "LongText",
    "Market",
    "ModelArchitecture",
    "MonthIndex",
    "Name",
    "NetworkPart",
    "Node",
    "PowerMode",
    "Profile",
    "RateTier",
    "Ref",
    "Region",
    "ResidencyLimb",
    "ResidencyRule",
    "ShortText",
    "SoftwareEra",
    "StorageLevel",
    "StorageSystem",
    "Tariff",
    "TradeRules",
    "TrainedModel",
    "Vehicle",
    "VolumeTier",
]


PROFILE_KINDS: dict[str, type[Profile]] = {
    "accelerators": Accelerator,
    "nodes": Node,
    "systems": ComputeSystem,
    "ecus": Ecu,
    "storage": StorageSystem,
    "storage_levels": StorageLevel,
    "network": NetworkPart,
    "vehicles": Vehicle,
    "models": TrainedModel,
    "architectures": ModelArchitecture,
    "image_models": ImageModel,
    "software": SoftwareEra,
    "frameworks": Framework,
    "regions": Region,
    "climates": Climate,
    "plants": Plant,
    "markets": Market,
    "rules": TradeRules,
    "duties": Duties,
    "tariffs": Tariff,
}
