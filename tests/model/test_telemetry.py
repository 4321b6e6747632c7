"""From sensor to site: what limits an upload, and that no byte is lost or made on the way."""

from __future__ import annotations

import numpy as np
import pytest

from planner.axes import (
    DATA,
    HOUR,
    LINK,
    MONTH,
    PROGRAM,
    REGION,
    SITE,
    Array,
    on,
    peak,
    place,
    total,
)
from planner.model.links import link_share, link_uplink
from planner.model.telemetry import (
    clip_time_uploaded,
    recorded_share,
    upload_limit,
    upload_session_time,
    vehicle_recorded,
)
from planner.project import Project, load
from planner.units import from_base, to_base

DAY = 86_400.0


def test_triggers_record_a_clip_each_and_never_more_than_all() -> None:
    def share(whole: float, triggers_an_hour: float, clip: float, growth: float = 1.0) -> float:
        values = (whole, to_base(triggers_an_hour, "1/hour"), clip, growth)
        return recorded_share(*(place(x) for x in values)).item()

    assert share(0.0, 9.0, 20.0) == pytest.approx(0.05)  # 9 clips of 20 s: 180 s of an hour
    assert share(0.01, 9.0, 20.0, growth=2.0) == pytest.approx(0.11)
    assert share(0.9, 60.0, 60.0) == 1.0


def test_a_vehicle_sends_clips_signals_and_map_observations() -> None:
    # 10 kB a km and 12,000 km a year: 328.5 kB a day.
    bytes_a_day = vehicle_recorded(
        place(to_base(1.0, "GB/day")),
        place(to_base(5.5, "MB/day")),
        place(to_base(10.0, "kB/km")),
        place(to_base(12_000.0, "km/year")),
    ).item()
    assert from_base(bytes_a_day, "MB/day") == pytest.approx(1005.8285, abs=1e-3)


@pytest.mark.parametrize(
    ("buffer", "cap", "expected"),
    [
        (1e15, np.inf, 40 / 1.5),  # 1 h at 88.9 Mb/s is 40 GB, every 1.5 days
        (30e9, np.inf, 30 / 1.5),  # a buffer of 30 GB fills between sessions
        (30e9, 1e9 / (30.4375 * DAY), 1 / 30.4375),  # an allowance of 1 GB a month
    ],
)
def test_an_upload_is_limited_by_time_by_buffer_or_by_allowance(
    buffer: float, cap: float, expected: float
) -> None:
    rate, session, interval = 40e9 / 3600, 3600.0, 1.5 * DAY
    limit = upload_limit(*(place(x) for x in (rate, session, interval, cap, buffer)))
    assert from_base(limit.item(), "GB/day") == pytest.approx(expected, rel=1e-12)


def test_a_session_takes_as_long_as_what_has_gathered() -> None:
    # 20 GB a day over 1.5 days at 100 Mb/s: 30 GB in 40 minutes; without a rate, no session.
    time = upload_session_time(
        place(to_base(20.0, "GB/day")),
        place(1.5 * DAY),
        place(np.array([to_base(100.0, "Mb/s"), 0.0]), LINK),
    )
    assert time.ravel() == pytest.approx([2400.0, 0.0])


def test_shares_of_the_links_add_up_to_all_vehicles(everything: dict[str, Array]) -> None:
    shares = link_share(place(np.array([0.45, 1.0]), REGION), place(np.array([0.0, 0.5]), PROGRAM))
    assert total(shares, LINK).ravel() == pytest.approx(np.ones(4))
    assert total(everything["link_share"], LINK) == pytest.approx(
        np.ones_like(total(everything["link_share"], LINK))
    )


def test_a_link_with_a_rate_of_its_own_does_not_look_at_the_region() -> None:
    own = place(np.array([0.0, 0.0, 300e6]), LINK)
    found = link_uplink(place(np.array([20e6, 40e6]), REGION), place(10e6), own)
    assert found.reshape(2, 3).tolist() == [[20e6, 10e6, 300e6], [40e6, 10e6, 300e6]]


def test_what_is_recorded_is_uploaded_or_dropped(everything: dict[str, Array]) -> None:
    uploaded = total(everything["upload"], LINK)
    dropped = everything["fleet_dropped"]
    assert everything["fleet_recorded"] == pytest.approx(uploaded + dropped, rel=1e-12)
    assert (dropped >= 0).all() and uploaded.max() > 0


def test_ingest_is_the_same_by_region_by_site_and_by_hour(everything: dict[str, Array]) -> None:
    mean = everything["ingest_mean"]
    assert total(everything["site_ingest_mean"], SITE) == pytest.approx(mean, rel=1e-12)
    by_hour = total(everything["upload_by_hour"], REGION)
    assert by_hour.mean(axis=HOUR, keepdims=True) == pytest.approx(mean, rel=1e-12)


def test_the_peak_of_the_sum_is_below_the_sum_of_the_peaks(
    headline: Project, everything: dict[str, Array]
) -> None:
    (headroom,) = (headline.leaves["telemetry_ingest_headroom"],)
    assert isinstance(headroom, np.ndarray)
    sum_of_peaks = total(peak(everything["upload_by_hour"], HOUR), REGION) * headroom
    last = everything["ingest_peak"][0, -1].item()
    assert everything["ingest_mean"][0, -1].item() < last < sum_of_peaks[0, -1].item()
    by_site = total(everything["site_ingest_peak"], SITE)[0, -1].item()
    assert last <= by_site * (1 + 1e-12)


def test_the_peak_of_a_site_is_that_of_its_regions_hours_together(
    headline: Project, everything: dict[str, Array]
) -> None:
    headroom, at_site = (
        np.asarray(headline.leaves[name])
        for name in ("telemetry_ingest_headroom", "region_at_site")
    )
    by_hour = total(everything["upload_by_hour"] * at_site, REGION)
    expected = peak(by_hour, HOUR) * headroom
    assert everything["site_ingest_peak"] == pytest.approx(expected, rel=1e-12)
    together = total(everything["upload_by_hour"], REGION)
    assert everything["ingest_by_hour"] == pytest.approx(together, rel=1e-12)


def test_vehicles_that_are_not_served_send_nothing(
    headline: Project, everything: dict[str, Array]
) -> None:
    china = headline.table.labels[REGION].index("china")
    assert everything["region_served"][:, :, :, china].max() == 0
    assert everything["upload"][:, :, :, china].max() == 0
    assert everything["vehicles_unserved"][0, -1, 0, china].item() > 1e6
    others = np.delete(everything["vehicles_unserved"], china, axis=REGION)
    assert others.max() == 0


def test_driving_time_arrives_in_the_measure_in_which_bytes_arrive() -> None:
    # Half of the vehicles are on a link that takes a quarter of what they record.
    time = clip_time_uploaded(
        place(1 / 24.0),
        place(0.5),
        place(np.array([0.5, 0.5, 0.0]), LINK),
        place(np.array([100.0, 25.0, 0.0]), LINK),
        place(100.0),
        place(np.array([0.7, 0.1]), DATA),  # owners of a fifth of the recordings have withdrawn
    )
    assert time.item() == pytest.approx(0.5 / 24 * 0.625 * 0.8)
    nothing = clip_time_uploaded(*(place(x) for x in (1.0, 1.0, 1.0, 0.0, 0.0, 1.0)))
    assert nothing.item() == 0


def test_months_of_the_axis_are_calendar_months(headline: Project) -> None:
    seconds = headline.leaves["month_seconds"]
    assert isinstance(seconds, np.ndarray)
    months = headline.table.labels[MONTH]
    assert months[0] == "2023-11" and months[-1] == "2030-12" and len(months) == 86
    assert seconds.ravel()[:4] / DAY == pytest.approx([30, 31, 31, 29])


def test_owners_who_withdraw_send_nothing_more(everything: dict[str, Array]) -> None:
    """A tenth a year of the owners: what comes is less by the share that withdrew, and evidence comes whole."""
    kinds = ("clips", "telemetry", "map")
    edits = {f"data_classes.{kind}.withdrawn_share": "10 %" for kind in kinds}
    names = ["data_ingest", "data_consent", "data_recorded", "data_dropped", "vehicles_served"]
    none = load("5pct_ev_market", set=dict.fromkeys(edits, "0 %")).run(names)
    project = load("5pct_ev_market", set=edits)
    some = project.run(names)
    assert (none["data_consent"] == 1.0).all()
    consent = some["data_consent"]
    arriving = total(some["data_ingest"], PROGRAM, SITE)
    assert arriving == pytest.approx(total(none["data_ingest"], PROGRAM, SITE) * consent, rel=1e-12)
    assert some["data_recorded"] == pytest.approx(arriving + some["data_dropped"], rel=1e-12)
    assert (some["vehicles_served"] == none["vehicles_served"]).all()
    by_class = on(consent, MONTH, DATA)[0]
    evidence = project.table.labels[DATA].index("evidence")
    assert (by_class[:, evidence] == 1.0).all()
    # Seven years of growing sales: vehicles are two to three years old, of whose owners 0.9^2.4 still agree.
    assert 0.9**3 < by_class[-1, 0] < 0.9**2
    assert (np.diff(by_class[3:, 0]) < 0).all()
