"""Networks at initialisation: verified, refuted when wrong, open if vague; the cancelling draws."""

import dataclasses

import numpy as np
import pytest
import sympy as sp

from lemmata.theory import ntk
from lemmata.verify import backend
from lemmata.verify.claim import Claim
from lemmata.verify.claims import ntk_initialisation as claims
from lemmata.verify.decide import decide
from lemmata.verify.domain import Point
from lemmata.verify.network_measure import shared
from lemmata.verify.settings import Profile, Settings
from lemmata.verify.verdict import Outcome

pytestmark = pytest.mark.heavy

FAMILIES = ("covariances", "kernels", "layer_split")
EACH = [(family, place) for family in FAMILIES for place in range(3)]
#: nearly opposite inputs at small biases, where a kernel is small against its scatter
OPPOSITE = Point(
    {
        "k_xx": [1.4, 0.5],
        "k_yy": [1.9, 0.6],
        "k_xy": [-1.63, -0.5477],
        "w": [1.4, 0.9],
        "b": [0.3] * 2,
    }
)


@pytest.fixture(autouse=True)
def _precise():
    with backend.precision():
        yield


def outcome(claim: Claim, predicted=None, effort: float = 1.0) -> Outcome:
    tried = dataclasses.replace(
        claim, predicted=claim.predicted if predicted is None else predicted, points=4
    )
    return decide(tried, Settings(Profile("test", points=4, effort=effort))).outcome


@pytest.mark.parametrize(("family", "place"), EACH)
def test_the_limit_is_verified_and_its_slips_are_refuted(family: str, place: int) -> None:
    claim: Claim = getattr(claims, family)[place]
    assert outcome(claim) is Outcome.VERIFIED
    stated = sp.sympify(getattr(claim.predicted(), "statement", claim.predicted()))
    for wrong in (1.2 * stated, stated.subs(ntk.w, sp.sqrt(2) * ntk.w)):
        assert outcome(claim, wrong) is Outcome.REFUTED
    for wrong in claim.wrong.values():
        assert outcome(claim, wrong) is Outcome.REFUTED


@pytest.mark.parametrize("family", FAMILIES)
def test_a_few_networks_leave_it_open(family: str) -> None:
    assert outcome(getattr(claims, family)[1], effort=0.003) is Outcome.INCONCLUSIVE


def test_cancelling_draws_have_the_same_mean_and_scatter_less() -> None:
    plain = shared(OPPOSITE, (3, 1), 4000, "products", hidden=(40,), outputs=128)[:, :, 0]
    mirrored = shared(OPPOSITE, (3, 2), 4000, "mirrored", hidden=(40,))[:, :, 0]
    errors = [one.std(axis=0, ddof=1) / np.sqrt(len(one)) for one in (plain, mirrored)]
    apart = np.abs(plain.mean(axis=0) - mirrored.mean(axis=0))
    assert np.all(apart < 4 * np.hypot(*errors))
    # Both average over 128 outputs; only what two units add to a product differs.
    assert np.all(errors[1] < errors[0])
    assert errors[1][0] < errors[0][0] / 3


@pytest.mark.parametrize(("hidden", "outputs"), [((128,), 1), ((40,), 2)])
def test_signs_are_there_for_one_output_of_fewer_units(hidden, outputs) -> None:
    with pytest.raises(ValueError, match=r"signs are there for one output and fewer than 128"):
        shared(OPPOSITE, (3, 2), 10, "mirrored", hidden=hidden, outputs=outputs)
