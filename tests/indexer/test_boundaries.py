"""Word characters and scripts without spaces, over all of Unicode."""

import re
import unicodedata

from indexer.matchers.boundaries import SCRIPTS_WITHOUT_SPACES, demands_boundary, is_word

ALL = [chr(code) for code in range(0x110000)]
NAMES = (
    "CJK UNIFIED IDEOGRAPH", "CJK COMPATIBILITY IDEOGRAPH", "HANGZHOU NUMERAL", "IDEOGRAPHIC ITERATION MARK",
    "IDEOGRAPHIC NUMBER ZERO", "VERTICAL IDEOGRAPHIC ITERATION MARK", "HIRAGANA", "HENTAIGANA", "KATAKANA",
    "HALFWIDTH KATAKANA", "THAI ", "LAO ", "KHMER ",
)  # fmt: skip
"""How Unicode names the characters of Han, Kana, Thai, Lao and Khmer."""


def test_word_characters_are_those_of_an_expression() -> None:
    """Letters, digits and the low line: what \\w matches in a Python expression, for every code point."""
    assert {one for one in ALL if is_word(one)} == set(re.findall(r"\w", "".join(ALL)))


def test_scripts_without_spaces_by_the_names_of_their_characters() -> None:
    """A phrase edge demands a boundary exactly at word characters that Unicode names for no script without spaces."""
    words = [one for one in ALL if is_word(one) and unicodedata.name(one, "")]
    assert {one for one in words if demands_boundary(one)} == {
        one for one in words if not unicodedata.name(one).startswith(NAMES)
    }
    assert not any(demands_boundary(one) for one in ALL if not is_word(one))


def test_ranges_rise_and_do_not_overlap() -> None:
    """The look-up goes by first code points, so ranges stand in order."""
    bounds = [bound for first, last, _ in SCRIPTS_WITHOUT_SPACES for bound in (first, last)]
    assert bounds == sorted(bounds)
    assert all(first <= last for first, last, _ in SCRIPTS_WITHOUT_SPACES)
