r"""Hopf points of two forms more: two equal delayed terms, and linear chains.

- $\lambda + B (e^{-\lambda \tau_1} + e^{-\lambda \tau_2})$: with s and d half the sum and the
  difference of the delays, the real part is $2 B \cos(\omega s) \cos(\omega d)$, so that
  $\omega s = \pi/2$ and $2 B \cos(\omega d) = \omega$.
- $\lambda (\lambda + g)^k + \delta g^k$, the chain of a gamma-distributed delay of order k and mean
  k/g: its angle on the axis is $\pi/2 + k \arctan(\omega/g) = \pi$, its modulus $\omega /
  \cos^k(\pi/2k) = \delta$. Source: MacDonald, Time Lags in Biological Models (1978).
"""

import sympy as sp

from lemmata.theory.characteristic import (
    by_delay,
    characteristic_function,
    fades,
    linearisation,
    root,
)
from lemmata.theory.delay_system import DelaySystem
from lemmata.theory.hurwitz import positive
from lemmata.theory.onset import (
    NoClosedForm,
    Onset,
    rest_steps,
    slope_steps,
    solved_for,
    within_reach,
)
from lemmata.theory.onset_quasi import determinant_step, vanishing_step
from lemmata.theory.step import Step


def two_delays_onset(system: DelaySystem, parameter: sp.Symbol) -> Onset:
    """The first crossing as the strength B of two equal delayed terms grows."""
    present, *delayed = by_delay(system)
    (here,), ((one,), (other,)) = present.matrix, (term.matrix for term in delayed)
    lags = [term.lag for term in delayed]
    if here != 0 or sp.simplify(one - other) != 0 or any(parameter in f.free_symbols for f in lags):
        raise NoClosedForm(
            f"u' = ({here}) u + ({one}) u(t - tau_1) + ({other}) u(t - tau_2), turned by "
            f"{parameter}: a closed form is known for no present term, two equal delayed terms, "
            "and a parameter in their strength."
        )
    half, apart = (lags[0] + lags[1]) / 2, (lags[0] - lags[1]) / 2
    frequency = sp.pi / (lags[0] + lags[1])
    value = solved_for(
        parameter, -2 * one * sp.cos(frequency * apart) - frequency, "2 B cos(omega d) = omega"
    )
    turns = _turns(system, frequency, parameter, value)
    w = sp.Symbol("omega_0", positive=True)
    total = sp.exp(-sp.I * w * lags[0]) + sp.exp(-sp.I * w * lags[1])
    steps = (
        *rest_steps(system),
        *slope_steps(system, linearisation(system)),
        determinant_step(system),
        Step(
            "two equal terms are one at the mean delay s, times 2 cos(omega d)",
            total,
            2 * sp.cos(w * apart) * sp.exp(-sp.I * w * half),
        ),
        Step(
            "of the angles with cos(omega s) = 0 the smallest needs the smallest B",
            sp.Subs(sp.cos(w * half), w, frequency),
            sp.Integer(0),
        ),
        vanishing_step(system, parameter, value, frequency),
    )
    turning = Step("the angle omega s is a right one", sp.acos(0, evaluate=False) / half, frequency)
    balance = parameter * frequency / (-2 * one * sp.cos(frequency * apart))
    locates = Step("2 B cos(omega d) is omega", sp.Subs(balance, parameter, value), value)
    # The cosine is positive: omega |d| is less than a right angle.
    cosine = sp.Dummy("c", positive=True)
    size = solved_for(parameter, -2 * one * cosine - frequency, "2 B cos(omega d) = omega")
    kept = within_reach(system, parameter, size, sp.Integer(0))
    conditions = tuple(one.subs(cosine, sp.cos(frequency * apart)) for one in kept)
    return Onset(system, parameter, value, frequency, turns, steps, locates, turning, conditions)


def chain_onset(system: DelaySystem, parameter: sp.Symbol) -> Onset:
    """The crossing of a linear chain of k stages, with no delay left in it."""
    at_once = {y: sp.Integer(1) for y in fades(system)}  # delays that are zero at rest
    chi = sp.Poly(characteristic_function(system).xreplace(at_once), root)
    k = chi.degree() - 1
    rest = sp.factor(chi.as_expr() - chi.eval(0))
    speed = sp.simplify(chi.nth(k) / k) if k > 0 else sp.Integer(0)
    if k < 1 or sp.simplify(sp.expand(rest - root * (root + speed) ** k)) != 0:
        raise NoClosedForm(
            f"the characteristic polynomial {chi.as_expr()} is not that of a linear chain, "
            "lambda (lambda + g)^k + delta g^k."
        )
    if k == 1:
        raise NoClosedForm(f"{chi.as_expr()} = 0 has no roots on the axis: one stage never does.")
    quarter = sp.pi / (2 * k)
    frequency = speed * sp.tan(quarter)
    strength = sp.simplify(chi.eval(0) / speed**k)
    value = solved_for(
        parameter, frequency - strength * sp.cos(quarter) ** k, "omega = delta cos^k(pi/2k)"
    )
    on_axis, frequency = frequency, sp.simplify(frequency.subs(parameter, value))
    g = sp.Symbol("g_0", positive=True)
    steps = (
        *rest_steps(system),
        *slope_steps(system, linearisation(system)),
        determinant_step(system),
        Step(
            "each stage turns the phase by pi/2k and adds to the modulus",
            (sp.I * g * sp.tan(quarter, evaluate=False) + g) ** k,
            sp.I * g**k / sp.cos(quarter, evaluate=False) ** k,
        ),
        vanishing_step(system, parameter, value, frequency),
    )
    turning = Step("in the parameters: omega", sp.Subs(on_axis, parameter, value), frequency)
    balance = parameter * on_axis / (strength * sp.cos(quarter) ** k)
    locates = Step(
        "in the parameters: omega = delta cos^k(pi/2k)",
        sp.Subs(balance, parameter, value),
        value,
    )
    conditions = (positive(frequency, system.where),)
    conditions += within_reach(system, parameter, value, sp.Integer(0))
    turns = _turns(system, frequency, parameter, value)
    return Onset(system, parameter, value, frequency, turns, steps, locates, turning, conditions)


def _turns(
    system: DelaySystem, frequency: sp.Expr, parameter: sp.Symbol, value: sp.Expr
) -> tuple[sp.Expr, ...]:
    lags = (system.at_rest(lag).subs(parameter, value) for lag in system.delays)
    return tuple(sp.exp(-sp.I * frequency * lag) for lag in lags)
