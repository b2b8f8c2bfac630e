"""A Hopf point, certified: where it is, that it is one, how the pair crosses and what is born."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import sympy as sp

from lemmata.verify.balls import PRECISION, exact, fraction, value_over, without_floats
from lemmata.verify.branch_and_bound import prove_sign
from lemmata.verify.certificate import Certificate, together
from lemmata.verify.errors import UsageError
from lemmata.verify.interval_newton import Enclosure, Unproved, enclose_root
from lemmata.verify.root_count import RootCount, count_right_half_plane

#: half widths of the strip about the axis that is searched for other roots, in units of omega
STRIPS = (Fraction(1, 10), Fraction(1, 100), Fraction(1, 10_000))


@dataclass(frozen=True)
class HopfCertificate:
    """What was proved of a Hopf point.

    **Fields:**

    - `enclosure`: (omega, delay), exactly one root of chi(i omega) = 0 in the box; None if none
      could be proved, and then there is nothing but `certificate`.
    - `speed`: bounds of Re lambda', the derivative by the delay.
    - `lyapunov`: bounds of Re c_1; None where no expression was given.
    - `transversal`: Re lambda' > 0 (or < 0, as its statement says), and the root is simple.
    - `axis`: the pair is alone in a strip about the imaginary axis.
    - `right`: how many roots lie to the right of that strip; 0 at the first loss of stability.
    - `critical`: the sign of Re c_1; None where no expression was given.
    - `certificate`: all of these in one, as a claim carries it.
    """

    enclosure: Enclosure | None
    certificate: Certificate
    speed: tuple[Fraction, Fraction] | None = None
    lyapunov: tuple[Fraction, Fraction] | None = None
    transversal: Certificate | None = None
    axis: Certificate | None = None
    right: int | None = None
    critical: Certificate | None = None


def certify_hopf(
    chi: Any,
    lambda_: Any,
    omega: Any,
    delay: Any,
    *,
    start: Mapping[str, Any],
    at: Mapping[str, Any] | None = None,
    re_c1: Any = None,
    criticality: int = -1,
    speed: int = +1,
    onset: bool = True,
    radius: Any = None,
    precision: int = PRECISION,
) -> HopfCertificate:
    """Prove that a pair of roots of `chi` crosses the imaginary axis near `start`.

    **Arguments:**

    - `chi`: the characteristic function in SymPy, entire in `lambda_`, real for real `lambda_`.
    - `lambda_`, `omega`, `delay`: symbols or names; `delay` may be any parameter in `chi`.
    - `start`: numbers near the frequency and the critical delay, by their names.
    - `at`: every other symbol's exact value by name.
    - `re_c1`: Re c_1 at the Hopf point, a SymPy expression in the parameters, omega and delay.
    - `criticality`, `speed`: the signs to prove of Re c_1 (-1: supercritical) and of Re lambda'.
    - `onset`: whether it belongs to the statement that no root lies to the right.
    - `radius`: how far from 0 roots near or right of the axis can lie, if it cannot be derived.
    - `precision`: in bits.

    **Raises:** `UsageError` for missing values and for functions that are not known.
    """
    names = str(omega), str(delay)
    values = {str(k): _rational(str(k), v) for k, v in (at or {}).items()}
    chi = _named(chi, values)
    root, w, tau = sp.Symbol(str(lambda_)), *(sp.Symbol(name, real=True) for name in names)
    chi = _named(chi, {str(lambda_): root, names[1]: tau})
    if chi.has(sp.I) or chi.xreplace({root: sp.Dummy(real=True)}).is_real is False:
        raise UsageError(
            f"chi = {chi} is not real for real {root}, so its roots need not come in pairs; give "
            "the characteristic function of a real equation."
        )
    on_axis = chi.xreplace({root: sp.I * w})
    equations = [part(on_axis, evaluate=False) for part in (sp.re, sp.im)]
    try:
        enclosure = enclose_root(equations, names, start, precision=precision)
    except Unproved as problem:
        states = f"a root i {names[0]} of the characteristic equation near {_text(start)}"
        undecided = Certificate(states, "undecided", 0, precision, reason=str(problem))
        return HopfCertificate(None, undecided)
    box = dict(enclosure.box)
    if box[names[0]][0] <= 0:
        raise UsageError(
            f"Newton's method went to {names[0]} = {enclosure.values[names[0]]:.6g}, and a "
            "frequency is positive; start elsewhere."
        )
    where = ", ".join(f"{name} = {value:.12g}" for name, value in enclosure.values.items())
    found = Certificate(
        f"a root i {names[0]} at {where} within {enclosure.radius:.1g}", "proved", 1, precision
    )
    velocity = -(sp.diff(chi, tau) / sp.diff(chi, root)).xreplace({root: sp.I * w})
    moves = sp.re(velocity, evaluate=False)
    transversal = _sign(
        moves, box, speed, precision, f"Re lambda' {_than(speed)} 0 there, at a simple root"
    )
    axis, right = _alone(chi, root, names, box, radius, precision)
    parts = [found, transversal, axis]
    if onset and right is not None:
        parts.append(right.certificate(0))
    critical = lyapunov = None
    if re_c1 is not None:
        re_c1 = _named(re_c1, values)
        critical = _sign(re_c1, box, criticality, precision, f"Re c_1 {_than(criticality)} 0 there")
        lyapunov = value_over(re_c1, box, precision)
        parts.append(critical)
    return HopfCertificate(
        enclosure, together(*parts), value_over(moves, box, precision), lyapunov,
        transversal, axis, None if right is None else right.count, critical,
    )  # fmt: skip


def _sign(
    expression: Any, box: Mapping[str, Any], sign: int, precision: int, statement: str
) -> Certificate:
    """The sign at the one root in the box: disproved if it is the other all over."""
    found = prove_sign(expression, box, sign=sign, precision=precision, statement=statement)
    if found.status != "disproved":
        return found
    other = prove_sign(expression, box, sign=-sign, precision=precision)
    return Certificate(
        statement, "disproved" if other.proved else "undecided", found.boxes + other.boxes,
        precision, reason="it has the other sign" if other.proved else "it may vanish there",
    )  # fmt: skip


def _alone(
    chi: Any,
    root: Any,
    names: tuple[str, str],
    box: Mapping[str, Any],
    radius: Any,
    precision: int,
) -> tuple[Certificate, RootCount | None]:
    """That the pair is alone in a strip about the axis, and the count to the right of it.

    At the critical delay, somewhere in its enclosure, the pair lies in the strip: it is alone there
    if two roots more lie right of the strip's left edge than right of its right edge.
    """
    frequency = (box[names[0]][0] + box[names[0]][1]) / 2
    at = {names[1]: box[names[1]]}
    statement, pieces, reason = "no other root on the imaginary axis", 0, ""
    for share in STRIPS:
        edge = Fraction(f"{float(share * frequency):.1e}")  # any number near will do
        left, right = (
            count_right_half_plane(
                chi, root, at=at, right_of=line, radius=radius, precision=precision
            )
            for line in (-edge, edge)
        )
        pieces += left.pieces + right.pieces
        if left.count is None or right.count is None:
            reason = left.reason or right.reason
            continue
        others = left.count - right.count - 2
        if others == 0:
            within = f"{statement}, nor within {float(edge):.3g} of it"
            return Certificate(within, "proved", pieces, precision), right
        reason = f"{others} others lie within {float(edge):.3g} of it"
    return Certificate(statement, "undecided", pieces, precision, reason=reason), None


def _named(expression: Any, values: Mapping[str, Any]) -> Any:
    expression = without_floats(expression)
    named = {s: values[str(s)] for s in expression.free_symbols if str(s) in values}
    return expression.xreplace(named)


def _rational(name: str, value: Any) -> Any:
    number = fraction(exact(value, name))
    return sp.Rational(number.numerator, number.denominator)


def _than(sign: int) -> str:
    return ">" if sign > 0 else "<"


def _text(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} = {value}" for name, value in values.items())
