r"""Payoffs that are remembered over a span: the delayed replicator family, (d).

$$x' = \kappa\, x (1 - x) \Big(x^* - \int_0^\infty x(t - s)\, p(s)\, ds\Big), \qquad
\lambda = -\delta\, \hat p(\lambda), \quad \delta = \kappa x^* (1 - x^*)$$

with p uniform on [0, D], or of the gamma distribution of order k and mean m, where $\hat p(\lambda)
= (1 + \lambda m/k)^{-k}$. Source of the chain: MacDonald, Time Lags in Biological Models (1978).
Subject: Ben Khalifa, El-Azouzi and Hayel, arXiv 1703.06721. Derived here, not quoted.
"""

import sympy as sp

from lemmata.theory import delayed_replicator, hopf
from lemmata.theory.delay_system import DelaySystem
from lemmata.theory.delayed_replicator import kappa, state, x_star
from lemmata.theory.derivation import Derivation, Step

span, mean = sp.symbols("D m", positive=True)
order = sp.Symbol("k", integer=True, positive=True)

_delta, _omega = sp.symbols("delta omega", positive=True)
_lambda = sp.Symbol("lambda")
_zero = sp.Integer(0)
_WHERE = (sp.Lt(x_star, 1),)
_ASSUMES = (
    "0 < x* < 1",
    "stability near the equilibrium is that of the linearised equation",
    "it is stable for short memories, so the first pair on the axis is the onset",
)


def uniform_system() -> DelaySystem:
    r"""Memory uniform on [0, D], by $y' = (x - x(t - D))/D$ for the remembered mean y.

    A history of y that is no such mean adds a constant to it, and a root at zero.
    """
    y, x_then, y_then = sp.symbols("y x_D y_D", positive=True)
    rates = (kappa * state * (1 - state) * (x_star - y), (state - x_then) / span)
    return DelaySystem((state, y), ((x_then, y_then),), (span,), rates, (x_star, x_star), _WHERE)


def gamma_system(k: int) -> DelaySystem:
    """Memory of the gamma distribution of order k and mean m, as a linear chain of k stages.

    **Raises:** ValueError unless k is a positive integer.
    """
    if isinstance(k, bool) or not isinstance(k, int) or k < 1:
        raise ValueError(f"k={k!r} is no number of stages; give an integer of at least 1.")
    stages = sp.symbols(f"y_1:{k + 1}", positive=True)
    before = (state, *stages)
    passing = tuple(k * (before[i] - before[i + 1]) / mean for i in range(k))
    rates = (kappa * state * (1 - state) * (x_star - stages[-1]), *passing)
    return DelaySystem((state, *stages), (), (), rates, (x_star,) * (k + 1), _WHERE)


def uniform_critical_span() -> Derivation:
    r"""Derive $D_c = \pi^2 / (2 \delta)$: its mean is $\pi/2$ times the critical single delay."""
    delta = kappa * x_star * (1 - x_star)
    s = sp.Symbol("s", positive=True)
    statement = sp.pi**2 / (2 * delta)
    chi = _lambda + _delta * (1 - sp.exp(-_lambda * span)) / (_lambda * span)
    on_axis = chi.subs(_lambda, sp.I * _omega) * _omega * span
    onset = sp.pi**2 / (2 * _delta)
    steps = (
        *_linearised(),
        Step(
            "the transform of the uniform distribution",
            sp.Integral(sp.exp(-sp.I * _omega * s) / span, (s, 0, span)),
            (1 - sp.exp(-sp.I * _omega * span)) / (sp.I * _omega * span),
        ),
        Step(
            "the real part on the axis vanishes where sin(omega D) does",
            sp.re(on_axis, evaluate=False),
            _delta * sp.sin(_omega * span),
        ),
        Step(
            "the imaginary part: omega^2 D = delta (1 - cos(omega D)), so omega D is an odd "
            "multiple of pi",
            sp.im(on_axis, evaluate=False),
            _omega**2 * span - _delta * (1 - sp.cos(_omega * span)),
        ),
        Step(
            "pi is the smallest, with omega^2 D = 2 delta",
            sp.Subs(chi, (_lambda, span), (sp.I * sp.pi / onset, onset)),
            _zero,
        ),
        Step("in the parameters", sp.Subs(onset, _delta, _slope()), statement),
    )
    return Derivation(sp.Symbol("D_c"), statement, steps, _ASSUMES, _WHERE)


def gamma_critical_mean() -> Derivation:
    r"""Derive $m_c = k \tan(\pi/2k) / (\delta \cos^k(\pi/2k))$ for every k > 1; k = 1 never."""
    delta = kappa * x_star * (1 - x_star)
    quarter = sp.pi / (2 * order)
    onset = order * sp.tan(quarter) / (_delta * sp.cos(quarter) ** order)
    frequency = _delta * sp.cos(quarter) ** order
    statement = onset.subs(_delta, delta)
    s = sp.Symbol("s", positive=True)
    g = sp.Symbol("g", positive=True)
    chi = _lambda * (1 + _lambda * mean / order) ** order + _delta
    steps = (
        *_linearised(),
        Step(
            "one exponential stage: the integrand has an antiderivative that vanishes at infinity",
            sp.Derivative(-sp.exp(-(g + sp.I * _omega) * s) / (1 + sp.I * _omega / g), s),
            g * sp.exp(-(g + sp.I * _omega) * s),
        ),
        Step(
            "and is minus the transform at zero; of k independent stages it is the k-th power",
            sp.Subs(-sp.exp(-(g + sp.I * _omega) * s) / (1 + sp.I * _omega / g), s, 0),
            -1 / (1 + sp.I * _omega / g),
        ),
        Step(
            "a stage with omega m/k = tan(theta) turns by theta and stretches by 1/cos(theta)",
            1 + sp.I * sp.tan(quarter),
            sp.exp(sp.I * quarter) / sp.cos(quarter),
        ),
        Step(
            "k stages and i omega turn by pi where theta = pi/2k",
            sp.I * (1 + sp.I * sp.tan(quarter)) ** order,
            -1 / sp.cos(quarter) ** order,
        ),
        Step(
            "and the moduli agree at omega = delta cos^k(theta): the function vanishes there",
            sp.Subs(chi, (_lambda, mean), (sp.I * frequency, onset)),
            _zero,
        ),
        Step(
            "in the parameters: m = k tan(theta) / omega",
            sp.Subs(order * sp.tan(quarter) / frequency, _delta, _slope()),
            statement,
        ),
    )
    where = (*_WHERE, sp.Gt(order, 1))
    return Derivation(sp.Symbol("m_c"), statement, steps, _ASSUMES, where)


def uniform_mean_ratio() -> Derivation:
    r"""Derive $(D_c / 2) / T_c = \pi / 2$: the uniform memory against a single delay."""
    of_span, of_delay = uniform_critical_span(), delayed_replicator.critical_delay()
    statement = sp.pi / 2
    last = Step(
        "half of the critical span over the critical delay",
        of_span.statement / 2 / of_delay.statement,
        statement,
    )
    where = tuple(dict.fromkeys((*of_span.where, *of_delay.where)))
    assumes = tuple(dict.fromkeys((*of_span.assumes, *of_delay.assumes)))
    steps = (*of_span.steps, *of_delay.steps, last)
    return Derivation(sp.Symbol("rho"), statement, steps, assumes, where)


def gamma_limit() -> Derivation:
    r"""Derive $m_c \to \pi / (2\,\delta)$ for $k \to \infty$: the single delay's."""
    general = gamma_critical_mean()
    statement = sp.pi / (2 * kappa * x_star * (1 - x_star))
    angle = sp.Symbol("theta", positive=True)  # pi / 2k, which goes to zero
    excess = sp.log(sp.tan(angle) / angle) - sp.pi / 2 * sp.log(sp.cos(angle)) / angle
    last = Step(
        "the critical mean, but for a factor that goes to one",
        general.statement * sp.exp(-sp.Subs(excess, angle, sp.pi / (2 * order))),
        statement,
    )
    vanishes = "tan(theta)/theta - 1 and log(cos(theta))/theta vanish with theta = pi/2k"
    return Derivation(
        sp.Symbol("m_infinity"),
        statement,
        (*general.steps, last),
        (*general.assumes, vanishes),
        general.where,
    )


def two_stages_critical_mean() -> Derivation:
    r"""Derive $m_c = 4/\delta$ for k = 2 by the criterion of Routh and Hurwitz."""
    delta = kappa * x_star * (1 - x_star)
    statement = 4 / delta
    chi = _lambda * (1 + _lambda * mean / 2) ** 2 + _delta
    steps = (
        *_linearised(),
        Step(
            "the polynomial of the chain, its leading coefficient one",
            chi * 4 / mean**2,
            _lambda**3 + 4 / mean * _lambda**2 + 4 / mean**2 * _lambda + 4 * _delta / mean**2,
        ),
        Step(
            "the product of the inner coefficients less that of the outer ones changes sign at",
            sp.Subs(16 / mean**3 - 4 * _delta / mean**2, mean, 4 / _delta),
            _zero,
        ),
        Step("in the parameters", sp.Subs(4 / _delta, _delta, _slope()), statement),
    )
    return Derivation(sp.Symbol("m_c"), statement, steps, _ASSUMES, _WHERE)


def chain_critical_mean(k: int) -> Derivation:
    """Derive the critical mean of a chain of k > 1 stages from its system."""
    return hopf.critical_delay(gamma_system(k), mean)


def _slope() -> sp.Expr:
    """delta, as minus the derivative by what is remembered, at equilibrium."""
    y = sp.Symbol("y", positive=True)
    rate = kappa * x_star * (1 - x_star) * (x_star - y)
    return -sp.Subs(sp.Derivative(rate, y), y, x_star)


def _linearised() -> tuple[Step, ...]:
    """Of the rate kappa x (1 - x) (x* - y) at x = y = x*."""
    y = sp.Symbol("y", positive=True)
    rate = kappa * state * (1 - state) * (x_star - y)
    present = sp.Subs(sp.Derivative(rate.subs(y, x_star), state), state, x_star)
    return (
        Step("the derivative by the present state vanishes with the bracket", present, _zero),
        Step(
            "delta, less the derivative by the remembered state",
            _slope(),
            kappa * x_star * (1 - x_star),
        ),
    )
