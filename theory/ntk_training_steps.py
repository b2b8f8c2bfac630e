r"""The closed form of training, derived for two training points and one more.

Symbols: the kernel k_11, k_12, k_22 among the training points and k_1, k_2 of the other point with
them; values f_1, f_2 and f before training, targets y_1, y_2, time t. Sources: Jacot, Gabriel and
Hongler, arXiv 1806.07572, section 5.
"""

from functools import lru_cache

import sympy as sp

from lemmata.theory.derivation import Derivation, Step
from lemmata.theory.ntk_moments import mean_steps
from lemmata.theory.ntk_training import Training, converged, trained

k_11, k_22, t = sp.symbols("k_11 k_22 t", positive=True)
k_12, k_1, k_2, f_1, f_2, f, y_1, y_2 = sp.symbols("k_12 k_1 k_2 f_1 f_2 f y_1 y_2", real=True)
KERNEL = sp.Matrix([[k_11, k_12], [k_12, k_22]])
CROSS = sp.Matrix([[k_1, k_2]])
INITIAL, TARGETS, THERE = sp.Matrix([f_1, f_2]), sp.Matrix([y_1, y_2]), sp.Matrix([f])

CONSTANT = "the tangent kernel does not change during training: Theorem 2, in the limit of width"
UNIQUE = "a linear differential equation has one solution to an initial value"
DEFINITE = "the kernel among the training points is positive definite"
_WHERE = (sp.Gt(k_11 * k_22, k_12**2),)


@lru_cache
def on_data() -> Derivation:
    """Derive the value at the first training point after time t."""
    solution = _solution().on_data(INITIAL, TARGETS)
    statement = solution[0]
    last = Step("its two modes, each with its rate", statement, _in_modes()[0])
    steps = (*_flow(), *_solves(), last)
    return Derivation(sp.Symbol("f_t1"), statement, steps, (CONSTANT, UNIQUE), _WHERE)


@lru_cache
def elsewhere() -> Derivation:
    """Derive the value at a point that is not in the data after time t."""
    inside = _solution().on_data(INITIAL, TARGETS)
    (statement,) = _solution().elsewhere(THERE, INITIAL, TARGETS)
    force = -(CROSS * (inside - TARGETS))[0] / 2
    steps = (
        *_flow(),
        *_solves(),
        Step(
            "the other point follows the errors on the data",
            sp.Derivative(statement, t),
            force,
        ),
        Step("from its initial value", sp.Subs(statement, t, 0), f),
        Step(
            "what is gone of the errors on the data, through the inverse of the kernel",
            f - (CROSS * KERNEL.adjugate() * (INITIAL - inside))[0] / KERNEL.det(),
            statement,
        ),
    )
    return Derivation(sp.Symbol("f_t"), statement, steps, (CONSTANT, UNIQUE, DEFINITE), _WHERE)


@lru_cache
def long_training() -> Derivation:
    r"""Derive $f_\infty(x) = \kappa K^{-1} y + f_0(x) - \kappa K^{-1} f_0$."""
    fast, slow = sp.symbols("u_1 u_2", positive=True)
    errors = sum(
        (part * u for part, u in zip(_projected(), (fast, slow), strict=True)), sp.zeros(2, 1)
    )
    value = f - (CROSS * KERNEL.inv() * (INITIAL - TARGETS - errors))[0]
    (statement,) = converged(KERNEL, CROSS).elsewhere(THERE, INITIAL, TARGETS)
    larger, smaller = _rates()
    steps = (
        *elsewhere().steps,
        Step(
            "the two rates have half the trace for their sum, and a positive product: both are "
            "positive",
            larger * smaller,
            KERNEL.det() / 4,
        ),
        Step(
            "in the two exponentials u_1 and u_2",
            sp.Subs(value, (fast, slow), (sp.exp(-larger * t), sp.exp(-smaller * t))),
            elsewhere().statement,
        ),
        Step("both go to zero", sp.Subs(value, (fast, slow), (0, 0)), statement),
    )
    return Derivation(sp.Symbol("f_oo"), statement, steps, (CONSTANT, UNIQUE, DEFINITE), _WHERE)


@lru_cache
def variance() -> Derivation:
    r"""Derive the variance at the other point, $(\omega_1, \omega_2)$ being the data's influence.

    The prior has s_11, s_12, s_22 among the data, s_1, s_2 of the point with them, and s alone.
    """
    omega = sp.symbols("omega_1 omega_2", real=True)
    s_11, s_22, s = sp.symbols("s_11 s_22 s", positive=True)
    s_12, s_1, s_2 = sp.symbols("s_12 s_1 s_2", real=True)
    prior = sp.Matrix([[s_11, s_12, s_1], [s_12, s_22, s_2], [s_1, s_2, s]])
    z = sp.symbols("z_1:4", real=True)
    root = sp.Matrix(3, 3, lambda i, j: sp.Symbol(f"r_{i + 1}{j + 1}", real=True) if j <= i else 0)
    drawn = root * sp.Matrix(z)
    changed = drawn[2] - omega[0] * drawn[0] - omega[1] * drawn[1]
    means, mean = mean_steps(changed**2, z, "the initial values, r times z of N(0, 1)")
    Omega = sp.Matrix([omega])
    among, between, there = prior[:2, :2], prior[2:, :2], prior[2:, 2:]
    # `covariance` needs the influence alone, which a kernel of one and no propagator hands over.
    (statement,) = Training(sp.eye(2), Omega, sp.zeros(2, 2)).covariance(among, between, there)
    statement = sp.expand(statement)
    entries, values = _cholesky(root, prior)
    last = Step(
        "with r the Cholesky factor of the prior", sp.Subs(mean, entries, values), statement
    )
    where = (sp.Gt(s_11 * s_22, s_12**2), sp.Gt(prior.det(), 0))
    assumes = (
        CONSTANT,
        "the initial values are Gaussian with mean zero and the prior's covariance",
    )
    return Derivation(sp.Symbol("Var"), statement, (*means, last), assumes, where)


def _cholesky(
    root: sp.Matrix, prior: sp.Matrix
) -> tuple[tuple[sp.Symbol, ...], tuple[sp.Expr, ...]]:
    """The entries of the triangular root, and what they are in terms of the prior."""
    known: dict[sp.Symbol, sp.Expr] = {}
    for i in range(3):
        for j in range(i + 1):
            rest = prior[i, j] - sum(known[root[i, m]] * known[root[j, m]] for m in range(j))
            known[root[i, j]] = sp.sqrt(rest) if i == j else rest / known[root[j, j]]
    return tuple(known), tuple(known.values())


@lru_cache
def component() -> Derivation:
    r"""Derive that the error along an eigenvector of K decays at its eigenvalue over N.

    The kernel is $R \operatorname{diag}(\lambda_1, \lambda_2) R^T$, R the rotation by $\alpha$; the
    statement is the component along its first column.
    """
    first, second = sp.symbols("lambda_1 lambda_2", positive=True)
    alpha = sp.Symbol("alpha", real=True)
    turn = sp.Matrix([[sp.cos(alpha), -sp.sin(alpha)], [sp.sin(alpha), sp.cos(alpha)]])
    kernel = turn * sp.diag(first, second) * turn.T
    vector = turn[:, 0]
    error = INITIAL - TARGETS
    before = (vector.T * error)[0]
    statement = sp.exp(-first * t / 2) * before
    decays = turn * sp.diag(sp.exp(-first * t / 2), sp.exp(-second * t / 2)) * turn.T * error
    rates = -(kernel * decays) / 2
    steps = (
        *_flow(),
        Step("the eigenvector, its first entry", (kernel * vector)[0], first * vector[0]),
        Step("the eigenvector, its second entry", (kernel * vector)[1], first * vector[1]),
        Step("the errors solve the equation: the first", sp.Derivative(decays[0], t), rates[0]),
        Step("the errors solve the equation: the second", sp.Derivative(decays[1], t), rates[1]),
        Step("from their initial value: the first", sp.Subs(decays[0], t, 0), error[0]),
        Step("from their initial value: the second", sp.Subs(decays[1], t, 0), error[1]),
        Step("the component along the eigenvector", (vector.T * decays)[0], statement),
    )
    return Derivation(sp.Symbol("c_1"), statement, steps, (CONSTANT, UNIQUE))


def _solution() -> Training:
    return trained(KERNEL, CROSS, t)


@lru_cache
def _flow() -> tuple[Step, ...]:
    """From gradient descent on the cost to the equation for the values."""
    cost = ((f_1 - y_1) ** 2 + (f_2 - y_2) ** 2) / 4
    # Gradients at the point in question and at the two data by two parameters, which stand for all.
    g = sp.Matrix([sp.symbols("g_1 g_2", real=True)])
    G = sp.Matrix(2, 2, lambda i, s: sp.Symbol(f"G_{i + 1}{s + 1}", real=True))
    slope = sp.Matrix(sp.symbols("e_1 e_2", real=True))
    moved = sum(g[s] * -(G[0, s] * slope[0] + G[1, s] * slope[1]) for s in range(2))
    return (
        Step("the derivative of the cost by a value", sp.Derivative(cost, f_1), (f_1 - y_1) / 2),
        Step(
            "parameters move against the gradient, so a value moves by minus its kernel with the "
            "data, the sum over parameters of g G, times the derivatives of the cost",
            moved,
            -(g * G.T * slope)[0],
        ),
    )


@lru_cache
def _solves() -> tuple[Step, ...]:
    values = _solution().on_data(INITIAL, TARGETS)
    force = -KERNEL * (values - TARGETS) / 2
    steps = []
    for i, name in enumerate(("first", "second")):
        steps += [
            Step(f"the equation at the {name} point", sp.Derivative(values[i], t), force[i]),
            Step(f"the initial value at the {name} point", sp.Subs(values[i], t, 0), INITIAL[i]),
        ]
    return tuple(steps)


def _rates() -> tuple[sp.Expr, sp.Expr]:
    """The eigenvalues of K/N, the larger first."""
    mean = KERNEL.trace() / 2
    gap = sp.sqrt(sp.expand(((k_11 - k_22) / 2) ** 2 + k_12**2))
    return (mean + gap) / 2, (mean - gap) / 2


def _projected() -> tuple[sp.Matrix, sp.Matrix]:
    """The initial error's parts in the two eigenspaces, that of the larger eigenvalue first."""
    larger, smaller = _rates()
    error, one = INITIAL - TARGETS, sp.eye(2)
    scale = larger - smaller
    return (KERNEL / 2 - smaller * one) * error / scale, (larger * one - KERNEL / 2) * error / scale


def _in_modes() -> sp.Matrix:
    parts = zip(_projected(), _rates(), strict=True)
    return TARGETS + sum((part * sp.exp(-one * t) for part, one in parts), sp.zeros(2, 1))
