"""What descent on factors costs: `gradient_descent` against straight NumPy.

A batch of 16 seeds with k = 10 columns, in double precision, on one core. Where the truth is known,
the first peer is the step as it is written, x - eta (x x^T - Sigma) x on arrays of (16, n, k), and
the second has the same algebra as the solver: a diagonal Sigma and x^T x. With Gaussian
measurements the peer has the same Gram matrices. All must give the same factors after ten steps;
otherwise there is no number. Times are the best of warm repeats that take turns. What this core
does at best comes first: in a large product of matrices, and in reading a long vector.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"
os.environ["MKL_NUM_THREADS"] = "1"
if hasattr(os, "sched_setaffinity"):  # before JAX counts them
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})

import jax
import numpy as np

from lemmata.solvers.sensing import gradient_descent
from lemmata.solvers.sensing_operators import Gram, Problem, gaussian, population

SEEDS, COLUMNS, RATE = 16, 10, 0.1
AIMS = {20: 4, 50: 4, 100: 4, 200: 1, 500: 1}  # times as fast as straight NumPy
AGREE = 1e-12

Step = Callable[[np.ndarray], np.ndarray]


def truth_of(n: int) -> np.ndarray:
    return np.diag([1.0, 0.7, 0.5] + [0.0] * (n - 3))


def starts(n: int, k: int = COLUMNS) -> np.ndarray:
    return np.random.default_rng(n).standard_normal((SEEDS, n, k)) / np.sqrt(n)


def straight(n: int) -> Step:
    truth = truth_of(n)
    return lambda x: x - RATE * ((x @ x.transpose(0, 2, 1) - truth) @ x)


def thin(n: int) -> Step:
    values = np.diag(truth_of(n))[:, None]
    return lambda x: x - RATE * (x @ (x.transpose(0, 2, 1) @ x) - values * x)


def with_gram(problem: Gram, n: int) -> Step:
    matrix, target = np.asarray(problem.matrix), np.asarray(problem.target)
    row, column = np.triu_indices(n)
    weight = np.where(row == column, 1.0, np.sqrt(2))

    def step(x: np.ndarray) -> np.ndarray:
        v = (x @ x.transpose(0, 2, 1))[:, row, column] * weight
        slope = ((matrix @ v[..., None])[..., 0] - target) / weight
        R = np.empty((SEEDS, n, n))
        R[:, row, column] = R[:, column, row] = slope
        return x - RATE * (R @ x)

    return step


def by_numpy(step: Step, x: np.ndarray, steps: int) -> np.ndarray:
    for _ in range(steps):
        x = step(x)
    return x


def by_solver(problem: Problem, x: np.ndarray, steps: int) -> np.ndarray:
    return gradient_descent(problem, x, rate=RATE, steps=(steps,)).factors[0]


def seconds(task: Callable[[], object]) -> float:
    begin = time.perf_counter()
    task()
    return time.perf_counter() - begin


def rates(tasks: dict[str, Callable[[int], np.ndarray]], length: float, turns: int) -> dict:
    """Steps a second of each task, which do as many as take about `length` seconds."""
    first, *others = [task(10) for task in tasks.values()]
    for name, found in zip(list(tasks)[1:], others, strict=True):
        if not np.abs(found - first).max() < AGREE * np.abs(first).max():
            sys.exit(f"{name}: not the factors of {next(iter(tasks))}")
    counts, base = {}, {}
    for name, task in tasks.items():
        # What a call costs beside its steps, the decomposition of the truth above all.
        base[name] = min(seconds(lambda task=task: task(1)) for _ in range(3))
        count = 16
        while (taken := seconds(lambda n=count, f=task: f(n)) - base[name]) < length / 2:
            count = int(count * min(16.0, max(2.0, length / max(taken, 1e-3))))
        counts[name] = count
    best = dict.fromkeys(tasks, np.inf)
    for _ in range(turns):
        for name, task in tasks.items():
            taken = seconds(lambda task=task, name=name: task(counts[name])) - base[name]
            best[name] = min(best[name], taken / counts[name])
    return {name: 1 / taken for name, taken in best.items()}


def at_best() -> None:
    """What this core can do: arithmetic, and reading from memory."""
    a, long = np.ones((800, 800)), np.ones(2**25)
    flops = 2 * 800**3 / min(seconds(lambda: a @ a) for _ in range(5))
    read = long.nbytes / min(seconds(lambda: np.dot(long, long)) for _ in range(5))
    print(f"this core: {flops / 1e9:.0f} GFlop/s in a product, reads {read / 1e9:.0f} GB/s")


def known(sizes: list[int], length: float, turns: int) -> None:
    print(f"\ntruth known, {SEEDS} seeds, k = {COLUMNS}: steps of the whole batch a second")
    for n in sizes:
        x, problem = starts(n), population(truth_of(n))
        found = rates(
            {
                "straight": lambda T, n=n, x=x: by_numpy(straight(n), x, T),
                "thin": lambda T, n=n, x=x: by_numpy(thin(n), x, T),
                "solver": lambda T, x=x, problem=problem: by_solver(problem, x, T),
            },
            length,
            turns,
        )
        work = 4 * n * COLUMNS**2 * SEEDS
        print(
            f"  n = {n:3}: straight {found['straight']:8.0f}, thin {found['thin']:8.0f}, solver"
            f" {found['solver']:8.0f}: {found['solver'] / found['straight']:5.1f} × straight"
            f" (aim: {AIMS[n]}), {found['solver'] / found['thin']:4.1f} × thin;"
            f" {work * found['solver'] / 1e9:4.1f} GFlop/s",
            flush=True,
        )


def growing(n: int, length: float, turns: int) -> None:
    print(f"\nthe same at n = {n}, by columns")
    for k in (5, 10, 20, 40):
        x, problem = starts(n, k), population(truth_of(n))
        (rate,) = rates(
            {"solver": lambda T, x=x, problem=problem: by_solver(problem, x, T)}, length, turns
        ).values()
        print(
            f"  k = {k:2}: {rate:8.0f} a second, {4 * n * k * k * SEEDS * rate / 1e9:4.1f} GFlop/s"
        )


def measured(cases: list[tuple[int, int]], length: float, turns: int) -> None:
    print(f"\nGaussian measurements, {SEEDS} seeds with their own, k = {COLUMNS}")
    for n, m in cases:
        x, D = starts(n), n * (n + 1) // 2
        problem = gaussian(jax.random.key(n), truth_of(n), m, seeds=SEEDS)
        gram = problem.gram()
        found = rates(
            {
                "NumPy": lambda T, n=n, x=x, gram=gram: by_numpy(with_gram(gram, n), x, T),
                "Gram": lambda T, x=x, gram=gram: by_solver(gram, x, T),
                "rows": lambda T, x=x, problem=problem: by_solver(problem, x, T),
            },
            length,
            turns,
        )
        size = 8 * D * D * SEEDS
        print(
            f"  n = {n:2}, m = {m:4}: NumPy {found['NumPy']:6.0f}, Gram {found['Gram']:6.0f}:"
            f" {found['Gram'] / found['NumPy']:4.1f} × NumPy, {size / 2**20:4.0f} MiB read a step,"
            f" {size * found['Gram'] / 1e9:4.0f} GB/s; row by row {found['rows']:6.0f}",
            flush=True,
        )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0], allow_abbrev=False)
    parser.add_argument("--quick", action="store_true", help="shorter, and fewer sizes")
    given, _ = parser.parse_known_args()  # `make bench` has one set of arguments for all
    jax.config.update("jax_enable_x64", True)
    length, turns = (0.3, 4) if given.quick else (1.0, 5)
    at_best()
    known([20, 50, 100, 500] if given.quick else list(AIMS), length, turns)
    growing(100, length, turns)
    cases = [(20, 500), (20, 1000), (20, 4000), (30, 1000)]
    measured(cases[:2] if given.quick else cases, length, turns)


if __name__ == "__main__":
    main()
