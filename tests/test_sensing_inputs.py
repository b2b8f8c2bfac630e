"""What descent on factors refuses before it compiles anything, and in which words."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lemmata.solvers.sensing import (
    OneStep,
    gradient_descent,
    noise_eigenvalues,
    subgradient_descent,
)
from lemmata.solvers.sensing_operators import (
    Gram,
    Measurements,
    Population,
    gaussian,
    measured,
    population,
)

pytestmark = pytest.mark.heavy

TRUTH = np.diag([1.0, 0.5, 0.0])
START = np.full((3, 2), 0.1) + 0.1 * np.eye(3, 2)
ROWS, VALUES = np.ones((5, 6)), np.ones(5)
KEY = jax.random.key(0)


def descent(problem=None, start=START, rate=0.1, steps=5, **more):
    problem = population(TRUTH) if problem is None else problem
    return gradient_descent(problem, start, rate=rate, steps=steps, **more)


def raw(rows=ROWS, values=VALUES, truth=TRUTH):
    return Measurements(rows, values, truth)


def gram(matrix=None, target=None):
    matrix = np.eye(6) if matrix is None else matrix
    return Gram(matrix, np.ones(6) if target is None else target, TRUTH)


def absolute(decay):
    return subgradient_descent(population(TRUTH), START, rate=0.1, decay=decay, steps=5)


def without(array, value):
    array = array.copy()
    array.flat[0] = value
    return array


@pytest.mark.parametrize(
    ("call", "told"),
    [
        # no problem at all
        (lambda: gradient_descent(None, START, rate=0.1, steps=5), "`problem` is a NoneType"),
        (lambda: descent(TRUTH), "`problem` is a ndarray; make one with population"),
        (lambda: subgradient_descent(None, START, rate=0.1, steps=5), "`problem` is a NoneType"),
        (lambda: descent(Population("abc")), "`truth` is a str"),
        (lambda: population([[1.0, 2.0], [3.0]]), "`truth` is a list .* all of one length"),
        # rates and steps
        (lambda: descent(rate=[]), r"`rate=\[\]` must be positive and finite"),
        (lambda: descent(rate="a"), "`rate='a'`"),
        (lambda: descent(rate=None), "`rate=None`"),
        (lambda: descent(rate=0.1j), "`rate=0.1j`"),
        (lambda: descent(rate=[[0.1], [0.1, 0.2]]), "`rate=.* must be positive"),
        (lambda: descent(steps=10**30), "`steps` ends at 10+, and"),
        (lambda: descent(steps=10**15), "`steps` ends at 10+, and"),
        (lambda: descent(steps=np.array([2**63 + 5], np.uint64)), "ends at 9223372036854775813"),
        (lambda: descent(steps=(0, 2**80)), "ends at 1208925819614629174706176"),
        (lambda: descent(steps=(1.0, 2.0)), r"`steps=\(1.0, 2.0\)` must be"),
        (lambda: descent(steps=(False, True)), "must be a whole number"),
        (lambda: descent(steps="ab"), "`steps='ab'`"),
        (lambda: descent(steps=None), "`steps=None`"),
        (lambda: descent(steps=()), "must be a whole number"),
        # the modified step, the decay
        (lambda: descent(start=(START, START), modify=(0.1, 0.1)), "is no OneStep; give"),
        (lambda: descent(start=(START, START), modify=OneStep("a", 0.1)), "`modify.beta='a'`"),
        (lambda: absolute("a"), "`decay='a'` must be one number"),
        (lambda: absolute(np.array([0.5, 0.9])), "`decay=array.* must be one number"),
        (lambda: absolute(None), "`decay=None`"),
        # measurements
        (lambda: gaussian(0, TRUTH, 5), "`key=0` is no key .* jax.random.key"),
        (lambda: gaussian(jax.random.split(KEY), TRUTH, 5), "is no key"),
        (lambda: gaussian(KEY, TRUTH, 5, noise="x"), "`noise='x'`"),
        (lambda: gaussian(KEY, TRUTH, 5, noise=[0.1]), r"`noise=\[0.1\]`"),
        (lambda: gaussian(KEY, TRUTH, 5, outliers="x"), "`outliers='x'`"),
        (lambda: gaussian(KEY, TRUTH, 5, outlier_size=None), "`outlier_size=None`"),
        (lambda: measured("abc", VALUES, TRUTH), "`maps` is a str"),
        # measurements that were put together by hand
        (lambda: descent(raw(rows=without(ROWS, np.nan))), "`rows` is not finite"),
        (lambda: descent(raw(values=without(VALUES, np.inf))), "`values` is not finite"),
        (lambda: descent(gram(matrix=without(np.eye(6), np.nan))), "`matrix` is not finite"),
        (lambda: descent(gram(target=without(np.ones(6), np.nan))), "`target` is not finite"),
        (lambda: descent(raw(values=np.ones(4))), r"`values` \(4,\) and `truth`"),
        (lambda: descent(raw(rows=np.ones((5, 7)))), "7 coordinates"),
        (lambda: descent(raw(rows=np.ones((2, 5, 6)))), "`rows` has shape .* needs 2 axes"),
        (lambda: descent(gram(matrix=np.ones((5, 6)), target=np.ones(5))), r"must be \(D, D\)"),
        (lambda: descent(raw(rows=np.ones((2, 5, 6)), values=np.ones((3, 5)),
                             truth=np.stack([TRUTH] * 2)), np.stack([START] * 2)), "leading axis"),
        # starts
        (lambda: descent(start=[START, START]), r"`start` is a list of 2 .* tuple \(F, G\)"),
        (lambda: descent(start=None), "`start`"),
        # transformations
        (lambda: jax.jit(lambda X: descent(start=X).error)(START), "`truth` is traced"),
        (lambda: jax.vmap(lambda X: descent(start=X).error)(np.stack([START])), "is traced"),
        (lambda: jax.grad(lambda r: descent(rate=r).error[-1])(0.1), "`rate` is traced"),
        (lambda: jax.jit(lambda T: descent(Population(T)).error)(TRUTH), "`problem` is traced"),
    ],
)  # fmt: skip
def test_wrong_use_is_told_before_anything_runs(call, told):
    with pytest.raises(ValueError, match=told):
        call()


def test_what_is_right_still_passes():
    plain = descent(rate=0.1, steps=(0, 5)).error
    for rate in (np.float64(0.1), jnp.asarray(0.1), [[0.1]][0][0]):
        np.testing.assert_array_equal(descent(rate=rate, steps=np.array([0, 5])).error, plain)
    found = descent(start=np.stack([START, START]), steps=jnp.array([0, 5]))
    np.testing.assert_allclose(found.error, np.stack([plain, plain]), rtol=1e-13)
    own = gaussian(jax.random.PRNGKey(0), TRUTH, 40, noise=np.float32(0.0))
    by_hand = Measurements(np.asarray(own.rows), np.asarray(own.values), TRUTH)
    np.testing.assert_array_equal(descent(by_hand).error, descent(own).error)


def test_noise_is_measured_against_one_truth():
    with pytest.raises(ValueError, match=r"shape \(2, 3, 3\).* give one truth, of shape \(n, n\)"):
        noise_eigenvalues(np.stack([TRUTH, TRUTH]))
