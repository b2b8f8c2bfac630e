"""Tensor programs at finite width against their limits, and against what an untied copy gives."""

import numpy as np
import pytest
import sympy as sp

from lemmata.solvers.program_simulation import Averages, at_infinite_width, simulate
from lemmata.theory.program_expectation import ExactExpectation
from lemmata.theory.program_limit import execute
from lemmata.theory.tensor_programs import Program
from lemmata.verify.program_lines import simulated

pytestmark = pytest.mark.heavy


def product(a, b):
    return a * b


def agree(program, scalars, wrong, base=400, seeds=40, expectation=None):
    """Simulation and limit agree within 4 standard errors; the wrong values are 6 away."""
    limit = execute(program, expectation or ExactExpectation())
    run = simulated(program, base, seeds)
    for k, (scalar, other) in enumerate(zip(scalars, wrong, strict=True)):
        value, error = run.value[k], run.standard_error[k]
        # n times the bias is of the order of one: 2 of the values' own size are allowed.
        slack = 4 * error + 2 * abs(value) / base
        assert abs(value - float(limit.scalar(scalar))) < slack, (k, value, error)
        if other is not None:
            assert abs(value - other) > 6 * error, (k, value, error)


@pytest.mark.parametrize(
    ("slope", "wrong"), [(lambda z: z, (0, 1)), (sp.Heaviside, (0, 0.5))], ids=["square", "relu"]
)
def test_mean_pooled_gradients(slope, wrong):
    p = Program()
    n = p.width("n")
    W, x = p.matrix("W", n, n), p.vector("x", n)
    g = W.T @ p.apply(slope, W @ x)
    agree(p, (p.mean(product, x, g), p.mean(lambda z: z**2, g)), wrong)


def test_rectangular_matrices_know_their_ratio():
    p = Program()
    n, m = p.width("n"), p.width("m", sp.Rational(1, 2))
    Y, v = p.matrix("Y", m, n), p.vector("v", m)
    w = Y @ (Y.T @ v)
    u = Y @ (Y.T @ w)
    agree(p, (p.mean(product, w, v), p.mean(product, w, w), p.mean(product, w, u)), (0.5, 3, 11))


def test_a_tied_residual_network():
    p = Program()
    n = p.width("n")
    W, h = p.matrix("W", n, n), p.vector("h", n)
    for _ in range(3):
        h = W @ p.apply(lambda z: sp.Max(z, 0), h) + h
    agree(p, (p.mean(lambda z: z**2, h),), (1.5**3,))


def test_the_semicircle_by_extrapolation():
    p = Program()
    n = p.width("n")
    X, v = p.matrix("X", n, n), p.vector("v", n)
    powers = [v]
    for _ in range(4):
        powers.append((X @ powers[-1] + X.T @ powers[-1]) / sp.sqrt(2))
    moments = [p.mean(product, power, power) for power in powers[1:]]
    limit = execute(p, ExactExpectation())
    exact = [int(limit.scalar(moment)) for moment in moments]
    assert exact == [sp.catalan(k) for k in (1, 2, 3, 4)]
    runs = [simulated(p, base, seeds) for base, seeds in ((50, 400), (100, 200), (200, 100))]
    value, error = at_infinite_width(runs, "n")
    assert (np.abs(value - exact) < 4 * error).all()
    assert (error / value < 0.05).all()


def test_a_line_through_known_points_is_extrapolated():
    runs = [
        Averages({"n": n}, np.array([[3 + 5 / n - 1.0], [3 + 5 / n + 1.0]])) for n in (10, 20, 40)
    ]
    value, error = at_infinite_width(runs, "n")
    assert value == pytest.approx([3.0])
    # Three means of standard error 1 at 1/n = 0.1, 0.05, 0.025, by the normal equations.
    design = np.array([[1, 0.1], [1, 0.05], [1, 0.025]])
    assert error**2 == pytest.approx([np.linalg.inv(design.T @ design)[0, 0]])


def test_errors():
    inputs = ("inputs", "n", (0.0,), ((1.0,),))
    mean = ("mean", lambda z: z, (0,))
    with pytest.raises(ValueError, match="seeds=1 give no standard error"):
        simulate([inputs, mean], [], {"n": 5}, 1)
    with pytest.raises(ValueError, match="width 'n' has size None"):
        simulate([inputs, mean], [], {}, 2)
    with pytest.raises(ValueError, match="no `mean` line"):
        simulate([inputs], [], {"n": 5}, 2)
    with pytest.raises(ValueError, match="line 1 is of kind 'sum'"):
        simulate([inputs, ("sum",), mean], [], {"n": 5}, 2)
    with pytest.raises(ArithmeticError, match=r"averages number \[0\] are not finite"):
        simulate([inputs, ("mean", lambda z: z / 0.0, (0,))], [], {"n": 5}, 2)
    with pytest.raises(ValueError, match="needs two different ones"):
        at_infinite_width([Averages({"n": 3}, np.zeros((2, 1)))] * 2, "n")
    p = Program()
    p.vector("x", p.width("n", sp.Rational(1, 3)))
    with pytest.raises(ValueError, match="1/3 times 10, which is no whole number"):
        simulated(p, 10, 2)
    q = Program()
    s = sp.Symbol("s", positive=True)
    q.mean(lambda z: s * z, q.vector("x", q.width("n")))
    with pytest.raises(ValueError, match=r"holds the symbols \['s'\]; put numbers"):
        simulated(q, 10, 2)
