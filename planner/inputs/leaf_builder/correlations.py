"""Which uncertain numbers move together, and can they?

The scenario names them by path, `*` for any step. Pairs are checked together: the matrix of numbers that hang together
by pairs must be positive definite.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import combinations

import numpy as np
import numpy.typing as npt

from planner.errors import Fault, InputError, suggestion
from planner.inputs import documents
from planner.inputs.documents import Steps
from planner.inputs.leaves import Correlation, Row
from planner.inputs.load import COMMAND_LINE, Inputs
from planner.inputs.profiles import PROFILE_KINDS
from planner.inputs.scenario import Scenario
from planner.perf.correlations import blocks, nearest_correlation, positive_definite

SECTIONS = frozenset(Scenario.model_fields) | frozenset(PROFILE_KINDS)
SHOWN = 8  # pairs that a refusal spells out


def correlations(inputs: Inputs, rows: Sequence[Row]) -> tuple[Correlation, ...]:
    """The declared correlations by pair of numbers; where two entries name a pair, the later holds."""
    declared = inputs.scenario.correlations
    if not declared:
        return ()
    uncertain = {row.number for row in rows if row.distribution is not None}
    sections = _sections(uncertain)
    found: dict[tuple[str, str], tuple[float, int]] = {}
    faults: list[Fault] = []
    for index, each in enumerate(declared):
        at: Steps = ("correlations", index, "of")
        named: dict[str, None] = {}
        paths = [each.of] if isinstance(each.of, str) else each.of
        if len(set(paths)) < 2 and "*" not in "".join(paths):
            message = "names one number; expected two or more, or a path with a *"
            faults.append(Fault(*documents.locate(inputs.tree, at), message))
        for position, path in enumerate(paths):
            members = _matches(path, sections.get(_section(path), ()))
            named.update(dict.fromkeys(members))
            if members:
                continue
            where = at if isinstance(each.of, str) else (*at, position)
            place = documents.locate(inputs.tree, where)
            below = "" if place[0] == inputs.tree.file else place[0]
            settled = {row.number: row.file for row in rows if row.distribution is None}
            choices = {
                row.number for row in rows if row.distribution is None and row.low is not None
            }
            if message := _fault(path, uncertain, settled, choices, below):
                faults.append(Fault(*place, message))
        for one, other in combinations(sorted(named), 2):
            found[one, other] = each.correlation.value, index
    if not faults:
        faults.extend(_impossible(inputs, found))
    if faults:
        raise InputError(faults)
    return tuple(Correlation(pair, value) for pair, (value, _) in found.items() if value)


def _sections(numbers: Iterable[str]) -> dict[str, list[str]]:
    """Numbers by the section that they stand in."""
    sections: dict[str, list[str]] = {}
    for number in numbers:
        sections.setdefault(_section(number), []).append(number)
    return sections


def _section(path: str) -> str:
    return path.partition(".")[0].partition("[")[0]


def _matches(path: str, known: Collection[str]) -> list[str]:
    """The known numbers that a path leads to."""
    if "*" not in path:
        return [path] if path in known else []
    pattern = re.compile(re.escape(path).replace(r"\*", r"[^.\[\]]+"))
    return sorted(number for number in known if pattern.fullmatch(number))


def _fault(
    path: str, uncertain: set[str], settled: dict[str, str], choices: set[str], below: str
) -> str:
    """Why a path leads to no uncertain number; nothing where that is as it should be.

    What the command line sets is certain, and so may be what lies over the file `below` of an entry that the scenario
    has by `extends`. A plan need not have each of the things that a `*` stands for.
    """
    certain = _matches(path, set(settled))
    if any(
        settled[number] == COMMAND_LINE or below not in ("", settled[number]) for number in certain
    ):
        return ""
    if "*" in path:
        head = _section(path)
        if certain or (head in SECTIONS and head not in _sections((*uncertain, *settled))):
            return ""
        if _may_be_absent(path):
            return ""
    if choices.intersection(certain):
        return f'"{path}" is a choice, which is not drawn; {suggestion(path, uncertain)}'
    if certain:
        return f'"{path}" is certain; give it a low and a high, or {suggestion(path, uncertain)}'
    return f'no uncertain number "{path}"; {suggestion(path, uncertain)}'


def _may_be_absent(path: str) -> bool:
    """Whether a path is that of a field which every profile of a kind may leave out: prices of what is not sold."""
    head, _, field = path.partition(".*.")
    known = PROFILE_KINDS[head].model_fields if head in PROFILE_KINDS else {}
    return field in known and not known[field].is_required()


def _impossible(inputs: Inputs, found: dict[tuple[str, str], tuple[float, int]]) -> Iterator[Fault]:
    """A fault for each group of numbers that cannot move as declared, with the nearest way in which they can."""
    names = sorted({name for pair in found for name in pair})
    place = {name: index for index, name in enumerate(names)}
    pairs = {(place[one], place[other]): value for (one, other), (value, _) in found.items()}
    for members, matrix in blocks(pairs):
        if positive_definite(matrix):
            continue
        inside = [
            (one, other)
            for one, other in found
            if place[one] in members and place[other] in members
        ]
        ends = [
            (int(np.searchsorted(members, place[one])), int(np.searchsorted(members, place[other])))
            for one, other in inside
        ]
        declared = np.zeros(matrix.shape, dtype=bool)
        for i, j in ends:
            declared[i, j] = declared[j, i] = True
        nearest = nearest_correlation(matrix, declared)
        shown = "; ".join(
            f"{nearest[i, j]:.2f} for {one}, {other}"
            for (one, other), (i, j) in list(zip(inside, ends, strict=True))[:SHOWN]
        )
        more = f"; and {len(inside) - SHOWN} more" if len(inside) > SHOWN else ""
        first = min(found[pair][1] for pair in inside)
        yield Fault(
            *documents.locate(inputs.tree, ("correlations", first)),
            "no numbers can move like this: the correlation matrix is not positive definite; "
            f"nearest that works: {shown}{more}{_undeclared([names[i] for i in members], declared)}",
        )


def _undeclared(names: Sequence[str], declared: npt.NDArray[np.bool_]) -> str:
    """Which pairs of a group have no correlation because nobody gives one, with the first of them."""
    open_pairs = [
        (names[i], names[j]) for i, j in combinations(range(len(names)), 2) if not declared[i, j]
    ]
    if not open_pairs:
        return ""
    one, other = open_pairs[0]
    more = f" and {len(open_pairs) - 1} more pairs" if len(open_pairs) > 1 else ""
    return f"; or give one for {one}, {other}{more}, which are taken to have none"
