r"""The Hopf point of one equation with one delay: $u' = \alpha u + \beta u(t - \tau)$.

For $\beta < -|\alpha|$ a pair crosses where $\tau \sqrt{\beta^2 - \alpha^2} =
\arccos(-\alpha/\beta)$. Source: Hayes, J. London Math. Soc. 25 (1950) 226.
"""

import sympy as sp

from lemmata.theory.characteristic import by_delay, factored, linearisation, omega, root, slope
from lemmata.theory.delay_system import DelaySystem
from lemmata.theory.onset import NoClosedForm, Onset, rest_steps, solved_for, within_reach
from lemmata.theory.step import Step

# Names that no equation is likely to use for its own parameters: they would clash.
alpha = sp.Symbol("F_1", real=True)
beta = sp.Symbol("F_2", negative=True)
_delay, _t, _angle = sp.symbols("tau_0 t_0 theta_0", positive=True)


def scalar_onset(system: DelaySystem, parameter: sp.Symbol) -> Onset:
    """The first crossing of a scalar equation whose linearisation has one delay."""
    present, *delayed = by_delay(system)
    if not delayed:
        raise NoClosedForm(f"the delayed state does not enter the linearisation of {system.rate}.")
    ((lag, (lagged,), among),) = delayed
    (here,) = present.matrix
    if lag == parameter and parameter in here.free_symbols | lagged.free_symbols:
        raise NoClosedForm(
            f"the delay {parameter} enters the linearisation, too, by alpha = {here} and beta = "
            f"{lagged}: tau = arccos(-alpha/beta)/omega is then an equation for it."
        )
    if parameter in here.free_symbols | lagged.free_symbols and here != 0:
        raise NoClosedForm(
            f"{parameter} enters tau = arccos(-alpha/beta)/omega through alpha = {here} or beta = "
            f"{lagged}, inside the arccosine; choose the delay as the parameter."
        )
    squared = lagged**2 - here**2
    frequency = -lagged if here == 0 else sp.sqrt(min(squared, factored(squared), key=sp.count_ops))
    if frequency.has(sp.Abs):  # the square of what is not known to be positive
        frequency = sp.sqrt(squared)
    cosine = factored(-here / lagged)
    angle = sp.acos(cosine)
    if lag == parameter:
        value = angle / frequency
    else:
        value = solved_for(parameter, frequency * lag - angle, f"omega tau = {angle}")
        frequency = sp.simplify(frequency.subs(parameter, value))
    at = {parameter: value}
    lagged = factored(lagged.subs(at))  # alpha is zero where the parameter enters it
    turn = sp.factor_terms(cosine + sp.I * frequency / lagged) if here != 0 else -sp.I
    both = (sp.Lt(lagged + here, 0), sp.Lt(lagged - here, 0))
    if sp.false in both:
        raise NoClosedForm(
            f"no pair of roots ever crosses: that takes beta < -|alpha|, and alpha = {here}, "
            f"beta = {lagged}."
        )
    velocity = None
    if lag == parameter:  # -chi_tau/chi_lambda, by beta exp(-i omega tau) = i omega - alpha
        growth = frequency**2 / (1 - 2 * here * value + lagged**2 * value**2)
        velocity = growth, growth * (here - value * lagged**2) / frequency
    locates, turning = _last(system, at, frequency)
    lags = [system.at_rest(one).subs(at) for one in system.delays]
    turns = tuple(
        turn if i in among else sp.exp(-sp.I * frequency * one) for i, one in enumerate(lags)
    )
    return Onset(
        system, parameter, value, frequency, turns, _steps(system), locates, turning,
        (
            *(one for one in both if one is not sp.true),
            *within_reach(system, parameter, value, lag),
            sp.Lt(beta, alpha),
            sp.Lt(beta, -alpha),
        ),
        velocity,
    )  # fmt: skip


def _steps(system: DelaySystem) -> tuple[Step, ...]:
    u, chi = sp.exp(root * _t), root - alpha - beta * sp.exp(-root * _delay)
    frequency = sp.sqrt(beta**2 - alpha**2)

    def there(expression: sp.Expr) -> sp.Expr:
        return sp.Subs(expression, _angle, sp.acos(-alpha / beta))

    now, then = _slopes(system)
    words = dict.fromkeys(now, "alpha, the derivative by the present state")
    words |= dict.fromkeys(then, "beta, the derivative by the delayed state")
    slopes = (
        (symbol, matrix[0], words.get(symbol, f"the derivative by {symbol}"))
        for (symbol,), matrix in zip(
            (system.state, *system.delayed), linearisation(system), strict=True
        )
    )
    return (
        *rest_steps(system),
        *(
            Step(because, slope(system, 0, symbol), value)
            for symbol, value, because in slopes
            if symbol in system.rate[0].free_symbols
        ),
        Step(
            "exp(lambda t) solves the linearised equation where chi(lambda) vanishes",
            (sp.Derivative(u, _t) - alpha * u - beta * u.subs(_t, _t - _delay)) / u,
            chi,
        ),
        Step(
            "on the axis |i omega - alpha| = |beta|, which is omega^2 = beta^2 - alpha^2",
            sp.Abs(sp.I * omega - alpha, evaluate=False) ** 2 - alpha**2,
            omega**2,
        ),
        Step("the real part: beta cos(omega tau) = -alpha", there(beta * sp.cos(_angle)), -alpha),
        Step(
            "the imaginary part: beta sin(omega tau) = -omega, so sin > 0 and no turn is to add",
            there(beta * sp.sin(_angle)),
            -frequency,
        ),
        Step(
            "chi vanishes at i omega there",
            there(sp.I * frequency - alpha - beta * sp.exp(-sp.I * _angle)),
            sp.Integer(0),
        ),
    )


def _slopes(system: DelaySystem) -> tuple[dict[sp.Symbol, sp.Expr], ...]:
    """The derivatives, to be computed, that add up to alpha, and those that add up to beta."""
    present, delayed = by_delay(system)
    groups = (
        (system.state[0], *(system.delayed[i][0] for i in present.among)),
        tuple(system.delayed[i][0] for i in delayed.among),
    )
    used = system.rate[0].free_symbols
    return tuple({s: slope(system, 0, s) for s in group if s in used} for group in groups)


def _last(system: DelaySystem, at: dict[sp.Expr, sp.Expr], frequency: sp.Expr) -> tuple[Step, Step]:
    """In the parameters: alpha and beta, given as derivatives, put in."""
    ((parameter, value),) = at.items()
    here, lagged = (sp.Add(*slopes.values()) for slopes in _slopes(system))
    squared, angle = lagged**2 - here**2, sp.acos(-here / lagged)
    lag = by_delay(system)[1].lag
    if lag == parameter:
        found = angle / sp.sqrt(squared)
    else:  # a parameter at which omega tau is that angle: times their ratio, one
        found = sp.Subs(parameter * sp.sqrt(squared) * lag / angle, parameter, value)
    omega_there = sp.Subs(sp.sqrt(squared), parameter, value)
    return (
        Step("in the parameters: omega tau is the angle", found, value),
        Step("in the parameters: omega", omega_there, frequency),
    )
