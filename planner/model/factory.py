"""The modules whose quantities make the factory."""

from __future__ import annotations

from planner.model import (
    carbon,
    checkpoints,
    compute,
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
    reliability,
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
    storage,
    training,
    variants,
    simulation,
    edge,
    compute,
    reliability,
    checkpoints,
    ota,
    decisions,
    hardware,
    network,
    node_power,
    facility,
    economics,
    carbon,
)
