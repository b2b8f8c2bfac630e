"""What the cache of compiled programs saves: `lemmata verify`, cold and warm, in the same run."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

REPEATS = 3


def verify(folder: Path, cache: Path) -> float:
    """The time of one `lemmata verify` with this cache."""
    begin = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "lemmata.verify", "verify", "--quiet"],
        cwd=folder,
        check=True,
        capture_output=True,
        env={**os.environ, "JAX_COMPILATION_CACHE_DIR": str(cache)},
    )
    return time.perf_counter() - begin


def main() -> None:
    """Measure and print."""
    cold: list[float] = []
    warm: list[float] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for turn in range(REPEATS):
            cold.append(verify(folder, folder / f"cache{turn}"))
            warm.append(verify(folder, folder / f"cache{turn}"))
    first, second = statistics.median(cold), statistics.median(warm)
    print(f"first run, empty cache   {first:6.1f} s")
    print(f"second run, warm cache   {second:6.1f} s   {second / first:.2f} of the first")


if __name__ == "__main__":
    main()
