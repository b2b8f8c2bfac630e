"""Turn a model that `theory/` defines symbolically into JAX functions for `solvers/`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from lemmata.verify.deferred import Deferred

if TYPE_CHECKING:
    from lemmata.theory.delay_system import DelaySystem

Arguments = Mapping[str, Any]


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

    def field(t: Any, y: Any, ylag: tuple[Any, ...], args: Arguments) -> Any:
        return function(y, ylag[0], *(args[name] for name in parameters))

    return field


@dataclass(frozen=True, eq=False)
class CompiledSystem:
    """A `DelaySystem` as functions of numbers.

    **Fields:**

    - `field`: `f(t, y, ylag, args)`; y has shape `(n,)` for n states, `()` for one.
    - `delays`: one `(t, y, args) -> lag` for each delay.
    - `equilibrium`: `args -> y`, the steady state that is meant, where a solver starts.
    - `parameters`: the names that are looked up in `args`.
    """

    field: Callable[..., Any]
    delays: tuple[Callable[..., Any], ...]
    equilibrium: Callable[[Arguments], Any]
    parameters: tuple[str, ...]


@lru_cache
def compiled(define: Callable[[], DelaySystem]) -> CompiledSystem:
    """The system that `define` returns; the same object for the same function."""
    import jax.numpy as jnp
    import sympy as sp

    system = define()
    state, lagged = list(system.state), [s for group in system.delayed for s in group]
    parameters = sorted(system.parameters, key=str)
    names = tuple(str(symbol) for symbol in parameters)
    scalar = len(state) == 1

    def unpack(y: Any) -> list[Any]:
        return [y] if scalar else list(y)

    def own(expressions: Any) -> list[Any]:
        """The parameters that occur: a delay that is a parameter is none of the field's."""
        return [one for one in parameters if any(one in e.free_symbols for e in expressions)]

    def function(symbols: list[Any], expressions: Any) -> Callable[..., Any]:
        needed = own(expressions)
        inner = sp.lambdify([*symbols, *needed], list(expressions), modules="jax")

        def outer(args: Arguments, *values: Any) -> Any:
            found = inner(*values, *(args[str(one)] for one in needed))
            # A constant comes back as a Python number, whatever the shape of the state.
            like = sum(values) if values else 0.0
            rows = [jnp.asarray(one, float) + 0 * like for one in found]
            return rows[0] if scalar else jnp.stack(rows)

        return outer

    rate, rest = function([*state, *lagged], system.rate), function([], system.equilibrium)

    def field(t: Any, y: Any, ylag: tuple[Any, ...], args: Arguments) -> Any:
        return rate(args, *unpack(y), *(value for past in ylag for value in unpack(past)))

    def delay(lag: Any) -> Callable[..., Any]:
        needed = own([lag])
        inner = sp.lambdify([*state, *needed], lag, modules="jax")
        return lambda t, y, args: inner(*unpack(y), *(args[str(one)] for one in needed))

    return CompiledSystem(field, tuple(delay(lag) for lag in system.delays), rest, names)
