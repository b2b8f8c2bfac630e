r"""Train a batch of networks on least squares: by gradient descent, and by gradient flow.

The cost is $C = \frac{1}{2N} \sum_i |f(x_i) - y_i|^2$ over the N training points, with no other
factor for several outputs. Descent is $\theta \leftarrow \theta - \eta \nabla C$, flow is
$\dot\theta = -\nabla C$; t steps of rate eta are about a time of t eta.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike

from lemmata.solvers.descent_checks import (
    checked_at_once,
    checked_data,
    checked_networks,
    checked_rate,
    checked_steps,
    checked_times,
)
from lemmata.solvers.kernel_checks import Function

Measure = Callable[[Any], Any]


class Training(NamedTuple):
    """What became of S networks, looked at R times.

    **Fields:**

    - `at`: the steps (of descent) or times (of flow) of the looks, shape (R,).
    - `loss`: the cost C, shape (S, R).
    - `train`, `test`: the outputs at the training points, (S, R, N) or (S, R, N, k), and at `test`.
    - `measured`: what `measure` gave, each array with leading axes (S, R); None without it.
    - `finite`: whether parameters and all the above are finite, shape (S, R). A network that
      diverged holds inf or nan from there on, and it is for the caller to leave it out and say so.
    - `params`: the parameters at the last look, each with a leading axis of S.
    """

    at: Array
    loss: Array
    train: Array
    test: Array
    measured: Any
    finite: Array
    params: Any


class Flow(NamedTuple):
    """Gradient flow and how far it is to be trusted.

    `path` is the `Training` with the smaller steps; `train_error` and `test_error`, of the shapes
    of `path.train` and `path.test`, are the distances to that with steps twice as long, and inf
    where a network diverged in either.
    """

    path: Training
    train_error: Array
    test_error: Array


def descend(
    f: Function,
    params: Any,
    x: ArrayLike,
    y: ArrayLike,
    *,
    rate: ArrayLike,
    steps: Sequence[int],
    test: ArrayLike | None = None,
    measure: Measure | None = None,
    at_once: int | None = None,
) -> Training:
    """Full-batch gradient descent of several networks from the parameters that they are given.

    **Arguments:**

    - `f(params, x)`: the outputs (N,) or (N, k) of one network for a batch x of shape (N, ...).
    - `params`: a tree of floating-point arrays, each with a leading axis of S networks.
    - `x`, `y`: training points (N, ...) and targets of exactly the shape of `f(params, x)`.
    - `rate`: the learning rate eta, positive.
    - `steps`: after how many steps to look, ascending; 0 is before the first.
    - `test`: further inputs (M, ...) to report the outputs at; by default `x`.
    - `measure(params)`: anything else to report of a network at each look, any tree of arrays, such
      as `lambda p: tangent_kernel(f, p, x)`.
    - `at_once`: how many networks to train side by side; by default all.

    One program serves all rates and numbers of steps, as long as there are as many looks.

    **Raises:** ValueError on shapes that do not fit, values that are not finite, a rate that is not
    positive, steps that do not ascend; TypeError on parameters that are no floating-point arrays.
    Divergence is no error: see `Training.finite`.
    """
    seeds = checked_networks(params)
    x, y, test = checked_data(f, params, x, y, test)
    looks, rate = checked_steps(steps), checked_rate(rate)
    counts = np.diff(looks, prepend=0)
    sizes = jnp.broadcast_to(rate, counts.shape)
    found = _train(f, params, (x, y, test), jnp.asarray(counts), sizes, _euler, measure,
                   checked_at_once(at_once, seeds))  # fmt: skip
    return Training(jnp.asarray(looks), *found)


def flow(
    f: Function,
    params: Any,
    x: ArrayLike,
    y: ArrayLike,
    *,
    times: Sequence[float],
    step: float,
    test: ArrayLike | None = None,
    measure: Measure | None = None,
    at_once: int | None = None,
) -> Flow:
    """Gradient flow of several networks, by classical Runge-Kutta steps of fixed length.

    **Arguments:** as for `descend`; `times` are when to look, ascending from 0 on; `step` is the
    longest step. Between two looks steps are of one length, at most `step`, and once more at most
    `step`/2. Steps beyond 2.78 over the largest eigenvalue of Theta/N are unstable.

    **Returns:** a `Flow`. Where f is smooth the error is of order 4 in `step`, and the one given is
    15 times that of the path; a kink crossed on the way (a rectifier's) leaves a lower order.

    **Raises:** as `descend`, and ValueError on more than 10^7 steps.
    """
    seeds = checked_networks(params)
    x, y, test = checked_data(f, params, x, y, test)
    looks, counts = checked_times(times, step)
    lengths = np.diff(looks, prepend=0.0) / np.maximum(counts, 1)
    coarse, fine = (
        Training(
            jnp.asarray(looks),
            *_train(f, params, (x, y, test), jnp.asarray(n * counts), jnp.asarray(lengths / n),
                    _runge_kutta, measure, checked_at_once(at_once, seeds)),
        )
        for n in (1, 2)
    )  # fmt: skip

    def error(one: Array, two: Array) -> Array:
        # By NumPy, for which no new shape has to be compiled.
        with np.errstate(invalid="ignore"):
            gap = np.abs(np.asarray(one) - np.asarray(two))
        return jnp.asarray(np.where(np.isfinite(gap), gap, np.inf))

    return Flow(fine, error(coarse.train, fine.train), error(coarse.test, fine.test))


def rms_change(before: Any, after: Any) -> Array:
    """The root of the mean squared change of one number, over all arrays of two trees."""
    square, count = _squares(jax.tree.map(jnp.subtract, after, before))
    return jnp.sqrt(square / count)


def relative_change(before: Any, after: Any) -> Array:
    """How far a tree moved, in its own lengths: |after - before| / |before|, Euclidean norms."""
    return jnp.sqrt(_squares(jax.tree.map(jnp.subtract, after, before))[0] / _squares(before)[0])


def _squares(tree: Any) -> tuple[Array, int]:
    leaves = [jnp.asarray(leaf) for leaf in jax.tree.leaves(tree)]
    return jnp.sum(jnp.stack([jnp.sum(leaf**2) for leaf in leaves])), sum(v.size for v in leaves)


def cost(f: Function, params: Any, x: Array, y: Array) -> Array:
    """C = sum |f - y|^2 / 2N of one network."""
    return jnp.sum((f(params, x) - y) ** 2) / (2 * len(x))


Slope = Callable[[Any], Any]


def _shift(params: Any, size: Array, slope: Any) -> Any:
    return jax.tree.map(lambda p, s: p + size.astype(p.dtype) * s, params, slope)


def _euler(downhill: Slope, params: Any, size: Array) -> Any:
    return _shift(params, size, downhill(params))


def _runge_kutta(downhill: Slope, params: Any, size: Array) -> Any:
    k1 = downhill(params)
    k2 = downhill(_shift(params, size / 2, k1))
    k3 = downhill(_shift(params, size / 2, k2))
    k4 = downhill(_shift(params, size, k3))
    mean = jax.tree.map(lambda a, b, c, d: (a + 2 * b + 2 * c + d) / 6, k1, k2, k3, k4)
    return _shift(params, size, mean)


@eqx.filter_jit
def _train(
    f: Function,
    params: Any,
    data: tuple[Array, Array, Array | None],
    counts: Array,
    sizes: Array,
    advance: Callable[[Slope, Any, Array], Any],
    measure: Measure | None,
    at_once: int,
) -> tuple[Array, Array, Array, Any, Array, Any]:
    """Everything in a `Training` but when: `counts` steps of `sizes` from a look to the next."""
    x, y, test = data

    def downhill(theta: Any) -> Any:
        return jax.tree.map(jnp.negative, jax.grad(lambda p: cost(f, p, x, y))(theta))

    def look(theta: Any, stretch: tuple[Array, Array]) -> tuple[Any, Any]:
        count, size = stretch
        theta = jax.lax.fori_loop(0, count, lambda _, p: advance(downhill, p, size), theta)
        measured = None if measure is None else measure(theta)
        train = f(theta, x)
        tested = train if test is None else f(theta, test)
        seen = (cost(f, theta, x, y), train, tested, measured)
        good = jnp.stack([jnp.all(jnp.isfinite(leaf)) for leaf in jax.tree.leaves((theta, seen))])
        return theta, (*seen, jnp.all(good))

    def one(theta: Any) -> tuple[Array, Array, Array, Any, Array, Any]:
        theta, (loss, train, tested, measured, finite) = jax.lax.scan(look, theta, (counts, sizes))
        return loss, train, tested, measured, finite, theta

    return jax.lax.map(one, params, batch_size=at_once)
