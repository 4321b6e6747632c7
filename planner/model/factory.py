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
    ota,
    services,
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
    services,
    compute,
    ota,
    decisions,
    hardware,
    facility,
    economics,
    carbon,
)
