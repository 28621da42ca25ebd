"""The token ids that random sequences are drawn from: those of texts, without special tokens and padding rows."""

from __future__ import annotations

import numpy as np

from evaluator.sequences import Integers
from evaluator.text_tokenizer import TextTokenizer
from exposure.errors import EvaluationError


def drawable_tokens(tokenizer: TextTokenizer, vocabulary: int) -> Integers:
    """[token] Ascending ids of the tokenizer's vocabulary that are not special, below `vocabulary`.

    `vocabulary` is the number of embeddings of the model; those beyond the tokenizer's ids are for alignment only and
    were never trained. Added tokens that are not marked special (GPT-NeoX's runs of spaces) are ordinary ones. Raises
    EvaluationError where none is left.
    """
    known = tokenizer.auto.get_vocab() if tokenizer.file is None else tokenizer.file.get_vocab(with_added_tokens=True)
    ids = np.setdiff1d(np.array(sorted(known.values()), dtype=np.int64), _special(tokenizer))
    ids = ids[ids < vocabulary]
    if not len(ids):
        raise EvaluationError(
            f"The tokenizer in {tokenizer.folder} has no token below {vocabulary:,} that is not special, so no random "
            "sequence can be drawn. Put the tokenizer beside the checkpoint that it was trained with."
        )
    return ids


def _special(tokenizer: TextTokenizer) -> Integers:
    ids = set(tokenizer.auto.all_special_ids)
    added = tokenizer.auto.added_tokens_decoder if tokenizer.file is None else tokenizer.file.get_added_tokens_decoder()
    ids |= {id_ for id_, token in added.items() if token.special}
    return np.array(sorted(ids), dtype=np.int64)
