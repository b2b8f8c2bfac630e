"""What delay equations cost: the integrators of lemmata against jitcdde, at equal achieved errors.

The delayed replicator equation x' = x (1 - x) [a - C / (1 + exp(-k (x(t - D) - x_c)))], a = 2,
C = 7, k = 10, x_c = 0.72, from the history x* + 0.05, to t = 120: one trajectory at D = 1.2 D_c,
and 1,000 delays in [0.8, 1.6] D_c. Every error is the largest over 100 times that are whole delays,
against a reference that two independent methods agree on. The process keeps to one core, so that
all have one thread; times are medians of warm repeats that take turns.
The peer comes with `pip install -e '.[bench]'`.
"""

from __future__ import annotations

import math
import os
import statistics
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from typing import NamedTuple

if hasattr(os, "sched_setaffinity"):  # before JAX counts the cores
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})

import jax
import jax.numpy as jnp
import numpy as np

from lemmata.solvers.aligned import ConstantHistory, solve_aligned
from lemmata.solvers.dde import solve_dde

try:
    import symengine
    from jitcdde import jitcdde, t, y
except ImportError as missing:
    print(f"{missing}; install the peer: pip install -e '.[bench]'", file=sys.stderr)
    sys.exit(2)

A, C, K, X_C = 2.0, 7.0, 10.0, 0.72
REST = X_C + math.log(A / (C - A)) / K
CRITICAL = math.pi / (2 * K * A * REST * (1 - REST) * (1 - A / C))
START = REST + 0.05
END = 120.0

ONE = np.array([1.2 * CRITICAL])
MANY = np.linspace(0.8, 1.6, 1000) * CRITICAL
SAMPLES = 100
TARGET = 1e-6  # achieved, in the thousand
REPEATS_ONE, REPEATS_MANY = (9, 7), (3, 1)  # turns, runs in each
RTOLS = tuple(10 ** (-n / 4) for n in range(16, 41))
PEER_RTOLS = (1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9, 1e-10)
STEPS = (3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 32, 40, 48, 64, 80, 96, 128)

Solver = Callable[[np.ndarray], np.ndarray]


class Setting(NamedTuple):
    """An integrator at one step or tolerance, the error it reached, and its first call's time."""

    value: float
    error: float
    run: Solver
    first: float


def rhs(t, x, xlag, args):
    return x * (1 - x) * (A - C / (1 + jnp.exp(-K * (xlag[0] - X_C))))


def sampled(delays: np.ndarray) -> np.ndarray:
    """The whole delays, (lanes, SAMPLES), at which solutions are compared; the last is near END."""
    return np.rint(np.linspace(2, np.floor(END / delays), SAMPLES, axis=-1)).astype(int)


def at_samples(nodes: np.ndarray, delays: np.ndarray) -> np.ndarray:
    """States at the samples, out of those (lanes, count) at every whole delay."""
    return np.take_along_axis(np.asarray(nodes), sampled(delays), axis=1)


def covering(delays: np.ndarray) -> int:
    """Delay lengths that reach END in every lane."""
    return math.ceil(END / delays.min())


def by_quadrature(delays: np.ndarray, degree: int = 40) -> np.ndarray:
    """The solution at every whole delay, by the method of steps, to round-off.

    In z = log(x / (1 - x)) the equation is z' = a - C p(x(t - D)): each delay length is one
    integral of what is known, taken over Chebyshev points.
    """
    points = (1 - np.cos(np.pi * np.arange(degree + 1) / degree)) / 2
    cheb = np.polynomial.chebyshev
    to_series = np.linalg.inv(cheb.chebvander(2 * points - 1, degree))
    integral = cheb.chebint(to_series, lbnd=-1, scl=0.5)
    weights = cheb.chebvander(2 * points - 1, degree + 1) @ integral
    x = np.full((delays.size, degree + 1), START)
    z = np.full(delays.size, math.log(START / (1 - START)))
    nodes = [x[:, -1]]
    for _ in range(covering(delays)):
        slope = A - C / (1 + np.exp(-K * (x - X_C)))
        path = z[:, None] + delays[:, None] * (slope @ weights.T)
        x, z = 1 / (1 + np.exp(-path)), path[:, -1]
        nodes.append(x[:, -1])
    return np.stack(nodes, axis=1)


def reference(delays: np.ndarray, steps: int) -> np.ndarray:
    """States at the samples; exits unless quadrature and a fine Runge-Kutta solve agree."""
    exact = at_samples(by_quadrature(delays), delays)
    coarser = at_samples(by_quadrature(delays, 28), delays)
    solve = aligned(steps, delays)
    fine = np.concatenate([solve(part) for part in np.split(delays, min(8, delays.size))])
    gaps = [np.abs(exact - other).max() for other in (coarser, at_samples(fine, delays))]
    print(
        f"reference for {delays.size:,}: quadrature, degree 40 against 28: {gaps[0]:.0e};", end=" "
    )
    print(f"against Runge-Kutta, {steps} steps a delay: {gaps[1]:.0e}")
    if not max(gaps) < TARGET / 100:
        sys.exit("the two reference methods do not agree: no errors can be told")
    return exact


def trajectory(steps: int, count: int) -> Callable:
    """From a delay to the states at its first `count` multiples, by `solve_aligned`."""

    def one(delay):
        path = solve_aligned(
            rhs, ConstantHistory(START), delay, delays=count, steps_per_delay=steps
        )
        return path.ys[::steps]

    return one


def aligned(steps: int, delays: np.ndarray) -> Solver:
    """The solver of `delays` or of parts of them, compiled on first use: states at whole delays."""
    one = trajectory(steps, covering(delays))
    run = jax.jit(lambda d: one(d[0])[None] if d.size == 1 else jax.vmap(one)(d))
    return lambda batch: np.asarray(run(batch))


def adaptive(rtol: float, delays: np.ndarray) -> Solver:
    """The same by `solve_dde`: states at the samples; compiled once for all tolerances."""
    places = jnp.asarray(sampled(delays), dtype=float)
    return lambda batch: np.asarray(_adaptive(batch, places, rtol))


@jax.jit
def _adaptive(batch, places, rtol):
    def one(delay, place):
        solution = solve_dde(
            rhs, ConstantHistory(START), delay, 0.0, END, ts=place * delay, rtol=rtol, atol=rtol,
            error_estimate=False,
        )  # fmt: skip
        return solution.ys

    return jax.vmap(one)(batch, places)


class Peer:
    """A compiled jitcdde problem; `delay` None makes the delay a control parameter."""

    def __init__(self, delay: float | None):
        symbol = symengine.Symbol("delay")
        lag = symbol if delay is None else delay
        slope = y(0) * (1 - y(0)) * (A - C / (1 + symengine.exp(-K * (y(0, t - lag) - X_C))))
        parameter = {"control_pars": [symbol], "max_delay": MANY.max()} if delay is None else {}
        begin = time.perf_counter()
        self.problem = jitcdde([slope], verbose=False, **parameter)
        self.problem.compile_C()
        self.compile_time = time.perf_counter() - begin
        self.fixed = delay is not None

    def solve(self, delay: float, rtol: float, times=(END,)) -> list[float]:
        """States at the times; by default the last alone, which is the cheapest to ask for."""
        problem = self.problem
        problem.purge_past()
        problem.constant_past([START])
        if not self.fixed:
            problem.set_parameters(delay)
        problem.set_integration_parameters(rtol=rtol, atol=rtol, first_step=delay / 16)
        # Stepping on discontinuities is refused where a delay is a parameter.
        problem.step_on_discontinuities() if self.fixed else problem.adjust_diff()
        return [problem.integrate(time)[0] for time in times]

    def error(self, delays: np.ndarray, rtol: float, exact: np.ndarray) -> float:
        times = sampled(delays) * delays[:, None]
        found = [self.solve(d, rtol, ts) for d, ts in zip(delays, times, strict=True)]
        return float(np.abs(np.array(found) - exact).max())

    def sweep(self, rtol: float) -> None:
        for delay in MANY:
            self.solve(delay, rtol)


def seconds(task: Callable[[], object]) -> float:
    begin = time.perf_counter()
    task()
    return time.perf_counter() - begin


class Times(NamedTuple):
    """Median seconds: of warm runs, and of those right after another task, in its caches."""

    warm: float
    after: float


def medians(tasks: dict[str, Callable[[], object]], turns: int, runs: int) -> dict[str, Times]:
    """The tasks take turns of some runs in a row, so that a busy moment falls on all of them."""
    times: dict[str, list[list[float]]] = {name: [] for name in tasks}
    for turn in range(turns + 1):
        for name, task in tasks.items():
            taken = [seconds(task) for _ in range(runs if turn else 1)]
            if turn:
                times[name].append(taken)
    return {
        name: Times(
            statistics.median(run for taken in all_turns for run in taken[runs > 1 :]),
            statistics.median(taken[0] for taken in all_turns),
        )
        for name, all_turns in times.items()
    }


def ladder(
    make: Callable[[float, np.ndarray], Solver],
    values: Sequence[float],
    delays: np.ndarray,
    exact: np.ndarray,
    smallest: float,
) -> list[Setting]:
    """The integrator at ever finer settings, until its error is the smallest that is needed."""
    rungs: list[Setting] = []
    for value in values:
        run = make(value, delays)
        first = seconds(lambda run=run: run(delays))
        found = run(delays)
        found = found if found.shape == exact.shape else at_samples(found, delays)
        rungs.append(Setting(value, float(np.abs(found - exact).max()), run, first))
        if rungs[-1].error <= smallest:
            break
    return rungs


def ladders(delays: np.ndarray, exact: np.ndarray, smallest: float) -> dict[str, list[Setting]]:
    """Of each integrator of lemmata that is there."""
    found = {"solve_aligned": ladder(aligned, STEPS, delays, exact, smallest)}
    if delays.size == 1:  # a lane of a batch costs what a trajectory does: minutes for a thousand
        found["solve_dde"] = ladder(adaptive, RTOLS, delays, exact, smallest)
    return found


def cheapest(rungs: list[Setting], error: float) -> Setting | None:
    """The coarsest setting that reaches the error."""
    return next((rung for rung in rungs if rung.error <= error), None)


def compete(
    peer: Callable[[], object],
    label: str,
    error: float,
    found: dict[str, Setting | None],
    delays: np.ndarray,
    repeats: tuple[int, int],
) -> dict[str, Times]:
    """Time all, print a line for each, and hand back the times."""
    there = {name: rung for name, rung in found.items() if rung is not None}
    tasks = {"jitcdde": peer}
    tasks |= {name: lambda run=rung.run: run(delays) for name, rung in there.items()}
    times = medians(tasks, *repeats)
    base = times["jitcdde"]
    print(f"  {'jitcdde':15} {label:10} error {error:.1e} {1e3 * base.warm:10.2f} ms")
    for name in found:
        if name not in there:
            print(f"    {name:13} no setting reaches this error")
            continue
        rung, taken = there[name], times[name]
        after = f", right after jitcdde {base.after / taken.after:.1f} ×" if repeats[1] > 1 else ""
        print(
            f"    {name:13} {rung.value:<10.3g} error {rung.error:.1e} {1e3 * taken.warm:10.2f} ms"
            f" {base.warm / taken.warm:7.1f} ×{after}"
            f"   (compiled in {rung.first - taken.warm:.2f} s)"
        )
    return times


def one_trajectory(exact: np.ndarray) -> None:
    delay = float(ONE[0])
    peer = Peer(delay)
    print("\none trajectory (aim: 10 × at equal error)", end="; ")
    print(f"jitcdde compiled in {peer.compile_time:.2f} s")
    errors = {rtol: peer.error(ONE, rtol, exact) for rtol in PEER_RTOLS}
    rungs = ladders(ONE, exact, min(errors.values()))
    for rtol, error in errors.items():
        found = {name: cheapest(steps, error) for name, steps in rungs.items()}
        solve = lambda rtol=rtol: peer.solve(delay, rtol)
        compete(solve, f"{rtol:.0e}", error, found, ONE, REPEATS_ONE)


def thousand(exact: np.ndarray) -> tuple[float, int]:
    """Print; then the seconds that a trajectory of `solve_aligned` takes, and its steps a delay."""
    peer = Peer(None)
    print(f"\n1,000 delays, errors below {TARGET:.0e} (aim: 20 ×)", end="; ")
    print(f"jitcdde compiled in {peer.compile_time:.2f} s")
    few = slice(None, None, 37)  # to find a tolerance near; all lanes then have to reach it
    near = next(i for i, r in enumerate(RTOLS) if peer.error(MANY[few], r, exact[few]) < TARGET)
    errors = ((rtol, peer.error(MANY, rtol, exact)) for rtol in RTOLS[near:])
    rtol, error = next(pair for pair in errors if pair[1] < TARGET)
    rungs = ladders(MANY, exact, TARGET)
    found = {name: cheapest(steps, TARGET) for name, steps in rungs.items()}
    times = compete(lambda: peer.sweep(rtol), f"{rtol:.1e}", error, found, MANY, REPEATS_MANY)
    return times["solve_aligned"].warm / MANY.size, int(rungs["solve_aligned"][-1].value)


def million(device, lanes: int, steps: int, cpu: float, chunks: int = 8) -> None:
    """A million end states on an accelerator, against the CPU and against arithmetic alone."""
    delays = np.linspace(0.8, 1.6, lanes) * CRITICAL
    parts = [jax.device_put(part, device) for part in np.split(delays, chunks)]
    one = trajectory(steps, covering(delays))
    run = jax.jit(jax.vmap(lambda delay: one(delay)[-1]))
    first = seconds(lambda: np.asarray(run(parts[0])))
    taken = statistics.median(
        seconds(lambda: [np.asarray(run(part)) for part in parts]) for _ in range(REPEATS_MANY[0])
    )
    # The limit: as many right-hand sides, on numbers that never leave the registers.
    unrolled = 32
    rounds = covering(delays) * (4 * steps + 1) // unrolled

    def chain(_, x):
        for _ in range(unrolled):
            x = x + 1e-3 * rhs(0.0, x, (x,), None)
        return x

    bare = jax.jit(lambda x: jax.lax.fori_loop(0, rounds, chain, x))
    x = jax.device_put(np.full(lanes, START), device)
    jax.block_until_ready(bare(x))
    limit = statistics.median(
        seconds(lambda: jax.block_until_ready(bare(x))) for _ in range(REPEATS_MANY[0])
    )
    print(f"\n{lanes:,} trajectories on {device.device_kind}, {steps} steps a delay, float64")
    print(f"  {taken:.2f} s (compiled in {first:.1f} s): {cpu * lanes / taken:.0f} × one CPU core")
    print(f"  {taken / limit:.1f} × the time of its right-hand sides alone ({limit:.2f} s)")


def main() -> None:
    """Measure and print."""
    warnings.simplefilter("ignore")  # jitcdde reminds of discontinuities, which are dealt with
    jax.config.update("jax_enable_x64", True)
    accelerators = [device for device in jax.devices() if device.platform != "cpu"]
    with jax.default_device(jax.devices("cpu")[0]):
        one_trajectory(reference(ONE, 1024))
        cpu, steps = thousand(reference(MANY, 128))
    if solve_dde is None:
        print("\nlemmata.solvers.dde is not there: the adaptive solver was not timed")
    if accelerators:
        million(accelerators[0], 1_000_000, steps, cpu)
    else:
        print("\na million trajectories: no GPU is at hand")


if __name__ == "__main__":
    main()
