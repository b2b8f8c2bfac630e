"""Does the finding on arXiv 2605.30392 hang on seeds, networks, thresholds or precision?

Learners run away at the start of the run and not late: that is the finding. Here are its numbers
where something else is varied, as the tables of `docs/delayed_repression_agents.md` have them: the
share of runs, at k = 10, that exceed a radical share of 0.40 in the whole run and in its second
half. It takes some three minutes; `--runs` sets how many runs a cell has.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable

import jax
import numpy as np

from lemmata.solvers.agent_network import Blocks, Populations, draw_populations
from lemmata.solvers.agent_rules import Condition
from lemmata.solvers.agents import Policy, simulate
from lemmata.solvers.regimes import runaway_second_half, runaway_whole_run

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
    runs = parser.parse_args().runs
    if runs < 2:
        parser.error(f"--runs {runs}: give at least 2.")
    jax.config.update("jax_enable_x64", True)
    populations = draw_populations(range(runs))
    agents = populations.agents
    learners = counts_of(populations, "q-learning")
    reactive = counts_of(populations, "reactive")

    def other_seeds() -> Iterable[tuple[str, str]]:
        yield f"seeds 0 to {runs - 1}", both(learners, agents)
        for start in (10_000, 20_000):
            others = draw_populations(range(start, start + runs))
            name = f"seeds {start} to {start + runs - 1}"
            yield name, both(counts_of(others, "q-learning", seed=start), agents)

    def other_networks() -> Iterable[tuple[str, str]]:
        for name, blocks in NETWORKS.items():
            drawn = draw_populations(range(runs), blocks)
            yield name, both(counts_of(drawn, "q-learning"), blocks.agents)

    def thresholds(counts: np.ndarray) -> Iterable[tuple[str, str]]:
        for above in (0.30, 0.35, 0.40, 0.45, 0.50):
            yield f"above {above:.2f}", both(counts, agents, above)

    table("Learners, other seeds", other_seeds())
    table("Learners, other networks", other_networks())
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
    print(f"correlation of runaway at delays 14 and 20: {np.corrcoef(whole[3:])[0, 1]:.2f}")


if __name__ == "__main__":
    main()
