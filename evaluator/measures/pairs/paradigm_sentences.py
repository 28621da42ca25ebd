"""The sentences of one paradigm as they are fed, and which of their tokens are looked at: the same for a series."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from evaluator.measures.attention.word_places import WordPlaces, word_places
from evaluator.measures.attention.word_spans import TokenisedSentence, tokenised_sentences
from evaluator.measures.concepts.sentence_positions import SentencePositions, SideTexts, sentence_positions
from evaluator.measures.pairs.measured_pairs import MeasuredPairs
from evaluator.measures.pairs.wanted import Wanted
from evaluator.scored import Integers
from evaluator.text_tokenizer import TextTokenizer
from evaluator.tokenised_pairs import TokenisedPairs
from evaluator.tokenising import tokenise_pairs
from exposure.errors import EvaluationError


@dataclass(frozen=True)
class ParadigmSentences:
    """The pairs of one paradigm that have two sentences."""

    uid: str
    phenomenon: str | None
    pairs: Integers  # [pair] places among all pairs
    tokenised: TokenisedPairs  # of these pairs; its sequences are theirs alone
    positions: tuple[SentencePositions, ...]
    words: WordPlaces | None
    """Of the side whose attention is wanted."""
    words_sequence: Integers  # [pair] the sequence of that side

    def showing(self, wanted: Wanted) -> ParadigmSentences:
        """The same with no more to look at than is wanted."""
        positions = tuple(one for one in self.positions if one.position in wanted.positions)
        return replace(self, positions=positions, words=None if wanted.attention is None else self.words)


def paradigm_sentences(folder: Path, measured: MeasuredPairs, wanted: Wanted) -> Iterator[ParadigmSentences]:
    """Paradigm after paradigm in alphabetical order, by the tokenizer of a checkpoint's folder.

    Raises EvaluationError where it has no tokenizer.json, or pairs cannot be tokenised as they are scored.
    """
    whole = tokenise_pairs(folder, measured.pairs, measured.spec)
    texts = {side: _texts(folder, measured, side, whole) for side in ("good", "bad")}
    for uid, places in measured.table.places_of.items():
        held = places[whole.is_scored[places]]
        if not len(held):
            continue
        tokenised = whole.take(held)
        good, bad = (
            SideTexts([texts[side][place] for place in held], [words[place] for place in held])
            for side, words in (("good", measured.good), ("bad", measured.bad))
        )
        yield ParadigmSentences(
            uid=uid,
            phenomenon=measured.table.phenomenon[int(held[0])] or None,
            pairs=held,
            tokenised=tokenised,
            positions=tuple(sentence_positions(tokenised, good, bad, one) for one in wanted.positions),
            words=_word_places(good, bad, wanted),
            words_sequence=(tokenised.good if _reads_good(wanted) else tokenised.bad).sequence,
        )


def _reads_good(wanted: Wanted) -> bool:
    return wanted.attention is None or wanted.attention.side == "good"


def _word_places(good: SideTexts, bad: SideTexts, wanted: Wanted) -> WordPlaces | None:
    if wanted.attention is None:
        return None
    side = good if _reads_good(wanted) else bad
    return word_places(side.texts, side.words)


def _texts(folder: Path, measured: MeasuredPairs, side: str, whole: TokenisedPairs) -> list[TokenisedSentence]:
    tokenizer = TextTokenizer.open(folder)
    if tokenizer.file is None:
        raise EvaluationError(
            f"{folder} has no tokenizer.json, so it cannot be said which characters a token holds. Save the tokenizer "
            "in that form (PreTrainedTokenizerFast.save_pretrained), or leave out the measures of words."
        )
    sentences = [pair.sentence_good if side == "good" else pair.sentence_bad for pair in measured.pairs]
    prefix_tokens = 0 if whole.prefix_token is None else 1
    return tokenised_sentences(tokenizer.file, sentences, prefix_tokens, " " if measured.spec.lead_space else "")


def by_length(sentences: ParadigmSentences) -> Integers:
    """[sequence] From the shortest to the longest: in batches of this order little is padded."""
    return np.argsort(sentences.tokenised.sequences.lengths, kind="stable")
