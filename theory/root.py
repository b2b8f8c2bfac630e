"""The root of an equation that has no closed form, as a closed form of its own."""

from __future__ import annotations

from typing import Any

import mpmath
import sympy as sp


class Root(sp.Expr):
    r"""Where `equation`, continuous between two places at which its signs differ, vanishes.

    A derivation ends in it where the equation that it derives cannot be solved for the unknown.
    Wherever numbers are asked for it is found, to their digits. That no other root lies between
    the places is for the derivation to say.

    >>> t, w = sp.symbols("t w", positive=True)
    >>> Root.of(t**2 - w, t, 0, 1 + w).subs(w, 2).n(12)
    1.41421356237
    """

    def __new__(cls, equation: sp.Lambda, low: Any, high: Any) -> Root:
        if not isinstance(equation, sp.Lambda) or len(equation.variables) != 1:
            raise TypeError(f"Root({equation!r}, ...): give the equation as sp.Lambda(unknown, …).")
        return super().__new__(cls, equation, sp.sympify(low), sp.sympify(high))

    @classmethod
    def of(cls, equation: sp.Expr, unknown: sp.Symbol, low: Any, high: Any) -> Root:
        """The root of `equation` = 0 in `unknown`, between `low` and `high`."""
        return cls(sp.Lambda(unknown, equation), low, high)

    is_real = True

    def _eval_is_positive(self) -> bool | None:
        return True if self.args[1].is_nonnegative else None

    def _eval_is_zero(self) -> bool | None:
        return False if self.args[1].is_nonnegative else None

    def _eval_subs(self, old: Any, new: Any) -> Any:
        (unknown,) = self.args[0].variables
        if old == unknown:
            return self
        if unknown in new.free_symbols:  # another of the same name
            other = sp.Dummy(unknown.name, **unknown.assumptions0)
            return self.func.of(self.args[0](other), other, *self.args[1:]).subs(old, new)
        return None

    def _eval_evalf(self, prec: int) -> sp.Expr:
        if self.free_symbols:
            return self
        with mpmath.workprec(prec + 20):
            value = sp.lambdify((), self, modules="mpmath")()
        return sp.Float(value, precision=prec)

    def _numpycode(self, printer: Any) -> str:
        # The printed function is imported from here by what is made of the text (`sp.lambdify`).
        name = printer._module_format(f"{__name__}.{bracketed.__name__}")
        # Roots within a root have other names; always the same, for SymPy remembers what it made.
        place = sp.Symbol(f"unknown_{len(self.atoms(Root))}")
        equation, low, high = map(printer._print, (self.args[0](place), *self.args[1:]))
        return f"{name}(lambda {printer._print(place)}: {equation}, {low}, {high})"

    def _mpmathcode(self, printer: Any) -> str:
        exact = printer._module_format("mpmath.mpf")  # the ends may be integers of Python
        return f"{self._numpycode(printer)[:-1]}, {exact})"

    def _latex(self, printer: Any, *_: Any) -> str:
        equation, unknown, low, high = map(printer._print, self._shown())
        ends = f"{low} < {unknown} < {high}"
        return rf"\operatorname{{root}}_{{{ends}}}\left({equation}\right)"

    def _sympystr(self, printer: Any) -> str:
        equation, unknown, low, high = map(printer._print, self._shown())
        return f"(the root of {equation} for {low} < {unknown} < {high})"

    def _shown(self) -> tuple[sp.Expr, ...]:
        """The equation in a symbol of the unknown's name, that symbol, and the ends."""
        unknown = sp.Symbol(self.args[0].variables[0].name)  # a dummy would be printed as one
        return self.args[0](unknown), unknown, *self.args[1:]


def bracketed(function: Any, low: Any, high: Any, exact: Any = None) -> Any:
    """Where the real part of a function changes its sign, to the precision of its arguments.

    These are arrays, and it is infinite where there is no such place; or numbers, of type `exact`.

    **Raises:** ValueError for numbers between which there is none.
    """
    if exact:
        low, high = exact(low), exact(high)
    rising = function(high).real > 0
    there = ((function(low).real > 0) != rising) & (low.real < high.real)
    if there is False:
        raise ValueError("a root is sought where the equation changes no sign")
    if exact:
        return mpmath.findroot(
            function, (low, high), solver="anderson", maxsteps=1000, verify=False
        )
    for _ in range(60):
        middle = (low + high) / 2
        beyond = 1 * ((function(middle).real > 0) == rising)
        low, high = low + (1 - beyond) * (middle - low), high + beyond * (middle - high)
    return low / there
