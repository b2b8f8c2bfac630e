r"""A random matrix and its transpose used in turn, as averages of `wide_averages`.

Rows over columns come with the points. So that all points have one shape, rows that are too many
are zero, and sums do not see them. Vectors are rows, as in `wide_averages`. Source of what is run:
Yang, arXiv 1902.04760, appendix D.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

from lemmata.solvers.wide_averages import TALLEST, on_sphere
from lemmata.solvers.wide_draws import Draw

#: starts, or inputs, for each draw of the matrix
STARTS = 16
#: steps of an iteration
STEPS = 3


def message_passing(draw: Draw, n: int, delta: Any, s: Any, u: Any, xi: Any, memory: Any) -> Array:
    r"""$|h^t|^2$ over columns, and $|b^t|^2$ over rows, for t = 1, ..., `STEPS` in turn.

    $b^t = A q^t - \lambda_t m^{t-1}$, $m^t = \max(b^t + w, 0)$, $h^{t+1} = A^T m^t - \xi_t q^t$,
    $q^{t+1} = \tanh(h^{t+1} + x)$, $|q^0|^2 = n$. A has n columns and $\delta n$ rows, $\delta \le
    1$, of entries of variance 1 over the rows; those of w and x have $s^2$ and $u^2$. $\lambda_t$
    and $\xi_t$ are sums of the slopes of tanh and of steps, over the rows, times `memory` and `xi`.
    """
    entries, q, w, x, left, right = draw((n, n), *[(STARTS, n)] * 5)
    rows = jnp.round(delta * n)
    kept = jnp.arange(n) < rows
    # The rows are left out of what the matrix gives and is given: so it is one for all points.
    root, w, x = kept / jnp.sqrt(rows), s * w * kept, u * x
    # Signs of rows and of columns make another matrix of the same law for each start.
    left, right = jnp.sign(left), jnp.sign(right)

    def step(carry: tuple[Array, ...], _: None) -> tuple[tuple[Array, ...], Array]:
        q, b = carry
        m = jax.nn.relu(b + w)
        steps = xi / rows * jnp.sum(b + w > 0, axis=1, keepdims=True)
        h = right * ((root * left * m) @ entries) - steps * q
        q = jnp.tanh(h + x)
        slopes = memory / rows * jnp.sum(1 - q**2, axis=1, keepdims=True)
        b = root * left * ((right * q) @ entries.T) - slopes * m
        return (q, b), jnp.stack([jnp.mean(h**2), jnp.sum(b**2) / (rows * STARTS)])

    q = on_sphere(q)
    start = q, root * left * ((right * q) @ entries.T)
    return jnp.ravel(jax.lax.scan(step, start, length=STEPS)[1])


def autoencoder(
    draw: Draw, n: int, alpha: Any, w: Any, b: Any, v: Any, *, tied: bool = True
) -> Array:
    r"""The slope of $\hat y = W^T \max(W y + \beta, 0) + \nu$ on y, and the variance about it.

    $y = \max(x, 0)$ for a normal vector x of dimension n; W has $\alpha n$ rows; $\beta$ and
    $\nu$ have entries of variances $b^2$ and $v^2$. Not `tied`, the way back is drawn afresh.
    """
    most = TALLEST * n
    kept = jnp.arange(most) < jnp.round(alpha * n)
    vectors = *[(STARTS, n)] * 3, (STARTS, most)
    x, out, signs, bias, *matrices = draw(*vectors, *[(most, n)] * (1 if tied else 2))
    W, *other = (w / jnp.sqrt(n) * entries for entries in matrices)
    y = jax.nn.relu(x)
    # Signs of columns make another matrix of the same law for each input; rows left out give 0.
    signs = jnp.sign(signs)
    hidden = kept * jax.nn.relu((signs * y) @ W.T + b * bias)
    again = signs * (hidden @ (W if tied else other[0])) + v * out
    slope = jnp.sum(y * again, axis=1, keepdims=True) / jnp.sum(y**2, axis=1, keepdims=True)
    return jnp.stack([jnp.mean(slope), jnp.mean((again - slope * y) ** 2)])


# One object, so that what was compiled and drawn for it is found again.
untied_autoencoder = partial(autoencoder, tied=False)
