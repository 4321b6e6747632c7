"""Where do the shipped profiles and scenarios lie, and which files of the user's go before them?

The one place that finds files by name. In a checkout `hardware_profiles/`, `scenarios/` and
`reports/` lie beside the package; in a wheel the build has put the same folders into
`planner/_data/`. The user may lay overlay folders of the same shape (`accelerators/`, `nodes/`,
...) over the shipped profiles: of several, the last one given goes first, as a later command-line
option overrides an earlier one. Folders are listed when asked for and nothing is read; what would
be passed over in an overlay folder is refused.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from planner.errors import Fault, InputError, PlannerError, suggestion

KINDS = (
    "accelerators",
    "nodes",
    "systems",
    "ecus",
    "storage",
    "storage_levels",
    "network",
    "vehicles",
    "models",
    "architectures",
    "image_models",
    "software",
    "frameworks",
    "regions",
    "climates",
    "plants",
    "markets",
    "rules",
    "duties",
    "tariffs",
)
"""The kinds of profile; each is a folder of `hardware_profiles/` with one YAML file a thing."""

CAMPAIGNS = "campaigns"
"""Over-the-air campaigns: a folder beside the shipped scenarios, and in an overlay folder beside the kinds."""

SUFFIX = ".yaml"
COMMON = "base"  # what the shipped scenarios extend

_PACKAGE = os.path.dirname(os.path.abspath(__file__))


def data_root() -> Path:
    """What holds the shipped folders: a folder inside the package in a wheel, else the checkout."""
    inside = os.path.join(_PACKAGE, "_data")
    return Path(inside if os.path.isdir(inside) else os.path.dirname(_PACKAGE))


def scenario_root() -> Path:
    """The folder of the shipped scenarios."""
    return data_root() / "scenarios"


def chart_style() -> Path:
    """The style sheet of all charts."""
    return data_root() / "reports" / "templates" / "charts.mplstyle"


def report_file(name: str) -> Path:
    """A file of which reports are made: the template of their pages, or the style or script of their HTML."""
    return data_root() / "reports" / "templates" / name


def measured_runs() -> list[Path]:
    """The shipped files of measured training runs."""
    folder = os.path.join(_PACKAGE, "validation", "data")
    return [Path(folder, name) for name in sorted(os.listdir(folder)) if name.endswith(".csv")]


def profile_roots(overlays: Sequence[Path] = ()) -> tuple[Path, ...]:
    """The folders searched for profiles, highest precedence first; the shipped one is last."""
    for overlay in overlays:
        if not os.path.isdir(overlay):
            raise PlannerError(
                f"{overlay}: no such folder; expected a folder of profiles "
                f"with one or more of {', '.join(KINDS)} in it"
            )
    if faults := [fault for overlay in overlays for fault in _overlooked(overlay)]:
        raise InputError(faults)
    return (*(Path(overlay) for overlay in reversed(overlays)), data_root() / "hardware_profiles")


def _overlooked(overlay: Path) -> Iterator[Fault]:
    """What in an overlay folder would be passed over without a word."""
    with os.scandir(overlay) as entries:
        folders = sorted(
            e.name for e in entries if e.is_dir() and not e.name.startswith((".", "__"))
        )
    for name in folders:
        if name not in (*KINDS, CAMPAIGNS):
            message = f"is not a kind of profile; {suggestion(name, KINDS)}"
            yield Fault(os.path.join(overlay, name), 0, "", message)
            continue
        for file in os.listdir(os.path.join(overlay, name)):
            stem, suffix = os.path.splitext(file)
            if suffix != SUFFIX and suffix.lower() in (SUFFIX, ".yml"):
                message = f"would not be read; rename it to {stem}{SUFFIX}"
                yield Fault(os.path.join(overlay, name, file), 0, "", message)
    if not folders:
        name = os.path.basename(os.path.abspath(overlay))
        message = f"holds no folder of profiles; expected one or more of {', '.join(KINDS)} in it"
        if name in KINDS:
            message = f"holds no folder of profiles; give the folder that {name}/ is in"
        yield Fault(str(overlay), 0, "", message)


def overlaid(overlays: Sequence[Path]) -> list[tuple[str, str]]:
    """Kind and name of every profile that stands in one of the overlay folders."""
    return sorted(
        {
            (kind, name)
            for kind in KINDS
            for root in overlays
            for name in _yaml_files(Path(root) / kind)
        }
    )


def find_profile(kind: str, name: str, overlays: Sequence[Path] = ()) -> list[Path]:
    """The files of one profile in all layers, highest precedence first; empty if no layer has it.

    An empty list is no error here, because only the caller knows which line asked for the profile.
    """
    return [files[name] for files in _layers(kind, overlays) if name in files]


def profiles(kind: str, overlays: Sequence[Path] = ()) -> dict[str, Path]:
    """Every profile of a kind by name, each with its file of the highest precedence."""
    found: dict[str, Path] = {}
    for files in reversed(_layers(kind, overlays)):
        found.update(files)
    return dict(sorted(found.items()))


def scenarios() -> dict[str, Path]:
    """The shipped scenarios by name; what they have in common is no plan by itself."""
    found = _yaml_files(scenario_root())
    found.pop(COMMON, None)
    return found


def find_scenario(name_or_path: str | os.PathLike[str]) -> Path:
    """The file of a scenario: a path as given, else a shipped scenario with or without `.yaml`."""
    if os.path.isfile(name_or_path):
        return Path(name_or_path)
    given = os.fspath(name_or_path)
    shipped = scenarios()
    name = given.removesuffix(SUFFIX)
    if name in shipped:
        return shipped[name]
    if name in campaigns():
        raise PlannerError(
            f"{given}: is an over-the-air campaign, no scenario: planner campaign run {name}"
        )
    raise PlannerError(
        f"{given}: no such file, nor a shipped scenario; "
        f"{suggestion(os.path.basename(name), shipped)}"
    )


def campaign_roots(overlays: Sequence[Path] = ()) -> tuple[Path, ...]:
    """The folders searched for campaigns, highest precedence first; the shipped one is last."""
    over = [root / CAMPAIGNS for root in profile_roots(overlays)[:-1]]
    return (*(folder for folder in over if folder.is_dir()), scenario_root() / CAMPAIGNS)


def campaigns(overlays: Sequence[Path] = ()) -> dict[str, Path]:
    """The campaigns by name; what they have in common is no campaign by itself."""
    found: dict[str, Path] = {}
    for root in reversed(campaign_roots(overlays)):
        found.update(_yaml_files(root))
    found.pop(COMMON, None)
    return dict(sorted(found.items()))


def find_campaign(name_or_path: str | os.PathLike[str], overlays: Sequence[Path] = ()) -> Path:
    """The file of a campaign: a path as given, else one of the campaigns with or without `.yaml`."""
    if os.path.isfile(name_or_path):
        return Path(name_or_path)
    given = os.fspath(name_or_path)
    known = campaigns(overlays)
    name = given.removesuffix(SUFFIX)
    if name in known:
        return known[name]
    if name in scenarios():
        raise PlannerError(f"{given}: is a scenario, no over-the-air campaign: planner size {name}")
    raise PlannerError(
        f"{given}: no such file, nor a campaign; {suggestion(os.path.basename(name), known)}"
    )


def _layers(kind: str, overlays: Sequence[Path]) -> list[dict[str, Path]]:
    """The profiles of a kind in each root, highest precedence first."""
    if kind not in KINDS:
        raise PlannerError(f'"{kind}" is not a kind of profile; {suggestion(kind, KINDS)}')
    return [_yaml_files(root / kind) for root in profile_roots(overlays)]


def _yaml_files(folder: Path) -> dict[str, Path]:
    """The YAML files directly in a folder, by name; none where the folder is missing.

    Names are looked up in this listing and never joined to a path, so none leads out of the folder.
    """
    try:
        names = os.listdir(folder)
    except (FileNotFoundError, NotADirectoryError):
        return {}
    return {
        name.removesuffix(SUFFIX): folder / name
        for name in sorted(names)
        if name.endswith(SUFFIX) and not name.startswith(".")
    }
