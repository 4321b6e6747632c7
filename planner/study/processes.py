"""What lets processes compute beside each other: how many there may be, one thread each, memory that stays."""

from __future__ import annotations

import contextlib
import ctypes
import os
from importlib import import_module

# Parameters of glibc's mallopt and what workers set them to: memory of a freed array is for the next one.
MEMORY_KEPT = {
    -3: 1 << 30,  # M_MMAP_THRESHOLD [byte]: no array gets pages of its own from the system,
    -1: 1 << 30,  # M_TRIM_THRESHOLD [byte]: and none are given back
    -2: 1 << 26,  # M_TOP_PAD [byte]: ask for this much more at a time
}

# What sets the number of threads in the builds of OpenBLAS and MKL that NumPy comes with.
BLAS_THREADS = (
    "scipy_openblas_set_num_threads64_",
    "openblas_set_num_threads64_",
    "openblas_set_num_threads",
    "MKL_Set_Num_Threads",
)


def cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def one_thread() -> None:
    """Let matrix products run in one thread: there is a worker for each core already.

    Threads of several workers wait for each other; measured, that makes a draw seven times dearer. NumPy has no word
    for it, but the library that it brings along has.
    """
    with contextlib.suppress(ImportError, OSError):
        library = ctypes.CDLL(import_module("numpy._core._multiarray_umath").__file__ or "")
        for name in BLAS_THREADS:
            if hasattr(library, name):
                getattr(library, name)(1)


def keep_memory() -> None:
    """Let arrays be made of memory that is there already.

    The system clears each page that it gives; for arrays of some megabytes that live for a moment this is, measured,
    a tenth of a worker's time. Other C libraries than glibc have no such word.
    """
    with contextlib.suppress(AttributeError, OSError, TypeError):
        library = ctypes.CDLL(None)
        for parameter, value in MEMORY_KEPT.items():
            library.mallopt(parameter, value)
