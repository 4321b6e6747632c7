"""How does an over-the-air campaign go: how many Gbps, how many hours, how many bytes, how many bad installs?

`predict` follows a `Campaign` on weighted, stratified classes of vehicles (so a fleet of any size costs the same) and
answers with the outputs of the measured campaigns. From the question to the answer:

    description   the campaign's plain records
    classes       the fleet as weighted classes; `sampling` deals them out evenly
    sessions      who is online when, over which link, and when it polls
    waves         openings and eligible times
    sharing       max-min fair shares of a capped pool
    progress      the rollout itself, event by event where flows are free, in five-minute steps where a cap binds
    install       attempts to install
    halt          the law of the halt; `odds` has the closed forms (gate errors, reach, no resume)
    exposure      how many vehicles a bad release reaches before it is stopped
    reaching      who can be reached at all, and who has come how far by when
    traffic       bytes on the five-minute grid, 95th percentile
    outcome       outputs and curves
    billing       what a rollout costs, by the rules of `tariffs`

Done: all of the campaign's semantics (fleet, sessions, waves, admission, polling, permission, pools, drops, resume,
verification, install, halt, horizon). The outputs are means. What a fleet's own noise adds is in the halt and in the
quantiles; it is left out elsewhere: a gate opens at the time of the mean success share, and the peak of a fleet below
some ten thousand vehicles is too low. Not here: update chains of absent vehicles, package classes, regional law, ECU
flash, overlapping campaigns, rollback, and the search for a campaign.
"""

from __future__ import annotations

from planner.perf.campaign.description import Campaign
from planner.perf.campaign.outcome import CLASSES, Outcome, Output, outcome, predict
from planner.perf.campaign.progress import Rollout, follow

__all__ = ["CLASSES", "Campaign", "Outcome", "Output", "Rollout", "follow", "outcome", "predict"]
