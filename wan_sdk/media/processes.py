"""Work on many clips at once: a process for each, with one thread."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import cv2

_BLAS_THREADS = "OMP_NUM_THREADS"


@contextlib.contextmanager
def workers(processes: int) -> Iterator[ProcessPoolExecutor]:
    """Give a pool whose processes leave one another's cores alone: each has one thread, in OpenCV and in BLAS.

    BLAS reads its number once, when it is loaded, so the processes inherit it. With two threads each, two processes
    on two cores waited for one another by spinning, and a trial took minutes instead of a second.
    """
    before = os.environ.get(_BLAS_THREADS)
    os.environ[_BLAS_THREADS] = "1"
    try:
        with ProcessPoolExecutor(processes, get_context("spawn"), cv2.setNumThreads, (1,)) as pool:
            yield pool
    finally:
        if before is None:
            del os.environ[_BLAS_THREADS]
        else:
            os.environ[_BLAS_THREADS] = before
