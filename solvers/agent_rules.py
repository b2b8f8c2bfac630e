"""The rules of one step, for one population: who acts how, who is punished, what is learned.

The model is that of arXiv 2605.30392, section 3, read from the authors' code where the text leaves
something open. Actions are 0, 1, 2 for L, M, R, which is also their activity f. Everything random
is handed in: two uniform numbers an agent and step, one for acting and one for being punished.
"""

from __future__ import annotations

import functools
import itertools
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

#: shares of L, M, R with which a fixed agent acts, and a reactive one that nothing urges
FIXED = (0.65, 0.27, 0.08)
UNURGED = (0.30, 0.55, 0.15)
#: where the buckets of influence and of the delayed alarm begin
INFLUENCE = (2.0, 5.0)
ALARM = (0.35, 0.75)
#: what the learning regulator sees and does
REGULATOR_ALARM = (0.3, 0.5, 0.7)
REGULATOR_RADICALS = (0.15, 0.30)
FORCES = (0.0, 0.5, 1.0, 1.5, 2.0, 2.5)
#: alarm buckets, influence buckets, punished or not; a bridge's table is its own anyway
STATES = 18


class Condition(NamedTuple):
    """What is varied between runs, as data: numbers, or arrays with one axis of conditions.

    **Fields:**

    - `delay`: whole steps by which the alarm is late, besides the one of acting on it.
    - `sharpness`, `threshold`: k and A_c of the response sigma(k (A - A_c)).
    - `force`: the regulator's u, where it does not learn.
    - `benefit`, `cost`: of L, M and R, in units of charisma and of the cost scale; shape `(…, 3)`.
    - `influence`: the coupling lambda.
    - `learning_rate`, `discount`, `exploration`: of a learning agent.
    - `regulator_rate`, `regulator_discount`, `regulator_exploration`: of a learning regulator.
    """

    delay: Any = 6
    sharpness: Any = 10.0
    threshold: Any = 0.72
    force: Any = 1.0
    benefit: Any = (1.0, 2.3, 3.0)
    cost: Any = (0.0, 2.0, 7.0)
    influence: Any = 0.22
    learning_rate: Any = 0.10
    discount: Any = 0.95
    exploration: Any = 0.08
    regulator_rate: Any = 0.05
    regulator_discount: Any = 0.95
    regulator_exploration: Any = 0.10


def bucket(value: Any, edges: tuple[float, ...]) -> Any:
    """The number of edges that the values have reached, of NumPy's by NumPy."""
    return sum(((value >= edge).astype(np.int32) for edge in edges), np.int32(0))


def drawn(u: Any, shares: tuple[float, ...]) -> jax.Array:
    """The index that a uniform number picks among these shares."""
    edges, total = [], 0.0
    for share in shares[:-1]:
        total += share
        edges.append(total)
    return bucket(u, tuple(edges))


def explore_or_best(u: Any, values: Any, exploration: Any) -> jax.Array:
    """The index along the first axis that epsilon-greedy picks; ties are broken at random.

    One uniform number serves: below epsilon it picks any index, and what is left of it above picks
    among the best.
    """
    explores = u < exploration
    # Written out option by option, which XLA makes one loop of.
    options = list(values)
    most = functools.reduce(jnp.maximum, options)
    counts = list(
        itertools.accumulate(((one == most) | explores).astype(jnp.int32) for one in options)
    )
    share = jnp.where(explores, u / exploration, (u - exploration) / (1 - exploration))
    # A share that rounds to 1 would pick what comes after the last.
    rank = jnp.minimum(jnp.floor(share * counts[-1]), counts[-1] - 1)
    return sum((jnp.asarray(rank >= count, jnp.int32) for count in counts[:-1]), jnp.int32(0))


def reactive(u: Any, influence: Any, alarm_bucket: Any, punished: Any) -> jax.Array:
    """The action of an agent that reacts to what it sees, and has no memory."""
    reached = bucket(influence, INFLUENCE)
    calm = jnp.where(reached > 0, reached, drawn(u, UNURGED))
    return jnp.where(punished | (alarm_bucket == 2), 0, jnp.where(alarm_bucket == 1, 1, calm))


def response(alarm: Any, force: Any, detectability: Any, condition: Condition) -> jax.Array:
    """The probability that each agent is punished."""
    urge = jax.nn.sigmoid(condition.sharpness * (alarm - condition.threshold))
    return jnp.clip(force * urge * detectability, 0.0, 1.0)


def of_action(action: Any, table: Any) -> jax.Array:
    """The entry of a table of three that belongs to each action."""
    return jnp.where(action == 0, table[0], jnp.where(action == 1, table[1], table[2]))


def regulator_rewards(agents: int) -> np.ndarray:
    """What a learning regulator is rewarded, by its force and the number of radicals.

    A table, and no arithmetic in the step: half a unit of force costs as much as a twentieth of the
    agents, so that rewards are often equal, and must be so after rounding for a tie to be one.
    """
    return -(np.arange(agents + 1) / agents) - 0.1 * np.asarray(FORCES)[:, None]
