"""What a cut between two tokens does to the characters there."""

from __future__ import annotations

from exposure.token_block import TokenLengths


def lead_of(lengths: TokenLengths, start: int, end: int) -> int:
    """Leading continuation bytes of tokens [start, end): whole tokens of them may follow one another."""
    lead = 0
    for token in range(start, end):
        lead += int(lengths.lead[token])
        if lengths.lead[token] < lengths.size[token]:
            break
    return lead


def cut(text: str, first_byte: int, end_byte: int) -> str:
    """Bytes [first, end) of a text as text; a character that is cut in two becomes U+FFFD in both rows."""
    if text.isascii():
        return text[first_byte:end_byte]
    return text.encode()[first_byte:end_byte].decode("utf-8", "replace")
