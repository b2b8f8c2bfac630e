"""Names in modules that are imported only when they are used.

The catalogue must be listed without importing SymPy or JAX, and yet a claim should name its
derivation and its solver like anything else. `deferred("lemmata.theory.replicator")` stands for
the module: attributes of it are named at once and looked up at the first call.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any


@dataclass(frozen=True)
class Deferred:
    """A dotted name inside a module, not imported yet.

    >>> sqrt = deferred("math").sqrt
    >>> sqrt(4.0)
    2.0
    """

    module: str
    path: tuple[str, ...] = ()

    def __getattr__(self, name: str) -> Deferred:
        if name.startswith("__"):  # copy, pickle and inspect probe for these
            raise AttributeError(name)
        return Deferred(self.module, (*self.path, name))

    def resolve(self) -> Any:
        """The object itself."""
        found = import_module(self.module)
        for name in self.path:
            found = getattr(found, name)
        return found

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.resolve()(*args, **kwargs)


def deferred(module: str) -> Deferred:
    """The module of this name, imported when something of it is first called."""
    return Deferred(module)
