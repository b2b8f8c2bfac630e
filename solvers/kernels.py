r"""The empirical tangent kernel of any function of parameters and inputs that JAX differentiates.

$\Theta(x_1, x_2) = J(x_1) J(x_2)^T$ with $J(x) = \partial f(x)/\partial\theta$ over all parameters
at the given ones. Source: Jacot, Gabriel and Hongler, arXiv 1806.07572, section 4. It is exact: no
sampling, and no linear algebra beyond inner products of gradients.
"""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.core import Tracer
from jax.typing import ArrayLike

from lemmata.solvers.kernel_blocks import gram_in_blocks
from lemmata.solvers.kernel_checks import (
    Function,
    Outputs,
    all_finite,
    check_option,
    checked_block,
    checked_inputs,
    checked_kernel,
    checked_reals,
    checked_shape,
    split_params,
)

# A gradient that is being computed takes its own memory, and about as much on the way.
_COPIES = 4


def tangent_kernel(
    f: Function,
    params: Any,
    x1: ArrayLike,
    x2: ArrayLike | None = None,
    *,
    outputs: Outputs = "full",
    block: int | None = None,
    memory: float = 2**30,
) -> Array:
    r"""The empirical tangent kernel of `f` between two batches of inputs.

    **Arguments:**

    - `f(params, x)`: for a batch x of shape (N, ...) the outputs, (N,) or (N, k). Each is to depend
      on its own input alone; a function that mixes the batch is refused.
    - `params`: any tree. Its real floating-point arrays are the parameters; integers, functions and
      whatever else is a leaf of a module are handed to `f` as they are.
    - `x1`, `x2`: batches (N1, ...) and (N2, ...); without `x2` it is `x1`.
    - `outputs`: "full" for every pair of outputs, "diagonal" for each output with itself, "trace"
      for the sum of these. The trace is a sum: divide by k for a mean.
    - `block`: how many gradients (of one output at one input) to hold on each side; by default as
      many as fit into `memory` bytes, at least one. It changes the time and not the result.

    **Returns:** shape (N1, N2, k, k) with [i, j, a, b] for output a at x1[i] and b at x2[j],
    (N1, N2, k), or (N1, N2). The outputs of an `f` that returns (N,) count as k = 1.

    **Raises:** ValueError on inputs of different shapes, empty batches, numbers that are not finite
    in the arguments or in the result, a wrong shape returned by `f`, an `f` that mixes inputs, no
    parameters, an unknown option; TypeError on numbers of a kind that cannot be differentiated, and
    on an `f` that is no function.
    Under `jit` and `vmap` the values themselves are not looked at.

    >>> f = lambda params, x: params["slope"] * x + params["offset"]
    >>> params = {"slope": jnp.asarray(3.0), "offset": jnp.asarray(1.0)}
    >>> tangent_kernel(f, params, jnp.asarray([1.0, 2.0]), outputs="trace").tolist()
    [[2.0, 3.0], [3.0, 5.0]]
    """
    check_option(outputs)
    first, second = checked_inputs(x1, x2)
    trained, rest = split_params(params)
    shape = checked_shape(f, params, first)
    check_separate(f, trained, rest, first, second)
    size = sum(leaf.nbytes for leaf in jax.tree.leaves(trained))
    rows = max(len(x) for x in (first, second) if x is not None)
    rows *= shape[0] if shape and outputs == "full" else 1
    block = checked_block(block, memory, _COPIES * size, rows)
    return checked_kernel(_kernel(f, trained, rest, first, second, shape, outputs, block))


@eqx.filter_jit
def _kernel(
    f: Function,
    trained: Any,
    rest: Any,
    x1: Array,
    x2: Array | None,
    shape: tuple[int, ...],
    outputs: Outputs,
    block: int,
) -> Array:
    k = shape[0] if shape else 1

    def gradients(x: Array, points: Array, which: Array) -> Any:
        def output(theta: Any, point: Array, a: Array) -> Array:
            return jnp.reshape(f(eqx.combine(theta, rest), point[None]), (k,))[a]

        return jax.vmap(jax.grad(output), in_axes=(None, 0, 0))(trained, x[points], which)

    def gram(rows: Callable[[Array], tuple[Array, Array]], each: int) -> Array:
        # A row is one output at one input; `rows` says which.
        left, right = (
            None if x is None else lambda numbers, x=x: gradients(x, *rows(numbers))
            for x in (x1, x2)
        )
        assert left is not None
        counts = (each * len(x1), each * len(x1 if x2 is None else x2))
        return gram_in_blocks(left, right, _inner, counts, block, jnp.transpose)

    def of_output(a: Array) -> Array:
        return gram(lambda r: (r, jnp.broadcast_to(a, r.shape)), 1)

    if outputs == "full":
        pairs = gram(lambda r: (r // k, r % k), k)
        return jnp.swapaxes(pairs.reshape(len(x1), k, -1, k), 1, 2)
    if outputs == "diagonal":
        return jnp.moveaxis(jax.lax.map(of_output, jnp.arange(k)), 0, -1)
    start = of_output(jnp.zeros((), int))
    return jax.lax.fori_loop(1, k, lambda a, total: total + of_output(a), start)


def _inner(u: Any, v: Any) -> Array:
    """Inner products of all gradients in u with all in v, leaf by leaf."""
    products = [
        jnp.reshape(a, (len(a), -1)) @ jnp.reshape(b, (len(b), -1)).T
        for a, b in zip(jax.tree.leaves(u), jax.tree.leaves(v), strict=True)
    ]
    return sum(products[1:], start=products[0])


def kernel_vector_product(
    f: Function, params: Any, x1: ArrayLike, x2: ArrayLike | None = None
) -> Callable[[ArrayLike], Array]:
    """Multiplication by the tangent kernel, which is never formed: v -> J(x1) (J(x2)^T v).

    Arguments as for `tangent_kernel`, but here `f` may mix the inputs of a batch.

    **Returns:** a function from v of the shape of `f(params, x2)` to the shape of `f(params, x1)`;
    a product takes one reverse pass at x2 and one forward pass at x1.

    **Raises:** as `tangent_kernel`; the function raises ValueError on a v of another shape or not
    finite, TypeError on a complex one.
    """
    first, second = checked_inputs(x1, x2)
    last = first if second is None else second
    trained, rest = split_params(params)
    checked_shape(f, params, first)
    expected = (len(last), *checked_shape(f, params, last))

    def product(v: ArrayLike) -> Array:
        vector = checked_reals("v", v, expected, "`f(params, x2)`")
        return checked_kernel(_product(f, trained, rest, first, last, vector))

    return product


@eqx.filter_jit
def _product(f: Function, trained: Any, rest: Any, x1: Array, x2: Array, v: Array) -> Array:
    out, pull = jax.vjp(lambda theta: f(eqx.combine(theta, rest), x2), trained)
    (direction,) = pull(v.astype(out.dtype))
    return jax.jvp(lambda theta: f(eqx.combine(theta, rest), x1), (trained,), (direction,))[1]


def check_separate(f: Function, trained: Any, rest: Any, *batches: Array | None) -> None:
    """Raise ValueError where an output at one input changes with the other inputs of its batch."""
    for x in batches:
        if x is None or not all_finite(x):
            continue
        for together, alone in _both_ways(f, trained, rest, x, _direction(trained)):
            if isinstance(together, Tracer):
                return
            # By NumPy, for which no new shape has to be compiled.
            one, other = np.asarray(together), np.asarray(alone)
            # Sums in another order differ by rounding: the root of it leaves room for long ones.
            slack = jnp.finfo(together.dtype).eps ** 0.5 * np.max(np.abs(one))
            if np.all(np.isfinite(one)) and not np.all(np.abs(one - other) <= slack):
                raise ValueError(
                    "`f(params, x)[i]` depends on other inputs than `x[i]` (batch normalisation "
                    "does so); its kernel is not one of pairs of inputs. Use "
                    "`kernel_vector_product`."
                )


def _direction(trained: Any) -> Any:
    """Random numbers in the place of the parameters; drawn in a program, they double its size."""
    rng = np.random.default_rng(0)
    return jax.tree.map(
        lambda leaf: jnp.asarray(rng.standard_normal(leaf.shape).astype(leaf.dtype)), trained
    )


@eqx.filter_jit
def _both_ways(
    f: Function, trained: Any, rest: Any, x: Array, direction: Any
) -> tuple[tuple[Array, Array], ...]:
    """Outputs, and their derivatives in a direction of the parameters: together and alone.

    Where a read-out is zero all outputs are, and only the derivatives tell.
    """

    def outputs(p: Any) -> tuple[Array, Array]:
        params = eqx.combine(p, rest)
        return f(params, x), jax.vmap(lambda one: f(params, one[None])[0])(x)

    return tuple(jax.jvp(outputs, (trained,), (direction,)))
