"""Blocks of a campaign file beside its rollout: packages, chains, law, flash, cadence, rollback, places."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from planner.errors import InputError
from planner.inputs.campaign import read_campaign
from planner.perf.campaign.description import Law, Release, RollbackRule
from planner.validation.campaign import read_cases

CASES = Path(__file__).parents[1] / "validation" / "data" / "ota_campaigns.json"
INPUTS = next(c["inputs"] for c in read_cases(CASES) if c["name"].startswith("c01"))
FLASH = {
    "free_slot_mb": 4000, "write_mb_per_s": 50, "hash_mb_per_s": 200, "reboot_s": 90, "slots": 2,
    "in_place": False, "capacity_gb": 64, "endurance_cycles": 3000, "write_amplification": 1.5,
    "releases_per_year": 12, "life_years": 15,
}  # fmt: skip


def document(**blocks: Any) -> dict[str, Any]:
    return {**copy.deepcopy(INPUTS), **blocks}


def with_packages(**update: Any) -> dict[str, Any]:
    x = document()
    del x["update"]["full_mb"]
    x["update"]["packages"] = [
        {"name": "weights", "full_mb": 1000, "delta_ratio": 0.9},
        {"name": "map", "full_mb": 500, "delta_ratio": [0.1, 0.3]},
    ]
    x["update"]["installed_versions"] = [
        {"name": "last", "share": 0.7, "releases_behind": 1},
        {"name": "old", "share": 0.2, "releases_behind": 3},
        {"name": "unknown", "share": 0.1, "payload_mb": None},
    ]
    x["update"].update(update)
    return x


def test_packages_give_the_payload_by_distance() -> None:
    campaign = read_campaign(with_packages())
    assert campaign.full == 1500e6
    last, old, unknown = campaign.versions
    assert last.delta == pytest.approx(950e6)
    assert old.delta == pytest.approx(1000e6 * (1 - 0.1**3) + 150e6)
    assert unknown.delta is None
    assert old.earlier == ()


def test_a_chain_takes_each_missing_release() -> None:
    old = read_campaign(with_packages(chain="oldest_first")).versions[1]
    assert old.earlier == pytest.approx((950e6, 950e6))
    assert old.delta == pytest.approx(950e6)


def test_two_sizes_of_one_image_are_a_fault() -> None:
    with pytest.raises(InputError, match="the packages add up to 1500 MB"):
        read_campaign(with_packages(full_mb=2000))


def test_law_places_cadence_and_rollback_are_read() -> None:
    x = document(
        law={"a": {"filing_lead_days": 7, "consent_required": True, "consent_per_day": 0.3,
                   "silent_update_allowed": False, "deadline_days": 60, "deadline_share": 0.9,
                   "source": "a notice"}},
        release={"cadence_days": 14, "chain": "oldest_first"},
        rollback={"deadline_days": 5, "slot_intact_share": 0.95},
    )  # fmt: skip
    x["cdn"]["pools"][0]["max_active"] = 5000
    campaign = read_campaign(x)
    assert campaign.regions[0].law == Law(lead=168, consent=0.3, deadline=1440, share=0.9)
    assert campaign.release == Release(336, True)
    assert campaign.rollback == RollbackRule(120, 0.95, 1.0)
    assert campaign.pools[0].places == 5000


def test_a_silent_update_asks_nobody() -> None:
    silent = read_campaign(document(law={"a": {"consent_required": False}}))
    assert silent.regions[0].law.consent is None
    with pytest.raises(InputError, match="needs consent_per_day"):
        read_campaign(document(law={"a": {"silent_update_allowed": False}}))
    with pytest.raises(InputError, match="unknown key"):
        read_campaign(document(law={"b": {"filing_lead_days": 1}}))


def test_flash_sets_the_length_of_an_install_or_refuses_it() -> None:
    assert read_campaign(document(flash=FLASH)).install.duration == pytest.approx(90 / 3600)
    small = {**FLASH, "free_slot_mb": 500}
    with pytest.raises(InputError, match="an image of 2000 MB does not fit"):
        read_campaign(document(flash=small))
    in_place = read_campaign(document(flash={**small, "in_place": True}))
    assert in_place.install.duration == pytest.approx((2000 / 50 + 2000 / 200 + 90) / 3600)
