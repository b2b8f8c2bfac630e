"""The Marchenko-Pastur law itself, not its moments: arXiv 1902.04760, section 5.

Its density follows from the recursion of the moments. What is measured are eigenvalues of random
matrices at three widths.
"""

from __future__ import annotations

from functools import lru_cache, partial
from typing import Any

import numpy as np

from lemmata.verify.api import (
    Accuracy,
    Domain,
    Equal,
    Interval,
    Measurement,
    Point,
    Values,
    claim,
    deferred,
)
from lemmata.verify.claims.tensor_programs import HERE, yang

density = deferred("lemmata.theory.spectral_density")
solver = deferred("lemmata.solvers.spectra")
extrapolated = deferred("lemmata.verify.program_measure").extrapolated

#: widths, and draws at the largest; twice and four times as many at the smaller ones
WIDTHS, DRAWS = (16, 32, 64), 512
RATIOS = Values(0.5, 0.75, 1.5, 2.0)


@lru_cache(maxsize=64)
def _spectra(alpha: float, n: int, look: tuple[int, int], draws: int) -> np.ndarray:
    return solver.spectra((*look, n), n, draws, alpha)


def _everywhere(p: Point, accuracy: Accuracy, read: Any, order: float = 1.0) -> Measurement:
    """What is read off the eigenvalues of each draw, at infinite width; points share the draws."""
    found = []
    for n, many in zip(WIDTHS, (4, 2, 1), strict=True):
        draws = max(2, many * accuracy.draws(DRAWS))
        rows = [
            read(_spectra(float(alpha), n, accuracy.common, draws), n, i)
            for i, alpha in enumerate(p.alpha)
        ]
        found.append(Measurement.mean(np.stack(rows)))
    return extrapolated(*found, order)


def share(p: Point, accuracy: Accuracy) -> Measurement:
    """The share of eigenvalues below x."""
    return _everywhere(p, accuracy, lambda found, _, i: solver.shares_below(found, p.x[i]))


def edge(p: Point, accuracy: Accuracy, *, which: int) -> Measurement:
    """The mean smallest eigenvalue that is not zero for want of columns, or the largest.

    Eigenvalues reach their edge like the width to the power of -2/3.
    """
    return _everywhere(
        p, accuracy, lambda found, n, _: solver.at_the_ends(found, n)[:, which], 2 / 3
    )


def zeros(p: Point, accuracy: Accuracy) -> Measurement:
    """The share of eigenvalues that rounding leaves of zero; of each draw alike.

    What no average tells is how many rows there are, as a whole number.
    """
    n = WIDTHS[-1]
    found = np.array([
        solver.shares_below(_spectra(float(one), n, accuracy.common, accuracy.draws(8)), 1e-9)
        for one in p.alpha
    ])  # fmt: skip
    spread = np.ptp(found, axis=1)
    return Measurement(found.mean(axis=1), 0.0, spread + 1 / np.round(n * np.asarray(p.alpha)))


@lru_cache
def _law() -> Any:
    import sympy as sp

    names = density.x.resolve(), density.alpha.resolve()
    return sp.lambdify(names, density.density().statement, "mpmath")


def law(p: Point, *, inverted: bool = False, atom: bool = True) -> float:
    """The integral of the density up to x, and what is at zero; or for columns over rows."""
    import mpmath

    alpha = 1 / p.alpha if inverted else p.alpha
    low, high = (float(one.subs(density.alpha.resolve(), alpha)) for one in density.edges())
    below = mpmath.quad(lambda x: mpmath.re(_law()(x, alpha)), [low, min(max(p.x, low), high)])
    return float(below) + (max(0.0, 1 - 1 / alpha) if atom else 0.0)


_spectrum: dict[str, Any] = {
    "source": yang.at("the Marchenko-Pastur law, as an example of Theorem 6.3"),
    "scope": "Y of m = alpha n rows and n columns, independent normal entries",
    "batched": True,
}

share_below = claim(
    f"{HERE}/marchenko-pastur/density",
    says=r"\tfrac1m \#\{\lambda_i(Y Y^T / n) < x\} \to \left(1 - \tfrac1\alpha\right)_+ +"
    r" \int_a^x \frac{\sqrt{(s - a)(b - s)}}{2 \pi \alpha s} ds,\quad"
    r" a, b = (1 \mp \sqrt\alpha)^2",
    domain=Domain(alpha=RATIOS, x=Interval(0.4, 2.6)),
    points=12,
    predicted=law,
    compare=Equal(
        absolute=0.04, because="columns over rows, or no zeros, are 0.1 off and more in the middle"
    ),
    wrong={"columns over rows": partial(law, inverted=True), "no zeros": partial(law, atom=False)},
    **_spectrum,
)(share)

edges = [
    claim(
        f"{HERE}/marchenko-pastur/{name}-edge",
        says=rf"\lambda_{{\{name}}} \to (1 {sign} \sqrt\alpha)^2"
        r" \text{ of the eigenvalues of } Y Y^T / n \text{ but for zero}",
        domain=Domain(alpha=RATIOS),
        points=4,
        predicted=lambda which=which: density.edges()[which],
        compare=margin,
        wrong={
            "columns over rows": lambda which=which: density.edges()[which].subs(
                density.alpha.resolve(), 1 / density.alpha.resolve()
            )
        },
        **_spectrum,
    )(partial(edge, which=which))
    for which, name, sign, margin in (
        (
            0, "min", "-",
            Equal(absolute=0.05, because="columns over rows move it by 0.086 at 1/2 and at 2"),
        ),
        (
            1, "max", "+",
            Equal(relative=0.1, because="columns over rows are a third off and more"),
        ),
    )
]  # fmt: skip

atom = claim(
    f"{HERE}/marchenko-pastur/atom",
    says=r"\tfrac1m \#\{\lambda_i(Y Y^T / n) = 0\} \to 1 - 1/\alpha \text{ for } \alpha > 1",
    domain=Domain(alpha=Values(1.25, 1.5, 2.0, 3.0)),
    points=4,
    predicted=density.atom,
    compare=Equal(absolute=0.03, because="an eigenvalue more or less at this width, and as much"),
    wrong={"no zeros": 0, "of columns": lambda: 1 - 1 / (2 * density.alpha.resolve())},
    **_spectrum,
)(zeros)
