"""What the law says: dated rules on exports and on the residency of data, and customs duties."""

from typing import Annotated, Literal

from pydantic import Field

from planner.inputs.numbers import Cell, Confidence, Leaf
from planner.inputs.profiles.base import (
    Entity,
    LongText,
    MonthIndex,
    Name,
    Place,
    Profile,
    ShortText,
)

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
    confidence: Confidence


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
    confidence: Confidence


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


class Duty(Entity):
    """A rate of customs duty on some equipment, from some origins to some destinations, from a month on."""

    name: Name
    kinds: list[Literal["nodes", "storage", "network"]] = Field(min_length=1)
    origins: list[Place] = Field(min_length=1)
    destinations: list[Place] = Field(min_length=1)
    known: MonthIndex
    effective: MonthIndex
    rate: Annotated[Cell, Leaf("1", "duty over the customs value", least=0, most=10)]


class Duties(Profile):
    """Dated customs duties; of the rules that match a delivery the latest in force decides."""

    duties: list[Duty] = Field(min_length=1)
