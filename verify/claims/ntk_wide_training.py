"""Deeper networks in training: arXiv 1806.07572, sections 5 and 6, at widths that are not great.

What the paper says of its figures, that kernels grow in training and that smaller networks converge
faster, is decided on many networks and on data of the kind; what it proves, by the order in n.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from lemmata.verify.api import (
    Accuracy,
    Bound,
    Claim,
    Domain,
    Equal,
    Integers,
    Measurement,
    Point,
    Sign,
    Values,
    claim,
    deferred,
)
from lemmata.verify.claims.ntk_experiments import B, W
from lemmata.verify.claims.ntk_initialisation import jacot

images = deferred("lemmata.verify.remark_measure").images
ntk = deferred("lemmata.theory.ntk")
measure = deferred("lemmata.verify.wide_training_measure")
training = deferred("lemmata.verify.training_measure")

HERE = "ntk"

# Section 6.1: inflation.


def _inflation(name: str, where: str, which: int) -> Claim:
    @claim(
        f"{HERE}/inflation/{name}",
        source=jacot.at("section 6.1, the first figure"),
        says=rf"\mathbb{{E}}\, [\operatorname{{tr}} \Theta_n(T) / \operatorname{{tr}} \Theta_n(0)]"
        rf" > 1 \text{{ {where}}}",
        domain=Domain(data=Integers(0, 10**6), n=Values(64, 128)),
        points=4,
        predicted=1,
        compare=Sign(clear=2, because="within half of itself"),
        scope="ReLU networks of three hidden layers, b = 0.1, 16 inputs of N(0, 1) in two "
        "dimensions with targets x_1 x_2, 200 steps of rate 1",
        wrong={"it shrinks": -1},
    )
    def inflation(p: Point, accuracy: Accuracy) -> Measurement:
        """The relative change of the kernel's trace in training, over networks."""
        found = measure.inflation(
            int(p.data), accuracy.common, accuracy.draws(60), int(p.n), B
        )  # fmt: skip
        return Measurement.mean(found[which])

    return inflation


inflation = [
    _inflation("on-data", "over the data", 0),
    _inflation("on-circle", "over the unit circle", 1),
]

# Section 6.3: one component.

STEPS = 64
#: what is left at time 1/lambda, by steps of descent: nearly 1/e
LEFT = (1 - 1 / STEPS) ** STEPS


@lru_cache
def _kernel_functions() -> Any:
    import sympy as sp

    names = (*ntk.GRAM.resolve(), ntk.w.resolve(), ntk.b.resolve())
    found = ntk.tangent_kernel(3, ntk.relu, ntk.relu_slope)
    return tuple(sp.lambdify(names, one, cse=True) for one in (found.xx, found.xy))


def _inputs(seed: int, digits: bool) -> np.ndarray:
    return images(seed, 16) if digits else measure.data(seed)


@lru_cache(maxsize=64)
def _limit(seed: int, digits: bool) -> np.ndarray:
    """The limiting kernel among the data."""
    x = _inputs(seed, digits)
    gram, (xx, xy) = x @ x.T / x.shape[1], _kernel_functions()
    q = np.diag(gram)
    kernel = np.empty_like(gram)
    for i, j in np.ndindex(*gram.shape):
        at = (q[i], q[j], gram[i, j], W, B)
        kernel[i, j] = xx(*at) if i == j else xy(*at)
    return kernel


def _faster(name: str, own: bool, digits: bool, scope: str, **more: Any) -> Claim:
    @claim(
        f"{HERE}/one-component/smaller-is-faster/{name}",
        source=jacot.at("section 6.3, that smaller networks converge faster"),
        says=r"\mathbb{E} \langle v, f_t - y \rangle / \langle v, f_0 - y \rangle < e^{-1},"
        r"\quad t = 1/\lambda",
        domain=Domain(data=Integers(0, 10**6), n=Values(32, 64)),
        points=4,
        predicted=-1,
        compare=Sign(clear=1, because="the paper says no more than which is faster"),
        scope="ReLU networks of two hidden layers, b = 0.1, targets f_0 + v/2; " + scope,
        **more,
    )
    def left(p: Point, accuracy: Accuracy) -> Measurement:
        """What is left along v at time 1/lambda, less (1 - 1/64)^64, over networks."""
        draws = accuracy.draws(100 if digits else 400)
        return Measurement.mean(
            _left(own, digits, int(p.data), accuracy.common, draws, int(p.n)) - LEFT
        )

    return left


@lru_cache(maxsize=32)
def _left(
    own: bool, digits: bool, seed: int, common: tuple[int, int], networks: int, width: int
) -> np.ndarray:
    return measure.left_along(
        _inputs(seed, digits), None if own else _limit(seed, digits),
        np.random.default_rng((*common, seed, width)), networks, width, B, STEPS,
    )  # fmt: skip


OWN = "v and lambda the second eigenvector and eigenvalue of each network's own kernel"
LIMITING = "v and lambda the second eigenvector and eigenvalue of the limiting kernel"
ANY = "not the paper's digits but 8 inputs of N(2, 1) in four dimensions"
smaller = [
    _faster(
        "limit", False, False, ANY, reading=f"for any data; {LIMITING}", expected="refuted",
        cause="it hangs on the data, as the claims on inputs like digits show. Kernels vary from "
        "network to network, the means of e^(-lambda t) are above that of the mean lambda, and "
        "here the kernel along v does not grow",
    ),
    _faster(
        "own", True, False, ANY, reading=f"for any data; {OWN}", expected="refuted",
        cause="it hangs on the data, as the claims on inputs like digits show: here the kernel "
        "along v shrinks in training, though its trace may grow",
    ),
]  # fmt: skip
DIGITS = "16 inputs like pictures of digits: not negative, of 64 pixels, in clusters"
smaller_on_digits = [
    _faster(f"on-digits/{name}", own, True, DIGITS, reading=reading, wrong={"slower": 1})
    for name, own, reading in (("limit", False, LIMITING), ("own", True, OWN))
]


@claim(
    f"{HERE}/one-component/smaller-deviates-more",
    source=jacot.at("section 6.3, that smaller networks deviate more from the limit"),
    says=r"\mathbb{E} | \langle v, f_t - y \rangle / \langle v, f_0 - y \rangle - e^{-1} |^2"
    r" \text{ is less at four times the width}, \quad t = 1/\lambda",
    domain=Domain(data=Integers(0, 10**6), n=Values(16)),
    points=2,
    predicted=1,
    compare=Sign(clear=1, because="the paper says no more than which deviates more"),
    scope=f"as of smaller-is-faster, on {DIGITS}; {LIMITING}",
    wrong={"wider ones deviate more": -1},
)
def deviates_more(p: Point, accuracy: Accuracy) -> Measurement:
    """ln of the mean square at n over that at 4 n, over networks."""
    squares = [
        (_left(False, True, int(p.data), accuracy.common, accuracy.draws(200), n) - LEFT) ** 2
        for n in (int(p.n), 4 * int(p.n))
    ]
    narrow, wide = (one / one.mean() for one in squares)
    # With what each network adds to the logarithms in first order.
    return Measurement.mean(np.log(squares[0].mean() / squares[1].mean()) + narrow - wide)


# Section 5: the network's own kernel.

DISTANCE = r"d_n = | f_T - y - (I - \tfrac{\eta}{N} \Theta_n(0))^T (f_0 - y) | / | f_0 - y |"
#: the widths of the programs by which tanh networks are computed
PROGRAMS = (256, 1024)


def _ratio(wide: np.ndarray, narrow: np.ndarray) -> Measurement:
    """That of two independent means over networks, with what each network adds in first order."""
    top, below = wide.mean(), narrow.mean()
    return Measurement.mean(wide / below - top / below**2 * (narrow - below))


@claim(
    f"{HERE}/linear-dynamics/own-kernel",
    source=jacot.at("section 5; Theorem 2, its error"),
    says=rf"\mathbb{{E}}\, d_{{4n}} = \tfrac14\, \mathbb{{E}}\, d_n, \quad {DISTANCE}",
    domain=Domain(n=Values(128, 256), b=Values(0.3)),
    predicted=0.25,
    compare=Equal(relative=0.15, because="n^(-1/2) leaves 0.5, n^(-3/4) 0.35, n^(-5/4) 0.18"),
    uses=(f"{HERE}/kernel-drift/rate", f"{HERE}/linear-dynamics/on-data"),
    scope="tanh networks of one hidden layer after 2 steps of descent at 0.2, from width 128 to"
    " 512 and from 256 to 1024",
    reading="of the order of 1/n, which comes out; the proof bounds it by that of n^(-1/2)",
    wrong={
        "the order of the bound": 0.5,
        "n^(-3/4)": 4**-0.75,
        "n^(-5/4)": 4**-1.25,
        "a squared distance": 1 / 16,
    },
)
def own_kernel(p: Point, accuracy: Accuracy) -> Measurement:
    """The ratio of two means over networks, of four times the width to that of the width."""

    def distances(n: int) -> np.ndarray:
        inside = min(m for m in PROGRAMS if n <= m)
        drawn = training.drawn(
            accuracy.rng, accuracy.draws(5000), (n,), b=p.b, inside=inside, dtype=np.float32
        )
        x, y = training.inputs(1.7, 0.6), np.array([1.0, -0.5, 0.7])
        return measure.from_own_kernel(drawn, x, y, 0.2, 2)

    return _ratio(distances(int(4 * p.n)), distances(int(p.n)))


@claim(
    f"{HERE}/linear-dynamics/own-kernel-rectifier",
    source=jacot.at("section 5; Theorem 2, its error"),
    says=rf"\mathbb{{E}}\, d_{{4n}} \le \tfrac12\, \mathbb{{E}}\, d_n, \quad {DISTANCE}",
    domain=Domain(n=Values(16, 32)),
    predicted=0.5,
    compare=Bound(
        side="at most", relative=0.05, because="n^(-1/2) halves it, and n^(-0.4) leaves 0.57"
    ),
    uses=(f"{HERE}/linear-dynamics/own-kernel",),
    scope="ReLU networks of two hidden layers, 8 inputs on the unit circle, targets x_1 x_2, after"
    " 50 steps of descent at 0.8, from width 16 to 64 and from 32 to 128",
    reading="at least as fast as n^(-1/2), the order of the proof's bound",
    wrong={"at least as fast as 1/n": 0.25},
)
def own_kernel_rectifier(p: Point, accuracy: Accuracy) -> Measurement:
    """The ratio of two means over networks, of four times the width to that of the width."""
    angles = np.arange(8) * np.pi / 4
    x = np.c_[np.cos(angles), np.sin(angles)]
    wide, narrow = (
        measure.from_own_kernel(
            training.drawn(
                accuracy.rng, accuracy.draws(300), (int(n), int(n)), w=W, b=B, inside=128,
                activation=_relu(), dtype=np.float32,
            ),
            x, x[:, 0] * x[:, 1], 0.8, 50,
        )
        for n in (4 * p.n, p.n)
    )  # fmt: skip
    return _ratio(wide, narrow)


def _relu() -> Any:
    import jax

    return jax.nn.relu
