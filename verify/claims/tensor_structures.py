r"""Gaussian limits of residual and recurrent networks, and one matrix in many lines.

arXiv 1902.04760: Theorem 4.3, and Corollary D.9 for the covariances of networks whose read-out is
independent. A network's outputs are Gaussian given what lies below the read-out, with the averages
of products as their covariance; that these tend to a number makes the limit a Gaussian process.
"""

from __future__ import annotations

from functools import lru_cache, partial
from itertools import combinations_with_replacement
from typing import Any

import numpy as np

from lemmata.verify.api import (
    Accuracy,
    Condition,
    Domain,
    Equal,
    Interval,
    Measurement,
    Point,
    Values,
    claim,
    deferred,
)
from lemmata.verify.claims.tensor_programs import HERE, in_numbers, limits, measured, yang

exact = deferred("lemmata.theory.program_expectation").ExactExpectation
execute = deferred("lemmata.theory.program_limit").execute
ntk = deferred("lemmata.theory.ntk")
numeric = deferred("lemmata.verify.program_expectations").NumericExpectation
Program = deferred("lemmata.theory.tensor_programs").Program
structures = deferred("lemmata.theory.ntk_structures")
experiments = deferred("lemmata.solvers.wide_structures")

# A residual network.


def _stream(blocks: int = 2, inner: bool = True, outer: bool = True) -> Any:
    """The recursion; with the biases inside or outside left out."""
    import sympy as sp

    found = structures.residual(blocks, ntk.relu.resolve(), ntk.relu_slope.resolve())
    left_out = {} if inner else {sp.Symbol("b", positive=True): 0}
    left_out |= {} if outer else {sp.Symbol("a", positive=True): 0}
    return found.covariance.xy.subs(left_out)


residual = claim(
    f"{HERE}/residual-network/covariance",
    source=yang.at("Corollary D.9; Corollary 2.1, residual networks"),
    says=r"\mathbb{E} f f' \to \tilde\Sigma^L,\ \tilde\Sigma^l = \tilde\Sigma^{l-1} +"
    r" v^2 V_\varphi(\Sigma^l) + a^2,\ \Sigma^l = w^2 \tilde\Sigma^{l-1} + b^2",
    domain=Domain(
        k_xx=Interval(0.5, 2.0),
        k_yy=Interval(0.5, 2.0),
        k_xy=Interval(0.1, 1.5),
        w=Interval(0.7, 1.5),
        b=Interval(0.3, 1.0),
        v=Interval(0.7, 1.5),
        a=Interval(0.3, 1.0),
        where=(Condition("k_xy² < 0.9 k_xx k_yy", lambda p: p.k_xy**2 < 0.9 * p.k_xx * p.k_yy),),
    ),
    points=4,
    predicted=in_numbers(_stream),
    compare=Equal(relative=0.05, because="a block, or biases of one kind left out, take 10 % off"),
    wrong={
        "a block less": in_numbers(partial(_stream, 1)),
        "biases inside left out": in_numbers(partial(_stream, inner=False)),
        "biases outside left out": in_numbers(partial(_stream, outer=False)),
    },
    scope="two blocks x + v V max(w W x + b, 0) + a with weights and biases of their own, and a "
    "read-out of mean zero, by the average of products below it",
    batched=True,
)(partial(measured, experiment=experiments.residual, draws=4096))

# A recurrent network with an input at each time.


@lru_cache(maxsize=32)
def _recurrent(
    w: float, u: float, c: float, r: float, tied: bool, again: bool
) -> tuple[float, ...]:
    """What the executor finds; `again`: whether there are inputs after the first."""
    import sympy as sp

    program = Program()
    n = program.width("n")
    W = [program.matrix(f"W{i}", n, n, variance=w**2) for i in range(2)]
    # U x is Gaussian at any width, with the scalar products of the inputs as its covariance.
    at = [(sequence, t) for sequence in range(2) for t in range(3)]
    gram = [[u**2 * (c if i != j else 1) * (r if s != t else 1) for j, t in at] for i, s in at]
    given = program.vectors([f"Ux{i}{t}" for i, t in at], n, gram)
    states = []
    for inputs in (given[:3], given[3:]):
        states.append([inputs[0]])
        for t in (1, 2):
            rectified = program.apply(lambda z: sp.Max(z, 0), states[-1][-1])
            h = W[0 if tied else t - 1] @ rectified
            states[-1].append(h + inputs[t] if again else h)
    one, other = states
    means = [program.mean(lambda y, z: y * z, one[2], other[t]) for t in (1, 2)]
    found = execute(program, numeric())
    return tuple(float(found.scalar(mean)) for mean in means)


def between(p: Point, *, which: int, tied: bool = True, again: bool = True) -> float:
    """At two times of two sequences, or (`which` 1) at the last of both."""
    return _recurrent(p.w, p.u, p.c, p.r, tied, again)[which]


recurrent = [
    claim(
        f"{HERE}/recurrent-network/covariance-3-{t}",
        source=yang.at("Corollary 2.1 and Theorem 4.3, a simple recurrent network"),
        says=rf"\tfrac1n \langle s^3, s'^{t} \rangle \to K(3, {t}'),\ K(t, t') = w^2"
        r" \mathbb{E} \varphi(s^{t-1}) \varphi(s'^{t'-1}) + u^2 \langle x^t, x'^{t'} \rangle / d"
        r",\quad s^t = W \varphi(s^{t-1}) + U x^t",
        domain=Domain(
            w=Interval(0.9, 1.4), u=Interval(0.7, 1.3), c=Interval(0.3, 0.9), r=Interval(0.1, 0.6)
        ),
        points=4,
        predicted=partial(between, which=which),
        compare=Equal(relative=margin, because=because),
        wrong={slip: partial(between, which=which, **{part: False})},
        scope="ReLU, W of entries N(0, w²/n) and U of N(0, u²/d); x and x' two sequences of inputs",
        batched=True,
    )(partial(measured, experiment=experiments.recurrent, which=which, draws=20480))
    for which, t, slip, part, margin, because in (
        (0, 2, "a W for each time", "tied", 0.07, "it is half as much with a W for each time"),
        (1, 3, "no inputs after the first", "again", 0.05, "without them it is half as much"),
    )
]

# One matrix in many lines, without transposes.

PAIRS = tuple(combinations_with_replacement(range(1, 5), 2))


def _reused(tied: bool = True) -> tuple[Any, tuple[Any, ...]]:
    import sympy as sp

    w = sp.Symbol("w", positive=True)
    program = Program()
    n = program.width("n")
    W = [program.matrix(f"W{i}", n, n, variance=w**2) for i in range(3)]
    U, x = program.matrix("U", n, n), program.vector("x", n)
    first, second, third = [W[0]] * 3 if tied else W

    def rectified(h: Any) -> Any:
        return program.apply(lambda z: sp.Max(z, 0), h)

    one = first @ rectified(x)
    two = second @ rectified(one)
    three = U @ rectified(two) + one
    lines = one, two, three, third @ rectified(three)
    return program, tuple(
        program.mean(lambda y, z: y * z, lines[i - 1], lines[j - 1]) for i, j in PAIRS
    )


_afresh = partial(_reused, False)


@lru_cache(maxsize=32)
def _of_pair(written: Any, pair: int) -> Any:
    return in_numbers(lambda: limits(written)[pair])


def of_pair(p: Point, *, written: Any) -> float:
    """The limit that the executor finds, in numbers."""
    return _of_pair(written, int(p.pair))(p)


def of_pairs(p: Point, accuracy: Accuracy) -> Measurement:
    """One average at each point; all pairs are averages of the same draws."""
    scales, which = np.unique(p.w, return_inverse=True)
    found = [
        measured(
            Point({"w": scales}), accuracy, experiment=experiments.reused, which=k, draws=61440
        )
        for k in range(len(PAIRS))
    ]
    at = [(found[int(k)], i) for k, i in zip(p.pair, which, strict=True)]
    return Measurement(
        *(
            np.array([getattr(one, name)[i] for one, i in at])
            for name in ("value", "stderr", "bias")
        ),
        dof=found[0].dof, converged=np.array([one.converged[i] for one, i in at]),
        note=[one.note[i] for one, i in at],
    )  # fmt: skip


reused = claim(
    f"{HERE}/one-matrix-in-many-lines",
    source=yang.at("Theorem 4.3"),
    says=r"\tfrac1n \langle h^i, h^j \rangle \to K_{ij},\ K(W y, W y') = w^2 \mathbb{E} y y',\quad"
    r" h^1 = W \varphi(x),\ h^2 = W \varphi(h^1),\ h^3 = U \varphi(h^2) + h^1,"
    r"\ h^4 = W \varphi(h^3)",
    domain=Domain(pair=Values(*range(len(PAIRS))), w=Values(0.8, 1.4)),
    points=2 * len(PAIRS),
    predicted=partial(of_pair, written=_reused),
    compare=Equal(
        relative=0.06, because="a W drawn afresh for each line leaves 0 for half of them"
    ),
    wrong={"W drawn afresh": partial(of_pair, written=_afresh)},
    scope="ReLU, W of entries N(0, w²/n) and U of N(0, 1/n), |x|² = n; the pairs ij in their order",
    batched=True,
)(of_pairs)
