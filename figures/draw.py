"""Draw the stored results of the claims that are selected.

A paper's own picture is drawn where all of its claims are selected and stored, or where it is asked
for by name. Every other claim has the generic one.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from matplotlib.figure import Figure

from lemmata.figures import generic
from lemmata.figures.fonts import REDUCED, WHOLE, know, reduced_font
from lemmata.figures.parts import Picture
from lemmata.figures.pictures import covered, pictures
from lemmata.figures.save import save
from lemmata.figures.stored import Result, check_not_lost, provenance, result
from lemmata.figures.style import style
from lemmata.verify.errors import UsageError
from lemmata.verify.files import check_writable, in_folder
from lemmata.verify.store import Store
from lemmata.verify.worker import follow_parent

#: pictures for which another process pays: it imports for a second before its first
FEW = 12


def draw(
    ids: Sequence[str],
    store: Store,
    folder: Path,
    *,
    named: Sequence[Picture] = (),
    jobs: int | None = None,
    tell: Callable[[str], object] = lambda note: None,
) -> Iterator[Path]:
    """Write the pictures that the claims have, and those that are named; the files as they come.

    `tell` is given a note on each picture, and on each claim, that cannot be drawn. The bytes do
    not depend on the number of processes, `jobs`: as many as there are cores, if there is as much
    to draw.

    **Raises:** `UsageError` before anything is drawn where a claim has no stored verdict, or one
    that cannot be read, or a picture that is named lacks one of its claims.
    """
    found = {id: result(store, id) for id in ids}
    asked = {one.name: _results(one, store) for one in named}
    for one in found.values():
        check_not_lost(one, store)
    bare = [id for id, one in found.items() if not one.points]
    drawable = {id: one for id, one in found.items() if one.points}
    whole, partly = covered(drawable)
    for one, missing in partly:
        tell(f"{one.name} is not drawn: it also needs {', '.join(missing)}.")
    for id in bare:
        tell(f"{id} is not drawn: no measurement is stored, for its check crashed.")
    chosen = {one.name: [drawable[id] for id in one.claims] for one in whole} | asked
    own = [_Task(name, results, folder, name in asked) for name, results in chosen.items()]
    shown = {id for one in whole for id in one.claims}
    rest = [_Task("", [one], folder) for id, one in drawable.items() if id not in shown]
    jobs = _enough(jobs, len(own) + len(rest))
    with in_folder(folder, "-o"), reduced_font() as font, _Workers(jobs, font) as workers:
        check_writable(folder / "claim.pdf", "-o")
        failed = set[str]()
        for task, done in workers.run([*own, *rest]):
            yield from done.files
            if done.problem:
                tell(f"{task.picture} is not drawn: {done.problem}")
                failed |= {one.id for one in task.results}
        # What another picture shows is drawn; what none does has its own, after all.
        failed -= {id for task in own for id in _ids(task) if not failed.issuperset(_ids(task))}
        again = [_Task("", [drawable[id]], folder) for id in drawable if id in failed]
        for _, done in workers.run(again):
            yield from done.files


def _results(picture: Picture, store: Store) -> list[Result]:
    """What a picture that is asked for by name draws, or `UsageError`."""
    missing = [id for id in picture.claims if store.last(id) is None]
    if missing:
        raise UsageError(
            f"picture {picture.name!r}: no verdict is stored on {', '.join(missing)}; run "
            f"`lemmata verify {' '.join(missing)}`."
        )
    return [result(store, id) for id in picture.claims]


@dataclass(frozen=True)
class _Task:
    """A picture by its name, or the generic one of a claim; whether it must succeed."""

    picture: str
    results: Sequence[Result]
    folder: Path
    must: bool = False


@dataclass(frozen=True)
class _Done:
    files: Sequence[Path] = ()
    problem: str = ""


def _ids(task: _Task) -> list[str]:
    return [one.id for one in task.results]


def _draw(task: _Task) -> _Done:
    """Write the files of one picture; what keeps a paper's own from it is a problem, and no error.

    Such a picture relies on more than any result has: on parameters that vary, on a sample as
    large as the catalogue's. A result that lacks it, by `--at` or by another version, must not
    take the other pictures with it.
    """
    if not task.picture:
        return _Done(_write(task, task.results[0].id, generic.draw))
    picture = pictures()[task.picture]
    draw_it = lambda *results: picture.draw({one.id: one for one in results})
    try:
        return _Done(_write(task, picture.title, draw_it))
    except OSError:  # of the folder, and of no picture
        raise
    except UsageError as found:
        problem = str(found)
    except Exception as found:
        problem = (
            f"what is stored does not suit it ({type(found).__name__}: {found}); run `lemmata "
            f"verify {' '.join(picture.claims)}` without --at and with this version of lemmata."
        )
    if task.must:
        raise UsageError(f"picture {picture.name!r}: {problem}")
    return _Done(problem=problem)


def _write(task: _Task, title: str, draw_it: Callable[..., Figure]) -> list[Path]:
    with style(REDUCED, WHOLE):
        name = (task.picture or task.results[0].id).replace("/", ".")
        drawn_from = provenance(task.results)
        return save(draw_it(*task.results), task.folder, name, title, drawn_from)


class _Workers:
    """Processes that draw with a font, or this one."""

    def __init__(self, jobs: int, font: Path) -> None:
        # Threads of other libraries may not survive a fork.
        context = multiprocessing.get_context("spawn")
        self.others = {*multiprocessing.active_children()}
        self.pool = ProcessPoolExecutor(jobs, context, _start, (font,)) if jobs > 1 else None

    def __enter__(self) -> _Workers:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self.pool:
            if kind:  # by Ctrl-C, say: nobody waits for what they draw
                for child in {*multiprocessing.active_children()} - self.others:
                    child.terminate()
            self.pool.shutdown(wait=True, cancel_futures=True)

    def run(self, tasks: Sequence[_Task]) -> Iterator[tuple[_Task, _Done]]:
        """What became of each task, in their order."""
        try:
            if self.pool:
                with _interrupts_later():
                    run = self.pool.map(_draw_there, tasks, chunksize=2)
            else:
                run = map(_draw, tasks)
            yield from zip(tasks, run, strict=True)
        except OSError as problem:
            raise UsageError(
                f"-o: {problem.filename} cannot be written ({problem.strerror}); remove what is in "
                "its place, or name another folder."
            ) from None
        except BrokenProcessPool:
            raise UsageError(
                "a process that draws died (killed, out of memory, or a fault in C code), and not "
                "all pictures are there; run again with -j 1, which takes the least memory, or "
                "name fewer claims."
            ) from None


def _draw_there(task: _Task) -> _Done:
    """Draw in a process that may be ended meanwhile: nothing half-written is left behind."""
    signal.signal(signal.SIGTERM, _end)
    try:
        return _draw(task)
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


def _enough(jobs: int | None, tasks: int) -> int:
    """How many processes pay."""
    if jobs is not None:
        return jobs
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return max(1, min(cores or 1, tasks // FEW))
