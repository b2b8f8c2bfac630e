"""The numerical ground of a run: float64, full matmul precision, a cache of compiled programs."""

from __future__ import annotations

import gc
import math
import os
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

#: what every claim is decided under
SETTINGS: dict[str, Any] = {
    "jax_enable_x64": True,
    "jax_default_matmul_precision": "highest",
    # Compiled programs are kept however small: a first look compiles many small ones.
    "jax_persistent_cache_min_compile_time_secs": 0.0,
    "jax_persistent_cache_min_entry_size_bytes": -1,
}

#: how much is made before Python looks for cycles among it, which took a thirtieth of a run: nearly
#: all that SymPy and JAX make by the million is freed without
GARBAGE = 50_000, 10, 10

#: for XLA on CPUs, where most of a first run is compiling: a third of the time to compile, and the
#: same to run. In how many parts it compiles a program says how many threads take part, and here
#: every process has but one core.
FLAGS = {"xla_cpu_use_fusion_emitters": "false", "xla_cpu_parallel_codegen_split_count": "1"}
#: the versions of jaxlib that know them, from the first to below the second: XLA ends a process for
#: a flag that it does not know
KNOWN_BY = (0, 7, 2), (0, 11)


def cache_folder() -> Path:
    """Where compiled programs are kept: JAX's own variable, or the user's cache folder."""
    if chosen := os.environ.get("JAX_COMPILATION_CACHE_DIR"):
        return Path(chosen)
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "lemmata" / "jax"


def set_environment() -> None:
    """Set what only the environment can, unless the user chose; before NumPy is imported."""
    # The matrices here are small, and more threads only get in each other's way.
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    # Errors inside compiled diffrax code come back as NaN, which is never a verdict. The other way
    # is a callback into Python, and JAX does not keep programs with callbacks in its cache.
    os.environ.setdefault("EQX_ON_ERROR", "nan")
    set_compiler()


def set_compiler() -> None:
    """Have XLA compile fast, by what its variable leaves open; before JAX is imported."""
    given = os.environ.get("XLA_FLAGS", "")
    if KNOWN_BY[0] <= _version("jaxlib") < KNOWN_BY[1]:
        own = [f"--{name}={value}" for name, value in FLAGS.items() if name not in given]
        os.environ["XLA_FLAGS"] = " ".join([*given.split(), *own])


def _version(package: str) -> tuple[int, ...]:
    """The numbers that a version begins with; none where the package is missing."""
    try:
        return tuple(map(int, re.findall(r"\d+", version(package))[:3]))
    except PackageNotFoundError:
        return ()


@contextmanager
def precision() -> Iterator[None]:
    """Set JAX and Python up for deciding claims, and put their settings back afterwards."""
    import jax

    settings = dict(SETTINGS)
    folder = cache_folder()
    if _usable(folder):
        settings["jax_compilation_cache_dir"] = str(folder)
    before = {name: getattr(jax.config, name) for name in settings}
    for name, value in settings.items():
        jax.config.update(name, value)
    thresholds = gc.get_threshold()
    gc.set_threshold(*GARBAGE)
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)
        for name, value in before.items():
            jax.config.update(name, value)


#: when the memory map was looked at last, in seconds of the monotonic clock
_looked = [-math.inf]


def make_room(limit: int | None = None) -> bool:
    """Drop this process's compiled programs once they fill half of its memory map; say if so.

    A program takes up to some hundred mappings, and Linux grants a process 65,530. With none left,
    LLVM does not raise: loading the next program is a segmentation fault. What is dropped is
    compiled again, or read from the cache, where it is used again.

    It looks once a second at most, in which no process compiles half of what is granted: counting
    thousands of mappings takes longer than many a decision.

    **Arguments:** `limit`: mappings that are granted, looked at in any case; the system's own where
    it is not given.
    """
    now = time.monotonic()
    if "jax" not in sys.modules or (limit is None and now - _looked[0] < 1.0):
        return False
    _looked[0] = now
    try:
        granted = limit or int(Path("/proc/sys/vm/max_map_count").read_text())
        used = Path("/proc/self/maps").read_bytes().count(b"\n")
    except OSError:  # no Linux, whose limit this is
        return False
    if 2 * used < granted:
        return False
    sys.modules["jax"].clear_caches()
    return True


def _usable(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(folder, os.W_OK)
