"""Where words stand in tokenised sentences: known places, a real byte-level tokenizer, and nothing guessed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_models import END, tokenizer
from tokenizers import Tokenizer

from evaluator.measures.attention.word_spans import (
    TokenisedSentence,
    TokenSpan,
    token_span,
    tokenised_sentences,
    word_spans,
)
from evaluator.measures.attention.word_spans import word_mark as mark_of
from exposure.errors import EvaluationError
from exposure.phrases import CriticalPhrase, Phrase


def words(
    critical: str | None, context: str | None, places: tuple[int | None, int | None] = (None, None), phrase: str = "x"
) -> CriticalPhrase:
    return CriticalPhrase("made", "0", "good", Phrase(phrase), critical, context, *places)


def text(sentence: str, *tokens: str, prefix: int = 1, lead: str = "") -> TokenisedSentence:
    """Tokens by their characters, one after the other; they make up the whole text."""
    assert "".join(tokens) == lead + sentence
    ends = np.cumsum([len(token) for token in tokens])
    return TokenisedSentence(sentence, np.stack([ends - [len(t) for t in tokens], ends], axis=1), prefix, lead)


def core() -> Tokenizer:
    return tokenizer(END, END).backend_tokenizer


def test_words_are_found_by_index_without_their_closing_punctuation() -> None:
    """The index counts words between white space; the mark ends before the full stop and keeps the case apart."""
    assert mark_of("The cats near  the cats, Sleep.", "cats", 4, None) == (19, 23)
    assert mark_of("The cats near  the cats, Sleep.", "sleep", 5, None) == (25, 30)


@pytest.mark.parametrize(("word", "index"), [("dog", 1), ("cats", 0), ("cats", 9), (None, 1), ("", 1), (".", None)])
def test_a_word_that_does_not_stand_at_its_index_is_unknown(word: str | None, index: int | None) -> None:
    """It is not looked for elsewhere, and neither is a word without letters."""
    assert mark_of("The cats sleep.", word, index, None) is None


def test_without_an_index_only_one_place_will_do() -> None:
    """The only whole-word occurrence, else the only one in the phrase; else unknown. A part of a word is none."""
    sentence = "That cat sees that cat of New  York."
    assert mark_of(sentence, "sees", None, None) == (9, 13)
    assert mark_of(sentence, "new york", None, None) == (26, 35)
    assert mark_of(sentence, "cat", None, None) is None
    assert mark_of(sentence, "cat", None, Phrase("sees that cat")) == (19, 22)
    assert mark_of(sentence, "see", None, None) is None


def test_tokens_of_a_word_are_those_that_hold_its_characters() -> None:
    """Several tokens, a leading space and a full stop in the token all belong; the prefix moves every place."""
    made = text("The unhappy cats.", "The", " un", "happy", " cats.", prefix=1)
    assert word_spans(made, words("cats", "unhappy", (2, 1))) == (TokenSpan(4, 5), TokenSpan(2, 4))
    without = text("The unhappy cats.", "The", " un", "happy", " cats.", prefix=0)
    assert word_spans(without, words("cats", "The", (2, 0))) == (TokenSpan(3, 4), TokenSpan(0, 1))


def test_the_space_that_leads_a_sentence_moves_characters_and_not_words() -> None:
    """With the lead " " the same words are found in the same tokens."""
    made = text("Cats sleep.", " ", "Cats", " sleep", ".", lead=" ")
    assert word_spans(made, words("sleep", "Cats", (1, 0))) == (TokenSpan(3, 4), TokenSpan(2, 3))


def test_a_token_with_part_of_another_word_makes_a_word_unknown() -> None:
    """Weight on it would not be weight on the word; and a word whose end is in no token is not known either."""
    made = text("The cats sleep.", "The", " cats sl", "eep", ".")
    assert word_spans(made, words("cats", "sleep", (1, 2))) == (None, None)
    cut = TokenisedSentence("The cats", np.array([[0, 3], [3, 6]]))
    assert token_span(cut, (4, 8)) is None


def test_offsets_of_another_text_are_refused() -> None:
    """A token past the end of the sentence names the pair."""
    with pytest.raises(EvaluationError, match="made/0"):
        word_spans(TokenisedSentence("ab", np.array([[0, 5]])), words("ab", None, (0, None)))


def test_a_character_of_several_tokens_belongs_to_its_word_with_all_of_them() -> None:
    """Byte-level tokens of 東京 share offsets; all of them are the word, and they decode to it."""
    (made,) = tokenised_sentences(core(), ["The 東京 cat naïve."])
    ids = core().encode("The 東京 cat naïve.", add_special_tokens=False).ids
    span, other = word_spans(made, words("東京", "naïve", (1, 3)))
    assert span is not None
    assert other is not None
    assert len(span) > 2
    assert core().decode(ids[span.start - 1 : span.end - 1]).strip() == "東京"
    assert core().decode(ids[other.start - 1 : other.end - 1]).strip(" .") == "naïve"


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.text("abcé東’", min_size=1, max_size=6), min_size=1, max_size=6), st.data(), st.sampled_from(["", " "])
)
def test_every_word_of_a_sentence_decodes_from_its_tokens(parts: list[str], data: st.DataObject, lead: str) -> None:
    """With a real byte-level tokenizer the tokens found for word i are those whose text is word i."""
    index = data.draw(st.integers(0, len(parts) - 1))
    if not parts[index].rstrip("’"):
        return
    (made,) = tokenised_sentences(core(), [" ".join(parts)], prefix_tokens=2, lead=lead)
    ids = core().encode(lead + " ".join(parts), add_special_tokens=False).ids
    assert made.n_tokens == len(ids) + 2
    span, _ = word_spans(made, words(parts[index], None, (index, None)))
    assert span is not None
    decoded = core().decode(ids[span.start - 2 : span.end - 2]).strip()
    assert decoded.rstrip("’") == parts[index].rstrip("’")
