"""What agents cost: `simulate` against the rules an agent at a time, and against NumPy.

Populations of 240 agents for 500 steps under an alarm that is 6 steps late. The first peer is the
plain Python of `tests/agents_oracle.py`, one agent at a time; the second does the same steps in
NumPy, one population at a time, all its agents at once. All get equal draws, and in double
precision all have to give equal trajectories: otherwise there is no number. In single precision
rounding can change a decision, and with it all that follows; the runs in which it did not are
counted. The process keeps to one core, so that all have one thread; `--all-cores` lets `simulate`
have every core, and its peers still have one. Times are the best of warm repeats that take turns.
Populations are drawn beforehand, the peers' draws too; `simulate` draws its own.
"""

from __future__ import annotations

import argparse
import math
import multiprocessing
import os
import resource
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import NamedTuple

if hasattr(os, "sched_setaffinity") and "--all-cores" not in sys.argv:  # before JAX counts them
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})

import jax
import numpy as np

from lemmata.solvers import agents
from lemmata.solvers.agent_network import Populations, draw_populations
from lemmata.solvers.agent_rules import Condition

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from tests.agents_oracle import Handed, agents_of, reference_run

CONDITION = Condition(delay=6)
STEPS = 500
SAME_IN_SINGLE = 0.9  # of the runs, at least
FORCES = (0.0, 0.5, 1.0, 1.5, 2.0, 2.5)


class Kind(NamedTuple):
    """Who acts, and how many times as fast as the plain oracle `simulate` is to be."""

    policy: agents.Policy
    regulated: bool
    aim: int


KINDS = {
    "fixed": Kind("fixed", False, 300),
    "reactive": Kind("reactive", False, 300),
    "q-learning": Kind("q-learning", False, 100),
    "q-learning, regulated": Kind("q-learning", True, 100),
}


class Effort(NamedTuple):
    """How much is measured: runs at a time, repeats, runs of the peers, ever more seeds."""

    lanes: int = agents.LANES
    turns: int = 3
    peer_runs: int = 4
    seeds: tuple[int, ...] = (50, 500, 5000)
    seed_turns: int = 2


QUICK = Effort(lanes=agents.LANES // 2, turns=1, peer_runs=1, seeds=(50, 200), seed_turns=1)


def by_numpy(populations: Populations, run: int, draws: np.ndarray, kind: Kind) -> np.ndarray:
    """The radical counts of one run: the rules for all agents of a population at once."""
    c = CONDITION
    # The edges, without the places in the staircase that hold none.
    there = np.flatnonzero(populations.weights[run])
    targets = np.concatenate([np.arange(count) for count in populations.stairs])[there]
    sources = populations.neighbours[run][there]
    weights = populations.weights[run][there]
    charisma, cost_scale = populations.charisma[run], populations.cost_scale[run]
    detectability = populations.detectability[run]
    benefit, cost = np.array(c.benefit), np.array(c.cost)
    n = populations.agents
    agent = np.arange(n)

    def influences(action: np.ndarray) -> np.ndarray:
        return np.bincount(targets, weights * action[sources], minlength=n)

    def bucket(value, low: float, high: float):
        return 1 * (value >= low) + (value >= high)

    def seen(influence: np.ndarray, late: float, punished: np.ndarray) -> np.ndarray:
        return 6 * bucket(late, 0.35, 0.75) + 2 * bucket(influence, 2.0, 5.0) + punished

    def regulator_sees(late: float, action: np.ndarray) -> tuple[int, int]:
        radical = np.count_nonzero(action == 2) / n
        return int(late >= 0.3) + bucket(late, 0.5, 0.7), bucket(radical, 0.15, 0.30)

    def epsilon_greedy(u, values: np.ndarray, epsilon: float) -> np.ndarray:
        explores = u < epsilon
        counts = np.cumsum((values == values.max(axis=0)) | explores, axis=0)
        share = np.where(explores, u / epsilon, (u - epsilon) / (1 - epsilon))
        rank = np.minimum((share * counts[-1]).astype(int), counts[-1] - 1)
        return (rank >= counts[:-1]).sum(axis=0)

    action = populations.first[run].astype(int)
    punished = np.zeros(n, bool)
    influence = influences(action)
    alarms = [float(np.mean(detectability * action))] * (c.delay + 1)
    values = np.zeros((3, 18, n))
    regulator = np.zeros((len(FORCES), 4, 3))
    force, choice, saw = c.force, 0, (0, 0)
    radicals = np.zeros(STEPS, int)
    for t in range(STEPS):
        radicals[t] = np.count_nonzero(action == 2)
        acting, punishing = draws[t, 0, :n], draws[t, 1, :n]
        late = alarms[t]
        if kind.regulated:
            saw = regulator_sees(late, action)
            options = regulator[:, *saw]
            choice = int(epsilon_greedy(draws[t, 0, n], options, c.regulator_exploration))
            force = FORCES[choice]
        before, known = agent, values[:, 0]
        if kind.policy == "fixed":
            action = bucket(acting, 0.65, 0.65 + 0.27)
        elif kind.policy == "q-learning":
            before = seen(influence, late, punished)
            known = values[:, before, agent]
            action = epsilon_greedy(acting, known, c.exploration)
        elif late >= 0.75:
            action = np.zeros(n, int)
        elif late >= 0.35:
            action = 1 - punished
        else:
            near = bucket(influence, 2.0, 5.0)
            calm = np.where(near > 0, near, bucket(acting, 0.30, 0.30 + 0.55))
            action = np.where(punished, 0, calm)
        influence = influences(action)
        urge = 1 / (1 + math.exp(-c.sharpness * (late - c.threshold)))
        punished = punishing < np.clip(force * urge * detectability, 0, 1)
        alarms.append(float(np.mean(detectability * action)))
        if kind.policy == "q-learning":
            reward = (
                benefit[action] * charisma
                + c.influence * influence * action
                - punished * cost[action] * cost_scale
            )
            best = values[:, seen(influence, alarms[t + 1], punished), agent].max(axis=0)
            old = known[action, agent]
            values[action, before, agent] = old + c.learning_rate * (
                reward + c.discount * best - old
            )
        if kind.regulated:
            reward = -np.count_nonzero(action == 2) / n - 0.1 * force
            best = regulator[:, *regulator_sees(alarms[-1], action)].max()
            old = regulator[choice, *saw]
            regulator[choice, *saw] = old + c.regulator_rate * (
                reward + c.regulator_discount * best - old
            )
    return radicals


def by_oracle(populations: Populations, run: int, draws: np.ndarray, kind: Kind) -> np.ndarray:
    """The same, an agent at a time."""
    radicals = reference_run(
        agents_of(populations, run), Handed(draws),
        policy=kind.policy, delay=CONDITION.delay, steps=STEPS, regulated=kind.regulated,
    )  # fmt: skip
    return np.array(radicals)


def simulated(populations: Populations, kind: Kind, precision: str) -> np.ndarray:
    """The same by `simulate`, shape `(runs, steps)`."""
    return agents.simulate(
        populations, CONDITION, jax.random.key(0),
        policy=kind.policy, regulated=kind.regulated, steps=STEPS, precision=precision,
    )[0]  # fmt: skip


@partial(jax.jit, static_argnames="count")
def _draws(key, seed, count):
    at = lambda t: agents.uniforms(key, t, seed, count, np.float32)
    return jax.vmap(at)(np.arange(STEPS))


def seconds(task: Callable[[], object]) -> float:
    begin = time.perf_counter()
    task()
    return time.perf_counter() - begin


def fastest(tasks: dict[str, Callable[[], object]], turns: int) -> dict[str, float]:
    """The tasks take turns, so that a busy moment falls on all of them."""
    times: dict[str, list[float]] = {name: [] for name in tasks}
    for _ in range(turns):
        for name, task in tasks.items():
            times[name].append(seconds(task))
    return {name: min(taken) for name, taken in times.items()}


def compete(
    name: str, kind: Kind, populations: Populations, draws: list[np.ndarray], turns: int
) -> None:
    """Simulate by all, compare, and print a line for each."""
    runs, few, one = len(populations), len(draws), populations[:1]
    tasks: dict[str, Callable[[], np.ndarray]] = {
        "plain oracle": lambda: np.stack(
            [by_oracle(populations, run, draws[run], kind) for run in range(few)]
        ),
        "NumPy": lambda: np.stack(
            [by_numpy(populations, run, draws[run], kind) for run in range(few)]
        ),
        "1 run, double": lambda: simulated(one, kind, "double"),
        f"{runs:,} runs, double": lambda: simulated(populations, kind, "double"),
        f"{runs:,} runs, single": lambda: simulated(populations, kind, "single"),
    }
    first, found = {}, {}
    for label, task in tasks.items():
        begin = time.perf_counter()
        found[label] = task()
        first[label] = time.perf_counter() - begin
    exact, *others, double, single = found.values()
    for counts, label in zip((*others, double), list(tasks)[1:], strict=False):
        if not np.array_equal(counts[:few], exact[: len(counts)]):
            sys.exit(f"{name}: {label}: not the runs of the plain oracle")
    same = np.sum((single == double).all(axis=1))
    if same < SAME_IN_SINGLE * runs:
        sys.exit(f"{name}: {same} of {runs} runs are in single precision what they are in double")
    taken = fastest(tasks, turns)
    rate = {label: found[label].size * populations.agents / taken[label] for label in tasks}
    print(f"\n{name} (aim: {kind.aim} × the plain oracle)")
    for label in tasks:
        line = f"  {label:20} {rate[label] / 1e6:8.3f} million a second"
        if label != "plain oracle":
            line += f" {rate[label] / rate['plain oracle']:7.1f} × the plain oracle"
        if "run" in label:
            line += f" {rate[label] / rate['NumPy']:6.1f} × NumPy"
            line += f"   (compiled in {first[label] - taken[label]:.1f} s)"
        if "single" in label:
            line += f"; {same} runs as in double"
        print(line, flush=True)


class Cost(NamedTuple):
    """What some seeds cost: seconds, and the process's highest memory so far, in MiB."""

    drawn: float
    compiled: float
    taken: float
    before: float
    with_populations: float
    peak: float
    on_device: float | None


def memory() -> float:
    """The most memory that this process has had, in MiB."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (2**20 if sys.platform == "darwin" else 2**10)


def cost_of(count: int, effort: Effort) -> Cost:
    """Learners with this many seeds, in single precision; in a process of its own."""
    prepare(effort)
    device = jax.devices()[0]
    before = memory()
    begin = time.perf_counter()
    populations = draw_populations(range(1, count + 1))
    drawn = time.perf_counter() - begin
    with_populations = memory()
    part = populations[: effort.lanes]
    first, again = (
        seconds(lambda: simulated(part, KINDS["q-learning"], "single")) for _ in range(2)
    )
    taken = min(
        seconds(lambda: simulated(populations, KINDS["q-learning"], "single"))
        for _ in range(effort.seed_turns)
    )
    used = (device.memory_stats() or {}).get("peak_bytes_in_use")
    return Cost(
        drawn, first - again, taken, before, with_populations, memory(),
        used and used / 2**20,
    )  # fmt: skip


def growing(effort: Effort) -> None:
    """Print the cost of ever more seeds. Each has a process to itself, for its memory's sake."""
    print("q-learning at one delay, single precision, by number of seeds (aim: linear or better)")
    context = multiprocessing.get_context("spawn")
    for count in effort.seeds:
        with ProcessPoolExecutor(1, mp_context=context) as pool:
            cost = pool.submit(cost_of, count, effort).result()
        on_device = "" if cost.on_device is None else f", {cost.on_device:.0f} MiB on the device"
        print(
            f"  {count:5,} seeds {cost.taken:8.3f} s {1e3 * cost.taken / count:7.2f} ms a seed"
            f"   (compiled in {cost.compiled:.1f} s;"
            f" populations drawn in {1e3 * cost.drawn / count:.1f} ms a seed)\n"
            f"      peak memory {cost.peak:.0f} MiB: {cost.before:.0f} before,"
            f" {cost.with_populations:.0f} once populations are drawn{on_device}",
            flush=True,
        )


def prepare(effort: Effort) -> None:
    jax.config.update("jax_enable_x64", True)
    agents.LANES = effort.lanes


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0], allow_abbrev=False)
    parser.add_argument("--quick", action="store_true", help="less of everything, once")
    parser.add_argument("--all-cores", action="store_true", help="do not keep to one core")
    parser.add_argument("--lanes", type=int, help=f"runs at a time (default: {agents.LANES})")
    given, _ = parser.parse_known_args()  # `make bench` has one set of arguments for all
    effort = QUICK if given.quick else Effort()
    effort = effort._replace(lanes=given.lanes or effort.lanes)
    # First, while this process is small and has no hold of the device.
    growing(effort)
    prepare(effort)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    # Several cores take a batch each once the first batch is through.
    batches = 1 if cores == 1 else 1 + 2 * (cores or 1)
    populations = draw_populations(range(1, batches * effort.lanes + 1))
    key = jax.random.key(0)
    draws = [
        np.asarray(_draws(key, seed, populations.agents), dtype=float)
        for seed in populations.seeds[: effort.peer_runs]
    ]
    print(
        f"\nagent-steps on {jax.devices()[0].device_kind}, {cores} core{'s' * (cores != 1)},"
        f" best of {effort.turns}; runs of each peer: {len(draws)}"
    )
    for name, kind in KINDS.items():
        compete(name, kind, populations, draws, effort.turns)


if __name__ == "__main__":
    main()
