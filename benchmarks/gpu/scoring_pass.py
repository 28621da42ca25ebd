"""One checkpoint's scores of all pairs: the forward pass by each way, its share of the peak, and the whole of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from transformers import PreTrainedModel

from benchmarks.gpu.arithmetic import Arithmetic, peak
from benchmarks.gpu.bench import DTYPE, Bench, Keep
from benchmarks.gpu.breakdown import parts_of_a_pass
from benchmarks.gpu.clock import seconds, timed
from benchmarks.gpu.models import random_checkpoint
from evaluator.conventions import PRESETS
from evaluator.devices import DTYPES, reproducible
from evaluator.memory import TokenBudget
from evaluator.paths import PATHS, PLAIN, Path
from evaluator.reference_model import reference_model
from evaluator.scoring import score_pairs
from evaluator.tokenised_pairs import TokenisedPairs
from evaluator.tokenising import tokenise_pairs

WAYS = {"tries": PATHS[0], "equal-length buckets": PATHS[2], "equal-length buckets, the model's own head": PLAIN}
BATCHES = (16_384, 32_768, 131_072, 262_144)
"""Tokens, beside the default."""


def settings(is_small: bool) -> dict[str, Any]:
    """What decides the figures beside the code."""
    return {
        "model": "2 layers of 64" if is_small else "pythia-160m's shape, random weights",
        "dtype": DTYPE,
        "peak_size": 512 if is_small else 8192,
        "batches": () if is_small else BATCHES,
    }


@dataclass(frozen=True)
class _Prepared:
    model: PreTrainedModel
    tokenised: TokenisedPairs
    arithmetic: Arithmetic

    def run(self, path: Path, budget: TokenBudget) -> None:
        """The forward passes over everything, and their results on the host."""
        with torch.inference_mode():
            path.token_log_probs(self.model, self.tokenised, budget)


def measure(bench: Bench, keep: Keep) -> None:
    """Keep figures as they come, the most telling first."""
    asked = settings(bench.inputs.is_small)
    prepared = _prepared(bench, keep)
    keep({"peak_flop_s": (ceiling := peak(bench, asked["peak_size"]))})
    for name, path in WAYS.items():
        keep({name: _way(bench, prepared, path, TokenBudget.default(bench.device), ceiling)})
    keep({"whole": _whole(bench, prepared)})
    keep({"breakdown": parts_of_a_pass(bench, prepared.model, prepared.tokenised)})
    for tokens in asked["batches"]:
        keep({f"tries, {tokens} tokens a batch": _way(bench, prepared, WAYS["tries"], TokenBudget(tokens), ceiling)})


def _prepared(bench: Bench, keep: Keep) -> _Prepared:
    folder = random_checkpoint(bench)
    spec = PRESETS["exposure"].spec(DTYPE)
    tokenised: list[TokenisedPairs] = []
    tokenising = seconds(bench, lambda: tokenised.append(tokenise_pairs(folder, bench.inputs.pairs, spec)))
    laying = seconds(bench, lambda: tokenised[0].packed)
    model = reference_model(folder, folder.name, DTYPES[DTYPE], "sdpa")
    torch.nn.Module.to(model, bench.device)
    prepared = _Prepared(model, tokenised[0], Arithmetic.of(model.config))
    keep({
        "pairs": len(bench.inputs.pairs),
        "tokens": len(tokenised[0].sequences.ids),
        "fed_in_tries": tokenised[0].packed.n_tokens,
        "tokenising_s": tokenising,
        "laying_out_s": laying,
    })  # fmt: skip
    return prepared


def _way(bench: Bench, prepared: _Prepared, path: Path, budget: TokenBudget, ceiling: float) -> dict[str, Any]:
    """Seconds of all forward passes by one way, and what that is of the peak."""
    taken = timed(bench, lambda: prepared.run(path, budget), repeats=5)
    operations = prepared.arithmetic.of_rows(path.rows(prepared.tokenised))
    return {
        **taken,
        "batch_tokens": budget.tokens,
        "fed_tokens": path.rows(prepared.tokenised).n_tokens,
        "flop": operations,
        "pairs_s": len(prepared.tokenised) / taken["seconds"],
        "share_of_peak": operations / taken["seconds"] / ceiling,
    }


def _whole(bench: Bench, prepared: _Prepared) -> dict[str, Any]:
    """`score_pairs` as an evaluation calls it, the proof of its way included; near ties are left as they are."""

    def score() -> None:
        score_pairs(prepared.model, prepared.tokenised, where="a random model")

    plain = timed(bench, score, repeats=3)
    with reproducible():
        deterministic = timed(bench, score, repeats=3)
    return {
        **plain,
        "pairs_s": len(prepared.tokenised) / plain["seconds"],
        "deterministic_s": deterministic["seconds"],
    }
