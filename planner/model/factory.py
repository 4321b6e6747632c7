"""The modules whose quantities make the factory."""

from __future__ import annotations

from planner.model import (
    carbon,
    decisions,
    economics,
    facility,
    fleet,
    hardware,
    ota,
    storage,
    telemetry,
    trade,
    training,
)

MODULES = (
    fleet,
    trade,
    telemetry,
    storage,
    training,
    ota,
    decisions,
    hardware,
    facility,
    economics,
    carbon,
)
