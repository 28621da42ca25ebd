"""Texts made to break a matcher, and phrases that are nearly in them: strategies for Hypothesis."""

from __future__ import annotations

from hypothesis import strategies as st

from exposure.phrases import GAP, Phrase

ALPHABET = "abcdefghijklmnopqrstuvwxyz" * 6
LENGTHS = (8, 16, 17, 56, 57, 58, 59, 64, 65, 130)
"""Letters of long words: around what a load, a hash and a mask see at once."""


def with_changed(word: str, place: int) -> str:
    """The word with another letter at one place."""
    return word[:place] + ("z" if word[place] != "z" else "y") + word[place + 1 :]


LONG_WORDS = tuple(
    one
    for length in LENGTHS
    for one in (
        ALPHABET[:length],
        with_changed(ALPHABET[:length], length // 2),
        with_changed(ALPHABET[:length], length - 1),
        "\u212a" * (length // 3) + ALPHABET[length // 3 : length],
    )
)
WORDS = (
    "the", "the", "The", "THE", "cat", "Cat", "cats", "a", "A", "b", "_", "a_", "1", "9th", "é", "É", "e\u0301",
    "\u0301", "can't", "can’t", "Paula’s", "paulaʼs", "İ", "i", "İstanbul", "\u212a", "\u212aelvin", "k", "\u212b",
    "å", "Ⱥ", "ⱥ", "ẞ", "ß", "Σ", "σ", "ς", "ǅ", "ǆ", "ﬁ", "ſ", "\u2126", "ω", "Ж", "ж", "漢", "字", "漢字",
    "ん", "カ", "ｶ", "ภา", "ກ", "ខ", "한", "😀", "👍🏽", "𝒜", "𐐀", "𐐨", "𠀀", "\u200d", "\ufffd", "\0", "½", "²", "Ⅷ",
)  # fmt: skip
SPACES = (
    " ", " ", " ", " ", "  ", "\u00a0", "\t", "\n", "\n\n", "\r\n", "\r\n\r\n", "\n\r", "\r", "\r\r", "\u2028",
    "\u2029", "\x85", "\x0b", "\x0c", "\x1c", "\x1f", "\u3000", "\u200b", " \n ",
    " \n \n", "\n\t\u2028", " " * 70, "", "",
)  # fmt: skip
SIGNS = (
    "'", "’", "ʼ", '"', "”", "»", ")", "-", "—", ",", "…", ".", "?", "!", "...", "?!", ".”", '."', ".’", ".ʼ", '.")',
    "Mr.", "mr.", "MRS.", "etc.)", "(st.", "1st.", "xst.", "vol..", "Dr.?", "_dr.", "ſt.", "漢mr.", "." * 70,
)  # fmt: skip


@st.composite
def alphabets(draw: st.DrawFn) -> list[str]:
    """A few pieces, so that a text of them repeats itself."""
    words = draw(st.lists(st.sampled_from(WORDS), min_size=1, max_size=5, unique=True))
    long_words = draw(st.lists(st.sampled_from(LONG_WORDS), max_size=2, unique=True))
    spaces = draw(st.lists(st.sampled_from(SPACES), min_size=1, max_size=5))
    return words + long_words + spaces + draw(st.lists(st.sampled_from(SIGNS), max_size=4))


def texts(alphabet: list[str], pieces: int) -> st.SearchStrategy[str]:
    """Texts of at most so many pieces."""
    return st.lists(st.sampled_from(alphabet), max_size=pieces).map("".join)


@st.composite
def parts(draw: st.DrawFn, alphabet: list[str], passages: list[str]) -> str:
    """Something to look for: new, a stretch of a passage, or one that reaches from a passage into the next."""
    source = draw(st.sampled_from(["", *passages, " ".join(passages), "".join(passages)]))
    if source.strip():
        start = draw(st.integers(0, len(source) - 1))
        stretch = source[start : start + draw(st.sampled_from([1, 2, 3, 5, 8, 20, 70, 200]))]
    else:
        stretch = draw(texts(alphabet, 3))
    stretch = stretch.replace("…", "-")
    return stretch if stretch.strip() else "the"


@st.composite
def uses(draw: st.DrawFn, one: str, other: str) -> list[Phrase]:
    """Phrases of one or two parts: plain, anchored, gap patterns, alone or many at once."""
    window = draw(st.sampled_from([1, 2, 3, 5, 9, 40]))
    kinds = [
        Phrase(one),
        Phrase(one, sentence_end=True),
        Phrase(other + GAP + one, gap=window),
        Phrase(one + GAP + one, gap=window),
        Phrase(other + GAP + one, gap=window + 1),
        Phrase(one + GAP + other, gap=window),
        Phrase(one.upper()),
    ]
    return draw(st.lists(st.sampled_from(kinds), min_size=1, max_size=5))


@st.composite
def searches(draw: st.DrawFn, blocks: int = 1) -> tuple[list[Phrase], list[list[str]]]:
    """Phrases, and blocks of passages to look for them in."""
    alphabet = draw(alphabets())
    sizes = st.sampled_from([0, 1, 2, 5, 12, 30])
    passages = [[draw(texts(alphabet, draw(sizes))) for _ in range(draw(st.integers(0, 4)))] for _ in range(blocks)]
    together = [one for block in passages for one in block]
    phrases: list[Phrase] = []
    for _ in range(draw(st.integers(1, 5))):
        phrases += draw(uses(draw(parts(alphabet, together)), draw(parts(alphabet, together))))
    return draw(st.permutations(phrases)), passages
