"""`python -m benchmarks.delay_simulation`: how often intervals hold the truth, and how often tests cry wolf.

500 samples of each world; a share of 0.95 is then known to ± 0.019, one of 0.05 as well.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from benchmarks.delay_worlds import THRESHOLD, Truth, World
from benchmarks.tried_intervals import Tried, tried_intervals
from evaluator.delay import analyse_delay
from evaluator.delay_report import DelayRequest, ParadigmDelay, TestedLag
from evaluator.intervals import Interval
from exposure.tables import table

DELAY = 150.0
ALPHA = 0.05

STRONG = World(critical_spread=1.2, context_spread=0.3, item_spread=0.4, noise=0.3)
"""Words matter most: what a model makes of a pair depends on its critical lemma."""

WORLDS = {
    "nothing shared": World(critical_spread=0, context_spread=0),
    "shared lemmas": World(),
    "20 lemmas": World(critical_lemmas=20, context_lemmas=20),
    "100 lemmas": World(critical_lemmas=100, context_lemmas=100),
    "4 context words": World(context_lemmas=4, context_spread=0.2),
    "a tenth exposed": World(exposed=0.1),
    "exposed mostly by context": World(exposure="mostly by context"),
    "exposed mostly by lemma": World(exposure="mostly by lemma"),
    "strong lemmas": STRONG,
    "strong, mostly by lemma": replace(STRONG, exposure="mostly by lemma"),
    "the same, 20 lemmas": replace(STRONG, exposure="mostly by lemma", critical_lemmas=20),
    "strong, whole lemmas": replace(STRONG, exposure="by lemma"),
}
LOWER = {"lower plateau": World(validation_plateau=1.2)}
"""A lag without any delay: for intervals only."""
CONFOUNDED = {
    "easy lemmas exposed": World(exposure="easy lemmas"),
    "easy pairs exposed": World(exposure="easy pairs"),
}
"""Exposure goes with how easy pairs are, and a lag shows that too: for tests only."""

TABLES = ["intervals", "tried", "tests"]
ALL = list(WORLDS | LOWER | CONFOUNDED)


def simulate(world: World, samples: int, request: DelayRequest, seed: int = 0) -> Iterator[tuple[ParadigmDelay, int]]:
    """Analyses of samples of a world, with the place of the checkpoint that is nearest to the middle of the rise."""
    for number in range(samples):
        series, split = world.draw(np.random.default_rng([seed, number]))
        asked = replace(request, seed=number, thresholds=(THRESHOLD,), threshold=THRESHOLD)
        yield analyse_delay(series, split, asked).paradigms[0], len(world.steps) * 2 // 5


def coverage(world: World, samples: int, request: DelayRequest) -> dict[str, float]:
    """Share of 95 % intervals that hold the truth, by what they are of; an interval that is missing does not."""
    truth, held = Truth.of(world), dict[str, list[bool]]()
    for found, middle in simulate(world, samples, request):
        lag = found.lags[0]
        half_rise = None if found.half_rise is None else found.half_rise.lag.interval
        plateau = None if found.plateau is None else found.plateau.interval
        curve, accuracy = found.train, float(truth.accuracy[middle])
        bounds = (curve.bootstrap_low, curve.bootstrap_high), (curve.wilson_low, curve.wilson_high)
        bootstrap, wilson = (Interval(float(low[middle]), float(high[middle])) for low, high in bounds)
        for name, interval, value in (
            ("half-rise lag", half_rise, truth.half_rise_lag),
            ("lag at 0.80", lag.lag.interval, truth.lag),
            ("interpolated", lag.interpolated_interval, truth.interpolated_lag),
            ("plateaus", plateau, truth.plateau_difference),
            ("accuracy", bootstrap, accuracy),
            ("Wilson", wilson, accuracy),
        ):
            held.setdefault(name, []).append(interval is not None and interval.low <= value <= interval.high)
    return {name: float(np.mean(all_held)) for name, all_held in held.items()}


def rejections(world: World, samples: int, request: DelayRequest) -> dict[str, float]:
    """Share of samples in which each test gives p ≤ 0.05; where no test can be made it does not."""
    below: dict[str, list[bool]] = {}
    for found, _ in simulate(world, samples, request):
        lags: dict[str, TestedLag | None] = {
            "lag": found.lags[0].lag,
            "half-rise": None if found.half_rise is None else found.half_rise.lag,
        }
        for name, lag in lags.items():
            for kind, p in (
                ("random", None if lag is None else lag.random_split.p),
                ("within", None if lag is None else lag.within_lemma.p),
            ):
                below.setdefault(f"{name}, {kind}", []).append(p is not None and p <= ALPHA)
    return {name: float(np.mean(all_below)) for name, all_below in below.items()}


def main() -> None:
    """Print the three tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.delay_simulation", description=__doc__)
    parser.add_argument("--samples", type=int, default=500, help="of each world [%(default)s]")
    parser.add_argument("--draws", type=int, default=500, help="resamples and permutations [%(default)s]")
    parser.add_argument("--worlds", nargs="+", choices=ALL, default=ALL, metavar="NAME", help="[all]")
    parser.add_argument("--tables", nargs="+", choices=TABLES, default=TABLES, metavar="NAME", help=f"of {TABLES}")
    asked = parser.parse_args()
    few, many = (
        DelayRequest(permutations=1, resamples=asked.draws),
        DelayRequest(permutations=asked.draws, resamples=20),
    )
    true = {name: replace(world, delay=DELAY) for name, world in (WORLDS | LOWER).items() if name in asked.worlds}
    no_delay = {name: world for name, world in (WORLDS | CONFOUNDED).items() if name in asked.worlds}
    if "intervals" in asked.tables:
        title = f"Share of 95 % intervals that hold the truth; true delay {DELAY:.0f} steps"
        _print(title, {name: coverage(world, asked.samples, few) for name, world in true.items()})
    if "tried" in asked.tables:
        title = "The same for the half-rise lag, made in other ways (median width in steps)"
        _print(title, {name: _row(tried_intervals(world, asked.samples, few)) for name, world in true.items()})
    if "tests" in asked.tables:
        title = f"Share of samples with p ≤ {ALPHA:g}, no delay: false positives"
        _print(title, {name: rejections(world, asked.samples, many) for name, world in no_delay.items()})


def _row(tried: dict[str, Tried]) -> dict[str, str]:
    return {name: f"{one.covered:.3f} ({one.width:.0f})" for name, one in tried.items()}


def _print(title: str, rows: dict[str, dict[str, float]] | dict[str, dict[str, str]]) -> None:
    shown = [
        {"world": name, **{key: value if isinstance(value, str) else f"{value:.3f}" for key, value in row.items()}}
        for name, row in rows.items()
    ]
    sys.stdout.write(f"\n{title}\n\n{table(shown, list(shown[0]))}")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
