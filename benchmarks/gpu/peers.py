"""One checkpoint's scores against lm-evaluation-harness and minicons on the same device, each at its best batch size.

Each timing has a process of its own (benchmarks/scoring/timing.py): from sentences to numbers, with the model loaded.
"""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from subprocess import CalledProcessError
from typing import Any

from benchmarks.gpu.bench import DTYPE, Bench, Keep, NotHereError
from benchmarks.gpu.models import random_checkpoint
from benchmarks.scoring.scores import Difference
from benchmarks.scoring.timing import Task, run

PEERS = {"lm-eval": ("lm_eval", "ours, lm-eval"), "minicons": ("minicons", "ours, exposure")}
"""Peer → its module, and our side that does the same work."""


def settings(is_small: bool) -> dict[str, Any]:
    """`trial_pairs`: of a paradigm, by which the best batch size is found; then all pairs, once a side."""
    batches = (8,) if is_small else (256, 1024, 4096)
    return {"dtype": DTYPE, "batches": batches, "trial_pairs": 2 if is_small else 20}


def measure(bench: Bench, keep: Keep) -> None:
    """Keep ratios as they come; raises NotHereError where no peer is installed."""
    there = [name for name, (module, _) in PEERS.items() if importlib.util.find_spec(module) is not None]
    if not there:
        raise NotHereError("neither lm-eval nor minicons is installed; docs/gpu.md says how to carry them")
    asked = settings(bench.inputs.is_small)
    for peer in there:
        keep({peer: _compared(bench, peer, asked)})


def _compared(bench: Bench, peer: str, asked: dict[str, Any]) -> dict[str, Any]:
    base = Task(
        side=peer,
        checkpoint=str(random_checkpoint(bench)),
        blimp=str(bench.inputs.pairs_folder),
        pairs_per_paradigm=asked["trial_pairs"],
        batch=None,
        threads=2 if bench.inputs.is_small else 8,
        dtype=DTYPE,
        device=bench.device.type,
    )
    trials = {size: _seconds(replace(base, batch=size)) for size in asked["batches"]}
    held = {size: taken for size, taken in trials.items() if taken is not None}
    if not held:
        return {"failed": "at every batch size"}
    best = min(held, key=held.__getitem__)
    everything = replace(base, pairs_per_paradigm=2 if bench.inputs.is_small else None)
    theirs, their_scores = run(replace(everything, batch=best))
    ours, our_scores = run(replace(everything, side=PEERS[peer][1]))
    difference = Difference.between(our_scores, their_scores)
    return {
        "pairs": ours.pairs,
        "batch": best,
        "trials_s": held,
        "ours_s": ours.score_seconds,
        "theirs_s": theirs.score_seconds,
        "ratio": theirs.score_seconds / ours.score_seconds,
        "most_apart_nats": difference.most,
        "other_decisions": difference.decisions,
    }


def _seconds(task: Task) -> float | None:
    """None where it failed, for want of memory say."""
    try:
        return run(task)[0].score_seconds
    except CalledProcessError:
        return None
