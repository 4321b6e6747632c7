"""What does it take to make data sets of recordings: accelerators for machines' work, people and money for theirs?

Recordings are cut into clips. Every clip that arrives is decoded, embedded and compared with those that are there,
and mined; those that are kept are anonymised and labelled by machine, and people label a share of them. The machine's
work is stated in accelerator-seconds for a clip of a reference set of cameras on a reference accelerator. It is scaled
by the dense peak of the kind that the site buys and by the vehicle's cameras: every camera's clip is worked on by
itself, and decoding goes by its pixels. The whole pipeline for one camera is published (NVIDIA NeMo Curator, 20 million
hours of video in 40 days on 128 DGX nodes); its parts are not. Data sets of several models share recordings: storage
and labelling anew follow the same rule for what is in more than one.
"""

from __future__ import annotations

import numpy as np

from planner.axes import (
    DATA,
    DRAW,
    HARDWARE,
    MONTH,
    PROGRAM,
    SITE,
    WORKLOAD,
    Array,
    cumulative,
    on,
    place,
    total,
)
from planner.catalogue import Calendar, SitePools, pooled
from planner.graph import quantity
from planner.perf.lifecycle import left_with_delay, united


@quantity(unit="1", axes="month data")
def clip_kept_by_class(clip_consent: Array, data_kept_share: Array) -> Array:
    """Share of arriving recordings that is kept in each class that is cut from them; 0 where none arrive."""
    arriving = total(clip_consent, DATA)
    return clip_consent * data_kept_share / np.where(arriving > 0, arriving, 1.0)


@quantity(unit="1", axes="month")
def clip_kept_share(clip_kept_by_class: Array) -> Array:
    """Share of arriving recordings that is kept, over all classes that are cut from them."""
    return total(clip_kept_by_class, DATA)


@quantity(unit="1/day", axes="month site")
def clips_arriving(
    clip_time_ingested: Array, month_seconds: Array, curation_clip_length: Array
) -> Array:
    """Clips that arrive at each site in a day: recorded driving time over the length of a clip."""
    return clip_time_ingested / month_seconds / curation_clip_length


@quantity(unit="hour", axes="month site")
def dataset_collected(
    clip_time_pooled: Array,
    clip_kept_by_class: Array,
    data_deletion_rate: Array,
    curation_deletion_reaches_datasets: Array,
    curation_dataset_deletion_delay: Array,
    calendar: Calendar,
) -> Array:
    """Driving kept at the sites of each pool until the month's end of which data sets may be made.

    Where deletion reaches data sets, recordings of owners who withdrew their consent leave them a stated time later;
    otherwise data sets are anonymised, and keep what was once in them.
    """
    if not curation_deletion_reaches_datasets.any():
        return cumulative(clip_time_pooled * total(clip_kept_by_class, DATA), MONTH)
    kept = on(clip_time_pooled * clip_kept_by_class, MONTH, DATA, SITE)
    rate = on(data_deletion_rate, DATA)[:, :, None] + np.zeros(kept.shape[2:])
    left = left_with_delay(
        calendar.edges,
        kept.reshape(*kept.shape[:2], -1),
        rate.reshape(len(rate), -1),
        curation_dataset_deletion_delay.ravel(),
    )
    by_class = place(left.reshape(*left.shape[:2], *kept.shape[2:]), DRAW, MONTH, DATA, SITE)
    return total(by_class, DATA)


@quantity(unit="1/day", axes="month site")
def clips_kept(clips_arriving: Array, clip_kept_share: Array) -> Array:
    """Clips that are kept at each site in a day."""
    return clips_arriving * clip_kept_share


@quantity(unit="1", axes="site")
def curation_speed(
    accelerator_bf16: Array, site_trains_on: Array, curation_reference_rate: Array
) -> Array:
    """Speed of the kind of accelerator that the site buys over that of the reference, by dense 16-bit peaks.

    Decoding runs on the chip's video engines, whose number does not follow the peak; it is a small part of the work.
    """
    return total(accelerator_bf16 * site_trains_on, HARDWARE) / curation_reference_rate


@quantity(unit="hour", axes="month site")
def clip_camera_time(
    clip_time_by_program: Array, program_cameras: Array, curation_reference_cameras: Array
) -> Array:
    """Recorded driving time that arrives, counted by the vehicle's cameras over those of the reference."""
    return total(clip_time_by_program * (program_cameras / curation_reference_cameras), PROGRAM)


@quantity(unit="hour", axes="month site")
def clip_pixel_time(
    clip_time_by_program: Array, program_camera_pixels: Array, curation_reference_pixels: Array
) -> Array:
    """Recorded driving time that arrives, counted by the pixels of the vehicle's cameras over the reference's."""
    ratio = program_camera_pixels / curation_reference_pixels
    return total(clip_time_by_program * ratio, PROGRAM)


@quantity(unit="1", axes="month site")
def dataset_cameras(
    clip_camera_time: Array, clip_time_pooled: Array, site_pools: SitePools
) -> Array:
    """Cameras of the mean recording that has arrived in the site's pool, over those of the reference; 1 before any.

    Data sets are taken to have as many.
    """
    everything = cumulative(clip_time_pooled, MONTH)
    cameras = cumulative(pooled(clip_camera_time, site_pools), MONTH)
    return np.where(everything > 0, cameras / np.where(everything > 0, everything, 1.0), 1.0)


@quantity(unit="1", axes="month site")
def gpus_for_curation(
    clip_camera_time: Array,
    clip_pixel_time: Array,
    clip_kept_share: Array,
    month_seconds: Array,
    curation_clip_length: Array,
    curation_decode: Array,
    curation_deduplicate: Array,
    curation_select: Array,
    curation_anonymise: Array,
    curation_auto_label: Array,
    curation_speed: Array,
) -> Array:
    """Accelerators busy with new clips: decode, de-duplicate and select all, anonymise and label those kept.

    Decoding goes by the pixels of the cameras, everything else by the cameras.
    """
    searched = curation_deduplicate + curation_select
    labelled = curation_anonymise + curation_auto_label
    work = clip_camera_time * (searched + clip_kept_share * labelled)
    work = work + clip_pixel_time * curation_decode
    return work / (month_seconds * curation_clip_length * curation_speed)


@quantity(unit="1", axes="month site")
def gpus_for_relabelling(
    dataset_time: Array,
    workload_active: Array,
    allocation: Array,
    dataset_cameras: Array,
    curation_nested_share: Array,
    curation_clip_length: Array,
    curation_auto_label: Array,
    curation_relabel_interval: Array,
    curation_speed: Array,
) -> Array:
    """Accelerators busy with labelling all data sets in use anew, by machine, once in an interval.

    A recording that is in several data sets is labelled once.
    """
    hours = united(dataset_time * workload_active, curation_nested_share, WORKLOAD)
    clips = hours * allocation * dataset_cameras / curation_clip_length
    return clips * curation_auto_label / curation_relabel_interval / curation_speed


@quantity(unit="1", axes="month site")
def images_labelled(
    clips_kept: Array, labels_share: Array, labels_images: Array, month_seconds: Array
) -> Array:
    """Images that people label in the month: those of a share of the clips kept."""
    return clips_kept * month_seconds * labels_share * labels_images


@quantity(unit="hour", axes="month site")
def label_hours(images_labelled: Array, labels_time: Array) -> Array:
    """Working time of people who label in the month."""
    return images_labelled * labels_time


@quantity(unit="1", axes="month site")
def annotators(label_hours: Array, labels_working_time: Array, month_seconds: Array) -> Array:
    """People who label the month's images within their working time."""
    return label_hours / (labels_working_time * month_seconds)


@quantity(unit="USD", axes="month")
def label_cost(
    images_labelled: Array, labels_price: Array, economics_currency_factor: Array
) -> Array:
    """Paid for labels by people."""
    return total(images_labelled, SITE) * labels_price * economics_currency_factor
