"""The modules whose quantities make the factory."""

from __future__ import annotations

from planner.model import (
    carbon,
    checkpoints,
    compute,
    decisions,
    economics,
    facility,
    fleet,
    hardware,
    links,
    network,
    node_power,
    ota,
    reliability,
    storage,
    telemetry,
    trade,
    training,
)

MODULES = (
    fleet,
    trade,
    links,
    telemetry,
    storage,
    training,
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
