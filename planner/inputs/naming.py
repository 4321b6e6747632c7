"""Which accelerator, machine, framework and model does a published run mean by the words that it uses?

Sources spell one chip in ten ways ("A100-SXM4-80GB", "8xA100-80G", "DGX A100 640GB", "p4de.24xlarge"). The rule:

1. Text is compared in capitals, with everything but letters and digits as a space. A name stands in a text where no
   letter or digit touches it, but for a count ("8xH100"), a maker's or server's word ("DGXH100", "RTX4090") before it
   and a form, memory or count ("H100SXM5", "A10040GB") after it.
2. Of all names of chips and their aliases the longest that has a digit wins, then the longest word ("Hopper"), then the
   accelerator of a machine that is named ("p4d"). Where none is, the chip of the nearest spelling is taken.
3. Of a chip's variants the one wins that agrees with the form (SXM, PCIe, NVL), memory and power in the text; what the
   text leaves open goes to the variant marked `usual`.
4. A machine is what the run names, if it carries that chip, else the accelerator's `default_system`, unless that has
   another number of accelerators than each of the run's servers.
5. A framework is that of the longest word in the source, else in the notes, else the one without words; on chips with a
   maker's build of all frameworks it is that.

6. A model is that of the longest alias in its name.

What was guessed is said in words, so that a prediction can list it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cache
from typing import TypeVar

from planner import resources
from planner.errors import PlannerError, nearest
from planner.inputs.load import check_profile
from planner.inputs.profiles import (
    Accelerator,
    ComputeSystem,
    Framework,
    ModelArchitecture,
    Profile,
)

P = TypeVar("P", bound=Profile)

MAKERS = "NVIDIA|AMD|INTEL|GOOGLE|HABANA|TESLA|QUADRO|GEFORCE|INSTINCT|RTX|DGX|HGX|MGX"
FORMS = {"sxm": r"SXM\d?|HGX|DGX", "pcie": r"PCI ?E", "nvl": r"NVL(?!\d)", "oam": r"OAM"}
OTHER_FORM = math.log(100.0)  # a stated form that differs outweighs any memory size
ALIKE = 0.72  # least likeness of a slip in spelling: B100 and B200 have 0.75, Trainium2 and Trillium 0.71
EIGHT = 8  # accelerators whose memory a server's name adds up
GIGABIT = 1e9 / 8  # [byte/s]
PORTS = (
    r"(\d+) ?x ?[HNEX]DR ?(\d+)(?! ?Gb)",
    r"(\d+) ?x ?(?=\D)[^,;]*?\b(\d+) ?(?:Gb/s|Gb/Sec|Gbps)",
    r"(\d+) ?x ?(\d+) ?(?:Gb/s|Gb/Sec|Gbps)",
)


@dataclass(frozen=True)
class Named:
    """A profile's name, and in words what the text left open (empty: nothing)."""

    name: str
    assumed: str = ""


def shipped(kind: type[P], folder: str) -> Mapping[str, P]:
    """All shipped profiles of a kind by name."""
    return {name: each for name, each in _checked(folder).items() if isinstance(each, kind)}


@cache
def _checked(folder: str) -> Mapping[str, Profile]:
    return {name: check_profile(path, folder) for name, path in resources.profiles(folder).items()}


def accelerators() -> Mapping[str, Accelerator]:
    """All shipped accelerators by name."""
    return shipped(Accelerator, "accelerators")


def systems() -> Mapping[str, ComputeSystem]:
    """All shipped machines of published runs by name."""
    return shipped(ComputeSystem, "systems")


def architectures() -> Mapping[str, ModelArchitecture]:
    """All shipped shapes of models by name."""
    return shipped(ModelArchitecture, "architectures")


def frameworks() -> Mapping[str, Framework]:
    """All shipped frameworks by name."""
    return shipped(Framework, "frameworks")


@cache
def accelerator_named(text: str) -> Named:
    """The accelerator that a text means. Raises PlannerError where it says nothing like one."""
    spelt = _spelt(text)
    names = [
        (word, name) for name, each in accelerators().items() for word in _words_of(name, each)
    ]
    found = [(word, name) for word, name in names if _stands(word, spelt)]
    if found:
        longest = max(found, key=lambda each: _weight(each[0]))[0]
        return _variant(spelt, [name for word, name in found if word == longest])
    machines = [(word, name) for name, each in systems().items() for word in each.aliases]
    found = [(word, name) for word, name in machines if _stands(word, spelt)]
    if found:
        word, name = max(found, key=lambda each: _weight(each[0]))
        return Named(systems()[name].accelerator, f"{word}: the accelerator of {name}")
    known = {_spelt(word) for word, _ in names}
    alike = {word for word in known if word[:1] == spelt[:1]}
    best = nearest(spelt, alike) or nearest(spelt, known)
    if best is None or SequenceMatcher(None, spelt, best).ratio() < ALIKE:
        raise PlannerError(f'"{text}" names no accelerator that is known')
    kin = _variant(spelt, [name for word, name in names if _spelt(word) == best])
    return Named(kin.name, f'no profile of "{text}"; {kin.name} is nearest in spelling')


@cache
def system_named(text: str, accelerator: str, per_server: float | None = None) -> Named:
    """The machine with this accelerator that a text means: one of systems/, or of nodes/ as the default.

    `per_server`: accelerators in each of a run's several servers, which another machine of the chip may have.
    """
    spelt, chip = _spelt(text), accelerators()[accelerator].chip
    found = [
        (each.accelerator == accelerator, *_weight(word), name)
        for name, each in systems().items()
        for word in each.aliases
        if accelerators()[each.accelerator].chip == chip and _stands(word, spelt)
    ]
    if found:
        return Named(max(found)[-1])
    default = accelerators()[accelerator].default_system
    if default is None:
        raise PlannerError(f"{accelerator} has no default_system, and no machine is named")
    alike = [
        (each.accelerator == accelerator, name)
        for name, each in systems().items()
        if accelerators()[each.accelerator].chip == chip and each.accelerators.value == per_server
    ]
    if alike and not any(name == default for _, name in alike) and per_server != EIGHT:
        name = max(alike)[1]
        return Named(name, f"machine: {name}, which has {per_server:g} accelerators a server")
    return Named(default, f"machine: {default}, the usual one of {accelerator}")


@cache
def architecture_named(text: str) -> Named | None:
    """The architecture that a model's name means: the longest alias in it; none where no alias stands in it."""
    spelt = _spelt(text)
    found = [
        (*_weight(word), name)
        for name, each in architectures().items()
        for word in each.aliases
        if _stands(word, spelt)
    ]
    return Named(max(found)[-1]) if found else None


@cache
def framework_named(source: str, notes: str = "") -> Named:
    """The framework of a run: by the longest of its words in the source, else in the notes, else the unknown one."""
    for text in (source, notes):
        found = [
            (len(_spelt(word)), name)
            for name, each in frameworks().items()
            for word in each.words
            if _stands(word, _spelt(text))
        ]
        if found:
            return Named(max(found)[-1])
    name = next(name for name, each in frameworks().items() if not each.words)
    return Named(name, "framework: none named")


def framework_on(generation: str, named: Named) -> Named:
    """The framework of a run on a generation of accelerators: its maker's build where there is one, else as named."""
    own = next((name for name, each in frameworks().items() if generation in each.generations), "")
    return Named(own, f"framework: {own}, the build for {generation}") if own else named


def era_of(framework: str, year: int, generation: str = "", sharded: bool = False) -> str:
    """The software profile of a framework in a year, on a generation of accelerators, with weights sharded or not."""
    each = frameworks()[framework]
    eras = (sharded and each.sharded_eras) or each.eras
    for known, era in each.era_on.items():
        if known == generation and eras is each.eras:
            return era
    begun = [first for first in eras if int(first) <= year]
    return eras[max(begun, default=min(eras))]


def fabric_stated(text: str, accelerators_per_server: float) -> float | None:
    """Network rate of one accelerator and direction that a text states [byte/s]; none where it states none.

    Understood: ports of a server ("8x ConnectX-7 NDR 400Gb/s", "8xHDR200", "8x200Gb/s per node"), of which storage's
    and management's do not count; a server's total ("400Gbps/node", "1600 Gbps node-node", "inter-node 800 bandwidth");
    a rate "per GPU".
    """
    per_chip = re.search(r"(?<!\d)([1-9]\d*) ?Gb(?:ps|/s)? (?:per|a|each) GPU", text)
    if per_chip:
        return float(per_chip[1]) * GIGABIT
    total = re.search(r"(?<![\dx])(?<!x )([1-9]\d*) ?Gb(?:ps|/s)? ?(?:/|per |a )?node", text)
    total = total or re.search(r"inter-node ([1-9]\d*) bandwidth", text)
    if total:
        return float(total[1]) * GIGABIT / accelerators_per_server
    ports = [
        float(count) * float(rate)
        for clause in re.split(r"[,;+]", text)
        if not re.search(r"(?i)storage:|management|ethernet nic", clause)
        for pattern in PORTS
        for count, rate in re.findall(pattern, clause)
    ]
    return max(ports) * GIGABIT / accelerators_per_server if any(ports) else None


def _spelt(text: str) -> str:
    text = re.sub(r"\b([A-Z]+\d+)s\b", r"\1", text)  # a plural: 128 H100s
    return re.sub(r"[^A-Z0-9]+", " ", text.upper()).strip()


def _words_of(name: str, each: Accelerator) -> Iterable[str]:
    return (each.chip or name, *each.aliases)


def _weight(word: str) -> tuple[bool, int]:
    """A model number before a word, a long one before a short one."""
    spelt = _spelt(word)
    return any(c.isdigit() for c in spelt), len(spelt.replace(" ", ""))


@cache
def _pattern(word: str) -> re.Pattern[str]:
    letters = " ?".join(_spelt(word).split(" "))
    before = rf"(?<![A-Z0-9])(?:\d+ ?X ?)?(?:{MAKERS})?"
    after = r"(?=$| |SXM|PCIE|NVL|OAM|HBM|X\d|\d+GB?(?![A-Z0-9]))"
    return re.compile(before + letters + after)


def _stands(word: str, spelt: str) -> bool:
    return _pattern(word).search(spelt) is not None


def _variant(spelt: str, names: list[str]) -> Named:
    """The variant of a chip that agrees best with form, memory and power in the text."""
    known = {name: accelerators()[name] for name in names}
    if len(known) == 1:
        return Named(names[0])
    forms = {form for form, words in FORMS.items() if re.search(words, spelt)}
    memory = [float(m) * 1e9 for m in re.findall(r"(\d+) ?GB?\b", spelt)]
    power = [float(w) for w in re.findall(r"(\d+) ?W\b", spelt)]

    def apart(name: str) -> tuple[float, bool]:
        each = known[name]
        far = OTHER_FORM if forms and each.form not in forms else 0.0
        sizes = [*memory, *(m / EIGHT for m in memory)]
        far += min((abs(math.log(m / each.memory.value)) for m in sizes), default=0.0)
        far += min((abs(math.log(w / each.power.value)) for w in power), default=0.0)
        return round(far, 3), not each.usual

    best = min(known, key=apart)
    open_ = ["form"] * (not forms) + ["memory"] * (not memory)
    return Named(best, f"{' and '.join(open_)} not stated: {best}" if open_ else "")
