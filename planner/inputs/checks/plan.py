"""Do the plan's months, sections and declared checks agree?"""

from __future__ import annotations

from collections.abc import Iterator

from planner.catalogue import LINKS, NETWORKS, TIERS
from planner.errors import Fault
from planner.inputs import documents
from planner.inputs.checks.contradiction import Contradiction, Profiles
from planner.inputs.documents import Node, Steps, Table, Text
from planner.inputs.numbers import month_index, month_label
from planner.inputs.scenario import Scenario

MONTHS_LIMIT = 600  # fifty years


def contradictions(scenario: Scenario, profiles: Profiles) -> Iterator[Contradiction]:
    """Sections that lack a part, and checks that nobody can judge."""
    yield from _sections(scenario)
    yield from _declared(scenario)


def months(tree: Table) -> Iterator[Fault]:
    """Months of the plan in the wrong order, as far as they are months; the other fields need not be valid."""
    plan_start = _month(tree, ("plan_start",))
    start, end = (_month(tree, ("horizon", key)) for key in ("start", "end"))

    def fault(key: str, message: str) -> Fault:
        return Fault(*documents.locate(tree, ("horizon", key)), message)

    if start is not None and plan_start is not None and start < plan_start:
        late = documents.locate(tree, ("plan_start",))
        if late[0] in (tree.file, "--set"):  # and not in a file that the scenario extends
            yield Fault(
                *late, f"{month_label(plan_start)} is after horizon.start {month_label(start)}"
            )
        else:
            message = f"{month_label(start)} is before plan_start {month_label(plan_start)}"
            yield fault("start", message)
    if start is not None and end is not None and end < start:
        yield fault("end", f"{month_label(end)} is before the start {month_label(start)}")
    if end is not None and plan_start is not None and end - plan_start >= MONTHS_LIMIT:
        count = end - plan_start + 1
        yield fault("end", f"{count} months from plan_start; at most {MONTHS_LIMIT} are planned")


def _month(tree: Node, steps: Steps) -> int | None:
    """The month that a text at these steps names; None where there is none."""
    node: Node | None = tree
    for step in steps:
        node = node.entries.get(str(step)) if isinstance(node, Table) else None
    try:
        return month_index(node.text) if isinstance(node, Text) and node.text else None
    except ValueError:
        return None


def _sections(scenario: Scenario) -> Iterator[Contradiction]:
    for section, expected, found in (
        ("links", LINKS, scenario.links),
        ("tiers", TIERS, scenario.tiers),
        ("fabrics", NETWORKS, scenario.fabrics),
    ):
        for missing in expected:
            if missing not in found:
                yield (section,), f"{missing} is missing; expected {', '.join(expected)}"


def _declared(scenario: Scenario) -> Iterator[Contradiction]:
    for index, check in enumerate(scenario.checks):
        given = [text for text in (check.at_least, check.at_most, check.equals) if text is not None]
        if not given:
            yield ("checks", index), "expected at_least, at_most or equals"
        if check.at is not None and check.over is not None:
            yield ("checks", index), "give either at (one month) or over (max, min, sum, mean, end)"
        if check.at is not None and not scenario.plan_start <= check.at <= scenario.horizon.end:
            yield ("checks", index, "at"), f"{month_label(check.at)} is not a month of the plan"
