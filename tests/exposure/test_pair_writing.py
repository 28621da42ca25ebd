"""Pairs, written and read again, are the same pairs."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exposure.errors import PairsError
from exposure.pair_files import load_pairs
from exposure.pair_rows import pair_of
from exposure.pair_writing import pair_lines, pair_row
from exposure.pairs import MinimalPair

TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12).filter(str.strip)
WORD = st.text("abcdefgé本", min_size=1, max_size=6)


@st.composite
def rows(draw: st.DrawFn) -> dict[str, object]:
    """A row as somebody might write it: labels, explicit phrases with words, gap or anchor, BLiMP's columns."""
    words = draw(st.lists(WORD, min_size=2, max_size=6))
    row: dict[str, object] = {
        "sentence_good": draw(st.sampled_from([" ".join(words), f" {' '.join(words)}.\t", "".join(draw(TEXT))])),
        "sentence_bad": draw(TEXT),
        "uid": draw(TEXT),
    }
    for name in ("field", "phenomenon"):
        row[name] = draw(st.none() | TEXT)
    if draw(st.booleans()):
        row["linguistics_term"] = row.pop("phenomenon") or draw(st.sampled_from(["s-selection", "island_effects"]))
    kind = draw(st.sampled_from(["rule", "phrase", "gap", "anchor"]))
    if kind != "rule":
        row["sentence_good"] = " ".join(words)
        row["phrase_good"] = " … ".join(words[:2]) if kind == "gap" else " ".join(words[:2])
        row["phrase_bad"] = None if kind == "gap" else draw(st.none() | WORD)
        row["gap"] = draw(st.integers(1, 1000)) if kind == "gap" else draw(st.sampled_from([0, None]))
        row["anchor"] = "sentence_end" if kind == "anchor" else None
        row["critical_word"] = draw(st.none() | st.just(words[0]))
        row["context_word_good"] = draw(st.none() | st.just(words[1]))
    if draw(st.booleans()):
        row |= {"one_prefix_prefix": draw(TEXT), "one_prefix_word_good": draw(TEXT), "one_prefix_word_bad": draw(TEXT)}
        row["one_prefix_method"] = draw(st.booleans())
    if draw(st.booleans()):
        row |= {
            "two_prefix_prefix_good": draw(TEXT),
            "two_prefix_prefix_bad": draw(TEXT),
            "two_prefix_word": draw(TEXT),
        }
    return row


@given(given_rows=st.lists(rows(), min_size=1, max_size=4))
def test_what_is_written_reads_as_exactly_the_same_pairs(tmp_path_factory, given_rows):
    """Prefix forms, explicit phrases, gaps, anchors, labels, every character: nothing is lost or changed."""
    pairs = [pair_of(row, f"row {i}", {"pair_id": str(i)}) for i, row in enumerate(given_rows)]
    file: Path = tmp_path_factory.mktemp("pairs") / "other-name.jsonl"
    file.write_text(pair_lines(pairs), encoding="utf-8", newline="")
    assert load_pairs([file]) == pairs
    assert pair_lines(load_pairs([file])) == pair_lines(pairs)


def test_a_row_has_only_what_is_there():
    """Columns without a value are left out, as a person would write them."""
    pair = MinimalPair("sva", "0", "The cats sleep.", "The cats sleeps.")
    expected = {"uid": "sva", "pair_id": "0", "sentence_good": pair.sentence_good, "sentence_bad": pair.sentence_bad}
    assert pair_row(pair) == expected
    assert json.loads(pair_lines([pair])) == expected


def test_a_line_of_a_phrase_list_is_no_pair():
    """It has no sentences to compare."""
    with pytest.raises(PairsError, match="Make a phrase set of it"):
        pair_row(MinimalPair("list", "1", "", "", phrase_good="these books"))
