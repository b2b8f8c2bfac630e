r"""Classical delay equations with a Hopf point in closed form; their definitions.

Each function returns the `DelaySystem`; `hopf` derives from it. Its parameter is the delay unless
said otherwise. Sources beside each.
"""

from functools import lru_cache

import sympy as sp

from lemmata.theory.delay_system import DelaySystem, scalar

x, y, x_tau, y_tau, x_1, x_2 = sp.symbols("x y x_tau y_tau x_1 x_2", positive=True)
tau, tau_1, tau_2 = sp.symbols("tau tau_1 tau_2", positive=True)
r, beta, gamma, n, P, delta = sp.symbols("r beta gamma n P delta", positive=True)
a, b, c, K, epsilon = sp.symbols("a b c K epsilon", positive=True)

_zero = sp.Integer(0)


@lru_cache
def logistic() -> DelaySystem:
    """Hutchinson's and Wright's $x' = r x (1 - x(t - tau))$ (Ann. N.Y. Acad. Sci. 50, 1948)."""
    return scalar(r * x * (1 - x_tau), equilibrium=sp.Integer(1))


@lru_cache
def mackey_glass() -> DelaySystem:
    r"""$x' = \beta x_\tau / (1 + x_\tau^n) - \gamma x$ at $x^n = \beta/\gamma - 1$.

    Source: Mackey and Glass, Science 197 (1977) 287, in units of the half-way concentration.
    """
    rate = beta * x_tau / (1 + x_tau**n) - gamma * x
    rest = (beta / gamma - 1) ** (1 / n)
    return scalar(rate, equilibrium=rest, where=(sp.Gt(beta, gamma),))


@lru_cache
def nicholson() -> DelaySystem:
    r"""Blowflies: $x' = P x_\tau e^{-x_\tau} - \delta x$ at $\log(P/\delta)$.

    Gurney, Blythe and Nisbet, Nature 287 (1980) 17, in units of the fittest population. Hopf points
    need $P > e^2 \delta$.
    """
    rate = P * x_tau * sp.exp(-x_tau) - delta * x
    return scalar(rate, equilibrium=sp.log(P / delta), where=(sp.Gt(P, delta),))


@lru_cache
def two_delays() -> DelaySystem:
    r"""$x' = -b (\tanh x_1 + \tanh x_2)$ with two delays; the parameter is b.

    Source for the linear equation: Hale and Huang, J. Math. Anal. Appl. 178 (1993) 344.
    """
    rate = -b * (sp.tanh(x_1) + sp.tanh(x_2))
    return DelaySystem((x,), ((x_1,), (x_2,)), (tau_1, tau_2), (rate,), (_zero,))


@lru_cache
def neuron_pair() -> DelaySystem:
    r"""$x' = -x + a \tanh y_\tau$, $y' = -y - b \tanh x_\tau$, a b > 1.

    A pair of neurons, one exciting and one inhibiting the other with the same delay. Sources:
    Babcock and Westervelt, Physica D 28 (1987) 305; Wei and Ruan, Physica D 130 (1999) 255.
    """
    rates = (-x + a * sp.tanh(y_tau), -y - b * sp.tanh(x_tau))
    return DelaySystem((x, y), ((x_tau, y_tau),), (tau,), rates, (_zero, _zero), (sp.Gt(a * b, 1),))


@lru_cache
def van_der_pol() -> DelaySystem:
    r"""$x'' - \epsilon (1 - x^2) x' + x = -\epsilon K x'(t - \tau)$, as a system for x and y = x'.

    Without delay the feedback of the velocity (K > 1) damps the oscillation; late, it does not.
    Source: Atay, J. Sound Vib. 218 (1998) 333, for delayed feedback of the oscillator.
    """
    rates = (y, epsilon * (1 - x**2) * y - x - epsilon * K * y_tau)
    return DelaySystem((x, y), ((x_tau, y_tau),), (tau,), rates, (_zero, _zero), (sp.Gt(K, 1),))


@lru_cache
def state_dependent() -> DelaySystem:
    r"""$x' = -a\, x(t - \tau - c x)$, a delay that grows with the state.

    Source: Mallet-Paret and Nussbaum, Arch. Ration. Mech. Anal. 120 (1992) 99, for its kind.
    """
    return DelaySystem((x,), ((x_tau,),), (tau + c * x,), (-a * x_tau,), (_zero,))
