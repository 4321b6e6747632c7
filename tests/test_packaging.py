"""Does a wheel built from this repository work outside the checkout?

The wheel goes into an environment of its own that borrows the third-party packages of this one by
their folder; the `.pth` files in that folder are not read, so an editable install of the planner is
not borrowed. Nothing is downloaded.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MAPPED = {
    "hardware_profiles": "planner/_data/hardware_profiles",
    "scenarios": "planner/_data/scenarios",
    "reports/templates": "planner/_data/reports/templates",
}

pytestmark = pytest.mark.packaging


def run(*command: str | Path, cwd: Path) -> str:
    clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env=clean,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "-o", out, ROOT, cwd=out)
    return next(out.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of executables of an environment that holds the wheel."""
    home = tmp_path_factory.mktemp("venv")
    venv.create(home, symlinks=True)
    python = home / "bin" / "python"
    install = ("install", "--quiet", "--no-deps", "--no-index", wheel)
    run(sys.executable, "-m", "pip", "--python", python, *install, cwd=home)
    site = run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=home)
    borrowed = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    Path(site.strip(), "borrowed.pth").write_text("\n".join(sorted(borrowed)), encoding="utf-8")
    return home / "bin"


def test_a_wheel_holds_every_shipped_file_and_no_other(wheel: Path) -> None:
    inside = set(zipfile.ZipFile(wheel).namelist())
    shipped = {
        f"{target}/{file.relative_to(ROOT / folder).as_posix()}"
        for folder, target in MAPPED.items()
        for file in (ROOT / folder).rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }
    code = {
        file.relative_to(ROOT).as_posix()
        for file in (ROOT / "planner").rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }
    metadata = {name for name in inside if ".dist-info/" in name}
    assert inside - metadata == shipped | code
    assert any(name.endswith("licenses/LICENSE") for name in metadata)


def test_an_installed_planner_finds_its_files_inside_the_package(
    installed: Path, tmp_path: Path
) -> None:
    code = (
        "import json; from planner import resources as r;"
        "found = {kind: sorted(r.profiles(kind)) for kind in r.KINDS};"
        "print(json.dumps([str(r.data_root()), found, sorted(r.scenarios()), sorted(r.campaigns())]))"
    )
    root, found, scenarios, campaigns = json.loads(
        run(installed / "python", "-c", code, cwd=tmp_path)
    )
    assert Path(root).is_relative_to(installed.parent)
    shipped = {file.stem for file in (ROOT / "scenarios").glob("*.yaml")} - {"base"}
    assert scenarios == sorted(shipped)
    rollouts = {file.stem for file in (ROOT / "scenarios/campaigns").glob("*.yaml")} - {"base"}
    assert campaigns == sorted(rollouts)
    for kind, names in found.items():
        there = (ROOT / "hardware_profiles" / kind).glob("*.yaml")
        assert names == sorted(file.stem for file in there)


def test_an_installed_planner_does_the_main_job(installed: Path, tmp_path: Path) -> None:
    plan = json.loads(run(installed / "planner", "size", "5pct_ev_market", "--json", cwd=tmp_path))
    assert plan["schema"] == 1
    assert plan["scenario"]
    assert plan["quantities"]["gpus"]["unit"]
