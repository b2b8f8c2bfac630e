r"""What steps of a finite size change: noise, the imbalance, and linear rates.

With $\eta$ the step size, an aligned noise eigenvalue moves by $\lambda \leftarrow \lambda (1 -
\eta \lambda)^2$, and $1/\lambda$ grows by a little more than $2 \eta$ a step. The imbalance of two
factors drifts at second order in $\eta$. Near a limit point the error falls by $(1 - \eta \mu)^2$ a
step, $\mu$ the least positive eigenvalue of the Hessian there.
"""

from functools import lru_cache

import sympy as sp

from lemmata.theory.derivation import Derivation, Step

eta, lam, lam_0, mu = sp.symbols("eta lambda lambda_0 mu", positive=True)
#: the number of steps
T = sp.Symbol("T", positive=True, integer=True)
#: lambda = y / (eta (1 + y)) for a positive y is any lambda with eta lambda < 1
y = sp.Symbol("y", positive=True)
#: the squared size of the limit's factor that the slowest direction sees
sigma_r = sp.Symbol("sigma_r", positive=True)

_SHORT = "steps are short: eta lambda_0 < 1"


@lru_cache
def increment() -> Derivation:
    r"""Derive $1/\lambda_{t+1} - 1/\lambda_t = \eta (2 - \eta \lambda)/(1 - \eta \lambda)^2$."""
    x = sp.Symbol("x", real=True)
    after = lam * (1 - eta * lam) ** 2
    statement = eta * (2 - eta * lam) / (1 - eta * lam) ** 2
    series = 2 * eta + 3 * eta**2 * lam + 4 * eta**3 * lam**2
    rest = eta**4 * lam**3 * (5 - 4 * eta * lam) / (1 - eta * lam) ** 2
    steps = (
        Step(
            "the square of a coordinate that moves by -eta x^3",
            (x - eta * x**3) ** 2,
            sp.Subs(after, lam, x**2),
        ),
        Step("in powers of eta, and the rest", statement, series + rest),
        Step("the difference of the inverses", 1 / after - 1 / lam, statement),
    )
    where = (sp.Lt(eta * lam, 1),)
    return Derivation(sp.Symbol("d"), statement, steps, where=where)


@lru_cache
def slowest() -> Derivation:
    r"""Derive $\lambda_T \le \lambda_0 / (1 + 2 \eta \lambda_0 T)$: 1/lambda grows by 2 eta."""
    x = y / (eta * (1 + y))
    statement = lam_0 / (1 + 2 * eta * lam_0 * T)
    steps = (
        *increment().steps,
        Step(
            "what an increment has above 2 eta, in y = eta lambda/(1 - eta lambda)",
            sp.Subs(increment().statement - 2 * eta, lam, x),
            eta * y * (y + 3),
        ),
        Step("that is positive", eta * y * (y + 3), 0, ">"),
        Step("after T steps", 1 / (1 / lam_0 + 2 * eta * T), statement),
    )
    return Derivation(sp.Symbol("lambda_T"), statement, steps, (_SHORT,), (sp.Lt(eta * lam, 1),))


@lru_cache
def fastest() -> Derivation:
    r"""Derive $1/\lambda_T \le 1/\lambda_0 + \eta T (2 - \eta \lambda_0)/(1 - \eta \lambda_0)^2$.

    An increment grows with lambda, which falls: none is above the first. The statement is the lower
    bound of lambda_T.
    """
    slope = sp.Derivative(increment().statement, lam)
    x = y / (eta * (1 + y))
    kappa = (2 - eta * lam_0) / (1 - eta * lam_0) ** 2
    statement = lam_0 / (1 + kappa * eta * lam_0 * T)
    steps = (
        *increment().steps,
        Step(
            "an increment grows with lambda", slope, eta**2 * (3 - eta * lam) / (1 - eta * lam) ** 3
        ),
        Step(
            "in y = eta lambda/(1 - eta lambda)",
            sp.Subs(eta**2 * (3 - eta * lam) / (1 - eta * lam) ** 3, lam, x),
            eta**2 * (3 + 2 * y) * (1 + y) ** 2,
        ),
        Step("that is positive", eta**2 * (3 + 2 * y) * (1 + y) ** 2, 0, ">"),
        Step(
            "after T steps, none above the first",
            1 / (1 / lam_0 + T * sp.Subs(increment().statement, lam, lam_0)),
            statement,
        ),
    )
    where = (sp.Lt(eta * lam, 1), sp.Lt(eta * lam_0, 1))
    return Derivation(sp.Symbol("lambda_T"), statement, steps, (_SHORT,), where)


@lru_cache
def drift() -> Derivation:
    r"""Derive $\Delta_{t+1} - \Delta_t = \eta^2 (G^T R^T R G - F^T R R^T F)$, exactly.

    In letters that do not commute, for matrices of every size and any R.
    """
    F, Ft, G, Gt, R, Rt = sp.symbols("F F^T G G^T R R^T", commutative=False)
    before = Ft * F - Gt * G
    after = (Ft - eta * Gt * Rt) * (F - eta * R * G) - (Gt - eta * Ft * R) * (G - eta * Rt * F)
    statement = eta**2 * (Gt * Rt * R * G - Ft * R * Rt * F)
    step = Step("F - eta R G and G - eta R^T F, written out", after - before, statement)
    return Derivation(sp.Symbol("D"), statement, (step,))


@lru_cache
def linear_rate() -> Derivation:
    r"""Derive the rate $-2 \ln(1 - \eta \mu)$ of the squared error, a step, near a limit point."""
    x = sp.Symbol("delta", positive=True)
    statement = -2 * sp.log(1 - eta * mu)
    steps = (
        Step(
            "along an eigenvector of the Hessian, mu its eigenvalue, to first order",
            x - eta * sp.Derivative(mu * x**2 / 2, x),
            (1 - eta * mu) * x,
        ),
        Step("the error is a square", -sp.log(((1 - eta * mu) * x) ** 2 / x**2), statement),
    )
    assumes = ("the error is analytic at the limit, and the slowest direction is in the start",)
    return Derivation(sp.Symbol("rate"), statement, steps, assumes, (sp.Lt(eta * mu, 1),))


@lru_cache
def exact_rank_rate() -> Derivation:
    r"""Derive the rate $-2 \ln(1 - \eta \sigma_r)$ of the symmetric problem with k = r.

    A noise row j beside a signal that has settled, x^2 = sigma_r, moves by -(x^2 + j^2) j.
    """
    x, j = sp.symbols("x j", real=True)
    cost = ((x**2 - sigma_r) ** 2 + 2 * x**2 * j**2 + j**4) / 4
    statement = linear_rate().statement.subs(mu, sigma_r)
    steps = (
        *linear_rate().steps,
        Step("the cost of (x, j) by j", sp.Derivative(cost, j), (x**2 + j**2) * j),
        Step(
            "the Hessian at the limit, across",
            sp.Subs(sp.Derivative((x**2 + j**2) * j, j), (x, j), (sp.sqrt(sigma_r), 0)),
            sigma_r,
        ),
        Step(
            "and along, which is faster",
            sp.Subs(sp.Derivative(x * (x**2 - sigma_r), x), x, sp.sqrt(sigma_r)),
            2 * sigma_r,
        ),
        Step("the rate", sp.Subs(linear_rate().statement, mu, sigma_r), statement),
    )
    where = (sp.Lt(eta * mu, 1), sp.Lt(eta * sigma_r, 1))
    return Derivation(sp.Symbol("rate"), statement, steps, linear_rate().assumes, where)


@lru_cache
def imbalanced_rate() -> Derivation:
    r"""Derive the rate $-2 \ln(1 - \eta c)$ of a noise coordinate of two factors, c its imbalance.

    The smaller factor dies at the point where the larger one has the square c.
    """
    c = sp.Symbol("c", positive=True)
    f, g = sp.symbols("f g", real=True)
    statement = linear_rate().statement.subs(mu, c)
    steps = (
        *linear_rate().steps,
        Step("the cost by g", sp.Derivative((f * g) ** 2 / 2, g), f**2 * g),
        Step(
            "the Hessian at the limit f^2 = c, g = 0",
            sp.Subs(sp.Derivative(f**2 * g, g), (f, g), (sp.sqrt(c), 0)),
            c,
        ),
        Step("the rate", sp.Subs(linear_rate().statement, mu, c), statement),
    )
    where = (sp.Lt(eta * mu, 1), sp.Lt(eta * c, 1))
    return Derivation(sp.Symbol("rate"), statement, steps, linear_rate().assumes, where)


@lru_cache
def unbalanced_step() -> Derivation:
    r"""Derive $F^T F = \beta^2 I$ after the modified step, the product being what it was.

    With $F = A S B^T$: F becomes $F B\, \beta S^{-1}$ and G becomes $G B\, S/\beta$. In letters
    that do not commute.
    """
    A, Bt, S, Gt, BtB, AtA = sp.symbols("A B^T S G^T B^T*B A^T*A", commutative=False)
    beta = sp.Symbol("beta", positive=True)
    moved = A * S * BtB * beta * S**-1
    product = sp.Mul(beta * A, S / beta * Bt * Gt, evaluate=False)
    steps = (
        Step("F B beta/S, with B^T B = 1", sp.Subs(moved, BtB, 1), beta * A),
        Step("its product with the transpose of G B S/beta is F G^T", product, A * S * Bt * Gt),
        Step("its square, with A^T A = 1", sp.Subs(beta * AtA * beta, AtA, 1), beta**2),
    )
    return Derivation(sp.Symbol("FtF"), beta**2, steps)
