"""One step of populations under a late alarm: act, be punished, be rewarded, learn.

The order of a step is that of the authors' code of arXiv 2605.30392. At step t the alarm that is
read is A(t - 1 - delay), and before the first step the alarm of the first population. All agents
act on it at once; then each is punished or not, by the same late alarm; then all are rewarded, by
what their neighbours do now; then the learners learn, with the next late alarm as what comes next.

Several populations, the lanes, take the step together. Gathers are written on flat arrays, and
what is gathered is handed on, for they are most of what a step costs.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable
from typing import Any, Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from lemmata.solvers import agent_rules as rules
from lemmata.solvers.agent_rules import Condition

#: agents have a place in the stairs that are many, if they are more than one in so many
WIDE = 4
Policy = Literal["fixed", "reactive", "q-learning"]


class Society(NamedTuple):
    """The populations as the step needs them, a lane each; see `Populations` for the fields.

    The `neighbours` are numbered through all lanes: those of the second follow those of the first.
    """

    neighbours: Any
    weights: Any
    charisma: Any
    cost_scale: Any
    detectability: Any


class State(NamedTuple):
    """What one step hands to the next; arrays have a leading axis of lanes but where it is said.

    **Fields:** what each agent did and suffered, `acted`, its action and 4 more if it was punished;
    the `influence` on it, the past `alarms` by step modulo their number and by lane, the `late` one
    that is read next (a column), the number of the state that each agent has `seen`, what its three
    actions' values there were when it looked `ahead`, before it `learned` a new one, and of which
    action that one is, `again` (3 if it is of another state), the agents' `values` (lane, action,
    state, agent), and the regulators' `regulator_values` (force, state, lane).
    """

    acted: Any
    influence: Any
    alarms: Any
    late: Any
    seen: Any
    ahead: Any
    learned: Any
    again: Any
    values: Any
    regulator_values: Any

    @property
    def action(self) -> Any:
        """What each agent did."""
        return self.acted & 3

    @property
    def punished(self) -> Any:
        """Whether each agent was punished."""
        return self.acted >= 4

    @property
    def known(self) -> tuple[Any, ...]:
        """The values of each agent's three actions in the state that it has seen."""
        return tuple(
            jnp.where(self.again == k, self.learned, one) for k, one in enumerate(self.ahead)
        )


def columns(conditions: Condition) -> Condition:
    """Conditions by lane, as the step takes them: columns, and three of them for L, M and R."""
    return Condition(*(jnp.moveaxis(jnp.asarray(one), 0, -1)[..., None] for one in conditions))


def influences(society: Society, action: Any, stairs: tuple[int, ...]) -> jax.Array:
    """The weighted activity of each agent's in-neighbours; see `Populations` for the stairs."""
    lanes, agents = action.shape
    activity = action.astype(society.weights.dtype).reshape(-1)

    def weighed(start: int, end: int) -> jax.Array:
        places = slice(start, end)
        return society.weights[:, places] * _at(activity, society.neighbours[:, places])

    # Where many agents have a place, gathering and adding up is one loop; the few others' are
    # gathered together beforehand, for each gather in a loop is some time to compile.
    many = tuple(count for count in stairs if WIDE * count > agents)
    few = weighed(sum(many), sum(stairs))
    total = jnp.zeros((lanes, agents), society.weights.dtype)
    total = _added(total, weighed, many)
    return _added(total, lambda start, end: few[:, start:end], stairs[len(many) :])


def _added(
    total: jax.Array, entries: Callable[[int, int], jax.Array], stairs: tuple[int, ...]
) -> jax.Array:
    """The total and, rank by rank, the entries on these stairs, of places from one to another."""
    starts = list(itertools.accumulate(stairs, initial=0))
    edges = sorted({0, *stairs})
    parts = []
    for low, high in itertools.pairwise(edges):  # agents with equally many places
        ranks = [start for start, end in zip(starts, stairs, strict=False) if high <= end]
        sums = (entries(start + low, start + high) for start in ranks)
        parts.append(sum(sums, total[:, low:high]))
    return jnp.concatenate([*parts, total[:, edges[-1] :]], axis=1)


def alarm_of(society: Society, action: Any) -> jax.Array:
    """The mean activity, each agent's as far as it can be detected."""
    return jnp.mean(society.detectability * action.astype(society.detectability.dtype), axis=1)


def begin(society: Society, first: Any, *, memory: int, stairs: tuple[int, ...]) -> State:
    """The state before the first step; `memory` alarms are kept, more than the longest delay.

    It is done by NumPy: a program that did it as well would take longer to compile.
    """
    first = np.asarray(first, dtype=np.int32)
    neighbours, weights, detectability = (
        np.asarray(one) for one in (society.neighbours, society.weights, society.detectability)
    )
    lanes, agents = first.shape
    dtype = weights.dtype
    weighed = weights * first.reshape(-1)[neighbours].astype(dtype)
    influence = np.zeros((lanes, agents), dtype)
    for start, end in zip(np.cumsum([0, *stairs]), stairs, strict=False):
        influence[:, :end] += weighed[:, start : start + end]
    alarm = np.mean(detectability * first.astype(dtype), axis=1, dtype=dtype)
    late, punished = alarm[:, None], np.zeros(first.shape, bool)
    return State(
        first, influence,
        np.broadcast_to(alarm, (memory, lanes)), late,
        _seen(influence, late, punished),
        (np.zeros_like(influence),) * 3, np.zeros_like(influence), np.full_like(first, 3),
        np.zeros((lanes, 3, rules.STATES, agents), dtype),
        np.zeros((len(rules.FORCES), 12, lanes), dtype),
    )  # fmt: skip


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
    """One step of all lanes.

    **Arguments:**

    - `t`: the number of the step, from 0.
    - `draws`: uniform numbers in [0, 1), two arrays of shape `(lanes, agents + 1)`: for acting and
      for being punished; the last column is the regulator's.
    - `condition`: one for all lanes, or one for each by `columns`.
    - `regulated`: whether the regulator learns its force.
    """
    memory, lanes = state.alarms.shape
    late = state.late
    acting, punishing = draws[0][:, :-1], draws[1][:, :-1]
    force, choice, regulator_saw = condition.force, None, None
    if regulated:
        regulator_saw = _regulator_sees(late, state.action)
        options = _of_regulator(state.regulator_values, regulator_saw)
        choice = rules.explore_or_best(draws[0][:, -1:], options, condition.regulator_exploration)
        force = jnp.asarray(rules.FORCES, state.alarms.dtype)[choice]
    if policy == "fixed":
        action = rules.drawn(acting, rules.FIXED)
    elif policy == "reactive":
        alarm_bucket = rules.bucket(late, rules.ALARM)
        action = rules.reactive(acting, state.influence, alarm_bucket, state.punished)
    else:
        action = rules.explore_or_best(acting, state.known, condition.exploration)
    punished = punishing < rules.response(late, force, society.detectability, condition)
    # As one number that is handed on, so that one loop draws for both, and what reads them does
    # not draw again: XLA stores what a step hands on, and might compute all else where it is used.
    acted = action + 4 * punished
    action, punished = acted & 3, acted >= 4

    influence = influences(society, action, stairs)
    alarm = alarm_of(society, action)
    alarms = jax.lax.dynamic_update_index_in_dim(state.alarms, alarm, t % memory, 0)
    read = (t - condition.delay) % memory * lanes + jnp.arange(lanes)[:, None]
    late = _at(alarms.reshape(-1), read)

    seen, ahead, learned, again, values = (
        state.seen, state.ahead, state.learned, state.again, state.values
    )  # fmt: skip
    if policy == "q-learning":
        seen = _seen(influence, late, punished)
        flat = values.reshape(-1)
        ahead = tuple(_at(flat, _place(values, k, seen)) for k in range(3))
        reward = (
            rules.of_action(action, condition.benefit) * society.charisma
            + condition.influence * influence * action
            - punished * rules.of_action(action, condition.cost) * society.cost_scale
        )
        best = functools.reduce(jnp.maximum, ahead)
        old = rules.of_action(action, state.known)
        new = old + condition.learning_rate * (reward + condition.discount * best - old)
        learned = new.astype(values.dtype)
        place = _place(values, action, state.seen)
        flat = flat.at[place].set(learned, unique_indices=True, mode="promise_in_bounds")
        values = flat.reshape(values.shape)
        # Who sees again what it saw has just learned one of the three.
        again = jnp.where(seen == state.seen, action, 3)
    regulator_values = state.regulator_values
    if regulated:
        # What comes next for the regulator is seen without delay, as in the authors' code.
        seen_now = _regulator_sees(alarm[:, None], action)
        radicals = jnp.sum(action == 2, axis=1, keepdims=True)
        rewards = jnp.asarray(rules.regulator_rewards(action.shape[1]), force.dtype)
        best = jnp.max(_of_regulator(regulator_values, seen_now), axis=0)
        lane = jnp.arange(lanes)[:, None]
        old = regulator_values[choice, regulator_saw, lane]
        learns = rewards[choice, radicals] + condition.regulator_discount * best - old
        regulator_values = regulator_values.at[choice, regulator_saw, lane].set(
            old + condition.regulator_rate * learns
        )
    return State(
        acted, influence, alarms, late, seen, ahead, learned, again, values,
        regulator_values,
    )  # fmt: skip


def _seen(influence: Any, late: Any, punished: Any) -> Any:
    """The number of the state that each agent finds itself in."""
    where = rules.bucket(late, rules.ALARM) * 3 + rules.bucket(influence, rules.INFLUENCE)
    return where * 2 + punished


def _place(values: Any, action: Any, state: Any) -> jax.Array:
    """Where among the values, laid flat, those of this action and state of each agent are."""
    lanes, _, states, agents = values.shape
    lane = jnp.arange(lanes, dtype=jnp.int32)[:, None]
    agent = jnp.arange(agents, dtype=jnp.int32)
    return ((lane * 3 + action) * states + state) * agents + agent


def _at(flat: jax.Array, places: Any) -> jax.Array:
    """The entries at these places, all of which there are."""
    return flat.at[places].get(mode="promise_in_bounds")


def _of_regulator(values: Any, state: Any) -> jax.Array:
    """The values of all forces in each regulator's state, shape `(forces, lanes, 1)`."""
    return jnp.take_along_axis(values, state[None, None, :, 0], axis=1)[:, 0, :, None]


def _regulator_sees(alarm: Any, action: Any) -> jax.Array:
    # Counts are compared, for a rounded share could miss an edge that it lies on.
    agents = action.shape[1]
    edges = tuple(edge * agents for edge in rules.REGULATOR_RADICALS)
    radicals = rules.bucket(jnp.sum(action == 2, axis=1, keepdims=True), edges)
    return rules.bucket(alarm, rules.REGULATOR_ALARM) * 3 + radicals
