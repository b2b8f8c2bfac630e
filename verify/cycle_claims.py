"""Claims on the Hopf bifurcation of a delay system, measured on collocated cycles.

For systems that `hopf_claims` does not take: several states or delays, delays that depend on the
state, subcritical bifurcations. Cycles are solved for as periodic orbits, stable or not.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from lemmata.verify.accuracy import Accuracy
from lemmata.verify.claim import Claim, Source, claim
from lemmata.verify.compare.equal import Equal
from lemmata.verify.compare.threshold import Threshold
from lemmata.verify.compile import compiled
from lemmata.verify.deferred import Deferred, deferred
from lemmata.verify.domain import Domain, Point
from lemmata.verify.errors import Underivable
from lemmata.verify.measurement import Measurement

axis_crossing = deferred("lemmata.solvers.axis_crossing")
hopf = deferred("lemmata.theory.hopf")
orbit_branch = deferred("lemmata.solvers.orbit_branch")

#: names of parameters that LaTeX has a letter for
GREEK = "alpha|beta|gamma|delta|epsilon|eta|theta|kappa|lambda|mu|nu|rho|sigma|tau|phi|psi|omega"

Measure = Callable[[Any], tuple[Any, Any]]


@dataclass(frozen=True)
class Turned:
    """A system and the parameter that is turned, with the ranges in which its onset is looked for.

    `define`: a function without arguments that returns a `DelaySystem`.
    """

    define: Callable[[], Any]
    parameter: str
    parameters: tuple[float, float] = (0.02, 50.0)
    frequencies: tuple[float, float] = (0.05, 20.0)

    def derived(self, derivation: Deferred) -> Callable[[], Any]:
        """The derivation for this system and parameter, when it is asked for."""

        def derive() -> Any:
            try:
                system = self.define()
                found = {str(one): one for one in system.parameters}
                if self.parameter not in found:
                    raise Underivable(
                        f"the parameter {self.parameter!r} that is turned is none of the system's: "
                        f"{', '.join(found) or 'it has none'}."
                    )
                return derivation(system, found[self.parameter])
            except ValueError as problem:  # the system is none, or has no closed form
                raise Underivable(str(problem)) from problem

        return derive

    def law(self, p: Point) -> Any:
        """The onset and the laws of the cycle, from periodic orbits of the full equation."""
        import jax

        model = compiled(self.define)
        args = {
            name: np.asarray(p[name], dtype=float)
            for name in model.parameters
            if name != self.parameter
        }
        # A domain without parameters is one point.
        turned = np.ones(np.shape(next(iter(p.values()), [0.0])))
        at = jax.vmap(lambda one, a: model.equilibrium(self._with(one, a)))
        states = at(turned, args)  # the parameter must not move them
        found = axis_crossing.first_crossing(
            model.field, states, model.delays, self._with, args,
            parameters=self.parameters, frequencies=self.frequencies,
        )  # fmt: skip

        def lane(y: Any, omega: Any, mu: Any, a: Any) -> Any:
            return orbit_branch.amplitude_law(
                model.field, y, model.delays, lambda one: self._with(one, a),
                omega=omega, parameter=mu,
            )  # fmt: skip

        return jax.jit(jax.vmap(lane))(states, found.omega, found.parameter, args)

    def _with(self, value: Any, args: Any) -> dict[str, Any]:
        return {**args, self.parameter: value}


def cycle_claims(
    turned: Turned, *, domain: Domain, id: str, source: Source, points: int | None = None
) -> list[Claim]:
    """Claims `critical-value`, `amplitude-law` and `period-law` of a system's first Hopf point.

    **Arguments:** the system with the parameter that is turned; `domain`: the other parameters;
    `id`: what the ids begin with; `source`: where the equation comes from.

    The laws are as in `hopf_claims`; a negative limit of A^2 over the distance says that the
    bifurcation is subcritical (where the pair crosses to the right).
    """

    def made(name: str, says: str, derivation: Deferred, rule: Any, measure: Measure) -> Claim:
        def measured(p: Point, accuracy: Accuracy) -> Measurement:
            law = turned.law(p)
            value, error = measure(law)
            ok = np.asarray(law.converged)
            note = np.where(ok, "", "the periodic orbits did not converge").tolist()
            return Measurement(np.asarray(value), bias=np.asarray(error), converged=ok, note=note)

        measured.__doc__ = "From periodic orbits by Fourier collocation, carried to amplitude zero."
        return claim(
            f"{id}/{name}", source=source, says=says, domain=domain, points=points,
            predicted=turned.derived(derivation), compare=rule, batched=True,
            uses=() if name == "critical-value" else (f"{id}/critical-value",),
        )(measured)  # fmt: skip

    greek = re.fullmatch(GREEK, turned.parameter)
    symbol = rf"\{turned.parameter}" if greek else turned.parameter
    close = "orbits at six amplitudes carry it to 1e-6"
    return [
        made(
            "critical-value", rf"{symbol}_c \text{{, where cycles begin}}", hopf.critical_delay,
            Threshold(relative=1e-4, because=close),
            lambda law: (law.parameter, law.parameter_error),
        ),
        made(
            "amplitude-law", r"A^2/(\mu - \mu_c) \to -4\,\mathrm{Re}\,\lambda'/\mathrm{Re}\,c_1",
            hopf.amplitude_law, Equal(relative=1e-4, because=close),
            lambda law: (law.amplitude_squared, law.amplitude_squared_error),
        ),
        made(
            "period-law", r"T'(\mu_c) = -\tfrac{2\pi}{\omega^2}(\mathrm{Im}\,\lambda' -"
            r" \mathrm{Im}\,c_1\,\mathrm{Re}\,\lambda'/\mathrm{Re}\,c_1)",
            hopf.period_law, Equal(relative=1e-4, absolute=1e-6, because=close), _period_slope,
        ),
    ]  # fmt: skip


def _period_slope(law: Any) -> tuple[Any, Any]:
    """dT/dmu from the relative slope and the period at the onset."""
    value = law.period_slope * law.period
    error = law.period_slope_error * law.period + np.abs(law.period_slope) * law.period_error
    return value, error
