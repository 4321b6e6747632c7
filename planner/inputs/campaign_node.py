"""A place in a campaign's document: read as a number, a name, a list ..., with every fault noted at its line.

A value may stand alone or with where it comes from: `{value: 0.7, source: "...", confidence: assumed}`. Faults are
collected, not raised one by one; what is read of a faulty value is a harmless stand-in.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from planner.errors import Fault, InputError, suggestion
from planner.inputs.documents import Steps, Table, dotted, locate

T = TypeVar("T")

CONFIDENCES = ("measured", "published", "derived", "assumed")
ANNOTATIONS = ("note", "sources")
"""Keys that every object may have: they say something about the others and steer nothing."""
_ANNOTATED = frozenset({"value", "source", "confidence", "note"})
_SHOWN = 60  # characters of a value in a message
MOST_SHOWN_KEYS = 12
HOURS_PER_DAY = 24.0


@dataclass
class Source:
    """What a document is called, the tree that knows its lines (None: no lines), and the faults found so far."""

    file: str
    tree: Table | None = None
    faults: list[Fault] = field(default_factory=list)

    def note(self, steps: Steps, message: str, at_key: bool = False) -> None:
        file, line = self.file, 0
        if self.tree is not None:
            file, line, _ = locate(self.tree, steps, at_key)
        self.faults.append(Fault(file, line, dotted(steps), message))

    def raise_faults(self) -> None:
        """InputError with all faults, if there are any."""
        if self.faults:
            raise InputError(self.faults)


class CampaignNode:
    """A place in the document that is being read; its value is None where the document says nothing.

    A `silent` place notes no faults: it is part of something that is reported as missing already.
    """

    def __init__(self, value: Any, steps: Steps, origin: Source, silent: bool = False) -> None:
        self.steps, self.origin, self.silent = steps, origin, silent
        self.source: str | None = None
        self.confidence: str | None = None
        self.value = value
        if isinstance(value, Mapping) and "value" in value:
            self._annotated(value)

    def _annotated(self, value: Mapping[str, Any]) -> None:
        self.value = value["value"]
        for key, text in value.items():
            if key not in _ANNOTATED:
                self.unknown(key, _ANNOTATED)
            elif key != "value" and not isinstance(text, str):
                self.origin.note((*self.steps, key), f"expected a text, found {shown(text)}")
            elif key == "source":
                self.source = text
            elif key == "confidence":
                self.confidence = text
                if text not in CONFIDENCES:
                    message = f"unknown {text!r}; {suggestion(text, CONFIDENCES)}"
                    self.origin.note((*self.steps, key), message)

    @property
    def path(self) -> str:
        return dotted(self.steps)

    @property
    def present(self) -> bool:
        """Whether anything but null stands here."""
        return self.value is not None

    def fault(self, message: str) -> None:
        if not self.silent:
            self.origin.note(self.steps, message)

    def unknown(self, key: Any, allowed: Iterable[str]) -> None:
        """Notes a key, or a name in the place of one, that means nothing here."""
        message = f"unknown key; {suggestion(str(key), allowed)}"
        self.origin.note((*self.steps, str(key)), message, at_key=True)

    def __contains__(self, key: str) -> bool:
        return isinstance(self.value, Mapping) and key in self.value

    def __getitem__(self, key: str) -> CampaignNode:
        """The entry of a key that has to be there."""
        missing = key not in self
        if not isinstance(self.value, Mapping):
            self.fault(f"expected an object, found {shown(self.value)}")
            self.silent = True  # it is said
        elif missing:
            has = [str(each) for each in self.value if each not in ANNOTATIONS]
            more = ", ..." if len(has) > MOST_SHOWN_KEYS else ""
            self.fault(f"lacks {key!r}; has: {', '.join(has[:MOST_SHOWN_KEYS])}{more}")
        return (
            CampaignNode(None, (*self.steps, key), self.origin, True) if missing else self.get(key)
        )

    def get(self, key: str) -> CampaignNode:
        """The entry of a key that may be absent."""
        value = self.value.get(key) if isinstance(self.value, Mapping) else None
        return CampaignNode(value, (*self.steps, key), self.origin, self.silent)

    def entries(self) -> dict[str, CampaignNode]:
        """The entries of an object whose keys are names, such as regions."""
        if not isinstance(self.value, Mapping):
            self.fault(f"expected an object, found {shown(self.value)}")
            return {}
        return {str(key): self.get(key) for key in self.value if key not in ANNOTATIONS}

    def items(self) -> list[CampaignNode]:
        if not isinstance(self.value, Sequence) or isinstance(self.value, str):
            self.fault(f"expected a list, found {shown(self.value)}")
            return []
        return [self.at(number) for number in range(len(self.value))]

    def at(self, number: int) -> CampaignNode:
        """An item of a list."""
        return CampaignNode(self.value[number], (*self.steps, number), self.origin, self.silent)

    def some(self) -> list[CampaignNode]:
        found = self.items()
        if not found and isinstance(self.value, Sequence):
            self.fault("expected at least one entry")
        return found

    def keys(self, *allowed: str) -> None:
        """Notes every key but these and the annotations."""
        if isinstance(self.value, Mapping):
            for key in self.value:
                if key not in allowed and key not in ANNOTATIONS:
                    self.unknown(key, allowed)
            self._annotations()

    def _annotations(self) -> None:
        if "note" in self:
            self.get("note").text()
        if "sources" in self:
            for name, each in self.get("sources").entries().items():
                each.text()
                if name != "all" and name not in self:
                    self.get("sources").unknown(name, [*self.value, "all"])

    def number(self, low: float = -math.inf, high: float = math.inf) -> float:
        value = self.value
        stand_in = min(max(low, 0.0), high)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            self.fault(f"expected a number, found {shown(value)}")
        elif not math.isfinite(value):
            self.fault(f"expected a finite number, found {value!r}")
        elif value < low:
            self.fault(f"{value!r} is below the least value {low:g}")
        elif value > high:
            self.fault(f"{value!r} is above the largest value {high:g}")
        else:
            return float(value)
        return stand_in

    def positive(self, high: float = math.inf) -> float:
        value = self.number(0.0, high)
        if value == 0 and self.value == 0:
            self.fault("expected more than 0")
        return value or 1.0

    def whole(self, low: int, high: float = math.inf) -> int:
        value = self.number(low, high)
        if value != int(value):
            self.fault(f"expected a whole number, found {value!r}")
        return int(value)

    def flag(self) -> bool:
        if not isinstance(self.value, bool):
            self.fault(f"expected true or false, found {shown(self.value)}")
        return bool(self.value)

    def text(self) -> str:
        if not isinstance(self.value, str):
            self.fault(f"expected a text, found {shown(self.value)}")
        return str(self.value)

    def one_of(self, *words: str) -> str:
        if self.value not in words:
            self.fault(f"unknown {self.value!r}; {suggestion(str(self.value), words)}")
            return words[0]
        return str(self.value)

    def optional(self, read: Callable[[CampaignNode], T]) -> T | None:
        return None if self.value is None else read(self)

    def span(self) -> tuple[float, float]:
        ends = self.items()
        if len(ends) != 2:
            self.fault(f"expected two numbers, found {len(ends)}")
            return 0.0, 1.0
        return ends[0].number(), ends[1].number()

    def hours(self) -> tuple[float, float] | None:
        """Hours of a day between which something is allowed, past midnight too; None: the whole day, no limit."""
        ends = self.items()
        if len(ends) != 2:
            self.fault(f"expected two numbers, found {len(ends)}")
            return None
        first, last = (each.number(0.0, HOURS_PER_DAY) for each in ends)
        return None if (first, last) == (0.0, HOURS_PER_DAY) else (first, last)

    def rising(self) -> tuple[float, float]:
        low, high = self.span()
        if high < low:
            self.fault(f"{high:g} is before {low:g}")
        return low, high


def shown(value: Any) -> str:
    """A found value in a message: what it is, short."""
    if value is None:
        return "nothing"
    if isinstance(value, Mapping):
        return "an object"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "a list"
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."
