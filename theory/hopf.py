r"""Hopf points of one equation with one constant delay, in closed form.

$$x'(t) = F(x(t), x(t - \tau)), \qquad \alpha = \partial_1 F, \quad \beta = \partial_2 F
\quad\text{at the steady state}$$

The linearised equation $u' = \alpha u + \beta u(t - \tau)$ has the roots of $\chi(\lambda) =
\lambda - \alpha - \beta e^{-\lambda \tau}$. For $\beta < -|\alpha|$ a pair crosses the imaginary
axis at $\tau_c$, and a limit cycle is born. Sources: Hayes, J. London Math. Soc. 25 (1950) 226, for
the roots; Hassard, Kazarinoff and Wan, Theory and Applications of Hopf Bifurcation (1981), and
Kuznetsov, Elements of Applied Bifurcation Theory (2004), section 3.5, for the normal form

$$z' = \lambda z + c_1 z |z|^2, \qquad x \approx x^* + 2\,\mathrm{Re}(z\,e^{i \omega t}).$$
"""

from dataclasses import dataclass
from functools import lru_cache

import sympy as sp

from lemmata.theory.complex_parts import real_imag
from lemmata.theory.delay_system import DelaySystem
from lemmata.theory.derivation import Derivation, Step
from lemmata.theory.normal_form import NormalForm, normal_form
from lemmata.theory.normal_form import omega as _omega

# Names that no equation is likely to use for its own parameters: they would clash.
alpha = sp.Symbol("F_1", real=True)
beta = sp.Symbol("F_2", negative=True)
_delay, _t, _angle = sp.symbols("tau_0 t_0 theta_0", positive=True)
_lambda = sp.Symbol("lambda_0")

_ASSUMES = (
    "stability near the steady state is that of the linearised equation",
    "it is stable without delay, and roots move continuously with the delay, so the first pair on "
    "the axis is the onset",
)
_CYCLE = (*_ASSUMES, "the Hopf theorem for delay equations: a cycle is born with this normal form")


class NoClosedForm(ValueError):
    """The Hopf point has no closed form among those known here."""


@dataclass(frozen=True)
class _Scalar:
    """A scalar equation: its delay, alpha and beta in the parameters, and where a pair crosses."""

    system: DelaySystem
    delay: sp.Symbol
    here: sp.Expr
    lagged: sp.Expr

    @property
    def omega(self) -> sp.Expr:
        return -self.lagged if self.here == 0 else sp.sqrt(self.lagged**2 - self.here**2)

    @property
    def onset(self) -> sp.Expr:
        return sp.acos(-self.here / self.lagged) / self.omega

    @property
    def values(self) -> dict[sp.Expr, sp.Expr]:
        """What the symbols of this module stand for at the onset."""
        return {alpha: self.here, beta: self.lagged, _omega: self.omega, _delay: self.onset}

    @property
    def conditions(self) -> tuple[sp.Basic, ...]:
        """A pair crosses: beta < -|alpha|."""
        both = (sp.Lt(self.lagged + self.here, 0), sp.Lt(self.lagged - self.here, 0))
        return tuple(one for one in both if one is not sp.true)


@lru_cache
def _scalar(system: DelaySystem) -> _Scalar:
    if len(system.state) != 1 or len(system.delays) != 1:
        raise NoClosedForm(
            f"{len(system.state)} states and {len(system.delays)} delays; a closed form is known "
            "for one equation with one delay. Measure it (lemmata.solvers), or enclose it."
        )
    (delay,) = system.delays
    if not isinstance(delay, sp.Symbol) or delay in system.rate[0].free_symbols:
        raise NoClosedForm(
            f"the delay {delay} is no parameter of its own; give a constant delay that does not "
            "occur in the rate."
        )
    slopes = [
        sp.simplify(system.at_rest(sp.diff(system.rate[0], symbol)))
        for symbol in (system.state[0], system.delayed[0][0])
    ]
    if sp.simplify(slopes[1]) == 0:
        raise NoClosedForm(f"the delayed state does not enter the linearisation of {system.rate}.")
    return _Scalar(system, delay, *slopes)


def critical_delay(system: DelaySystem) -> Derivation:
    r"""Derive $\tau_c = \arccos(-\alpha/\beta) / \omega$, $\omega = \sqrt{\beta^2 - \alpha^2}$."""
    scalar = _scalar(system)
    statement = scalar.onset
    last = _in_parameters(sp.acos(-alpha / beta) / sp.sqrt(beta**2 - alpha**2), scalar, statement)
    return _derivation(scalar, "tau_c", statement, (*_onset_steps(scalar), last), _ASSUMES)


def frequency(system: DelaySystem) -> Derivation:
    r"""Derive $\omega = \sqrt{\beta^2 - \alpha^2}$ at the critical delay."""
    scalar = _scalar(system)
    last = _in_parameters(sp.sqrt(beta**2 - alpha**2), scalar, scalar.omega)
    return _derivation(scalar, "omega", scalar.omega, (*_onset_steps(scalar), last), _ASSUMES)


def crossing_speed(system: DelaySystem) -> Derivation:
    r"""Derive $\mathrm{Re}\,\lambda' = \omega^2 / ((1 - \alpha\tau)^2 + \omega^2\tau^2)$."""
    scalar = _scalar(system)
    chi = _characteristic()
    branch = sp.Function("Lambda")(_delay)
    statement = _speed().subs(scalar.values)
    on_branch = (_lambda - alpha) * sp.exp(_lambda * _delay)  # beta, where chi vanishes
    velocity = _velocity(_lambda)
    steps = (
        *_onset_steps(scalar),
        Step(
            "along a branch of roots chi stays zero, whence its velocity by the chain rule",
            sp.Derivative(chi.subs(_lambda, branch), _delay),
            sp.diff(chi, _lambda).subs(_lambda, branch) * branch.diff(_delay)
            + sp.diff(chi, _delay).subs(_lambda, branch),
        ),
        Step(
            "that velocity where chi vanishes, by beta exp(-lambda tau) = lambda - alpha",
            sp.Subs(-sp.diff(chi, _delay) / sp.diff(chi, _lambda), beta, on_branch),
            velocity,
        ),
        Step("its real part at i omega", sp.re(_velocity(sp.I * _omega), evaluate=False), _speed()),
        Step("the pair moves to the right", _speed(), sp.Integer(0), ">"),
        _in_parameters(_speed(), scalar, statement),
    )
    return _derivation(scalar, "v", statement, steps, _ASSUMES)


def lyapunov_coefficient(system: DelaySystem) -> Derivation:
    r"""Derive $\mathrm{Re}\, c_1$ at the critical delay, by projection on the critical modes."""
    scalar = _scalar(system)
    form = _form(scalar)
    statement = form.real
    return _derivation(scalar, "Re_c1", statement, _form_steps(scalar, form), _CYCLE)


def amplitude_law(system: DelaySystem) -> Derivation:
    r"""Derive $A^2 / (\tau - \tau_c) \to -4\,\mathrm{Re}\,\lambda' / \mathrm{Re}\,c_1$.

    A is the amplitude of the first harmonic, $A = 2 |z|$.
    """
    scalar = _scalar(system)
    form = _form(scalar)
    speed = _speed().subs(scalar.values)
    statement = -4 * speed / form.real
    z = sp.Symbol("Z", positive=True)  # |z|^2
    distance = sp.Symbol("mu", positive=True)
    settled = -speed * distance / form.real
    steps = (
        *_form_steps(scalar, form)[:-1],
        Step(
            "|z|^2 stands still where its growth rate speed mu + Re(c1) |z|^2 vanishes",
            sp.Subs(speed * distance + form.real * z, z, settled),
            sp.Integer(0),
        ),
        Step("A is 2 |z|", sp.Subs(4 * z / distance, z, settled), statement),
    )
    return _derivation(scalar, "s", statement, steps, _CYCLE)


def period_law(system: DelaySystem) -> Derivation:
    r"""Derive $dT/d\tau$ of the cycle's period at the onset.

    $-\frac{2 \pi}{\omega^2} (\mathrm{Im}\lambda' - \mathrm{Im}c_1 \mathrm{Re}\lambda' /
    \mathrm{Re}c_1)$, the second term because the cycle that has grown turns faster or slower.
    """
    scalar = _scalar(system)
    form = _form(scalar)
    velocity = [one.subs(scalar.values) for one in real_imag(_velocity(sp.I * _omega))]
    bend = form.imaginary / form.real
    turn = velocity[1] - bend * velocity[0]
    statement = -2 * sp.pi / scalar.omega**2 * turn
    distance = sp.Symbol("mu", positive=True)
    steps = (
        *_form_steps(scalar, form)[:-1],
        Step(
            "the phase turns with omega + (Im lambda' - Im c1 Re lambda'/Re c1) mu",
            sp.Subs(
                sp.Derivative(2 * sp.pi / (scalar.omega + turn * distance), distance), distance, 0
            ),
            statement,
        ),
    )
    return _derivation(scalar, "P", statement, steps, _CYCLE)


def _form(scalar: _Scalar) -> NormalForm:
    return normal_form(scalar.system, scalar.omega, scalar.delay, scalar.onset)


def _velocity(root: sp.Expr) -> sp.Expr:
    """d root / d delay, where chi vanishes."""
    return -root * (root - alpha) / (1 + _delay * (root - alpha))


def _speed() -> sp.Expr:
    return _omega**2 / ((1 - alpha * _delay) ** 2 + _omega**2 * _delay**2)


def _characteristic() -> sp.Expr:
    return _lambda - alpha - beta * sp.exp(-_lambda * _delay)


def _onset_steps(scalar: _Scalar) -> tuple[Step, ...]:
    system = scalar.system
    resting = system.resting()
    u, chi = sp.exp(_lambda * _t), _characteristic()
    omega = sp.sqrt(beta**2 - alpha**2)

    def there(expression: sp.Expr) -> sp.Expr:
        return sp.Subs(expression, _angle, sp.acos(-alpha / beta))

    here, lagged = _slopes(system)
    return (
        Step(
            "the rate vanishes at the steady state",
            sp.Subs(system.rate[0], tuple(resting), tuple(resting.values())),
            sp.Integer(0),
        ),
        Step("alpha, the derivative by the present state", here, scalar.here),
        Step("beta, the derivative by the delayed state", lagged, scalar.lagged),
        Step(
            "exp(lambda t) solves the linearised equation where chi(lambda) vanishes",
            (sp.Derivative(u, _t) - alpha * u - beta * u.subs(_t, _t - _delay)) / u,
            chi,
        ),
        Step(
            "on the axis |i omega - alpha| = |beta|, which is omega^2 = beta^2 - alpha^2",
            sp.Abs(sp.I * _omega - alpha, evaluate=False) ** 2 - alpha**2,
            _omega**2,
        ),
        Step("the real part: beta cos(omega tau) = -alpha", there(beta * sp.cos(_angle)), -alpha),
        Step(
            "the imaginary part: beta sin(omega tau) = -omega, so sin > 0 and no turn is to add",
            there(beta * sp.sin(_angle)),
            -omega,
        ),
        Step(
            "chi vanishes at i omega there",
            there(sp.I * omega - alpha - beta * sp.exp(-sp.I * _angle)),
            sp.Integer(0),
        ),
    )


def _form_steps(scalar: _Scalar, form: NormalForm) -> tuple[Step, ...]:
    return (*_onset_steps(scalar), *form.steps)


def _in_parameters(expression: sp.Expr, scalar: _Scalar, statement: sp.Expr) -> Step:
    """The last step: alpha and beta, given as derivatives, put in."""
    slopes = _slopes(scalar.system)
    if _omega in expression.free_symbols or _delay in expression.free_symbols:
        omega = sp.sqrt(beta**2 - alpha**2)
        expression = expression.subs({_delay: sp.acos(-alpha / beta) / _omega}).subs(_omega, omega)
    left = expression.xreplace(dict(zip((alpha, beta), slopes, strict=True)))
    return Step("in the parameters", left, statement)


def _slopes(system: DelaySystem) -> list[sp.Expr]:
    """Derivatives at rest by the present and the delayed state, still to be computed.

    The other state is put to rest first: SymPy takes two derivatives by different symbols at one
    common point for the same thing.
    """
    found = []
    for symbol in (system.state[0], system.delayed[0][0]):
        rest = system.resting()
        here = rest.pop(symbol)
        found.append(sp.Subs(sp.Derivative(system.rate[0].subs(rest), symbol), symbol, here))
    return found


def _derivation(
    scalar: _Scalar,
    name: str,
    statement: sp.Expr,
    steps: tuple[Step, ...],
    assumes: tuple[str, ...],
) -> Derivation:
    own = {str(s) for s in scalar.system.parameters}
    quantity = sp.Symbol(name if name not in own else f"{name}_onset")
    # The module's own symbols obey beta < -|alpha|, too.
    mine = (sp.Lt(beta, alpha), sp.Lt(beta, -alpha))
    where = (*scalar.system.where, *scalar.conditions, *mine)
    used = set().union(*(side.free_symbols for s in steps for side in (s.left, s.right)))
    kept = tuple(c for c in where if c.free_symbols <= used | statement.free_symbols)
    return Derivation(quantity, statement, steps, assumes, kept)
