"""Find claims: in the catalogue, and in a user's own files."""

from __future__ import annotations

import importlib.util
import sys
import zlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from lemmata.verify.claim import MADE, Claim, nearest, widest
from lemmata.verify.claims import CATALOGUE
from lemmata.verify.errors import UsageError
from lemmata.verify.expression import matcher


@dataclass(frozen=True)
class Located:
    """A claim and the file that it stands in; `own` if the file was named by the user."""

    claim: Claim
    file: Path
    own: bool = False


def catalogue() -> list[Located]:
    """Every claim that comes with the package, in the order of its papers."""
    found: list[Located] = []
    for name in CATALOGUE:
        module = import_module(f"lemmata.verify.claims.{name}")
        file = Path(module.__file__ or name)
        found += [Located(claim, file) for claim in claims_in(module)]
    return unique(found)


def load_file(path: Path) -> list[Located]:
    """The claims in a Python file of the user's.

    **Raises:** `UsageError` if it cannot be read, does not run, or holds no claim.
    """
    try:
        if path.is_dir():
            raise UsageError(f"{path}: that is a folder; name a Python file with claims.")
        if not path.exists():
            raise UsageError(
                f"{path}: no such file; `lemmata new {path}` writes one to start from."
            )
    except OSError as problem:
        raise UsageError(f"{path}: cannot be read ({problem.strerror}).") from None
    before, loaded = len(MADE), set(sys.modules)
    module = _run(path)
    found = claims_in(module)
    imported = [sys.modules[name] for name in sorted({*sys.modules} - loaded)]
    check_reachable(path, MADE[before:], found, [one for one in imported if one is not module])
    if not found:
        raise UsageError(
            f"{path}: no claims in it; decorate a measurement with @claim(…), as in the example "
            "that `lemmata new FILE` writes."
        )
    return unique([Located(claim, path, own=True) for claim in found])


def check_reachable(
    path: Path,
    made: Iterable[Claim],
    found: Sequence[Claim],
    imported: Sequence[ModuleType] = (),
) -> None:
    """Raise `UsageError` if a claim was made in a module and cannot be found in it.

    Nor in the modules that it `imported`, which may have claims of their own.
    """
    kept = {claim.id for claim in found}
    made = widest(made)
    times = Counter(claim.id for claim in made)
    # One that is not there may have been replaced by a changed copy, if it was the only one.
    lost = [c for c in made if c not in found and (c.id not in kept or times[c.id] > 1)]
    if lost:
        theirs = [claim for module in imported for claim in claims_in(module)]
        lost = [claim for claim in lost if claim not in theirs]
    if lost:
        names = ", ".join(repr(claim.id) for claim in lost)
        raise UsageError(
            f"{path}: {names} cannot be reached: its name is used again further down, or it was "
            "made inside a function and not kept, or cut from a list; give every claim a name of "
            "its own in the module, a class, a list or a dict."
        )


#: folders of user's files, by the names of what was imported from them
_NEIGHBOURS: dict[str, Path] = {}


def _run(path: Path) -> ModuleType:
    # The name is unlike any other module's, and the same file has the same name in every process.
    name = f"lemmata_claims_{path.stem}_{zlib.crc32(str(path.resolve()).encode()):08x}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise UsageError(f"{path}: not a Python file; its name should end in .py.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    folder = path.resolve().parent
    _check_neighbours(path, folder)
    before = set(sys.modules)
    sys.path.insert(0, str(folder))  # so that it can import its neighbours
    try:
        spec.loader.exec_module(module)
    except SyntaxError as problem:
        where = f"line {problem.lineno}: " if problem.lineno else ""
        other = "" if _is(problem.filename, path) else f" in {problem.filename}"
        raise UsageError(f"{path}: {where}{problem.msg}{other}.") from None
    except UsageError as problem:
        raise UsageError(f"{path}: {problem}") from None
    except KeyboardInterrupt:
        raise
    except BaseException as problem:  # sys.exit() among them
        raise UsageError(
            f"{path}: {type(problem).__name__} when it was loaded{_line(problem, path)}: {problem}"
        ) from problem
    finally:
        if str(folder) in sys.path:
            sys.path.remove(str(folder))
        sys.path.append(str(folder))  # for what a measurement imports later; never before the rest
    for new in {*sys.modules} - before:
        file = getattr(sys.modules[new], "__file__", None)
        if file and Path(file).resolve().is_relative_to(folder) and "." not in new:
            _NEIGHBOURS[new] = folder
    return module


def _check_neighbours(path: Path, folder: Path) -> None:
    """Raise `UsageError` where a neighbour would be mistaken for another file's of that name."""
    for name, other in _NEIGHBOURS.items():
        if other != folder and ((folder / f"{name}.py").exists() or (folder / name).is_dir()):
            raise UsageError(
                f"{path}: {folder / name} and {other / name} have one name, and Python would take "
                "one for the other; decide the files one by one."
            )


def _is(filename: object, path: Path) -> bool:
    return isinstance(filename, str) and Path(filename).resolve() == path.resolve()


def _line(problem: BaseException, path: Path) -> str:
    trace = problem.__traceback__
    line = None
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == str(path):
            line = trace.tb_lineno
        trace = trace.tb_next
    return f" (line {line})" if line else ""


def claims_in(module: ModuleType) -> list[Claim]:
    """The claims among a module's names, also in its lists, dicts and classes, each once."""
    return widest(
        claim for value in vars(module).values() for claim in flattened(value, module.__name__)
    )


def flattened(value: Any, module: str = "") -> Iterable[Claim]:
    """The claims that a value is, or holds: a list, tuple or dict, or a class of the module."""
    waiting, seen = [value], set()
    for one in waiting:  # which grows meanwhile
        if id(one) in seen:
            continue
        seen.add(id(one))
        if isinstance(one, Claim):
            yield one
        elif isinstance(one, list | tuple):
            waiting += one
        elif isinstance(one, dict):
            waiting += one.values()
        elif isinstance(one, type) and one.__module__ == module:
            waiting += vars(one).values()


def unique(found: Sequence[Located]) -> list[Located]:
    """The same, or `UsageError` where an id stands twice."""
    first: dict[str, Located] = {}
    for one in found:
        other = first.setdefault(one.claim.id, one)
        if other.claim is not one.claim:
            raise UsageError(
                f"the claim id {one.claim.id!r} stands twice: in {other.file} and in {one.file}; "
                "an id names one claim for ever, so give one of them another."
            )
    return list(first.values())


def select(names: Sequence[str], expression: str = "") -> list[Located]:
    """The claims that these ids, prefixes and files name; the whole catalogue for no names.

    **Raises:** `UsageError` for a name that fits nothing, with the nearest ids.
    """
    in_files = [name for name in names if names_a_file(name)]
    own: list[Located] = []
    for name in dict.fromkeys(in_files):
        file, _, id = name.partition("::")
        own += _named(load_file(Path(file)), id, name)
    if own:
        unique([*catalogue(), *own])  # a file of one's own takes no id of the catalogue
    prefixes = [name.rstrip("/") for name in names if name not in in_files]
    chosen = [*_by_prefix(prefixes), *own] if names else catalogue()
    wanted = matcher(expression) if expression.strip() else lambda id: True
    return [one for one in unique(chosen) if wanted(one.claim.id)]


@lru_cache(maxsize=1)
def shared_prefixes() -> frozenset[str]:
    """The ids in the catalogue that, as prefixes, name other claims too."""
    ids = {one.claim.id for one in catalogue()}
    parts = (id.split("/") for id in ids)
    above = {"/".join(each[:n]) for each in parts for n in range(1, len(each))}
    return frozenset(ids & above)


def select_ids(names: Sequence[str], kept: Sequence[str]) -> list[str]:
    """The ids that these ids, prefixes and files name: of the catalogue, or `kept` from a file of
    one's own that need not be named again.

    **Raises:** `UsageError` for a name that fits nothing, with the nearest ids.
    """
    known = [one.claim.id for one in catalogue()]
    own = [id for id in kept if id not in set(known)]
    in_files = [name for name in names if names_a_file(name)]
    chosen: dict[str, None] = {}
    for name in (name.rstrip("/") for name in names if name not in in_files):
        fitting = [id for id in (*known, *own) if id == name or id.startswith(f"{name}/")]
        if not fitting:
            hint = nearest(name, [*known, *own])
            raise UsageError(
                f"no claim {name!r}, in the catalogue or among stored verdicts; {hint}. `lemmata "
                "list` shows the catalogue; claims of your own are found by FILE too."
            )
        chosen |= dict.fromkeys(fitting)
    if in_files:
        chosen |= dict.fromkeys(one.claim.id for one in select(in_files))
    return list(chosen)


def names_a_file(name: str) -> bool:
    """Whether a name, with or without ::ID, is that of a claim file."""
    file = name.partition("::")[0]
    try:
        return file.endswith(".py") or Path(file).is_file()
    except OSError:  # a folder on the way may not be entered
        return True


def _named(found: list[Located], id: str, name: str) -> list[Located]:
    """The claim that FILE::ID names, or all of FILE's."""
    chosen = [one for one in found if not id or one.claim.id == id]
    if not chosen:
        hint = nearest(id, [one.claim.id for one in found])
        raise UsageError(f"{name}: no claim {id!r} in the file; {hint}.")
    return chosen


def _by_prefix(prefixes: Sequence[str]) -> list[Located]:
    if not prefixes:
        return []
    known = catalogue()
    chosen: dict[str, Located] = {}
    for prefix in prefixes:
        fitting = [o for o in known if o.claim.id == prefix or o.claim.id.startswith(f"{prefix}/")]
        if not fitting:
            hint = nearest(prefix, [one.claim.id for one in known])
            raise UsageError(f"no claim {prefix!r}; {hint}. `lemmata list` shows all.")
        chosen |= {one.claim.id: one for one in fitting}
    return list(chosen.values())
