"""Plans to state properties about: a few fixed layouts, and values redrawn on them.

A layout is a scenario file that is read once. An example of a property is then a handful of its
rows with a factor each (`Factors`), kept within the bounds of the schema; several examples run
together as draws of one plan. `scenario_texts` generates whole files where the layout matters.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st

from planner.axes import Array
from planner.inputs.checks import FEWEST_PORTS
from planner.inputs.leaves import LeafTable
from planner.project import Project, load

Factors = Mapping[int, float]

ANNOUNCED = """
extends: 5pct_ev_market.yaml
horizon: {start: 2024-01, end: 2027-12}
"""
UNLIMITED = """
extends: 5pct_ev_market.yaml
horizon: {start: 2024-01, end: 2026-12}
vehicles:
  model_c: {buffer: {value: 1 EB, source: "No limit", confidence: assumed}}
  model_n: {buffer: {value: 1 EB, source: "No limit", confidence: assumed}}
links:
  wifi: {rate: 1 Pb/s}
  cellular: {rate: 1 Pb/s, data_cap: null}
  depot: {rate: 1 Pb/s}
"""
RUNNING = """
extends: 5pct_ev_market.yaml
plan_start: 2026-06
horizon: {start: 2026-07, end: 2029-12}
market: {forecast: iea_2025_shares}
opening_fleet:
  - {cohort: 2024-07, region: europe, program: model_c, ecu: drive_orin, vehicles: 120 thousand vehicle}
  - {cohort: 2025-11, region: europe, program: model_n, ecu: drive_thor, vehicles: 30 thousand vehicle}
  - {cohort: 2025-03, region: japan, program: model_c, ecu: drive_orin, vehicles: 45 thousand vehicle}
sites:
  taiwan:
    installed:
      - {hardware: gh200_nvl32, count: 4, in_service: 2024-09}
      - {hardware: dgx_h100, count: 6, in_service: 2023-10}
    committed: [{hardware: gh200_nvl32, count: 2, in_service: 2026-11}]
    installed_storage: [{tier: hot, count: 3, in_service: 2025-01}, {tier: cold, count: 2, in_service: 2025-01}]
    committed_storage: [{tier: warm, count: 2, in_service: 2026-12}]
    opening_data: [{year: 2024-01, kept: 300 TB}, {year: 2025-01, kept: 1.2 PB}]
  japan:
    opening_data: [{year: 2025-01, kept: 200 TB}]
"""
HIRED = """
extends: 5pct_ev_market.yaml
horizon: {start: 2024-01, end: 2026-12}
duty_rates: everywhere
duties:
  everywhere:
    title: A duty on everything
    duties:
      - name: all
        kinds: [nodes, storage, network]
        origins: [all]
        destinations: [all]
        known: 2000-01
        effective: 2000-01
        rate: 7 %
economics: {money: nominal}
packages: {driving_model: {size: null}}
variants: {support_years: 1 year}
nodes: {gh200_nvl32: {origin: US}}
network: {spectrum_sn4600c: {ports: 6}}
sites:
  taiwan:
    acquisition: lease
    committed: [{hardware: gh200_nvl32, count: 2, in_service: 2024-06}]
  japan:
    acquisition: rent
    building: colocate
    installed: [{hardware: dgx_h100, count: 12, in_service: 2023-09}]
"""
LAYOUTS = {"announced": ANNOUNCED, "unlimited": UNLIMITED, "running": RUNNING, "hired": HIRED}

WHOLE_PLANS = settings(max_examples=settings().max_examples // 4, deadline=None, derandomize=True)
"""Of properties of whole plans: 25 examples, or more with --hypothesis-profile=thorough."""

FACTORS = st.sampled_from([0.0, 0.001, 0.1, 0.5, 0.9, 1.5, 2.0, 10.0, 1000.0]) | st.floats(0.2, 5.0)


def read(text: str, set: Sequence[str] = ()) -> Project:
    """The project of a scenario file with this text."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "scenario.yaml"
        file.write_text(text, encoding="utf-8")
        return load(file, set=set)


@cache
def layout(name: str) -> Project:
    return read(LAYOUTS[name])


def rows_of(table: LeafTable, leaf: str, field: str | None = None) -> tuple[int, ...]:
    """The rows of a leaf; of a ragged leaf those of one field."""
    rows = table.leaves[leaf].rows
    return tuple(i for i in rows if field is None or table.rows[i].position[-1] == field)


def factors(
    table: LeafTable, most: int = 12, least: int = 0
) -> st.SearchStrategy[dict[int, float]]:
    """From `least` to `most` rows of a layout with a factor each; a leaf of many rows is as likely as one of one."""
    leaves = [sorted(info.rows) for info in table.leaves.values() if info.rows]
    row = st.sampled_from(leaves).flatmap(st.sampled_from)
    return st.dictionaries(row, FACTORS, min_size=least, max_size=most)


def scaled(table: LeafTable, chosen: Factors) -> dict[int, float]:
    """The values of the chosen rows times their factors, within the bounds of the schema."""
    return {i: times(table, i, table.rows[i].value, factor) for i, factor in chosen.items()}


def bounds(table: LeafTable, index: int) -> tuple[float, float]:
    """The least and the greatest value of a row; that of a switch's ports is a check's, not the schema's."""
    row = table.rows[index]
    least = -np.inf if row.least is None else row.least
    most = np.inf if row.most is None else row.most
    return (float(FEWEST_PORTS) if row.leaf == "switch_ports" else least), most


def times(table: LeafTable, index: int, value: float, factor: float) -> float:
    """A value of a row times a factor; a share of 0 counts as one of 1 % here, so that it moves."""
    least, most = bounds(table, index)
    if value == 0.0 and np.isfinite(most):
        value = 0.01 * most
    product = value * factor
    if least == -np.inf and product <= 0 < value:
        product = 1e-3 * value  # what the schema wants above 0
    return float(min(max(product, least), most))


def draws(table: LeafTable, *examples: Mapping[int, float]) -> dict[str, object]:
    """The leaves of several examples, each a draw; `examples` give the values of some rows."""
    touched = sorted(set().union(*examples))
    values = {
        i: np.array([example.get(i, table.rows[i].value) for example in examples]) for i in touched
    }
    return table.redrawn(values)


def run(
    project: Project, wanted: Sequence[str], *examples: Mapping[int, float]
) -> dict[str, Array]:
    """Values of `wanted` for the examples, one draw each, with all draws spelled out."""
    leaves = draws(project.table, *examples)
    found = project.run(wanted, leaves, draws=len(examples))
    return {name: np.broadcast_to(x, (len(examples), *x.shape[1:])) for name, x in found.items()}


def leaf_of(project: Project, name: str, values: Mapping[int, float]) -> Array:
    """An input of an example."""
    own = [row for row in project.table.leaves[name].rows if row in values]
    drawn = project.table.redrawn({row: np.array([values[row]]) for row in own})
    found = drawn.get(name, project.leaves[name])
    assert isinstance(found, np.ndarray)
    return found


def same(a: Array, b: Array, tolerance: float) -> bool:
    """Whether two results agree, relative to the largest value of either; infinite where the other is."""
    if np.array_equal(a, b):
        return True
    largest = max(float(np.abs(a).max(initial=0.0)), float(np.abs(b).max(initial=0.0)))
    return bool(np.abs(a - b).max(initial=0.0) <= tolerance * largest)


# --- Whole files ---------------------------------------------------------------------------------

REGIONS = ("taiwan", "japan", "india", "usa", "europe", "rest_of_world", "china")
SITES = ("taiwan", "japan", "china")
SERVICES = ("assistant", "city_cameras", "inspection", "robots")
HARDWARE = ("gh200_nvl32", "gh200_server", "dgx_h100", "dgx_a100", "hgx_h800", "dojo_tile")


@st.composite
def scenario_texts(draw: st.DrawFn) -> str:
    """Scenario files over the shipped base: other regions, sites, programmes, months, policies."""
    start = draw(st.integers(2024, 2027))
    months = f"plan_start: {start}-{draw(st.integers(1, 12)):02d}"
    sites = draw(st.lists(st.sampled_from(SITES), min_size=1, unique=True))
    fleet = draw(st.lists(st.sampled_from(REGIONS), min_size=1, unique=True))
    homes = {region: draw(st.sampled_from(sites)) for region in fleet}
    changed: dict[str, object] = {
        "regions": {r: {"site": homes[r]} if r in homes else None for r in REGIONS},
        "sites": {s: _site(draw) if s in sites else None for s in SITES},
        "programs": _programs(draw, fleet),
        "services": {service: {"site": draw(st.sampled_from(sites))} for service in SERVICES},
        "market": {
            "forecast": draw(st.sampled_from(["iea_2024_steps", "iea_2025_shares"])),
            "share": f"{draw(st.floats(0, 100)):.3f} %",
        },
        "data_classes": {"clips": {"kept_share": f"{draw(st.floats(0, 1)):.4f}"}},
        "storage_policy": {"order_interval": f"{draw(st.integers(1, 24))} month"},
        "training": {"percentile": f"{draw(st.floats(0, 1)):.4f}"},
    }
    horizon = {"start": f"{start + 1}-01", "end": f"{start + draw(st.integers(1, 3))}-12"}
    lines = ["extends: 5pct_ev_market.yaml", months, f"horizon: {json.dumps(horizon)}"]
    return "\n".join([*lines, *(f"{key}: {json.dumps(value)}" for key, value in changed.items())])


def _site(draw: st.DrawFn) -> dict[str, object]:
    return {
        "training": draw(st.sampled_from(HARDWARE)),
        "training_share": f"{draw(st.floats(0.01, 10)):.3f}",
        "commissioning": f"{draw(st.floats(0, 400)):.1f} day",
        "order_interval": f"{draw(st.integers(1, 60))} month",
        "orders_allowed": draw(st.sampled_from(["true", "true", "false"])),
    }


def _programs(draw: st.DrawFn, fleet: Sequence[str]) -> dict[str, object]:
    policy = {
        "daily_hours": f"{draw(st.floats(0, 24)):.3f} hour/day",
        "record_share": f"{draw(st.floats(0, 1)):.4f}",
        "depot_share": f"{draw(st.floats(0, 1)):.4f}",
        "trigger_rate": f"{draw(st.floats(0, 1000)):.4f} 1/hour",
    }
    if draw(st.booleans()):
        return {"model_n": None, "model_c": policy}
    return {"model_n": policy, "model_c": {"regions": draw(st.just(list(fleet)))}}
