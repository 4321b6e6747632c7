"""The modules whose quantities make the factory."""

from __future__ import annotations

from planner.model import (
    acquisition,
    carbon,
    cash_flow,
    compute,
    decisions,
    facility,
    fleet,
    hardware,
    links,
    ota,
    payments,
    running_costs,
    storage,
    telemetry,
    trade,
    training,
    unit_costs,
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
    acquisition,
    payments,
    running_costs,
    cash_flow,
    unit_costs,
    carbon,
)
