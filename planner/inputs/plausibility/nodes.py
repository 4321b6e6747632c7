"""Does a node draw, cost and join what its accelerators do?"""

from __future__ import annotations

from itertools import pairwise

from planner.inputs.plausibility.finding import Findings, Implausible, Shelf, shown, value
from planner.inputs.profiles import Accelerator, Node, Profile

MOST_POWER = (
    2.6  # of its accelerators' design power; a DGX A100 has 2.03, of which half is not accelerators
)
LEAST_PRICE = 0.8  # of the accelerators' prices one by one; whoever buys eight on a board pays less


def rules(profile: Profile, shelf: Shelf) -> Findings:
    """What of a node cannot be, by itself or beside its accelerator."""
    if not isinstance(profile, Node):
        return
    yield from _order(profile)
    yield from _joined(profile)
    if profile.supply_efficiency is None:
        for name in ("power_idle", "power_typical", "power"):
            if getattr(profile, name) is None:
                yield Implausible(
                    (), f"no {name}", f"{name}, or the node's parts and supply_efficiency"
                )
    chip = shelf.get("accelerators", profile.accelerator)
    if isinstance(chip, Accelerator):
        yield from _beside(profile, chip)


def _order(node: Node) -> Findings:
    """Idle, at work, at most; heat to water where water cools."""
    names = ("power_idle", "power_typical", "power")
    given = [(name, value(getattr(node, name))) for name in names if getattr(node, name)]
    for (lower, less), (upper, more) in pairwise(given):
        if less > more:
            yield Implausible(
                (lower,), shown(less, "watt"), f"at most {shown(more, 'watt')}, {upper}"
            )
    if (value(node.liquid_share) > 0) != (node.cooling == "liquid"):
        yield Implausible(
            ("liquid_share",) if node.liquid_share else (),
            f"liquid_share {value(node.liquid_share):.0%} and cooling {node.cooling}",
            "a share of heat to water where cooling is liquid, and nowhere else",
        )


def _joined(node: Node) -> Findings:
    """Scale-up domains are whole nodes or divide them; what fails together divides them too."""
    count, domain = node.accelerators.value, node.scale_up_domain.value
    if max(count, domain) % min(count, domain):
        yield Implausible(
            ("scale_up_domain",), f"{domain:g} of nodes of {count:g}", "a multiple or a divisor"
        )
    group = value(node.repair_group) or count
    if count % group:
        yield Implausible(("repair_group",), f"{group:g}", f"a divisor of {count:g}")


def _beside(node: Node, chip: Accelerator) -> Findings:
    """Power, price and wiring against the accelerator's."""
    count, domain = node.accelerators.value, node.scale_up_domain.value
    if chip.form == "superchip" and chip.generation == "blackwell" and count % 2:
        yield Implausible(
            ("accelerators",), f"{count:g}", "an even number: a GB200 or GB300 is two GPUs"
        )
    if chip.generation == "cdna3" and domain > 1 and node.scale_up != "mesh":
        yield Implausible(
            ("scale_up",) if node.scale_up else (),
            node.scale_up or "no scale_up",
            "mesh: two peers share one wire of 64 GB/s, all seven the 448",
        )
    chips = count * chip.power.value
    if node.power and not chips <= node.power.value <= MOST_POWER * chips:
        yield Implausible(
            ("power",),
            shown(node.power.value, "watt"),
            f"between the {shown(chips, 'watt')} of its accelerators and {MOST_POWER:g} times that",
        )
    if chip.price:
        least = LEAST_PRICE * count * chip.price.value
        for month, cell in node.price.knots:
            if cell.value < least:
                yield Implausible(
                    ("price",) if node.price.constant else ("price", "series", month),
                    f"{cell.value:,.0f} USD",
                    f"at least {least:,.0f}, {LEAST_PRICE:.0%} of its accelerators' prices",
                )
