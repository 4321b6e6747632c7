"""The JSON Schema of campaign files, for editors: every key with its meaning and unit.

Nothing is required of a file, since what it extends may hold the rest; what the whole must have is said by the reader.
A number may stand alone or as {value: ..., source: ..., confidence: ...}.
"""

from __future__ import annotations

from typing import Any

from planner.inputs.campaign import BLOCKS, WEEK
from planner.inputs.campaign_node import CONFIDENCES

Schema = dict[str, Any]

_SOURCES: Schema = {
    "type": "object",
    "description": "where the numbers of this block come from, by key; all: those of every other key",
    "additionalProperties": {"type": "string"},
}
_NOTE: Schema = {"type": "string", "description": "what a reader should know"}


def _annotated(value: Schema, meaning: str, null: bool = False) -> Schema:
    """A value, alone or with its source."""
    long = {
        "type": "object",
        "properties": {
            "value": value,
            "source": {"type": "string"},
            "confidence": {"enum": list(CONFIDENCES)},
            "note": _NOTE,
        },
        "required": ["value"],
        "additionalProperties": False,
    }
    nulls = [{"type": "null"}] if null else []
    return {"description": meaning, "anyOf": [value, long, *nulls]}


def _number(
    meaning: str, least: float | None = None, most: float | None = None, null: bool = False
) -> Schema:
    bounds = {"minimum": least, "maximum": most}
    value = {"type": "number", **{key: x for key, x in bounds.items() if x is not None}}
    return _annotated(value, meaning, null)


def _chance(meaning: str, null: bool = False) -> Schema:
    return _number(meaning, 0, 1, null)


def _whole(meaning: str, least: int) -> Schema:
    return _annotated({"type": "integer", "minimum": least}, meaning)


def _list(items: Schema, count: int | None = None) -> Schema:
    sizes = {} if count is None else {"minItems": count, "maxItems": count}
    return {"type": "array", "items": items, **sizes}


def _span(meaning: str, null: bool = False) -> Schema:
    return _annotated(_list({"type": "number"}, 2), meaning, null)


def _hours_of_day(meaning: str, null: bool = False) -> Schema:
    return _annotated(_list({"type": "number", "minimum": 0, "maximum": 24}, 2), meaning, null)


def _object(meaning: str, **properties: Schema) -> Schema:
    return {
        "type": "object",
        "description": meaning,
        "properties": {**properties, "note": _NOTE, "sources": _SOURCES},
        "additionalProperties": False,
    }


def _text(meaning: str) -> Schema:
    # A bare 2023.42 is a name too.
    return {"type": ["string", "number"], "description": meaning}


def _table_of_links() -> Schema:
    rates = _annotated(_list(_list({"type": "number"}, 2)), "[Mbit/s, probability] a row")
    return _object(
        "a link's rates and drops",
        rate_mbps=rates,
        drops_per_hour=_number("connection drops an hour of flow", 0),
    )


def _fleet() -> Schema:
    region = _object(
        "vehicles in one time zone",
        name=_text("name of the region"),
        share=_number("share of the fleet; shares are normalised", 0),
        utc_offset_h=_number("local time less UTC, hours", -24, 24),
        p_home_wifi=_chance("chance that a vehicle has Wi-Fi at home"),
        cell_mix={
            "type": "object",
            "description": "chance of each cellular technology in a session",
            "additionalProperties": _number("chance", 0),
        },
        wifi=_table_of_links(),
    )
    segment = _object(
        "vehicles with one pattern of use",
        name=_text("name of the segment"),
        share=_number("share of the fleet; shares are normalised", 0),
        p_active_day=_chance("chance that the vehicle is used on a day"),
        offline_until_exp_mean_h=_number("mean hours of an absence at the start", 0, null=True),
    )
    return _object(
        "who is to be updated",
        n_vehicles=_whole("vehicles", 1),
        regions=_list(region),
        segments=_list(segment),
    )


def _session() -> Schema:
    chance = {"type": "number", "minimum": 0, "maximum": 1}
    return _object(
        "a kind of online time",
        name=_text("name of the kind"),
        link={"enum": ["wifi", "cell"], "description": "over which link"},
        start_h=_span("local hours between which it starts"),
        start_weights=_list({"type": "number", "minimum": 0}),
        duration_h=_span("hours that it lasts"),
        p_per_day=_annotated(
            {"anyOf": [chance, _list(chance, WEEK)]},
            "chance on a day of use: one number, or seven by weekday",
        ),
        parked={"type": "boolean", "description": "false: the vehicle drives"},
        regions=_list(_text("name of a region that has it")),
    )


def _campaign() -> Schema:
    admission = _object(
        "when members become eligible after the opening",
        type={"enum": ["all", "uniform", "rate"]},
        hours=_number("uniform: hours over which", 0),
        base_per_min=_number("rate: vehicles a minute at first", 0),
        factor=_number("rate: multiplied by this", 1),
        step_n=_number("rate: each time so many more are eligible", 0),
        max_per_min=_number("rate: never above, vehicles a minute", 0),
    )
    wave = _object(
        "vehicles that open together",
        share=_number("share of the fleet; shares are normalised", 0),
        not_before_h=_number("hours from the start", 0),
        open_when_prev_success=_chance(
            "share of the wave before that has to be updated", null=True
        ),
        min_after_prev_open_h=_number("hours after the opening of the wave before", 0),
        admission=admission,
    )
    install = _object(
        "when and how it installs",
        mode={"enum": ["when_parked", "scheduled"]},
        install_min=_number("minutes that an install takes", 0),
        p_install_fail=_chance("chance that an attempt fails"),
        max_attempts=_whole("attempts before the vehicle has failed for good", 1),
        retry_delay_h=_number("when_parked: hours from a failure to the next attempt", 0),
        p_consent_per_day=_chance("scheduled: chance of a slot on a day"),
        slot_local_h=_span("scheduled: local hours between which the slot lies"),
    )
    return _object(
        "the policy",
        waves=_list(wave),
        halt_error_share=_number(
            "halt above this share of failed vehicles of a wave", 0, null=True
        ),
        halt_min_failures=_whole("and not below so many", 0),
        poll_interval_h=_number("hours between polls in a session", 0),
        cell_wait_h_with_wifi=_number(
            "hours until cellular is permitted with Wi-Fi at home; null: never", 0, null=True
        ),
        cell_wait_h_without_wifi=_number("the same without; null: never", 0, null=True),
        download_window_local_h=_hours_of_day("local hours of downloads; null: all day", null=True),
        backoff_s=_number("seconds after a drop or a failed verification", 0),
        resume=_object(
            "what is kept of a broken download",
            mode={"enum": ["byte", "chunk", "none"]},
            chunk_mb=_number("chunk: its size, MB", 0),
        ),
        install=install,
    )


def _update() -> Schema:
    version = _object(
        "vehicles on one installed version",
        name=_text("name of the version"),
        share=_number("share of the fleet; shares are normalised", 0),
        payload_mb=_number("download from this version, MB; null: the full image", 0, null=True),
        releases_behind=_whole("releases that it has missed", 1),
    )
    package = _object(
        "a part of a release that changes in its own way",
        name=_text("name of the package"),
        full_mb=_number("full size, MB", 0),
        delta_ratio=_annotated(
            {"anyOf": [{"type": "number", "minimum": 0}, _list({"type": "number", "minimum": 0})]},
            "delta over full size from the release before, or by distance in releases",
        ),
    )
    return _object(
        "what is sent",
        full_mb=_number("full image, MB", 0),
        packages=_list(package),
        chain={"enum": ["latest", "oldest_first"], "description": "how missing releases are taken"},
        installed_versions=_list(version),
        p_verify_fail_delta=_chance("chance that a delta fails its verification"),
        p_verify_fail_full=_chance("chance that a full image fails its verification"),
    )


def campaign_schema() -> Schema:
    """The schema of a campaign file."""
    pool = _object(
        "a capacity that its regions share",
        name=_text("name of the pool"),
        cap_gbps=_number("Gbit/s; null: no cap", 0, null=True),
        regions=_list(_text("name of a region")),
        max_active=_number("downloads at once; more come again at their next poll", 0, null=True),
    )
    links = _object("link rates and drops by technology", wifi=_table_of_links())
    links["additionalProperties"] = _table_of_links()
    document = _object(
        "an over-the-air campaign",
        title={"type": "string", "description": "one line"},
        extends={
            "description": "the file, or the files in order, that this one is laid over",
            "anyOf": [{"type": "string"}, _list({"type": "string"})],
        },
        horizon_h=_number("hours that the campaign is followed", 0),
        curve_step_h=_number("hours between points of the curves", 0),
        fleet=_fleet(),
        links=links,
        sessions=_list(_session()),
        cdn=_object("capacity", pools=_list(pool)),
        update=_update(),
        campaign=_campaign(),
        **{block: {"type": ["object", "null"]} for block in BLOCKS},
    )
    return {"title": "Campaign", **document}
