"""Which documents of a text are read for the ICL score: drawn by their content, so that order and files mean nothing.

No torch. Documents are ranked by a sha256 of the seed and their text, and the first are taken: a simple random sample
of the different documents, the same wherever they stand and however often.
"""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from evaluator.measures.icl.text_files import documents, text_files
from exposure.errors import EvaluationError

CANDIDATES_PER_ROW = 20
"""Documents that are drawn for each row that is asked for: which are long enough is known by the tokenizer alone."""
CHARACTERS_PER_TOKEN = 16
"""So much of a document is kept for each token of a row."""


@dataclass(frozen=True)
class TextSample:
    """The beginnings of documents, in the order in which they were drawn."""

    texts: tuple[str, ...]
    keys: tuple[bytes, ...]
    """sha256 of the seed and each whole document."""

    @cached_property
    def digest(self) -> str:
        """What names the text."""
        return hashlib.sha256(b"".join(self.keys)).hexdigest()


def text_sample(paths: Iterable[Path], n_rows: int, n_tokens: int, seed: int) -> TextSample:
    """Documents of the files and folders `paths`, drawn for `n_rows` rows of `n_tokens` tokens.

    Only those of at least `n_tokens` bytes are drawn: a token is at least a byte. Raises EvaluationError as
    `text_files` and `documents` do, and where none is so long.
    """
    kept: dict[bytes, str] = {}
    smallest: list[int] = []  # keys, negated: the largest that is kept comes first
    longest = 0
    for text in (text for file in text_files(paths) for text in documents(file)):
        size = len(content := text.encode("utf-8", "surrogatepass"))
        longest = max(longest, size)
        key = hashlib.sha256(b"%d " % seed + content).digest()
        if size < n_tokens or key in kept:
            continue
        heapq.heappush(smallest, -int.from_bytes(key))
        kept[key] = text[: CHARACTERS_PER_TOKEN * n_tokens]
        if len(smallest) > CANDIDATES_PER_ROW * n_rows:
            del kept[(-heapq.heappop(smallest)).to_bytes(32)]
    if not kept:
        raise EvaluationError(
            f"The text for the ICL score has no document that could have {n_tokens:,} tokens: the longest has "
            f"{longest:,} bytes. Give text of longer documents (documents are never joined), or ask for earlier tokens."
        )
    keys = tuple(sorted(kept))
    return TextSample(tuple(kept[key] for key in keys), keys)
