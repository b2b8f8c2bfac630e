"""Simulate populations of agents under a late alarm: fixed, reactive, or learning.

Every run has a population and a condition of its own, and one program serves them all; see
`lemmata.solvers.agent_step` for what happens in a step.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from numbers import Integral
from typing import Any, Literal, get_args

import jax
import jax.numpy as jnp
import numpy as np

from lemmata.solvers.agent_network import Populations
from lemmata.solvers.agent_rules import Condition
from lemmata.solvers.agent_step import Policy, Society, State, begin, columns, step

#: how many populations are simulated at once: as many as the caches hold, and no fewer
LANES = 32


#: by how many bits Threefry's rounds rotate, and what its third key is made with
ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))
PARITY = 0x1BD11BDA


def threefry(key: Any, first: Any, second: Any) -> tuple[jax.Array, jax.Array]:
    """Threefry-2x32 in its 20 rounds: two words for a counter of two words, under a key of two.

    The same words as JAX's own. Written out, XLA makes them in the loop that uses them; JAX's is a
    loop of its own on a processor, and takes several times as long.
    """
    keys = key[0], key[1], key[0] ^ key[1] ^ jnp.uint32(PARITY)
    first, second = first + keys[0], second + keys[1]
    for group in range(5):
        for bits in ROTATIONS[group % 2]:
            first += second
            second = (second << jnp.uint32(bits)) | (second >> jnp.uint32(32 - bits))
            second ^= first
        first += keys[(group + 1) % 3]
        second += keys[(group + 2) % 3] + jnp.uint32(group + 1)
    return first, second


def uniforms(key: Any, t: Any, seed: Any, agents: int, dtype: Any) -> jax.Array:
    """The draws of one step of the run of this seed: uniform in [0, 1), shape `(2, agents + 1)`.

    Each is a multiple of 2^-24, so that it is the same number in single and in double precision.
    They are Threefry's two words at the counter (seed, agent): a run draws the same whatever
    others it is simulated with.
    """
    return jnp.stack(_draws(_key_of(key, t), jnp.asarray(seed, jnp.uint32), agents, dtype))


def _key_of(key: Any, t: Any) -> jax.Array:
    """The two words of the key of a step."""
    return jax.random.key_data(jax.random.fold_in(key, t))


def _draws(words: Any, seeds: Any, agents: int, dtype: Any) -> tuple[jax.Array, jax.Array]:
    """The draws for acting and for being punished; seeds are one, or a column."""
    agent = jnp.arange(agents + 1, dtype=jnp.uint32)
    seed, agent = jnp.broadcast_arrays(seeds, agent)
    first, second = (
        (word >> 8).astype(dtype) * jnp.asarray(2.0**-24, dtype)
        for word in threefry(words, seed, agent)
    )
    return first, second


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

    **Raises:** `ValueError` for an unknown policy, steps below 1, no runs, what is no key, fields
    of `conditions` that do not fit together, a delay that is no whole number of at least 0, a
    parameter that is not finite or out of its range, or double precision where JAX has it off.
    """
    if policy not in get_args(Policy):
        raise ValueError(f"policy={policy!r}: give one of {', '.join(get_args(Policy))}.")
    if not isinstance(regulated, bool):
        raise ValueError(f"regulated={regulated!r}: give True or False.")
    for name, value, kind in (
        ("populations", populations, Populations), ("conditions", conditions, Condition),
    ):  # fmt: skip
        if not isinstance(value, kind):
            raise ValueError(f"{name}={value!r}: give {kind.__name__}(…).")
    if isinstance(steps, bool) or not isinstance(steps, Integral) or steps < 1:
        raise ValueError(f"steps={steps!r}: give a whole number of at least 1.")
    typed = isinstance(key, jax.Array) and jnp.issubdtype(key.dtype, jax.dtypes.prng_key)
    if not typed or key.shape:
        raise ValueError(f"key={key!r}: give one key, such as jax.random.key(0).")
    dtype = _dtype(precision)
    if not len(populations):
        raise ValueError("the populations are empty; give at least one run.")
    if populations.agents > np.iinfo(np.int16).max:
        raise ValueError(
            f"{populations.agents} agents: counts are of 16 bits; give populations of at most "
            f"{np.iinfo(np.int16).max}."
        )
    steps = int(steps)
    table = _checked(conditions, dtype, steps)
    shape = len(table.delay), len(populations)
    memory = 32
    while memory <= table.delay.max():
        memory *= 2
    lanes = np.arange(shape[0] * shape[1])
    size = min(LANES, 1 << (len(lanes) - 1).bit_length())

    across = populations.agents * np.arange(size, dtype=np.int32)[:, None]

    def batch(start: int) -> tuple[Any, ...]:
        # The last batch is filled up with what it begins with, so that one program serves all.
        condition, run = np.divmod(np.resize(lanes[start : start + size], size), shape[1])
        society = Society(
            populations.neighbours[run] + across,
            *(getattr(populations, name)[run].astype(dtype) for name in Society._fields[1:]),
        )
        varied = Condition(*(values[condition] for values in table))
        state = begin(society, populations.first[run], memory=memory, stairs=populations.stairs)
        return key, populations.seeds[run], society, state, varied

    how = {
        "policy": policy, "regulated": regulated, "steps": steps, "stairs": populations.stairs,
    }  # fmt: skip
    # Compiled before the threads begin, each of which would compile it otherwise.
    program = _together.lower(*batch(0), **how).compile()
    counts = _in_threads(
        lambda start: np.asarray(program(*batch(start))), range(0, len(lanes), size)
    )
    return np.concatenate(counts)[: len(lanes)].reshape(*shape, steps)


def _in_threads(batch: Callable[[int], np.ndarray], starts: Sequence[int]) -> list[np.ndarray]:
    """The batches, as many at a time as there are cores.

    What a step does to one batch is too small for XLA to share well between cores; two batches at
    once on two cores are nearly twice as fast as one after the other.
    """
    with ThreadPoolExecutor(max_workers=_cores()) as pool:
        try:
            return list(pool.map(batch, starts))
        except BaseException:  # an interrupt does not wait for what has not begun
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@partial(jax.jit, static_argnames=("policy", "regulated", "steps", "stairs"))
def _together(
    key: Any,
    seeds: Any,
    societies: Society,
    start: State,
    conditions: Condition,
    *,
    policy: Policy,
    regulated: bool,
    steps: int,
    stairs: tuple[int, ...],
) -> jax.Array:
    """The counts of many runs, one a lane, shape `(lanes, steps)`."""
    agents = start.acted.shape[1]
    dtype = societies.weights.dtype
    condition, seeds = columns(conditions), seeds[:, None]

    def all_lanes(state: State, now: Any) -> tuple[State, jax.Array]:
        t, words = now
        radicals = jnp.sum(state.action == 2, axis=-1, dtype=jnp.int16)
        after = step(
            state, t, _draws(words, seeds, agents, dtype), societies, condition,
            policy=policy, regulated=regulated, stairs=stairs,
        )  # fmt: skip
        return after, radicals

    times = jnp.arange(steps, dtype=jnp.int32)
    keys = jax.vmap(partial(_key_of, key))(times)
    _, radicals = jax.lax.scan(all_lanes, start, (times, keys))
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


def _finite(value: Any, dtype: Any) -> np.ndarray | None:
    """The value as an array of numbers that are finite in this precision too; None if it is not."""
    try:
        array = np.asarray(value)
        if array.dtype.kind not in "iuf":
            return None
        with np.errstate(over="ignore"):
            # Compared as they will be used: what rounds to 1 is no probability below 1.
            rounded = array.astype(dtype).astype(float)
    except ValueError:
        return None
    return rounded if np.all(np.isfinite(rounded)) else None


def _checked(conditions: Condition, dtype: Any, steps: int) -> Condition:
    """The conditions, each field with a leading axis of the same length."""
    arrays, lengths = {}, {}
    for name, value in conditions._asdict().items():
        array = _finite(value, dtype)
        if array is None:
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
    for name in ("learning_rate", "discount", "regulator_rate", "regulator_discount"):
        if np.any(arrays[name] < 0) or np.any(arrays[name] > 1):
            raise ValueError(f"{name}={getattr(conditions, name)!r}: give one from 0 to 1.")
    count = max(lengths.values(), default=1)

    def whole(name: str, array: np.ndarray) -> np.ndarray:
        array = array.astype(np.int32 if name == "delay" else dtype)
        return array if name in lengths else np.broadcast_to(array, (count, *array.shape))

    return Condition(*(whole(name, array) for name, array in arrays.items()))
