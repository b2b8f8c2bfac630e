"""Does the finding on arXiv 2605.30392 hang on seeds, networks, thresholds or precision?

Learners run away at the start of the run and not late: that is the finding. Here are its numbers
where something else is varied, as the tables of `docs/delayed_repression_agents.md` have them: the
share of runs, at k = 10, that exceed a radical share of 0.40 in the whole run and in its second
half. It takes some five minutes; `--runs` sets how many runs a cell has.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable

import jax
import numpy as np

from lemmata.solvers.agent_network import Blocks, Populations, draw_populations
from lemmata.solvers.agent_rules import Condition
from lemmata.solvers.agents import Policy, simulate
from lemmata.solvers.regimes import runaway_second_half, runaway_whole_run, second_half

DELAYS = (0, 4, 8, 14, 20)
NETWORKS = {
    "six communities of 40 (the code)": Blocks(),
    "one of 240, equal mean degree": Blocks(communities=1, size=240, inside=3.92 / 239),
    "twelve of 20, inside 0.16": Blocks(communities=12, size=20, inside=0.16),
    "four of 60, 0.15 and 0.02 (the paper's denser)": Blocks(4, 60, 0.15, 0.02),
}


def counts_of(
    populations: Populations, policy: Policy, *, seed: int = 0, double: bool = False
) -> np.ndarray:
    """Radical counts, shape `(delays, runs, steps)`."""
    return simulate(
        populations, Condition(delay=np.array(DELAYS)), jax.random.key(seed),
        policy=policy, precision="double" if double else "single",
    )  # fmt: skip


def both(counts: np.ndarray, agents: int, above: float = 0.40) -> str:
    """The shares of runs above a threshold, in the whole run and late, in percent."""
    whole = runaway_whole_run(counts, agents, above).mean(axis=-1)
    late = runaway_second_half(counts, agents, above).mean(axis=-1)
    return " | ".join(f"{100 * w:.0f} / {100 * t:.1f}" for w, t in zip(whole, late, strict=True))


def larger_means(counts: np.ndarray, agents: int) -> str:
    """How many runs are runaway, and how many of them have a late mean above 0.30, in percent."""
    found = []
    for kind in (runaway_whole_run, runaway_second_half):
        runaway = kind(counts, agents)
        larger = runaway & (second_half(counts).mean(axis=-1) / agents > 0.30)
        shares = larger.sum(axis=-1) / np.maximum(runaway.sum(axis=-1), 1)
        found.append(
            [f"{100 * x:.0f}" if n else "–" for x, n in zip(shares, runaway.sum(-1), strict=True)]
        )
    return " | ".join(map(" / ".join, zip(*found, strict=True)))


def table(title: str, rows: Iterable[tuple[str, str]]) -> None:
    """A table of shares by delay, a row for each thing that is varied."""
    print(f"\n{title}, whole run / second half, % of the runs\n")
    print("| | " + " | ".join(f"Δ = {delay}" for delay in DELAYS) + " |")
    print("| --- " * (1 + len(DELAYS)) + "|")
    for name, shares in rows:
        print(f"| {name} | {shares} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=512, help="runs a cell (512)")
    runs = parser.parse_known_args()[0].runs  # `make bench` has one set for all
    if runs < 2:
        parser.error(f"--runs {runs}: give at least 2.")
    jax.config.update("jax_enable_x64", True)
    populations = draw_populations(range(runs))
    agents = populations.agents
    learners = counts_of(populations, "q-learning")
    reactive = counts_of(populations, "reactive")

    drawn = {name: draw_populations(range(runs), blocks) for name, blocks in NETWORKS.items()}
    for policy in ("q-learning", "reactive"):
        others = {name: counts_of(one, policy) for name, one in drawn.items()}
        for start in (10_000, 20_000):
            name = f"the code's, seeds {start} to {start + runs - 1}"
            others[name] = counts_of(
                draw_populations(range(start, start + runs)), policy, seed=start
            )
        rows = [(name, both(counts, agents)) for name, counts in others.items()]
        table(f"{policy} agents, other networks and seeds", rows)
        rows = [(name, both(counts, agents, 0.35)) for name, counts in others.items()]
        table(f"{policy} agents, other networks and seeds, above 0.35", rows)
        rows = [(name, larger_means(counts, agents)) for name, counts in others.items()]
        table(f"{policy} agents, runaway runs with a mean above 0.30", rows)

    def thresholds(counts: np.ndarray) -> Iterable[tuple[str, str]]:
        for above in (0.30, 0.35, 0.40, 0.45, 0.50):
            yield f"above {above:.2f}", both(counts, agents, above)

    table("Learners, other thresholds", thresholds(learners))
    table("Reactive agents, other thresholds", thresholds(reactive))

    double = counts_of(populations, "q-learning", double=True)
    table(
        "Learners, other precision",
        [("single", both(learners, agents)), ("double", both(double, agents))],
    )
    same = np.all(learners == double, axis=-1).sum(axis=-1)
    print(f"\nruns with equal counts in both precisions, of {runs} by delay: {same.tolist()}")

    late_start = np.max(learners[..., 50:], axis=-1) / agents > 0.40
    print(f"learners above 0.40 after step 50: {100 * late_start.mean(axis=-1)} %")
    whole = runaway_whole_run(learners, agents).astype(float)
    peaks = np.argmax(learners[4], axis=-1)[whole[4] > 0]
    print(f"step of the peak of runaway runs at delay 20: median {np.median(peaks):.0f}")
    calm = np.max(second_half(reactive), axis=-1) == 0
    print(f"reactive, without radicals in the second half: {100 * calm.mean(axis=-1)} %")
    stated = Condition(delay=4, benefit=(0.0, 1.0, 2.0), cost=(0.0, 1.0, 2.0))
    long = simulate(
        populations[:64], stated, jax.random.key(0),
        policy="q-learning", precision="single", steps=8000,
    )[0] / agents  # fmt: skip
    for start in (250, 7750):
        share = long[:, start : start + 250].mean()
        print(f"payoffs as stated, steps {start} to {start + 250}: {share:.2f} radical")
    print(f"correlation of runaway at delays 14 and 20: {np.corrcoef(whole[3:])[0, 1]:.2f}")


if __name__ == "__main__":
    main()
