"""The vector operations that compiled code uses: LLVM's, or plain loops where those cannot be built.

Every array of bytes given to them must be readable `PADDING` bytes beyond its used end. A mask has one bit for each
byte, the lowest for the first. `EXPOSURE_PLAIN_LOOPS=1` asks for the plain ones: slower, and the same to the bit.
"""

from __future__ import annotations

import os

from indexer.compiled import plain_vectors

PADDING = 128
"""Bytes that must be readable (and writable, of an output) behind every text: vectors are not cut short at its end."""

VECTOR = 64
"""Bytes that one vector operation looks at."""


def _can_build() -> bool:
    """Whether this version of LLVM's Python binding takes the operations as they are written here."""
    try:
        from indexer.compiled.llvm_vectors import verify
    except ImportError:
        return False
    return verify()


HAS_VECTORS = os.environ.get("EXPOSURE_PLAIN_LOOPS") != "1" and _can_build()

if HAS_VECTORS:
    from indexer.compiled import llvm_vectors as _vectors
else:
    _vectors = plain_vectors  # type: ignore[misc]

bit_count = _vectors.bit_count
continuing_mask = _vectors.continuing_mask
copy_folded = _vectors.copy_folded
copy_vector = _vectors.copy_vector
escape_or_quote_mask = _vectors.escape_or_quote_mask
high_mask = _vectors.high_mask
highest_bit = _vectors.highest_bit
load64 = _vectors.load64
lowest_bit = _vectors.lowest_bit
newline_mask = _vectors.newline_mask
prefetch = _vectors.prefetch
space_mask = _vectors.space_mask
word_mask = _vectors.word_mask
