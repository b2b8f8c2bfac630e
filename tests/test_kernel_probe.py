"""Quadratures of what their nodes would pass over: the bound holds, or there is none."""

import pickle
from collections.abc import Callable
from typing import Any

import jax
import numpy as np
import pytest
from scipy.special import ndtr

from lemmata.verify import kernel_quadrature
from lemmata.verify.kernel_bounds import analytic_with_bound
from lemmata.verify.kernel_pairs import Pairs, equal
from lemmata.verify.kernel_quadrature import NotConverged, Quadrature

pytestmark = pytest.mark.heavy

NODES, WEIGHTS = np.polynomial.legendre.leggauss(16)
KINDS: dict[str, Callable[[float, float], Callable[[Any], Any]]] = {
    "bump": lambda k, s: lambda x: np.exp(-(((x - k) / s) ** 2)),
    "tanh": lambda k, s: lambda x: np.tanh((x - k) / s),
    "softplus": lambda k, s: lambda x: np.logaddexp(0, (x - k) / s) * s,
    "power": lambda k, s: lambda x: np.abs(x - k) ** 1.5,
    "kink": lambda k, s: lambda x: np.tanh(x) + 1e-6 * np.maximum(x - k, 0),
    "clip": lambda k, s: lambda x: np.clip(x - k, -s, s),
    "both": lambda k, s: lambda x: np.tanh(x) + np.exp(-(((x - k) / s) ** 2)),
}


def _means(f: Callable[[Any], Any], q: float, places: list[float]) -> tuple[float, float]:
    """E f and E f^2 on panels that grow from each place where f changes."""
    root, grown = q**0.5, 1e-12 * 1.5 ** np.arange(90)
    cuts = [p / root + side * grown for p in places for side in (1, -1)]
    edges = np.unique(np.clip(np.concatenate([np.linspace(-14, 14, 225), *cuts]), -14, 14))
    middle, half = (edges[1:] + edges[:-1])[:, None] / 2, np.diff(edges)[:, None] / 2
    z = middle + half * NODES
    weights = half * WEIGHTS * np.exp(-(z**2) / 2) / (2 * np.pi) ** 0.5
    values = f(root * z)
    return float(np.sum(weights * values)), float(np.sum(weights * values**2))


@pytest.mark.parametrize("kind", KINDS)
def test_bounds_of_narrow_steep_and_bent_functions_hold_or_are_refused(kind: str) -> None:
    rng = np.random.default_rng(5)
    for _ in range(8):
        place = float(rng.normal() * rng.choice([0.1, 1, 5]))
        width, q = float(10 ** rng.uniform(-3, 0)), float(10 ** rng.uniform(-2, 4))
        phi = KINDS[kind](place, width)
        quadrature = Quadrature(phi, np.sign)
        mean, square = _means(phi, q, [0.0, place, place - width, place + width])
        apart = Pairs(*(np.asarray(one) for one in (q, q, 0.0, q, q)))
        for pairs, exact in ((equal(np.asarray(q)), square), (apart, mean**2)):
            try:
                found = quadrature.integrate(pairs, slope=False)
            except NotConverged:
                continue
            assert abs(found.value - exact) <= found.bound + 3e-14 * square, (place, width, q)


@pytest.mark.parametrize("w", [3.0, 6.0, 10.0, 12.75, 20.0])
def test_a_clipped_identity_has_a_true_bound_only_where_its_kinks_are_named(w: float) -> None:
    inside = 2 * ndtr(1 / w) - 1
    density = np.exp(-(w**-2) / 2) / (2 * np.pi) ** 0.5
    square = 1 - inside + w**2 * (inside - 2 / w * density)
    exact = w**2 * square + w**4 * inside
    with jax.enable_x64(True):
        named = Quadrature(jax.nn.hard_tanh, kinks=(-1.0, 1.0))
        kernel, bound = analytic_with_bound([1.0, 1.0], None, 2, named, w, 0.0, "jacot")
        assert abs(kernel - exact) <= bound <= 1e-9 * exact
        unnamed = Quadrature(jax.nn.hard_tanh)
        for get in ("ntk", "nngp"):
            with pytest.raises(NotConverged, match=r"name phi's kinks in kinks="):
                analytic_with_bound([1.0, 1.0], None, 2, unnamed, w, 0.0, "jacot", get)


@pytest.mark.parametrize("steepness", [100.0, 300.0, 1000.0])
@pytest.mark.parametrize("w", [1.0, 2.0, 4.0])
def test_steep_functions_are_refused_with_the_reason(steepness: float, w: float) -> None:
    steep = Quadrature(lambda x: np.tanh(steepness * x), np.sign)
    text = r"(pass over places where phi changes|do not fall as for).*around which it is steep"
    with pytest.raises(NotConverged, match=text):
        analytic_with_bound([1.0, 1.0], None, 2, steep, w, 0.0, "jacot", "nngp")


def test_what_is_kept_of_a_quadrature_is_bounded_and_does_not_travel(monkeypatch) -> None:
    monkeypatch.setattr(kernel_quadrature, "_KEPT", 2)
    rule = Quadrature(np.tanh, _slope_of_tanh)
    pairs = [equal(np.array(q)) for q in (0.5, 1.0, 2.0)]
    values = [rule.integrate(one, slope=False).value for one in pairs]
    assert rule._known.cache_info().currsize == 2  # pyright: ignore[reportFunctionMemberAccess]
    copy = pickle.loads(pickle.dumps(rule))
    assert copy == rule
    assert copy.integrate(pairs[0], slope=False).value == values[0]


def _slope_of_tanh(x: Any) -> Any:
    return 1 / np.cosh(x) ** 2
