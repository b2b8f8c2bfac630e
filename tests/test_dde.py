"""The delay solver keeps to its tolerance, on problems with solutions known without it."""

import numpy as np
import pytest
from tests.dde_problems import PROBLEMS
from tests.dde_sharing import Shared

from lemmata.solvers.dde import DDEResult

pytestmark = pytest.mark.heavy

# The error that a user gets for a tolerance asked for, at most.
TIMES = 10

shared = Shared(PROBLEMS)


def excess(name, tolerance):
    """The largest error of a solve in units of its tolerance."""
    problem = PROBLEMS[name]
    ts = np.linspace(problem.t0, problem.t1, 101)
    sol = shared.solve(name, ts=ts, rtol=tolerance, atol=tolerance)
    assert sol.result == DDEResult.successful, DDEResult[sol.result]
    exact = problem.exact(ts)
    return np.max(np.abs(np.asarray(sol.ys) - exact) / (tolerance * (1 + np.abs(exact))))


# All tolerances in one test, for they share what is compiled.
@pytest.mark.parametrize("name", PROBLEMS)
def test_error_is_within_ten_times_the_tolerance(name):
    for tolerance in (1e-3, 1e-6, 1e-9):
        assert excess(name, tolerance) <= TIMES, tolerance
