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
misprints = deferred("lemmata.theory.ntk_misprints")
ntk = deferred("lemmata.theory.ntk")
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


def _positive(names: str) -> Any:
    import sympy as sp

    return sp.symbols(names, positive=True)


def _product(one: Any, other: Any) -> Any:
    return one * other


def _relu(z: Any) -> Any:
    import sympy as sp

    return sp.Max(z, 0)


def _step(z: Any) -> Any:
    import sympy as sp

    return sp.Heaviside(z)


# A read-out that is no random vector: W^T in the gradient remembers what W did.


def _pooled(slope: Callable[[Any], Any], tied: bool = True) -> tuple[Any, tuple[Any, ...]]:
    w, q = _positive("w q")
    program = Program()
    n = program.width("n")
    W, x = program.matrix("W", n, n, variance=w**2), program.vector("x", n, variance=q)
    back = W.T if tied else program.matrix("V", n, n, variance=w**2)
    gradient = back @ program.apply(slope, W @ x)
    return program, (
        program.mean(_product, x, gradient), program.mean(_product, gradient, gradient)
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

    w = _positive("w")
    program = Program()
    n = program.width("n")
    X, v = program.matrix("X", n, n, variance=w**2), program.vector("v", n)
    powers = [v]
    for _ in range(4):
        powers.append((X @ powers[-1] + X.T @ powers[-1]) / sp.sqrt(2))
    return program, tuple(program.mean(_product, one, one) for one in powers[1:])


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
    alpha = _positive("alpha")
    program = Program()
    n, m = program.width("n"), program.width("m", alpha)
    Y, v = program.matrix("Y", m, n), program.vector("v", m)
    powers = [v]
    for _ in range(3):
        powers.append(Y @ (Y.T @ powers[-1]))
    pairs = ((powers[k // 2], powers[k - k // 2]) for k in range(1, 7))
    return program, tuple(program.mean(_product, one, other) for one, other in pairs)


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
wishart = partial(measured, experiment=averages.wishart_moments, draws=3072, width=32)

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

# The same weights at every step.


def _residual(tied: bool = True) -> tuple[Any, tuple[Any, ...]]:
    w = _positive("w")
    program = Program()
    n = program.width("n")
    W, h = program.matrix("W", n, n, variance=w**2), program.vector("h", n)
    sizes = []
    for t in range(3):
        if t and not tied:
            W = program.matrix(f"W{t}", n, n, variance=w**2)
        h = W @ program.apply(_relu, h) + h
        sizes.append(program.mean(_product, h, h))
    return program, tuple(sizes)


tied_residual = [
    claim(
        f"{HERE}/tied-residual/step-{t}",
        source=yang.at("Theorem 4.3, a residual network with one matrix for all blocks"),
        says=rf"\tfrac1n |h^{t}|^2, \quad h^t = W \max(h^{{t-1}}, 0) + h^{{t-1}},"
        r" \text{ grows faster than with a matrix for each } t",
        domain=Domain(w=Interval(0.7, 1.6)),
        points=4,
        predicted=limit(_residual, t - 1),
        compare=Equal(
            relative=0.05, because="with a matrix for each t, it is a fifth less and more"
        ),
        wrong={"a matrix for each t": limit(partial(_residual, False), t - 1)},
        scope="ReLU, no biases, |h^0|² = n",
        batched=True,
    )(partial(measured, experiment=averages.tied_residual, which=t - 1, draws=9000))
    for t in (2, 3)
]

RECURRENT = r"h^{t+1} = W \varphi(h^t) + \beta, \text{ one } W \text{ and one } \beta"


def _recurrent() -> tuple[Any, tuple[Any, ...]]:
    w, b, q = _positive("w b q")
    program = Program()
    n = program.width("n")
    W = program.matrix("W", n, n, variance=w**2)
    h, bias = program.vector("h", n, variance=q), program.vector("b", n, variance=b**2)
    second = W @ program.apply(_relu, h) + bias
    third = W @ program.apply(_relu, second) + bias
    return program, (program.mean(_product, second, third),)


def _as_printed() -> Any:
    w, b, q = _positive("w b q")
    return misprints.tied_covariances_as_printed(3, ntk.relu.resolve(), q, (w, b))[1, 2]


_tied_recurrent = {
    "source": yang.at("Corollary D.11"),
    "domain": Domain(w=Interval(0.9, 1.5), b=Interval(0.1, 1.0), q=Interval(0.5, 2.0)),
    "scope": "a simple recurrent network with an input at time 1 only, ReLU",
    "batched": True,
}
tied_recurrent = claim(
    f"{HERE}/tied-recurrent/covariance",
    says=r"\tfrac1n \langle h^2, h^3 \rangle \to w^2 \mathbb{E} \max(Z^{h^1}, 0) \max(Z^{h^2}, 0)"
    rf" + b^2, \quad {RECURRENT}",
    points=4,
    predicted=limit(_recurrent, 0),
    compare=Equal(relative=0.06, because="with W and the bias drawn afresh it is 0"),
    reading="by Theorem 4.3",
    **_tied_recurrent,
)(partial(measured, experiment=averages.recurrent_relu, which=0, draws=18000))


def _untied(t: int, bias: bool = True) -> Any:
    w, b, q = _positive("w b q")
    scales = w, b if bias else 0 * b
    return misprints.tied_covariances_as_printed(t, ntk.relu.resolve(), q, scales)[t - 1, t - 1]


tied_at_one_time = [
    claim(
        f"{HERE}/tied-recurrent/variance-{t}",
        says=rf"\tfrac1n |h^{t}|^2 \to q^{t} \text{{ as with a }} W \text{{ for each step:}}\ "
        rf"q^{{t+1}} = w^2 V_\varphi(q^t, q^t) + b^2, \quad {RECURRENT}",
        points=4,
        predicted=partial(_untied, t),
        compare=Equal(relative=0.06, because="b² left out is a fifth and more where b = 1"),
        wrong={"without the bias": partial(_untied, t, False)},
        reading="the law at a single time",
        **_tied_recurrent,
    )(partial(measured, experiment=averages.recurrent_relu, which=t - 1, draws=18000))
    for t in (3, 4)
]

tied_recurrent_as_printed = claim(
    f"{HERE}/tied-recurrent/covariance/as-printed",
    says=rf"\tfrac1n \langle h^2, h^3 \rangle \to 0, \quad {RECURRENT}",
    points=2,
    predicted=_as_printed,
    compare=Equal(absolute=0.1, because="the covariance itself is 0.2 and more"),
    reading="as printed",
    expected="refuted",
    cause="two states share W and the bias; their covariance vanishes for odd activations "
    "without bias",
    **_tied_recurrent,
)(partial(measured, experiment=averages.recurrent_relu, which=0, draws=100))


def _of_relu() -> Any:
    return limits(_recurrent)[0].subs(_positive("b"), 0)


def without_bias(p: Point, accuracy: Accuracy) -> Measurement:
    """The covariance of two states of a network without bias."""
    given = Point({**p, "b": 0.0 * p.w})
    return measured(given, accuracy, experiment=averages.recurrent_tanh, which=0, draws=3000)


odd_tied_recurrent = claim(
    f"{HERE}/tied-recurrent/odd",
    source=yang.at("Corollary D.11"),
    says=rf"\tfrac1n \langle h^2, h^3 \rangle \to 0, \quad {RECURRENT}",
    domain=Domain(w=Interval(0.9, 1.5), q=Interval(0.5, 2.0)),
    points=4,
    predicted=0,
    compare=Equal(absolute=0.03, because="a tenth of the variance of a state"),
    wrong={"as for the ReLU": _of_relu},
    scope="a simple recurrent network with an input at time 1 only, tanh and no bias",
    reading="where it holds",
    batched=True,
)(without_bias)
