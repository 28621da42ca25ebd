"""Folding against Python's own case mapping, one code point at a time and in every context that could change it."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exposure import folding
from exposure.fold_table import RUNS, UNICODE_VERSION
from exposure.folding import FOLD_TABLE, canonical, fold
from exposure.phrases import MatchRule

ALL = [chr(code) for code in range(0x110000)]
APOSTROPHES = "\u2019\u02bc"
needs_same_unicode = pytest.mark.skipif(
    unicodedata.unidata_version != UNICODE_VERSION, reason="this Python has another version of Unicode than the table"
)


def in_chunks(prefix: str, suffix: str) -> list[str]:
    """All code points, each between `prefix` and `suffix`, in strings of 4096 (most without Σ and İ)."""
    return ["".join(prefix + one + suffix for one in ALL[i : i + 4096]) for i in range(0, len(ALL), 4096)]


@needs_same_unicode
def test_table_is_simple_lower_case_and_two_apostrophes() -> None:
    """The shipped table says what Python's Unicode data say, one code point for one; İ loses its second one."""
    expected = {ord(one): ord(one.lower()) for one in ALL if len(one.lower()) == 1 and one.lower() != one}
    expected |= {0x130: ord("i"), 0x2019: ord("'"), 0x2BC: ord("'")}
    assert expected == FOLD_TABLE


def test_table_ranges_do_not_overlap_and_map_inside_unicode() -> None:
    """Every code point is named once, and stands for one code point that is not itself folded further."""
    named = [code for start, stop, step, _ in RUNS for code in range(start, stop, step)]
    assert len(named) == len(set(named)) == len(FOLD_TABLE)
    assert not set(FOLD_TABLE.values()) & set(FOLD_TABLE)
    assert all(0 <= code < 0x110000 for code in FOLD_TABLE.values())


@pytest.mark.parametrize(("prefix", "suffix"), [("a", " "), (" ", "A\u0301"), ("Σ", "")])
@pytest.mark.parametrize("runtime", [True, False])
def test_fold_is_translation_by_the_table(
    prefix: str, suffix: str, runtime: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever stands beside it, and whichever way is taken, every code point goes by the table; length is kept."""
    monkeypatch.setattr(folding, "_RUNTIME_LOWERS_ALIKE", runtime and folding._RUNTIME_LOWERS_ALIKE)
    for text in in_chunks(prefix, suffix):
        folded = fold(text)
        assert folded == text.translate(FOLD_TABLE)
        assert len(folded) == len(text)


def test_every_code_point_alone() -> None:
    """A string of one code point folds to one code point, and folding again changes nothing."""
    for one in ALL:
        folded = fold(one)
        assert folded == one.translate(FOLD_TABLE)
        assert len(folded) == 1
        assert fold(folded) == folded


@given(st.text(alphabet=st.sampled_from("aAΣσςİiIıßẞéÉe\u0301’ʼ'ǅK_ .\u2028中𐐀\U0001f600") | st.characters()))
def test_folding_any_text(text: str) -> None:
    """Random texts: character by character, same length, and twice is once."""
    assert fold(text) == "".join(chr(FOLD_TABLE.get(ord(one), ord(one))) for one in text)
    assert fold(fold(text)) == fold(text)


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("", ""),
        ("ODYSSEUS", "odysseus"),
        ("ΟΔΥΣΣΕΥΣ ΑΣ", "οδυσσευσ ασ"),
        ("İSTANBUL Iı", "istanbul iı"),
        ("STRASSE STRAẞE Straße", "strasse straße straße"),
        ("Don’t DONʼT don't ‘x’", "don't don't don't ‘x'"),
        ("ǅ Ǆ ǆ", "ǆ ǆ ǆ"),
        ("\u212a \u212b \u2126", "k å ω"),
        ("𐐀 Ꭰ Ⅷ Ⓐ", "𐐨 ꭰ ⅷ ⓐ"),
        ("E\u0301É", "e\u0301é"),
    ],
)
def test_golden_foldings(text: str, folded: str) -> None:
    """Final sigma, dotted I, sharp s, apostrophes, title case, compatibility letters: as the rule has them."""
    assert fold(text) == folded


@given(
    st.text(alphabet=st.sampled_from("aB’Σ \t\n\r\x0b\x1c\x1f\x85\xa0\u2028\u3000\u200b.")),
    st.sampled_from(["fold", "exact"]),
)
def test_canonical_phrase(text: str, case: str) -> None:
    """White space runs of any kind become one space, ends go, and case follows the rule; twice is once."""
    rule = MatchRule(case)  # type: ignore[arg-type]
    joined = " ".join(text.split())
    assert canonical(text, rule) == (joined.translate(FOLD_TABLE) if case == "fold" else joined)
    assert canonical(canonical(text, rule), rule) == canonical(text, rule)
