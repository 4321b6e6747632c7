"""The modules whose quantities make the factory."""

from __future__ import annotations

from planner.model import (
    carbon,
    compute,
    cooling,
    decisions,
    economics,
    facility,
    fleet,
    hardware,
    links,
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
    facility,
    cooling,
    economics,
    carbon,
)
