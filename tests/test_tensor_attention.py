"""Attention as a tensor program: functions of averages, their limits, and the claims on them."""

import numpy as np
import pytest
import sympy as sp

from lemmata.solvers import wide_attention
from lemmata.solvers.wide_draws import Row, size_of
from lemmata.theory.program_expectation import ExactExpectation
from lemmata.theory.program_limit import execute
from lemmata.theory.tensor_programs import Program
from lemmata.verify import backend
from lemmata.verify.accuracy import Accuracy
from lemmata.verify.claim import Claim
from lemmata.verify.claims import tensor_attention as claims
from lemmata.verify.compare.base import Agreement
from lemmata.verify.domain import Point
from lemmata.verify.program_lines import simulated

pytestmark = pytest.mark.heavy

q, w = sp.symbols("q w", positive=True)
rho = sp.Symbol("rho", real=True)
AT = {"q": 1.2, "rho": 0.1, "w": 1.1}
#: where scores differ more
APART = {"q": 1.2, "rho": -0.4, "w": 1.1}
NUMBERS = {q: AT["q"], rho: AT["rho"], w: AT["w"]}
AVERAGES = {"covariance": 0, "variance": 1}


@pytest.fixture(autouse=True)
def _precise():
    with backend.precision():
        yield


def _of_averages(name: str) -> Claim:
    return claims.of_averages[AVERAGES[name]]


def _judged(claim: Claim, at: dict[str, float], value: float, effort: float = 1.0) -> Agreement:
    batch = Point({key: np.array([number]) for key, number in at.items()})
    (measured,) = claim.methods[0].measure(batch, Accuracy(effort)).split(1)
    return claim.compare.judge(value, claim.compare.estimate(measured, 1e-4)).agreement


def _attended(q: float, rho: float, w: float, over: float = 1.0) -> tuple[float, float]:
    """Covariance and variance by the weights themselves, with plain numbers."""
    gram = q * np.array([[1, rho], [rho, 1]])
    scores = np.exp(w**2 * gram / over)
    a = scores / scores.sum(axis=1, keepdims=True)
    outputs = a @ gram @ a.T
    return outputs[0, 1], outputs[0, 0]


@pytest.mark.parametrize("name", AVERAGES)
def test_the_executor_gives_what_weights_give(name):
    found = float(_of_averages(name).predicted().subs(NUMBERS))
    assert found == pytest.approx(_attended(**AT)[AVERAGES[name]], rel=1e-12)


@pytest.mark.parametrize("name", AVERAGES)
def test_limits_agree_equal_weights_do_not_and_few_draws_leave_it_open(name):
    claim = _of_averages(name)
    right = float(claim.predicted().subs(NUMBERS))
    assert _judged(claim, AT, right) is Agreement.AGREES
    # Equal weights, and scores twice as small, as of keys of half the variance.
    for over in (1e9, 2.0):
        assert _judged(claim, AT, _attended(**AT, over=over)[AVERAGES[name]]) is Agreement.DISAGREES
    assert _judged(claim, AT, right, effort=0.003) is Agreement.UNRESOLVED


def test_random_scores_agree_a_gaussian_does_not_and_few_draws_leave_it_open():
    claim, p = claims.with_random_scores, Point(APART)
    right = claims.fourth_moment(p)
    assert _judged(claim, APART, right) is Agreement.AGREES
    assert _judged(claim, APART, claims.fourth_moment_if_gaussian(p)) is Agreement.DISAGREES
    assert _judged(claim, APART, right, effort=0.003) is Agreement.UNRESOLVED


def test_the_fourth_moment_is_that_of_sampled_scores():
    rng = np.random.default_rng(1)
    s = rng.normal(size=1_000_000) * np.sqrt(
        2 * APART["w"] ** 4 * APART["q"] ** 2 * (1 - APART["rho"])
    )
    a = 1 / (1 + np.exp(-s))
    V = APART["q"] * (a**2 + 2 * a * (1 - a) * APART["rho"] + (1 - a) ** 2)
    assert claims.fourth_moment(Point(APART)) == pytest.approx(3 * np.mean(V**2), rel=3e-3)
    assert claims.fourth_moment_if_gaussian(Point(APART)) == pytest.approx(
        3 * np.mean(V) ** 2, rel=3e-3
    )


@pytest.mark.parametrize("experiment", ["shared_keys", "own_keys"])
def test_the_experiment_is_attention_written_out(experiment):
    """One draw, token by token and with loops, for one of its inputs."""
    n, run = 6, getattr(wide_attention, experiment)
    row = np.random.default_rng(2).standard_normal(size_of(lambda draw: run(draw, n, **AT)))
    found = np.asarray(run(Row(row), n, **AT))

    own = experiment == "own_keys"
    *matrices, V = np.split(row[: (2 + own) * n * n].reshape(-1, n), 2 + own)
    vectors = row[(2 + own) * n * n :].reshape(-1, n)
    Q, K = matrices[0], matrices[-1]
    each = []
    for i in range(len(vectors) // 2):
        x, u = vectors[i], vectors[len(vectors) // 2 + i]
        x = x * np.sqrt(n / (x @ x))
        u = u - x * (x @ u) / n
        u = u * np.sqrt(n / (u @ u))
        tokens = [
            np.sqrt(AT["q"]) * z for z in (x, AT["rho"] * x + np.sqrt(1 - AT["rho"] ** 2) * u)
        ]
        outputs = []
        for one in tokens:
            scores = [
                AT["w"] ** 2 / n * (Q @ one) @ (K @ other) / (np.sqrt(n) if own else n)
                for other in tokens
            ]
            weights = np.exp(scores) / np.exp(scores).sum()
            outputs.append(
                sum(a * (V @ z) / np.sqrt(n) for a, z in zip(weights, tokens, strict=True))
            )
        y = outputs[0]
        each.append([np.mean(y**2), np.mean(y**4)] if own else [y @ outputs[1] / n, y @ y / n])
    np.testing.assert_allclose(found, np.mean(each, axis=0), rtol=1e-10)


def _normalised() -> tuple[Program, tuple]:
    """A vector over the root of its mean square, and its response through the transpose."""
    program = Program()
    n = program.width("n")
    W, x = program.matrix("W", n, n, variance=2), program.vector("x", n, variance=3)
    h = W @ x
    root = program.of_scalars(lambda s: 1 / sp.sqrt(s), program.mean(lambda z: z**2, h))
    back = W.T @ (root * h)
    return program, (
        program.mean(lambda z: z**2, root * h), program.mean(lambda a, b: a * b, x, back)
    )  # fmt: skip


def test_a_function_of_averages_is_that_of_their_limits():
    program, averages = _normalised()
    limit = execute(program, ExactExpectation())
    # <x, W^T W x> / n over the root of 6, where |W x|^2 / n is 2 * 3.
    assert [limit.scalar(one) for one in averages] == [1, sp.sqrt(6)]
    run = simulated(program, base=200, seeds=40)
    _, size, overlap = run.value  # the first is |W x|^2 / n
    assert abs(size - 1) < 1e-12
    assert abs(overlap - 6**0.5) < 5 * run.standard_error[2] + 6**0.5 / 200


def test_a_function_that_is_not_finite_at_the_limits_is_refused():
    program = Program()
    n = program.width("n")
    x, y = program.vector("x", n), program.vector("y", n)
    program.of_scalars(lambda s: 1 / s, program.mean(lambda a, b: a * b, x, y))
    with pytest.raises(ArithmeticError, match=r"of_scalars: 1/z0 is zoo at the limits 0 of its"):
        execute(program, ExactExpectation())


def test_errors_of_functions_of_averages():
    program, other = Program(), Program()
    x = program.vector("x", program.width("n"))
    mean = other.mean(lambda z: z, other.vector("x", other.width("n")))
    with pytest.raises(ValueError, match="of_scalars of no scalars is a number; give one"):
        program.of_scalars(sp.exp)
    with pytest.raises(TypeError, match=r"of_scalars: vector .* is no average of a program; make"):
        program.of_scalars(sp.exp, x)
    with pytest.raises(ValueError, match="is a line of another program"):
        program.of_scalars(sp.exp, mean)
    with pytest.raises(TypeError, match="of_scalars: the function returns True, which is no SymPy"):
        other.of_scalars(lambda s: True, mean)
