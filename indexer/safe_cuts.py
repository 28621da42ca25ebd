"""Safe cuts: places where a text may be cut so that its parts, tokenised apart, have just the tokens of the whole.

Such a place stands between two characters of kinds that no pre-token of the tokenizer holds side by side, as a letter
and a full stop behind it, so the pre-tokens of the whole are those of the parts. One of the two is always ASCII or
general punctuation, which NFC never joins to what stands before it. A pair that stands inside an added token is no safe
place; and where an added token strips its neighbours, or the tokenizer is of a kind that is not understood, none is.
"""

from __future__ import annotations

import string
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise, product

import numpy as np
import numpy.typing as npt

from indexer.pretokens import Family, Pretokens

PUNCTUATION = 128
"""The kind of U+2010 to U+2027: dashes, quotation marks, the ellipsis."""
VISIBLE = 129
"""The kind of any other character beyond ASCII that is surely no white space."""
UNSURE = 130
"""The kind of all others beyond ASCII. An ASCII character is a kind of its own, numbered by its code."""
KINDS = 131

CUT = 1
CUT_AFTER_ONE_BREAK = 2
"""Safe where the line feed on the left stands directly behind a visible character."""

_LETTERS = [ord(one) for one in string.ascii_letters]
_DIGITS = [ord(one) for one in string.digits]
_MARKS = [*(ord(one) for one in string.punctuation if one != "'"), PUNCTUATION]
_APOSTROPHE, _SPACE, _BREAK = ord("'"), ord(" "), ord("\n")
_VISIBLE_CODES = [*range(0x21, 0x7F), PUNCTUATION, VISIBLE]
_TABLES = {
    "gpt2": {
        (CUT, "letters"): [_DIGITS, _MARKS, [_SPACE, _BREAK]],
        (CUT, "digits"): [_LETTERS, _MARKS, [_SPACE, _BREAK]],
        (CUT, "marks"): [_LETTERS, _DIGITS, [_SPACE, _BREAK]],
        (CUT, "others"): [[_SPACE, _BREAK]],
        (CUT_AFTER_ONE_BREAK, "break"): [_LETTERS, _DIGITS, _MARKS],
    },
    # Marks take the letters and the line feeds behind them.
    "cl100k": {
        (CUT, "letters"): [_DIGITS, _MARKS, [_SPACE, _BREAK]],
        (CUT, "digits"): [_LETTERS, _MARKS, [_SPACE, _BREAK]],
        (CUT, "marks"): [_DIGITS, [_SPACE]],
        (CUT, "others"): [[_SPACE]],
        (CUT_AFTER_ONE_BREAK, "break"): [_LETTERS, _DIGITS, _MARKS],
    },
}
_LEFT = {
    "letters": _LETTERS,
    "digits": _DIGITS,
    "marks": _MARKS,
    "others": [_APOSTROPHE, VISIBLE],
    "break": [_BREAK],
}


@dataclass(frozen=True)
class SafeCuts:
    """uint8[KINDS, KINDS]: `table[left, right]` says whether a text may be cut between characters of these kinds."""

    table: npt.NDArray[np.uint8]

    @classmethod
    def of(cls, pretokens: Pretokens | None) -> SafeCuts | None:
        """The safe cuts of a tokenizer; None where none is known, and only whole documents may be tokenised."""
        if pretokens is None:
            return None
        table = _table(pretokens.family)
        if pretokens.has_prefix_space:
            table[:, [kind for kind in range(KINDS) if kind != _SPACE]] = 0
        for content in pretokens.added:
            kinds = [kind_of(character) for character in content]
            for left, right in pairwise(kinds):
                table[left, right] = 0
        return cls(table)

    def places(self, text: str) -> Iterator[int]:
        """Every safe place in a text, rising, as an index of its characters."""
        kinds = [kind_of(character) for character in text]
        for place in range(1, len(kinds)):
            rule = self.table[kinds[place - 1], kinds[place]]
            if rule == CUT or (rule == CUT_AFTER_ONE_BREAK and place > 1 and is_visible(kinds[place - 2])):
                yield place


def is_visible(kind: int) -> bool:
    """Whether characters of a kind are surely no white space."""
    return kind in _VISIBLE_CODES


def kind_of(character: str) -> int:
    """The kind of a character."""
    code = ord(character)
    return code if code < 0x80 else int(kinds()[code]) if code < 0x10000 else VISIBLE


@cache
def kinds() -> npt.NDArray[np.uint8]:
    """uint8[65536]: the kinds of the characters of the basic plane; those of others are VISIBLE."""
    table = np.arange(0x10000).astype(np.uint8)
    surely = [code for code in range(0x80, 0x10000) if unicodedata.category(chr(code))[0] in "LMNPS"]
    table[0x80:] = UNSURE
    table[surely] = VISIBLE
    table[0x2010:0x2028] = PUNCTUATION
    return table


def _table(family: Family) -> npt.NDArray[np.uint8]:
    table = np.zeros((KINDS, KINDS), dtype=np.uint8)
    for (rule, left), rights in _TABLES[family].items():
        for one, other in product(_LEFT[left], [kind for right in rights for kind in right]):
            table[one, other] = rule
    return table
