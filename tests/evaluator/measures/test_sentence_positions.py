"""Positions against decoding token by token: where a text first holds all of a word."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
import tiny_models

from evaluator.conventions import Prefix, ScoringSpec
from evaluator.measures.attention.word_spans import TokenisedSentence, tokenised_sentences
from evaluator.measures.concepts.sentence_positions import ABSENT, SideTexts, last_word_mark, sentence_positions
from evaluator.text_tokenizer import TextTokenizer
from evaluator.tokenised_pairs import TokenisedPairs
from evaluator.tokenising import tokenise_pairs
from exposure.errors import EvaluationError
from exposure.pairs import MinimalPair
from exposure.phrases import CriticalPhrase, Phrase, Side

PAIRS = (
    MinimalPair("u", "0", "The cats in the harbour sleep.", "The cats in the harbour sleeps."),
    MinimalPair("u", "1", "Café people can't stop!", "Café people can't stops!"),
    MinimalPair("u", "2", "Nobody saw it –", "Nobody sees it –"),
    MinimalPair("u", "3", "These old cats", "This old cats"),
    MinimalPair("list", "4", "", "", phrase_good="the cat"),
    MinimalPair("u", "5", "…?!", "…!?"),
)
LAST_WORDS = ("sleep", "stop", "it", "cats")
CRITICAL = (("sleep", "sleeps"), ("stop", "stops"), ("saw", "sees"), ("These", "This"))
CRITICAL_INDEX = (5, 3, 1, 0)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("tokenizer")
    tiny_models.tokenizer("<s>", "<|endoftext|>").save_pretrained(made)
    return made


def phrases(side: Side) -> list[CriticalPhrase]:
    named = [
        CriticalPhrase("u", str(number), side, Phrase(words[side == "bad"]), words[side == "bad"], None, index)
        for number, (words, index) in enumerate(zip(CRITICAL, CRITICAL_INDEX, strict=True))
    ]
    unnamed = [CriticalPhrase(one.uid, one.pair_id, side, None) for one in PAIRS[len(named) :]]
    return named + unnamed


def side_texts(folder: Path, spec: ScoringSpec, sentences: Iterable[str], side: Side) -> SideTexts:
    file = TextTokenizer.open(folder).file
    assert file is not None
    lead = " " if spec.lead_space else ""
    return SideTexts(tokenised_sentences(file, list(sentences), int(spec.prefix == "bos"), lead), phrases(side))


def prepared(folder: Path, spec: ScoringSpec) -> tuple[TokenisedPairs, SideTexts, SideTexts]:
    good = side_texts(folder, spec, [pair.sentence_good for pair in PAIRS], "good")
    bad = side_texts(folder, spec, [pair.sentence_bad for pair in PAIRS], "bad")
    return tokenise_pairs(folder, PAIRS, spec), good, bad


def decoded_place(folder: Path, tokenised: TokenisedPairs, sequence: int, upto: str) -> int:
    """The first token at which the sentence, decoded so far, holds everything through `upto`."""
    file = TextTokenizer.open(folder).file
    assert file is not None
    ids = tokenised.sequences[sequence].tolist()
    n_prefix = int(tokenised.prefix_token is not None)
    return next(
        place for place in range(n_prefix, len(ids)) if file.decode(ids[n_prefix : place + 1]).strip().startswith(upto)
    )


@pytest.mark.parametrize("prefix", ["bos", "none"])
@pytest.mark.parametrize("lead_space", [False, True])
def test_words_end_where_decoding_first_holds_them(folder: Path, prefix: Prefix, lead_space: bool) -> None:
    """The last token of the last and of the critical word, whatever stands before the sentence, on both sides."""
    spec = ScoringSpec(prefix=prefix, lead_space=lead_space)
    tokenised, good, bad = prepared(folder, spec)
    last, critical = (sentence_positions(tokenised, good, bad, at) for at in ("last-word", "critical"))  # type: ignore[arg-type]
    assert last.is_there.tolist() == critical.is_there.tolist() == [True] * 4 + [False] * 2
    for number, pair in enumerate(PAIRS[:4]):
        sentence, sequence = pair.sentence_good, int(tokenised.good.sequence[number])
        for word, found in ((LAST_WORDS[number], last), (CRITICAL[number][0], critical)):
            upto = sentence[: sentence.rindex(word) + len(word)]
            assert found.good[number] == decoded_place(folder, tokenised, sequence, upto), (sentence, word)
        sentence, sequence = pair.sentence_bad, int(tokenised.bad.sequence[number])
        upto = sentence[: sentence.index(CRITICAL[number][1]) + len(CRITICAL[number][1])]
        assert critical.bad[number] == decoded_place(folder, tokenised, sequence, upto), sentence


def test_the_last_token_is_the_end_of_the_sequence(folder: Path) -> None:
    """Punctuation or not; a sentence without any word has one too, a bare phrase has not."""
    tokenised, good, bad = prepared(folder, ScoringSpec())
    found = sentence_positions(tokenised, good, bad, "last-token")
    scored = [0, 1, 2, 3, 5]
    assert found.good[scored].tolist() == (tokenised.sequences.lengths[tokenised.good.sequence[scored]] - 1).tolist()
    assert found.is_there.tolist() == [True] * 4 + [False, True]
    assert found.good[4] == ABSENT


def test_tokens_are_places_in_the_flat_array_of_the_pairs_that_are_there(folder: Path) -> None:
    """What a model's states are picked by: in order of pairs, without those that have no such word."""
    tokenised, good, bad = prepared(folder, ScoringSpec())
    found = sentence_positions(tokenised, good, bad, "critical")
    for side, places, flat in zip(("good", "bad"), (found.good, found.bad), found.tokens(tokenised), strict=True):
        sequence = getattr(tokenised, side).sequence
        assert len(flat) == 4
        for number, token in enumerate(flat.tolist()):
            assert tokenised.sequences.places[token] == places[number]
            assert tokenised.sequences.ids[token] == tokenised.sequences[sequence[number]][places[number]]


@pytest.mark.parametrize(
    ("sentence", "word"),
    [
        ("Who slept?", "slept"),
        ("He can't.", "can't"),
        ("(“Naïve”)…", "Naïve"),
        ("It is –  ", "is"),
        ("a_b __", "__"),
        ("!?", None),
        ("", None),
    ],
)
def test_the_last_word_is_without_punctuation_around_it(sentence: str, word: str | None) -> None:
    """From its first letter, digit or underscore to its last; words of punctuation alone are passed over."""
    mark = last_word_mark(sentence)
    assert (None if mark is None else sentence[slice(*mark)]) == word


def test_what_does_not_fit_together_is_refused(folder: Path) -> None:
    """Other texts, another prefix or lead, missing phrases, another method, an unknown position: each by name."""
    tokenised, good, bad = prepared(folder, ScoringSpec())
    with pytest.raises(EvaluationError, match="2 texts for 6 pairs"):
        sentence_positions(tokenised, SideTexts(good.texts[:2]), bad, "last-word")
    with pytest.raises(EvaluationError, match=r"of u/0 .* tokens, which is scored with another number"):
        sentence_positions(tokenised, prepared(folder, ScoringSpec(prefix="none"))[1], bad, "last-token")
    with pytest.raises(EvaluationError, match="critical phrases of 0 for 6 pairs"):
        sentence_positions(tokenised, SideTexts(good.texts), bad, "critical")
    with pytest.raises(EvaluationError, match="Known are last-word, last-token, critical"):
        sentence_positions(tokenised, good, bad, "middle")  # type: ignore[arg-type]
    words = MinimalPair("u", "0", "The cats sleep.", "The cats sleeps.")
    empty = TokenisedSentence(words.sentence_good, np.zeros((0, 2), dtype=np.int64))
    other = TokenisedPairs((), ScoringSpec("two-prefix"), tokenised.sequences, tokenised.good, tokenised.bad, "", None)
    with pytest.raises(EvaluationError, match="Use the method full"):
        sentence_positions(other, SideTexts([empty]), SideTexts([empty]), "last-word")
