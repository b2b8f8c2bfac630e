"""What starting costs: `lemmata list` and `--help`, and the plugin in an unrelated pytest run.

Prints medians over repeated runs, and ratios against a peer in the same run: an empty Python, and
pytest with the plugin blocked.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

REPEATS = 15


def seconds(command: list[str], folder: Path) -> float:
    """The time of one run."""
    begin = time.perf_counter()
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return time.perf_counter() - begin


def medians(commands: dict[str, list[str]], folder: Path) -> dict[str, float]:
    """Median times; the commands take turns, so that a busy moment falls on all of them."""
    times: dict[str, list[float]] = {name: [] for name in commands}
    for turn in range(REPEATS + 1):
        for name, command in commands.items():
            taken = seconds(command, folder)
            if turn:  # the first turn fills the caches of the file system
                times[name].append(taken)
    return {name: statistics.median(taken) for name, taken in times.items()}


def main() -> None:
    """Measure and print."""
    python = sys.executable
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "test_unrelated.py").write_text("def test_one():\n    assert True\n")
        pytest = [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_unrelated.py"]
        found = medians(
            {
                "python -c pass": [python, "-c", "pass"],
                "lemmata --help": [python, "-m", "lemmata.verify", "--help"],
                "lemmata list": [python, "-m", "lemmata.verify", "list"],
                "pytest, plugin blocked": [*pytest, "-p", "no:lemmata"],
                "pytest, plugin loaded": pytest,
            },
            folder,
        )
    empty = found["python -c pass"]
    for name, taken in found.items():
        print(f"{name:24} {1000 * taken:7.0f} ms   {taken / empty:5.1f} × an empty Python")
    added = found["pytest, plugin loaded"] - found["pytest, plugin blocked"]
    print(f"{'the plugin adds':24} {1000 * added:7.0f} ms   (aim: below 50 ms)")
    print(f"{'list':24} {1000 * found['lemmata list']:7.0f} ms   (aim: well below 500 ms)")


if __name__ == "__main__":
    main()
