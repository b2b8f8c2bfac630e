"""Decide claims in several processes, each of which keeps to a family of claims while it lasts."""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections import Counter, deque
from collections.abc import Generator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from functools import lru_cache
from pathlib import Path

from lemmata.verify import backend
from lemmata.verify.decide import decide
from lemmata.verify.loading import Located, catalogue, load_file
from lemmata.verify.settings import Settings
from lemmata.verify.verdict import Outcome, Verdict
from lemmata.verify.worker import follow_parent

#: claims for which another process pays
FEW = 4
Verdicts = Generator[tuple[Located, Verdict], None, None]


def in_processes(located: Sequence[Located], settings: Settings, jobs: int) -> Verdicts:
    """Decide in processes of their own, in the order in which they finish.

    A process goes on with the claims of one family, whose derivations and simulations have much in
    common and are kept, and then takes the next. One that dies takes its own claim with it.
    """
    waiting = families(located)
    running: dict[Future[Verdict], tuple[Located, _Worker]] = {}
    try:
        for _ in range(min(jobs, len(located))):
            _next(_Worker(), waiting, running, settings)
        while running:
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                one, worker = running.pop(future)
                try:
                    verdict = future.result()
                except BrokenProcessPool:
                    verdict, worker = _died(one), _Worker(worker.family)
                _next(worker, waiting, running, settings)
                yield one, verdict
    finally:
        for _, worker in running.values():
            worker.pool.shutdown(wait=False, cancel_futures=True)
        for child in multiprocessing.active_children():  # none is left after a run to the end
            child.terminate()


class _Worker:
    """A process, and the family of the claim that it decided last."""

    def __init__(self, family: str = "") -> None:
        # JAX's threads do not survive a fork.
        context = multiprocessing.get_context("spawn")
        self.pool = ProcessPoolExecutor(1, context, _start_worker)
        self.family = family


def families(located: Sequence[Located]) -> dict[str, deque[Located]]:
    """The claims by what stands before the last / of their ids; readings go with their claim.

    In the catalogue those of families with few claims in a file go by the file, where they have
    more in common than a name.
    """
    ids = {one.claim.id for one in located}
    named = [(_family(one.claim.id, ids), one) for one in located]
    sizes = Counter((name, one.file) for name, one in named)
    families: dict[str, deque[Located]] = {}
    for name, one in named:
        alone = sizes[name, one.file] >= FEW or one.own
        families.setdefault(name if alone else str(one.file), deque()).append(one)
    return families


def _family(id: str, ids: set[str]) -> str:
    parts = id.split("/")
    ancestors = ("/".join(parts[:end]) for end in range(1, len(parts) + 1))
    return next(path for path in ancestors if path in ids).rpartition("/")[0]


def _next(
    worker: _Worker,
    waiting: dict[str, deque[Located]],
    running: dict[Future[Verdict], tuple[Located, _Worker]],
    settings: Settings,
) -> None:
    """Give the worker a claim of its family, of the longest that no other has, or of a long one.

    Two workers on one family do twice what its claims have in common, which a few do not repay.
    """
    left = {family: claims for family, claims in waiting.items() if claims}
    if not left:
        worker.pool.shutdown(wait=False)
        return
    taken = {other.family for _, other in running.values()}
    if worker.family not in left:
        pays = [name for name, claims in left.items() if name not in taken or len(claims) >= FEW]
        if not pays:
            worker.pool.shutdown(wait=False)
            return
        fresh = [family for family in pays if family not in taken]
        worker.family = max(fresh or pays, key=lambda family: len(left[family]))
    one = waiting[worker.family].popleft()
    running[worker.pool.submit(_decide_there, _address(one), settings)] = one, worker


def enough(located: Sequence[Located]) -> int:
    """How many processes pay: one a core, where each finds a family and some claims to decide."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return max(1, min(cores or 1, len(families(located)), len(located) // FEW))


def _start_worker() -> None:
    # Where there is an accelerator, its memory is shared.
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
    follow_parent()
    sys.stdout = sys.stderr  # and stdout is for its results


def _address(one: Located) -> tuple[str, str | None]:
    return one.claim.id, str(one.file) if one.own else None


def _decide_there(address: tuple[str, str | None], settings: Settings) -> Verdict:
    id, file = address
    with backend.precision():
        return decide(_claims(file)[id].claim, settings)


@lru_cache
def _claims(file: str | None) -> dict[str, Located]:
    found = catalogue() if file is None else load_file(Path(file))
    return {one.claim.id: one for one in found}


def _died(one: Located) -> Verdict:
    return Verdict(
        one.claim.id, Outcome.ERROR, one.claim.expected, one.claim.compare.kind,
        reason="the process that decided it died (killed, out of memory, or a fault in C code)",
        settles="find what ends the process; with -j 2 the others are still decided",
        traceback="the process left none",
    )  # fmt: skip
