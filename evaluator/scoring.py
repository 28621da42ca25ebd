"""Token log-probabilities of all pairs by one checkpoint."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from transformers import PreTrainedModel

from evaluator.devices import dtype_name
from evaluator.eval_mode import evaluating
from evaluator.items import ItemScores, SideScores
from evaluator.limits import check_limits
from evaluator.memory import TokenBudget
from evaluator.near_ties import settle_near_ties
from evaluator.paths import proven_path
from evaluator.sequences import Integers, TokenSequences
from evaluator.tokenised_pairs import SideTokens, TokenisedPairs
from exposure.errors import EvaluationError


def score_pairs(
    model: PreTrainedModel,
    tokenised: TokenisedPairs,
    *,
    where: str,
    batch_tokens: int | TokenBudget | None = None,
    fp32_model: Callable[[], PreTrainedModel] | None = None,
    on_progress: Callable[[int, int], None] = lambda _done, _total: None,
    on_note: Callable[[str], None] = lambda _: None,
) -> ItemScores:
    """What `model`, on its device and in its dtype, makes of all pairs, in their order.

    `where` names the checkpoint in messages: "step 400 (runs/a/step400)". A TokenBudget for `batch_tokens`, passed for
    every checkpoint of a sweep, remembers what did not fit into memory. `fp32_model` gives the same weights in fp32:
    asked for once at most, when a 16-bit model has near ties; without it they stay as they are. `on_progress(done,
    total)` counts tokens of the first pass; `on_note` hears what a reader of the results should know (of the
    tokenizer; that a slower way was taken, batches were made smaller, near ties were settled).

    Raises EvaluationError where the model cannot take the texts (context, vocabulary), not one row fits into memory,
    or a log-probability is not finite.
    """
    dtype = dtype_name(model.dtype)
    if dtype != tokenised.spec.dtype:
        raise EvaluationError(f"{where}: the weights are {dtype}, and scores in {tokenised.spec.dtype} were asked for.")
    for note in tokenised.notes:
        on_note(note)
    budget = _budget(batch_tokens, model)
    items = _score(model, tokenised, budget, where, on_progress, on_note)
    if dtype == "float32" or fp32_model is None:
        return items
    exact: list[PreTrainedModel] = []

    def score_again(places: Integers) -> ItemScores:
        if not exact:
            exact.append(fp32_model())
        return _score(exact[0], tokenised.take(places), budget, where, lambda _done, _total: None, on_note)

    return settle_near_ties(items, dtype, score_again, on_note)


def _budget(batch_tokens: int | TokenBudget | None, model: PreTrainedModel) -> TokenBudget:
    if isinstance(batch_tokens, TokenBudget):
        return batch_tokens
    return TokenBudget.default(model.device) if batch_tokens is None else TokenBudget(batch_tokens)


def _score(
    model: PreTrainedModel,
    tokenised: TokenisedPairs,
    budget: TokenBudget,
    where: str,
    on_progress: Callable[[int, int], None],
    on_note: Callable[[str], None],
) -> ItemScores:
    check_limits(model, tokenised, where)
    with evaluating(model):
        path = proven_path(model, tokenised, budget, on_note)
        count = _counted(path.rows(tokenised).n_tokens, on_progress)
        items = _items(tokenised, path.token_log_probs(model, tokenised, budget, on_tokens=count, on_note=on_note))
        if path.layout == "packed" and len(places := np.flatnonzero(_is_broken(items))):
            # NaN times a weight of 0 is NaN: it reaches other sentences of its row
            alone = tokenised.take(places)
            items = items.with_scores(places, _items(alone, path.unpacked.token_log_probs(model, alone, budget)))
    _check_finite(items, tokenised, where)
    return items


def _counted(total: int, on_progress: Callable[[int, int], None]) -> Callable[[int], None]:
    done = 0

    def count(tokens: int) -> None:
        nonlocal done
        done += tokens
        on_progress(done, total)

    return count


def _items(tokenised: TokenisedPairs, log_probs: npt.NDArray[np.float32]) -> ItemScores:
    good, bad = (_side(side, tokenised.sequences, log_probs) for side in (tokenised.good, tokenised.bad))
    return ItemScores(good, bad, rescored=np.zeros(len(tokenised), dtype=bool))


def _side(side: SideTokens, sequences: TokenSequences, log_probs: npt.NDArray[np.float32]) -> SideScores:
    """The scored tokens of one side of all pairs, end to end."""
    firsts, ends = side.spans(sequences)
    counts = ends - firsts
    starts = np.concatenate([[0], np.cumsum(counts)])
    tokens = np.repeat(firsts - starts[:-1], counts) + np.arange(starts[-1])
    return SideScores(log_probs[tokens], starts)


def _is_broken(items: ItemScores) -> npt.NDArray[np.bool_]:
    return np.asarray(items.is_scored & ~np.isfinite(items.delta))


def _check_finite(items: ItemScores, tokenised: TokenisedPairs, where: str) -> None:
    broken = np.flatnonzero(_is_broken(items))
    if len(broken):
        raise EvaluationError(
            f"{where}: {len(broken):,} of {int(items.is_scored.sum()):,} pairs have a log-probability that is not "
            f"finite, the first is {tokenised.names[broken[0]]}. The weights are damaged, or overflow in "
            f"{tokenised.spec.dtype}: check the checkpoint, or score with the dtype float32."
        )
