"""A campaign's run as files: the answer as JSON, curves and tables as CSV, charts; each written whole or not at all."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from planner.axes import Array
from planner.perf.campaign.breakdown import LINKS
from planner.report.campaigns import answer, charts
from planner.study.blocks import moved
from planner.study.campaign_run import CampaignRun


def write(run: CampaignRun, folder: Path) -> list[Path]:
    """Write everything into a folder; gives the files, charts as their PNG."""
    folder.mkdir(parents=True, exist_ok=True)
    files = [folder / "campaign.json"]
    text = answer.to_json(run) + "\n"
    moved(files[0], lambda part: part.write_text(text, encoding="utf-8"))
    for name, head, rows in _tables(run):
        files.append(folder / f"{name}.csv")
        moved(files[-1], partial(_write_csv, head, rows))
    return files + charts.write(run, folder)


def _write_csv(head: Sequence[str], rows: Iterable[Sequence[Any]], file: Path) -> None:
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(head)
        writer.writerows([f"{x:.10g}" if isinstance(x, float) else x for x in row] for row in rows)


def _tables(run: CampaignRun) -> Iterator[tuple[str, list[str], Iterable[Sequence[Any]]]]:
    """Names, headings and rows."""
    bands = [f"{what}{end}" for what in ("downloaded", "updated") for end in ("", "_low", "_high")]
    yield "completion", ["hour", "region", "link", "vehicles", *bands], _completion(run)
    yield "traffic", ["hour", "pool", *(f"{link}_gbps" for link in LINKS)], _traffic(run)
    yield "exposure", ["delay_h", "vehicles"], _exposure(run)
    if run.bill is not None:
        lines = [[each.component, each.place, each.month, each.usd] for each in run.bill.lines]
        yield "cost", ["component", "place", "month", "usd"], lines


def _completion(run: CampaignRun) -> Iterator[list[Any]]:
    """Shares of each group by the campaign's curve step."""
    campaign = run.campaign
    steps: Array = np.arange(float(run.outcome.updated_share.size))
    grid = steps * campaign.curve_step
    size = np.maximum(run.vehicles.ravel(), 1e-12)[:, None]
    found = [run.completion(done, grid) for done in (run.downloaded, run.updated)]
    parts = [part / size for each in found for part in (each.mean, each.low, each.high)]
    for place, region in enumerate(campaign.regions):
        for link, name in enumerate(LINKS):
            group = 2 * place + link
            if round(float(run.vehicles[place, link])):
                for step, hour in enumerate(grid.tolist()):
                    values = [float(part[group, step]) for part in parts]
                    yield [hour, region.name, name, float(run.vehicles[place, link]), *values]


def _traffic(run: CampaignRun) -> Iterator[list[Any]]:
    """Mean rates of each hour by pool and link."""
    for pool, by_link in zip(run.campaign.pools, run.hourly, strict=True):
        for hour, values in enumerate(by_link.T.tolist()):
            yield [hour, pool.name, *values]


def _exposure(run: CampaignRun) -> Iterator[list[Any]]:
    """Vehicles with the build by whole hours from the first of them."""
    first = run.exposure.first
    if np.isfinite(first):
        delays: Array = np.arange(int(run.campaign.horizon - first) + 1.0)
        for delay, count in zip(delays.tolist(), run.exposure.by(first + delays), strict=True):
            yield [delay, float(count)]
