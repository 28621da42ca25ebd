"""Text as it flows through a scan: many documents, then many passages, in one buffer of bytes.

Whatever stands in a buffer stands apart: at least two line feeds (`GAP`, a blank line) lie before the first text,
between any two and after the last, and `PADDING` more bytes that compiled code may read. So nothing matches from one
text into the next, and their edges are word boundaries.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from indexer.compiled.vectors import PADDING

Bytes = npt.NDArray[np.uint8]
Integers = npt.NDArray[np.int64]

GAP = b"\n\n"


@dataclass(frozen=True)
class DocumentBlock:
    """Documents of one shard that follow one another: document k is `text[starts[k]:ends[k]]`, whole and valid UTF-8.

    `first` is the number of the first of them in its shard; `id_of` tells the id of a document by its number there.
    """

    text: Bytes
    starts: Integers
    ends: Integers
    first: int
    id_of: Callable[[int], str]

    def __len__(self) -> int:
        return len(self.starts)

    def document(self, index: int) -> str:
        """The text of the block's document `index` (0-based in the block)."""
        return self.text[self.starts[index] : self.ends[index]].tobytes().decode()


@dataclass(frozen=True)
class TextBlock:
    """Passages, each the part of one document in one row, in training-stream order; columns of equal length.

    `start`, `end`: bytes of the passage in `text`. `row`: its row. `offset`, `token`: characters and tokens of the row
    before it. `document`: its document's number in the shard; `document_offset`: characters of the document before it.
    `lead`: how many of its first characters are U+FFFD for bytes of a character that began in another row (a character
    cut at its end is one U+FFFD more). `first_size`, `end_size`: its tokens' bytes are `sizes[first_size:end_size]`, a
    cut character's bytes counted as they were, not as U+FFFD; both 0 without a tokenizer.
    """

    text: Bytes
    start: Integers
    end: Integers
    row: Integers
    offset: Integers
    token: Integers
    document: Integers
    document_offset: Integers
    lead: Integers
    sizes: npt.NDArray[np.uint16]
    first_size: Integers
    end_size: Integers
    id_of: Callable[[int], str]

    def __len__(self) -> int:
        return len(self.start)

    def passage(self, index: int) -> str:
        """The text of one passage."""
        return self.text[self.start[index] : self.end[index]].tobytes().decode()


@dataclass(frozen=True)
class Hits:
    """Matches in a TextBlock: phrase number, number of the passage in the block, byte of `text` where the match starts.

    Three equal lengths, in no particular order.
    """

    phrase: npt.NDArray[np.int32]
    passage: npt.NDArray[np.int32]
    start: Integers


def laid_out(texts: list[bytes]) -> tuple[Bytes, Integers, Integers]:
    """A buffer that holds `texts` apart and padded, with the start and end of each."""
    content = GAP + GAP.join(texts) + GAP + bytes(PADDING)
    lengths = np.array([len(text) for text in texts], dtype=np.int64)
    ends = np.cumsum(lengths + len(GAP), dtype=np.int64)
    return np.frombuffer(content, dtype=np.uint8).copy(), ends - lengths, ends
