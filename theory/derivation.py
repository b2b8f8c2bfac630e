"""A derivation is data: a closed form, the steps that lead to it, and what they assume.

Replaying a derivation checks each step; nothing in it is taken on trust but the assumptions that
stand in words.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from random import Random

import sympy as sp
from sympy.core.relational import Relational

from lemmata.theory.printing import relation_mathml, steps_latex, steps_text
from lemmata.theory.replay import Replayed, Status, replay_step
from lemmata.theory.sampling import admissible_points, check_conditions, rational
from lemmata.theory.step import Relation, Step, exact_expression

__all__ = ["Derivation", "Relation", "Replayed", "Status", "Step"]


@dataclass(frozen=True)
class Derivation:
    r"""The closed form `statement` of `quantity`, by `steps`.

    **Arguments:**

    - `quantity`: the symbol of what is derived; it does not occur in the statement.
    - `statement`: its closed form in the parameters; a side of the last step.
    - `steps`: equalities (or strict inequalities), each with its reason.
    - `assumes`: what is taken for granted, in words.
    - `where`: conditions on the symbols, beyond the symbols' own assumptions, that every
      admissible point satisfies. An inequality makes its symbols real.

    >>> x, area = sp.symbols("x A", positive=True)
    >>> square = Derivation(area, x**2, (Step("by parts", sp.Integral(2 * x, (x, 0, x)), x**2),))
    >>> square.replays()
    '1 step: 1 checked at 8 points to 50 digits'
    """

    quantity: sp.Symbol
    statement: sp.Expr
    steps: tuple[Step, ...]
    assumes: tuple[str, ...] = ()
    where: tuple[Relational, ...] = ()

    def __post_init__(self) -> None:
        if not isinstance(self.quantity, sp.Symbol):
            raise TypeError(
                f"quantity={self.quantity!r} is a {type(self.quantity).__name__}; "
                "name what is derived by a SymPy symbol."
            )
        statement = exact_expression(self.statement, f"statement of {self.quantity}")
        object.__setattr__(self, "statement", statement)
        for name in ("steps", "assumes", "where"):
            if not isinstance(getattr(self, name), tuple):
                raise TypeError(
                    f"derivation of {self.quantity}: {name}={getattr(self, name)!r} is not a "
                    "tuple; a derivation is a value, write (item,) for a single item."
                )
        if not self.steps:
            raise ValueError(
                f"derivation of {self.quantity}: there are no steps, so that {statement} would "
                "be asserted and not derived; give at least one Step."
            )
        if self.quantity in statement.free_symbols:
            raise ValueError(
                f"derivation of {self.quantity}: the statement {statement} contains the quantity "
                "itself; solve for it."
            )
        last = self.steps[-1]
        if last.relation != "=" or statement not in (last.left, last.right):
            raise ValueError(
                f"derivation of {self.quantity}: the statement {statement} is no side of the last "
                f"step ({last.left} {last.relation} {last.right}); end with the equality that "
                "concludes it."
            )
        check_conditions(self.where)
        self._check_names()

    def _check_names(self) -> None:
        """Two symbols of one name would print alike and be drawn apart."""
        counts = Counter(symbol.name for symbol in {self.quantity} | self._symbols())
        twice = sorted(name for name, count in counts.items() if count > 1)
        if twice:
            raise ValueError(
                f"derivation of {self.quantity}: two different symbols are called {twice[0]!r} "
                "(they differ in their assumptions); define the symbol once and share it."
            )

    def _symbols(self) -> set[sp.Symbol]:
        sides = [side for step in self.steps for side in (step.left, step.right)]
        return set().union(*(part.free_symbols for part in (*sides, *self.where)))

    def replay(
        self,
        points: int = 8,
        digits: int = 50,
        seed: int = 0,
        among: Sequence[Mapping[str, object]] = (),
    ) -> tuple[Replayed, ...]:
        """Check every step: by SymPy, and in numbers at random admissible points.

        `among`: values of symbols, by name, that half of the points take: where it will be used.
        """
        if points < 1:
            raise ValueError(f"points={points}: a step is checked at one point at least.")
        if digits < 20:
            raise ValueError(
                f"digits={digits} is too few to tell zero from small, for ten of them are left to "
                "rounding; use at least 20."
            )
        named = tuple(
            tuple(sorted((name, rational(value)) for name, value in one.items())) for one in among
        )
        return _replay(self, points, digits, seed, named)

    def gaps(self) -> tuple[Replayed, ...]:
        """The steps that nothing settles."""
        return tuple(replayed for replayed in self.replay() if replayed.status == "gap")

    def falsehoods(self) -> tuple[Replayed, ...]:
        """The steps that fail at an admissible point."""
        return tuple(replayed for replayed in self.replay() if replayed.status == "false")

    def holds(self) -> bool:
        """Whether every step is proved or checked."""
        return all(replayed.status in ("proved", "checked") for replayed in self.replay())

    def replays(
        self,
        points: int = 8,
        digits: int = 50,
        seed: int = 0,
        among: Sequence[Mapping[str, object]] = (),
    ) -> str:
        """What became of the steps, in a line."""
        counts = Counter(one.status for one in self.replay(points, digits, seed, among))
        parts = []
        for status in ("proved", "checked", "false", "gap"):
            if counts[status]:
                how = f" at {points} points to {digits} digits" if status == "checked" else ""
                parts.append(f"{counts[status]} {status}{how}")
        total = len(self.steps)
        return f"{total} step{'s' if total > 1 else ''}: {', '.join(parts)}"

    def to_latex(self) -> str:
        """The steps as an `align*` environment with reasons, and the conclusion."""
        return steps_latex(self.steps, self.quantity, self.statement)

    def to_mathml(self) -> tuple[str, ...]:
        """One presentation `<math>` element a step, in the order of `steps`."""
        return tuple(relation_mathml(s.left, s.relation, s.right) for s in self.steps)

    def to_text(self) -> str:
        """The steps as lines for a terminal, at most 100 columns wide where that can be."""
        return steps_text(self.steps, self.quantity, self.statement)


# A derivation is a value and its replay a function of it, so that `gaps` and `falsehoods` share.
@lru_cache(maxsize=64)
def _replay(
    derivation: Derivation,
    points: int,
    digits: int,
    seed: int,
    among: tuple[tuple[tuple[str, sp.Rational], ...], ...],
) -> tuple[Replayed, ...]:
    symbols = derivation._symbols()
    # Some to spare: a point at which the numbers settle nothing is passed over.
    pool = admissible_points(
        symbols, derivation.where, points + 4, Random(seed), [dict(one) for one in among]
    )
    return tuple(replay_step(step, pool, points, digits) for step in derivation.steps)
