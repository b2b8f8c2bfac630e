"""Training by descent and by flow: closed forms, orders of convergence, seeds, divergence."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.linalg import expm

from lemmata.solvers.descent import descend, flow, relative_change, rms_change
from lemmata.solvers.kernels import tangent_kernel
from lemmata.solvers.networks import DenseNetwork

pytestmark = pytest.mark.heavy

KEY = jax.random.key(3)
N = 6
SMOOTH = DenseNetwork((2, 12, 12, 1), jnp.tanh, b_std=0.3)
angle = jnp.linspace(0.2, 5.0, N)
X = jnp.stack([jnp.cos(angle), 1.5 * jnp.sin(angle)], axis=1)
Y = (X[:, :1] * X[:, 1:]) + 0.3
TEST = jnp.asarray([[0.1, 0.7], [-1.0, 0.4], [2.0, 2.0]])


def features(x):
    return jnp.stack([x[:, 0], x[:, 1], x[:, 0] * x[:, 1], jnp.ones(len(x))], axis=1)


def linear(w, x):
    return features(x) @ w


def closed_forms(w, fade):
    """Outputs at train and test points when residuals fade by `fade(A)`, A = K/N."""
    phi, psi = (np.asarray(features(x)) for x in (X, TEST))
    # In the parameters: the slope of C is M (w - w*) with M = phi^T phi / N.
    M = phi.T @ phi / N
    best = np.linalg.solve(M, phi.T @ np.asarray(Y[:, 0]) / N)
    moved = best + fade(M) @ (np.asarray(w) - best)
    return phi @ moved, psi @ moved


def weights(count=3):
    return jax.random.normal(KEY, (count, 4))


def test_descent_on_a_linear_model_is_the_closed_form_at_every_step():
    w, rate = weights(), 0.3
    steps = range(21)
    found = descend(linear, w, X, Y[:, 0], rate=rate, steps=steps, test=TEST)
    assert found.train.shape == (3, 21, N)
    assert found.test.shape == (3, 21, 3)
    assert found.finite.all()
    for seed in range(3):
        for t in steps:
            power = lambda M, t=t: np.linalg.matrix_power(np.eye(4) - rate * M, t)
            train, test = closed_forms(w[seed], power)
            np.testing.assert_allclose(found.train[seed, t], train, rtol=0, atol=1e-12)
            np.testing.assert_allclose(found.test[seed, t], test, rtol=0, atol=1e-12)
            loss = np.sum((train - np.asarray(Y[:, 0])) ** 2) / (2 * N)
            np.testing.assert_allclose(found.loss[seed, t], loss, rtol=1e-12)


def test_flow_on_a_linear_model_is_a_matrix_exponential():
    w, times = weights(), (0.0, 0.5, 4.0)
    found = flow(linear, w, X, Y[:, 0], times=times, step=0.05, test=TEST)
    for r, t in enumerate(times):
        for seed in range(3):
            train, test = closed_forms(w[seed], lambda M, t=t: expm(-t * M))
            slack = 1e-13 + found.train_error[seed, r]
            assert np.all(np.abs(found.path.train[seed, r] - train) <= slack)
            assert np.all(
                np.abs(found.path.test[seed, r] - test) <= 1e-13 + found.test_error[seed, r]
            )
            if t > 0:
                for wrong in (
                    lambda M, t=t: expm(-t * N * M),  # the 1/N of the cost lost
                    lambda M, t=t: expm(-2 * t * M),  # the 1/2 of the cost lost
                    lambda M, t=t: np.exp(-t * M),  # the exponential of each entry
                ):
                    apart = np.abs(found.path.train[seed, r] - closed_forms(w[seed], wrong)[0])
                    assert np.max(apart) > 1e3 * np.max(slack)
    assert np.max(found.train_error) < 1e-6


def test_flow_converges_at_order_four_and_its_error_is_honest():
    params, times = SMOOTH.draws(KEY, 2), (0.7, 5.0)
    lengths = (0.8, 0.4, 0.2, 0.1)
    runs = [flow(SMOOTH, params, X, Y, times=times, step=h, test=TEST) for h in lengths]
    exact = flow(SMOOTH, params, X, Y, times=times, step=0.0125, test=TEST).path
    errors = np.stack([np.abs(run.path.test - exact.test) for run in runs])
    for run, error in zip(runs, errors, strict=True):
        assert np.all(error <= run.test_error + 1e-13)
    largest = errors.max(axis=(1, 2, 3, 4))
    orders = np.log2(largest[:-1] / largest[1:])
    assert np.all(np.abs(orders[1:] - 4) < 0.3), orders


def test_descent_with_ever_smaller_rates_is_flow():
    params = SMOOTH.draws(KEY, 2)
    exact = flow(SMOOTH, params, X, Y, times=(2.0,), step=0.02).path.train[:, 0]
    errors = []
    for count in (50, 100, 200, 400):
        found = descend(SMOOTH, params, X, Y, rate=2.0 / count, steps=(count,))
        errors.append(float(jnp.max(jnp.abs(found.train[:, 0] - exact))))
    orders = np.log2(np.divide(errors[:-1], errors[1:]))
    assert np.all(np.abs(orders - 1) < 0.1), orders


@pytest.mark.parametrize("at_once", [1, 2, 5, 9])
def test_seeds_together_are_seeds_alone(at_once):
    params = SMOOTH.draws(KEY, 5)
    options = {"rate": 0.2, "steps": (0, 3, 50), "test": TEST}
    together = descend(SMOOTH, params, X, Y, at_once=at_once, **options)
    for seed in (0, 4):
        own = jax.tree.map(lambda leaf, seed=seed: leaf[seed : seed + 1], params)
        alone = descend(SMOOTH, own, X, Y, **options)
        for one, two in zip(together[1:4], alone[1:4], strict=True):
            np.testing.assert_allclose(one[seed], two[0], rtol=0, atol=1e-12)


def test_rates_and_numbers_of_steps_need_no_new_program():
    traced = []

    def counted(w, x):
        traced.append(x.shape)
        return linear(w, x)

    descend(counted, weights(), X, Y[:, 0], rate=0.1, steps=(0, 10))
    compiled = len(traced)
    again = descend(counted, weights(), X, Y[:, 0], rate=0.3, steps=(5, 700))
    assert len(traced) <= compiled + 1  # the look at its shape
    expected = descend(linear, weights(), X, Y[:, 0], rate=0.3, steps=(5, 700))
    np.testing.assert_array_equal(again.train, expected.train)


def test_the_kernel_before_and_after():
    def kernel_of(f):
        return lambda p: tangent_kernel(f, p, X, outputs="trace")

    params = SMOOTH.draws(KEY, 3)
    found = descend(SMOOTH, params, X, Y, rate=0.5, steps=(0, 100), measure=kernel_of(SMOOTH))
    assert found.measured.shape == (3, 2, N, N)
    for seed in range(3):
        for r, tree in enumerate((params, found.params)):
            own = jax.tree.map(lambda leaf, seed=seed: leaf[seed], tree)
            expected = kernel_of(SMOOTH)(own)
            np.testing.assert_allclose(found.measured[seed, r], expected, rtol=1e-12)
    assert relative_change(found.measured[:, 0], found.measured[:, 1]) > 0.01
    # The kernel of a model that is linear in its parameters does not move at all.
    found = descend(linear, weights(), X, Y[:, 0], rate=0.3, steps=(0, 100),
                    measure=kernel_of(linear))  # fmt: skip
    np.testing.assert_array_equal(found.measured[:, 0], found.measured[:, 1])
    assert jnp.max(jnp.abs(found.train[:, 0] - found.train[:, 1])) > 0.1


def test_a_network_that_diverges_says_so_and_harms_no_other():
    def product(p, x):
        return p["v"] * p["u"] * x[:, 0]

    params = {"u": jnp.asarray([0.5, 40.0, 1.0]), "v": jnp.asarray([0.5, 40.0, -1.0])}
    y = X[:, 0]
    options = {"rate": 0.1, "steps": (0, 5, 60)}
    found = descend(product, params, X, y, **options)
    np.testing.assert_array_equal(found.finite.all(axis=1), [True, False, True])
    np.testing.assert_array_equal(found.finite[:, 0], True)
    calm = jax.tree.map(lambda leaf: leaf[jnp.asarray([0, 2])], params)
    alone = descend(product, calm, X, y, **options)
    np.testing.assert_array_equal(found.train[jnp.asarray([0, 2])], alone.train)

    moved = flow(product, params, X, y, times=(0.0, 20.0), step=0.25)
    np.testing.assert_array_equal(moved.path.finite.all(axis=1), [True, False, True])
    assert np.all(np.isinf(moved.train_error[1, 1]))
    assert np.all(np.isfinite(moved.train_error[0]))


def test_a_measurement_that_is_not_finite_is_reported():
    found = descend(linear, weights(), X, Y[:, 0], rate=0.1, steps=(0, 1),
                    measure=lambda w: jnp.log(w[0]))  # fmt: skip
    expected = np.isfinite(found.measured)
    assert not expected.all()
    np.testing.assert_array_equal(found.finite, expected)


def test_how_far_trees_move():
    before = {"a": jnp.asarray([3.0, 0.0]), "b": jnp.asarray([[4.0]])}
    after = {"a": jnp.asarray([3.0, 2.0]), "b": jnp.asarray([[5.0]])}
    assert float(rms_change(before, after)) == pytest.approx(np.sqrt(5 / 3), rel=1e-15)
    assert float(relative_change(before, after)) == pytest.approx(np.sqrt(5) / 5, rel=1e-15)


def with_nan(x):
    return x.at[0].set(jnp.nan)


@pytest.mark.parametrize(
    ("change", "error", "text"),
    [
        ({"y": Y}, ValueError, r"`y` .* \(6, 1\); .* \(6,\), that of `f\(params, x\)"),
        ({"y": with_nan(Y[:, 0])}, ValueError, "`y=.*` is not finite everywhere"),
        ({"x": with_nan(X)}, ValueError, "`x` is not finite everywhere"),
        ({"x": X[:0]}, ValueError, r"`x` has shape \(0, 2\) and so no inputs"),
        ({"test": jnp.ones((3, 5))}, ValueError, r"`x` has inputs .*\(2,\) and `test` of .*\(5,\)"),
        ({"rate": 0.0}, ValueError, "`rate=0.0` must be one positive, finite number"),
        ({"y": None}, ValueError, r"`y=None` is no array of numbers; give real .* \(6,\), that of"),
        ({"y": "a"}, ValueError, "`y='a'` is no array of numbers"),
        ({"y": 1j * Y[:, 0]}, TypeError, "`y=.*` is complex; it must be real. Give its real and"),
        ({"rate": None}, ValueError, "`rate=None` must be one positive, finite number, such as"),
        ({"rate": "a"}, ValueError, "`rate='a'` must be one positive"),
        ({"rate": 1j}, ValueError, "`rate=1j` must be one positive"),
        ({"rate": jnp.inf}, ValueError, "must be one positive, finite number"),
        ({"steps": ()}, ValueError, r"`steps=\(\)` must be whole numbers"),
        ({"steps": (3, 3)}, ValueError, r"`steps=\(3, 3\)` must be .* that ascend"),
        ({"steps": (-1, 3)}, ValueError, "of at least 0"),
        ({"steps": (0.5, 3)}, ValueError, "must be whole numbers"),
        ({"params": with_nan(weights())}, ValueError, "`params` is not finite .* before the first"),
        ({"params": jnp.ones((3, 4), int)}, TypeError, "`params` is int64; parameters that are"),
        ({"params": weights(0)}, ValueError, r"leading axes of \[0\]"),
        ({"params": jnp.ones(())}, ValueError, r"shape \(\); it needs a leading axis of networks"),
        ({"params": (weights(2), weights(3))}, ValueError, r"leading axes of \[2, 3\]"),
        ({"at_once": 0}, ValueError, "`at_once=0` must be a whole number of at least 1"),
    ],
)  # fmt: skip
def test_what_descent_refuses(change, error, text):
    given = {"params": weights(), "x": X, "y": Y[:, 0], "rate": 0.1, "steps": (0, 2), **change}
    with pytest.raises(error, match=text):
        descend(linear, **given)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"times": (1.0, 0.5)}, r"`times=\(1.0, 0.5\)` must be .* that ascend"),
        ({"times": (0.0, np.inf)}, "must be finite numbers"),
        ({"times": ()}, "must be finite numbers"),
        ({"step": 0.0}, "`step=0.0` must be one positive, finite number"),
        ({"step": "a"}, "`step='a'` must be one positive, finite number"),
        ({"step": None}, "`step=None` must be one positive"),
        ({"step": np.ones(2)}, r"`step=array\(.*` must be one positive"),
        ({"times": "ab"}, "`times='ab'` must be finite numbers of at least 0 that ascend, such"),
        ({"times": ("1", "2")}, r"`times=\('1', '2'\)` must be finite numbers"),
        ({"times": (1.0, (2.0, 3.0))}, "must be finite numbers"),
        ({"step": 1e-9}, r"`step=1e-09` takes 1e\+09 steps .* at most 1e\+07"),
    ],
)
def test_what_flow_refuses(change, text):
    given = {"times": (0.5, 1.0), "step": 0.1, **change}
    with pytest.raises(ValueError, match=text):
        flow(linear, weights(), X, Y[:, 0], **given)
