"""What all that a YAML file describes has in common: names, texts, months, places, references, sources.

Scenarios are built from the same pieces as profiles.
"""

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictStr, WithJsonSchema

from planner.inputs.numbers import month_index

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_]*$", max_length=60)]
ShortText = Annotated[StrictStr, Field(min_length=1, max_length=200)]
LongText = Annotated[StrictStr, Field(min_length=1, max_length=4000)]
Country = Annotated[StrictStr, Field(pattern=r"^[A-Z]{2}$")]
Place = Annotated[str, Field(pattern=r"^([A-Z]{2}|[a-z][a-z0-9_]*)$")]  # a country or a group


@dataclass(frozen=True, slots=True)
class Ref:
    """Marks a text field as the name of a profile of another kind."""

    kind: str

    def __get_pydantic_json_schema__(self, schema: Any, handler: Any) -> dict[str, Any]:
        return {**handler(schema), "description": f"name of a profile in {self.kind}/"}


def _month(raw: Any) -> int:
    return raw if isinstance(raw, int) else month_index(str(raw))


MonthIndex = Annotated[
    int,
    BeforeValidator(_month),
    WithJsonSchema(
        {"type": ["string", "integer"], "pattern": r"^\d{4}(-\d{1,2})?$", "description": "a month"}
    ),
]


class Entity(BaseModel):
    """Anything with fields that a YAML file sets: no unknown keys, no change after reading."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, arbitrary_types_allowed=True, defer_build=True
    )


class Profile(Entity):
    """What every profile carries."""

    title: ShortText
    note: LongText | None = None
    sources: dict[Name, ShortText | LongText] = Field(default_factory=dict)
