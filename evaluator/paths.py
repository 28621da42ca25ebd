"""Which way to log-probabilities a model may take: the fastest that gives what the plain way gives, proven on a sample.

Tries need a model that looks only where its mask lets it and knows positions only as it is told them; a head apart
needs one that does nothing to its logits afterwards. Neither is taken on trust: every checkpoint is tried.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt
from transformers import PreTrainedModel

from evaluator.devices import dtype_name
from evaluator.log_probabilities import HeadLogProbabilities, LogProbabilities, ModelLogProbabilities
from evaluator.memory import TokenBudget, is_out_of_memory, run_rows
from evaluator.rows import RowSet
from evaluator.tokenised_pairs import TokenisedPairs
from evaluator.trie_support import why_not_tries

Floats = npt.NDArray[np.float32]

TOLERANCE = {"float32": 1e-4, "bfloat16": 0.03, "float16": 0.005}
"""How much the tokens of the sample may differ: root mean square, over the standard deviation of their log p. Measured
on small models, trained and not: two right ways differ by 0.000005 in fp32, 0.003 in bf16 and 0.0005 in fp16; a mask
that lets branches see each other shows as 0.14 to 0.6."""

LEAST_SPREAD = 0.1
"""Nats: the standard deviation that is reckoned with at least; a model without any opinion has none."""


@dataclass(frozen=True)
class Path:
    """A layout of the sequences, and a way to the log-probabilities of its rows."""

    layout: Literal["packed", "plain"]
    forward: Callable[[PreTrainedModel], LogProbabilities]
    name: str

    def rows(self, tokenised: TokenisedPairs) -> RowSet:
        """The rows that are fed."""
        return tokenised.packed if self.layout == "packed" else tokenised.plain

    @property
    def unpacked(self) -> Path:
        """The same with one sentence a row."""
        return replace(self, layout="plain")

    def token_log_probs(
        self,
        model: PreTrainedModel,
        tokenised: TokenisedPairs,
        budget: TokenBudget,
        *,
        on_tokens: Callable[[int], None] = lambda _: None,
        on_note: Callable[[str], None] = lambda _: None,
    ) -> Floats:
        """[token] of all sequences; NaN where a token is not scored."""
        rows = self.rows(tokenised)
        found = run_rows(rows, self.forward(model), budget, on_tokens=on_tokens, on_note=on_note)
        return np.append(found, np.float32(np.nan))[rows.slots]  # NO_SLOT is the last


PLAIN = Path("plain", ModelLogProbabilities, "one sentence a row, by the model's own forward pass")
PATHS = (
    Path("packed", HeadLogProbabilities, "tries of sentences with the output embeddings apart"),
    Path("packed", ModelLogProbabilities, "tries of sentences, by the model's own forward pass"),
    Path("plain", HeadLogProbabilities, "one sentence a row with the output embeddings apart"),
)
"""Fastest first."""


def proven_path(
    model: PreTrainedModel, tokenised: TokenisedPairs, budget: TokenBudget, on_note: Callable[[str], None]
) -> Path:
    """The first of PATHS that the model can take and that agrees with PLAIN on the sample; else PLAIN.

    `on_note` hears why a faster one was not taken.
    """
    paths = list(PATHS)
    if reason := why_not_tries(model, int(tokenised.sequences.lengths.max(initial=0))):
        paths = [path for path in paths if path.layout == "plain"]
        on_note(f"Every sentence stood in a row of its own, which is slower: {reason}.")
    expected = PLAIN.token_log_probs(model, tokenised.sample, budget, on_note=on_note)
    is_scored = tokenised.sample.sequences.is_target
    if not np.isfinite(expected[is_scored]).all():
        return PLAIN  # nothing can be proven; scoring all will name the pairs
    for path in paths:
        objection = _objection(path, model, tokenised.sample, budget, expected[is_scored], on_note)
        if objection is None:
            return path
        on_note(f"Not scored as {path.name}: {objection}. A slower way was taken.")
    return PLAIN


def _objection(
    path: Path,
    model: PreTrainedModel,
    sample: TokenisedPairs,
    budget: TokenBudget,
    expected: Floats,
    on_note: Callable[[str], None],
) -> str | None:
    try:
        found = path.token_log_probs(model, sample, budget, on_note=on_note)[sample.sequences.is_target]
    except (AttributeError, NotImplementedError, RuntimeError, TypeError, ValueError) as error:
        if isinstance(error, RuntimeError) and is_out_of_memory(error):
            raise
        return f"the model refuses it ({(str(error) or type(error).__name__).splitlines()[0]})"
    difference = float(np.sqrt(np.mean((found.astype(np.float64) - expected) ** 2)))
    spread = max(LEAST_SPREAD, float(expected.std(dtype=np.float64)))
    if difference <= TOLERANCE[dtype_name(model.dtype)] * spread:
        return None
    return f"on a sample, log-probabilities differ by {difference:.2g} nats from one sentence at a time"
