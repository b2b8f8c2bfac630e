"""What arXiv 2605.30392 prints of its delayed replicator equation: a table and experiment 1.

The numbers are the paper's, to its digits; what is measured knows the equation alone.
"""

from __future__ import annotations

import dataclasses
from fractions import Fraction
from functools import lru_cache
from typing import Any

import numpy as np

from lemmata.verify import hopf_measure
from lemmata.verify.api import (
    Accuracy,
    Certificate,
    Domain,
    Equal,
    Integers,
    Interval,
    Log,
    Measurement,
    Point,
    Sign,
    claim,
    deferred,
)
from lemmata.verify.claims.delayed_repression import field, paper, resting

certify = deferred("lemmata.verify.certify")
characteristic = deferred("lemmata.theory.characteristic")
equilibrium = deferred("lemmata.solvers.equilibrium")
fixed_step = deferred("lemmata.solvers.fixed_step")
orbit_branch = deferred("lemmata.solvers.orbit_branch")
replicator_cycle = deferred("lemmata.theory.replicator_cycle")
replicator_sharpness = deferred("lemmata.theory.replicator_sharpness")
spectrum = deferred("lemmata.solvers.spectrum")

TABLE = {"a": 2.0, "C": 5.0, "k": 10.0, "x_c": 0.5}
EXPERIMENT = {"a": 2.0, "C": 7.0, "k": 10.0, "x_c": 0.72}


def _at(values: dict[str, float]) -> hopf_measure.Resting:
    return resting(Point({name: np.array([value]) for name, value in values.items()}))


def _one(many: Measurement) -> Measurement:
    """The only lane of a batch."""
    ok = bool(np.all(many.converged))
    return Measurement(
        float(np.asarray(many.value)[0]), bias=float(np.asarray(many.bias)[0]), converged=ok
    )


def _printed(name: str, place: str, says: str, value: float, last_digit: float, **more: Any) -> Any:
    """A claim that a number comes out as printed: within half of its last digit."""
    return claim(
        f"delayed-repression/{name}", source=paper.at(place), says=says, domain=Domain(),
        predicted=value, reported=f"{value:g}",
        compare=Equal(absolute=last_digit / 2, because="half of the last digit that is printed"),
        **more,
    )  # fmt: skip


_table = "Table of normal-form coefficients at (a, C, k, x_c) = (2, 5, 10, 0.5)"


@lru_cache
def _table_law() -> tuple[Measurement, Measurement]:
    """The limit of A^2 / (delay - onset) of periodic orbits, and the speed of the crossing roots.

    The orbits are collocated, for a table of four digits wants more than simulations give.
    """
    import jax

    at, accuracy = _at(TABLE), Accuracy()
    onset = hopf_measure.critical_delay_by_roots(at, accuracy, relative=1e-10)
    omega = spectrum.rightmost(*at.linear, onset.value).root.imag

    @jax.jit  # one program, not each of its operations by itself
    def orbits(state: Any, omega: Any, delay: Any) -> Any:
        return orbit_branch.amplitude_law(
            at.field, state, (lambda t, y, args: args["delay"],),
            lambda delay: {**TABLE, "delay": delay}, omega=omega, parameter=delay,
        )  # fmt: skip

    law = orbits(at.state[0], omega[0], onset.value[0])
    rise = Measurement(
        float(law.amplitude_squared),
        bias=float(law.amplitude_squared_error),
        converged=bool(law.converged),
    )
    return rise, _one(hopf_measure.crossing_speed(at, accuracy))


def _table_coefficient() -> Measurement:
    """Re c1 = -4 Re lambda' / lim A^2 / (delay - onset), as at rest on a cycle of A = 2 |z|."""
    rise, speed = _table_law()
    value = -4 * speed.value / rise.value
    error = abs(value) * (rise.bias / abs(rise.value) + speed.bias / abs(speed.value))
    return Measurement(value, bias=error, converged=rise.converged and speed.converged)


def proved_coefficient() -> Certificate:
    """Proof at the printed parameters: where the pair crosses, that it does, and Re c1's digits.

    The interval of Re c1 is that of the closed form, so it rests on its derivation.
    """
    model = replicator_cycle.system()
    at = {name: Fraction(str(value)) for name, value in TABLE.items()}
    found = certify.certify_hopf(
        characteristic.characteristic_function(model).subs(characteristic.exponentials(model)),
        characteristic.root.resolve(), "omega", "Delta",
        start={"omega": 3.0, "Delta": 0.53}, at=at, re_c1=replicator_cycle.coefficient(),
    )  # fmt: skip
    proof, bounds = found.certificate, found.lyapunov
    where = ", ".join(f"{name} = {value}" for name, value in at.items())
    proof = dataclasses.replace(proof, statement=f"at {where}: {proof.statement}")
    if bounds is None:
        return proof
    printed, half = Fraction("-40.85"), Fraction("0.005")
    inside = printed - half <= bounds[0] and bounds[1] <= printed + half
    outside = bounds[1] < printed - half or bounds[0] > printed + half
    digits = Certificate(
        f"Re c_1 rounds to {float(printed)}",
        "proved" if inside else "disproved" if outside else "undecided", 1, proof.precision,
        reason="" if inside else f"it is between {float(bounds[0])} and {float(bounds[1])}",
    )  # fmt: skip
    return certify.together(proof, digits)


@_printed(
    "table/re-c1", _table, r"\mathrm{Re}\, c_1(0) = -40.85", -40.85, 0.01,
    uses=("delayed-repression/lyapunov-coefficient",), certified=proved_coefficient,
)  # fmt: skip
def table_re_c1(p: Point, accuracy: Accuracy) -> Measurement:
    """From the amplitudes of periodic orbits and the speed of the crossing roots."""
    return _table_coefficient()


@_printed(
    "table/mu-2",
    _table,
    r"\mu_2 = 15.95",
    15.95,
    0.01,
    uses=("delayed-repression/cycle-amplitude",),
)
def table_mu_2(p: Point, accuracy: Accuracy) -> Measurement:
    """Four over the limit of A^2 / (delay - onset) of periodic orbits."""
    rise, _ = _table_law()
    value = 4 / rise.value
    return Measurement(value, bias=value * rise.bias / rise.value, converged=rise.converged)


@_printed(
    "table/beta-2", _table, r"\beta_2 = 2\, \mathrm{Re}\, c_1(0) = -81.7", -81.7, 0.1,
    uses=("delayed-repression/lyapunov-coefficient",),
)  # fmt: skip
def table_beta_2(p: Point, accuracy: Accuracy) -> Measurement:
    """Twice the coefficient that the orbits give."""
    one = _table_coefficient()
    return Measurement(2 * one.value, bias=2 * one.bias, converged=one.converged)


_first = "Experiment 1, the bifurcation diagram at (a, C, k, x_c) = (2, 7, 10, 0.72)"


@_printed(
    "experiment-1/equilibrium", _first, "x^* = 0.63", 0.63, 0.01,
    uses=("delayed-repression/interior-equilibrium",),
)  # fmt: skip
def experiment_1_equilibrium(p: Point, accuracy: Accuracy) -> Measurement:
    """By a scan and bisection."""
    return Measurement(float(_at(EXPERIMENT).state[0]), bias=1e-12)


@_printed(
    "experiment-1/onset", _first, r"\Delta_c = 0.47", 0.47, 0.01,
    uses=("delayed-repression/critical-delay",),
)  # fmt: skip
def experiment_1_onset(p: Point, accuracy: Accuracy) -> Measurement:
    """The delay at which small perturbations of the simulated equation begin to grow."""
    return _one(hopf_measure.critical_delay(_at(EXPERIMENT), accuracy))


#: the paper draws 80 delays from 0 to 4 critical ones, the first of which is none
DELAYS = 80


def ratio() -> Any:
    """The delay over the critical one, less one, at place i of the diagram."""
    import sympy as sp

    return 4 * sp.Symbol("i") / (DELAYS - 1) - 1


@claim(
    "delayed-repression/experiment-1/diagram",
    source=paper.at(_first),
    says=r"x(t) \to x^* \text{ for } \Delta < \Delta_c, \text{ and a limit cycle for }"
    r" \Delta > \Delta_c",
    reading="at the 79 delays drawn: half the range of x for t in [80, 120] is above 0.01, or not",
    domain=Domain(i=Integers(1, DELAYS - 1)),
    predicted=ratio,
    compare=Sign(because="settled or not"),
    uses=("delayed-repression/critical-delay",),
    points=DELAYS - 1,
    batched=True,
)
def experiment_1_diagram(p: Point, accuracy: Accuracy) -> Measurement:
    """The simulated swing between t = 80 and 120, less 0.01."""
    swing, error, seen = _swings(accuracy.effort)
    index = np.asarray(p.i, dtype=int) - 1
    return Measurement(swing[index] - 0.01, bias=error[index], arrays=seen)


@claim(
    "delayed-repression/experiment-1/amplitude-grows",
    source=paper.at(_first),
    says=r"\Delta_c < \Delta < \Delta' \Rightarrow A(\Delta) < A(\Delta')",
    reading="the curve of the diagram rises from each delay that is drawn to the next",
    domain=Domain(i=Integers(20, DELAYS - 2)),
    predicted=1,
    compare=Sign(because="only that it grows is claimed"),
    uses=("delayed-repression/experiment-1/diagram",),
    points=DELAYS - 21,
    batched=True,
)
def experiment_1_amplitude_grows(p: Point, accuracy: Accuracy) -> Measurement:
    """The difference of the simulated swings at two neighbouring delays."""
    swing, error, _ = _swings(accuracy.effort)
    index = np.asarray(p.i, dtype=int) - 1
    return Measurement(swing[index + 1] - swing[index], bias=error[index + 1] + error[index])


#: the places in the diagram whose paths are kept: on both sides of the onset, which is at 19.75
PATHS = (15, 19, 21, 30)


@lru_cache
def _swings(effort: float) -> tuple[np.ndarray, np.ndarray, dict[str, np.ndarray]]:
    """Half the range of x for t in [80, 120] at every delay of the diagram, and its error.

    And what a picture shows of the runs: the ends of that range, and some paths up to t = 40.
    """
    import jax
    import jax.numpy as jnp

    at = _at(EXPERIMENT)
    onset = float(hopf_measure.critical_delay_by_roots(at, Accuracy(effort)).value[0])
    delays = 4 * onset * jnp.arange(1, DELAYS) / (DELAYS - 1)
    start = float(at.state[0]) + 0.05

    def swing(delay: Any, step: float) -> Any:
        run = fixed_step.solve_fixed(
            at.field, lambda t: jnp.asarray(start), (delay,), step=step,
            steps=round(120 / step), args=EXPERIMENT, longest=round(2 / step),
        )  # fmt: skip
        late = run.ys[-round(40 / step) :]
        high, low = jnp.max(late), jnp.min(late)
        return (high - low) / 2, high, low, run.ys[: round(40 / step) : round(0.05 / step)]

    (fine, high, low, paths), (coarse, *_) = (
        tuple(map(np.asarray, jax.vmap(lambda delay, h=h: swing(delay, h))(delays)))
        for h in (0.005, 0.01)
    )
    rows = np.array(PATHS) - 1
    seen = {"delay": delays, "high": high, "low": low, "path delay": np.asarray(delays)[rows],
            "t": 0.05 * np.arange(paths.shape[1]), "path": paths[rows],
            "rest": at.state, "onset": onset}  # fmt: skip
    # An axis in front, or each point would keep its own alone.
    return fine, np.abs(fine - coarse), {name: np.asarray(v)[None] for name, v in seen.items()}


@claim(
    "delayed-repression/sharper-sooner",
    source=paper.at("Monotonicities of the critical delay"),
    says=r"\frac{\partial \Delta_c}{\partial k}\Big|_{x^*} ="
    r" -\frac{\pi}{2 k^2 a\, x^* (1 - x^*) (1 - a/C)} < 0",
    domain=Domain(
        ratio=Interval(0.02, 0.98),
        C=Log(0.1, 100),
        k=Log(0.3, 100),
        x_star=Interval(0.02, 0.98),
        defining={"a": lambda p: p.ratio * p.C},
    ),
    predicted=replicator_sharpness.sharpness,
    compare=Equal(relative=1e-4, because="differences at two spacings agree to 1e-6"),
    uses=("delayed-repression/critical-delay",),
    batched=True,
)
def sharper_sooner(p: Point, accuracy: Accuracy) -> Measurement:
    """Differences of critical delays in k, x_c moved so that the right-hand side keeps its zero."""
    h = 1e-2 / accuracy.effort**0.25
    coarse, fine = (_slope_in_k(p, spacing, accuracy) for spacing in (2 * h, h))
    value = fine.value + (fine.value - coarse.value) / 3  # central differences err by h squared
    error = np.abs(fine.value - coarse.value) / 10 + coarse.bias + fine.bias
    return Measurement(value, bias=error, converged=fine.converged & coarse.converged)


def _slope_in_k(p: Point, h: float, accuracy: Accuracy) -> Measurement:
    below, above = (
        hopf_measure.critical_delay_by_roots(
            _resting_at(Point({**p, "k": p.k * (1 + s)})), accuracy, relative=1e-10
        )
        for s in (-h, h)
    )
    width = 2 * h * p.k
    return Measurement(
        (above.value - below.value) / width,
        bias=(above.bias + below.bias) / width,
        converged=np.logical_and(above.converged, below.converged),
    )


def _resting_at(p: Point) -> hopf_measure.Resting:
    """The equation whose interior equilibrium is x_star: its x_c is found by bisection."""
    x, names = np.asarray(p.x_star, dtype=float), ("a", "C", "k")
    args = {name: np.asarray(p[name], dtype=float) for name in names}
    rate = field()

    def at_rest(x_c: Any, both: Any) -> Any:
        y, others = both
        return rate(0.0, y, (y,), {**others, "x_c": x_c})

    found = equilibrium.interior_zeros(at_rest, x - 10 / args["k"], x + 10 / args["k"], (x, args))
    return hopf_measure.Resting(rate, x, {**args, "x_c": np.asarray(found.value)})
