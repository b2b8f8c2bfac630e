"""What is refused around kernels, and in which words."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import sympy as sp

from lemmata.solvers.kernel_dense import dense_kernel
from lemmata.solvers.kernels import tangent_kernel
from lemmata.solvers.networks import DenseNetwork
from lemmata.theory import ntk, ntk_training
from lemmata.verify.errors import UsageError
from lemmata.verify.kernel_duals import LeakyRelu, Polynomial
from lemmata.verify.kernel_quadrature import Quadrature
from lemmata.verify.kernels import LayerTerms, analytic, convert

X = jnp.ones((2, 3))
RAGGED: Any = ((1,), (1, 2))


def _kernel(x: Any = ((1.0, 2.0),), w_std: Any = 1.0, b_std: Any = 0.1) -> Any:
    return analytic(x, None, 2, "relu", w_std, b_std, "jacot")


def _params(*widths: int) -> Any:
    return DenseNetwork(widths).draw(jax.random.key(0))


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: LeakyRelu("a"), "slope_below='a' of a leaky ReLU must be finite, and one number"),
        (lambda: LeakyRelu(np.array([0.1, 0.2])), r"slope_below=array.* one number: the slope"),
        (lambda: Polynomial([0] * 200 + [1e-200]), r"has 201 entries; .* beyond degree 150 leave"),
        (lambda: convert("a", "jacot", "yang", 1.0, 1.0), "kernel='a' is no array of real numbers"),
        (lambda: convert([np.nan], "jacot", "yang", 1.0, 1.0), r"kernel\[0\] is nan; .* finite"),
        (
            lambda: convert(LayerTerms(np.ones(1), np.array([np.inf])), "jacot", "yang", 1.0, 1.0),
            r"kernel\.biases\[0\] is inf; a kernel must be finite",
        ),
        (lambda: _kernel(w_std=1e200), r"w_std=1e\+200 has a square .* between 1e-150 and 1e\+150"),
        (lambda: _kernel(b_std=10**200), "b_std=10+ has a square .* 0 or between .* other units"),
        (lambda: _kernel(w_std=1e-170), "w_std=1e-170 has a square beyond the range"),
        (
            lambda: _kernel(b_std=10**5000),
            r"b_std=2\*\*16609 \(about\) .* a finite number, 0 or more",
        ),
        (lambda: convert(X, "jacot", "yang", 1e200, 1.0), r"w_std=1e\+200 has a square"),
        (lambda: LeakyRelu(1e160), r"slope_below=1e\+160 of a leaky .* at most 1e\+150 in size"),
        (
            lambda: LeakyRelu(10**400),
            r"slope_below=2\*\*1328 \(about\) of a leaky ReLU must be finite",
        ),
        (
            lambda: Polynomial(RAGGED),
            r"coefficients=\(\(1,\), \(1, 2\)\) of a polynomial must be a seq",
        ),
        (lambda: Quadrature(np.tanh, kinks=RAGGED), "kinks=.* must be a sequence of real numbers"),
        (
            lambda: _kernel(np.ma.masked_array([[1.0, 2.0]], [[False, True]])),
            "x1 is a masked array, and .* leave the masked inputs out, or give x.filled",
        ),
    ],
)
def test_wrong_numbers(make: Callable[[], Any], text: str) -> None:
    with pytest.raises(UsageError, match=text):
        make()


@pytest.mark.parametrize("widths", [(3, 7, 5), (3, 4, 4, 2), (3, 2), (3, 5, 2)])
def test_parameters_of_another_network(widths: tuple[int, ...]) -> None:
    network = DenseNetwork((3, 4, 2))
    for call in (
        lambda: network(_params(*widths), X),
        lambda: tangent_kernel(network, _params(*widths), X),
        lambda: dense_kernel(network, _params(*widths), X),
    ):
        with pytest.raises(ValueError, match=r"the network of widths \(3, 4, 2\) has"):
            call()


def test_a_function_is_no_dense_network() -> None:
    with pytest.raises(TypeError, match="is no DenseNetwork; for any other function use `tangent"):
        dense_kernel(lambda p, x: x, _params(3, 2), X)  # pyright: ignore[reportArgumentType]


def test_symbolic_kernels() -> None:
    with pytest.raises(ValueError, match="dual='relu' is no dual map; give a function"):
        ntk.covariance(2, "relu")  # pyright: ignore[reportArgumentType]
    with pytest.raises(ValueError, match="slope=None is no dual map"):
        ntk.tangent_kernel(2, ntk.relu, None)  # pyright: ignore[reportArgumentType]
    for problem in (
        lambda k, c: ntk_training.trained(k, c, sp.Symbol("t")),
        ntk_training.converged,
    ):
        with pytest.raises(ValueError, match=r"shape \(2, 2\) and cross \(1, 3\); give the kernel"):
            problem(sp.eye(2), sp.ones(1, 3))
