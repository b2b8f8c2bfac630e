"""Draw the stored results of the claims that are selected.

A paper's own picture is drawn where all of its claims are selected and stored, or where it is asked
for by name. Every other claim has the generic one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from matplotlib.figure import Figure

from lemmata.figures import generic
from lemmata.figures.embedded import suited
from lemmata.figures.fonts import REDUCED, WHOLE, reduced_font
from lemmata.figures.parts import Picture
from lemmata.figures.pictures import covered, pictures
from lemmata.figures.save import save
from lemmata.figures.stored import Result, check_not_lost, provenance, result
from lemmata.figures.style import style
from lemmata.figures.workers import Workers, enough
from lemmata.verify.errors import UsageError
from lemmata.verify.files import check_writable, in_folder
from lemmata.verify.store import Store


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
    jobs = enough(jobs, len(own) + len(rest))
    with in_folder(folder, "-o"), reduced_font() as font, Workers(jobs, font) as workers:
        check_writable(folder / "claim.pdf", "-o")
        failed = set[str]()
        for task, done in _run(workers, [*own, *rest]):
            yield from done.files
            if done.problem:
                tell(f"{task.picture} is not drawn: {done.problem}")
                failed |= {one.id for one in task.results}
        # What another picture shows is drawn; what none does has its own, after all.
        failed -= {id for task in own for id in _ids(task) if not failed.issuperset(_ids(task))}
        again = [_Task("", [drawable[id]], folder) for id in drawable if id in failed]
        for _, done in _run(workers, again):
            yield from done.files


def _run(workers: Workers, tasks: Sequence[_Task]) -> Iterator[tuple[_Task, _Done]]:
    try:
        yield from zip(tasks, workers.run(_draw, tasks), strict=True)
    except OSError as problem:
        raise UsageError(
            f"-o: {problem.filename} cannot be written ({problem.strerror}); remove what is in "
            "its place, or name another folder."
        ) from None


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
    """Write the files of one picture; what keeps a paper's own from it is a problem, and no error,
    unless it must succeed.
    """
    if not task.picture:
        return _Done(_write(task, task.results[0].id, generic.draw))
    picture = pictures()[task.picture]
    draw_it = lambda *results: picture.draw({one.id: one for one in results})
    try:
        with suited(picture):
            return _Done(_write(task, picture.title, draw_it))
    except UsageError as found:
        if task.must:
            raise UsageError(f"picture {picture.name!r}: {found}") from None
        return _Done(problem=str(found))


def _write(task: _Task, title: str, draw_it: Callable[..., Figure]) -> list[Path]:
    with style(REDUCED, WHOLE):
        name = (task.picture or task.results[0].id).replace("/", ".")
        drawn_from = provenance(task.results)
        return save(draw_it(*task.results), task.folder, name, title, drawn_from)
