"""From the weights of one checkpoint to stored scores: the models that are resident, and the pairs as token ids."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from transformers import PreTrainedModel

from evaluator.conventions import ScoringSpec
from evaluator.folder import EvaluationFolder
from evaluator.memory import TokenBudget
from evaluator.prefetch import LoadedWeights
from evaluator.resident import ResidentModel
from evaluator.scoring import score_pairs
from evaluator.tokenised_pairs import TokenisedPairs
from evaluator.tokenising import tokenise_pairs
from exposure.pairs import MinimalPair


class Scorer:
    """Scores checkpoint after checkpoint; what is the same for all of them is made once."""

    def __init__(
        self,
        folder: EvaluationFolder,
        pairs: Sequence[MinimalPair],
        device: torch.device,
        dtype: torch.dtype,
        batch_tokens: int | None,
    ) -> None:
        self._folder = folder
        self._pairs = pairs
        self._budget = TokenBudget.default(device) if batch_tokens is None else TokenBudget(batch_tokens)
        self._resident = ResidentModel(device, dtype)
        self._exact = ResidentModel(device, torch.float32)
        self._tokenised: dict[ScoringSpec, TokenisedPairs] = {}

    @property
    def budget(self) -> TokenBudget:
        """How many tokens a batch may have; it shrinks when memory runs out."""
        return self._budget

    def model(self, weights: LoadedWeights) -> PreTrainedModel:
        """The resident model with these weights; raises as `score` does."""
        return self._resident.load(weights)

    def score(self, weights: LoadedWeights, on_progress: Callable[[int, int], None]) -> tuple[str, ...]:
        """Score all pairs by every spec of the evaluation that is not stored yet, store the scores, and return what a
        reader should know.

        Raises CheckpointError where the weights are of another model, and EvaluationError where scores are not finite
        or the pairs cannot be scored by this model.
        """
        notes: list[str] = []
        model = self._resident.load(weights)
        checkpoint = weights.checkpoint
        self._folder = self._folder.of_model(checkpoint.tokenizer_digest, checkpoint.config_digest)
        specs = self._folder.manifest.specs

        for number, spec in enumerate(specs):
            if self._folder.items_path(spec, weights.weights_hash).exists():
                continue

            def progress(done: int, total: int, number: int = number) -> None:
                on_progress(number * total + done, len(specs) * total)

            items = score_pairs(
                model,
                self._tokens(spec, weights),
                where=f"step {weights.step} ({weights.checkpoint.name})",
                batch_tokens=self._budget,
                fp32_model=lambda: self._in_fp32(weights),
                on_progress=progress,
                on_note=notes.append,
            )
            self._folder.keep_items(spec, weights.weights_hash, items)
        return tuple(dict.fromkeys([*self._resident.notes, *notes]))

    def _tokens(self, spec: ScoringSpec, weights: LoadedWeights) -> TokenisedPairs:
        if spec not in self._tokenised:
            self._tokenised[spec] = tokenise_pairs(weights.checkpoint.folder, self._pairs, spec)
        return self._tokenised[spec]

    def _in_fp32(self, weights: LoadedWeights) -> PreTrainedModel:
        return self._exact.load(weights)
