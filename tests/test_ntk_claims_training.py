"""Tangent kernels in training, and rates: verified, refuted when wrong, open if vague."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import sympy as sp

from lemmata.solvers.descent import descend
from lemmata.solvers.networks import DenseNetwork
from lemmata.theory import ntk_training, ntk_training_steps
from lemmata.verify import backend, training_measure
from lemmata.verify.claim import Claim
from lemmata.verify.claims import ntk_ensembles, ntk_rates
from lemmata.verify.claims import ntk_training as claims
from lemmata.verify.decide import decide
from lemmata.verify.settings import Profile, Settings
from lemmata.verify.verdict import Outcome, Verdict

pytestmark = pytest.mark.heavy


@pytest.fixture(autouse=True)
def _precise():
    with backend.precision():
        yield


def outcome(claim: Claim, predicted=None, effort: float = 1.0, points: int = 4) -> Verdict:
    """The verdict on a claim, or on another formula in its place, at a few points."""
    tried = dataclasses.replace(
        claim,
        predicted=claim.predicted if predicted is None else predicted,
        points=points,
        expected="verified",
        cause="",
    )
    return decide(tried, Settings(Profile("test", points=points, effort=effort)))


def slower(expression: sp.Expr) -> sp.Expr:
    """The same without the 1/N of the cost, at N = 2."""
    t = ntk_training_steps.t
    return expression.subs(t, 2 * t)


# By name: claims in a list of a test module would be decided as items of their own.
ONE_NETWORK = ("on_data", "elsewhere", "spectral_ordering", "along_the_component")


@pytest.mark.parametrize("name", ONE_NETWORK)
def test_a_network_follows_its_own_kernel_and_shows_a_lost_factor(name: str) -> None:
    claim: Claim = getattr(claims, name)
    assert outcome(claim).outcome is Outcome.VERIFIED
    assert outcome(claim, slower(claim.predicted().statement)).outcome is Outcome.REFUTED


def test_nothing_leaks_across_the_component() -> None:
    claim = claims.across_the_component
    assert outcome(claim).outcome is Outcome.VERIFIED
    assert outcome(claim, sp.Rational(1, 20)).outcome is Outcome.REFUTED


def test_the_limit_of_training_remembers_the_initial_outputs() -> None:
    right = claims.limit_of_training.predicted().statement
    names = {str(one): one for one in right.free_symbols}
    forgotten = right.subs({names[one]: 0 for one in ("f", "f_1", "f_2")})
    assert outcome(claims.limit_of_training).outcome is Outcome.VERIFIED
    assert outcome(claims.limit_of_training, forgotten).outcome is Outcome.REFUTED


def test_the_decomposition_as_printed_is_refuted() -> None:
    assert outcome(claims.sign_slip).outcome is Outcome.REFUTED


def test_a_sum_in_place_of_a_mean_breaks_the_gradient_identity() -> None:
    identity = claims.kernel_gradient_identity
    assert outcome(identity, points=6).outcome is Outcome.VERIFIED
    assert outcome(identity, 1 / ntk_training.points, points=6).outcome is Outcome.REFUTED


def test_the_kernel_is_no_prior() -> None:
    theta = {f"s{end}": f"k{end}" for end in ("_11", "_12", "_22", "_1", "_2")}
    right = ntk_ensembles.gaussian_variance.predicted().statement
    wrong = right.subs({one: sp.Symbol(theta[str(one)]) for one in right.free_symbols
                        if str(one) in theta})  # fmt: skip
    assert outcome(ntk_ensembles.gaussian_variance, wrong, 0.05).outcome is Outcome.REFUTED
    assert (
        outcome(ntk_ensembles.gaussian_mean, 2 * ntk_ensembles._mean(), 0.05).outcome
        is Outcome.REFUTED
    )


def test_too_few_networks_leave_mean_and_variance_open() -> None:
    for claim in (ntk_ensembles.gaussian_mean, ntk_ensembles.gaussian_variance):
        assert outcome(claim, effort=0.005).outcome is Outcome.INCONCLUSIVE


WRONG = (
    ("kernel_variance", lambda right: right * sp.Rational(5, 4)),
    ("excess_kurtosis", lambda right: right * sp.Rational(5, 4)),
    ("block_off_diagonal", lambda right: right * sp.Rational(5, 4)),
    ("block_off_diagonal", lambda right: right * sp.sqrt(sp.Symbol("n"))),
    ("block_diagonal", lambda right: right * sp.Rational(5, 4)),
    ("block_diagonal", lambda right: 3 * right),
)


@pytest.mark.parametrize(("name", "wrong"), WRONG)
def test_moments_at_one_hidden_layer(name: str, wrong) -> None:
    claim: Claim = getattr(ntk_rates, name)
    assert outcome(claim, wrong(claim.predicted().statement), 0.5, 2).outcome is Outcome.REFUTED
    assert outcome(claim, effort=0.001, points=2).outcome is Outcome.INCONCLUSIVE


ORDERS = (
    ("kernel_variance_rate", -0.5, 0.2),
    ("pre_activations", 0.0, 0.2),
    ("weights", -0.5, 0.2),
    ("kernel_drift", -0.5, 0.4),
    ("outputs_decouple", -0.5, 0.1),
)


@pytest.mark.parametrize(("name", "wrong", "effort"), ORDERS)
def test_orders_are_told_from_the_next(name: str, wrong: float, effort: float) -> None:
    claim: Claim = getattr(ntk_rates, name)
    assert outcome(claim, wrong, effort).outcome is Outcome.REFUTED
    assert outcome(claim, effort=0.002).outcome is Outcome.INCONCLUSIVE


def test_a_network_inside_a_wider_program_is_the_same_network() -> None:
    inside = training_measure.drawn(np.random.default_rng(1), 1, (5, 5), b=0.4, inside=9)
    bare = training_measure.drawn(np.random.default_rng(1), 1, (5, 5), b=0.4)
    x = jnp.asarray(training_measure.inputs(1.7, 0.6))
    narrow = DenseNetwork((2, 5, 5, 1), jnp.tanh, training_measure.W, 0.4)
    np.testing.assert_allclose(narrow(bare.one, x), bare.network(bare.one, x), rtol=1e-12)
    np.testing.assert_allclose(
        inside.network(inside.one, inside.scale * x), narrow(bare.one, x), rtol=1e-12
    )
    moved = [training_measure.inner_weights(one, 3) for one in (inside, bare)]
    np.testing.assert_allclose(moved[0], moved[1], rtol=1e-10)
    assert jax.tree.leaves(inside.params)[0].shape != jax.tree.leaves(bare.params)[0].shape


def test_an_output_alone_is_a_network_of_one_output() -> None:
    both = training_measure.drawn(np.random.default_rng(2), 3, (6,), b=0.4, outputs=2)
    first = {name: leaf[:, :1] for name, leaf in both.params[-1].items()}
    single = DenseNetwork((2, 6, 1), jnp.tanh, training_measure.W, 0.4)
    given = training_measure._X, {"steps": (3,), **training_measure._DESCENT}
    ends = [
        descend(net, params, given[0], training_measure._Y[:, :k], **given[1]).train[:, 0, :, 0]
        for net, params, k in (
            (both.network, both.params, 2),
            (single, (*both.params[:-1], first), 1),
        )
    ]
    expected = np.mean((ends[0] - ends[1]) ** 2, axis=1)
    assert np.all(expected > 1e-5)
    np.testing.assert_allclose(training_measure.parted(both, 3), expected, rtol=1e-9)


def test_widths_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match=r"hidden=\(3, 4\), inside=None: give equal widths"):
        training_measure.drawn(np.random.default_rng(1), 1, (3, 4), b=0.4)
    with pytest.raises(ValueError, match="1 networks give no standard error; take at least 2"):
        training_measure.against_width({2: np.ones(1)})
