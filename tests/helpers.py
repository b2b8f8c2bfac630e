"""Claims made in a line and settings of a short run, for tests of the engine that decides."""

from collections.abc import Callable
from typing import Any

import numpy as np
import sympy as sp
from hypothesis import strategies as st

from lemmata.verify.accuracy import Accuracy
from lemmata.verify.claim import Claim, Paper, claim
from lemmata.verify.compare.base import Comparison
from lemmata.verify.compare.equal import Equal
from lemmata.verify.domain import Domain, Point
from lemmata.verify.measurement import Measurement
from lemmata.verify.settings import Profile, Settings

SOURCE = Paper("On test claims", year=2020).at("equation 1")
WHY = "chosen for a test"

x, y = sp.symbols("x y", positive=True)
leaves = st.sampled_from([x, y, sp.Integer(2), sp.Rational(-1, 3), sp.pi])
formulas = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(lambda ab: ab[0] + ab[1]),
        st.tuples(inner, inner).map(lambda ab: ab[0] * ab[1]),
        st.tuples(inner, st.sampled_from([2, -1, sp.Rational(1, 2)])).map(
            lambda ab: ab[0] ** ab[1]
        ),
        inner.map(sp.sin),
        inner.map(sp.exp),
    ),
    max_leaves=5,
).filter(lambda formula: not formula.has(sp.nan, sp.zoo))


def claimed(
    measure: Callable[..., Any],
    predicted: Any,
    domain: Domain | None = None,
    *,
    compare: Comparison | None = None,
    **more: Any,
) -> Claim:
    """A claim that is complete but for what a test is about."""
    fields: dict[str, Any] = {"id": "test/claim", "source": SOURCE, "says": "p = m", **more}
    return claim(
        domain=domain or Domain(),
        predicted=predicted,
        compare=compare or Equal(relative=0.01, because=WHY),
        **fields,
    )(measure)


def settings(**more: Any) -> Settings:
    """Twelve points and no more effort than needs be."""
    return Settings(profile=Profile("test", points=12, effort=1.0), **more)


def exactly(formula: Callable[[Point], Any], bias: float = 1e-12) -> Callable[..., Measurement]:
    """A measurement without chance in it, counted: `measure.looks` lists points and efforts."""

    def measure(p: Point, accuracy: Accuracy) -> Measurement:
        measure.looks.append((p, accuracy))  # pyright: ignore[reportFunctionMemberAccess]
        return Measurement(formula(p), bias=bias)

    measure.looks = []  # pyright: ignore[reportFunctionMemberAccess]
    return measure


def noisily(
    formula: Callable[[Point], Any], sigma: float, draws: int
) -> Callable[..., Measurement]:
    """The mean of normal draws about a formula's value."""

    def measure(p: Point, accuracy: Accuracy) -> Measurement:
        n = accuracy.draws(draws)
        value = np.asarray(formula(p), dtype=float)
        return Measurement.mean(accuracy.rng.normal(value[..., None], sigma, (*value.shape, n)))

    return measure
