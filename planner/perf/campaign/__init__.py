"""How does an over-the-air campaign go: how many Gbps, how many hours, how many bytes, how many bad installs?

`predict` follows a `Campaign` on weighted, stratified classes of vehicles (so a fleet of any size costs the same) and
answers with the outputs of the measured campaigns. From the question to the answer:

    description   the campaign's plain records
    classes       the fleet as weighted classes; `sampling` deals them out evenly
    sessions      who is online when, over which link, and when it polls
    waves         openings and eligible times
    sharing       max-min fair shares of a capped pool
    state         what every class has and waits for
    flows         what happens to a flow, and after it
    clocks        what flows of full pools get by when: one clock for all of a link rate; `full` goes by them
    progress      the rollout itself, event by event where flows are free, by clocks or in five-minute steps else
    install       attempts to install
    records       what is written down of it
    halt          the law of the halt; `odds` has the closed forms (gate errors, reach, no resume)
    exposure      how many vehicles a bad release reaches before it is stopped
    reaching      who can be reached at all, and who has come how far by when
    breakdown     the same by region and link, pool and wave
    packages      bytes by installed version; `flash` time and wear of an install; `law` deadlines
    overlap       many campaigns at once; `rollback` the way back
    traffic       bytes on the five-minute grid, 95th percentile
    view          what it has come to by some time, and how much that varies
    outcome       outputs with intervals, and curves
    billing       what a rollout costs: its `monthly` traffic by the rules of `tariffs`

Done: all of the campaign's semantics (fleet, sessions, waves, admission, polling, permission, pools, drops, resume,
verification, install, halt, horizon). Outputs are means with an interval of four campaigns in five. A fleet that fits
eight times or more into the classes is followed as often, vehicle by vehicle; of a larger one the gates open at the
time of the mean success share, and their noise is in the openings' intervals alone. Where a pool carries no more than
a few links, what two of them send within five minutes may pass its cap by some per cent.
Beside the semantics: update chains of absent vehicles and pools with a number of places in `progress`, `packages`
(payload by distance), `law` (deadlines; filing and consent are part of the rollout), `flash` (fit, time, wear),
`overlap` (cadence shorter than a campaign), `rollback`. Not here: the search for a campaign.
"""

from __future__ import annotations

from planner.perf.campaign.description import Campaign
from planner.perf.campaign.outcome import CLASSES, Outcome, Output, outcome, predict
from planner.perf.campaign.progress import follow
from planner.perf.campaign.records import Rollout

__all__ = ["CLASSES", "Campaign", "Outcome", "Output", "Rollout", "follow", "outcome", "predict"]
