"""`python -m benchmarks.evaluator_speed`: one checkpoint's scores of BLiMP, ours against each peer at its best.

For each model: the batch size at which each peer is fastest on a small share of the pairs, then rounds in which ours
and the peer run in turn, each in a process of its own, on the same pairs, threads, dtype and device. Every round's
scores are compared. Prints a table; the figures go to docs/evaluator-benchmarks.md.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from statistics import median
from subprocess import CalledProcessError

from benchmarks.report import verdict
from benchmarks.scoring.arguments import add_common, finish
from benchmarks.scoring.models import RECIPES, checkpoint
from benchmarks.scoring.results import Measured, keep, kept, load_average, with_row
from benchmarks.scoring.scores import Difference
from benchmarks.scoring.timing import Outcome, Task, run

LEAST = 10
"""Times as fast as each peer: the bar."""

PRESETS = {"lm-eval": "ours, lm-eval", "minicons": "ours, exposure"}
"""Peer → our side that does the same work."""

BATCHES: dict[str, tuple[int | str, ...]] = {
    "lm-eval": ("auto", 8, 16, 32, 64, 128, 256),
    "minicons": (1, 8, 16, 32, 64, 128, 256),
}
CHOICE_PAIRS = 4
"""Pairs of each paradigm on which the batch size is chosen."""


def main() -> None:
    """Measure what was asked for, row by row; every row is kept as soon as it is there."""
    asked = _arguments()
    settings = {"threads": asked.threads, "dtype": asked.dtype, "device": asked.device, "rounds": asked.rounds}
    for model in asked.models:
        task = Task(
            side="",
            checkpoint=str(checkpoint(model, asked.work)),
            blimp=str(asked.data / "blimp"),
            pairs_per_paradigm=asked.pairs_per_paradigm,
            batch=None,
            threads=asked.threads,
            dtype=asked.dtype,
            device=asked.device,
        )
        for peer in asked.peers:
            before = load_average()
            row = {"model": model, **measured(task, peer, asked.rounds, asked.batches or BATCHES[peer])}
            old = kept(asked.work)["speed"].rows if "speed" in kept(asked.work) else []
            rows = with_row(old, row, ("model", "peer"))
            keep(asked.work, "speed", Measured(settings, rows, (before, load_average())))
    finish(asked, "speed")


def measured(task: Task, peer: str, rounds: int, batches: Sequence[int | str]) -> dict[str, object]:
    """One row: the peer's best batch size, then ours and the peer in turn."""
    rates = dict(_rates(replace(task, side=peer, pairs_per_paradigm=CHOICE_PAIRS), batches))
    best = max(rates, key=rates.__getitem__)
    ours, theirs = replace(task, side=PRESETS[peer]), replace(task, side=peer, batch=best)
    outcomes: list[tuple[Outcome, Outcome]] = []
    most, decisions = 0.0, 0
    for number in range(1, rounds + 1):
        (mine, my_scores), (other, other_scores) = run(ours), run(theirs)
        apart = Difference.between(my_scores, other_scores)
        most, decisions = max(most, apart.most), max(decisions, apart.decisions)
        outcomes.append((mine, other))
        said = f"ours {mine.score_seconds:.1f} s, {peer} {other.score_seconds:.1f} s"
        print(f"{number}/{rounds} {peer}, batch {best}: {said}", file=sys.stderr, flush=True)
    return _row(peer, best, outcomes) | {"greatest difference": most, "decisions that differ": decisions}


def _rates(task: Task, batches: Sequence[int | str]) -> Iterator[tuple[int | str, float]]:
    """Batch size → pairs a second, of those that work."""
    for batch in batches:
        try:
            outcome, _ = run(replace(task, batch=batch))
        except CalledProcessError:
            print(f"{task.side}, batch {batch}: failed", file=sys.stderr, flush=True)
            continue
        rate = outcome.pairs / outcome.score_seconds
        print(f"{task.side}, batch {batch}: {rate:.0f} pairs/s", file=sys.stderr, flush=True)
        yield batch, rate


def _row(peer: str, best: int | str, outcomes: list[tuple[Outcome, Outcome]]) -> dict[str, object]:
    """Medians over rounds; the ratio is the median of the rounds' own ratios."""
    ratios = [other.score_seconds / mine.score_seconds for mine, other in outcomes]
    ours, theirs = [mine for mine, _ in outcomes], [other for _, other in outcomes]
    return {
        "peer": peer,
        "its batch": str(best),
        "pairs": ours[0].pairs,
        "ours s": _seconds(one.score_seconds for one in ours),
        "theirs s": _seconds(one.score_seconds for one in theirs),
        "ours pairs/s": round(median(one.pairs / one.score_seconds for one in ours)),
        "theirs pairs/s": round(median(one.pairs / one.score_seconds for one in theirs)),
        "ratio": round(median(ratios), 1),
        "low – high": f"{min(ratios):.1f} – {max(ratios):.1f}",
        "wanted": f"≥ {LEAST}",
        "verdict": verdict(median(ratios), LEAST),
        "ours with load s": _seconds(one.total_seconds for one in ours),
        "theirs with load s": _seconds(one.total_seconds for one in theirs),
        "ratio with load": round(median(b.total_seconds / a.total_seconds for a, b in outcomes), 1),
        "ours CPUs": round(median(one.cpu_seconds / one.score_seconds for one in ours), 2),
        "theirs CPUs": round(median(one.cpu_seconds / one.score_seconds for one in theirs), 2),
        "ours MB": round(max(one.peak_bytes for one in ours) / 1e6),
        "theirs MB": round(max(one.peak_bytes for one in theirs) / 1e6),
    }


def _seconds(values: Iterable[float]) -> float:
    return round(median(values), 2)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.evaluator_speed", description=__doc__)
    add_common(parser)
    parser.add_argument("--models", nargs="+", choices=list(RECIPES), default=["tiny-llama-gqa", "exp-35m", "exp-60m"])
    parser.add_argument("--peers", nargs="+", choices=list(PRESETS), default=list(PRESETS))
    parser.add_argument("--batches", nargs="+", type=_batch, help="batch sizes to choose from, for each peer")
    parser.add_argument("--rounds", type=int, default=3, help="[%(default)s]")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--dtype", default="float32")
    return parser.parse_args()


def _batch(text: str) -> int | str:
    return text if text == "auto" else int(text)


if __name__ == "__main__":
    main()
