"""Do training, services and releases agree with what they run on?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from planner.inputs.checks.contradiction import Contradiction, Profiles
from planner.inputs.documents import Steps
from planner.inputs.scenario import SERVICE_FIELDS, Scenario

MOST_DOWN = 1.0  # failures during a repair: beyond it more than half of the hardware is down


def contradictions(scenario: Scenario, profiles: Profiles) -> Iterator[Contradiction]:
    """Work without a size, a measure or a host, and clusters that never run."""
    yield from _queues(scenario)
    yield from _repairs(scenario, profiles)
    yield from _services(scenario)
    yield from _releases(scenario)


def _queues(scenario: Scenario) -> Iterator[Contradiction]:
    """Experiments that people wait for are jobs of a size and a length."""
    for name, workload in scenario.workloads.items():
        if workload.preemptible_share is None or workload.preemptible_share.value >= 1:
            continue
        for field in ("job_gpus", "job_duration"):
            if getattr(workload, field) is None:
                message = "missing; experiments that are not preemptible wait as jobs of some size"
                yield ("workloads", name, field), message


def _repairs(scenario: Scenario, profiles: Profiles) -> Iterator[Contradiction]:
    cluster, checkpoint = scenario.cluster, scenario.checkpoint
    if checkpoint.stall.value >= checkpoint.interval_limit.value:
        yield ("checkpoint", "stall"), "is not shorter than interval_limit: nothing but checkpoints"
    for name in dict.fromkeys(site.training for site in scenario.sites.values()):
        node: Any = profiles["nodes"][name]
        count = node.accelerators.value
        group = node.repair_group.value if node.repair_group is not None else count
        if count % group:
            yield (
                ("nodes", name, "repair_group"),
                f"{group:g} does not divide the {count:g} accelerators of the node",
            )
        down = group * cluster.failure_rate.value * cluster.repair_time.value
        if down > MOST_DOWN:
            yield (
                ("cluster", "repair_time"),
                f"{name} fails {down:.3g} times while it is repaired; expected at most {MOST_DOWN:g}",
            )


def _services(scenario: Scenario) -> Iterator[Contradiction]:
    """Each kind of service is measured by its own fields."""
    for name, service in scenario.services.items():
        at: Steps = ("services", name)
        for kind, fields in SERVICE_FIELDS.items():
            for field in fields:
                given = getattr(service, field) is not None
                if kind == service.kind and not given:
                    yield (*at, field), f"missing; a service of kind {kind} needs it"
                elif kind != service.kind and given:
                    yield (
                        (*at, field),
                        f"belongs to services of kind {kind}; this one is {service.kind}",
                    )
        if service.summary and service.footage is None:
            yield (*at, "footage"), "missing; a summary is of a recording of some length"
        if service.footage is not None and not service.summary:
            yield (*at, "summary"), "missing; the time of a summary follows from measured lines"


def _releases(scenario: Scenario) -> Iterator[Contradiction]:
    """Parts of the simulated distance above the whole, packages of unknown size, and two hosts."""
    share = scenario.simulation.rendered_share.value + scenario.simulation.neural_share.value
    if share > 1 + 1e-9:
        yield ("simulation", "neural_share"), f"with rendered_share {share:.0%} of the distance"
    brought = {each.package for each in scenario.deployments.values()}
    for name, package in scenario.packages.items():
        if package.size is None and package.code is None and name not in brought:
            yield (
                ("packages", name),
                "size is missing, and no deployment says what the package brings; expected size, or code",
            )
        if package.size is not None and package.code is not None:
            yield ("packages", name, "code"), "given beside size, of which it is a part"
    hosts = [name for name, site in scenario.sites.items() if site.hosts_releases]
    for name in hosts[1:]:
        yield ("sites", name, "hosts_releases"), f"{hosts[0]} does so already; expected one site"
