"""A campaign simulated one vehicle and one event at a time, straight from the semantics: slow, plain, independent.

It knows nothing of the model's code and reads the `inputs` object itself.
"""

from __future__ import annotations

import heapq
import math
import random
from itertools import count
from typing import Any

MB = 8e6  # bits


def dealt(rng: random.Random, shares: list[float], n: int) -> list[int]:
    quota = [s / sum(shares) * n for s in shares]
    counts = [int(q) for q in quota]
    by_rest = sorted(range(len(shares)), key=lambda i: counts[i] - quota[i])
    for i in by_rest[: n - sum(counts)]:
        counts[i] += 1
    labels = [i for i, c in enumerate(counts) for _ in range(c)]
    rng.shuffle(labels)
    return labels


class Simulation:
    def __init__(self, inputs: dict[str, Any], seed: int) -> None:
        self.x, self.rng = inputs, random.Random(seed)
        self.c = inputs["campaign"]
        fleet = inputs["fleet"]
        n = self.n = fleet["n_vehicles"]
        rng = self.rng
        self.region = [
            fleet["regions"][i] for i in dealt(rng, [r["share"] for r in fleet["regions"]], n)
        ]
        self.segment = [
            fleet["segments"][i] for i in dealt(rng, [s["share"] for s in fleet["segments"]], n)
        ]
        versions = inputs["update"]["installed_versions"]
        self.version = [versions[i] for i in dealt(rng, [v["share"] for v in versions], n)]
        self.wave = dealt(rng, [w["share"] for w in self.c["waves"]], n)
        self.wifi = [rng.random() < r["p_home_wifi"] for r in self.region]
        self.wifi_rate = [self.table(inputs["links"]["wifi"]["rate_mbps"]) for _ in range(n)]
        self.absent = [
            -math.inf
            if s["offline_until_exp_mean_h"] is None
            else rng.expovariate(1 / s["offline_until_exp_mean_h"])
            for s in self.segment
        ]
        self.pools = {r: p for p in inputs["cdn"]["pools"] for r in p["regions"]}
        self.eligible = [math.inf] * n
        self.size = [
            v["payload_mb"] if v["payload_mb"] is not None else inputs["update"]["full_mb"]
            for v in self.version
        ]
        self.size = [s * MB for s in self.size]
        self.delta = [v["payload_mb"] is not None for v in self.version]
        self.left = list(self.size)
        self.sessions = [self.draw(v) for v in range(n)]
        self.flows: dict[int, dict[str, Any]] = {}
        self.queue: list[tuple[float, int, str, int, int]] = []
        self.ids = count()
        self.version_of = [0] * n  # of the planned event of a vehicle; older ones are void
        self.now, self.halted, self.halt_t = 0.0, False, None
        self.bits, self.cell_bits = 0.0, 0.0
        self.bins = [0.0] * math.ceil(inputs["horizon_h"] * 12)
        self.updated: list[float] = []
        self.done: list[float] = []
        self.success = [0] * len(self.c["waves"])
        self.failed = [0] * len(self.c["waves"])
        self.sizes = [self.wave.count(w) for w in range(len(self.c["waves"]))]
        self.attempts = self.drops = self.rejects = 0
        self.opened: list[float | None] = [None] * len(self.c["waves"])

    def table(self, rows: list[list[float]]) -> float:
        return self.rng.choices([r for r, _ in rows], [p for _, p in rows])[0] * 1e6 * 3600

    def draw(self, v: int) -> list[tuple[float, float, float, dict[str, Any]]]:
        rng, offset = self.rng, self.region[v]["utc_offset_h"]
        found = []
        for day in range(-1, int(self.x["horizon_h"] / 24) + 3):
            if rng.random() >= self.segment[v]["p_active_day"]:
                continue
            for s in self.x["sessions"]:
                p = s["p_per_day"]
                p = p[day % 7] if isinstance(p, list) else p
                if rng.random() >= p or (s["link"] == "wifi" and not self.wifi[v]):
                    continue
                a = 24 * day + rng.uniform(*s["start_h"])
                b = real = a + rng.uniform(*s["duration_h"])
                if a - offset < self.absent[v]:
                    continue
                window = self.c["download_window_local_h"]
                if window is not None:
                    w0, w1 = window
                    w1 += 24 if w1 < w0 else 0
                    parts = [
                        (max(a, 24 * k + w0), min(b, 24 * k + w1)) for k in (day - 1, day, day + 1)
                    ]
                    parts = [(p0, p1) for p0, p1 in parts if p1 > p0]
                    if not parts:
                        continue
                    a, b = parts[0]
                found.append((a - offset, b - offset, real - offset, s))
        return sorted(found, key=lambda each: each[0])

    def push(self, t: float, what: str, v: int, mark: int = 0) -> None:
        heapq.heappush(self.queue, (t, next(self.ids), what, v, mark))

    def plan(self, v: int, after: float) -> None:
        self.version_of[v] += 1
        for k, (a, b, _, s) in enumerate(self.sessions[v]):
            if s["link"] == "wifi":
                wait = 0.0
            else:
                wait = self.c[
                    "cell_wait_h_with_wifi" if self.wifi[v] else "cell_wait_h_without_wifi"
                ]
                if wait is None:
                    continue
            ready = max(after, self.eligible[v] + wait)
            poll = a
            while poll < ready and poll < b:
                poll += self.c["poll_interval_h"]
            if ready <= poll < b:
                self.push(poll, f"poll{k}", v, self.version_of[v])
                return

    def start(self, v: int, k: int) -> None:
        _, b, real, s = self.sessions[v][k]
        if s["link"] == "wifi":
            tech, rate = "wifi", self.wifi_rate[v]
        else:
            mix = self.region[v]["cell_mix"]
            cached = self.region[v].setdefault("_drawn", {})
            if (v, k) not in cached:
                tech = self.rng.choices(list(mix), list(mix.values()))[0]
                cached[v, k] = tech, self.table(self.x["links"][tech]["rate_mbps"])
            tech, rate = cached[v, k]
        m = self.x["links"][tech]["drops_per_hour"]
        drop = self.now + self.rng.expovariate(m) if m else math.inf
        self.flows[v] = {"k": k, "link": rate, "drop": drop, "end": b, "real": real, "s": s}

    def rates(self) -> dict[int, float]:
        rates = {}
        for pool in self.x["cdn"]["pools"]:
            mine = [v for v in self.flows if self.pools[self.region[v]["name"]] is pool]
            cap = math.inf if pool["cap_gbps"] is None else pool["cap_gbps"] * 1e9 * 3600
            remaining, count_ = cap, len(mine)
            for v in sorted(mine, key=lambda v: self.flows[v]["link"]):
                rates[v] = min(self.flows[v]["link"], remaining / count_)
                remaining -= rates[v]
                count_ -= 1
        return rates

    def send(self, rates: dict[int, float], until: float) -> None:
        for v, r in rates.items():
            bits = r * (until - self.now)
            self.left[v] = max(self.left[v] - bits, 0.0)
            self.bits += bits
            self.cell_bits += bits * (self.flows[v]["s"]["link"] == "cell")
        total, t = sum(rates.values()), self.now
        while total and t < until - 1e-12:
            k = int(t * 12 + 1e-9)
            edge = min((k + 1) / 12, until)
            self.bins[min(k, len(self.bins) - 1)] += total * (edge - t)
            t = edge
        self.now = until

    def run(self) -> dict[str, float | None]:
        horizon = self.x["horizon_h"]
        for w, wave in enumerate(self.c["waves"]):
            if w == 0:
                self.push(wave["not_before_h"], "open", 0)
        while True:
            rates = self.rates()
            flow_t, flow_v, why = math.inf, -1, ""
            for v, f in self.flows.items():
                r = rates[v]
                finish = self.now + self.left[v] / r if r else math.inf
                for t, name in ((finish, "finish"), (f["drop"], "drop"), (f["end"], "end")):
                    if t < flow_t:
                        flow_t, flow_v, why = t, v, name
            t = min(flow_t, self.queue[0][0] if self.queue else math.inf)
            if t > horizon:
                self.send(rates, horizon)
                break
            self.send(rates, max(t, self.now))
            if flow_t <= t:
                self.flow_event(flow_v, why)
            else:
                _, _, what, v, mark = heapq.heappop(self.queue)
                self.event(what, v, mark)
        return self.outputs()

    def flow_event(self, v: int, why: str) -> None:
        f = self.flows.pop(v)
        if why == "finish":
            self.left[v] = 0.0
            update = self.x["update"]
            p = update["p_verify_fail_delta" if self.delta[v] else "p_verify_fail_full"]
            if self.rng.random() < p:
                self.rejects += 1
                self.delta[v] = False
                self.size[v] = self.left[v] = update["full_mb"] * MB
                self.again(v, f)
                return
            self.done.append(self.now)
            ready = self.now if f["s"]["parked"] else f["real"]
            if self.c["install"]["mode"] == "when_parked":
                self.push(ready, "install", v, 1)
            else:
                offset = self.region[v]["utc_offset_h"]
                self.slot(v, 1, math.floor((self.now + offset) / 24) - 1, self.now)
            return
        resume = self.c["resume"]
        if resume["mode"] == "none":
            self.left[v] = self.size[v]
        elif resume["mode"] == "chunk":
            chunk = resume["chunk_mb"] * MB
            self.left[v] = (
                self.size[v] - math.floor((self.size[v] - self.left[v]) / chunk + 1e-9) * chunk
            )
        if why == "drop":
            self.drops += 1
            self.again(v, f)
        else:
            self.plan(v, f["end"])

    def again(self, v: int, f: dict[str, Any]) -> None:
        t = self.now + self.c["backoff_s"] / 3600
        if t < f["end"]:
            self.version_of[v] += 1
            self.push(t, f"poll{f['k']}", v, self.version_of[v])
        else:
            self.plan(v, f["end"])

    def slot(self, v: int, attempt: int, first_day: int, after: float) -> None:
        i, offset = self.c["install"], self.region[v]["utc_offset_h"]
        for day in range(first_day, first_day + 400):
            t = 24 * day + self.rng.uniform(*i["slot_local_h"]) - offset
            if self.rng.random() < i["p_consent_per_day"] and t >= after:
                self.push(t, f"slot{day}", v, attempt)
                return

    def event(self, what: str, v: int, mark: int) -> None:
        i = self.c["install"]
        if what.startswith("installed"):
            day = int(what[9:])
            w = self.wave[v]
            if self.rng.random() >= i["p_install_fail"]:
                self.updated.append(self.now)
                self.success[w] += 1
                self.try_open()
            elif mark >= i["max_attempts"]:
                self.failed[w] += 1
                limit, least = self.c["halt_error_share"], self.c["halt_min_failures"]
                share = math.inf if limit is None else limit
                enough = self.failed[w] > share * self.sizes[w] and self.failed[w] >= least
                if enough and not self.halted:
                    self.halted, self.halt_t = True, self.now
                    self.flows.clear()
            elif i["mode"] == "when_parked":
                self.push(self.now + i["retry_delay_h"], "install", v, mark + 1)
            else:
                self.slot(v, mark + 1, day + 1, -math.inf)
        elif self.halted:
            return
        elif what == "open":
            self.open(v)
        elif what.startswith("poll"):
            if mark == self.version_of[v]:
                self.start(v, int(what[4:]))
        else:
            self.attempts += 1
            day = what[4:] if what.startswith("slot") else "0"
            self.push(self.now + i["install_min"] / 60, f"installed{day}", v, mark)

    def try_open(self) -> None:
        if self.halted:
            return
        for w, wave in enumerate(self.c["waves"]):
            if w and self.opened[w] is None and self.opened[w - 1] is not None:
                gate = wave["open_when_prev_success"]
                if gate is None or self.success[w - 1] / self.sizes[w - 1] >= gate:
                    soak = self.opened[w - 1] + wave["min_after_prev_open_h"]
                    t = max(wave["not_before_h"], soak)
                    self.push(max(t, self.now), "open", w)
                return

    def open(self, w: int) -> None:
        if self.opened[w] is not None:
            return
        self.opened[w] = self.now
        members = [v for v in range(self.n) if self.wave[v] == w]
        self.rng.shuffle(members)
        a, t, rate = self.c["waves"][w]["admission"], self.now, 0.0
        for j, v in enumerate(members):
            if a["type"] == "uniform":
                self.eligible[v] = self.now + self.rng.uniform(0, a["hours"])
            elif a["type"] == "rate":
                if j % a["step_n"] == 0:
                    rate = min(rate * a["factor"] if j else a["base_per_min"], a["max_per_min"])
                t += 1 / rate / 60
                self.eligible[v] = t
            else:
                self.eligible[v] = self.now
            self.plan(v, 0.0)
        self.try_open()

    def outputs(self) -> dict[str, float | None]:
        gbps = [b * 12 / 3600 / 1e9 for b in self.bins]
        out: dict[str, float | None] = {
            "total_tb": self.bits / 8e12, "cell_tb": self.cell_bits / 8e12,
            "peak_gbps_5min": max(gbps), "p95_gbps_horizon": sorted(gbps)[len(gbps) - 1 - len(gbps) // 20],
            "updated_share": len(self.updated) / self.n, "failed_vehicles": sum(self.failed),
            "verify_failures": self.rejects, "connection_drops": self.drops,
            "install_attempts": self.attempts, "halted": float(self.halted), "halt_t_h": self.halt_t,
        }  # fmt: skip
        for q in (50, 90, 99):
            need = math.ceil(q * self.n / 100)
            for name, times in (("t", self.updated), ("download_t", self.done)):
                out[f"{name}{q}_h"] = sorted(times)[need - 1] if len(times) >= need else None
        for w, t in enumerate(self.opened):
            out[f"wave{w}_open_h"] = t
        return out


def simulate(inputs: dict[str, Any], seed: int) -> dict[str, float | None]:
    return Simulation(inputs, seed).run()
