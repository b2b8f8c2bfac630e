r"""Hopf points of delay systems in closed form, and the laws of the cycle that is born there.

A pair of roots of the characteristic function, $\lambda = i \omega$, crosses the imaginary axis as
a parameter $\mu$ (by default the delay) passes $\mu_c$. With q the right null vector whose first
component is one,

$$x \approx x^* + 2\,\mathrm{Re}(z q e^{i \omega t}), \qquad
z' = \lambda(\mu) z + c_1 z |z|^2, \qquad
|z|^2 = -\frac{\mathrm{Re}\,\lambda'}{\mathrm{Re}\,c_1} (\mu - \mu_c).$$

Time is not rescaled. Closed forms are known for one equation whose linear part has one delay (which
may depend on the state), for $P(\lambda) + Q(\lambda) e^{-\lambda T}$ of low degree, for two equal
delayed terms, and for linear chains; anything else raises `NoClosedForm`. Sources: Hassard,
Kazarinoff and Wan, Theory and Applications of Hopf Bifurcation (1981); Kuznetsov, Elements of
Applied Bifurcation Theory (2004), section 3.5.
"""

from functools import lru_cache

import sympy as sp

from lemmata.theory.characteristic import (
    by_delay,
    characteristic_function,
    exponentials,
    fades,
    root,
)
from lemmata.theory.complex_parts import real_imag
from lemmata.theory.delay_system import DelaySystem
from lemmata.theory.derivation import Derivation, Step
from lemmata.theory.normal_form import NormalForm, normal_form
from lemmata.theory.onset import NoClosedForm, Onset, checked, vanishes
from lemmata.theory.onset_quasi import quasi_onset
from lemmata.theory.onset_scalar import scalar_onset
from lemmata.theory.onset_special import chain_onset, two_delays_onset

__all__ = [
    "NoClosedForm",
    "amplitude_law",
    "critical_delay",
    "crossing_speed",
    "frequency",
    "lyapunov_coefficient",
    "onset",
    "period_law",
]

_ASSUMES = (
    "stability near the steady state is that of the linearised equation",
    "roots move continuously with the parameter, and a steady state that is stable without delay "
    "(in a chain, or of two delays: with weak feedback) is so up to the first pair on the axis",
)
_CYCLE = (*_ASSUMES, "the Hopf theorem for delay equations: a cycle is born with this normal form")


@lru_cache
def onset(system: DelaySystem, parameter: sp.Symbol | None = None) -> Onset:
    """Where a pair of roots crosses the imaginary axis as a parameter grows.

    **Arguments:** the parameter, by default the delay at rest if that is one symbol.

    **Raises:** NoClosedForm, which says what the characteristic function looks like; ValueError
    for a symbol that is no parameter.
    """
    turned = _default(system) if parameter is None else parameter
    if turned not in system.parameters:
        names = ", ".join(map(str, system.parameters))
        raise ValueError(f"parameter={turned} is not one of the system's: {names}.")
    match len(system.state), len(by_delay(system)) - 1:
        case 1, 0 | 1:
            return checked(scalar_onset(system, turned))
        case 1, 2:
            return checked(two_delays_onset(system, turned))
        case _, 0:
            return checked(chain_onset(system, turned))
    return checked(quasi_onset(system, turned))


def critical_delay(system: DelaySystem, parameter: sp.Symbol | None = None) -> Derivation:
    r"""Derive the delay (or other parameter) at which the steady state turns unstable.

    For one equation with one delay, $\tau_c = \arccos(-\alpha/\beta) / \sqrt{\beta^2 - \alpha^2}$
    with the derivatives $\alpha$, $\beta$ by the present and the delayed state.
    """
    point = onset(system, parameter)
    steps = (*point.steps, point.locates)
    return _derivation(point, f"{point.parameter}_c", point.value, steps, _ASSUMES)


def frequency(system: DelaySystem, parameter: sp.Symbol | None = None) -> Derivation:
    r"""Derive $\omega$ at the onset."""
    point = onset(system, parameter)
    return _derivation(point, "omega", point.frequency, (*point.steps, point.turning), _ASSUMES)


def crossing_speed(system: DelaySystem, parameter: sp.Symbol | None = None) -> Derivation:
    r"""Derive $\mathrm{Re}\,\lambda' = -\mathrm{Re}\,(\chi_\mu / \chi_\lambda)$ at the onset."""
    point = onset(system, parameter)
    statement = _velocity_parts(point)[0]
    chain, velocity = _velocity_steps(point)
    last = Step("its real part", sp.re(velocity.left, evaluate=False), statement)
    return _derivation(point, "v", statement, (*point.steps, chain, velocity, last), _ASSUMES)


def lyapunov_coefficient(system: DelaySystem, parameter: sp.Symbol | None = None) -> Derivation:
    r"""Derive $\mathrm{Re}\, c_1$ at the onset, by projection on the critical modes."""
    point = onset(system, parameter)
    form = normal_form(point)
    statement = form.real
    steps = (*point.steps, *form.steps, form.projected(sp.re))
    return _derivation(point, "Re_c1", statement, steps, _CYCLE)


def amplitude_law(system: DelaySystem, parameter: sp.Symbol | None = None) -> Derivation:
    r"""Derive $A^2 / (\mu - \mu_c) \to -4\,\mathrm{Re}\,\lambda' / \mathrm{Re}\,c_1$.

    A is the amplitude of the first harmonic of the first component, $A = 2 |z|$.
    """
    point = onset(system, parameter)
    form = _bent(point)
    growth, bend = _velocity_parts(point)[0], form.real
    statement = -4 * growth / bend
    # By symbols, for SymPy would look into the long expressions again and again.
    z, distance = sp.symbols("Z_0 mu_0", positive=True)  # |z|^2, and mu - mu_c
    speed, cubic = sp.symbols("G_0 C_0", real=True)
    steps = (
        *point.steps,
        *form.steps,
        form.projected(sp.re),
        *_velocity_steps(point),
        Step(
            "|z|^2 stands still where its growth rate Re(lambda') mu + Re(c1) |z|^2 vanishes",
            sp.Subs(speed * distance + cubic * z, z, -speed * distance / cubic),
            sp.Integer(0),
        ),
        Step(
            "A is 2 |z|",
            sp.Mul(-growth * distance / bend, 4 / distance, evaluate=False),
            statement,
        ),
    )
    return _derivation(point, "s", statement, steps, _CYCLE)


def period_law(system: DelaySystem, parameter: sp.Symbol | None = None) -> Derivation:
    r"""Derive $dT/d\mu$ of the cycle's period at the onset.

    $-\frac{2 \pi}{\omega^2} (\mathrm{Im}\lambda' - \mathrm{Im}\,c_1\, \mathrm{Re}\lambda' /
    \mathrm{Re}\,c_1)$, the second term because the cycle that has grown turns faster or slower.
    """
    point = onset(system, parameter)
    form = _bent(point)
    growth, drift = _velocity_parts(point)
    turn = drift - growth * form.imaginary / form.real
    statement = -2 * sp.pi / point.frequency**2 * turn
    distance, w = sp.symbols("mu_0 omega_0", positive=True)
    turning = sp.Symbol("C_0", real=True)
    period = 2 * sp.pi / (w + turning * distance)
    steps = (
        *point.steps,
        *form.steps,
        form.projected(sp.re),
        form.projected(sp.im),
        *_velocity_steps(point),
        Step(
            "the phase turns with omega + (Im lambda' - Im c1 Re lambda'/Re c1) mu",
            sp.Subs(sp.Derivative(period, distance), distance, 0),
            -2 * sp.pi * turning / w**2,
        ),
        Step(
            "in the parameters",
            sp.Mul(1 / point.frequency**2, turn, -2 * sp.pi, evaluate=False),
            statement,
        ),
    )
    return _derivation(point, "P", statement, steps, _CYCLE)


def _default(system: DelaySystem) -> sp.Symbol:
    linear = (one.lag for one in by_delay(system)[1:])
    lags = list(dict.fromkeys((*linear, *(system.at_rest(lag) for lag in system.delays))))
    for lag in lags:
        if isinstance(lag, sp.Symbol):
            return lag
    raise NoClosedForm(
        f"the delays at rest, {lags}, are no parameters of their own; say which parameter is "
        "turned: parameter=…."
    )


def _bent(point: Onset) -> NormalForm:
    """The normal form, with a coefficient that is not zero all over.

    **Raises:** NoClosedForm where it is.
    """
    form = normal_form(point)
    if vanishes(form.real, (*point.system.where, *point.conditions)):
        raise NoClosedForm(
            "the first Lyapunov coefficient Re c1 vanishes identically (as in a linear equation), "
            "so that terms of third order say nothing on the amplitude and the period of cycles."
        )
    return form


def _velocity(point: Onset) -> sp.Expr:
    """d lambda / d mu at the onset, complex: -chi_mu / chi_lambda."""
    system, mu = point.system, point.parameter
    chi, turns = characteristic_function(system), fades(system)
    by_root, by_mu = sp.diff(chi, root), sp.diff(chi, mu)
    for y, lag in zip(turns, (system.at_rest(lag) for lag in system.delays), strict=True):
        pull = y * sp.diff(chi, y)
        by_root -= lag * pull
        by_mu -= root * sp.diff(lag, mu) * pull
    there = dict(zip(turns, point.turns, strict=True)) | {root: sp.I * point.frequency}
    return (-by_mu / by_root).subs(there).subs(mu, point.value)


def _velocity_steps(point: Onset) -> tuple[Step, Step]:
    mu = point.parameter
    chi = characteristic_function(point.system).subs(exponentials(point.system))
    branch = sp.Function("Lambda")(mu)
    there = (root, mu), (sp.I * point.frequency, point.value)
    parts = _velocity_parts(point)
    return (
        Step(
            "along a branch of roots chi stays zero, whence its velocity by the chain rule",
            sp.Derivative(chi.subs(root, branch), mu),
            sp.diff(chi, root).subs(root, branch) * branch.diff(mu)
            + sp.diff(chi, mu).subs(root, branch),
        ),
        Step(
            "the velocity of the pair at the onset",
            -sp.Subs(sp.Derivative(chi, mu) / sp.Derivative(chi, root), *there),
            parts[0] + sp.I * parts[1],
        ),
    )


def _velocity_parts(point: Onset) -> tuple[sp.Expr, sp.Expr]:
    """Its real and its imaginary part."""
    if point.velocity is not None:
        return point.velocity
    return _part(_velocity(point), sp.re), _part(_velocity(point), sp.im)


def _part(value: sp.Expr, part: type[sp.re] | type[sp.im]) -> sp.Expr:
    """The real or imaginary part, worked out where that makes it shorter."""
    as_it_is = real_imag(value)[0 if part is sp.re else 1]
    if sp.count_ops(value) > 40 or value.has(sp.acos, sp.exp, sp.cos):
        return as_it_is
    # Every symbol is a real number here; some were not declared as such.
    plain = {s: sp.Symbol(s.name, real=True) for s in value.free_symbols}
    over, under = sp.fraction(sp.together(value.xreplace(plain)))
    mirrored = sp.expand(under.xreplace({sp.I: -sp.I}))
    worked = part(sp.expand(over * mirrored)) / sp.factor(sp.expand(under * mirrored))
    worked = sp.simplify(worked).xreplace({plain[s]: s for s in plain})
    return worked if sp.count_ops(worked) <= sp.count_ops(as_it_is) else as_it_is


def _derivation(
    point: Onset,
    name: str,
    statement: sp.Expr,
    steps: tuple[Step, ...],
    assumes: tuple[str, ...],
) -> Derivation:
    own = {str(s) for s in point.system.parameters}
    quantity = sp.Symbol(name if name not in own else f"{name}_onset")
    where = (*point.system.where, *point.conditions)
    used = set().union(*(side.free_symbols for s in steps for side in (s.left, s.right)))
    kept = tuple(c for c in where if c.free_symbols <= used | statement.free_symbols)
    return Derivation(quantity, statement, steps, assumes, kept)
