"""The same weights at every step: arXiv 1902.04760, Theorem 4.3 and Corollary D.11.

Predictions are the limits that the executor finds from a program's lines alone. What is measured
are networks of finite width that use one matrix again and again, at three widths.
"""

from __future__ import annotations

from functools import lru_cache, partial
from typing import Any

from lemmata.verify.api import (
    Accuracy,
    Domain,
    Equal,
    Interval,
    Measurement,
    Point,
    claim,
    deferred,
)
from lemmata.verify.claims.tensor_programs import (
    HERE,
    in_numbers,
    limit,
    limits,
    measured,
    positive,
    product,
    relu,
    yang,
)

averages = deferred("lemmata.solvers.wide_averages")
execute = deferred("lemmata.theory.program_limit").execute
misprints = deferred("lemmata.theory.ntk_misprints")
ntk = deferred("lemmata.theory.ntk")
numeric = deferred("lemmata.verify.program_expectations").NumericExpectation
Program = deferred("lemmata.theory.tensor_programs").Program


def _residual(tied: bool = True, w: Any = None, steps: int = 3) -> tuple[Any, tuple[Any, ...]]:
    w = positive("w") if w is None else w
    program = Program()
    n = program.width("n")
    W, h = program.matrix("W", n, n, variance=w**2), program.vector("h", n)
    sizes = []
    for t in range(steps):
        if t and not tied:
            W = program.matrix(f"W{t}", n, n, variance=w**2)
        h = W @ program.apply(relu, h) + h
        sizes.append(program.mean(product, h, h))
    return program, tuple(sizes)


@lru_cache(maxsize=32)
def _late_sizes(w: float, tied: bool) -> tuple[float, ...]:
    import sympy as sp

    program, sizes = _residual(tied, sp.Float(w), 5)
    found = execute(program, numeric())
    return tuple(float(found.scalar(one)) for one in sizes)


def late_size(p: Point, *, t: int, tied: bool = True) -> float:
    """By the executor, in numbers: as an expression it is of great length."""
    return _late_sizes(p.w, tied)[t - 1]


_each, _less = "a matrix for each t", "with a matrix for each t, it is"
tied_residual = [
    claim(
        f"{HERE}/tied-residual/step-{t}",
        source=yang.at("Theorem 4.3, a residual network with one matrix for all blocks"),
        says=rf"\tfrac1n |h^{t}|^2, \quad h^t = W \max(h^{{t-1}}, 0) + h^{{t-1}},"
        r" \text{ grows faster than with a matrix for each } t",
        domain=Domain(w=Interval(0.7, 1.6)),
        points=4,
        predicted=partial(late_size, t=t) if late else limit(_residual, t - 1),
        compare=Equal(relative=margin, because=f"{_less} {because}"),
        wrong={
            _each: partial(late_size, t=t, tied=False)
            if late
            else limit(partial(_residual, False), t - 1)
        },
        scope="ReLU, no biases, |h^0|² = n",
        batched=True,
    )(partial(measured, experiment=averages.tied_residual, which=t - 1, draws=10500))
    for t, late, margin, because in (
        (2, False, 0.05, "a fifth less and more"),
        (3, False, 0.05, "a fifth less and more"),
        (4, True, 0.12, "less than half; widths of 16 to 64 leave it noisy"),
        (5, True, 0.2, "less than a fifth; widths of 16 to 64 leave it noisy"),
    )
]

RECURRENT = r"h^{t+1} = W \varphi(h^t) + \beta, \text{ one } W \text{ and one } \beta"


def _recurrent() -> tuple[Any, tuple[Any, ...]]:
    w, b, q = positive("w b q")
    program = Program()
    n = program.width("n")
    W = program.matrix("W", n, n, variance=w**2)
    h, bias = program.vector("h", n, variance=q), program.vector("b", n, variance=b**2)
    second = W @ program.apply(relu, h) + bias
    third = W @ program.apply(relu, second) + bias
    fourth = W @ program.apply(relu, third) + bias
    pairs = (second, third), (third, fourth)
    return program, tuple(program.mean(product, *pair) for pair in pairs)


def _as_printed() -> Any:
    w, b, q = positive("w b q")
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


tied_recurrent_later = claim(
    f"{HERE}/tied-recurrent/covariance-3-4",
    says=r"\tfrac1n \langle h^3, h^4 \rangle \to w^2 \mathbb{E} \max(Z^{h^2}, 0) \max(Z^{h^3}, 0)"
    rf" + b^2, \quad {RECURRENT}",
    points=4,
    predicted=in_numbers(limit(_recurrent, 1)),
    compare=Equal(
        relative=0.08, because="with W and the bias drawn afresh it is 0; it is noisier than before"
    ),
    reading="by Theorem 4.3",
    wrong={"as printed": 0, "of steps 2 and 3": limit(_recurrent, 0)},
    **_tied_recurrent,
)(partial(measured, experiment=averages.recurrent_relu, which=4, draws=18000))


def _untied(t: int, bias: bool = True) -> Any:
    w, b, q = positive("w b q")
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
    return limits(_recurrent)[0].subs(positive("b"), 0)


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
