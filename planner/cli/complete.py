"""What a shell offers after Tab: scenarios, profiles, quantities. Nothing is read that is not asked for."""

from __future__ import annotations


def scenario_names(incomplete: str) -> list[str]:
    """Shipped scenarios."""
    from planner import resources

    return [name for name in resources.scenarios() if name.startswith(incomplete)]


def campaign_names(incomplete: str) -> list[str]:
    """Shipped campaigns."""
    from planner import resources

    return [name for name in resources.campaigns() if name.startswith(incomplete)]


def node_names(incomplete: str) -> list[str]:
    """Kinds of node; after a comma those of the rest of a list."""
    from planner import resources

    before, comma, last = incomplete.rpartition(",")
    names = resources.profiles("nodes")
    return [f"{before}{comma}{name}" for name in names if name.startswith(last)]


def profile_kinds_and_names(incomplete: str) -> list[str]:
    """Kinds of profile, and after the slash their names."""
    from planner import resources

    kind, slash, name = incomplete.partition("/")
    if not slash:
        return [f"{each}/" for each in resources.KINDS if each.startswith(kind)]
    if kind not in resources.KINDS:
        return []
    return [f"{kind}/{each}" for each in resources.profiles(kind) if each.startswith(name)]


def kinds(incomplete: str) -> list[str]:
    """Kinds of profile."""
    from planner import resources

    return [kind for kind in resources.KINDS if kind.startswith(incomplete)]


def quantity_names(incomplete: str) -> list[str]:
    """Quantities of the factory."""
    from planner.graph import Quantity
    from planner.model import factory

    known = {
        name
        for module in factory.MODULES
        for name, value in vars(module).items()
        if isinstance(value, Quantity)
    }
    return sorted(name for name in known if name.startswith(incomplete))
