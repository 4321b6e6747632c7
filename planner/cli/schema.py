"""`planner schema`: the JSON Schema of scenario, profile and campaign files, for editors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from planner.inputs.profiles import Entity

EXAMPLES = """\
\b
Examples:
  planner schema scenario > scenario.schema.json
  planner schema profile nodes
  planner schema campaign > campaign.schema.json
"""

DESCRIBED = ("profile", "scenario", "campaign")
DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema(
    what: Annotated[
        str,
        typer.Argument(
            metavar="profile|scenario|campaign", help="What to describe.", show_default=False
        ),
    ],
    kind: Annotated[
        str | None,
        typer.Argument(
            metavar="KIND",
            help="One kind of profile, such as nodes. Default: all.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Every key with its meaning, unit and bounds, as JSON Schema."""
    import json

    from planner.cli.output import write
    from planner.errors import PlannerError, suggestion
    from planner.inputs.campaign_schema import campaign_schema
    from planner.inputs.profiles import PROFILE_KINDS

    if what not in DESCRIBED:
        raise PlannerError(f'no schema of "{what}"; {suggestion(what, DESCRIBED)}')
    if what != "profile" and kind is not None:
        raise PlannerError(f"planner schema {what} takes no kind")
    if kind is not None and kind not in PROFILE_KINDS:
        raise PlannerError(f'"{kind}" is not a kind of profile; {suggestion(kind, PROFILE_KINDS)}')
    if what == "profile":
        document = _profile(kind) if kind else _profiles()
    else:
        document = _scenario() if what == "scenario" else campaign_schema()
    write(json.dumps({"$schema": DIALECT, **document}, indent=2, ensure_ascii=False))


def _profile(kind: str) -> dict[str, Any]:
    """The schema of one kind of profile; a file that extends another need not be complete, nor its entries."""
    from planner.inputs.profiles import PROFILE_KINDS

    document = _described(PROFILE_KINDS[kind])
    document["properties"]["extends"] = _EXTENDS
    for part in document.get("$defs", {}).values():
        _partial(part)
    required = document.pop("required", [])
    document["anyOf"] = [{"required": ["extends"]}, {"required": required}]
    return document


def _profiles() -> dict[str, Any]:
    """One schema a kind, by the name of the kind's folder."""
    from planner.inputs.profiles import PROFILE_KINDS

    return {
        "title": "Profiles by kind",
        "description": "One schema a kind of profile: a file in hardware_profiles/KIND/ meets the schema of that kind.",
        "$defs": {kind: {"$id": f"planner:{kind}", **_profile(kind)} for kind in PROFILE_KINDS},
        "anyOf": [{"$ref": f"planner:{kind}"} for kind in PROFILE_KINDS],
    }


def _scenario() -> dict[str, Any]:
    """The schema of a scenario file, in which nothing is required: what it extends and its profiles fill the rest."""
    from planner.inputs.profiles import PROFILE_KINDS
    from planner.inputs.scenario import Scenario

    document = _described(Scenario)
    document["properties"]["extends"] = _EXTENDS
    own = {
        kind: _partial(_described(model))
        for kind, model in PROFILE_KINDS.items()
        if kind not in document["properties"]
    }
    for kind, profile in own.items():
        document["$defs"] |= profile.pop("$defs", {})
        document["$defs"][f"profile_{kind}"] = profile
        document["properties"][kind] = {
            "type": "object",
            "description": f"fields that replace those of profiles in {kind}/, or profiles of the scenario's own",
            "additionalProperties": {"$ref": f"#/$defs/profile_{kind}"},
        }
    for field in document["properties"].values():
        for entry in (
            field.get("additionalProperties"),
            *field.get("patternProperties", {}).values(),
        ):
            if isinstance(entry, dict) and (name := _definition(entry)):
                document["$defs"][name].setdefault("properties", {})["like"] = _LIKE
    for part in document["$defs"].values():
        _partial(part)
    return _partial(document)


def _definition(entry: dict[str, Any]) -> str | None:
    """The name of the definition that the entries of a table have, null or not."""
    for each in (entry, *entry.get("anyOf", ())):
        if "$ref" in each:
            return str(each["$ref"]).rpartition("/")[2]
    return None


_LIKE = {
    "description": "another entry of this table, here or in the file below, that this one is laid over",
    "type": "string",
}
_EXTENDS = {
    "description": "the file, or the files in order, that this one is laid over",
    "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}],
}


def _described(model: type[Entity]) -> dict[str, Any]:
    """The schema of a class; a key that may be absent may also be null, which deletes what lies below."""
    document = model.model_json_schema(by_alias=True)
    for part in (document, *document.get("$defs", {}).values()):
        for name, field in part.get("properties", {}).items():
            for key, entry in field.get("patternProperties", {}).items():
                field["patternProperties"][key] = _or_null(entry)
            if "default" in field or name not in part.get("required", ()):
                part["properties"][name] = _or_null(field)
    return document


def _or_null(field: dict[str, Any]) -> dict[str, Any]:
    """The same schema with room for null."""
    kinds: str | list[str] | None = field.get("type")
    if "anyOf" in field:
        if {"type": "null"} not in field["anyOf"]:
            field["anyOf"].append({"type": "null"})
    elif kinds is not None and "enum" not in field:
        field["type"] = [*([kinds] if isinstance(kinds, str) else kinds), "null"]
    elif kinds is not None or "$ref" in field:
        about: dict[str, Any] = {
            key: field.pop(key) for key in ("default", "description") if key in field
        }
        return {**about, "anyOf": [field, {"type": "null"}]}
    return field


def _partial(document: dict[str, Any]) -> dict[str, Any]:
    """The schema without its list of required keys, and with room for an empty entry."""
    document.pop("required", None)
    if document.get("type") == "object":
        document["type"] = ["object", "null"]
    return document
