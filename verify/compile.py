"""Turn a model that `theory/` defines symbolically into a JAX function for `solvers/`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from lemmata.verify.deferred import Deferred


@lru_cache
def delay_field(right_hand_side: Deferred, state: str, delayed: str) -> Callable[..., Any]:
    """The right-hand side of a scalar equation with one delay, as `f(t, y, ylag, args)`.

    **Arguments:** a function in `theory/` that returns the SymPy expression, and the names of its
    state and delayed state; every other symbol is looked up in `args`. The same function object
    comes back for the same model, so that JAX compiles what uses it once.
    """
    import sympy as sp

    expression = right_hand_side()
    symbols = {str(symbol): symbol for symbol in expression.free_symbols}
    parameters = sorted(set(symbols) - {state, delayed})
    order = [symbols.get(name, sp.Symbol(name)) for name in (state, delayed, *parameters)]
    function = sp.lambdify(order, expression, modules="jax")

    def field(t: Any, y: Any, ylag: tuple[Any, ...], args: Mapping[str, Any]) -> Any:
        return function(y, ylag[0], *(args[name] for name in parameters))

    return field
