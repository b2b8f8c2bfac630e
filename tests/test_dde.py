"""The delay solver keeps to its tolerance, on problems with solutions known without it."""

import numpy as np
import pytest
from tests.dde_problems import GROWING, PROBLEMS
from tests.dde_sharing import Shared

from lemmata.solvers.dde import DDEResult

pytestmark = pytest.mark.heavy

# The error that a user gets for a tolerance asked for, at most.
TIMES = 10

shared = Shared(PROBLEMS | GROWING)


def solved(name, rtol, atol, error_estimate):
    """A solve, and its largest error in units of the tolerance."""
    problem = shared.problems[name]
    ts = np.linspace(problem.t0, problem.t1, 101)
    sol = shared.solve(name, ts=ts, rtol=rtol, atol=atol, error_estimate=error_estimate)
    exact = problem.exact(ts)
    return sol, np.max(np.abs(np.asarray(sol.ys) - exact) / (atol + rtol * np.abs(exact)))


# All tolerances in one test, for they share what is compiled. Without an estimate, which would
# return the finer of two solutions.
@pytest.mark.parametrize("name", PROBLEMS)
def test_error_is_within_ten_times_the_tolerance(name):
    for tolerance in (1e-3, 1e-6, 1e-9):
        sol, excess = solved(name, tolerance, tolerance, error_estimate=False)
        assert sol.result == DDEResult.successful, DDEResult[sol.result]
        assert excess <= TIMES, tolerance


@pytest.mark.parametrize("name", GROWING)
def test_where_errors_grow_they_are_within_ten_times_the_tolerance_or_it_is_said(name):
    said = []
    for rtol, atol in ((1e-3, 1e-3), (1e-6, 1e-6), (1e-6, 1e-9), (1e-9, 1e-9)):
        sol, excess = solved(name, rtol, atol, error_estimate=True)
        said.append(bool(sol.result == DDEResult.accuracy_missed))
        assert said[-1] or sol.result == DDEResult.successful, DDEResult[sol.result]
        assert said[-1] or excess <= TIMES, (rtol, atol)
    assert any(said)  # a problem without it would belong to the others


def test_a_solution_that_passes_through_zero_is_no_miss():
    # At most of the integers undamped is 0 or -+1, and atol alone would be 1e-9 there.
    sol, excess = solved("undamped", 1e-6, 1e-9, error_estimate=True)
    assert sol.result == DDEResult.successful, DDEResult[sol.result]
    assert excess <= TIMES
