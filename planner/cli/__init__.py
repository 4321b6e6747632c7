"""The command `planner`: parse, call, print.

Each command has a module of its own and imports what it needs when it runs, so that `planner --help` loads neither
numpy nor the model.
"""

from __future__ import annotations

import atexit
import gc
import os
import sys
from collections.abc import Sequence

__all__ = ["main"]

STOPPED = 130  # 128 + SIGINT, as a shell reports it


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and leave with its exit code: 0 fine, 1 forbidden or a check fails, 2 wrong input."""
    try:
        _run(arguments)
    except KeyboardInterrupt:  # while modules load; once a command runs, its own handler takes it
        sys.exit(STOPPED)


def _run(arguments: Sequence[str] | None) -> None:
    if arguments is None:
        _for_one_command()
    from planner.cli.app import app
    from planner.cli.output import finish, refused, report
    from planner.errors import PlannerError

    try:
        app(args=None if arguments is None else list(arguments), prog_name="planner")
    except PlannerError as error:
        report(error)
        sys.exit(error.exit_code)
    except BrokenPipeError:
        finish()
    except OSError as error:
        refused(error)


def _for_one_command() -> None:
    """Set the process up for one short command: measured, they save a fifth of a cold `planner size`.

    Its few cycles need no collector, not even at the end, its many small matrix products no second thread, and its
    schemas none of pydantic's plugins, for which it would read what every installed package declares.
    """
    gc.disable()
    atexit.register(gc.freeze)
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "1")
