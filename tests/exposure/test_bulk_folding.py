"""Folding many texts at once is folding each of them."""

import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from exposure import bulk_folding
from exposure.bulk_folding import canonical_of_all
from exposure.folding import canonical
from exposure.phrases import MatchRule

RULES = [MatchRule(), MatchRule(case="exact")]
SPECIAL = "aAzZ  \t\n\v\f\r\x1c\x1d\x1e\x1f\x85\xa0\u2003\u3000\0ΣσςİıẞßÅÅ’ʼ'éЖ中\u0301\u200b"
texts = st.text(st.sampled_from(SPECIAL) | st.characters(exclude_categories=["Cs"]), max_size=12)


@given(st.lists(st.none() | texts, max_size=30))
@example(["\0", "é\0", " \0 é ", "", " "])
@example(["  é", "é  ", "\u2003", "é\u2003é", "\x1c"])
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.case)
@pytest.mark.parametrize("chunk", [1, 3, 1000])
def test_all_at_once_is_one_by_one(rule: MatchRule, chunk: int, given_texts: list[str | None]) -> None:
    """Whatever white space, letters and separators stand in them, beside whatever others."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bulk_folding, "CHUNK", chunk)
        found = canonical_of_all(pa.array(given_texts, pa.string()), rule).to_pylist()
    assert found == [None if text is None else canonical(text, rule) for text in given_texts]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.case)
def test_every_character_alone_between_others_and_at_the_ends(rule: MatchRule) -> None:
    """All of Unicode, surrogates left out."""
    characters = [chr(code) for code in range(0x110000) if not 0xD800 <= code < 0xE000]
    asked = [text for one in characters[:0x3100] for text in (one, f"A{one}B", f"{one}A", f"A{one}")]
    asked += [f"A{one}B" for one in characters[0x3100:]]
    assert canonical_of_all(pa.array(asked), rule).to_pylist() == [canonical(text, rule) for text in asked]


def test_a_slice_is_folded_as_what_it_is() -> None:
    """Arrow arrays may begin in the middle of their buffers."""
    texts = pa.array(["AB", "É  É", "x  Y", "Z"])
    assert canonical_of_all(texts.slice(1, 2), MatchRule()).to_pylist() == ["é é", "x y"]
