"""`python -m benchmarks.inside_cost`: what the forward passes of the measures inside cost beside a scoring pass.

Of one checkpoint, round after round: its pairs scored (tokenised, the weights in place), then every measure of the
registry but copying. Only the CPU seconds of forward passes count, with all that is watched in them; statistics do not,
nor does the probe, which is one. Measures of pairs share one pass over the sentences, as in an evaluation. Exit status
1 where the ratio is above the bar. The figures go to docs/evaluator-benchmarks.md.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from statistics import median

import numpy as np
import torch

from benchmarks.inside.checkpoint import Prepared, prepared
from benchmarks.inside.forward_clock import forward_clock
from benchmarks.inside.paradigms import add_paradigms, of_paradigms
from benchmarks.scoring.arguments import add_common, finish, refuse_missed
from benchmarks.scoring.models import RECIPES, checkpoint
from benchmarks.scoring.results import Measured, keep, kept, load_average, with_row
from evaluator.measures.checkpoint_measure import CheckpointMeasure
from evaluator.measures.measure_options import MeasureOptions
from evaluator.measures.pairs.pair_pass import seen_inside
from evaluator.measures.pairs.paradigm_sentences import ParadigmSentences, paradigm_sentences
from evaluator.measures.pairs.wanted import Wanted
from evaluator.measures.registry import CHECKPOINT_MEASURES, PAIR_MEASURES
from evaluator.scoring import score_pairs

MOST = 2.5
"""The bar: forward passes of the measures by one scoring pass."""

WARM_UP_PAIRS = 64

ASIDE = ("copying",)
"""What the bar leaves out."""

Seconds = Mapping[str, float]
"""Of one round: "scoring", "pairs" for all measures of pairs together, and each other measure by its name."""


def main() -> None:
    """Measure what was asked for, row by row; every row is kept as soon as it is there."""
    asked = _arguments()
    torch.set_num_threads(asked.threads)
    settings = {"threads": asked.threads, "dtype": "float32", "device": "cpu", "rounds": asked.rounds}
    rows: list[dict[str, object]] = []
    for model in asked.models:
        before = load_average()
        rows.append({"model": model, **measured(asked, model)})
        old = kept(asked.work)["inside-cost"].rows if "inside-cost" in kept(asked.work) else []
        held = with_row(old, rows[-1], ("model", "pairs"))
        keep(asked.work, "inside-cost", Measured(settings, held, (before, load_average())))
    finish(asked, "inside-cost")
    refuse_missed(rows)


def measured(asked: argparse.Namespace, model: str) -> dict[str, object]:
    """One row."""
    pairs = of_paradigms(asked.data, asked.uid, asked.pairs_per_paradigm)
    options = MeasureOptions(text=(asked.data / "novels",))
    rounds: list[Seconds] = []
    with prepared(checkpoint(model, asked.work), pairs) as one:
        made = {name: make(options) for name, make in CHECKPOINT_MEASURES.items() if name not in ASIDE}
        wanted = Wanted.join(make(options, one.pairs).wanted for make in PAIR_MEASURES.values())
        sentences = list(paradigm_sentences(one.folder, one.pairs, wanted))
        score_pairs(one.checkpoint.model, one.tokenised.take(np.arange(WARM_UP_PAIRS)), where=one.checkpoint.where)
        for number in range(asked.rounds):
            rounds.append(of_round(one, made, sentences, wanted))
            print(f"{model}, round {number}: {_said(rounds[-1])}", file=sys.stderr, flush=True)
    return {"pairs": len(pairs), **row_of(rounds)}


def of_round(
    one: Prepared, made: Mapping[str, CheckpointMeasure], sentences: Sequence[ParadigmSentences], wanted: Wanted
) -> Seconds:
    """Everything once, scoring first."""
    model, where = one.checkpoint.model, one.checkpoint.where

    def pair_passes() -> None:
        for paradigm in sentences:
            seen_inside(model, paradigm, wanted, budget=one.checkpoint.budget, where=where)

    def scoring() -> None:
        score_pairs(model, one.tokenised, where=where, batch_tokens=one.checkpoint.budget)

    def forward(what: Callable[[], object]) -> float:
        with forward_clock(model) as clock:
            what()
        return clock.seconds

    return {
        "scoring": _clocked(scoring),
        "pairs": forward(pair_passes),
        **{name: forward(partial(measure.measure, one.checkpoint)) for name, measure in made.items()},
    }


def row_of(rounds: Sequence[Seconds]) -> dict[str, object]:
    """Medians of the seconds; the ratio is the median of the rounds' own."""
    ratios = [(sum(seconds.values()) - seconds["scoring"]) / seconds["scoring"] for seconds in rounds]
    ratio = median(ratios)
    named = {"scoring": "scoring s", "pairs": f"{', '.join(PAIR_MEASURES)} s"}
    return {
        **{named.get(name, f"{name} s"): round(median(seconds[name] for seconds in rounds), 2) for name in rounds[0]},
        "ratio": round(ratio, 3),
        "low – high": f"{min(ratios):.2f} – {max(ratios):.2f}",
        "wanted": f"≤ {MOST}",
        "verdict": "met" if ratio <= MOST else "short",
    }


def _said(seconds: Seconds) -> str:
    return ", ".join(f"{name} {value:.2f} s" for name, value in seconds.items())


def _clocked(what: Callable[[], object]) -> float:
    """CPU seconds, of all threads: on a busy machine, too, they are those of the work."""
    started = time.process_time()
    what()
    return time.process_time() - started


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.inside_cost", description=__doc__)
    add_common(parser)
    add_paradigms(parser)
    parser.add_argument("--models", nargs="+", choices=list(RECIPES), default=["exp-35m-1k"])
    parser.add_argument("--rounds", type=int, default=3, help="[%(default)s]")
    return parser.parse_args()


if __name__ == "__main__":
    main()
