"""Classic delay equations and their Hopf bifurcations."""

from __future__ import annotations

from lemmata.verify.api import (
    Condition,
    Domain,
    Interval,
    Log,
    Paper,
    deferred,
)
from lemmata.verify.hopf_claims import hopf_claims

classics = deferred("lemmata.theory.hopf_classics")
flips = deferred("lemmata.solvers.flips")
spectrum = deferred("lemmata.solvers.spectrum")

wright = Paper(
    "A non-linear difference-differential equation", year=1955, doi="10.1515/crll.1955.194.66"
)
logistic = hopf_claims(
    "r * x * (1 - x_tau / K)",
    domain=Domain(r=Log(0.1, 10), K=Log(0.1, 10)),
    equilibrium="K",
    id="hopf/delayed-logistic",
    source=wright.at("the delayed logistic equation of Hutchinson"),
)

mackey_glass_paper = Paper(
    "Oscillation and chaos in physiological control systems",
    year=1977,
    doi="10.1126/science.267326",
)
mackey_glass = hopf_claims(
    "gamma * (q * x_tau / (1 + x_tau**n) - x)",
    domain=Domain(
        q=Interval(1.5, 4),
        n=Interval(6, 14),
        gamma=Log(0.1, 10),
        where=(
            Condition("n (1 - 1/q) > 3: the feedback is stronger than the decay, and clearly so",
                      lambda p: p.n * (1 - 1 / p.q) > 3),
        ),
    ),
    equilibrium="(q - 1)**(1/n)",
    id="hopf/mackey-glass",
    source=mackey_glass_paper.at("the equation for the density of white blood cells"),
)  # fmt: skip

nicholson_paper = Paper("Nicholson's blowflies revisited", year=1980, doi="10.1038/287017a0")
nicholson = hopf_claims(
    "delta * (q * x_tau * exp(-x_tau) - x)",
    domain=Domain(q=Log(12, 80), delta=Log(0.1, 10)),
    equilibrium="log(q)",
    id="hopf/nicholson-blowflies",
    source=nicholson_paper.at("the equation for the number of adult flies"),
)
