"""Writes what `planner validate` prints now into the README.

    PYTHONPATH=. python tests/refresh_readme.py

Blocks of other commands are left alone. `tests/test_readme.py` fails where a block and its command differ.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

README = Path(__file__).parents[1] / "README.md"
COMMAND = "planner validate"
SHOWN_TO = "Assumed where rows are silent"  # what follows is long and says nothing of accuracy


def printed(command: str) -> str:
    """What a command prints on a terminal of 100 columns, to the line from which on the README has dots."""
    done = subprocess.run(
        [sys.executable, "-m", *command.split()],
        env={**os.environ, "COLUMNS": "100", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    lines = [line.rstrip() for line in done.stdout.splitlines()]
    end = next((i for i, line in enumerate(lines) if line.startswith(SHOWN_TO)), len(lines))
    return "\n".join([*lines[:end], "..."])


def refreshed(markdown: str) -> str:
    """The README with the output of every `planner validate` as it is now."""
    return re.sub(
        rf"^\$ ({COMMAND}[^\n]*)\n(?!```|\$).*?(?=^```|^\$)",
        lambda found: f"$ {found[1]}\n{printed(found[1])}\n",
        markdown,
        flags=re.DOTALL | re.MULTILINE,
    )


if __name__ == "__main__":
    README.write_text(refreshed(README.read_text(encoding="utf-8")), encoding="utf-8")
