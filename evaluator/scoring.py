"""Token log-probabilities of all pairs by one checkpoint."""

from __future__ import annotations

from collections.abc import Callable

from transformers import PreTrainedModel

from evaluator.items import ItemScores
from evaluator.token_sequences import TokenisedPairs


def score_pairs(
    model: PreTrainedModel,
    tokenised: TokenisedPairs,
    *,
    where: str,
    batch_tokens: int | None = None,
    fp32_model: Callable[[], PreTrainedModel] | None = None,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
    on_note: Callable[[str], None] = lambda note: None,
) -> ItemScores:
    """What `model` (on its device, in its dtype, `.eval()` is called) makes of all pairs, in their order.

    `where` names the checkpoint in messages: "step 400 (runs/a/step400)". `fp32_model` gives the same weights in
    fp32: asked for once at most, when a 16-bit model has near ties. `on_progress(done, total)` counts tokens;
    `on_note` hears what a reader of the results should know (a slower path was taken, batches were made smaller).

    Raises EvaluationError where the model cannot take the texts (context, vocabulary), runs out of memory with one
    row, or gives a log-probability that is not finite.
    """
    raise NotImplementedError
