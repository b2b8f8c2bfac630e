"""Remarks of the papers as claims: verified, refuted where they are wrong, open if vague."""

import dataclasses
from typing import Any

import jax
import numpy as np
import pytest
import sympy as sp

from lemmata.theory import ntk_remarks
from lemmata.verify import backend, remark_measure
from lemmata.verify.claims import ntk_remarks as jacot
from lemmata.verify.claims import tensor_remarks as yang
from lemmata.verify.decide import decide
from lemmata.verify.settings import Profile, Settings
from lemmata.verify.verdict import Outcome

pytestmark = pytest.mark.heavy


@pytest.fixture(autouse=True)
def _precise():
    with backend.precision():
        yield


def outcome(claim, predicted: Any = None, effort: float = 1.0, points: int = 2, **fixed) -> Outcome:
    tried = dataclasses.replace(
        claim,
        predicted=claim.predicted if predicted is None else predicted,
        points=points,
        expected="verified",
        cause="",
    )
    return decide(tried, Settings(Profile("test", points, effort), fixed=fixed)).outcome


# By name: claims in a list of a test module would be decided as items of their own.
WRONG: dict[str, tuple[Any, Any]] = {
    "order": (jacot, sp.Rational(1, 2)),
    # with a ridge of 1e-3
    "means": (
        jacot,
        lambda: ntk_remarks.posterior_mean().subs(
            {sp.Symbol(k, real=True): sp.Symbol(k, real=True) + 1e-3 for k in ("k_11", "k_22")}
        ),
    ),
    "eigenvalue_gap": (jacot, 2),
    "jacot_recovered": (yang, lambda: ntk_remarks.jacot_kernel_as_remarked(1)),
}


@pytest.mark.parametrize("name", WRONG)
def test_right_ones_are_verified_and_wrong_ones_refuted(name: str) -> None:
    module, wrong = WRONG[name]
    claim = getattr(module, name)
    assert outcome(claim) is Outcome.VERIFIED
    assert outcome(claim, wrong) is Outcome.REFUTED


@pytest.mark.parametrize(("which", "other"), [(0, 3), (1, 5)])
def test_ranks_are_told_from_each_other_and_from_full_rank(which: int, other: int) -> None:
    claim = jacot.ranks[which]
    assert outcome(claim) is Outcome.VERIFIED
    assert outcome(claim, other) is Outcome.REFUTED
    assert outcome(claim, 16) is Outcome.REFUTED


def test_a_rectifier_with_biases_has_full_rank() -> None:
    assert remark_measure.rank(1, 1.0, 0.5, jax.nn.relu, width=256) == (16, True)


def test_a_rank_that_is_not_clear_says_so() -> None:
    # A trace of a fourth power: its eigenvalues are neither zero nor not.
    found, clear = remark_measure.rank(1, 1.0, 0.5, lambda z: z**2 / 2 + 3e-5 * z**4)
    assert not clear, found


@pytest.mark.parametrize("which", [0, 1])
def test_variances_that_are_not_conserved_are_told(which: int) -> None:
    claim = yang.he[which]
    halved = ntk_remarks.conserved(3)[which].subs(ntk_remarks.w, 1)
    assert outcome(claim, n=16) is Outcome.VERIFIED
    assert outcome(claim, halved, 0.1, n=16) is Outcome.REFUTED
    # one factor w² lost of those that the layers have
    assert outcome(claim, sp.Rational(1, 2), 0.1, n=16) is Outcome.REFUTED
    assert outcome(claim, effort=0.003, n=16) is Outcome.INCONCLUSIVE


def test_few_networks_leave_the_kernel_open() -> None:
    assert outcome(yang.jacot_recovered, effort=0.005) is Outcome.INCONCLUSIVE


def test_the_printed_kernel_is_refuted() -> None:
    assert outcome(yang.jacot_as_printed) is Outcome.REFUTED
    assert sp.simplify(ntk_remarks.jacot_kernel(2) - ntk_remarks.jacot_kernel_as_remarked(2)) == 1


def test_few_networks_leave_the_gap_open() -> None:
    assert outcome(jacot.eigenvalue_gap, effort=0.1) is Outcome.INCONCLUSIVE


def test_the_flow_ends_where_the_density_is_greatest_and_ridges_lead_there() -> None:
    kernel, y = remark_measure.own_kernel(3, 1.5, 0.7, 0.5), np.array([1.0, -0.3])
    end, left = remark_measure.flown(kernel, y)
    likeliest, rounding = remark_measure.most_likely(kernel, y)
    regressed = remark_measure.with_ridge(kernel, y, 1e-3)
    own = kernel[:2, :2] + 1e-3 * np.eye(2)

    assert left < 1e-15
    assert abs(end - likeliest) <= rounding < 1e-12
    np.testing.assert_allclose(regressed, kernel[:, :2] @ np.linalg.solve(own, y), rtol=1e-11)


def test_of_a_point_twice_the_density_tells_nothing() -> None:
    kernel, y = remark_measure.own_kernel(3, 1.5, 1.5, 0.5), np.array([1.0, 0.2])
    try:
        _, rounding = remark_measure.most_likely(kernel, y)
    except np.linalg.LinAlgError:
        return
    assert not rounding < 1e-3


def test_ranks_of_squares() -> None:
    one, tenth = sp.Integer(1), sp.Rational(1, 10)
    assert ntk_remarks.rank_of_square((one, tenth)) == 5
    assert ntk_remarks.rank_of_square((one, sp.Integer(0))) == 3
