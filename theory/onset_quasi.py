r"""Hopf points where $\chi(\lambda) = P(\lambda) + Q(\lambda) e^{-\lambda T}$.

On the axis $|P(i \omega)|^2 = |Q(i \omega)|^2$ is a polynomial equation in $W = \omega^2$; where a
factor of degree one or two has the largest root, it and the angle $\omega T = \arg(-Q/P)$ are
closed forms. This covers second-order equations with a delayed term and rings of delayed neurons.
Source: Cooke and Grossman, J. Math. Anal. Appl. 86 (1982) 592: roots cross to the right on the
branch of the largest frequency, so that from a stable system without delay the first crossing is
its first.
"""

import sympy as sp

from lemmata.theory.characteristic import (
    characteristic_function,
    exponentials,
    fades,
    linearisation,
    omega,
    root,
    slope,
)
from lemmata.theory.delay_system import DelaySystem
from lemmata.theory.onset import (
    NoClosedForm,
    Onset,
    rest_steps,
    sign,
    slope_steps,
    solved_for,
    stable_without_delay,
    within_reach,
)
from lemmata.theory.sampling import possible
from lemmata.theory.step import Step

_square = sp.Symbol("W_0", positive=True)


def quasi_onset(system: DelaySystem, parameter: sp.Symbol) -> Onset:
    """The first crossing as the sum T of delays grows."""
    p, q, total = _parts(system)
    if parameter in p.free_symbols | q.free_symbols:
        raise NoClosedForm(
            f"{parameter} enters {p} + ({q}) exp(-lambda T) outside T; choose a delay as the "
            "parameter."
        )
    stable = stable_without_delay(system, p + q)
    on_axis = {root: sp.I * omega}
    (p_re, p_im), (q_re, q_im) = (_parted(one.subs(on_axis)) for one in (p, q))
    frequency = _largest(system, p_re**2 + p_im**2 - q_re**2 - q_im**2)
    # exp(-i theta) = -P/Q = -P conj(Q) / |Q|^2
    size = q_re**2 + q_im**2
    turned = -(p_re * q_re + p_im * q_im) / size, (p_im * q_re - p_re * q_im) / size
    cosine, sine = (sp.simplify(one.subs(omega, frequency)) for one in turned)
    crossing = tuple(one for one in (*stable, sp.Gt(frequency**2, 0)) if one is not sp.true)
    up = sign(sine, (*system.where, *crossing), "the sine of omega T")
    sine = min(sine, up * sp.sqrt(sp.factor(1 - cosine**2)), key=sp.count_ops)
    angle = sp.acos(cosine) if up > 0 else 2 * sp.pi - sp.acos(cosine)
    lags = [system.at_rest(lag) for lag in system.delays]
    value = solved_for(parameter, total - angle / frequency, "T")
    half = up * sp.sqrt(sp.simplify(1 + cosine) / 2), sp.sqrt(sp.simplify(1 - cosine) / 2)
    known = {1: cosine - sp.I * sine, 2: half[0] - sp.I * half[1]}  # of the angle, and of its half
    turns = tuple(
        sp.Integer(1)
        if lag == 0
        else known.get(
            sp.cancel(total / lag), sp.exp(-sp.I * frequency * lag.subs(parameter, value))
        )
        for lag in lags
    )
    steps = (
        *rest_steps(system),
        *slope_steps(system, linearisation(system)),
        determinant_step(system),
        Step(
            "on the axis the two terms have equal moduli",
            sp.Subs(p_re**2 + p_im**2, omega, frequency),
            sp.Subs(q_re**2 + q_im**2, omega, frequency),
        ),
        Step(
            "-P/Q gives the cosine of the angle omega T",
            sp.Subs(turned[0], omega, frequency),
            sp.cos(angle),
        ),
        Step("and its sine", sp.Subs(turned[1], omega, frequency), sp.sin(angle)),
        vanishing_step(system, parameter, value, frequency),
    )
    quotient = sp.sqrt(p_re**2 + p_im**2) / sp.sqrt(size)
    turning = Step(
        "in the parameters: omega, where |P|/|Q| is one",
        sp.Subs(omega * quotient, omega, frequency),
        frequency,
    )
    locates = Step(
        "in the parameters: omega T is the angle",
        sp.Subs(parameter * total * frequency / angle, parameter, value),
        value,
    )
    conditions = (sp.Gt(frequency**2, 0), sp.Gt(up * sine, 0), *stable)
    conditions += within_reach(system, parameter, value, total)
    kept = tuple(one for one in conditions if one is not sp.true)
    return Onset(system, parameter, value, frequency, turns, steps, locates, turning, kept)


def determinant_step(system: DelaySystem) -> Step:
    """The characteristic function as the determinant of the linearised system."""
    n = len(system.state)
    meaning = exponentials(system)
    matrix = root * sp.eye(n)
    for group, decay in zip((system.state, *system.delayed), (1, *meaning.values()), strict=True):
        for i in range(n):
            for j in range(n):
                if group[j] in system.rate[i].free_symbols:
                    matrix[i, j] -= slope(system, i, group[j]) * decay
    return Step(
        "exp(lambda t) times a vector solves the linearised system where the determinant vanishes",
        matrix.det(method="berkowitz"),
        characteristic_function(system).subs(meaning),
    )


def vanishing_step(
    system: DelaySystem, parameter: sp.Symbol, value: sp.Expr, frequency: sp.Expr
) -> Step:
    """The pair is on the axis."""
    chi = characteristic_function(system).subs(exponentials(system))
    there = (root, parameter), (sp.I * frequency.subs(parameter, value), value)
    return Step("chi vanishes at i omega there", sp.Subs(chi, *there), sp.Integer(0))


def _parts(system: DelaySystem) -> tuple[sp.Expr, sp.Expr, sp.Expr]:
    """P, Q and T."""
    chi = characteristic_function(system)
    terms = sp.Poly(chi, *fades(system)).as_dict() if system.delays else {(): chi}
    lags = [system.at_rest(lag) for lag in system.delays]
    sums: dict[sp.Expr, sp.Expr] = {sp.Integer(0): sp.Integer(0)}
    for counts, coefficient in terms.items():
        total = sp.expand(sum(n * lag for n, lag in zip(counts, lags, strict=True)))
        sums[total] = sp.expand(sums.get(total, sp.Integer(0)) + coefficient)
    present = sums.pop(sp.Integer(0))
    later = {total: one for total, one in sums.items() if sp.simplify(one) != 0}
    if len(later) != 1 or present == 0:
        raise NoClosedForm(
            f"the characteristic function {chi} (Y_i for exp(-lambda tau_i)) is not of the form "
            "P(lambda) + Q(lambda) exp(-lambda T); find its Hopf points numerically "
            "(lemmata.solvers), or enclose them."
        )
    ((total, delayed),) = later.items()
    return sp.factor(present), sp.factor(delayed), total


def _parted(value: sp.Expr) -> tuple[sp.Expr, sp.Expr]:
    """Real and imaginary part of a polynomial in omega, whose symbols are all real."""
    plain = {s: sp.Symbol(s.name, real=True) for s in value.free_symbols}
    back = {plain[s]: s for s in plain}
    parts = sp.expand(value.xreplace(plain)).as_real_imag()
    return tuple(sp.factor(part).xreplace(back) for part in parts)


def _largest(system: DelaySystem, gap: sp.Expr) -> sp.Expr:
    """The largest omega at which |P|^2 - |Q|^2 vanishes."""
    whole = sp.expand(gap).subs(omega, sp.sqrt(_square))
    roots: dict[sp.Expr, sp.Poly] = {}
    for factor, _ in sp.factor_list(whole, _square)[1]:
        degree = sp.degree(factor, _square)
        if degree > 2:
            raise NoClosedForm(
                f"|P|^2 = |Q|^2 on the axis is {factor} = 0 in W = omega^2, of degree {degree}; a "
                "closed form is known to degree two."
            )
        if degree:
            polynomial = sp.Poly(factor, _square)
            roots |= dict.fromkeys(sp.roots(polynomial, multiple=True), polynomial)
    positive = [w for w in roots if w != 0 and _positive(system, w)]
    if not positive:
        raise NoClosedForm(
            f"|P|^2 = |Q|^2 on the axis, {gap} = 0, has no root with omega^2 > 0: no delay makes "
            "a pair cross."
        )
    if len(positive) > 2:
        raise NoClosedForm(
            f"|P|^2 = |Q|^2 on the axis, {gap} = 0, has {len(positive)} roots omega^2 that may be "
            "positive; of more than two no closed form says which pair is the first to cross."
        )
    best = positive[0]
    for other in positive[1:]:
        both = (one for one in (sp.Gt(best, 0), sp.Gt(other, 0)) if one is not sp.true)
        if sign(other - best, (*system.where, *both), "the difference of two roots") > 0:
            best = other
    return _rooted(best, roots[best])


def _rooted(largest: sp.Expr, factor: sp.Poly) -> sp.Expr:
    """The square root of the larger root of a factor, short where the product p^2 is a square.

    The sum s of the two roots then gives it as half of sqrt(s + 2p) + sqrt(s - 2p).
    """
    if factor.degree() == 2:
        lead, middle, last = factor.all_coeffs()
        product = sp.sqrt(sp.factor(last / lead))
        if product.is_positive and product.is_rational_function():
            ends = (sp.factor(sign * 2 * product - middle / lead) for sign in (1, -1))
            return sum(sp.sqrt(end) for end in ends) / 2
    return sp.sqrt(largest)


def _positive(system: DelaySystem, w: sp.Expr) -> bool:
    """Whether it can be positive: nowhere is no root at all."""
    if not w.free_symbols:
        value = complex(w.evalf(30))
        return value.real > 0 and abs(value.imag) < 1e-20 * value.real
    if w.is_positive is not None:
        return bool(w.is_positive)
    try:
        return sign(w, (*system.where, sp.Gt(w, 0)), "omega^2") > 0
    except NoClosedForm:
        if possible(system.where):
            return False
        shown = ", ".join(map(str, system.where))
        raise NoClosedForm(
            f"no random point meets the system's conditions {shown}, so it is not known whether a "
            "pair of roots crosses; write them as bounds on single parameters, or leave them out."
        ) from None
