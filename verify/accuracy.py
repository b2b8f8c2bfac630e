"""How hard a measurement is to work, and where its randomness comes from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import jax


@dataclass(frozen=True)
class Accuracy:
    """Handed to every measurement beside its parameters.

    **Fields:**

    - `effort`: 1 for a first look; more for a second one and for confirming a counterexample that
      is not plain. A
      measurement that takes draws or steps scales them with it (see `draws` and `steps`).
    - `entropy`: integers that name this look; two looks never share their randomness.
    - `common`: integers that name it for all claims at once: the run's seed, and 0 for a look that
      finds and shrinks counterexamples, another number for one that confirms. Claims that read
      the same costly simulation draw it from these, and run it once.
    - `found`: where a counterexample is confirmed, the effort of the look that found it; else 0.
    """

    effort: float = 1.0
    entropy: tuple[int, ...] = (0,)
    common: tuple[int, int] = (0, 0)
    found: float = 0.0

    def draws(self, base: int) -> int:
        """The number of random draws to take, where `base` serves for a first look."""
        return max(1, round(base * self.effort))

    def steps(self, base: int) -> int:
        """The number of steps or nodes, where `base` serves for a first look.

        It grows with the square root of the effort and never beyond four times the base: methods
        of high order gain more from a few more steps than from many.
        """
        return round(base * min(max(self.effort, 1.0) ** 0.5, 4.0))

    @cached_property
    def rng(self) -> np.random.Generator:
        """NumPy's generator for this look."""
        return np.random.default_rng(np.random.SeedSequence(self.entropy))

    @cached_property
    def key(self) -> jax.Array:
        """JAX's key for this look; split it, do not reuse it."""
        import jax

        return jax.random.key(int(np.random.SeedSequence(self.entropy).generate_state(1)[0]))
