"""The TOP500 rows that state their power, the nodes behind them, and the model's answer to each."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from scipy.optimize import least_squares

from planner.axes import Array
from planner.perf.power import (
    HOST_SHARE,
    RATE_SHARE,
    STANDING_SHARE,
    STANDING_SHARE_AMPERE,
    NodeParts,
    node_power_busy,
    node_power_peak,
)

DATA = Path(__file__).parent / "data"
TABLE: dict[str, Any] = yaml.safe_load((DATA / "top500_systems.yaml").read_text(encoding="utf-8"))

# Quantum-2 with optics in all cages (SemiAnalysis, June 2024); a 400 Gb/s port splits into two of 200.
SWITCH_POWER, SWITCH_RATE = 1500.0, 64 * 400.0
SUPPLY_EFFICIENCY = 0.95  # 80 PLUS Titanium at half load 96 %, at full load 91 % (assumed between)
# Pumps and the few fans that are left (assumed), and air by the published "rack power about -10 % with liquid"
# (SemiAnalysis, AI Datacenter Energy Dilemma).
FAN_SHARE = {"liquid": 0.02, "air": 1.02 / 0.9 - 1.0}

# Linpack over the FP64 tensor peak: the median of the rows below.
LINPACK_PEAK_SHARE = 0.64

Constants = tuple[float, float, float, float]
FITTED: Constants = (STANDING_SHARE, RATE_SHARE, HOST_SHARE, STANDING_SHARE_AMPERE)
BOUNDS = ([0.1, 0.0, 0.2, 0.1], [0.95, 0.9, 1.0, 0.95])


@dataclass(frozen=True)
class System:
    """One row of a list: what was measured, and the node behind it."""

    name: str
    edition: str
    family: str
    rmax: float
    rpeak: float
    power: float
    devices: float
    devices_as_listed: float
    basis: str
    why: str
    node: dict[str, Any]

    @property
    def groups(self) -> list[tuple[dict[str, Any], float]]:
        """Kinds of nodes and the devices in each; nearly always one kind."""
        also = self.node.get("also")
        if also is None:
            return [(self.node, self.devices)]
        return [(self.node, self.devices - also["devices"]), (also, float(also["devices"]))]

    @property
    def peak(self) -> float:
        """FP64 tensor peak of one device [TFLOP/s]."""
        return float(TABLE["chips"][self.node["chip"]]["peak"])

    @property
    def peak_share(self) -> float:
        """Linpack over that peak."""
        return self.rmax / self.devices / self.peak

    def as_listed(self) -> System:
        """The same row with the device count of the list, right or wrong."""
        return replace(self, devices=self.devices_as_listed)


def systems() -> list[System]:
    """All rows that state a power, in the order of the lists."""
    with (DATA / "top500_gpu_power.csv").open(encoding="utf-8") as file:
        return [_system(row) for row in csv.DictReader(file)]


def _system(row: dict[str, str]) -> System:
    said = dict(TABLE["systems"][row["name"]])
    listed = float(row["devices"])
    node = node_of(said, float(said.get("devices", listed)))
    return System(
        row["name"],
        row["list"],
        "GH200"
        if "GH200" in row["accelerator"]
        else "A100"
        if "A100" in row["accelerator"]
        else "H100",
        float(row["Rmax_TF"]),
        float(row["Rpeak_TF"]),
        float(row["power_kW"]) * 1e3,
        float(said.get("devices", listed)),
        listed,
        said["basis"],
        said.get("why", ""),
        node,
    )


def node_of(said: dict[str, Any], devices: float = 0.0) -> dict[str, Any]:
    """The node of a row: its class, with the host processors that the list counts over all of its nodes."""
    node = {"modules": 16, **TABLE["classes"][said["class"]], **said}
    if "also" in said:
        node["also"] = node_of(said["also"], float(said["also"]["devices"]))
        devices -= said["also"]["devices"]
    if "cpu" in said:
        cpu, each = TABLE["cpus"][said["cpu"]], said["sockets"] * node["accelerators"] / devices
        node["processors"] = each * cpu["watts"]
        if not {"modules"} & {*TABLE["classes"][said["class"]], *said}:
            node["modules"] = each * cpu["channels"]
    return node


def parts_of(node: dict[str, Any]) -> NodeParts:
    """The parts of a node of the table."""
    watts = {name: float(part["watts"]) for name, part in TABLE["parts"].items()}
    count = float(node["accelerators"])
    switched = node["chip"].endswith("sxm") and count == 8
    return NodeParts(
        accelerators=np.array(node["limit"] * count),
        host_cpus=np.array(float(node["processors"])),
        memory=np.array(node["modules"] * watts["memory_module"]),
        always_on=np.array(
            count * (watts["board"] + watts["link_switch"] * switched)
            + node["ports"] * watts[f"nic_{node['rate']}"]
            + node["drives"] * watts["drive"]
        ),
        supply_efficiency=np.array(SUPPLY_EFFICIENCY),
    )


def fabric_power(system: System) -> float:
    """Switches of a full fat tree over the ports of the system [W]."""
    endpoints = sum(
        devices / node["accelerators"] * node["ports"] for node, devices in system.groups
    )
    radix = SWITCH_RATE / system.node["rate"]
    # (2 t - 1) N / k switches in t tiers, unrounded: systems share switches with what is not in the run.
    tiers = math.ceil(math.log(max(endpoints, 2.0) / 2.0) / math.log(radix / 2.0) - 1e-9)
    count = (2 * tiers - 1) * endpoints / radix if endpoints > radix else min(endpoints, 1.0)
    return float(count * SWITCH_POWER)


@dataclass(frozen=True)
class Stack:
    """Rows side by side, one entry a kind of node; `row` says which row an entry belongs to."""

    row: Array
    nodes: Array
    parts: NodeParts
    fans: Array
    peak_share: Array
    ampere: Array
    fabric: Array

    @staticmethod
    def of(rows: Sequence[System]) -> Stack:
        entries = [(i, row, *group) for i, row in enumerate(rows) for group in row.groups]
        parts = [parts_of(node) for _, _, node, _ in entries]
        return Stack(
            row=np.array([i for i, *_ in entries]),
            nodes=np.array([devices / node["accelerators"] for _, _, node, devices in entries]),
            parts=NodeParts(
                *(
                    np.array([float(getattr(part, field.name)) for part in parts])
                    for field in fields(NodeParts)
                )
            ),
            fans=np.array([FAN_SHARE[node["cooling"]] for _, _, node, _ in entries]),
            peak_share=np.array([row.peak_share for _, row, _, _ in entries]),
            ampere=np.array([node["chip"].startswith("ampere") for _, _, node, _ in entries]),
            fabric=np.array([fabric_power(row) for row in rows]),
        )

    def power(self, constants: Constants) -> Array:
        """Power of each row at Linpack [W]: nodes and compute fabric."""
        hopper, rate, host, ampere = constants
        standing = np.where(self.ampere, ampere, hopper)
        one = node_power_busy(self.parts, self.fans, self.peak_share, standing, rate, host)
        return np.bincount(self.row, one * self.nodes, self.fabric.size) + self.fabric


def predicted(system: System, constants: Constants = FITTED) -> float:
    """Power of a system at Linpack [W]: nodes and compute fabric."""
    return float(Stack.of([system]).power(constants)[0])


def errors(rows: Sequence[System], constants: Constants = FITTED) -> Array:
    """Predicted over stated power, less one."""
    return Stack.of(rows).power(constants) / np.array([row.power for row in rows]) - 1.0


def fit(rows: Sequence[System]) -> Constants:
    """The constants that fit rows best, by a robust (soft absolute) error of the logarithms."""
    stack, stated = Stack.of(rows), np.array([row.power for row in rows])

    def residuals(constants: Array) -> Array:
        a, b, c, d = (float(value) for value in constants)
        return np.log(stack.power((a, b, c, d)) / stated)

    start = (0.5, 0.5, 0.7, 0.4)
    found = least_squares(residuals, start, bounds=BOUNDS, loss="soft_l1", f_scale=0.03)
    hopper, rate, host, ampere = (float(value) for value in found.x)
    return hopper, rate, host, ampere


def leave_one_out(rows: Sequence[System]) -> Array:
    """Errors of each row by constants fitted without any row of its system."""
    result = np.empty(len(rows))
    for name in {row.name for row in rows}:
        own = [index for index, row in enumerate(rows) if row.name == name]
        constants = fit([row for row in rows if row.name != name])
        result[own] = errors([rows[index] for index in own], constants)
    return result


def null_model(rows: Sequence[System], of: Sequence[System]) -> Array:
    """Errors of the watts a device that the median of the other systems of the same family states."""
    result = np.empty(len(of))
    for index, row in enumerate(of):
        others = [x for x in rows if x.family == row.family and x.name != row.name]
        stated = float(np.median([x.power / x.devices for x in others]))
        result[index] = stated * row.devices / row.power - 1.0
    return result


def first_of_each(rows: Sequence[System]) -> list[int]:
    """Positions of the first row of each system: a system that stands in several lists counts once."""
    names = [row.name for row in rows]
    return sorted({name: names.index(name) for name in names}.values())


def median(values: Array, keep: Callable[[int], bool] = lambda index: True) -> float:
    """Median absolute percentage error over the positions to keep."""
    return float(np.median([abs(value) for index, value in enumerate(values) if keep(index)])) * 100


def table(rows: Sequence[System], found: Array, left_out: Array) -> str:
    """One line a row: watts a device predicted and stated, the error, and the error when its system is left out."""
    lines = [
        "list          system                        basis      devices  W model  W stated  error  left out"
    ]
    for index in np.argsort(found):
        row = rows[index]
        stated = row.power / row.devices
        lines.append(
            f"{row.edition:13s} {row.name[:29]:29s} {row.basis:9s} {row.devices:8.0f} "
            f"{stated * (1 + found[index]):8.0f} {stated:9.0f} {found[index]:+6.1%} {left_out[index]:+8.1%}"
        )
    once, null = first_of_each(rows), null_model(rows, rows)
    lines.append("median absolute error, %          rows  each system once")
    for name, values in (("fitted", found), ("left out", left_out), ("null model", null)):
        alone = median(values, lambda i: i in once)
        lines.append(f"{name:30s} {median(values):7.1f} {alone:17.1f}")
    return "\n".join(lines)


def most(system: System) -> float:
    """Everything at its limit, fans at full speed [W]: a stated power above it contradicts the published parts."""
    fans = {"liquid": np.array(0.05), "air": np.array(0.33)}
    nodes = sum(
        float(node_power_peak(parts_of(node), fans[node["cooling"]]))
        * devices
        / node["accelerators"]
        for node, devices in system.groups
    )
    return nodes + fabric_power(system)


def other_systems() -> list[System]:
    """The other rows of June 2025 that state a power."""
    families = {"hopper_superchip": "GH200", "hopper_sxm": "H100", "ampere_sxm": "A100"}
    found = []
    for name, said in TABLE["others"].items():
        devices, power = float(said["devices"]), said["power"] * 1e3
        node = node_of(said, devices)
        row = (said.get("name", name), "june2025", families[node["chip"]], said["rmax"], 0.0, power)
        found.append(System(*row, devices, devices, "listed", "", node))
    return found


def held_out(case: str) -> System:
    """A system that is in none of the lists; without a published Rmax it runs at the median share of the peak."""
    said = TABLE["held_out"][case]
    devices = float(said["devices"])
    node = node_of(said, devices)
    rmax = float(
        said.get("rmax", LINPACK_PEAK_SHARE * TABLE["chips"][node["chip"]]["peak"] * devices)
    )
    return System(
        said["name"],
        case,
        "",
        rmax,
        0.0,
        said["power"] * 1e3,
        devices,
        devices,
        "published",
        "",
        node,
    )
