"""`python -m benchmarks.evaluator_agreement`: our scores of BLiMP against lm-evaluation-harness and minicons.

Three tiny models, trained for a few minutes each on the novels and kept in --work, score the same pairs in fp32 by
each library and by the preset that says the same. What a library scored is kept there too: it takes a quarter of an
hour. Prints a table; the figures go to docs/evaluator-benchmarks.md.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch

from benchmarks.scoring.arguments import add_common, finish
from benchmarks.scoring.harness import Harness
from benchmarks.scoring.library import AS_IT_COMES, WITH_BOS, Minicons
from benchmarks.scoring.models import TINY, checkpoint
from benchmarks.scoring.ours import Evaluator
from benchmarks.scoring.results import Measured, keep, kept, load_average, with_row
from benchmarks.scoring.samples import blimp
from benchmarks.scoring.scores import Difference, PairScores
from evaluator.conventions import PRESETS
from exposure.pairs import MinimalPair

Score = Callable[[Path, Sequence[MinimalPair]], PairScores]


def _harness(folder: Path, pairs: Sequence[MinimalPair]) -> PairScores:
    with tempfile.TemporaryDirectory() as tasks:
        return Harness(folder, batch_size=64).evaluate(pairs, Path(tasks))


def _minicons_with_bos(folder: Path, pairs: Sequence[MinimalPair]) -> PairScores:
    return Minicons(folder, batch_size=64).score(pairs, WITH_BOS)


def _minicons_as_it_comes(folder: Path, pairs: Sequence[MinimalPair]) -> PairScores:
    return Minicons(folder, batch_size=64).score(pairs, AS_IT_COMES)


PEERS: dict[str, tuple[str, Score]] = {
    "lm-eval": ("lm-eval", _harness),
    "minicons, BOS and sum": ("exposure", _minicons_with_bos),
    "minicons, as it comes": ("minicons", _minicons_as_it_comes),
}
"""Peer → our preset that says the same, and how the peer is run."""


def main() -> None:
    """Compare what was asked for, row by row; every row is kept as soon as it is there."""
    asked = _arguments()
    torch.set_num_threads(asked.threads)
    pairs = blimp(asked.data / "blimp", asked.pairs_per_paradigm)
    settings = {"threads": asked.threads, "dtype": "float32", "device": "cpu"}
    for model in asked.models:
        folder = checkpoint(model, asked.work)
        for peer in asked.peers:
            before = load_average()
            row = compared(model, folder, peer, pairs, asked.work / "scores")
            old = kept(asked.work)["agreement"].rows if "agreement" in kept(asked.work) else []
            rows = with_row(old, row, ("model", "peer"))
            keep(asked.work, "agreement", Measured(settings, rows, (before, load_average())))
    finish(asked, "agreement")


def compared(model: str, folder: Path, peer: str, pairs: Sequence[MinimalPair], scores: Path) -> dict[str, object]:
    """One row: both sides score `pairs`, and how far they are apart. What a peer scored is kept in `scores`."""
    preset, score = PEERS[peer]
    theirs = _kept(scores / f"{model} {peer} {len(pairs)} {_digest(folder)}.npz", lambda: score(folder, pairs))
    started = time.perf_counter()
    ours = Evaluator(folder).score(pairs, PRESETS[preset])
    print(f"{model}, {peer}: ours {time.perf_counter() - started:.0f} s", file=sys.stderr, flush=True)
    apart = Difference.between(ours, theirs)
    uids = tuple(pair.uid for pair in pairs)
    return {
        "model": model,
        "peer": peer,
        "preset": preset,
        "paradigms": len(set(uids)),
        "pairs": len(pairs),
        "greatest difference": apart.most,
        "decisions that differ": apart.decisions,
        "ours": ours.macro_accuracy(uids),
        "theirs": theirs.macro_accuracy(uids),
        "ties": int((ours.good == ours.bad).sum()),
        "closest decision": _closest(ours),
    }


def _kept(path: Path, score: Callable[[], PairScores]) -> PairScores:
    """The scores in `path`, made when they are not there yet."""
    if not path.exists():
        started = time.perf_counter()
        made = score()
        path.parent.mkdir(parents=True, exist_ok=True)
        made.save(path)
        print(f"{path.stem}: {time.perf_counter() - started:.0f} s", file=sys.stderr, flush=True)
    return PairScores.load(path)


def _digest(folder: Path) -> str:
    """Names the weights, so that scores of others are not taken for theirs."""
    return hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()[:16]


def _closest(ours: PairScores) -> float:
    """The least difference of two scores that is no tie, in nats: how near a decision was to falling the other way."""
    apart = np.abs(ours.good - ours.bad)
    return float(apart[apart > 0].min(initial=np.inf))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.evaluator_agreement", description=__doc__)
    add_common(parser)
    parser.add_argument("--models", nargs="+", choices=TINY, default=list(TINY))
    parser.add_argument("--peers", nargs="+", choices=list(PEERS), default=list(PEERS))
    return parser.parse_args()


if __name__ == "__main__":
    main()
