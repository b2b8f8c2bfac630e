"""The published runs of arXiv 2605.30392 over again, and whether each has the published numbers.

The plain oracle of `tests/agents_oracle.py` rolls Python's generator in the order of the authors'
code, so that a seed gives their network, their agents and their dice. By default one cell: learners
at k = 10 and delay 20; `--all` replays experiments 3 to 6. A run's numbers are the largest radical
count of the whole run, and the sum and the range of the counts in its second half; they are
published for 9 cells, in `results/delay_x_learning_3way/summary.csv` of the repository
YehudaItkin/delayed-repression-instability on GitHub, at commit 867dc752: `R_max`, `R_mean_tail`
times 250 steps and `R_amp_tail`, each times 240 agents. Where the paper prints the shares of the
regimes, they stand beside ours.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import multiprocessing
import os
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from tests.agents_oracle import published_run

DATA = Path(__file__).resolve().parents[1] / "tests" / "data" / "delayed_repression_published.csv"
AGENTS = 240
PUBLISHED_SEEDS = range(1, 51)
NUMBERS = ("max", "sum", "amp")


class Cell(NamedTuple):
    """One condition of the experiments."""

    policy: str
    delay: int
    sharpness: float = 10
    regulated: bool = False


HEADLINE = Cell("q-learning", 20)


def printed() -> dict[Cell, tuple[str, list[float]]]:
    """The cells of experiments 3 to 6: where they are printed, and the shares that are."""
    from lemmata.verify.claims import delayed_repression_tables as tables

    found: dict[Cell, tuple[str, list[float]]] = {}

    def add(place: str, cell: Cell, *shares: float) -> None:
        places, known = found.get(cell, ("", []))
        found[cell] = (
            f"{places}, {place}" if places else place,
            max(known, list(shares), key=len),  # all three, where one place has them
        )

    for delay, share in tables.TABLE_3.items():
        add("3", Cell("q-learning", delay, 20), share)
    for k, shares in tables.TABLE_4.items():
        add("4", Cell("q-learning", 15, k), *shares)
    for number, row in tables.TABLE_5.items():
        for delay, share in row.items():
            add("5", Cell(tables.POLICIES[number], delay), share)
    for delay, shares in tables.TABLE_5_FINE.items():
        add("5 fine", Cell("reactive", delay), *shares)
    conditions = (Cell("fixed", 6), Cell("q-learning", 6), Cell("q-learning", 6, regulated=True))
    for cell, shares in zip(conditions, tables.TABLE_6.values(), strict=True):
        add("6", cell, *shares)
    return found


def published() -> dict[Cell, dict[int, tuple[int, ...]]]:
    """The published numbers by cell and seed."""
    found: dict[Cell, dict[int, tuple[int, ...]]] = {}
    with DATA.open() as file:
        for row in csv.DictReader(file):
            runs = found.setdefault(Cell(row["policy"], int(row["delay"])), {})
            runs[int(row["seed"])] = tuple(int(row[name]) for name in NUMBERS)
    return found


def replay(task: tuple[Cell, int]) -> list[int]:
    """The radical counts of one run."""
    cell, seed = task
    return published_run(
        seed, policy=cell.policy, delay=cell.delay, sharpness=cell.sharpness,
        regulated=cell.regulated,
    )  # fmt: skip


def numbers(counts: np.ndarray) -> tuple[int, ...]:
    """Those that are published, in the order of `NUMBERS`."""
    tail = counts[len(counts) // 2 :]
    return int(counts.max()), int(tail.sum()), int(np.ptp(tail))


def equal(counts: np.ndarray, seeds: range, known: dict[int, tuple[int, ...]]) -> str:
    """How many runs have the published numbers, and which have not."""
    found = {s: numbers(c) for s, c in zip(seeds, counts, strict=True) if s in known}
    if not found:
        return "—"
    wrong = [seed for seed, have in found.items() if have != known[seed]]
    return f"{len(found) - len(wrong)} of {len(found)}" + (f", not seeds {wrong}" if wrong else "")


def shares_of(counts: np.ndarray) -> Iterator[str]:
    """The shares of stable, oscillatory and runaway, by the whole run and by its second half."""
    from lemmata.solvers import regimes

    for runaway in (regimes.runaway_whole_run, regimes.runaway_second_half):
        found = np.bincount(regimes.regimes(counts, AGENTS, runaway), minlength=3)
        yield line(found / len(counts))


def line(shares: list[float] | np.ndarray) -> str:
    """Three shares; where only the last is printed, that one."""
    return " ".join([" — "] * (3 - len(shares)) + [f"{share:.2f}" for share in shares])


def whole_range(text: str) -> range:
    """1-200, or one number."""
    first, _, last = text.partition("-")
    found = range(int(first), int(last or first) + 1)
    if not found:
        raise ValueError(text)
    return found


def main() -> None:
    """Replay and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0], allow_abbrev=False)
    parser.add_argument("--all", action="store_true", help="all cells of experiments 3 to 6")
    parser.add_argument(
        "--seeds", type=whole_range, default=PUBLISHED_SEEDS, help="such as 1-200 (default: 1-50)"
    )
    given, _ = parser.parse_known_args()  # `make bench` has one set of arguments for all
    seeds: range = given.seeds
    known, places = published(), printed()
    cells = list(places) if given.all else [HEADLINE]
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    begin = time.perf_counter()
    print(f"seeds {seeds[0]} to {seeds[-1]}; shares of stable, oscillatory and runaway runs")
    row = "{:10} {:22} {:>5} {:>4}  {:15} {:15} {:15} {}"
    print(
        row.format(
            "experiment", "agents", "delay", "k", "by whole run", "by second half",
            "printed", "runs with the published numbers",
        )
    )  # fmt: skip
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(cores, mp_context=context) as pool:
        runs = pool.map(replay, itertools.product(cells, seeds), chunksize=5)
        try:
            for cell in cells:
                counts = np.array(list(itertools.islice(runs, len(seeds))))
                place, told = places[cell]
                who = cell.policy + (", regulated" if cell.regulated else "")
                print(
                    row.format(
                        place, who, cell.delay, f"{cell.sharpness:g}", *shares_of(counts),
                        line(told) if seeds == PUBLISHED_SEEDS else "",
                        equal(counts, seeds, known.get(cell, {})),
                    ),
                    flush=True,
                )  # fmt: skip
        except BaseException:  # an interrupt does not wait for what has not begun
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    taken = time.perf_counter() - begin
    print(f"{len(cells) * len(seeds):,} runs in {taken:.0f} s on {cores} cores")


if __name__ == "__main__":
    main()
