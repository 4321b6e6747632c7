"""What the delivery of updates costs: contracts of delivery networks and of mobile operators, each with its date."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from planner.inputs.numbers import Cell, Leaf
from planner.inputs.profiles.base import Entity, MonthIndex, Profile, ShortText


class VolumeTier(Entity):
    """A price for what lies above a monthly volume, up to the next tier."""

    above: Annotated[Cell, Leaf("byte", "monthly volume from which on the price counts", least=0)]
    price: Annotated[Cell, Leaf("USD/GB", "price of a delivered volume", least=0)]


class RateTier(Entity):
    """A price for what lies above a billed rate, up to the next tier."""

    above: Annotated[
        Cell, Leaf("bit/second", "billed rate from which on the price counts", least=0)
    ]
    price: Annotated[Cell, Leaf("USD/Mbps month", "price of a billed rate for a month", least=0)]


class Tariff(Profile):
    """A price list or contract, as it stood in a month.

    By `rule`: volume (USD/GB), p95 (the 95th percentile of a month's five-minute rates), p95_active_days (the same of
    the days with traffic, for their share of the month), cellular (USD/GB, with a cap for each vehicle).
    """

    valid: Annotated[MonthIndex, Field(description="month in which the prices were in force")]
    place: Annotated[ShortText, Field(description="where the prices hold")]
    rule: Literal["volume", "p95", "p95_active_days", "cellular"]
    volume: Annotated[list[VolumeTier], Field(description="tiers of rules volume and cellular")] = (
        Field(default_factory=list)
    )
    rate: Annotated[list[RateTier], Field(description="tiers of the rules on rates")] = Field(
        default_factory=list
    )
    commit_volume: Annotated[
        Cell | None,
        Leaf("byte", "volume paid for in each month with traffic; absent: none", least=0, absent=0),
    ] = None
    commit_rate: Annotated[
        Cell | None,
        Leaf(
            "bit/second",
            "rate paid for in each month with traffic; absent: none",
            least=0,
            absent=0,
        ),
    ] = None
    overage_volume: Annotated[
        Cell | None,
        Leaf("USD/GB", "price above the commit or cap; absent: the tiers' own", least=0, absent=-1),
    ] = None
    overage_rate: Annotated[
        Cell | None,
        Leaf(
            "USD/Mbps month", "price above the commit; absent: the tiers' own", least=0, absent=-1
        ),
    ] = None
    requests: Annotated[
        Cell | None,
        Leaf("USD", "price of 10,000 requests; absent: requests are free", least=0, absent=0),
    ] = None
    origin: Annotated[
        Cell | None,
        Leaf("USD/GB", "price of what edge caches fetch; absent: free", least=0, absent=0),
    ] = None
    vehicle_cap: Annotated[
        Cell | None,
        Leaf("byte", "monthly data of a vehicle at the price; absent: no cap", least=0, absent=-1),
    ] = None
    pooled: Annotated[bool, Field(description="the caps of all vehicles are one")] = False
    throttled: Annotated[
        bool, Field(description="beyond the cap the operator slows down and asks nothing")
    ] = False

    @model_validator(mode="after")
    def _has_the_tiers_of_its_rule(self) -> Self:
        needed = "volume" if self.rule in ("volume", "cellular") else "rate"
        other = "rate" if needed == "volume" else "volume"
        if not getattr(self, needed) or getattr(self, other):
            raise ValueError(f"rule {self.rule} has its tiers in {needed}, and none in {other}")
        starts = [tier.above.value for tier in getattr(self, needed)]
        if starts[0] != 0 or starts != sorted(set(starts)):
            raise ValueError(f"{needed}: tiers start at 0 and rise")
        if self.rule == "cellular" and len(starts) > 1:
            raise ValueError("volume: rule cellular has one price")
        return self
