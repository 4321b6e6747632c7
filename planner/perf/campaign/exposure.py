"""How many vehicles got a bad release before it was stopped?

A vehicle is exposed from the moment its first install begins: it has the build, or its install failed, or runs. The
failures that halt a campaign are there at a time T of the law of the halt; the decision follows after the detection
delay, and the rollout goes on as if nothing had happened until then. So the exposure is E(T + delay), with E(t) the
vehicles whose first install began by t.

Of one campaign it is F + Bin(N - F, (E(T + delay) - F(T)) / (N - F(T))): F vehicles have failed at T, each other one is
exposed by the decision with the chance that a vehicle has that did not fail by T. For a wave without delay this is the
negative binomial law of k failures, of mean k / p and variance k (1 - p) / p^2 (to the last digit as N grows).
Campaigns in which too few fail are never halted: they expose whom they reach.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import ndtr

from planner.axes import Array
from planner.perf.campaign.halt import HaltLaw, halt_law
from planner.perf.campaign.records import Rollout

BISECTIONS = 60  # of a quantile: to the last digit


def begun(rollout: Rollout, times: Array) -> Array:
    """Vehicles whose first install began by each time [hours]."""
    return _by(rollout.starts[:, 0], rollout.classes.weight[rollout.done_class], times)


def failed_for_good(rollout: Rollout, times: Array) -> Array:
    """Mean number of vehicles whose last attempt ended in failure by each time [hours]."""
    ends = rollout.starts[:, -1] + rollout.campaign.install.duration
    return _by(ends, rollout.attempt_weights[:, -1] * rollout.campaign.install.fail, times)


def _by(time: Array, weight: Array, times: Array) -> Array:
    """Weight up to each time: a class stands for vehicles that came one by one since the class before."""
    order = np.argsort(time)
    if not order.size:
        return np.zeros(times.shape)
    return np.asarray(np.interp(times, time[order], np.cumsum(weight[order]), left=0.0))


@dataclass(frozen=True)
class Exposure:
    """The exposed vehicles of equally likely campaigns, as a mixture of normal laws, and when they were stopped.

    `chance` by part; `means`, `deviations` [vehicles] of the exposed. `detected`: mean hours from the start to the
    failures that halt, of the campaigns that are halted (infinite: none is), `last`: in the latest of them; `decided`:
    to the decision. `missed`: the chance that nothing halts the release within the horizon.
    """

    chance: Array
    means: Array
    deviations: Array
    detected: float
    last: float
    decided: float
    missed: float

    @cached_property
    def mean(self) -> float:
        """Mean number of exposed vehicles."""
        return float(self.chance @ self.means)

    def quantile(self, share: float) -> float:
        """The number of exposed vehicles that this share of campaigns does not pass."""
        spread = 9 * self.deviations.max() + 1
        low, high = float(self.means.min() - spread), float(self.means.max() + spread)
        width = np.maximum(self.deviations, 1e-9)
        for _ in range(BISECTIONS):
            middle = (low + high) / 2
            if self.chance @ ndtr((middle - self.means) / width) < share:
                low = middle
            else:
                high = middle
        return max(high, 0.0)


def exposure(rollout: Rollout, delay: float, law: HaltLaw | None = None) -> Exposure:
    """The exposure of a bad release whose rollout is `rollout`, decided on `delay` [hours] after the failures.

    `law`: its law of the halt, where that is known already.
    """
    campaign = rollout.campaign
    law = halt_law(rollout) if law is None else law
    decisions = np.minimum(law.times + delay, campaign.horizon)
    fleet = float(campaign.vehicles)
    mean_failed = failed_for_good(rollout, law.times)
    healthy = np.maximum(fleet - mean_failed, 1e-9)
    share = np.clip((begun(rollout, decisions) - mean_failed) / healthy, 0.0, 1.0)
    rest = np.maximum(fleet - law.failed, 0.0)
    everybody = begun(rollout, np.array([campaign.horizon]))
    halted = law.times.size
    return Exposure(
        chance=np.append(np.full(halted, law.chance / max(halted, 1)), 1 - law.chance),
        means=np.append(law.failed + rest * share, everybody),
        deviations=np.append(np.sqrt(rest * share * (1 - share)), 0.0),
        detected=float(law.times.mean()) if halted else np.inf,
        last=float(law.times.max()) if halted else np.inf,
        decided=float(decisions.mean()) if halted else np.inf,
        missed=1 - law.chance,
    )
