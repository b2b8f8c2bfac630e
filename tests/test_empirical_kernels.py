"""Tangent kernels in independent ways, their properties, and what is refused."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jax.flatten_util import ravel_pytree

from lemmata.solvers.descent import cost
from lemmata.solvers.kernel_dense import dense_kernel
from lemmata.solvers.kernels import kernel_vector_product, tangent_kernel
from lemmata.solvers.networks import DenseNetwork
from lemmata.solvers.networks_structured import ResidualNetwork

pytestmark = pytest.mark.heavy

KEY = jax.random.key(7)
NETWORKS = {
    "rectifiers": DenseNetwork((3, 17, 9, 2)),
    "one layer": DenseNetwork((3, 2), w_std=1.5),
    "scaled parameters": DenseNetwork(
        (3, 7, 2), jax.nn.gelu, w_std=1.4, b_std=0.6, unit_parameters=False, readout_bias=False
    ),
    "mean read-out": DenseNetwork((3, 7, 5), jnp.tanh, w_std=1.5, b_std=0.3, readout="mean"),
    "units that interact": DenseNetwork((3, 7, 2), lambda z: jax.nn.softmax(z, axis=-1)),
}


def batch(count, dimension=3, seed=0):
    return jnp.asarray(np.random.default_rng(seed).normal(size=(count, dimension)))


@eqx.filter_jit
def from_jacobians(f, params, x1, x2):
    """J J^T as it is written, from `jax.jacrev`."""
    flat, unravel = ravel_pytree(params)
    one, two = (jax.jacrev(lambda v, x=x: f(unravel(v), x))(flat) for x in (x1, x2))
    return jnp.einsum("iap,jbp->ijab", one, two)


def from_products(f, params, x1, x2):
    """Column by column, from products with unit vectors."""
    product = kernel_vector_product(f, params, x1, x2)
    n, k = f(params, x2).shape
    columns = jax.vmap(product)(jnp.eye(n * k).reshape(n * k, n, k))
    return columns.reshape(n, k, -1, k).transpose(2, 0, 3, 1)


@pytest.mark.parametrize("name", NETWORKS)
def test_independent_ways_agree(name):
    f = NETWORKS[name]
    params, x1, x2 = f.draw(KEY), batch(6), batch(4, seed=1)
    expected = from_jacobians(f, params, x1, x2)
    slack = 1e-12 * jnp.max(jnp.abs(expected))
    for found in (
        from_products(f, params, x1, x2),
        tangent_kernel(f, params, x1, x2),
        dense_kernel(f, params, x1, x2),
    ):
        assert found.shape == (6, 4, f.outputs, f.outputs)
        assert jnp.max(jnp.abs(found - expected)) <= slack


@pytest.mark.parametrize("kernel", [tangent_kernel, dense_kernel])
@pytest.mark.parametrize("second", [None, 2])
@pytest.mark.parametrize(
    ("outputs", "block"),
    [("full", 1), ("full", 4), ("full", None), ("diagonal", 3), ("trace", 2)],
)
def test_blocks_change_nothing(kernel, second, outputs, block):
    f = NETWORKS["rectifiers"]
    params, x1 = f.draw(KEY), batch(7)
    x2 = None if second is None else batch(second, seed=1)
    full = from_jacobians(f, params, x1, x1 if x2 is None else x2)
    diagonal = jnp.einsum("ijaa->ija", full)
    expected = {"full": full, "diagonal": diagonal, "trace": diagonal.sum(axis=-1)}[outputs]
    found = kernel(f, params, x1, x2, outputs=outputs, block=block)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12 * jnp.max(full))


def test_what_layers_add_is_found_from_the_layers_alone():
    f = DenseNetwork((3, 8, 6, 1), jnp.tanh, w_std=1.5, b_std=0.3)
    params, x = f.draw(KEY), batch(5)
    shares = dense_kernel(f, params, x, layers=True, block=2)
    for l, share in enumerate(shares):

        def only(layer, x, l=l):
            return f((*params[:l], layer, *params[l + 1 :]), x)

        expected = from_jacobians(only, params[l], x, x)
        np.testing.assert_allclose(share, expected, rtol=0, atol=1e-12 * jnp.max(expected))


@settings(max_examples=20)
@given(seed=st.integers(0, 10**6))
def test_kernels_are_symmetric_and_positive(seed):
    f = NETWORKS["rectifiers"]
    kernel = tangent_kernel(f, f.draw(jax.random.key(seed)), batch(6, seed=seed))
    matrix = kernel.transpose(0, 2, 1, 3).reshape(12, 12)
    largest = jnp.max(jnp.abs(matrix))
    assert jnp.max(jnp.abs(matrix - matrix.T)) <= 1e-14 * largest
    assert jnp.linalg.eigvalsh(matrix)[0] >= -1e-13 * largest


def test_the_kernel_gradient_identity():
    # Jacot, Gabriel and Hongler, section 4: along gradient flow the cost falls at |d|^2 in Theta.
    f, n = DenseNetwork((3, 50, 50, 2)), 10
    params, x, y = f.draw(KEY), batch(n), batch(n, 2, seed=1)
    slope = jax.jit(jax.grad(lambda p: cost(f, p, x, y)))(params)
    falls = -sum(jnp.sum(leaf**2) for leaf in jax.tree.leaves(slope))
    d = f(params, x) - y
    by_kernel = -jnp.einsum("ia,ijab,jb->", d, tangent_kernel(f, params, x), d)
    assert abs(by_kernel / n**2 / falls - 1) < 1e-12
    assert abs(by_kernel / n / falls - n) < 1e-10  # a lost 1/N is a factor of N


def test_linear_models_are_exact():
    x1, x2 = batch(5), batch(4, seed=1)
    scalar = tangent_kernel(lambda w, x: x @ w, jnp.arange(3.0), x1, x2)
    assert scalar.shape == (5, 4, 1, 1)
    np.testing.assert_allclose(scalar[..., 0, 0], x1 @ x2.T, rtol=0, atol=1e-15)
    w = batch(3, 2, seed=2)
    several = tangent_kernel(lambda w, x: x @ w, w, x1, x2)
    expected = (x1 @ x2.T)[..., None, None] * jnp.eye(2)
    np.testing.assert_allclose(several, expected, rtol=0, atol=1e-15)


def test_a_single_network_of_one_layer_by_hand():
    # f = w.x/sqrt(3) + 0.5 b with unit parameters: the kernel is x.x'/3 + 0.25 whatever they are.
    f = DenseNetwork((3, 1), b_std=0.5)
    x = batch(4)
    found = tangent_kernel(f, f.draw(KEY), x, outputs="trace")
    np.testing.assert_allclose(found, x @ x.T / 3 + 0.25, rtol=1e-14)


def test_modules_of_equinox_and_plain_trees():
    mlp = eqx.nn.MLP(3, 2, 8, 2, key=KEY)  # holds functions and integers among its leaves
    x = batch(4)
    arrays, rest = eqx.partition(mlp, eqx.is_inexact_array)
    expected = from_jacobians(lambda p, x: jax.vmap(eqx.combine(p, rest))(x), arrays, x, x)
    found = tangent_kernel(lambda module, x: jax.vmap(module)(x), mlp, x)
    np.testing.assert_allclose(found, expected, rtol=1e-12)

    def plain(p, x):
        return jnp.tanh(x @ p["w"]) @ p["v"] * p["times"]

    params = {"w": batch(3, 5), "v": np.ones((5, 2)), "times": jnp.asarray(2)}
    trained = {name: params[name] for name in ("w", "v")}
    expected = from_jacobians(lambda p, x: plain({**p, "times": 2}, x), trained, x, x)
    np.testing.assert_allclose(tangent_kernel(plain, params, x), expected, rtol=1e-12)


def test_inputs_may_be_images_and_single_precision_stays_single():
    def f(p, x):
        return jnp.sin(jnp.einsum("nhw,hwk->nk", x, p))

    x, p = batch(5, 6).reshape(5, 2, 3), batch(6, 4).reshape(2, 3, 4)
    expected = from_jacobians(f, p, x, x)
    np.testing.assert_allclose(tangent_kernel(f, p, x), expected, rtol=0, atol=1e-13)
    single = tangent_kernel(f, p.astype("float32"), x.astype("float32"))
    assert single.dtype == jnp.float32
    np.testing.assert_allclose(single, expected, rtol=0, atol=1e-4)


@pytest.mark.parametrize("kernel", [tangent_kernel, dense_kernel])
def test_seeds_together_are_seeds_alone(kernel):
    f, x = NETWORKS["rectifiers"], batch(5)
    params = f.draws(KEY, 3)
    together = jax.vmap(lambda p: kernel(f, p, x, block=2))(params)
    for seed in range(3):
        alone = kernel(f, jax.tree.map(lambda leaf, seed=seed: leaf[seed], params), x, block=2)
        np.testing.assert_allclose(together[seed], alone, rtol=0, atol=1e-12 * jnp.max(alone))


@pytest.mark.parametrize("kernel", [tangent_kernel, dense_kernel])
def test_it_takes_less_memory_than_the_jacobian(kernel):
    f, x = DenseNetwork((3, 64, 64, 4)), batch(40)
    params = f.draw(KEY)
    jacobian = 40 * 4 * sum(leaf.nbytes for leaf in jax.tree.leaves(params))
    program = jax.jit(lambda p, x: kernel(f, p, x, block=4)).lower(params, x).compile()
    assert program.memory_analysis().temp_size_in_bytes < jacobian / 5


def test_products_with_vectors():
    f = NETWORKS["rectifiers"]
    params, x1, x2, v = f.draw(KEY), batch(6), batch(4, seed=1), batch(4, 2, seed=2)
    expected = jnp.einsum("ijab,jb->ia", from_jacobians(f, params, x1, x2), v)
    found = kernel_vector_product(f, params, x1, x2)(v)
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    with pytest.raises(ValueError, match=r"`v` has shape \(4,\); it must be of shape \(4, 2\)"):
        kernel_vector_product(f, params, x1, x2)(v[:, 0])


def test_the_variance_of_outputs_is_exact_at_every_width():
    # Var f is a recursion that no width enters: for a rectifier E phi(z)^2 = Var z / 2.
    x = jnp.asarray([[1.0, -2.0]])
    for f, hidden in (
        (DenseNetwork((2, 4, 1), b_std=0.3), 0.3**2),
        (DenseNetwork((2, 4, 1), b_std=0.3, unit_parameters=False, readout_bias=False), 0.0),
    ):
        found = jax.vmap(lambda p, f=f: f(p, x)[0, 0])(f.draws(KEY, 20_000))
        expected = (5 / 2 + 0.3**2) / 2 + hidden
        squares = np.asarray(found) ** 2
        assert abs(squares.mean() - expected) < 4 * squares.std() / np.sqrt(len(squares))
        assert abs(squares.mean() - 2 * expected) > 20 * squares.std() / np.sqrt(len(squares))


F = NETWORKS["rectifiers"]
P = F.draw(KEY)
X = batch(4)


@pytest.mark.parametrize("kernel", [tangent_kernel, dense_kernel])
@pytest.mark.parametrize(
    ("change", "error", "text"),
    [
        ({"x2": batch(2, 5)}, ValueError, r"`x1` has inputs of shape \(3,\) and `x2` of shape \(5"),
        ({"x1": batch(4, 5)}, ValueError, r"`x1?` has shape \(4, 5\); this network takes .*\(N, 3"),
        ({"x1": X[:0]}, ValueError, r"`x1` has shape \(0, 3\) and so no inputs"),
        ({"x2": X[:0]}, ValueError, r"`x2` has shape \(0, 3\) and so no inputs"),
        ({"x1": X.at[1, 1].set(jnp.nan)}, ValueError, "`x1` is not finite everywhere"),
        ({"x1": "abc"}, ValueError, r"`x1='abc'` is no array of numbers; give a batch of shape"),
        ({"x2": [[1.0], [1.0, 2.0]]}, ValueError, r"`x2=\[\[1\.0\], .* is no array of numbers"),
        ({"outputs": "mean"}, ValueError, "`outputs='mean'` must be one of 'full', 'trace', 'diag"),
        ({"block": 0}, ValueError, "`block=0` must be a whole number of at least 1"),
        ({"outputs": np.ones(2)}, ValueError, r"`outputs=array\(\[1., 1.\]\)` must be one of"),
        ({"memory": -1}, ValueError, "`memory=-1` must be a positive number of bytes"),
        ({"params": ()}, ValueError, "holds no floating-point arrays"),
        (
            {"params": ({**P[0], "w": P[0]["w"].at[0].set(jnp.inf)}, *P[1:])},
            ValueError,
            r"`params\[0\]\['w'\]` is not finite everywhere",
        ),
        ({"params": ({**P[0], "b": 0.5}, *P[1:])}, TypeError, r"\['b'\]=0.5` is a plain"),
    ],
)  # fmt: skip
def test_what_is_refused(kernel, change, error, text):
    with pytest.raises(error, match=text):
        kernel(F, **{"params": P, "x1": X, **change})


@pytest.mark.parametrize(
    ("f", "params", "error", "text"),
    [
        (3, jnp.ones(3), TypeError, r"`f=3` is no function; give one .* f\(params, x\)"),
        (lambda p, x: (x @ p)[:, None, None], jnp.ones(3), ValueError, r"shape \(4, 1, 1\) for"),
        (lambda p, x: jnp.sum(x @ p), jnp.ones(3), ValueError, r"shape \(\) for 4 inputs"),
        (lambda p, x: (x @ p)[:2], jnp.ones(3), ValueError, r"shape \(2,\) for 4 inputs"),
        (lambda p, x: (x @ p, x), jnp.ones(3), ValueError, "returned a tree"),
        (lambda p, x: (x @ p).astype(int), jnp.ones(3), TypeError, "returned int64; it must"),
        (lambda p, x: x @ p, jnp.ones(3, int), ValueError, "no floating-point arrays"),
        (lambda p, x: x @ p.real, jnp.ones(3, complex), TypeError, "`params` is complex"),
        (lambda p, x: x @ p - jnp.mean(x @ p), jnp.ones(3), ValueError, r"depends on other inputs"),
        (lambda p, x: (x - x.mean(0)) @ p, jnp.zeros(3), ValueError, r"depends on other inputs"),
        (lambda p, x: jnp.sqrt(x @ p), jnp.zeros(3), ValueError, "kernel is not finite"),
    ],
)  # fmt: skip
def test_functions_that_are_refused(f, params, error, text):
    with pytest.raises(error, match=text):
        tangent_kernel(f, params, X)


def test_a_product_is_refused_too_where_it_is_not_finite():
    with pytest.raises(ValueError, match="kernel is not finite"):
        kernel_vector_product(lambda p, x: jnp.sqrt(x @ p), jnp.zeros(3), X)(jnp.ones(4))


@pytest.mark.parametrize(
    ("v", "error", "text"),
    [
        (1j * np.ones(4), TypeError, r"`v=array\(.*1.j.*` is complex; it must be real. Give its"),
        (np.full(4, np.nan), ValueError, r"`v=array\(.*nan.* is not finite everywhere"),
        ("a", ValueError, r"`v='a'` is no array of numbers; give real numbers of shape \(4,\)"),
        (None, ValueError, "`v=None` is no array of numbers"),
    ],
)
def test_vectors_that_are_refused(v, error, text):
    with pytest.raises(error, match=text):
        kernel_vector_product(lambda p, x: x @ p, jnp.ones(3), X)(v)


def test_whole_numbers_and_memory_may_be_of_numpy():
    f = lambda p, x: x @ p
    expected = tangent_kernel(f, jnp.ones(3), X)
    for option in ({"block": np.int64(2)}, {"memory": np.int64(100)}, {"memory": np.inf}):
        np.testing.assert_allclose(tangent_kernel(f, jnp.ones(3), X, **option), expected)


def test_products_are_right_where_inputs_mix():
    def mixing(w, x):
        z = jnp.tanh(x @ w)
        return z - jnp.mean(z, axis=0)

    w, v = batch(3, 2, seed=3), batch(4, 2, seed=4)
    expected = jnp.einsum("ijab,jb->ia", from_jacobians(mixing, w, X, X), v)
    np.testing.assert_allclose(kernel_vector_product(mixing, w, X)(v), expected, rtol=1e-12)


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: DenseNetwork((2, 0, 1)), r"`widths=\(2, 0, 1\)`: give whole numbers of at"),
        (lambda: DenseNetwork((2,)), r"`widths=\(2,\)`"),
        (lambda: DenseNetwork(None), r"`widths=None`: give whole numbers of at least 1"),
        (lambda: DenseNetwork(5), "`widths=5`"),
        (lambda: DenseNetwork((2, 1.5)), r"`widths=\(2, 1.5\)`"),
        (lambda: DenseNetwork((2, 1), None), "`activation=None` is no function; .*jax.numpy.tanh"),
        (lambda: DenseNetwork((2, 1), "relu"), "`activation='relu'` is no function"),
        (lambda: ResidualNetwork(2, 4, 1, 1, activation=3), "`activation=3` is no function"),
        (lambda: DenseNetwork((2, 1), w_std=-1.0), "`w_std=-1.0` is a standard deviation"),
        (lambda: DenseNetwork((2, 1), b_std=float("nan")), "`b_std=nan` is a standard deviation"),
        (lambda: DenseNetwork((2, 1), readout="sum"), "`readout='sum'` must be"),
        (lambda: dense_kernel(F, P[:2], X), r"the network of widths \(3, 17, 9, 2\) has"),
        (lambda: dense_kernel(F, F.draws(KEY, 2), X), r"use `jax.vmap` for several"),
    ],
)  # fmt: skip
def test_networks_that_are_refused(make, text):
    with pytest.raises(ValueError, match=text):
        make()
