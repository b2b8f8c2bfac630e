r"""Least squares by gradient flow with a constant tangent kernel, in closed form.

The cost is $C = \frac{1}{2N} \sum_i |f(x_i) - y_i|^2$ over N points. With $K$ the kernel among
them and $\kappa$ that of one more point with them, $E_t = e^{-t K / N}$ and
$$f_t = y + E_t (f_0 - y), \qquad
  f_t(x) = f_0(x) - \kappa K^{-1} (I - E_t) (f_0 - y).$$
Sources: Jacot, Gabriel and Hongler, arXiv 1806.07572, section 5; the derivations for two points are
in `ntk_training_steps`. Vectors are columns, $\kappa$ is a row.
"""

from typing import NamedTuple

import sympy as sp


def propagator(kernel: sp.Matrix, time: sp.Expr) -> sp.Matrix:
    """The matrix exp(-t K / N) of a symmetric kernel K among N points, at `time` t.

    In closed form for one or two points, and by SymPy's own exponential for more, which is slow.

    **Raises:** ValueError where the kernel is not symmetric.

    >>> k, t = sp.symbols("k t", positive=True)
    >>> propagator(sp.Matrix([[k]]), t)
    Matrix([[exp(-k*t)]])
    """
    kernel = sp.Matrix(kernel)
    points = kernel.rows
    if kernel.cols != points or points == 0 or kernel != kernel.T:
        raise ValueError(
            f"kernel={kernel!r} is no symmetric matrix; give the kernel among the training points."
        )
    if points != 2:
        return (-kernel * time / points).exp()
    mean = kernel.trace() / 2
    rest = kernel - mean * sp.eye(2)
    # The traceless part squares to half its own squared trace times the identity.
    half_gap = sp.sqrt(sp.expand((rest * rest)[0, 0]))
    u = time / 2
    if half_gap == 0:
        return sp.exp(-mean * u) * sp.eye(2)
    even, odd = sp.cosh(half_gap * u), sp.sinh(half_gap * u) / half_gap
    return sp.exp(-mean * u) * (even * sp.eye(2) - odd * rest)


class Training(NamedTuple):
    """A least-squares problem with a constant kernel, and how far it has been trained.

    **Fields:**

    - `kernel`: K among the N training points, N by N and symmetric.
    - `cross`: the kernel between other points (rows) and training points, M by N.
    - `propagator`: exp(-t K / N); a matrix of zeros is the limit of long training.
    """

    kernel: sp.Matrix
    cross: sp.Matrix
    propagator: sp.Matrix

    @property
    def influence(self) -> sp.Matrix:
        """The matrix that takes the initial error to what training takes off at the other points.

        It is kappa K^-1 (I - E), M by N.
        """
        return self.cross * self.kernel.inv() * (sp.eye(self.kernel.rows) - self.propagator)

    def on_data(self, initial: sp.Matrix, targets: sp.Matrix) -> sp.Matrix:
        """The values at the training points."""
        return targets + self.propagator * (initial - targets)

    def elsewhere(self, there: sp.Matrix, initial: sp.Matrix, targets: sp.Matrix) -> sp.Matrix:
        """The values at the other points: `there` before training, `initial` at the data."""
        return there - self.influence * (initial - targets)

    def mean(self, targets: sp.Matrix) -> sp.Matrix:
        """The mean at the other points over initialisations, which have mean zero."""
        return self.influence * targets

    def covariance(self, among: sp.Matrix, between: sp.Matrix, there: sp.Matrix) -> sp.Matrix:
        """The covariance at the other points over initialisations.

        The prior is that of the initial outputs, the limit of `ntk.covariance` and not the tangent
        kernel: `among` the training points (N by N), `between` others and them (M by N), and
        `there`, among the others (M by M).
        """
        omega = self.influence
        return there + omega * among * omega.T - omega * between.T - between * omega.T


def trained(kernel: sp.Matrix, cross: sp.Matrix, time: sp.Expr) -> Training:
    """The problem at `time`.

    **Raises:** ValueError on matrices whose shapes do not fit.
    """
    _check_shapes(kernel, cross)
    return Training(sp.Matrix(kernel), sp.Matrix(cross), propagator(kernel, time))


def _check_shapes(kernel: sp.Matrix, cross: sp.Matrix) -> None:
    own, other = sp.Matrix(kernel).shape, sp.Matrix(cross).shape
    if own[0] != own[1] or other[1] != own[0]:
        raise ValueError(
            f"kernel has shape {own} and cross {other}; give the kernel among N training points, "
            "(N, N), and between M other points and them, (M, N)."
        )


def converged(kernel: sp.Matrix, cross: sp.Matrix) -> Training:
    """The problem at the limit of long training.

    **Raises:** ValueError on matrices whose shapes do not fit, and where the kernel is seen not to
    be positive definite: errors along an
    eigenvector of eigenvalue zero stay for ever.
    """
    _check_shapes(kernel, cross)
    size = sp.Matrix(kernel).rows
    if sp.Matrix(kernel).is_positive_definite is False:
        raise ValueError(
            f"kernel={kernel!r} is not positive definite, and training does not end on the "
            "targets; leave out points that repeat, or use `trained` at a finite time."
        )
    return Training(sp.Matrix(kernel), sp.Matrix(cross), sp.zeros(size, size))


points, outputs = sp.symbols("N k", positive=True, integer=True)

# What multiplies the sum of squares over N points and k outputs, by the name of the cost.
COSTS = {
    "jacot": 1 / (2 * points),  # arXiv 1806.07572, section 5
    "neural-tangents": 1 / (2 * points * outputs),  # half the mean over points and outputs
    "mean": 1 / (points * outputs),  # without the half
    "sum": sp.Rational(1, 2),
}


def rate(cost: str) -> sp.Expr:
    r"""The r in $\dot f = -r\, \Theta (f - y)$: the derivative of the cost is r times the error.

    **Raises:** ValueError for a cost that is not in `COSTS`.
    """
    if cost not in COSTS:
        raise ValueError(f"cost={cost!r} is not known; use one of {', '.join(COSTS)}.")
    f, y = sp.symbols("f y", real=True)
    return sp.cancel(sp.diff(COSTS[cost] * (f - y) ** 2, f) / (f - y))


def time_in(wanted: str, given: str) -> sp.Expr:
    """How much time of the cost `wanted` passes in one unit of time of the cost `given`.

    >>> time_in("sum", "jacot")
    1/N
    """
    return rate(given) / rate(wanted)
