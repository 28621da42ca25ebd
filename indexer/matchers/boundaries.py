"""Word boundaries: which characters make words, and at which edges of a phrase a boundary is demanded."""

from __future__ import annotations

from bisect import bisect_right

SCRIPTS_WITHOUT_SPACES: tuple[tuple[int, int, str], ...] = (
    (0x0E00, 0x0E7F, "Thai"),
    (0x0E80, 0x0EFF, "Lao"),
    (0x1780, 0x17FF, "Khmer"),
    (0x2E80, 0x2FDF, "Han radicals"),
    (0x3005, 0x3005, "Han iteration mark"),
    (0x3007, 0x3007, "Han zero"),
    (0x3021, 0x3029, "Hangzhou numerals"),
    (0x3038, 0x303B, "Hangzhou numerals and Han iteration mark"),
    (0x3040, 0x30FF, "Hiragana and Katakana"),
    (0x31F0, 0x31FF, "Katakana extensions"),
    (0x3400, 0x4DBF, "Han extension A"),
    (0x4E00, 0x9FFF, "Han"),
    (0xF900, 0xFAFF, "Han compatibility"),
    (0xFF66, 0xFF9F, "half-width Katakana"),
    (0x1AFF0, 0x1B16F, "Kana extensions and supplement"),
    (0x20000, 0x3FFFF, "Han extensions B and after"),
)
"""Code points (first, last) of Han, Kana, Thai, Lao and Khmer: their words are not set apart by spaces."""

_FIRSTS = [first for first, _, _ in SCRIPTS_WITHOUT_SPACES]


def is_word(character: str) -> bool:
    """Whether a character is part of words: letters, digits and the low line."""
    return character.isalnum() or character == "_"


def demands_boundary(character: str) -> bool:
    """Whether a phrase that begins or ends with `character` must stand at a word boundary there."""
    if not is_word(character):
        return False
    place = bisect_right(_FIRSTS, ord(character)) - 1
    return place < 0 or ord(character) > SCRIPTS_WITHOUT_SPACES[place][1]
