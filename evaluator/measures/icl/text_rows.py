"""The rows of tokens whose losses the ICL score compares: the beginnings of documents that are long enough."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evaluator.measures.icl.text_sample import TextSample
from evaluator.sequences import TokenIds
from evaluator.text_tokenizer import TextTokenizer
from exposure.errors import EvaluationError


@dataclass(frozen=True)
class TextRows:
    """Token ids [row, token], the same number of each document, and how many documents were looked at for them."""

    ids: TokenIds
    n_documents: int

    def note(self, n_asked: int) -> str | None:
        """What a reader should know where there are fewer rows than were asked for."""
        if len(self.ids) >= n_asked:
            return None
        return (
            f"{len(self.ids):,} of the {self.n_documents:,} documents that were drawn have {self.ids.shape[1]:,} "
            f"tokens, and {n_asked:,} rows were asked for: all of them are measured."
        )


def text_rows(sample: TextSample, tokenizer: TextTokenizer, n_rows: int, n_tokens: int) -> TextRows:
    """The first `n_tokens` tokens of the first `n_rows` documents that have as many, one document a row.

    Documents are never joined: a late token of joined ones is an early token of its own. Raises EvaluationError where
    none has as many.
    """
    rows: list[TokenIds] = []
    longest, seen = 0, 0
    while seen < len(sample.texts) and len(rows) < n_rows:
        encoded = tokenizer.encode(sample.texts[seen : seen + n_rows])
        longest = max(longest, *map(len, encoded))
        seen += len(encoded)
        rows += [ids[:n_tokens] for ids in encoded if len(ids) >= n_tokens]
    if not rows:
        raise EvaluationError(
            f"None of the {seen:,} documents that were drawn from the text has {n_tokens:,} tokens by the tokenizer of "
            f"the checkpoint; the longest has {longest:,}. Give text of longer documents (documents are never joined), "
            "or ask for earlier tokens."
        )
    return TextRows(np.stack(rows[:n_rows]), seen)
