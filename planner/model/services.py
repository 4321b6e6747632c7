"""What does the factory serve besides the fleet, and how many accelerators does that take?

Language services by conversations, city cameras by streams, inspection by production lines and parts, training of
robots in simulation by accelerator time. Demand follows the local hours of its region; a service must be served when it
is asked, so that its accelerators are counted at the busiest hour of the day, over all services of a site together.
Work that may wait (`preemptible: true`) is counted by its mean instead and fills what is idle. Throughput is a
measured figure for one reference accelerator, in the unit of the service's kind; demand over it is the load in such
accelerators, which `service_speed` carries to other ones: the place for a model of serving.
"""

from __future__ import annotations

import numpy as np

from planner.axes import (
    DRAW,
    HARDWARE,
    HOUR,
    SERVICE,
    SITE,
    Array,
    gathered,
    on,
    peak,
    place,
    product,
    spread,
    total,
)
from planner.catalogue import Parts
from planner.graph import quantity
from planner.perf.day import HOURS_A_DAY, busiest_hours
from planner.perf.services import carried_over, demand_by_hour
from planner.perf.services import summary_time as time_along


@quantity(unit="token/second", axes="month service")
def service_tokens(
    service_requests: Array, service_request_tokens: Array, service_active: Array
) -> Array:
    """Tokens that language services make, as a mean over the day."""
    return service_requests * service_request_tokens * service_active


@quantity(unit="1", axes="month service")
def service_streams_analysed(
    service_streams: Array, service_analysed_share: Array, service_active: Array
) -> Array:
    """Camera streams that are analysed at any time."""
    return service_streams * service_analysed_share * service_active


@quantity(unit="frame/second", axes="month service")
def service_images(
    service_lines: Array,
    service_line_rate: Array,
    service_part_images: Array,
    service_active: Array,
) -> Array:
    """Images that are inspected, as a mean over the day: lines x parts x images of a part."""
    return service_lines * service_line_rate * service_part_images * service_active


@quantity(unit="1", axes="month service")
def service_load(
    service_tokens: Array,
    service_token_throughput: Array,
    service_streams_analysed: Array,
    service_stream_throughput: Array,
    service_images: Array,
    service_image_throughput: Array,
    service_accelerator_time: Array,
    service_active: Array,
) -> Array:
    """Reference accelerators that each service keeps busy on average: its demand over what one of them does.

    The offered load of queueing theory. A service has one kind, and so one of the terms: tokens over tokens a second,
    streams over streams, images over images a second, or accelerator time; the others are 0.
    """
    language = _over(service_tokens, service_token_throughput)
    cameras = _over(service_streams_analysed, service_stream_throughput)
    inspection = _over(service_images, service_image_throughput)
    return language + cameras + inspection + service_accelerator_time * service_active


def _over(demand: Array, throughput: Array) -> Array:
    return demand / np.where(throughput > 0, throughput, np.inf)


@quantity(unit="1", axes="hour service")
def service_by_hour(service_profile: Array, service_utc_offset: Array) -> Array:
    """Demand in each UTC hour over the day's mean."""
    profile = on(spread(service_profile, HOUR, HOURS_A_DAY), HOUR, SERVICE)
    return place(demand_by_hour(profile, on(service_utc_offset, SERVICE)), DRAW, HOUR, SERVICE)


@quantity(unit="1", axes="month service")
def service_load_peak(
    service_load: Array, service_by_hour: Array, service_headroom: Array
) -> Array:
    """Reference accelerators that each service needs in its busiest hour, with headroom."""
    return service_load * peak(service_by_hour, HOUR) * service_headroom


@quantity(unit="1", axes="service hardware")
def service_speed(
    accelerator_bf16: Array,
    accelerator_memory_bandwidth: Array,
    reference_bf16: Array,
    reference_memory_bandwidth: Array,
) -> Array:
    """Work a second of one accelerator over that of the reference: the lower ratio of peaks and of bandwidths.

    The one place where serving speed comes from; a model of serving may stand here.
    """
    return carried_over(
        accelerator_bf16 / np.where(reference_bf16 > 0, reference_bf16, 1.0),
        accelerator_memory_bandwidth
        / np.where(reference_memory_bandwidth > 0, reference_memory_bandwidth, 1.0),
    )


@quantity(unit="1", axes="service site")
def service_share_of_gpu(
    service_speed: Array, site_trains_on: Array, service_at_site: Array
) -> Array:
    """Accelerators of the site's kind that do the work of one reference accelerator, where the service runs."""
    speed = total(service_speed * site_trains_on, HARDWARE)
    return np.where(speed > 0, service_at_site / np.where(speed > 0, speed, 1.0), 0.0)


@quantity(unit="1", axes="month service site")
def gpus_for_services(
    service_load_peak: Array,
    service_load: Array,
    service_preemptible: Array,
    service_share_of_gpu: Array,
) -> Array:
    """Accelerators that each service needs by itself: at its busiest hour with headroom; its mean if it may wait."""
    needed = np.where(service_preemptible > 0, service_load, service_load_peak)
    return needed * service_share_of_gpu


@quantity(unit="1", axes="month service site")
def gpus_for_services_mean(service_load: Array, service_share_of_gpu: Array) -> Array:
    """Accelerators that each service keeps busy on average."""
    return service_load * service_share_of_gpu


@quantity(unit="1", axes="month site")
def gpus_serving_mean(gpus_for_services_mean: Array, service_preemptible: Array) -> Array:
    """Accelerators that services which cannot wait keep busy on average."""
    return total(gpus_for_services_mean * (1.0 - service_preemptible), SERVICE)


@quantity(unit="1", axes="month site")
def gpus_serving_peak(
    service_load: Array,
    service_by_hour: Array,
    service_headroom: Array,
    service_preemptible: Array,
    service_share_of_gpu: Array,
) -> Array:
    """Accelerators for all services of the site that cannot wait, at the busiest hour of them together, with headroom.

    The peak of the sum over the hours: services that peak at other hours share accelerators.
    """
    needed = service_load * service_headroom * (1.0 - service_preemptible)
    busy = busiest_hours(service_by_hour)
    return peak(gathered(busy, product(needed, service_share_of_gpu), SERVICE, SITE), HOUR)


@quantity(unit="1", axes="month site")
def gpus_services_waiting(gpus_for_services_mean: Array, service_preemptible: Array) -> Array:
    """Accelerators that services which may wait keep busy on average: work for idle accelerators."""
    return total(gpus_for_services_mean * service_preemptible, SERVICE)


@quantity(unit="1", axes="service")
def summary_chunks(service_footage: Array, service_chunk: Array) -> Array:
    """Pieces into which a recording is cut to be summarised."""
    return service_footage / np.where(service_chunk > 0, service_chunk, 1.0)


@quantity(unit="second", axes="service")
def summary_time(summary_chunks: Array, service_summary: Parts) -> Array:
    """Time to summarise a recording on the hardware of the measurement: the least of the measured lines."""
    if not service_summary.names:
        return 0.0 * summary_chunks
    chunks = on(summary_chunks, SERVICE)[:, service_summary.owner]
    times = time_along(chunks, service_summary["fixed"], service_summary["rate"])
    mine = service_summary.owner[:, None] == np.arange(summary_chunks.shape[SERVICE])
    least = np.where(mine, times[:, :, None], np.inf).min(axis=1)
    return place(np.where(np.isfinite(least), least, 0.0), DRAW, SERVICE)


@quantity(unit="1", axes="service")
def summary_speed(service_footage: Array, summary_time: Array) -> Array:
    """Length of a recording over the time in which it is summarised; 0 where nothing is."""
    return service_footage / np.where(summary_time > 0, summary_time, np.inf)
