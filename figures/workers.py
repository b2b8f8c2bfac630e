"""Processes that draw with a font, or this one where there is little to draw."""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TypeVar

from lemmata.figures.fonts import know
from lemmata.verify.errors import UsageError
from lemmata.verify.worker import follow_parent

#: pictures for which another process pays: it imports for a second before its first
FEW = 12

Task = TypeVar("Task")
Done = TypeVar("Done")


class Workers:
    """Processes that draw with a font, or this one."""

    def __init__(self, jobs: int, font: Path) -> None:
        # Threads of other libraries may not survive a fork.
        context = multiprocessing.get_context("spawn")
        self.others = {*multiprocessing.active_children()}
        self.pool = ProcessPoolExecutor(jobs, context, _start, (font,)) if jobs > 1 else None

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self.pool:
            if kind:  # by Ctrl-C, say: nobody waits for what they draw
                for child in {*multiprocessing.active_children()} - self.others:
                    child.terminate()
            self.pool.shutdown(wait=True, cancel_futures=True)

    def run(self, do: Callable[[Task], Done], tasks: Sequence[Task]) -> Iterator[Done]:
        """What became of each task, in their order. `do` is a function of a module.

        **Raises:** what `do` does, and `UsageError` where a process died.
        """
        try:
            if self.pool:
                with _interrupts_later():
                    run = self.pool.map(partial(_there, do), tasks, chunksize=2)
            else:
                run = map(do, tasks)
            yield from run
        except BrokenProcessPool:
            raise UsageError(
                "a process that draws died (killed, out of memory, or a fault in C code), and not "
                "all pictures are there; run again with -j 1, which takes the least memory, or "
                "name fewer claims."
            ) from None


def _there(do: Callable[[Task], Done], task: Task) -> Done:
    """Draw in a process that may be ended meanwhile: nothing half-written is left behind."""
    signal.signal(signal.SIGTERM, _end)
    try:
        return do(task)
    except SystemExit:  # which the pool would take for a result
        os._exit(1)
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _end(*_: object) -> None:
    raise SystemExit


@contextmanager
def _interrupts_later() -> Iterator[None]:
    """Hold Ctrl-C back; processes that start meanwhile never see it, in their imports neither."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _start(font: Path) -> None:
    follow_parent()
    know(font)
    # What was imported stays, and need not be looked through; of a picture all goes at its end.
    gc.freeze()
    gc.set_threshold(200_000)


def enough(jobs: int | None, tasks: int) -> int:
    """How many processes pay."""
    if jobs is not None:
        return jobs
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return max(1, min(cores or 1, tasks // FEW))
