"""Write files whole or not at all."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from lemmata.verify.errors import UsageError


def write_atomically(path: Path, write: Callable[[IO[Any]], object], *, mode: str = "w") -> None:
    """Let `write` fill a new file, then put it in the place of `path` in one move.

    A link is followed. What is no regular file (a device, a pipe) cannot be replaced, and must not
    be: it is written to as it stands.
    """
    encoding = None if "b" in mode else "utf-8"
    path = path.resolve()
    if path.exists() and not path.is_file():
        with path.open(mode, encoding=encoding) as file:
            write(file)
        return
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, mode, encoding=encoding) as file:
            write(file)
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def check_writable(path: Path, option: str) -> None:
    """Raise `UsageError` if a file at `path` could not be written; nothing is left behind."""
    folder = path.parent
    try:
        _check_no_file_above(path, option)
        if not _is_folder(folder):
            raise UsageError(f"{option} {path}: the folder {folder} is not there; create it first.")
        if path.is_dir():
            raise UsageError(f"{option} {path}: that is a folder; name a file in it.")
        if path.exists() and not path.is_file():
            return  # a device or a pipe; only writing tells
        # As long a name as the real one will have while it is written.
        handle, temporary = tempfile.mkstemp(dir=path.resolve().parent, prefix=f".{path.name}.")
    except OSError as problem:
        raise UsageError(
            f"{option} {path}: cannot write in {folder} ({problem.strerror}); choose a folder "
            "that is writable."
        ) from None
    os.close(handle)
    Path(temporary).unlink()


@contextmanager
def in_folder(folder: Path, option: str) -> Iterator[None]:
    """With the folder there, or `UsageError` before anything is done; none is left empty behind
    where that fails.
    """
    try:
        _check_no_file_above(folder / "any", option)
        new = [one for one in (folder, *folder.parents) if not one.exists()]
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise UsageError(
            f"{option} {folder}: cannot be created ({problem.strerror}); name a folder that can be."
        ) from None
    try:
        yield
    except BaseException:
        with suppress(OSError):  # one holds what was written
            for one in new:
                one.rmdir()
        raise


def _check_no_file_above(path: Path, option: str) -> None:
    """Raise `UsageError` where a folder of a path is none."""
    for one in path.parents:
        if one.exists() and not one.is_dir():
            raise UsageError(
                f"{option}: {one} is a file, where a folder is needed; name another place."
            )


def _is_folder(folder: Path) -> bool:
    try:
        return stat.S_ISDIR(os.stat(folder).st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return False


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
