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
from sympy.matrices.exceptions import NonInvertibleMatrixError

from lemmata.theory.ntk_spectrum import as_matrix, check_cross, check_time, spectrum


def propagator(kernel: sp.Matrix, time: sp.Expr) -> sp.Matrix:
    """The matrix exp(-t K / N) of a symmetric kernel K among N points, at `time` t.

    In closed form for one or two points. For more, and wherever a number is a Float, by the
    eigenvectors of the kernel, in Floats of 30 digits; for more than two points with symbols in the
    kernel by SymPy's own exponential, which is slow where it succeeds.

    **Raises:** ValueError where the kernel is not symmetric, an entry of it not finite, an
    eigenvalue or the time negative, and where SymPy finds no exponential of symbols.

    >>> k, t = sp.symbols("k t", positive=True)
    >>> propagator(sp.Matrix([[k]]), t)
    Matrix([[exp(-k*t)]])
    """
    return _decay(as_matrix(kernel, "kernel"), time)[0]


def _decay(kernel: sp.Matrix, time: sp.Expr) -> tuple[sp.Matrix, sp.Matrix | None]:
    """The propagator E, and K^-1 (I - E) where it cannot be had from K and E, or not as well."""
    time, found = check_time(time), spectrum(kernel)
    points = kernel.rows
    rounded = kernel.has(sp.Float) or time.has(sp.Float)
    if found is not None and (points > 2 or rounded):
        return found.decay(time / points)
    if points > 2:
        try:
            return (-kernel * time / points).exp(), None
        except NotImplementedError as error:
            raise ValueError(
                f"SymPy has no closed form of exp(-t K / N) for this kernel of symbols among "
                f"{points} points; put in numbers for its symbols."
            ) from error
    taken = _of_singular(kernel, time) if sp.expand(kernel.det()) == 0 else None
    return (_of_two(kernel, time) if points == 2 else (-kernel * time).exp()), taken


def _of_two(kernel: sp.Matrix, time: sp.Expr) -> sp.Matrix:
    mean = kernel.trace() / 2
    rest = kernel - mean * sp.eye(2)
    # The traceless part squares to half its own squared trace times the identity.
    half_gap = sp.sqrt(sp.expand((rest * rest)[0, 0]))
    u = time / 2
    if half_gap == 0:
        return sp.exp(-mean * u) * sp.eye(2)
    even, odd = sp.cosh(half_gap * u), sp.sinh(half_gap * u) / half_gap
    return sp.exp(-mean * u) * (even * sp.eye(2) - odd * rest)


def _of_singular(kernel: sp.Matrix, time: sp.Expr) -> sp.Matrix:
    """What K^-1 (I - E) tends to at a singular kernel of one or two points: its rank is at most 1.

    K is then its trace s times a projection P, and the limit (1 - exp(-s u))/s P + u (I - P).
    """
    size, trace = kernel.rows, kernel.trace()
    u = time / size
    if trace == 0:
        return u * sp.eye(size)
    onto = kernel / trace
    return (1 - sp.exp(-trace * u)) / trace * onto + u * (sp.eye(size) - onto)


class Training(NamedTuple):
    """A least-squares problem with a constant kernel, and how far it has been trained.

    **Fields:**

    - `kernel`: K among the N training points, N by N and symmetric.
    - `cross`: the kernel between other points (rows) and training points, M by N.
    - `propagator`: E = exp(-t K / N); a matrix of zeros is the limit of long training.
    - `taken`: K^-1 (I - E), N by N, which at a singular kernel and a finite time is a limit; None
      for what the other fields give.
    """

    kernel: sp.Matrix
    cross: sp.Matrix
    propagator: sp.Matrix
    taken: sp.Matrix | None = None

    @property
    def influence(self) -> sp.Matrix:
        """The matrix that takes the initial error to what training takes off at the other points.

        It is kappa K^-1 (I - E), M by N.

        **Raises:** ValueError where `taken` is None and the kernel has no inverse.
        """
        if self.taken is not None:
            return self.cross * self.taken
        try:
            inverse = self.kernel.inv()
        except NonInvertibleMatrixError as error:
            raise ValueError(
                "kernel has no inverse; leave out points that repeat, or give `trained` a kernel "
                "of numbers and a finite time."
            ) from error
        return self.cross * inverse * (sp.eye(self.kernel.rows) - self.propagator)

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
    """The problem at `time`, for any number of points where the kernel is one of numbers.

    A singular kernel, such as that of points which repeat, is allowed.

    **Raises:** ValueError on matrices whose shapes do not fit or whose entries are not finite, on a
    kernel that is not symmetric or has a negative eigenvalue, and on a negative time.
    """
    kernel, cross = _checked(kernel, cross)
    return Training(kernel, cross, *_decay(kernel, time))


def converged(kernel: sp.Matrix, cross: sp.Matrix) -> Training:
    """The problem at the limit of long training.

    **Raises:** ValueError as `trained`, and where the kernel is seen not to be positive definite:
    errors along an eigenvector of eigenvalue zero stay for ever. In numbers that is an eigenvalue
    up to 1e-12 of the largest, 1e-30 where all entries are exact.
    """
    kernel, cross = _checked(kernel, cross)
    found, zeros = spectrum(kernel), sp.zeros(*kernel.shape)
    if found is None:
        if kernel.is_positive_definite is False:
            raise ValueError(
                f"kernel={kernel!r} is not positive definite, and training does not end on the "
                "targets; leave out points that repeat, or use `trained` at a finite time."
            )
        return Training(kernel, cross, zeros)
    found.check_definite()
    exact = all(entry.is_Rational for entry in kernel) or (
        kernel.rows <= 2 and not kernel.has(sp.Float)
    )
    return Training(kernel, cross, zeros, None if exact else found.inverse())


def _checked(kernel: sp.Matrix, cross: sp.Matrix) -> tuple[sp.Matrix, sp.Matrix]:
    kernel, cross = as_matrix(kernel, "kernel"), as_matrix(cross, "cross")
    own, other = kernel.shape, cross.shape
    if own[0] != own[1] or other[1] != own[0]:
        raise ValueError(
            f"kernel has shape {own} and cross {other}; give the kernel among N training points, "
            "(N, N), and between M other points and them, (M, N)."
        )
    check_cross(cross)
    return kernel, cross


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
