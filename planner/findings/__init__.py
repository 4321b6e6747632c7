"""What a reader must know beyond the numbers: orders, shortfalls, assumptions, declared checks.

Everything here is read off a plan's quantities; nothing is decided.
"""

from planner.findings.assumptions import Assumption, assumptions
from planner.findings.checks import CheckResult, checks
from planner.findings.layouts import TrainingLayout, assumed, training_layouts
from planner.findings.orders import Order, beside_orders, orders
from planner.findings.ranking import in_short
from planner.findings.spans import Warning_
from planner.findings.trade import stops
from planner.findings.warnings import STORAGE_NEEDS, binding, warnings

__all__ = [
    "STORAGE_NEEDS",
    "Assumption",
    "CheckResult",
    "Order",
    "TrainingLayout",
    "Warning_",
    "assumed",
    "assumptions",
    "beside_orders",
    "binding",
    "checks",
    "in_short",
    "orders",
    "stops",
    "training_layouts",
    "warnings",
]
