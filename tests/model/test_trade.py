"""Who may have what where, in the months of the plan."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from planner.axes import HARDWARE, MONTH, REGION, SITE, Array, on, place
from planner.catalogue import SECONDS_A_DAY, SECONDS_A_MONTH, Calendar
from planner.errors import PlanForbidden
from planner.findings.deliveries import shut_sites
from planner.model.hardware import nodes_committed_delivered
from planner.model.trade import (
    export_lawful,
    export_permitted,
    nodes_unlawful,
    region_served,
    residency_permitted,
    site_operates,
    total_processing_performance,
)
from planner.perf import export
from planner.project import Project, load


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


def test_only_deliveries_denied_or_without_a_licence_are_unlawful() -> None:
    verdict, nobody = place(np.arange(5.0), HARDWARE), place(np.array(0.0))
    assert export_lawful(verdict, nobody).ravel().tolist() == [1, 1, 0, 1, 0]
    assert export_lawful(verdict, nobody + 1).ravel().tolist() == [1, 1, 1, 1, 0]


def test_a_what_if_permits_what_is_not_lawful() -> None:
    lawful = place(np.array([1.0, 0.0]), HARDWARE)
    assert export_permitted(lawful, place(np.array(0.0))).ravel().tolist() == [1, 0]
    assert export_permitted(lawful, place(np.array(1.0))).ravel().tolist() == [1, 1]


def test_nodes_delivered_against_the_rules_are_ordered_and_committed_ones() -> None:
    ordered, committed = place(np.array([3.0, 2.0]), SITE), place(np.array([0.0, 4.0]), SITE)
    lawful = place(np.array([1.0, 0.0]), SITE)
    assert nodes_unlawful(ordered, committed, lawful).ravel().tolist() == [0, 6]


YEAR = 365.25 * SECONDS_A_DAY


def operating(
    permitted: list[float],
    there: float = 0.0,
    lead: float = 60.0,
    commissioning: float = 31.0,
    interval: int = 1,
    life: float = 5.0,
) -> list[float]:
    """Whether a site operates in each month from January 2024 on, by the months in which deliveries are permitted."""
    months = len(permitted)
    found = site_operates(
        export_permitted=place(np.array(permitted).reshape(-1, 1, 1), MONTH, SITE, HARDWARE),
        site_trains_on=place(np.ones((1, 1)), SITE, HARDWARE),
        nodes_before=place(np.full((months, 1, 1), there), MONTH, SITE, HARDWARE),
        node_delivery_time=place(np.array([lead * SECONDS_A_DAY]), HARDWARE),
        site_commissioning=place(np.array([commissioning * SECONDS_A_DAY]), SITE),
        site_order_interval=place(np.array([interval * SECONDS_A_MONTH]), SITE),
        cluster_refresh_age=place(np.array(life * YEAR)),
        calendar=Calendar(2024 * 12, months, 0),
    )
    return on(found, MONTH)[0].tolist()


def test_a_site_operates_on_what_may_come_or_on_what_is_there() -> None:
    # 91 days after 1 January is 1 April: until then work waits for what will come.
    assert operating([1] * 6) == [1] * 6
    assert operating([0] * 6) == [0] * 6
    assert operating([0] * 6, there=4.0) == [1] * 6


def test_a_site_does_not_operate_on_what_could_never_be_delivered_in_time() -> None:
    # Permitted until February; the first order is delivered on 1 March.
    assert operating([1, 1, 0, 0, 0, 0]) == [0] * 6
    assert operating([1, 1, 1, 0, 0, 0]) == [1] * 6


def test_a_site_operates_from_the_first_order_that_may_be_delivered() -> None:
    # Delivered in May at the earliest, so it serves from June; quarterly orders serve in April and July.
    assert operating([0, 0, 0, 0, 1, 1, 0, 0]) == [0, 0, 0, 0, 0, 1, 1, 1]
    assert operating([0, 0, 0, 0, 1, 1, 0, 0], interval=3) == [0, 0, 0, 0, 0, 0, 1, 1]
    assert operating([0, 0, 0, 0, 0, 1, 0, 0], interval=3) == [0] * 8


def test_a_site_operates_until_what_was_delivered_is_at_the_end_of_its_life() -> None:
    # Delivered on 31 March at the latest, in service from May on, for a year.
    assert operating([1, 1, 1] + [0] * 17, life=1.0) == [1] * 16 + [0] * 4


def test_a_lead_time_beyond_the_plan_is_judged_by_its_last_month() -> None:
    assert operating([1, 1, 1], lead=900.0) == [1, 1, 1]
    assert operating([1, 1, 0], lead=900.0, commissioning=0.0) == [0, 0, 0]


def test_what_was_free_before_any_order_could_arrive_serves_no_region() -> None:
    """H800 in October 2023: free, and denied from November on; the first order arrives in 2024."""
    changes = {"plan_start": "2023-10", "sites.china.training": "hgx_h800"}
    project = load("5pct_ev_market", set=changes)
    found = project.run(["export_verdict", "site_operates", "region_served", "gpus"])
    assert verdicts(project, "china")["2023-10"] == "free"
    china = project.table.labels[SITE].index("china")
    assert not np.take(found["gpus"], china, axis=SITE).any()
    assert not np.take(found["site_operates"], china, axis=SITE).any()
    region = project.table.labels[REGION].index("china")
    assert not np.take(found["region_served"], region, axis=REGION).any()
    required = load("5pct_ev_market", set={**changes, "regions.china.serve": "required"})
    with pytest.raises(PlanForbidden, match="HGX H800 server, 8 x H800 denied"):
        required.plan().require_lawful()


def test_a_site_that_is_shut_before_anything_could_come_says_why() -> None:
    changes = {
        "plan_start": "2023-10",
        "horizon.start": "2023-10",
        "sites.china.training": "hgx_h800",
        "regions.china.site": "taiwan",
        "regions.china.serve": "if_permitted",
    }
    (found,) = shut_sites(load("5pct_ev_market", set=changes).plan())
    assert (found.place, found.first) == ("china", "2023-10")
    assert "denied (3A090.a, us_2023_10, in force 2023-11), before an order can be" in found.text


def test_a_licence_that_ends_before_any_order_could_arrive_earns_no_share(tmp_path: Path) -> None:
    licence = "{hardware: gh200_nvl32, from: 2023-12, until: 2024-01, reference: none}"
    sites = f"{{japan: {{operator_country: CN, licences: [{licence}]}}}}"
    regions = "{japan: {site: taiwan}, usa: {site: taiwan}}"
    scenario = tmp_path / "window.yaml"
    scenario.write_text(
        f"extends: 5pct_ev_market.yaml\nsites: {sites}\nregions: {regions}\n", encoding="utf-8"
    )
    project = load(scenario)
    found = project.run(["export_permitted", "allocation", "gpus", "storage_units"])
    japan = project.table.labels[SITE].index("japan")
    kind = project.table.labels[HARDWARE].index("gh200_nvl32")
    permitted = on(found["export_permitted"], MONTH, SITE, HARDWARE)[0, :, japan, kind]
    assert permitted.sum() == 2
    for name in ("gpus", "allocation", "storage_units"):
        assert not np.take(found[name], japan, axis=SITE).any(), name


def test_copies_go_to_sites_that_operate() -> None:
    """A site that may not have its hardware gets no copies: it has no storage, and needs no wide-area links."""
    project = load(
        "5pct_ev_market",
        set={
            "sites.japan.operator_country": "CN",
            "regions.japan.site": "taiwan",
            "regions.usa.site": "taiwan",
            "data_classes.clips.copies": "2",
        },
    )
    found = project.run(
        ["tier_held", "storage_short", "wan_bandwidth", "data_kept", "wan_replication"]
    )
    taiwan, japan = (project.table.labels[SITE].index(name) for name in ("taiwan", "japan"))
    assert project.leaves["site_pools"][taiwan][japan] == 1
    for name in ("tier_held", "storage_short", "wan_bandwidth"):
        assert not np.take(found[name], japan, axis=SITE).any(), name
    assert np.take(found["tier_held"], taiwan, axis=SITE).any()
    assert not found["wan_replication"].any()


def test_data_that_stays_needs_a_site_in_its_own_country() -> None:
    verdict = place(np.array([[0.0, 2], [0, 2], [0, 1]]), REGION, SITE)
    permitted = residency_permitted(verdict)
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


def test_committed_nodes_are_delivered_a_commissioning_before_they_serve() -> None:
    calendar = Calendar(2024 * 12, 4, 0)
    entering = place(np.array([[5.0], [0.0], [7.0], [0.0]])[:, :, None], MONTH, SITE, HARDWARE)
    month = place(np.array([30.0 * SECONDS_A_DAY]), SITE)
    found = nodes_committed_delivered(entering, month, calendar)
    # The five were delivered in December, before the plan; 30 days before 1 March 2024 is 31 January.
    assert found.ravel().tolist() == [7, 0, 0, 0]
    at_once = nodes_committed_delivered(entering, 0 * month, calendar)
    assert at_once.ravel().tolist() == [5, 0, 7, 0]


def test_performance_density_is_dense_performance_over_the_die(headline: Project) -> None:
    found = headline.run(["total_processing_performance", "performance_density"])
    tpp, density = (on(x, HARDWARE).ravel() for x in found.values())
    # GH200: 1,979 TFLOP/s at 8 bits on 814 mm2 (data sheet; published density 19.4).
    assert tpp[0] == pytest.approx(1979 * 8)
    assert density[0] == pytest.approx(1979 * 8 / 814e-6)


def test_rules_of_a_later_month_may_be_asked_for() -> None:
    aware = load("5pct_ev_market", rules_as_of="2026-01")
    found = verdicts(aware, "china")
    assert found["2025-12"] == "denied" and found["2026-01"] == "case_by_case"


def test_sites_pool_but_those_whose_data_may_not_meet() -> None:
    assert load("5pct_ev_market").leaves["site_pools"] == ((1, 1, 0), (1, 1, 0), (0, 0, 1))
    passed = load("5pct_ev_market", set={"regions.china.data_stays": "false"})
    assert passed.leaves["site_pools"] == ((1, 1, 1),) * 3


def test_data_that_may_not_be_at_its_site_divides_no_pool() -> None:
    abroad = load("5pct_ev_market", set={"regions.china.site": "taiwan"})
    assert abroad.leaves["site_pools"] == ((1, 1, 1),) * 3


def test_data_kept_by_the_scenario_stays_whatever_the_rules_say() -> None:
    kept = load("5pct_ev_market", set={"regions.india.data_stays": "true"}).plan()
    assert not kept["region_served"].at(region="india").values.any()
    assert kept["region_served"].at(region="japan").values.all()


def test_a_region_is_served_from_its_local_site_where_that_may_have_hardware() -> None:
    """Its curation, training and stores are sized there, and nothing of its data goes elsewhere."""
    changes = {"plan_start": "2026-06", "horizon": "{start: 2026-07, end: 2027-12}"}
    plan = load("5pct_ev_market", set=changes).plan()
    assert plan["region_served"].at(region="china").values.all()
    for name in ("gpus_required", "site_ingest_mean", "site_kept"):
        assert plan[name].at(site="china").values[-1] > 0, name


def test_operator_is_the_sites_then_the_scenarios_then_the_place() -> None:
    given = {"operator_country": "TW", "sites.japan.operator_country": "US"}
    assert load("5pct_ev_market", set=given).leaves["site_operator"] == ("TW", "US", "TW")
    nobody = load("5pct_ev_market", set={"operator_country": "null"})
    assert nobody.leaves["site_operator"] == ("TW", "JP", "CN")


@pytest.mark.parametrize(
    ("chip", "tera", "found"),
    # Dense bf16, fp8, fp4, int8, fp64 and TPP as published: facts of 88 FR 73458 on Hopper and on Blackwell, of which
    # the Ultra is the first whose 4 bits are three times as fast as its 8.
    [
        ("H100", (989.4, 1979.0, 0.0, 1979.0, 67.0), 15_832),
        ("B200", (2250.0, 4500.0, 9000.0, 4500.0, 40.0), 36_000),
        ("GB200", (2500.0, 5000.0, 10_000.0, 5000.0, 40.0), 40_000),
        ("GB300", (2500.0, 5000.0, 15_000.0, 165.0, 1.3), 60_000),
    ],
)
def test_performance_is_that_of_the_format_that_gives_most(
    chip: str, tera: tuple[float, ...], found: float
) -> None:
    rates = (place(np.array([each * 1e12]), HARDWARE) for each in tera)
    assert total_processing_performance(*rates).item() == pytest.approx(found, rel=1e-3), chip
