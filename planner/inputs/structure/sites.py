"""What each site buys and how, how its hall and networks are built, in which money and carbon all is counted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import cast

from planner.axes import HARDWARE, NETWORK, SITE
from planner.catalogue import NETWORKS, Calendar
from planner.inputs.load import Inputs
from planner.inputs.scenario import Fabric
from planner.inputs.structure.entries import Fixed, Names


def sites(inputs: Inputs, labels: Names, calendar: Calendar) -> Iterator[Fixed]:
    """What a site trains on, whether it orders, how much of its plant may fail, how networks are built."""
    scenario, names = inputs.scenario, labels[SITE]
    yield Fixed(
        "site_trains_on",
        (SITE, HARDWARE),
        "1 for the kind of node that the site buys for training",
        [[float(s.training == kind) for kind in labels[HARDWARE]] for s in scenario.sites.values()],
        [f"sites.{name}.training" for name in names],
    )
    yield Fixed(
        "site_may_order",
        (SITE,),
        "1 where the site may order hardware",
        [float(site.orders_allowed) for site in scenario.sites.values()],
        [f"sites.{name}.orders_allowed" for name in names],
    )
    yield Fixed(
        "site_spare_modules",
        (SITE,),
        "modules of power and cooling that may fail: 1 where redundancy is N+1",
        [float(site.redundancy == "N+1") for site in scenario.sites.values()],
        [f"sites.{name}.redundancy" for name in names],
    )
    yield Fixed(
        "site_module_sets",
        (SITE,),
        "whole sets of modules, of which one carries everything: 2 where redundancy is 2N",
        [1.0 + float(site.redundancy == "2N") for site in scenario.sites.values()],
        [f"sites.{name}.redundancy" for name in names],
    )
    fabrics = cast("Mapping[str, Fabric]", scenario.fabrics)
    yield Fixed(
        "fabric_has_spine",
        (NETWORK,),
        "1 where spines connect the leaves of the network",
        [float(fabrics[name].tree == "spine") for name in NETWORKS],
        [f"fabrics.{name}.tree" for name in NETWORKS],
    )
    parts = [fabrics[name].switch for name in NETWORKS]
    yield Fixed(
        "switch_pluggable",
        (NETWORK,),
        "1 where links have pluggable modules at their ends; 0 for copper and active optical cables",
        [float(inputs.profile("network", name).pluggable) for name in parts],
        [f"network.{name}.pluggable" for name in parts],
    )


def money(inputs: Inputs, labels: Names, calendar: Calendar) -> Iterator[Fixed]:
    """How sites acquire accelerators and halls, in which money cash is counted, which grid carbon counts."""
    scenario, economics = inputs.scenario, inputs.scenario.economics
    choices = (
        ("site_buys", "acquisition", "buy", "buys its accelerators"),
        ("site_leases", "acquisition", "lease", "leases its accelerators"),
        ("site_rents", "acquisition", "rent", "rents its accelerators by the hour"),
        ("site_builds", "building", "build", "builds its hall; others rent theirs"),
    )
    for name, field, choice, meaning in choices:
        yield Fixed(
            name,
            (SITE,),
            f"1 where the site {meaning}",
            [float(getattr(site, field) == choice) for site in scenario.sites.values()],
            [f"sites.{site}.{field}" for site in labels[SITE]],
        )
    yield Fixed(
        "economics_nominal",
        (),
        "1 where cash is counted in money of its day, 0 where in money of the base date",
        float(economics.money == "nominal"),
        ["economics.money"],
    )
    base = economics.base_date if economics.base_date is not None else scenario.plan_start
    yield Fixed(
        "economics_base_time",
        (),
        "when prices are as written, after plan_start",
        calendar.seconds_at(base - calendar.first),
        ["economics.base_date"],
        "second",
    )
    yield Fixed(
        "carbon_grid_is_cloud",
        (),
        "1 where the grid's carbon is that of the cloud region, 0 where the country's",
        float(scenario.carbon.grid == "cloud_region"),
        ["carbon.grid"],
    )
