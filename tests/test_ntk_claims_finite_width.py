"""Deep rectifier networks at a finite width: verified, refuted when wrong, open if vague."""

import itertools

import jax.numpy as jnp
import numpy as np
import pytest
import sympy as sp

from lemmata.solvers.networks import DenseNetwork
from lemmata.solvers.normals import standard_normal
from lemmata.theory import ntk_finite_depth as deep
from lemmata.theory import ntk_finite_width as shallow
from lemmata.verify import backend, width_measure
from lemmata.verify.accuracy import Accuracy
from lemmata.verify.claim import Claim
from lemmata.verify.claims import ntk_finite_width as claims
from lemmata.verify.compare.base import Agreement
from lemmata.verify.domain import Point

pytestmark = pytest.mark.heavy


@pytest.fixture(autouse=True)
def _precise():
    with backend.precision():
        yield


AT = {"k_xx": 1.0, "w": 1.2, "b": 0.3, "n": 16.0, "q": 1.53}


def judged(name: str, predicted, effort: float = 1.0) -> Agreement:
    """How a formula fares at one point against what the claim measures there."""
    claim: Claim = getattr(claims, name)
    batch = Point({key: np.array([value]) for key, value in AT.items()})
    (measured,) = claim.methods[0].measure(batch, Accuracy(effort)).split(1)
    value = float(sp.sympify(predicted).subs({getattr(deep, key): AT[key] for key in "qwbn"}))
    return claim.compare.judge(value, claim.compare.estimate(measured, 1e-5)).agreement


def wide_only(expression: sp.Expr) -> sp.Expr:
    """What is left of it for wide networks."""
    return sp.limit(sp.expand(expression), deep.n, sp.oo)


WRONG = (
    ("kernel_mean", lambda d: deep.kernel_mean(d).statement * (1 + 1 / deep.n)),
    ("kernel_variance", lambda d: wide_only(deep.kernel_variance(d).statement)),
    ("kernel_variance", lambda d: deep.kernel_variance(d - 1).statement),
    ("outputs_uncorrelated", lambda d: sp.Rational(1, 50)),
    ("excess_kurtosis", lambda d: wide_only(sp.together(deep.excess_kurtosis(d).statement))),
    ("squares_correlate", lambda d: deep.squares_correlation(d - 1).statement),
)


@pytest.mark.parametrize(("name", "wrong"), WRONG)
def test_another_formula_is_refuted(name: str, wrong) -> None:
    assert judged(name, wrong(4)) is Agreement.DISAGREES


@pytest.mark.parametrize("name", sorted({name for name, _ in WRONG}))
def test_the_formula_agrees_and_few_networks_leave_it_open(name: str) -> None:
    predicted = getattr(claims, name).predicted
    right = predicted().statement if callable(predicted) else predicted
    assert judged(name, right) is Agreement.AGREES
    assert judged(name, right, effort=0.002) is Agreement.UNRESOLVED


def test_at_two_layers_of_weights_it_is_what_is_known_of_them() -> None:
    for name in ("kernel_mean", "kernel_variance", "excess_kurtosis"):
        known, found = (getattr(one, name) for one in (shallow, deep))
        assert sp.simplify(known().statement - found(2).statement) == 0


@pytest.mark.parametrize(
    "name", ["kernel_mean", "kernel_variance", "excess_kurtosis", "squares_correlation"]
)
def test_derivations_replay_and_widen_to_their_limits(name: str) -> None:
    derived = getattr(deep, name)(4)
    assert all(one.status in {"proved", "checked"} for one in derived.replay())
    # On the circle at b = 1/10: what simulations of three hidden layers tend to.
    at = {deep.q: sp.Rational(51, 100), deep.w: 1, deep.b: sp.Rational(1, 10)}
    limit = float(sp.limit(sp.together(derived.statement.subs(at)), deep.n, sp.oo))
    known = {
        "kernel_mean": 0.2825, "kernel_variance": 0.69089, "excess_kurtosis": 30.742,
        "squares_correlation": 5.1237,
    }  # fmt: skip
    assert limit == pytest.approx(known[name], rel=1e-4)


def test_gates_say_at_one_unit_a_layer_what_counting_does() -> None:
    # With one unit a layer and no biases Theta is 3 (w^2)^3 q_0 z^2 v^2 u^2 where both gates are
    # open (1/4 of the time), of mean square 9 * 27 w^12 q_0^2 and of mean 3 w^6 q_0.
    at = {deep.n: 1, deep.b: 0, deep.w: 1, deep.q: 1}
    found = deep.kernel_variance(3).statement.subs(at)
    products = [1, 1, 1]  # of u^2 v^2, u^2 z^2, v^2 z^2: the three layers' shares
    square = sum(9 for _ in products) + 6 * 3  # E u^4 v^4 = 9, E u^4 v^2 z^2 = 3
    assert found == sp.Rational(square, 4) - sp.Rational(3, 4) ** 2


def test_a_narrow_network_in_a_wide_program_is_the_same_network() -> None:
    p = Point({"k_xx": 1.3, "w": 1.2, "b": 0.4, "n": 3.0})
    found = width_measure.at_one_input(p, (3, 0), 2, layers=2, most=5, outputs=2)
    rng, shapes = np.random.default_rng((3, 0)), (2, 5, 5, 2)
    full = [
        (standard_normal(rng, (width_measure.BATCH, m, n), np.float32)[0],
         standard_normal(rng, (width_measure.BATCH, m), np.float32)[0])
        for n, m in itertools.pairwise(shapes)
    ]  # fmt: skip
    cut = [(2, 3), (3, 3), (3, 2)]
    params = tuple(
        {"w": jnp.asarray(w[:m, :n], float), "b": jnp.asarray(b[:m], float)}
        for (w, b), (n, m) in zip(full, cut, strict=True)
    )
    x = jnp.array([[np.sqrt(2.6), 0.0]])
    expected = DenseNetwork((2, 3, 3, 2), w_std=1.2, b_std=0.4)(params, x)[0]
    np.testing.assert_allclose(found.outputs[0, 0], expected, rtol=1e-4)
    wide = Point({"k_xx": 1.3, "w": 1.2, "b": 0.4, "n": 6.0})
    with pytest.raises(ValueError, match="widths from 6 to 6, most=5"):
        width_measure.at_one_input(wide, (3, 0), 2, layers=2, most=5, outputs=2)
