"""What do vehicles record, and how much of it arrives, when and where?

From the sensors (raw rate) through the recording policy (triggers), compression, the buffer on the vehicle and the
links home to the ingest of the sites. What is not uploaded is dropped on the vehicle: bytes recorded are bytes
uploaded plus bytes dropped. Three streams (clips, signals, map observations) are divided into data classes; what a
full link drops hits all classes alike, so a class's part of the ingest is its part of what is recorded. Vehicles whose
owners withdrew their consent to a class record and send none of it any more.
"""

from __future__ import annotations

import numpy as np

from planner.axes import (
    DATA,
    DRAW,
    ECU,
    HOUR,
    LINK,
    MONTH,
    PROGRAM,
    REGION,
    SITE,
    Array,
    added,
    contract,
    gathered,
    on,
    peak,
    place,
    total,
)
from planner.catalogue import Calendar, Parts
from planner.graph import quantity
from planner.perf.survival import consenting


@quantity(unit="bit/second", axes="program")
def sensor_rate_raw(program_sensors: Parts) -> Array:
    """Raw rate of all sensors of a vehicle while it drives: sensors x pixels x frames a second x bits."""
    sensors = program_sensors
    return sensors.total(
        sensors["count"] * sensors["resolution"] * sensors["rate"] * sensors["bits"]
    )


@quantity(unit="byte/second", axes="program")
def sensor_rate_encoded(program_sensors: Parts) -> Array:
    """Rate of all sensors while the vehicle drives, after each sensor's codec."""
    sensors = program_sensors
    raw = sensors["count"] * sensors["resolution"] * sensors["rate"] * sensors["bits"]
    return sensors.total(raw / sensors["compression"])


@quantity(unit="1", axes="program")
def program_cameras(program_sensors: Parts) -> Array:
    """Cameras of a vehicle."""
    return program_sensors.total(program_sensors["count"] * program_sensors["camera"])


@quantity(unit="pixel/second", axes="program")
def program_camera_pixels(program_sensors: Parts) -> Array:
    """Pixels of all cameras of a vehicle while it drives: cameras x pixels of a frame x frames a second."""
    sensors = program_sensors
    return sensors.total(
        sensors["count"] * sensors["camera"] * sensors["resolution"] * sensors["rate"]
    )


@quantity(unit="1", axes="month program")
def recorded_share(
    program_record_share: Array,
    program_trigger_rate: Array,
    program_clip_length: Array,
    telemetry_trigger_growth: Array,
) -> Array:
    """Share of driving time that is recorded: what is recorded whole, and a clip for each trigger, at most all."""
    clips = program_trigger_rate * telemetry_trigger_growth * program_clip_length
    return np.minimum(1.0, program_record_share + clips)


@quantity(unit="byte/day", axes="month program")
def clips_recorded(
    program_daily_hours: Array, recorded_share: Array, sensor_rate_encoded: Array
) -> Array:
    """Encoded sensor bytes that a vehicle records in a day."""
    return program_daily_hours * recorded_share * sensor_rate_encoded


@quantity(unit="byte/day", axes="month region program")
def vehicle_recorded(
    clips_recorded: Array,
    program_telemetry: Array,
    program_map_rate: Array,
    vehicle_distance: Array,
) -> Array:
    """All bytes that a vehicle with consent wants to send in a day: clips, signals and logs, map observations."""
    return clips_recorded + program_telemetry + program_map_rate * vehicle_distance


@quantity(unit="1", axes="data")
def data_stream_share(
    data_share: Array,
    data_takes_rest: Array,
    data_is_clips: Array,
    data_is_telemetry: Array,
    data_is_map: Array,
) -> Array:
    """Share of its stream that each class takes: its own, or what the other classes of the stream leave."""
    own = np.where(data_takes_rest > 0, 0.0, data_share)
    streams = (data_is_clips, data_is_telemetry, data_is_map)
    claimed = sum((total(own * stream, DATA) * stream for stream in streams), np.zeros_like(own))
    left = np.maximum(1.0 - claimed, 0.0)
    return np.where(data_takes_rest > 0, left, own / np.maximum(claimed, 1.0))


@quantity(unit="1", axes="month data")
def data_consent(
    vehicle_sales: Array,
    vehicles_in_operation: Array,
    opening_fleet: Parts,
    data_deletion_rate: Array,
    calendar: Calendar,
) -> Array:
    """Share of the vehicles on the road whose owners have not withdrawn their consent to the class of data.

    Owners withdraw from the sale on, at the rate at which their data is deleted; none do where the law wants the data.
    First order: the share of the whole fleet, which is a little too high where the vehicles are older.
    """
    rate = on(data_deletion_rate, DATA)
    sold = on(total(vehicle_sales, REGION, PROGRAM, ECU), MONTH)
    alive = on(total(vehicles_in_operation, REGION), MONTH)
    start = _consenting_at_start(opening_fleet, rate, calendar)
    return place(consenting(start, sold, alive, rate, calendar.edges), DRAW, MONTH, DATA)


def _consenting_at_start(before: Parts, rate: Array, calendar: Calendar) -> Array:
    """Vehicles on the road at plan_start, and those of them whose owners still consent: (draw, 2, class)."""
    if not before.names:
        return np.zeros((len(rate), 2, rate.shape[1]))
    months = (calendar.seconds_at(before["sold"]) + calendar.seconds_at(before["sold"] + 1)) / 2
    agreed = np.exp(rate[:, :, None] * months[:, None])
    vehicles = before["vehicles"][:, None]
    both = np.stack([vehicles + 0.0 * agreed, vehicles * agreed], axis=1)
    return added(both, -1)[..., 0]


@quantity(unit="byte/day", axes="month region program data")
def vehicle_recorded_by_class(
    clips_recorded: Array,
    program_telemetry: Array,
    program_map_rate: Array,
    vehicle_distance: Array,
    data_stream_share: Array,
    data_is_clips: Array,
    data_is_telemetry: Array,
    data_is_map: Array,
    data_consent: Array,
) -> Array:
    """Bytes of each data class that the mean vehicle wants to send in a day: its share of the stream, with consent."""
    share = data_stream_share * data_consent
    clips = clips_recorded * (data_is_clips * share)
    signals = program_telemetry * (data_is_telemetry * share)
    distance = program_map_rate * vehicle_distance
    return distance * (data_is_map * share) + (clips + signals)


@quantity(unit="byte/day", axes="month region program")
def vehicle_consented(vehicle_recorded_by_class: Array) -> Array:
    """Bytes of all classes that the mean vehicle wants to send in a day, as far as owners consent."""
    return total(vehicle_recorded_by_class, DATA)


@quantity(unit="1", axes="month region program")
def consent_share(vehicle_consented: Array, vehicle_recorded: Array) -> Array:
    """Share of what vehicles would record that owners consent to; 1 where nothing is recorded."""
    recorded = np.where(vehicle_recorded > 0, vehicle_recorded, 1.0)
    return np.where(vehicle_recorded > 0, vehicle_consented / recorded, 1.0)


@quantity(unit="1", axes="month region program data")
def data_mix(vehicle_recorded_by_class: Array, vehicle_consented: Array) -> Array:
    """Share of each class in what the fleet records, and so in what it sends and drops; 0 where it records nothing."""
    return vehicle_recorded_by_class / np.where(vehicle_consented > 0, vehicle_consented, 1.0)


@quantity(unit="vehicle", axes="month region program")
def vehicles_uploading(vehicles_served: Array, consent_share: Array) -> Array:
    """Mean served vehicles that record and send, counted by the share of their data that owners consent to."""
    return vehicles_served * consent_share


@quantity(unit="byte/day", axes="region program link")
def upload_limit(
    link_uplink: Array,
    link_session: Array,
    link_interval: Array,
    link_data_cap: Array,
    vehicle_buffer: Array,
) -> Array:
    """What a vehicle can send in a day on a link: limited by session time, buffer between sessions, allowance."""
    by_time = link_uplink * link_session / link_interval
    by_buffer = vehicle_buffer / link_interval
    return np.minimum(np.minimum(by_time, by_buffer), link_data_cap)


@quantity(unit="byte/day", axes="month region program link")
def vehicle_uploaded(vehicle_recorded: Array, upload_limit: Array) -> Array:
    """Bytes that a vehicle sends in a day on each link that it may have."""
    return np.minimum(vehicle_recorded, upload_limit)


@quantity(unit="second", axes="month region program link")
def upload_session_time(vehicle_uploaded: Array, link_interval: Array, link_uplink: Array) -> Array:
    """Time that one session needs to send what has gathered since the last one; 0 for a link without a rate."""
    gathered = vehicle_uploaded * link_interval
    return np.where(link_uplink > 0, gathered / np.where(link_uplink > 0, link_uplink, 1.0), 0.0)


@quantity(unit="byte/second", axes="month region program link")
def upload(vehicles_uploading: Array, link_share: Array, vehicle_uploaded: Array) -> Array:
    """Mean upload of the served vehicles, by the link that they use."""
    return vehicles_uploading * link_share * vehicle_uploaded


@quantity(unit="byte/second", axes="month region program")
def fleet_recorded(vehicles_mean: Array, consent_share: Array, vehicle_recorded: Array) -> Array:
    """Mean rate at which all vehicles, served or not, gather bytes to send."""
    return vehicles_mean * consent_share * vehicle_recorded


@quantity(unit="byte/second", axes="month")
def served_recorded(vehicles_uploading: Array, vehicle_recorded: Array) -> Array:
    """Mean rate at which the served vehicles gather bytes to send."""
    return total(vehicles_uploading * vehicle_recorded, REGION, PROGRAM)


@quantity(unit="byte/second", axes="month region program")
def fleet_dropped(
    vehicles_uploading: Array,
    vehicles_mean: Array,
    consent_share: Array,
    link_share: Array,
    vehicle_recorded: Array,
    upload_limit: Array,
) -> Array:
    """Mean rate at which recordings are lost on the vehicle: too little time, buffer or allowance, or not served."""
    beyond = np.maximum(vehicle_recorded - upload_limit, 0.0)
    lost = vehicles_uploading * total(link_share * beyond, LINK)
    return lost + (vehicles_mean * consent_share - vehicles_uploading) * vehicle_recorded


@quantity(unit="byte/second", axes="month data")
def data_recorded(vehicles_mean: Array, vehicle_recorded_by_class: Array) -> Array:
    """Mean rate at which all vehicles, served or not, gather bytes of each class that their owners consent to."""
    return total(vehicles_mean * vehicle_recorded_by_class, REGION, PROGRAM)


@quantity(unit="byte/second", axes="month data")
def data_dropped(fleet_dropped: Array, data_mix: Array) -> Array:
    """Mean rate at which bytes of each class are lost on the vehicle."""
    return total(fleet_dropped * data_mix, REGION, PROGRAM)


@quantity(unit="byte/second", axes="month hour region")
def upload_by_hour(upload: Array, upload_hours: Array) -> Array:
    """Upload of each region in each hour of the day, UTC: the links' uploads, each with its own hours."""
    return contract(total(upload, PROGRAM), upload_hours, LINK)


@quantity(unit="byte/second", axes="month")
def ingest_mean(upload: Array) -> Array:
    """Mean inflow from all served vehicles."""
    return total(upload, REGION, PROGRAM, LINK)


@quantity(unit="byte/second", axes="month hour")
def ingest_by_hour(upload_by_hour: Array) -> Array:
    """Inflow in each hour of the day, UTC, over all regions together."""
    return total(upload_by_hour, REGION)


@quantity(unit="byte/second", axes="month")
def ingest_peak(ingest_by_hour: Array, telemetry_ingest_headroom: Array) -> Array:
    """Largest hourly inflow over all regions together, with headroom.

    The regions' days are shifted by their UTC offsets and added before the maximum is taken: the peak of the sum, not
    the sum of the peaks.
    """
    return peak(ingest_by_hour, HOUR) * telemetry_ingest_headroom


@quantity(unit="byte/second", axes="month site")
def site_ingest_mean(upload: Array, region_at_site: Array) -> Array:
    """Mean inflow at each site: that of the regions whose data goes there."""
    return gathered(total(upload, PROGRAM, LINK), region_at_site, REGION, SITE)


@quantity(unit="byte/second", axes="month program data site")
def data_ingest(upload: Array, data_mix: Array, region_at_site: Array) -> Array:
    """Mean inflow of each class at each site, by the programme whose vehicles send it."""
    return gathered(total(upload, LINK) * data_mix, region_at_site, REGION, SITE)


@quantity(unit="byte/second", axes="month site")
def site_ingest_peak(
    upload_by_hour: Array,
    region_at_site: Array,
    telemetry_ingest_headroom: Array,
) -> Array:
    """Largest hourly inflow at each site, with headroom."""
    by_hour = gathered(upload_by_hour, region_at_site, REGION, SITE)
    return peak(by_hour, HOUR) * telemetry_ingest_headroom


@quantity(unit="1", axes="month data")
def clip_consent(data_is_clips: Array, data_stream_share: Array, data_consent: Array) -> Array:
    """Share of each class in all recordings, where it is cut from them and as far as owners consent; else 0."""
    return data_is_clips * data_stream_share * data_consent


@quantity(unit="hour/day", axes="month region program")
def clip_time_uploaded(
    program_daily_hours: Array,
    recorded_share: Array,
    link_share: Array,
    vehicle_uploaded: Array,
    vehicle_recorded: Array,
    clip_consent: Array,
) -> Array:
    """Recorded driving time of the mean served vehicle that arrives in a day; drops hit clips and signals alike."""
    wanted = np.where(vehicle_recorded > 0, vehicle_recorded, 1.0)
    arriving = total(link_share * vehicle_uploaded, LINK) / wanted
    return program_daily_hours * recorded_share * total(clip_consent, DATA) * arriving


@quantity(unit="hour", axes="month program site")
def clip_time_by_program(
    vehicles_served: Array,
    clip_time_uploaded: Array,
    region_at_site: Array,
    month_seconds: Array,
) -> Array:
    """Recorded driving time of each programme that arrives at each site in the month, from all its regions."""
    arriving = vehicles_served * clip_time_uploaded
    return gathered(arriving, region_at_site, REGION, SITE) * month_seconds


@quantity(unit="hour", axes="month site")
def clip_time_ingested(clip_time_by_program: Array) -> Array:
    """Recorded driving time that arrives at each site in the month, of all programmes."""
    return total(clip_time_by_program, PROGRAM)
