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
from lemmata.verify.cycle_claims import Turned, cycle_claims
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
    "gamma * (q * x_tau / (1 + x_tau**10) - x)",
    domain=Domain(q=Interval(1.5, 4), gamma=Log(0.1, 10)),
    equilibrium="(q - 1)**(1/10)",
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

babcock = Paper(
    "Dynamics of simple electronic neural networks", year=1987, doi="10.1016/0167-2789(87)90021-2"
)
neuron_pair = cycle_claims(
    Turned(classics.neuron_pair, "tau"),
    domain=Domain(
        a=Interval(0.5, 4),
        b=Interval(0.5, 4),
        where=(Condition("a b > 1.5", lambda p: p.a * p.b > 1.5),),
    ),
    id="hopf/neuron-pair",
    source=babcock.at("two neurons with delay"),
)

atay = Paper(
    "Van der Pol's oscillator under delayed feedback", year=1998, doi="10.1006/jsvi.1998.1843"
)
van_der_pol = cycle_claims(
    Turned(classics.van_der_pol, "tau"),
    domain=Domain(epsilon=Interval(0.1, 1), K=Interval(1.3, 3)),
    id="hopf/delayed-van-der-pol",
    source=atay.at("delayed feedback, here of the velocity"),
)

hale_huang = Paper(
    "Global geometry of the stable regions for two delay differential equations",
    year=1993,
    doi="10.1006/jmaa.1993.1312",
)
two_delays = cycle_claims(
    Turned(classics.two_delays, "b"),
    domain=Domain(
        tau_1=Log(0.3, 3),
        tau_2=Log(0.3, 3),
        where=(Condition("tau_2 < tau_1 < 2 tau_2", lambda p: p.tau_2 < p.tau_1 < 2 * p.tau_2),),
    ),
    id="hopf/two-delays",
    source=hale_huang.at("the equation with two equal coefficients"),
)

mallet_paret = Paper(
    "Boundary layer phenomena for differential-delay equations with state-dependent time lags, I",
    year=1992,
    doi="10.1007/BF00418497",
)
state_dependent = cycle_claims(
    Turned(classics.state_dependent, "tau"),
    domain=Domain(a=Log(0.3, 3), c=Interval(0.2, 1)),
    id="hopf/state-dependent-delay",
    source=mallet_paret.at("equations with a delay that depends on the state"),
)
