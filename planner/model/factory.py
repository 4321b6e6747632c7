"""The modules whose quantities make the factory."""

from __future__ import annotations

from planner.model import (
    carbon,
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
    ota,
    decisions,
    hardware,
    network,
    node_power,
    facility,
    economics,
    carbon,
)
