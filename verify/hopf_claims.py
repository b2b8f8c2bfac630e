"""From the right-hand side of a delay equation to claims on its Hopf bifurcation, in one call.

>>> from lemmata.verify.api import Domain, Log
>>> logistic = hopf_claims("r * x * (1 - x_tau)", domain=Domain(r=Log(0.1, 10)), id="my/logistic")
>>> [claim.id for claim in logistic][:2]
['my/logistic/critical-delay', 'my/logistic/crossing-speed']
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import lru_cache, partial
from inspect import signature
from typing import Any

import numpy as np

from lemmata.verify import hopf_measure
from lemmata.verify.accuracy import Accuracy
from lemmata.verify.claim import Claim, Paper, Source, claim
from lemmata.verify.compare.base import Comparison
from lemmata.verify.compare.equal import Equal
from lemmata.verify.compare.sign import Sign
from lemmata.verify.compare.threshold import Threshold
from lemmata.verify.compile import compiled
from lemmata.verify.deferred import Deferred, deferred
from lemmata.verify.domain import Domain, Point
from lemmata.verify.errors import Underivable, UsageError
from lemmata.verify.measurement import Measurement

certified_sign = deferred("lemmata.verify.certified_sign")
delay_system = deferred("lemmata.theory.delay_system")
hopf = deferred("lemmata.theory.hopf")
steady = deferred("lemmata.solvers.steady")

THEOREM = Paper(
    "Introduction to Functional Differential Equations",
    year=1993,
    doi="10.1007/978-1-4612-4342-7",
)


def hopf_claims(
    rhs: Any,
    *,
    domain: Domain,
    state: str = "x",
    delayed: str = "x_tau",
    delay: str = "tau",
    equilibrium: Any = None,
    id: str = "hopf",
    source: Source | None = None,
    points: int | None = None,
    only: Collection[str] | None = None,
) -> list[Claim]:
    r"""Claims on the Hopf bifurcation of $x'(t) = F(x(t), x(t - \tau))$ as the delay grows.

    **Arguments:**

    - `rhs`: F as text or a SymPy expression, in which `state` and `delayed` name x(t) and
      x(t - tau); or a function without arguments that returns a `DelaySystem` of one state and one
      delay. In text every other name is a positive parameter.
    - `domain`: intervals for the parameters, inside which a pair of roots must cross: the delayed
      feedback is negative and stronger than the present one.
    - `equilibrium`: the steady state that is meant, as text or expression, where SymPy does not
      find exactly one.
    - `id`: what the ids of the claims begin with; `source`: where the equation comes from.
    - `points`: how many points to sample, where the profile's number does not suit.
    - `only`: the names of the claims that are wanted, of those below; all unless given.

    **Returns:** five claims: `critical-delay`, `crossing-speed`, `criticality` (the sign of Re c1),
    `amplitude-law` (of A^2 over the distance from the onset) and `period-law`. Each is derived, and
    measured on the equation alone: growth of simulated perturbations, characteristic roots,
    simulated cycles. The signs of Re lambda' and of Re c1 are proved in ball arithmetic all over
    the domain, where that takes seconds. Keep the list in a variable of the module, so that it is
    found. A subcritical bifurcation has no small stable cycles to simulate: its last three claims
    stay inconclusive, and `cycle_claims` are for it.

    **Raises:** `UsageError` for parameters of the equation that the domain does not have, and for
    unknown names in `only`. An equation without a closed form is told of when a claim is decided.
    """
    if not isinstance(domain, Domain):
        raise UsageError(f"domain={domain!r}; give a Domain, such as Domain(r=Interval(1, 2)).")
    system = _definition(rhs, state, delayed, delay, equilibrium)
    if delay in domain.axes:
        raise UsageError(
            f"the domain has an interval for {delay!r}, the delay that is turned; leave it out."
        )
    names = [law.name for law in _LAWS]
    if only is None:
        only = names
    if isinstance(only, str) or not only or not set(only) <= set(names):
        raise UsageError(f"only={only!r}; give some of the names {', '.join(names)}, in a tuple.")
    if source is None:
        source = THEOREM.at("Hopf bifurcation, on the equation at hand")
    first = names[0]

    def of(law: _Law) -> Claim:
        derived = _Derived(law.derivation, system, domain)
        method, *others = law.measures
        made = claim(
            f"{id}/{law.name}", source=source, says=law.says, domain=domain, points=points,
            predicted=derived, compare=law.rule, batched=True, method=method,
            certified=_keeps_sign(derived, law.proves) if law.proves else None,
            uses=(f"{id}/{first}",) if law.name != first and first in only else (),
        )(_measured(system, law.measures[method]))  # fmt: skip
        for other in others:
            made = made.also(other, batched=True)(_measured(system, law.measures[other]))
        return made

    return [of(law) for law in _LAWS if law.name in only]


@dataclass(frozen=True)
class _Derived:
    """A derivation for a system, made when the claim is decided."""

    derivation: Deferred
    system: Callable[[], Any]
    domain: Domain

    def __call__(self) -> Any:
        try:
            return self.derivation(self._checked())
        except ValueError as problem:  # the equation is none, or has no closed form
            raise Underivable(str(problem)) from problem

    def _checked(self) -> Any:
        system = self.system()
        for symbol in system.parameters:
            axis = self.domain.axes.get(symbol.name)
            if axis is not None and symbol.is_positive and not float(axis.lo) > 0:
                raise UsageError(
                    f"{symbol.name} is {axis!r}, and stands for a positive number in the equation; "
                    "turn its sign there, or write the equation in SymPy symbols that are real."
                )
        return system


def _keeps_sign(derived: Callable[[], Any], name: str) -> Callable[[Domain], Any]:
    def prove(domain: Domain) -> Any:
        return certified_sign.KeepsSign(derived, name)(domain)

    return prove


def _measured(
    system: Callable[[], Any], measure: _Measure
) -> Callable[[Point, Accuracy], Measurement]:
    def measured(p: Point, accuracy: Accuracy) -> Measurement:
        return measure(_resting(system, p), accuracy)

    measured.__doc__ = measure.__doc__
    return measured


def _definition(
    rhs: Any, state: str, delayed: str, delay: str, equilibrium: Any
) -> Callable[[], Any]:
    """A function without arguments that returns the system, the same object for the same call."""
    if isinstance(rhs, Deferred):
        return rhs
    if callable(rhs) and not hasattr(rhs, "free_symbols"):
        if any(one.default is one.empty for one in signature(rhs).parameters.values()):
            raise UsageError(
                f"rhs={rhs!r} takes arguments; give the right-hand side as text, such as "
                "'-b * x_tau', or a function without arguments that returns a DelaySystem."
            )
        return rhs
    names = {"state": state, "delayed": delayed, "delay": delay}
    for role, name in names.items():
        if not isinstance(name, str) or not name.isidentifier():
            raise UsageError(f"hopf_claims({role}={name!r}): give a name such as 'x_tau'.")
    if len(set(names.values())) < len(names):
        raise UsageError(f"hopf_claims({names}): give three different names.")
    return lru_cache(partial(delay_system.scalar, rhs, equilibrium=equilibrium, **names))


def _resting(system: Callable[[], Any], p: Point) -> hopf_measure.Resting:
    """The equation at the steady state that is meant, as Newton's method finds it."""
    model = compiled(system)
    missing = [name for name in model.parameters if name not in p and name != _delay_name(system)]
    if missing:
        raise UsageError(
            f"the equation has the parameter {missing[0]!r} and the domain has "
            f"{', '.join(p) or 'none'}; give it an interval."
        )
    args = {name: np.asarray(p[name], dtype=float) for name in model.parameters if name in p}
    lanes = np.shape(next(iter(p.values()), [0.0]))  # a domain without parameters is one point
    start = np.broadcast_to(np.asarray(model.equilibrium(args)), lanes)
    return hopf_measure.Resting(model.field, steady.steady_state(model.field, start, args), args)


def _delay_name(system: Callable[[], Any]) -> str:
    return str(system().delays[0])


def _coefficient(at: hopf_measure.Resting, accuracy: Accuracy) -> Measurement:
    """Re c1 from the amplitudes of simulated cycles and the speed of the crossing roots."""
    return hopf_measure.birth(at, accuracy).coefficient


def _amplitude(at: hopf_measure.Resting, accuracy: Accuracy) -> Measurement:
    """The squared amplitude of simulated cycles over the distance, carried to the onset."""
    return hopf_measure.birth(at, accuracy).amplitude


def _period(at: hopf_measure.Resting, accuracy: Accuracy) -> Measurement:
    """The slope of simulated cycles' periods in the delay, carried to the onset."""
    return hopf_measure.birth(at, accuracy).period


_Measure = Callable[[hopf_measure.Resting, Accuracy], Measurement]


@dataclass(frozen=True)
class _Law:
    """What holds at every Hopf point: `proves` names the sign that is certified, if one is."""

    name: str
    says: str
    derivation: Deferred
    rule: Comparison
    measures: dict[str, _Measure]
    proves: str = ""


_LAWS = (
    _Law(
        "critical-delay",
        r"\tau_c = \arccos(-\alpha/\beta) / \sqrt{\beta^2 - \alpha^2}",
        hopf.critical_delay,
        Threshold(relative=1e-3, because="bisected to 1e-4; the claim is exact"),
        {
            "simulated growth": hopf_measure.critical_delay,
            "characteristic roots": hopf_measure.critical_delay_by_roots,
        },
    ),
    _Law(
        "crossing-speed",
        r"\mathrm{Re}\,\lambda'(\tau_c) = \omega^2/((1 - \alpha\tau_c)^2 + \omega^2\tau_c^2)",
        hopf.crossing_speed,
        Equal(relative=1e-4, because="differences at two spacings agree to 1e-6"),
        {"characteristic roots": hopf_measure.crossing_speed},
        proves=r"Re lambda'",
    ),
    _Law(
        "criticality",
        r"\mathrm{sign}\,\mathrm{Re}\,c_1",
        hopf.lyapunov_coefficient,
        Sign(because="the sign says whether small cycles are stable"),
        {"simulated cycles": _coefficient},
        proves="Re c1",
    ),
    _Law(
        "amplitude-law",
        r"A^2/(\tau - \tau_c) \to -4\,\mathrm{Re}\,\lambda'/\mathrm{Re}\,c_1",
        hopf.amplitude_law,
        Equal(relative=1e-3, because="cycles at six distances carry it to 1e-4"),
        {"simulated cycles": _amplitude},
    ),
    _Law(
        "period-law",
        r"T'(\tau_c) = -\tfrac{2\pi}{\omega^2}(\mathrm{Im}\,\lambda' -"
        r" \mathrm{Im}\,c_1\,\mathrm{Re}\,\lambda'/\mathrm{Re}\,c_1)",
        hopf.period_law,
        Equal(
            relative=3e-3,
            absolute=1e-2,
            because="a slope of periods at six distances, a pure number, is known to 1e-3",
        ),
        {"simulated cycles": _period},
    ),
)
