r"""The kernel among training points in numbers: what it has to be, and functions of it.

Where K is $V \operatorname{diag}(\lambda_i) V^T$, a function of it is the same with
$f(\lambda_i)$. That needs no inverse, so that a singular kernel is no special case, and no Jordan
form, which SymPy cannot find for most matrices with more than four rows.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import mpmath
import sympy as sp

_DIGITS = 40  # of the eigenvectors
_SHOWN = 30  # of what is handed out

# How far an eigenvalue may be below zero, and how far above it still counts as zero, as a share of
# the largest: what rounding does to entries in double precision, and to exact ones in _DIGITS.
_ROUNDED, _EXACT = 1e-12, 1e-30


class Spectrum(NamedTuple):
    """The eigenvalues, none of them negative, and eigenvectors (columns) of a kernel.

    **Fields:**

    - `values`: smallest first; 0 for one that is below zero by rounding.
    - `vectors`: orthonormal.
    - `slack`: what share of the largest an eigenvalue may be and still be 0, but for rounding.
    """

    values: tuple[mpmath.mpf, ...]
    vectors: mpmath.matrix
    slack: float

    def decay(self, passed: sp.Expr) -> tuple[sp.Matrix, sp.Matrix]:
        r"""The matrices $e^{-K u}$ and $K^{-1} (I - e^{-K u})$, u being `passed`.

        The second at an eigenvalue $\lambda$ is $(1 - e^{-\lambda u})/\lambda$: u, where it is 0.
        """
        if passed.free_symbols:
            return self._function(lambda v: sp.exp(-_float(v) * passed)), self._function(
                lambda v: (
                    2
                    * sp.exp(-_float(v) * passed / 2)
                    * sp.sinh(_float(v) * passed / 2)
                    / _float(v)
                    if v
                    else passed
                )
            )
        with mpmath.workdps(_DIGITS):
            u = mpmath.mpmathify(passed.evalf(_DIGITS))
            return self._function(lambda v: mpmath.exp(-v * u)), self._function(
                lambda v: -mpmath.expm1(-v * u) / v if v else u
            )

    def inverse(self) -> sp.Matrix:
        """The inverse.

        **Raises:** ValueError where the smallest eigenvalue may be zero.
        """
        self.check_definite()
        return self._function(lambda v: 1 / v)

    def check_definite(self) -> None:
        """Raise a ValueError where the smallest eigenvalue may be zero."""
        smallest, largest = self.values[0], self.values[-1]
        if smallest <= self.slack * largest:
            raise ValueError(
                "kernel is not positive definite, and training does not end on the targets: its "
                f"smallest eigenvalue is {_text(smallest)} and its largest {_text(largest)}, and "
                f"what is not above {self.slack:g} of the largest counts as 0; leave out points "
                "that repeat, or use `trained` at a finite time."
            )

    def _function(self, of: Callable[[mpmath.mpf], Any]) -> sp.Matrix:
        size = len(self.values)
        entries = sp.zeros(size, size)
        with mpmath.workdps(_DIGITS):
            scaled = [of(value) for value in self.values]
            numbers = all(isinstance(one, mpmath.mpf) for one in scaled)
            rows = [[self.vectors[i, m] for m in range(size)] for i in range(size)]
            for i in range(size):
                for j in range(i, size):
                    both = [a * b for a, b in zip(rows[i], rows[j], strict=True)]
                    if numbers:
                        entry = _float(mpmath.fdot(both, scaled))
                    else:
                        pairs = zip(both, scaled, strict=True)
                        entry = sp.Add(*(_float(share) * one for share, one in pairs))
                    entries[i, j] = entries[j, i] = entry
        return entries


def spectrum(kernel: sp.Matrix) -> Spectrum | None:
    """The eigenvalues and eigenvectors of the kernel among N points; None if it has symbols.

    **Raises:** ValueError where it is not symmetric, an entry is not finite and real, or an
    eigenvalue is negative by more than rounding: 1e-12 of the largest, 1e-30 with exact entries.
    """
    _check_entries(kernel, "kernel")
    size = kernel.rows
    if kernel.cols != size or size == 0:
        raise ValueError(
            "kernel is no symmetric matrix; give the kernel among the training points, and not a "
            f"matrix of shape {kernel.shape}."
        )
    slack = _ROUNDED if kernel.has(sp.Float) else _EXACT
    if kernel.free_symbols:
        odd = kernel - kernel.T
        _check_symmetric(kernel, lambda i, j: odd[i, j] == 0 or sp.simplify(odd[i, j]) == 0)
        return None
    with mpmath.workdps(_DIGITS):
        numbers = mpmath.matrix(size, size)
        for i in range(size):
            for j in range(size):
                numbers[i, j] = mpmath.mpmathify(kernel[i, j].evalf(_DIGITS))
        far = slack * max(abs(one) for one in numbers)
        _check_symmetric(kernel, lambda i, j: abs(numbers[i, j] - numbers[j, i]) <= far)
        values, vectors = mpmath.eigsy((numbers + numbers.T) / 2)
    largest = max(abs(one) for one in values)
    smallest = min(values)
    if smallest < -slack * largest:
        raise ValueError(
            f"kernel has the eigenvalue {_text(smallest)} beside {_text(max(values))}, and "
            f"eigenvalues of a kernel are not negative (rounding, {slack:g} of the largest, is "
            "allowed for); check its entries, and that it is the kernel among the same points."
        )
    clear = tuple(one if one > _EXACT * largest else mpmath.mpf(0) for one in values)
    return Spectrum(clear, vectors, slack)


def as_matrix(values: Any, name: str) -> sp.Matrix:
    """The values as a matrix.

    **Raises:** ValueError where they are none.
    """
    try:
        return sp.Matrix(values)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name}={values!r} is no matrix; give rows of equal length.") from error


def check_cross(cross: sp.Matrix) -> None:
    """Raise a ValueError for an entry that is not finite and real."""
    _check_entries(cross, "cross")


def check_time(time: Any) -> sp.Expr:
    """The time as an expression.

    **Raises:** ValueError where it is seen to be negative, infinite, or no number.
    """
    refused = f"time={time!r} is no real number or symbol; give a time of at least 0."
    try:
        found = sp.sympify(time)
    except sp.SympifyError as error:
        raise ValueError(refused) from error
    if found in (sp.oo, sp.zoo):
        raise ValueError(f"time={time!r} is not finite; use `converged`.")
    if not isinstance(found, sp.Expr) or found.is_real is False or found.has(sp.nan):
        raise ValueError(refused)
    if found.is_negative:
        raise ValueError(f"time={time!r} is negative; give a time of at least 0.")
    return found


def _check_entries(matrix: sp.Matrix, name: str) -> None:
    for place, entry in enumerate(matrix):
        lost = not isinstance(entry, sp.Expr) or entry.has(sp.nan, sp.oo, -sp.oo, sp.zoo)
        if lost or entry.is_real is False or not (entry.free_symbols or entry.evalf().is_Number):
            i, j = divmod(place, matrix.cols)
            raise ValueError(f"{name}[{i}, {j}]={entry!r} is no finite real number; check it.")


def _check_symmetric(kernel: sp.Matrix, same: Callable[[int, int], bool]) -> None:
    for i in range(kernel.rows):
        for j in range(i):
            if not same(i, j):
                raise ValueError(
                    "kernel is no symmetric matrix; give the kernel among the training points: "
                    f"kernel[{j}, {i}]={kernel[j, i]!r} is not kernel[{i}, {j}]={kernel[i, j]!r}."
                )


def _taken(value: sp.Float, passed: sp.Expr) -> sp.Expr:
    """The (1 - exp(-v u))/v without the difference, which costs a small v all of its digits."""
    half = value * passed / 2
    return 2 * sp.exp(-half) * sp.sinh(half) / value


def _float(number: mpmath.mpf) -> sp.Float:
    return sp.Float(number, _SHOWN)


def _text(number: mpmath.mpf) -> str:
    return mpmath.nstr(number, 6)
