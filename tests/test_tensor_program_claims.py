"""Claims on tensor programs: wrong formulas are refuted on their data, few draws decide nothing."""

import dataclasses
from functools import lru_cache

import numpy as np
import pytest
import sympy as sp

from lemmata.solvers import wide_averages
from lemmata.solvers.wide_draws import Row, size_of
from lemmata.theory import ntk, ntk_misprints, spectral_moments
from lemmata.verify import backend
from lemmata.verify.accuracy import Accuracy
from lemmata.verify.claims import batch_normalisation, tensor_programs, tensor_tied
from lemmata.verify.compare.base import Agreement
from lemmata.verify.decide import decide
from lemmata.verify.domain import Point
from lemmata.verify.loading import claims_in
from lemmata.verify.program_measure import at_infinite_width
from lemmata.verify.settings import Profile, Settings
from lemmata.verify.verdict import Outcome

pytestmark = pytest.mark.heavy

w, b, q, alpha = sp.symbols("w b q alpha", positive=True)


@lru_cache
def _claims():
    """By the end of their ids; not in the open, where they would be decided as tests."""
    found = [*claims_in(tensor_programs), *claims_in(tensor_tied)]
    return {one.id.removeprefix("tensor-programs/"): one for one in found}


@pytest.fixture(scope="module", autouse=True)
def float64():
    with backend.precision():
        yield


# What a W^T drawn afresh, untied weights, the inverse ratio, or another law would give.
WRONG = {
    "pooled-gradient/square/overlap": sp.Integer(0),
    "pooled-gradient/square/norm": w**4 * q,
    "pooled-gradient/relu/overlap": sp.Integer(0),
    "pooled-gradient/relu/norm": w**2 / 2,
    "pooled-gradient/tanh/overlap": w * sp.sqrt(q / 2 / sp.pi),
    "semicircle/moment-2": 2 * w**2,
    "semicircle/moment-4": 3 * w**4,
    "semicircle/moment-6": 15 * w**6,
    "semicircle/moment-8": 105 * w**8,
    "marchenko-pastur/moment-2": 1 + 1 / alpha,
    "marchenko-pastur/moment-3": 1 + 3 / alpha + 1 / alpha**2,
    "marchenko-pastur/moment-4": 1 + 6 / alpha + 6 / alpha**2 + 1 / alpha**3,
    "marchenko-pastur/moment-5": spectral_moments.marchenko_pastur(5).subs(alpha, 1 / alpha),
    "marchenko-pastur/moment-6": spectral_moments.marchenko_pastur(6).subs(alpha, 1 / alpha),
    **{
        f"marchenko-pastur/recursion-{k}": (1 + alpha) * spectral_moments.marchenko_pastur(k - 1)
        for k in (3, 4, 5, 6)
    },
    "tied-residual/step-2": (1 + w**2 / 2) ** 2,
    "tied-residual/step-3": (1 + w**2 / 2) ** 3,
    "tied-residual/step-4": (1 + w**2 / 2) ** 4,
    "tied-residual/step-5": (1 + w**2 / 2) ** 5,
    "tied-recurrent/covariance": sp.Integer(0),
    "tied-recurrent/covariance-3-4": sp.Integer(0),
    "tied-recurrent/covariance/as-printed": sp.Integer(0),
    "tied-recurrent/variance-3": w**2 * (w**2 * q / 2) / 2,
    "tied-recurrent/variance-4": w**2 * (w**2 * (w**2 * q / 2) / 2) / 2,
    "tied-recurrent/odd": w**2 * q / (1 + q) / 4,
}


def _judged(name, predicted, effort=0.25):
    """One point, measured once, against a formula."""
    claim = _claims()[name]
    (point,) = claim.domain.sample(
        1, seed=0, fixed={"alpha": 0.75} if "alpha" in str(predicted) else {}
    )
    batch = Point({key: np.array([value]) for key, value in point.items()})
    (measured,) = claim.methods[0].measure(batch, Accuracy(effort)).split(1)
    at = {one: point[one.name] for one in predicted.free_symbols}
    return claim.compare.judge(float(predicted.subs(at)), claim.compare.estimate(measured, 1e-4))


def test_every_claim_has_a_wrong_formula():
    assert set(_claims()) == set(WRONG)


@pytest.mark.parametrize("name", WRONG)
def test_wrong_formulas_are_refuted(name):
    assert _judged(name, WRONG[name]).agreement is Agreement.DISAGREES


@pytest.mark.parametrize(
    "name", ["pooled-gradient/relu/norm", "tied-recurrent/covariance", "tied-residual/step-5"]
)
def test_too_few_draws_decide_nothing(name):
    right = sp.Float(57.54) if "step" in name else _claims()[name].predicted()
    assert _judged(name, right, effort=0.003).agreement is Agreement.UNRESOLVED


def test_the_executor_gives_the_recursion_of_tied_covariances():
    K = ntk_misprints.tied_covariances(3, ntk.relu, q, (w, b))
    at = {w: sp.Rational(6, 5), b: sp.Rational(1, 3), q: sp.Rational(7, 4)}
    found = _claims()["tied-recurrent/covariance"].predicted()
    assert sp.N(found.subs(at), 30) == pytest.approx(sp.N(K[1, 2].subs(at), 30), rel=1e-20)


def test_the_residual_network_is_the_tied_one_of_the_paper():
    at = {w: 1}
    found = [float(_claims()[f"tied-residual/step-{t}"].predicted().subs(at)) for t in (2, 3)]
    found += [tensor_tied.late_size(Point({"w": 1.0}), t=t) for t in (4, 5)]
    assert found == pytest.approx([3.279165803, 8.118653331, 21.27525909, 57.54278498], rel=1e-9)
    untied = [tensor_tied.late_size(Point({"w": 1.0}), t=t, tied=False) for t in (4, 5)]
    assert untied == pytest.approx([1.5**4, 1.5**5], rel=1e-9)


def test_the_states_of_a_tied_recurrent_network_are_those_of_the_paper():
    """At a variance of 2 that all states keep."""
    at = {w: sp.sqrt(2), b: 0, q: 2}
    found = [sp.N(one.subs(at)) for one in tensor_tied.limits(tensor_tied._recurrent)]
    assert [float(one) for one in found] == pytest.approx([2 / np.pi, 0.98746], abs=1e-5)
    later = _claims()["tied-recurrent/covariance-3-4"]
    point = Point({"w": 1.2, "b": 0.4, "q": 0.8})
    K = ntk_misprints.tied_covariances(4, ntk.relu, q, (w, b)).subs({w: 1.2, b: 0.4, q: 0.8})
    assert later.predicted(point) == pytest.approx(float(K[2, 3]), rel=1e-12)


@pytest.mark.parametrize("which", range(4))
def test_variances_over_one_less_than_the_batch_are_refuted(which):
    def outcome(effort=1.0, **changed):
        claim = dataclasses.replace(batch_normalisation.batch_normalisation[which], **changed)
        return decide(claim, Settings(Profile("test", points=5, effort=effort))).outcome

    (wrong,) = batch_normalisation.batch_normalisation[which].wrong.values()
    assert outcome() is Outcome.VERIFIED
    assert outcome(predicted=wrong, wrong={}) is Outcome.REFUTED
    assert outcome(effort=1e-4) is Outcome.INCONCLUSIVE


def test_batch_normalisation_of_four_inputs():
    B = sp.Symbol("B", positive=True)
    found = [one.predicted().subs(B, 4) for one in batch_normalisation.batch_normalisation]
    assert float(found[0]) == pytest.approx(0.0847482940, abs=1e-10)
    assert found[1:] == [sp.Rational(1, 2), sp.Rational(-1, 3), 1]


def test_the_recursion_of_moments_is_their_closed_form():
    for k in range(1, 7):
        one = spectral_moments.marchenko_pastur(k)
        assert sp.expand(one - spectral_moments.in_closed_form(k)) == 0
    found = [spectral_moments.marchenko_pastur(k).subs(alpha, 0.5) for k in range(1, 7)]
    assert found == [1, 1.5, 2.75, 5.625, 12.3125, 28.21875]
    with pytest.raises(ValueError, match="s=0"):
        spectral_moments.marchenko_pastur(0)


@pytest.mark.parametrize("experiment", ["wigner_moments", "wishart_moments", "recurrent_relu"])
def test_single_precision_moves_no_average(experiment):
    """The same draws, once computed on in double precision."""
    import jax.numpy as jnp

    run = getattr(wide_averages, experiment)
    points = {
        "wigner_moments": {"w": 1.2},
        "wishart_moments": {"alpha": 1.5},
        "recurrent_relu": {"w": 1.2, "b": 0.3, "q": 1.5},
    }[experiment]
    size = size_of(lambda draw: run(draw, 32, **points))
    row = np.random.default_rng(4).standard_normal(size, np.float32)
    double = run(Row(jnp.asarray(row, float)), 32, **points)
    with wide_averages.single_precision():
        single = run(Row(jnp.asarray(row)), 32, **points)
    assert (double.dtype, single.dtype) == (np.float64, np.float32)
    np.testing.assert_allclose(single, double, rtol=1e-4)


def _with_bias(draw, n, c):
    """An average that tends to c, off by 1/n, with noise."""
    return c + 1 / n + draw((1,))[0] / n


def test_an_average_is_freed_of_its_bias():
    found = at_infinite_width(
        _with_bias, Point({"c": np.array([1.0, 2.0])}), Accuracy(), which=0, draws=500
    )
    assert np.all(np.abs(found.value - [1, 2]) < 5 * found.stderr)
    assert np.all(found.stderr < 1 / 64 / 4)  # the bias at the largest width would show


def test_one_draw_tells_nothing_of_its_error():
    with pytest.raises(ValueError, match="1 draws give no standard error"):
        at_infinite_width(
            _with_bias, Point({"c": np.array([1.0])}), Accuracy(1e-9), which=0, draws=1
        )


@pytest.mark.parametrize(("n", "draws"), [(0, 3), (3, 0), (2.5, 3), (3, True)])
def test_widths_and_draws_are_checked(n, draws):
    with pytest.raises(ValueError, match="must be an integer of at least 1"):
        wide_averages.averages(_with_bias, 0, n, draws, {"c": [1.0]})


def _greedy(draw, n, c):
    return draw((1,))[0] + draw((1,))[0]


def test_an_experiment_draws_once():
    with pytest.raises(ValueError, match=r"asks for \(\(1,\),\) after it had drawn 1 numbers"):
        wide_averages.averages(
            lambda draw, n, c: draw((1,))[0] + draw((1,))[0], 0, 8, 3, {"c": [0]}
        )


def test_draws_do_not_depend_on_what_they_are_drawn_with():
    alone = wide_averages.averages(_with_bias, 3, 8, 40, {"c": [2.0]})
    among = wide_averages.averages(_with_bias, 3, 8, 40, {"c": [1.0, 2.0, 3.0, 4.0, 5.0]})
    np.testing.assert_allclose(among[1], alone[0], rtol=1e-6)
    more = wide_averages.averages(_with_bias, 3, 8, 600, {"c": [2.0]})
    np.testing.assert_array_equal(more[0, :40], alone[0])
    other = wide_averages.averages(_with_bias, 4, 8, 600, {"c": [2.0]})
    # No batch and no seed repeats another; of so many numbers in single precision a few coincide.
    assert len(np.unique([*more[0], *other[0]])) > 1190


def test_numbers_are_standard_normal():
    def powers(draw, n):
        z = draw((n,))[0]
        return (z[:-1] * z[1:]).mean() * np.eye(5)[0] + (z[:, None] ** np.arange(1, 6)).mean(0)

    found = wide_averages.averages(lambda draw, n, c: powers(draw, n), 5, 64, 4000, {"c": [0.0]})[0]
    error = found.std(axis=0) / np.sqrt(len(found))
    assert np.all(np.abs(found.mean(axis=0) - [0, 1, 0, 3, 0]) < 4 * error)
