r"""The delayed replicator equation in steps of time, and where its equilibrium turns unstable.

$$x_{t+1} = x_t + \eta\, x_t (1 - x_t)\, [a - C\,p(x_{t-d})]$$

Source: "Delayed Repression and Emergent Instability in Adaptive Multi-Agent Systems", arXiv
2605.30392 (2026), its second experiment; for the characteristic polynomial, Kuruklis, J. Math.
Anal. Appl. 188 (1994) 719.
"""

import sympy as sp

from lemmata.theory import replicator
from lemmata.theory.derivation import Derivation, Step

eta = sp.Symbol("eta", positive=True)
lag = sp.Symbol("d", integer=True, positive=True)

# For the linear map u[t + 1] = u[t] - c u[t - d], and its solutions z^t.
_c, _theta = sp.symbols("c theta", positive=True)
_z = sp.Symbol("z", nonzero=True)
_turns = sp.Symbol("n", integer=True, nonnegative=True)
_b = sp.Symbol("b", positive=True)

_zero = sp.Integer(0)

_ASSUMES = (
    "the equilibrium is interior: p(0) < a/C < p(1)",
    "stability near the equilibrium is that of the linearised map",
    "every root lies inside the unit circle for small c, so the first to arrive there counts",
)


def step() -> sp.Expr:
    """The next state, given `replicator.state` and `replicator.delayed`."""
    return replicator.state + eta * replicator.right_hand_side()


def discrete_margin() -> Derivation:
    r"""Derive $d\,\eta_c = \frac{2 d}{b} \sin \frac{\pi}{2 (2 d + 1)}$, the onset for lag d."""
    statement = _margin().subs(_b, replicator.rate())
    steps = (*_onset_steps(), Step("c is eta b, and b in the parameters", _at_onset(), statement))
    return replicator.concluded(sp.Symbol("M"), statement, steps, _ASSUMES)


def longest_lag() -> Derivation:
    r"""Derive $d^* = \frac{1}{2} \Big(\frac{\pi}{2 \arcsin(\eta b/2)} - 1\Big)$ for $\eta b < 2$.

    The lag, as a real number, whose onset is at the step eta: shorter ones are stable there.
    """
    b = replicator.rate()
    length = sp.Symbol("L", positive=True)  # a lag, as a real number
    chord = 2 * sp.sin(sp.pi / (2 * (2 * length + 1)))
    solved = (sp.pi / (2 * sp.asin(_c / 2)) - 1) / 2
    statement = solved.subs(_c, eta * b)
    steps = (
        *_onset_steps(),
        Step("the lag whose onset is c", sp.Subs(chord, length, solved), _c),
        Step("c is eta b, and b in the parameters", solved.subs(_c, _eta_b()), statement),
    )
    found = replicator.concluded(sp.Symbol("L_onset"), statement, steps, _ASSUMES)
    where = (*found.where, sp.Lt(_c, 2), sp.Lt(eta * b, 2))
    return Derivation(found.quantity, statement, steps, found.assumes, where)


def excess_without_lag() -> Derivation:
    r"""Derive $\eta b - 2$: without a lag the map is stable if this is negative."""
    statement = eta * replicator.rate() - 2
    here = sp.Symbol("t", integer=True, positive=True)
    steps = (
        *replicator.linearisation(),
        Step(
            "(1 - c)^t solves u[t + 1] = u[t] - c u[t]",
            (1 - _c) ** here - _c * (1 - _c) ** here,
            (1 - _c) ** (here + 1),
        ),
        Step(
            "beyond c = 2 it grows: |1 - c|^2 - 1 is a multiple of c - 2",
            (1 - _c) ** 2 - 1,
            _c * (_c - 2),
        ),
        Step("c is eta b, and b in the parameters", _eta_b() - 2, statement),
    )
    return replicator.concluded(sp.Symbol("e"), statement, steps, _ASSUMES[:2])


def margin_slope() -> Derivation:
    r"""Derive $(\Delta_c - d\,\eta_c) / \eta_c \to 1/2$ for $d \to \infty$."""
    angle = sp.Symbol("phi", positive=True)  # pi / (2 (2 d + 1)), which goes to zero
    half = sp.Rational(1, 2)
    gap = (sp.pi / (2 * _b) - _margin()) / (_onset() / _b)
    excess = 1 / sp.sin(angle) - 1 / angle
    steps = (
        *_onset_steps(),
        Step(
            "the gap in units of eta is a half and a multiple of that excess",
            gap - sp.pi / 4 * sp.Subs(excess, angle, _half_angle()),
            half,
        ),
    )
    assumes = (*_ASSUMES, "1/sin(phi) - 1/phi vanishes with phi")
    return replicator.concluded(sp.Symbol("s"), half, steps, assumes)


def _onset_steps() -> tuple[Step, ...]:
    chi = _z ** (lag + 1) - _z**lag + _c
    here = sp.Symbol("t", integer=True, positive=True)
    circle = sp.exp(sp.I * _theta)
    first = 2 * _half_angle()
    return (
        *replicator.linearisation(),
        Step(
            "z^t solves u[t + 1] = u[t] - c u[t - d] where chi(z) vanishes",
            (_z ** (here + 1) - _z**here + _c * _z ** (here - lag)) * _z ** (lag - here),
            chi,
        ),
        Step(
            "on the unit circle z - 1 is a chord",
            circle - 1,
            2 * sp.I * sp.sin(_theta / 2) * sp.exp(sp.I * _theta / 2),
        ),
        Step(
            "so chi = c + 2 i sin(theta/2) exp(i (d + 1/2) theta): the moduli agree at c = chord",
            circle ** (lag + 1) - circle**lag,
            2 * sp.I * sp.sin(_theta / 2) * sp.exp(sp.I * (lag + sp.Rational(1, 2)) * _theta),
        ),
        Step(
            "and the phases where (d + 1/2) theta is pi/2 and full turns",
            sp.I * sp.exp(sp.I * (sp.pi / 2 + 2 * sp.pi * _turns), evaluate=False),
            sp.Integer(-1),
        ),
        Step(
            "of these angles the one without a full turn is the smallest, and its chord too",
            (sp.pi / 2) / (lag + sp.Rational(1, 2)),
            first,
        ),
        Step(
            "chi vanishes there",
            sp.Subs(chi, (_z, _c), (sp.exp(sp.I * first), _onset())),
            sp.Integer(0),
        ),
    )


def _half_angle() -> sp.Expr:
    return sp.pi / (2 * (2 * lag + 1))


def _onset() -> sp.Expr:
    """The smallest c with a root on the unit circle."""
    return 2 * sp.sin(_half_angle())


def _margin() -> sp.Expr:
    return lag * _onset() / _b


def _at_onset() -> sp.Expr:
    """The same, with -b as the derivative that the linearisation gives."""
    return _margin().subs(_b, _eta_b() / eta)


def _eta_b() -> sp.Expr:
    """The c of the linearised map, with -b as the derivative that the linearisation gives."""
    return -eta * sp.Subs(
        sp.Derivative(replicator.right_hand_side(), replicator.delayed),
        (replicator.state, replicator.delayed),
        (replicator.equilibrium(), replicator.equilibrium()),
    )
