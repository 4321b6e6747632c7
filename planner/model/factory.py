"""The modules whose quantities make the factory."""

from __future__ import annotations

from planner.model import (
    carbon,
    compute,
    curation,
    decisions,
    economics,
    edge,
    facility,
    fleet,
    hardware,
    links,
    network,
    node_power,
    ota,
    retention,
    simulation,
    storage,
    telemetry,
    trade,
    training,
    variants,
)

MODULES = (
    fleet,
    trade,
    links,
    telemetry,
    retention,
    curation,
    storage,
    training,
    variants,
    simulation,
    edge,
    compute,
    ota,
    decisions,
    hardware,
    network,
    node_power,
    facility,
    economics,
    carbon,
)
