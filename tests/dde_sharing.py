"""Delay problems of one form as branches of one problem, so that they are compiled together.

What compiles a solve anew is its functions, and the numbers of delays, jumps and components; not
the values in `args`. So the functions of several problems become branches, and `args` chooses.
"""

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array
from tests.dde_problems import DelayProblem

from lemmata.solvers.dde import DDESolution, solve_dde


def delays_of(problem: DelayProblem) -> tuple[Any, ...]:
    """The delays, as a tuple."""
    return problem.delays if isinstance(problem.delays, tuple) else (problem.delays,)


def form(problem: DelayProblem) -> tuple[Any, ...]:
    """What problems must have in common to be branches of one."""
    state = jnp.asarray(problem.history(jnp.asarray(problem.t0)))
    return (
        tuple(callable(delay) for delay in delays_of(problem)),
        problem.options.get("neutral", False),
        "y0" in problem.options,
        len(problem.options.get("discontinuities", ())),
        state.shape,
        state.dtype,
    )


def _choice(branches: Sequence[Callable[..., Any]], which: Array, like: Array, *values: Any) -> Any:
    typed = [lambda *v, g=g: jnp.asarray(g(*v)).astype(like.dtype) for g in branches]
    return jax.lax.switch(which, typed, *values)


class Shared:
    """Solves of named problems; those of one form are compiled once."""

    def __init__(self, problems: Mapping[str, DelayProblem]) -> None:
        self.problems = problems
        self.forms = {name: form(problem) for name, problem in problems.items()}

    def solve(self, name: str, delays: Any = None, **options: Any) -> DDESolution:
        """The solve of a problem, with other numbers for its delays, and options of `solve_dde`."""
        problem = self.problems[name]
        names, f, history, lags = self._branches(self.forms[name])
        which = jnp.asarray(names.index(name))
        given = delays_of(problem) if delays is None else delays
        delays = [lag if callable(own) else own for own, lag in zip(given, lags, strict=True)]
        return solve_dde(
            f, jax.tree_util.Partial(history, which), delays, problem.t0, problem.t1,
            **(problem.options | options | {"args": which}),
        )  # fmt: skip

    @functools.cache  # noqa: B019 - lives as long as the tests
    def _branches(self, kind: tuple[Any, ...]) -> tuple[Any, ...]:
        names = [name for name, its in self.forms.items() if its == kind]
        problems = [self.problems[name] for name in names]
        given = [problem.options.get("args") for problem in problems]

        def f(t: Array, y: Array, ylag: Any, which: Array, *dylag: Any) -> Array:
            told = [
                lambda t, y, ylag, *dylag, p=p, a=a: p.f(t, y, ylag, a, *dylag)
                for p, a in zip(problems, given, strict=True)
            ]
            return _choice(told, which, y, t, y, ylag, *dylag)

        def history(which: Array, t: Array) -> Array:
            start = jnp.zeros(kind[-2], kind[-1])
            return _choice([problem.history for problem in problems], which, start, t)

        def lag(i: int) -> Callable[..., Array]:
            told = [
                lambda t, y, p=p, a=a: delays_of(p)[i](t, y, a)
                for p, a in zip(problems, given, strict=True)
            ]
            return lambda t, y, which: _choice(told, which, t, t, y)

        return names, f, history, [lag(i) if varies else None for i, varies in enumerate(kind[0])]
