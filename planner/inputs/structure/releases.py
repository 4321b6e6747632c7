"""Which releases are simulated and qualified, and what runs on board."""

from __future__ import annotations

from collections.abc import Iterator

from planner.axes import ECU, FUNCTION, MONTH, PACKAGE, SITE
from planner.catalogue import Calendar
from planner.inputs.load import Inputs
from planner.inputs.structure.entries import NEVER, Fixed, Given, Names, since


def releases(inputs: Inputs, labels: Names, calendar: Calendar) -> Iterator[Fixed]:
    """Which releases are simulated and qualified, from when, and where."""
    scenario, packages = inputs.scenario, labels[PACKAGE]
    for section, verb in (("simulation", "simulated"), ("qualification", "qualified")):
        chosen = getattr(scenario, section).package
        yield Fixed(
            f"{section}_follows",
            (PACKAGE,),
            f"1 where releases of the package are {verb}; all where none is named",
            [float(chosen in (None, name)) for name in packages],
            [f"{section}.package"] if chosen is not None else [],
        )
    start = scenario.simulation.start
    first = start if start is not None else scenario.horizon.start
    yield Fixed(
        "simulation_active",
        (MONTH,),
        "1 in the months in which releases are simulated",
        since([first], calendar)[:, 0],
        ["simulation.start"] if start is not None else ["horizon.start"],
    )
    hosts = [name for name, site in scenario.sites.items() if site.hosts_releases]
    host = hosts[0] if hosts else labels[SITE][0]
    yield Fixed(
        "site_hosts_releases",
        (SITE,),
        "1 for the site that builds, qualifies and keeps releases; the first unless one is marked",
        [float(name == host) for name in labels[SITE]],
        [f"sites.{host}.hosts_releases"] if hosts else [f"sites.{host}"],
    )


def on_board(inputs: Inputs, labels: Names, calendar: Calendar) -> Iterator[Fixed | Given]:
    """Which function runs where, from when, in which precision, and which package brings it.

    Without functions, everything has one position at which nothing runs.
    """
    scenario = inputs.scenario
    entries = scenario.deployments
    paths = [f"deployments.{name}" for name in entries]
    functions = list(entries.values())
    starts = [each.start if each.start is not None else scenario.plan_start for each in functions]
    yield Fixed(
        "deployment_active",
        (MONTH, FUNCTION),
        "1 in the months in which the function is on board",
        since(starts or [NEVER], calendar),
        paths,
    )
    yield Fixed(
        "deployment_runs_on",
        (ECU, FUNCTION),
        "1 where the ECU runs the function",
        [
            [float(f.ecus is None or ecu in f.ecus) for f in functions] or [0.0]
            for ecu in labels[ECU]
        ],
        paths,
    )
    yield Fixed(
        "deployment_on_engines",
        (FUNCTION,),
        "1 where inference engines beside the GPU can run the function",
        [float(each.on_engines) for each in functions] or [0.0],
        paths,
    )
    yield Fixed(
        "deployment_in_package",
        (PACKAGE, FUNCTION),
        "1 where releases of the package bring the function's weights",
        [[float(f.package == name) for f in functions] or [0.0] for name in labels[PACKAGE]],
        paths,
    )
    yield Given(
        "deployment_precisions",
        "precision in which each function computes",
        tuple(each.precision for each in functions) or ("int8",),
    )
