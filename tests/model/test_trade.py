"""Who may have what where, in the months of the plan."""

from __future__ import annotations

import numpy as np

from planner.axes import HARDWARE, MONTH, REGION, SITE, Array, on, place
from planner.model.trade import (
    export_permitted,
    region_served,
    residency_permitted,
    site_operates,
)
from planner.perf import export
from planner.plan import Project, load


def verdicts(project: Project, site: str) -> dict[str, str]:
    """The verdict on the site's training kind by month."""
    (found,) = project.run(["export_verdict"]).values()
    labels = project.table.labels
    kind = labels[HARDWARE].index(project.inputs.scenario.sites[site].training)
    row = on(found, MONTH, SITE, HARDWARE)[0, :, labels[SITE].index(site), kind]
    return {month: export.VERDICTS[int(v)] for month, v in zip(labels[MONTH], row, strict=True)}


def test_seen_from_2023_gh200_may_never_enter_china(headline: Project) -> None:
    """The rule of January 2026 was not known in November 2023: the rule of that month stays in force."""
    assert set(verdicts(headline, "china").values()) == {"denied"}
    assert set(verdicts(headline, "taiwan").values()) == {"free"}
    assert set(verdicts(headline, "japan").values()) == {"free"}


def test_seen_from_2026_exports_to_china_are_reviewed_case_by_case() -> None:
    later = load(
        "5pct_ev_market", set=["plan_start=2026-06", "horizon={start: 2026-07, end: 2027-12}"]
    )
    assert set(verdicts(later, "china").values()) == {"case_by_case"}


def test_h800_could_enter_china_until_october_2023() -> None:
    early = load(
        "5pct_ev_market",
        set=["plan_start=2023-10", "sites.china.training=hgx_h800"],
    )
    found = verdicts(early, "china")
    assert found["2023-10"] == "free" and found["2023-11"] == "denied"


def test_a_rule_that_is_not_known_yet_does_not_bind() -> None:
    unaware = load(
        "5pct_ev_market",
        set=["plan_start=2023-09", "sites.china.training=hgx_h800"],
    )
    assert set(verdicts(unaware, "china").values()) == {"free"}


def test_only_denied_and_licensed_deliveries_are_refused() -> None:
    verdict = place(np.arange(5.0), HARDWARE)
    assert export_permitted(verdict).ravel().tolist() == [1, 1, 0, 1, 0]


def test_a_site_operates_on_what_may_come_or_on_what_is_there() -> None:
    permitted = place(np.array([[0.0, 1], [0, 1], [1, 0]]), SITE, HARDWARE)
    trains_on = place(np.array([[1.0, 0], [1, 0], [1, 0]]), SITE, HARDWARE)
    there = place(np.array([[0.0, 0], [0, 4], [0, 0]]), SITE, HARDWARE)
    assert site_operates(permitted, trains_on, there).ravel().tolist() == [0, 1, 1]


def test_data_that_stays_needs_a_site_in_its_own_country() -> None:
    permitted = residency_permitted((True, True, False), ("CN", "CN", "IN"), ("CN", "TW"))
    assert permitted.reshape(3, 2).tolist() == [[1, 0], [1, 0], [1, 1]]
    at_site = place(np.array([[1.0, 0], [0, 1], [0, 1]]), REGION, SITE)
    operates = place(np.array([[0.0, 1], [1, 1]]), MONTH, SITE)
    served = region_served(at_site, permitted, operates)
    assert served.reshape(2, 3).tolist() == [[0, 0, 1], [1, 0, 1]]


def test_an_unserved_site_has_no_work_and_no_hardware(
    headline: Project, everything: dict[str, Array]
) -> None:
    china = headline.table.labels[SITE].index("china")
    for name in ("gpus_required", "nodes", "storage_units", "site_ingest_mean", "site_power"):
        assert np.take(everything[name], china, axis=SITE).max() == 0, name
