"""Tensor programs: arXiv 1902.04760, the laws of large numbers of theorems 4.3 and 6.3 at work.

Predictions are the limits that the executor finds from a program's lines alone. What is measured
are the same computations with real matrices, gradients being JAX's, at three widths.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any

from lemmata.verify.api import (
    Accuracy,
    Claim,
    Domain,
    Equal,
    Interval,
    Measurement,
    Paper,
    Point,
    Values,
    claim,
    deferred,
)

exact = deferred("lemmata.theory.program_expectation").ExactExpectation
execute = deferred("lemmata.theory.program_limit").execute
Program = deferred("lemmata.theory.tensor_programs").Program
spectral = deferred("lemmata.theory.spectral_moments")
averages = deferred("lemmata.solvers.wide_averages")
at_infinite_width = deferred("lemmata.verify.program_measure").at_infinite_width

yang = Paper(
    "Scaling Limits of Wide Neural Networks with Weight Sharing: Gaussian Process Behavior, "
    "Gradient Independence, and Neural Tangent Kernel Derivation",
    year=2019,
    arxiv="1902.04760",
)
HERE = "tensor-programs"
#: a program, and the averages of it that are asked for
Written = Callable[[], tuple[Any, tuple[Any, ...]]]


def measured(
    p: Point, accuracy: Accuracy, *, experiment: Any, draws: int, which: int = 0, width: int = 16
) -> Measurement:
    """An average over coordinates at three widths, extrapolated."""
    return at_infinite_width(experiment, p, accuracy, which=which, draws=draws, width=width)


@lru_cache
def limits(written: Written) -> tuple[Any, ...]:
    """What the averages of a program tend to, as expressions of its parameters."""
    program, averages = written()
    limit = execute(program, exact())
    return tuple(limit.scalar(one) for one in averages)


def limit(written: Written, which: int) -> Callable[[], Any]:
    """The limit of one average, for later."""
    return lambda: limits(written)[which]


@lru_cache
def _evaluated(form: Callable[[], Any]) -> tuple[list[str], Any]:
    import sympy as sp

    expression = form()
    symbols = sorted(expression.free_symbols, key=str)
    function = sp.lambdify(symbols, expression, modules="mpmath", cse=True)
    return [str(symbol) for symbol in symbols], function


def in_numbers(form: Callable[[], Any]) -> Callable[[Point], float]:
    """The values of a formula whose neighbours say nothing: a wrong one, or one of great length."""

    def predicted(p: Point) -> float:
        import mpmath

        names, function = _evaluated(form)
        with mpmath.workdps(40):
            return float(mpmath.re(function(*(mpmath.mpf(float(p[name])) for name in names))))

    return predicted


def positive(names: str) -> Any:
    """Symbols of positive numbers."""
    import sympy as sp

    return sp.symbols(names, positive=True)


def product(one: Any, other: Any) -> Any:
    """For averages of products."""
    return one * other


def relu(z: Any) -> Any:
    """As a SymPy expression."""
    import sympy as sp

    return sp.Max(z, 0)


def _step(z: Any) -> Any:
    import sympy as sp

    return sp.Heaviside(z)


# A read-out that is no random vector: W^T in the gradient remembers what W did.


def _pooled(slope: Callable[[Any], Any], tied: bool = True) -> tuple[Any, tuple[Any, ...]]:
    w, q = positive("w q")
    program = Program()
    n = program.width("n")
    W, x = program.matrix("W", n, n, variance=w**2), program.vector("x", n, variance=q)
    back = W.T if tied else program.matrix("V", n, n, variance=w**2)
    gradient = back @ program.apply(slope, W @ x)
    return program, (
        program.mean(product, x, gradient), program.mean(product, gradient, gradient)
    )  # fmt: skip


#: by activation: the program of the gradient, whose slope is exact, and the experiment
POOLED = {
    "square": (partial(_pooled, lambda z: z), averages.pooled_square),
    "relu": (partial(_pooled, _step), averages.pooled_relu),
}
scaled = Domain(w=Interval(0.7, 1.5), q=Interval(0.5, 2.0))


def _of_pooled_gradient(name: str, which: int) -> Claim:
    program, experiment = POOLED[name]
    quantity, says = (
        ("overlap", r"\langle x, \nabla f \rangle / n"), ("norm", r"|\nabla f|^2 / n")
    )[which]  # fmt: skip
    return claim(
        f"{HERE}/pooled-gradient/{name}/{quantity}",
        source=yang.at("Theorem 6.3; section 5, where gradient independence fails"),
        says=rf"{says} \text{{ of }} f(x) = 1^T \varphi(W x) \text{{ tends to what }} W^T"
        r" \text{ gives that is the transpose of the same } W",
        domain=scaled,
        points=4,
        predicted=limit(program, which),
        compare=Equal(relative=0.05, because="with W^T drawn afresh, it is 24 % less, or 0"),
        wrong={"W^T drawn afresh": limit(partial(program, tied=False), which)},
        scope=f"one layer, {name}, |x|² = n q, W of entries N(0, w²/n)",
        batched=True,
    )(partial(measured, experiment=experiment, which=which, draws=3000))


pooled_gradient = [_of_pooled_gradient(name, which) for name in POOLED for which in (0, 1)]

odd_pooled_gradient = claim(
    f"{HERE}/pooled-gradient/tanh/overlap",
    source=yang.at("Corollary D.4, an odd last nonlinearity"),
    says=r"\langle x, \nabla f \rangle / n \to 0 \text{ for } f(x) = 1^T \tanh(W x)"
    r" \text{: gradient independence holds}",
    domain=scaled,
    points=4,
    predicted=0,
    compare=Equal(absolute=0.04, because="a tenth of what it is for the ReLU at w = q = 1"),
    wrong={"as for the ReLU": limit(POOLED["relu"][0], 0)},
    scope="one layer, |x|² = n q, W of entries N(0, w²/n)",
    batched=True,
)(partial(measured, experiment=averages.pooled_tanh, which=0, draws=3000))


def _wigner() -> tuple[Any, tuple[Any, ...]]:
    import sympy as sp

    w = positive("w")
    program = Program()
    n = program.width("n")
    X, v = program.matrix("X", n, n, variance=w**2), program.vector("v", n)
    powers = [v]
    for _ in range(4):
        powers.append((X @ powers[-1] + X.T @ powers[-1]) / sp.sqrt(2))
    return program, tuple(program.mean(product, one, one) for one in powers[1:])


semicircle = [
    claim(
        f"{HERE}/semicircle/moment-{2 * k}",
        source=yang.at("the semicircle law, as an example of Theorem 6.3"),
        says=rf"\tfrac1n \operatorname{{tr}} (w (X + X^T) / \sqrt{{2n}})^{{{2 * k}}}"
        rf" \to C_{k} w^{{{2 * k}}}, \quad C_{k} = \frac{{1}}{{{k + 1}}} \binom{{{2 * k}}}{{{k}}}",
        domain=Domain(w=Interval(0.7, 1.3)),
        points=3,
        predicted=limit(_wigner, k - 1),
        compare=Equal(relative=0.05, because="the next power of w strays further than that"),
        scope="X of independent standard normal entries",
        batched=True,
    )(partial(measured, experiment=averages.wigner_moments, which=k - 1, draws=1200, width=32))
    for k in (1, 2, 3, 4)
]


def _wishart() -> tuple[Any, tuple[Any, ...]]:
    alpha = positive("alpha")
    program = Program()
    n, m = program.width("n"), program.width("m", alpha)
    Y, v = program.matrix("Y", m, n), program.vector("v", m)
    powers = [v]
    for _ in range(3):
        powers.append(Y @ (Y.T @ powers[-1]))
    pairs = ((powers[k // 2], powers[k - k // 2]) for k in range(1, 7))
    return program, tuple(program.mean(product, one, other) for one, other in pairs)


def _recursion(k: int, summed: bool = True, inverted: bool = False) -> Any:
    """As printed; or without its sum, or for columns over rows."""
    alpha = spectral.alpha.resolve()
    right = spectral.marchenko_pastur(k)
    if not summed:
        return (1 + alpha) * spectral.marchenko_pastur(k - 1)
    return right.subs(alpha, 1 / alpha) if inverted else right


_marchenko_pastur = {
    "source": yang.at("the Marchenko-Pastur law, as an example of Theorem 6.3"),
    "domain": Domain(alpha=Values(0.5, 0.75, 1.5, 2.0)),
    "scope": "Y of m = alpha n rows and n columns, independent normal entries, |Y|² = m n",
    "batched": True,
}
_low = Equal(relative=0.05, because="the inverse ratio is off by a third at 3/4")
_high = Equal(relative=0.06, because="the inverse ratio is off by a third and more at 3/4")
wishart = partial(measured, experiment=averages.wishart_moments, draws=2048, width=32)

marchenko_pastur = [
    claim(
        f"{HERE}/marchenko-pastur/moment-{k}",
        says=rf"\tfrac1m \operatorname{{tr}} (Y Y^T / n)^{k} \to \textstyle\sum_j \alpha^j"
        rf" (1 + \alpha)^{{{k - 1} - 2j}} \binom{{{k - 1}}}{{2j}} C_j",
        predicted=limit(_wishart, k - 1) if k < 5 else in_numbers(limit(_wishart, k - 1)),
        wrong={"columns over rows": partial(_recursion, k, inverted=True)},
        compare=_low if k < 5 else _high,
        **_marchenko_pastur,
    )(partial(wishart, which=k - 1))
    for k in (2, 3, 4, 5, 6)
]

marchenko_pastur_recursion = [
    claim(
        f"{HERE}/marchenko-pastur/recursion-{k}",
        says=rf"M_{k} = \alpha \textstyle\sum_{{r=1}}^{{{k - 2}}} M_r M_{{{k - 1}-r}}"
        rf" + (1 + \alpha) M_{{{k - 1}}}, \quad M_s = \lim \tfrac1m"
        r" \operatorname{tr} (Y Y^T / n)^s",
        predicted=in_numbers(partial(_recursion, k)),
        wrong={
            "columns over rows": partial(_recursion, k, inverted=True),
            "the sum left out": partial(_recursion, k, summed=False),
        },
        compare=_high,
        **_marchenko_pastur,
    )(partial(wishart, which=k - 1))
    for k in (3, 4, 5, 6)
]
