"""What a result needs to be repeated: versions, device, precision, seed, commit, claim files."""

from __future__ import annotations

import hashlib
import platform
import subprocess
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from lemmata.verify.settings import Settings

PACKAGES = (
    "lemmata", "jax", "jaxlib", "equinox", "diffrax", "lineax", "optimistix", "numpy", "scipy",
    "sympy", "mpmath", "python-flint", "hypothesis",
)  # fmt: skip


def versions() -> dict[str, str | None]:
    """Installed versions of what decides a claim; None where a package is missing."""
    return {package: _version(package) for package in PACKAGES}


@lru_cache  # to look one up takes milliseconds, and every picture names them
def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def commit(folder: Path) -> dict[str, Any]:
    """The commit checked out in a folder and whether it was changed since; None without git."""
    head = _git(folder, "rev-parse", "HEAD")
    changed = _git(folder, "status", "--porcelain") if head else None
    return {"commit": head or None, "dirty": None if changed is None else bool(changed)}


def _git(folder: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments],
            capture_output=True, text=True, timeout=10, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def digest(path: Path) -> str:
    """A short fingerprint of a file's bytes."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


def manifest(settings: Settings, files: Iterable[Path]) -> dict[str, Any]:
    """Everything that a reader needs to repeat a run, and the time it was started."""
    import jax

    return {
        **commit(Path.cwd()),
        "versions": versions(),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "device": jax.devices()[0].device_kind,
        "x64": bool(jax.config.jax_enable_x64),  # pyright: ignore[reportAttributeAccessIssue]
        "matmul": str(jax.config.jax_default_matmul_precision),  # pyright: ignore[reportAttributeAccessIssue]
        "seed": settings.seed,
        "error_rate": settings.error_rate,
        "profile": settings.profile.name,
        "fixed": {name: str(value) for name, value in settings.fixed.items()},
        "files": {str(path): digest(path) for path in sorted(set(files))},
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """What differs between two manifests, a line each; the time of the run does not count."""
    lines: list[str] = []
    for name in sorted({*old, *new} - {"started"}):
        one, other = old.get(name), new.get(name)
        if one == other:
            continue
        if isinstance(one, Mapping) and isinstance(other, Mapping):
            keys = [k for k in sorted({*one, *other}) if one.get(k) != other.get(k)]
            lines += [f"{name}.{k}: {one.get(k)} → {other.get(k)}" for k in keys]
        else:
            lines.append(f"{name}: {one} → {other}")
    return lines
