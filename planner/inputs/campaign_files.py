"""Which campaign does a file describe, and at which line does it say so?

Reads YAML and JSON alike (JSON is read as the YAML that it is): a campaign file with its optional blocks, a bare
`inputs` object, an object with `inputs` in it such as one measured case, or a file of several cases of which one is
named. A file that `extends` another is laid over it: mappings merge, lists and values replace.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from planner import resources
from planner.errors import PlannerError, suggestion
from planner.inputs import documents
from planner.inputs.campaign import BLOCKS, OPTIONAL, read_campaign
from planner.inputs.campaign_node import CampaignNode, Source
from planner.inputs.documents import Items, Node, Place, Step, Steps, Table, Text
from planner.perf.campaign.description import Campaign

_WHOLE = re.compile(r"[-+]?[0-9][0-9_]*")
_NUMBER = re.compile(r"[-+]?(?:[0-9][0-9_]*\.?[0-9_]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")
LONGEST_NUMBER = 400  # characters: the largest float has 309 digits
_WORDS = {"true": True, "false": False}
_TEXTS = frozenset({"title", "note", "name", "source", "confidence", "date", "tariff", "regions"})
"""Keys whose values stay as written: a version may be called 2023.42."""
_TABLES_OF_TEXTS = frozenset({"sources"})


@dataclass(frozen=True)
class LoadedCampaign:
    """A campaign, and what else its file says.

    `name`: what the user called it, and its `case` of a file of several. `document`: the file's values as plain Python
    (numbers, texts, lists, dicts), `extends` followed. `tree`: the same with files and lines.
    """

    name: str
    file: str
    title: str
    campaign: Campaign
    document: Mapping[str, Any]
    tree: Table
    case: str | None = None

    def place(self, *steps: Step) -> Place:
        """File and line of what stands at some steps, such as ("fleet", "regions", 0)."""
        file, line, _ = documents.locate(self.tree, steps)
        return Place(file, line)

    def block(self, name: str) -> CampaignNode | None:
        """An optional block, such as `billing`, to be read with faults at their lines; None: the file has none.

        Its reader ends with `.origin.raise_faults()`.
        """
        if name not in BLOCKS:
            raise KeyError(name)
        if self.document.get(name) is None:
            return None
        return CampaignNode(self.document[name], (name,), Source(self.file, self.tree))


def load_campaign(
    name_or_path: str | Path, case: str | None = None, overlays: Sequence[Path] = ()
) -> LoadedCampaign:
    """The campaign of a file, or of a shipped name; `case` names one of a file of several.

    `overlays`: folders with `campaigns/` in them, which go before the shipped one.
    """
    path = resources.find_campaign(name_or_path, overlays)
    shown = str(path)
    roots = resources.campaign_roots(overlays)
    tree = documents.resolve(path, roots, shown, deletes=False)
    return campaign_of(tree, shown, case, _called(name_or_path, path, overlays))


def _called(name_or_path: str | Path, path: Path, overlays: Sequence[Path]) -> str:
    """What to call a campaign to come back to it: a shipped one by its name, another as the user did."""
    known = resources.campaigns(overlays).get(path.stem)
    if known is not None and known.resolve() == path.resolve():
        return path.stem
    return str(name_or_path)


def campaign_of(tree: Table, file: str, case: str | None = None, name: str = "") -> LoadedCampaign:
    """The campaign that a read document describes."""
    title = _text(tree, "title") or _text(tree, "name") or Path(file).stem
    if "cases" in tree.entries:
        tree = _case(tree, file, case)
        title = _text(tree, "title") or _text(tree, "name") or title
    elif case is not None and case != _text(tree, "name"):
        raise PlannerError(f"{file}: holds one campaign; --case is for a file of several")
    if "inputs" in tree.entries:
        tree = _unwrapped(tree)
    document = values(tree)
    campaign = read_campaign(document, file, tree)
    return LoadedCampaign(name or file, file, title, campaign, document, tree, case)


def _cases(cases: Node | None) -> dict[str, Table]:
    """The campaigns of a list by their names."""
    items = cases.items if isinstance(cases, Items) else []
    return {_text(each, "name"): each for each in items if isinstance(each, Table)}


def case_names(entries: Mapping[str, Node]) -> list[str]:
    """What the campaigns of a file of several are called; none for a file of one."""
    return list(_cases(entries.get("cases")))


def _case(tree: Table, file: str, case: str | None) -> Table:
    """One case of a file of several."""
    cases = tree.entries["cases"]
    named = _cases(cases)
    if not named:
        raise documents.refusal(file, cases.line, "cases", "expected a list of cases, each named")
    if case is None and len(named) == 1:
        return next(iter(named.values()))
    if case is None:
        names = ", ".join(named)
        raise PlannerError(f"{file}: holds {len(named)} campaigns; give --case, one of: {names}")
    if case not in named:
        raise PlannerError(f'{file}: holds no case "{case}"; {suggestion(case, named)}')
    return named[case]


def _unwrapped(tree: Table) -> Table:
    """The `inputs` of an object, with the optional blocks that stand beside them."""
    inputs = tree.entries["inputs"]
    if not isinstance(inputs, Table):
        message = f"expected an object, found {documents.describe(inputs)}"
        raise documents.refusal(inputs.file, inputs.line, "inputs", message)
    beside = {
        key: node
        for key, node in tree.entries.items()
        if key in (*OPTIONAL, "note", "sources") and key not in inputs.entries
    }
    keys = {**inputs.keys, **{key: tree.keys[key] for key in beside if key in tree.keys}}
    return Table({**inputs.entries, **beside}, inputs.file, inputs.line, keys)


def _text(node: Node, key: str) -> str:
    child = node.entries.get(key) if isinstance(node, Table) else None
    return (child.text or "") if isinstance(child, Text) else ""


def values(tree: Table) -> dict[str, Any]:
    """The tree as plain values: numbers, true and false, None, and texts."""
    return {key: _value(node, (key,)) for key, node in tree.entries.items()}


def _value(node: Node, steps: Steps) -> Any:
    if isinstance(node, Table):
        return {key: _value(each, (*steps, key)) for key, each in node.entries.items()}
    if isinstance(node, Items):
        return [_value(each, steps) for each in node.items]
    if node.text is None or steps[-1] in _TEXTS or _TABLES_OF_TEXTS.intersection(steps):
        return node.text
    return scalar(node.text)


def scalar(text: str) -> int | float | bool | str:
    """A scalar as it is meant: `20`, `1e3`, `1_000`, `true`; anything else is a text."""
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    if len(text) > LONGEST_NUMBER:
        return text
    if _WHOLE.fullmatch(text):
        return int(text.replace("_", ""))
    if _NUMBER.fullmatch(text):
        return float(text.replace("_", ""))
    return text
