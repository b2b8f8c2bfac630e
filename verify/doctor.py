"""What this installation decides claims with."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator

from lemmata.verify import backend
from lemmata.verify.loading import catalogue
from lemmata.verify.manifest import versions
from lemmata.verify.store import STORE


def findings() -> Iterator[str]:
    """Versions, devices, precision and caches, a line each."""
    yield f"python        {platform.python_version()} on {platform.platform()}"
    for package, version in versions().items():
        yield f"{package:13} {version or 'missing: install it with pip'}"
    import jax
    import jax.numpy as jnp

    with backend.precision():
        devices = ", ".join(f"{d.device_kind} ({d.platform})" for d in jax.devices())
        yield f"devices       {devices}"
        matmul = backend.SETTINGS["jax_default_matmul_precision"]
        yield f"precision     {jnp.ones(()).dtype}, matmul {matmul}"
    yield f"cores         {os.cpu_count()}"
    yield f"cache         {_folder()}"
    yield f"results       {STORE.resolve()}{'' if STORE.is_dir() else ' (none yet)'}"
    yield f"catalogue     {len(catalogue())} claims"


def _folder() -> str:
    folder = backend.cache_folder()
    if not folder.is_dir():
        return f"{folder} (none yet)"
    files = [path for path in folder.rglob("*") if path.is_file()]
    size = sum(path.stat().st_size for path in files) / 1e6
    return f"{folder} ({len(files)} files, {size:.1f} MB)"
