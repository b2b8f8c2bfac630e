"""Simulate populations of agents under a late alarm: fixed, reactive, or learning.

The order of a step is that of the authors' code of arXiv 2605.30392. At step t the alarm that is
read is A(t - 1 - delay), and before the first step the alarm of the first population. All agents
act on it at once; then each is punished or not, by the same late alarm; then all are rewarded, by
what their neighbours do now; then the learners learn, with the next late alarm as what comes next.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Literal, NamedTuple, get_args

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend.random import threefry_2x32

from lemmata.solvers import agent_rules as rules
from lemmata.solvers.agent_network import Populations
from lemmata.solvers.agent_rules import Condition

Policy = Literal["fixed", "reactive", "q-learning"]
#: how many populations are simulated at once: as many as the caches hold, and no fewer
LANES = 256


class Society(NamedTuple):
    """One population as the step needs it; see `Populations` for the fields."""

    neighbours: Any
    weights: Any
    charisma: Any
    cost_scale: Any
    detectability: Any


class State(NamedTuple):
    """What one step hands to the next.

    **Fields:** the agents' `action`, whether each was `punished`, the `influence` on it, the past
    `alarms` by step modulo their number, the agents' `values` (action, state, agent), and the
    regulator's `regulator_values` (force, state).
    """

    action: Any
    punished: Any
    influence: Any
    alarms: Any
    values: Any
    regulator_values: Any


def influences(society: Society, action: Any, stairs: tuple[int, ...]) -> jax.Array:
    """The weighted activity of each agent's in-neighbours; see `Populations` for the stairs."""
    weighed = society.weights * action.astype(society.weights.dtype)[society.neighbours]
    total = jnp.zeros(len(action), weighed.dtype)
    start = 0
    for agents in stairs:
        total += jnp.pad(weighed[start : start + agents], (0, len(action) - agents))
        start += agents
    return total


def alarm_of(society: Society, action: Any) -> jax.Array:
    """The mean activity, each agent's as far as it can be detected."""
    return jnp.mean(society.detectability * action.astype(society.detectability.dtype))


def begin(society: Society, first: Any, *, memory: int, stairs: tuple[int, ...]) -> State:
    """The state before the first step; `memory` alarms are kept, more than the longest delay."""
    dtype = society.weights.dtype
    return State(
        first,
        jnp.zeros(first.shape, bool),
        influences(society, first, stairs),
        jnp.full(memory, alarm_of(society, first)),
        jnp.zeros((3, rules.STATES, first.shape[0]), dtype),
        jnp.zeros((len(rules.FORCES), 12), dtype),
    )


def step(
    state: State,
    t: Any,
    draws: Any,
    society: Society,
    condition: Condition,
    *,
    policy: Policy,
    stairs: tuple[int, ...],
    regulated: bool = False,
) -> State:
    """One step of one population.

    **Arguments:**

    - `t`: the number of the step, from 0.
    - `draws`: uniform numbers in [0, 1), shape `(2, agents + 1)`: for acting and for being
      punished; the last column is the regulator's.
    - `regulated`: whether the regulator learns its force.
    """
    memory = len(state.alarms)
    late = state.alarms[(t - 1 - condition.delay) % memory]
    acting, punishing = draws[0, :-1], draws[1, :-1]
    before = _seen(state.influence, late, state.punished)
    force, choice, regulator_saw = condition.force, None, None
    if regulated:
        regulator_saw = _regulator_sees(late, state.action)
        options = state.regulator_values[:, regulator_saw]
        choice = rules.explore_or_best(draws[0, -1], options, condition.regulator_exploration)
        force = jnp.asarray(rules.FORCES, state.alarms.dtype)[choice]
    known = None
    if policy == "fixed":
        action = rules.drawn(acting, rules.FIXED)
    elif policy == "reactive":
        alarm_bucket = rules.bucket(late, rules.ALARM)
        action = rules.reactive(acting, state.influence, alarm_bucket, state.punished)
    else:
        known = _of_state(state.values, before)
        action = rules.explore_or_best(acting, known, condition.exploration)

    influence = influences(society, action, stairs)
    punished = punishing < rules.response(late, force, society.detectability, condition)
    alarm = alarm_of(society, action)
    alarms = jax.lax.dynamic_update_index_in_dim(state.alarms, alarm, t % memory, 0)

    values = state.values
    if known is not None:
        reward = (
            rules.of_action(action, condition.benefit) * society.charisma
            + condition.influence * influence * action
            - punished * rules.of_action(action, condition.cost) * society.cost_scale
        )
        after = _seen(influence, alarms[(t - condition.delay) % memory], punished)
        best = jnp.max(_of_state(values, after), axis=0)
        old = jnp.take_along_axis(known, action[None], axis=0)[0]
        new = old + condition.learning_rate * (reward + condition.discount * best - old)
        agent = jnp.arange(len(action))
        values = values.at[action, before, agent].set(
            new.astype(values.dtype), unique_indices=True, mode="promise_in_bounds"
        )
    regulator_values = state.regulator_values
    if regulated:
        # What comes next for the regulator is seen without delay, as in the authors' code.
        seen = _regulator_sees(alarm, action)
        rewards = jnp.asarray(rules.regulator_rewards(len(action)), force.dtype)
        reward = rewards[choice, jnp.sum(action == 2)]
        best = jnp.max(regulator_values[:, seen])
        old = regulator_values[choice, regulator_saw]
        new = old + condition.regulator_rate * (reward + condition.regulator_discount * best - old)
        regulator_values = regulator_values.at[choice, regulator_saw].set(new)
    return State(action, punished, influence, alarms, values, regulator_values)


def _seen(influence: Any, late: Any, punished: Any) -> jax.Array:
    """The number of the state that each agent finds itself in."""
    where = rules.bucket(late, rules.ALARM) * 3 + rules.bucket(influence, rules.INFLUENCE)
    return where * 2 + punished


def _of_state(values: Any, state: Any) -> jax.Array:
    """The three actions' values in each agent's state, shape `(3, agents)`."""
    return jnp.take_along_axis(values, state[None, None, :], axis=1)[:, 0]


def _regulator_sees(alarm: Any, action: Any) -> jax.Array:
    # Counts are compared, for a rounded share could miss an edge that it lies on.
    edges = tuple(edge * len(action) for edge in rules.REGULATOR_RADICALS)
    radicals = rules.bucket(jnp.sum(action == 2), edges)
    return rules.bucket(alarm, rules.REGULATOR_ALARM) * 3 + radicals


def uniforms(key: Any, t: Any, seed: Any, agents: int, dtype: Any) -> jax.Array:
    """The draws of one step of the run of this seed: uniform in [0, 1), shape `(2, agents + 1)`.

    Each is a multiple of 2^-24, so that it is the same number in single and in double precision.
    They are Threefry's two words at the counter (seed, agent): a run draws the same whatever
    others it is simulated with.
    """
    words = threefry_2x32(
        jax.random.key_data(jax.random.fold_in(key, t)),
        jnp.concatenate(
            [
                jnp.full(agents + 1, seed, jnp.uint32),
                jnp.arange(agents + 1, dtype=jnp.uint32),
            ]
        ),
    )
    return (words >> 8).astype(dtype).reshape(2, agents + 1) * jnp.asarray(2.0**-24, dtype)


def simulate(
    populations: Populations,
    conditions: Condition,
    key: Any,
    *,
    policy: Policy,
    regulated: bool = False,
    steps: int = 500,
    precision: Literal["single", "double"] = "double",
) -> np.ndarray:
    """How many agents are radical, before each step, for every condition and population.

    **Arguments:**

    - `conditions`: a `Condition` whose fields have a leading axis of conditions, or none.
    - `key`: JAX's key; a run's draws depend on it, the step and the run's seed alone, so that
      conditions are compared on equal draws.
    - `precision`: of values, rewards and alarms.

    **Returns:** counts, shape `(conditions, runs, steps)`, int16. The first is that of the first
    actions; what the last step leads to is not seen, as in the authors' code.

    **Raises:** `ValueError` for an unknown policy, steps below 1, no runs, fields of `conditions`
    that do not fit together, a delay that is no whole number of at least 0, a parameter that is not
    finite, or double precision where JAX has it off.
    """
    if policy not in get_args(Policy):
        raise ValueError(f"policy={policy!r}: give one of {', '.join(get_args(Policy))}.")
    if isinstance(steps, bool) or not isinstance(steps, int) or steps < 1:
        raise ValueError(f"steps={steps!r}: give a whole number of at least 1.")
    dtype = _dtype(precision)
    if not len(populations):
        raise ValueError("the populations are empty; give at least one run.")
    table = _checked(conditions, dtype, steps)
    shape = len(table.delay), len(populations)
    memory = 32
    while memory <= table.delay.max():
        memory *= 2
    lanes = np.arange(shape[0] * shape[1])
    size = min(LANES, 1 << (len(lanes) - 1).bit_length())

    def batch(start: int) -> np.ndarray:
        # The last batch is filled up with what it begins with, so that one program serves all.
        condition, run = np.divmod(np.resize(lanes[start : start + size], size), shape[1])
        society = Society(
            populations.neighbours[run],
            *(getattr(populations, name)[run].astype(dtype) for name in Society._fields[1:]),
        )
        return np.asarray(
            _together(
                key, populations.seeds[run], society, populations.first[run],
                Condition(*(values[condition] for values in table)),
                policy=policy, regulated=regulated, steps=steps, memory=memory,
                stairs=populations.stairs,
            )
        )  # fmt: skip

    counts = _in_threads(batch, range(0, len(lanes), size))
    return np.concatenate(counts)[: len(lanes)].reshape(*shape, steps)


def _in_threads(batch: Callable[[int], np.ndarray], starts: Sequence[int]) -> list[np.ndarray]:
    """The batches, as many at a time as there are cores.

    What a step does to one batch is too small for XLA to share well between cores; two batches at
    once on two cores are nearly twice as fast as one after the other.
    """
    first = batch(starts[0])  # the others find it compiled
    with ThreadPoolExecutor(max_workers=_cores()) as pool:
        try:
            return [first, *pool.map(batch, starts[1:])]
        except BaseException:  # an interrupt does not wait for what has not begun
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@partial(jax.jit, static_argnames=("policy", "regulated", "steps", "memory", "stairs"))
def _together(
    key: Any,
    seeds: Any,
    societies: Society,
    first: Any,
    conditions: Condition,
    *,
    policy: Policy,
    regulated: bool,
    steps: int,
    memory: int,
    stairs: tuple[int, ...],
) -> jax.Array:
    """The counts of many runs, one a lane, shape `(lanes, steps)`."""
    agents = first.shape[1]
    dtype = societies.weights.dtype

    def one(state: State, t: Any, seed: Any, society: Society, condition: Condition) -> State:
        draws = uniforms(key, t, seed, agents, dtype)
        return step(
            state, t, draws, society, condition,
            policy=policy, regulated=regulated, stairs=stairs,
        )  # fmt: skip

    def all_lanes(states: State, t: Any) -> tuple[State, jax.Array]:
        radicals = jnp.sum(states.action == 2, axis=-1, dtype=jnp.int16)
        after = jax.vmap(one, (0, None, 0, 0, 0))(states, t, seeds, societies, conditions)
        return after, radicals

    start = jax.vmap(partial(begin, memory=memory, stairs=stairs))(societies, first)
    _, radicals = jax.lax.scan(all_lanes, start, jnp.arange(steps))
    return radicals.T


def _dtype(precision: str) -> Any:
    if precision not in ("single", "double"):
        raise ValueError(f"precision={precision!r}: give 'single' or 'double'.")
    if precision == "double" and not jax.config.read("jax_enable_x64"):
        raise ValueError(
            "precision='double', but JAX computes in single precision; switch it on by "
            "jax.config.update('jax_enable_x64', True), or give precision='single'."
        )
    return np.float32 if precision == "single" else np.float64


def _checked(conditions: Condition, dtype: Any, steps: int) -> Condition:
    """The conditions, each field with a leading axis of the same length."""
    arrays, lengths = {}, {}
    for name, value in conditions._asdict().items():
        try:
            array = np.asarray(value, dtype=float)
        except ValueError:
            array = np.asarray(np.nan)
        if not np.all(np.isfinite(array)):
            raise ValueError(f"{name}={value!r}: give finite numbers.")
        entry = (3,) if name in ("benefit", "cost") else ()
        axes = array.ndim - len(entry)
        if axes not in (0, 1) or array.shape[axes:] != entry or not array.size:
            give = "three numbers, of L, M and R, or three" if entry else "one number, or one"
            raise ValueError(f"{name} has shape {array.shape}; give {give} a condition.")
        if axes:
            lengths[name] = len(array)
        arrays[name] = array
    if len(set(lengths.values())) > 1:
        raise ValueError(
            f"the fields of the conditions have {sorted(set(lengths.values()))} entries; give each "
            "one, or one a condition."
        )
    delay = arrays["delay"]
    if np.any(delay < 0) or np.any(delay != np.round(delay)):
        raise ValueError(
            f"delay={conditions.delay!r}: an alarm is late by whole steps; give whole numbers of "
            "at least 0."
        )
    # All that are no shorter than the run are alike: only the first alarm is ever read.
    arrays["delay"] = np.minimum(delay, steps)
    for name in ("exploration", "regulator_exploration"):
        if np.any(arrays[name] <= 0) or np.any(arrays[name] >= 1):
            value = getattr(conditions, name)
            raise ValueError(f"{name}={value!r}: a probability strictly between 0 and 1.")
    count = max(lengths.values(), default=1)

    def whole(name: str, array: np.ndarray) -> np.ndarray:
        array = array.astype(np.int32 if name == "delay" else dtype)
        return array if name in lengths else np.broadcast_to(array, (count, *array.shape))

    return Condition(*(whole(name, array) for name, array in arrays.items()))
