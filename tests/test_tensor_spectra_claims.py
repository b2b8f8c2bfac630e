"""The Marchenko-Pastur law: derived, wrong ones refuted, and few draws decide nothing."""

import dataclasses
from functools import lru_cache

import mpmath
import numpy as np
import pytest
import sympy as sp

from lemmata.solvers.spectra import at_the_ends, shares_below, spectra
from lemmata.theory import spectral_density
from lemmata.theory.spectral_moments import alpha, marchenko_pastur
from lemmata.verify import backend
from lemmata.verify.claims import tensor_spectra
from lemmata.verify.decide import decide
from lemmata.verify.loading import claims_in
from lemmata.verify.prediction import planted
from lemmata.verify.settings import PROFILES, Profile, Settings
from lemmata.verify.verdict import Outcome

pytestmark = pytest.mark.heavy


@pytest.fixture(scope="module", autouse=True)
def _precise():
    with backend.precision():
        yield


@lru_cache
def _claims():
    """By the end of their ids; not in the open, where they would be decided as tests."""
    return {one.id.rpartition("/")[2]: one for one in claims_in(tensor_spectra)}


NAMES = ("density", "min-edge", "max-edge", "atom")


def _outcome(effort=1.0, name="", **changed):
    claim = dataclasses.replace(_claims()[name], **changed)
    return decide(claim, Settings(Profile("test", points=4, effort=effort))).outcome


@pytest.mark.parametrize("name", NAMES)
def test_the_law_is_verified_and_wrong_ones_are_refuted(name):
    assert set(_claims()) == set(NAMES)
    claim = _claims()[name]
    found = decide(claim, Settings(PROFILES["quick"]))
    assert found.outcome is Outcome.VERIFIED
    assert found.resolution.rejected in claim.wrong or found.resolution.killed > len(claim.wrong)
    for wrong in planted(claim).values():
        predicted = wrong.expression if wrong.expression is not None else wrong.function
        assert _outcome(name=name, predicted=predicted, wrong={}) is Outcome.REFUTED


@pytest.mark.parametrize("name", ["density", "min-edge", "max-edge"])
def test_few_draws_decide_nothing(name):
    assert _outcome(0.002, name) is Outcome.INCONCLUSIVE


def test_the_law_replays():
    assert spectral_density.density().gaps() == ()
    assert spectral_density.atom().gaps() == ()


@pytest.mark.parametrize("ratio", [0.5, 0.75, 2.0])
def test_the_density_has_the_moments(ratio):
    symbols = spectral_density.x, alpha
    density = sp.lambdify(symbols, spectral_density.density().statement, "mpmath")
    ends = [float(one.subs(alpha, ratio)) for one in spectral_density.edges()]
    for s in range(5):
        moment = mpmath.quad(lambda x, s=s: mpmath.re(density(x, ratio)) * x**s, ends)
        missing = max(0.0, 1 - 1 / ratio) if s == 0 else 0.0
        expected = marchenko_pastur(s).subs(alpha, ratio) if s else 1
        assert float(moment) + missing == pytest.approx(float(expected), rel=1e-8)


def test_eigenvalues_are_those_of_the_matrix():
    found = spectra((1, 2), 6, 3, 1.5)
    Y = np.random.Generator(np.random.SFC64(np.random.SeedSequence((1, 2)))).normal(size=(3, 9, 6))
    np.testing.assert_allclose(found.sum(axis=1), (Y**2).sum(axis=(1, 2)) / 6)
    squares = np.linalg.svd(Y, compute_uv=False) ** 2 / 6
    np.testing.assert_allclose(at_the_ends(found, 6), squares[:, [-1, 0]])
    np.testing.assert_array_equal(shares_below(found, 1e-9), 3 / 9)


@pytest.mark.parametrize(
    ("n", "draws", "ratio", "says"),
    [(0, 3, 1.0, "n"), (4, 2.5, 1.0, "draws"), (4, 3, 0.01, "leaves 0 rows for n=4 columns")],
)
def test_what_is_asked_for_is_checked(n, draws, ratio, says):
    with pytest.raises(ValueError, match=says):
        spectra(0, n, draws, ratio)
