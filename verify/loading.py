"""Find claims: in the catalogue, and in a user's own files."""

from __future__ import annotations

import importlib.util
import sys
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from lemmata.verify.claim import Claim, nearest, recording, widest
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
    if path.is_dir():
        raise UsageError(f"{path}: that is a folder; name a Python file with claims.")
    if not path.exists():
        raise UsageError(f"{path}: no such file; `lemmata new {path}` writes one to start from.")
    with recording() as made:
        module = _run(path)
    found = claims_in(module)
    lost = [claim.id for claim in widest(made) if claim not in found]
    if lost:
        raise UsageError(
            f"{path}: {', '.join(map(repr, lost))} cannot be reached, because its function's name "
            "is used again further down; give every claim a name of its own."
        )
    if not found:
        raise UsageError(
            f"{path}: no claims in it; decorate a measurement with @claim(…), as in the example "
            "that `lemmata new FILE` writes."
        )
    return unique([Located(claim, path, own=True) for claim in found])


def _run(path: Path) -> ModuleType:
    # The name is unlike any other module's, and the same file has the same name in every process.
    name = f"lemmata_claims_{path.stem}_{zlib.crc32(str(path.resolve()).encode()):08x}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise UsageError(f"{path}: not a Python file; its name should end in .py.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    sys.path.insert(0, str(path.resolve().parent))  # so that it can import its neighbours
    try:
        spec.loader.exec_module(module)
    except SyntaxError as problem:
        where = f"line {problem.lineno}" if problem.filename == str(path) else problem.filename
        raise UsageError(f"{path}: {where}: {problem.msg}.") from None
    except UsageError as problem:
        raise UsageError(f"{path}: {problem}") from None
    except Exception as problem:
        raise UsageError(
            f"{path}: {type(problem).__name__} when it was loaded{_line(problem, path)}: {problem}"
        ) from problem
    finally:
        sys.path.remove(str(path.resolve().parent))
    return module


def _line(problem: BaseException, path: Path) -> str:
    trace = problem.__traceback__
    line = None
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == str(path):
            line = trace.tb_lineno
        trace = trace.tb_next
    return f" (line {line})" if line else ""


def claims_in(module: ModuleType) -> list[Claim]:
    """The claims among a module's names, also in its lists and tuples, each once."""
    return widest(claim for value in vars(module).values() for claim in flattened(value))


def flattened(value: Any) -> Iterable[Claim]:
    """The claims that a value is or holds, as a list or tuple of them does."""
    if isinstance(value, Claim):
        yield value
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from flattened(inner)


def unique(found: Sequence[Located]) -> list[Located]:
    """The same, or `UsageError` where an id stands twice."""
    first: dict[str, Located] = {}
    for one in found:
        other = first.setdefault(one.claim.id, one)
        if other is not one:
            raise UsageError(
                f"the claim id {one.claim.id!r} stands twice: in {other.file} and in {one.file}; "
                "an id names one claim for ever, so give one of them another."
            )
    return list(found)


def select(names: Sequence[str], expression: str = "") -> list[Located]:
    """The claims that these ids, prefixes and files name; the whole catalogue for no names.

    **Raises:** `UsageError` for a name that fits nothing, with the nearest ids.
    """
    files = [Path(name) for name in names if name.endswith(".py") or Path(name).is_file()]
    own = [one for path in dict.fromkeys(files) for one in load_file(path)]
    prefixes = [name.rstrip("/") for name in names if Path(name) not in files]
    chosen = [*_by_prefix(prefixes), *own] if names else catalogue()
    wanted = matcher(expression) if expression.strip() else lambda id: True
    return [one for one in unique(chosen) if wanted(one.claim.id)]


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
