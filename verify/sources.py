"""Of the package's code what a claim of the catalogue rests on, and the fingerprints of it.

It is what the claim's file and the engine name, and what those name in turn. Names are read in the
text, so that modules named for later (see `deferred`) count, and nothing is imported.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import lemmata

ROOT = Path(lemmata.__file__ or "").parent
#: what decides every claim
ENGINE = ROOT / "verify" / "decide.py"

_NAME = re.compile(r"\blemmata(?:\.\w+)+")
_FROM = re.compile(r"^\s*from (lemmata(?:\.\w+)*) import (\([^)]*\)|[^\n#]+)", re.MULTILINE)


def sources(file: Path) -> dict[str, str]:
    """The fingerprints of the files that the claims in a file of the catalogue rest on, by name.

    >>> from lemmata.verify.claims import hopf
    >>> {"verify/claims/hopf.py", "theory/hopf_classics.py", "verify/decide.py"} <= {
    ...     *sources(Path(hopf.__file__))
    ... }
    True
    """
    found: dict[str, str] = {}
    waiting = [_inside(file), ENGINE]
    while waiting:
        path = waiting.pop()
        name = path.relative_to(ROOT).as_posix()
        if name not in found:
            found[name], named = _read(path)
            waiting += named
    return dict(sorted(found.items()))


def changed(old: Mapping[str, str], new: Mapping[str, str]) -> list[str]:
    """The names of the files that are not the same in both."""
    return sorted(name for name in {*old, *new} if old.get(name) != new.get(name))


@cache
def _read(path: Path) -> tuple[str, tuple[Path, ...]]:
    """A file's fingerprint, and the files that it names."""
    text = path.read_text(encoding="utf-8")
    named = {file for name in _names(text) for file in _files(name)}
    return hashlib.sha256(text.encode()).hexdigest()[:16], tuple(sorted(named - {path}))


def _names(text: str) -> Iterator[str]:
    yield from _NAME.findall(text)
    for package, names in _FROM.findall(text):
        for name in re.findall(r"\w+", names):
            yield f"{package}.{name}"


def _files(name: str) -> Iterator[Path]:
    """The modules among the leading parts of a dotted name, and the packages that they are in."""
    path = ROOT
    for part in name.split(".")[1:]:
        path /= part
        for file in (path.with_suffix(".py"), path / "__init__.py"):
            if file.is_file():
                yield file


def _inside(file: Path) -> Path:
    """The file under the package's folder: in a checkout, what is imported is linked from there."""
    return ROOT / "verify" / "claims" / file.name
