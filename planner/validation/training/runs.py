"""A run of a dense transformer as its row describes it, and many of them as arrays.

`reading` makes runs of rows; `Batch.terms` gives the named parts of every step for given constants.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import Field, dataclass, field, fields, replace
from functools import cached_property
from typing import TypeVar

import numpy as np

from planner.axes import Array
from planner.inputs.training import Machine, system_of
from planner.perf.training_step.configuration import Configuration, Software, System
from planner.perf.training_step.constants import Constants, constants_of
from planner.perf.training_step.step import StepTerms, step_terms, step_time
from planner.validation.cases import Case

Record = TypeVar("Record", Configuration, Software)


@dataclass
class Run:
    """What a row says, completed; `reason` where it cannot be."""

    case: Case
    reason: str = ""
    machine: Machine | None = None
    gpus: float = 0.0
    linear_share: float = 1.0  # of the precision's peak, where its format costs some
    configuration: dict[str, float] = field(default_factory=dict)
    software: dict[str, float] = field(default_factory=dict)
    assumed: list[str] = field(default_factory=list)
    identity: tuple[object, ...] = ()


@dataclass(frozen=True)
class Batch:
    """Runs as arrays."""

    generation: list[str]
    configuration: Configuration
    system: System
    software: Software

    def terms(self, constants: Mapping[str, float]) -> StepTerms:
        """The parts of every step [s]."""
        k = self.constants(constants)
        return step_terms(self.configuration, self.system, self.software, k)

    @cached_property
    def _kinds(self) -> tuple[Array, list[str], Array]:
        """Which of few kinds a run is of: generation, bits and attention, which decide its constants."""
        rows = zip(
            self.generation,
            self.configuration.linear_bits.tolist(),
            self.software.native_attention.tolist(),
            strict=True,
        )
        names: dict[tuple[str, float, float], int] = {}
        index = np.array([names.setdefault(row, len(names)) for row in rows])
        return index, [name for name, _, _ in names], np.array([kind[1:] for kind in names]).T

    def constants(self, values: Mapping[str, float]) -> Constants:
        """Constants of every run: its generation's and the global ones."""
        index, generation, (bits, native) = self._kinds
        few = constants_of(values, generation, bits, native)
        return Constants(
            **{
                name: value[index] if isinstance(value, np.ndarray) else value
                for name, value in vars(few).items()
            }
        )

    def seconds(self, constants: Mapping[str, float]) -> Array:
        """Every step [s]."""
        return step_time(self.terms(constants))


def peaks_of(run: Run) -> list[float]:
    """Peaks that a utilisation may be a share of [FLOP/s]: of the linears' precision first."""
    assert run.machine is not None
    own = {32: run.machine.peak_32, 16: run.machine.peak_16, 8: run.machine.peak_8}
    linear = own.get(int(run.configuration["linear_bits"]), run.machine.peak_4)
    return [linear or run.machine.peak_16, *own.values(), run.machine.peak_4]


def batch_of(runs: Sequence[Run]) -> Batch:
    """Runs as arrays."""
    machines = [run.machine for run in runs if run.machine is not None]
    configuration = stacked(Configuration, [run.configuration for run in runs])
    system = system_of(machines, configuration.linear_bits, [run.gpus for run in runs])
    share = np.array([run.linear_share for run in runs])
    return Batch(
        [each.generation for each in machines],
        configuration,
        replace(system, peak_linear=system.peak_linear * share),
        stacked(Software, [run.software for run in runs]),
    )


def stacked(kind: type[Record], records: Sequence[Mapping[str, float]]) -> Record:
    """One record of arrays; what a field has no numbers for takes the field's default."""

    def values(of: Field[Array]) -> Array:
        if of.name in records[0] or not callable(of.default_factory):
            return np.array([r[of.name] for r in records], float)
        return of.default_factory()

    return kind(**{f.name: values(f) for f in fields(kind)})
