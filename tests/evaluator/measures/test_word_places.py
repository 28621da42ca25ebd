"""Later and earlier word, and control places: against a search of every place, on made and on drawn sentences."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from evaluator.measures.attention.control_positions import nearby_keys, shift_of
from evaluator.measures.attention.word_places import UNKNOWN, word_places
from evaluator.measures.attention.word_spans import TokenisedSentence, TokenSpan
from exposure.phrases import CriticalPhrase, Phrase


def whole_words(sentence: str, prefix: int = 1) -> TokenisedSentence:
    """One token a word, after `prefix` tokens."""
    ends = np.cumsum([len(word) + 1 for word in sentence.split()]) - 1
    starts = ends - [len(word) for word in sentence.split()]
    return TokenisedSentence(sentence, np.stack([starts, ends], axis=1), prefix)


def words(critical: int | None, context: int | None, sentence: str) -> CriticalPhrase:
    critical_word, context_word = (None if at is None else sentence.split()[at] for at in (critical, context))
    return CriticalPhrase("made", "0", "good", Phrase(sentence), critical_word, context_word, critical, context)


SENTENCE = "a b c d e f"


def test_attention_goes_from_the_later_word_to_the_earlier_one() -> None:
    """Whichever of the two is critical: the source is the later one's last token, the target the earlier one."""
    found = word_places([whole_words(SENTENCE)] * 2, [words(3, 1, SENTENCE), words(1, 3, SENTENCE)])
    assert found.source.tolist() == [4, 4]
    assert found.target_start.tolist() == [2, 2]
    assert found.target_end.tolist() == [3, 3]
    assert found.is_critical_later.tolist() == [True, False]
    assert found.distance.tolist() == [2, 2]
    assert found.is_known.all()


def test_what_is_not_found_is_unknown_and_says_why() -> None:
    """No number, a reason each, and the rest stays in place."""
    rows = [words(None, 1, SENTENCE), words(3, None, SENTENCE), words(2, 2, SENTENCE), words(3, 1, SENTENCE)]
    lost = CriticalPhrase("made", "0", "good", Phrase("x"), "zebra", "b", None, 1)
    found = word_places([whole_words(SENTENCE)] * 5, [*rows, lost])
    assert found.is_known.tolist() == [False, False, False, True, False]
    assert found.reason[0] == "no critical word is named"
    assert found.reason[1] == "no context word is named"
    assert found.reason[2] == "the two words share a token"
    assert found.reason[3] == ""
    assert found.reason[4].startswith("the critical word is not found")
    for column in (found.source, found.target_start, found.nearby_start, found.shifted_source, found.shifted_start):
        assert (column[~found.is_known] == UNKNOWN).all()
    assert found.take(np.array([3])).source.tolist() == [4]


def test_controls_of_a_known_sentence() -> None:
    """a b c d e f after BOS, d → b: the same distance is c → a; of the same query, c lies beside b."""
    found = word_places([whole_words(SENTENCE)], [words(3, 1, SENTENCE)])
    assert (found.shifted_source[0], found.shifted_start[0]) == (3, 1)
    assert found.nearby_start[0] == 3


def test_the_first_token_is_never_a_control_and_is_flagged_as_a_target() -> None:
    """Without BOS the first word is the sink: as a target it is flagged, as a control it is not taken."""
    found = word_places([whole_words(SENTENCE, prefix=0)] * 2, [words(3, 0, SENTENCE), words(2, 1, SENTENCE)])
    assert found.is_at_sink.tolist() == [True, False]
    assert (found.shifted_start > 0).all()
    assert found.nearby_start.tolist() == [1, UNKNOWN]


def test_a_last_token_that_is_not_fed_is_no_query() -> None:
    """Neither as a source, which makes a pair unknown, nor as a control's query."""
    rows = [words(5, 3, SENTENCE), words(4, 2, SENTENCE), words(1, 0, SENTENCE)]
    fed, unfed = (word_places([whole_words(SENTENCE)] * 3, rows, is_last_fed) for is_last_fed in (True, False))
    assert fed.is_known.tolist() == [True] * 3
    assert unfed.is_known.tolist() == [False, True, True]
    assert unfed.reason[0] == "the later word ends with the last token, which is not fed"
    late = words(1, 0, "a b c d")
    fed, unfed = (word_places([whole_words("a b c d")], [late], is_last_fed) for is_last_fed in (True, False))
    assert (fed.shifted_source[0], fed.shifted_start[0]) == (4, 3)
    assert not unfed.has_shifted[0]


def test_no_pairs_are_no_places() -> None:
    """An empty set has empty columns of the right types."""
    found = word_places([], [])
    assert len(found) == 0
    assert found.source.dtype == np.int64
    assert found.is_critical_later.dtype == np.bool_


@st.composite
def two_spans(draw: st.DrawFn) -> tuple[TokenSpan, TokenSpan, int]:
    a, b, c, d = sorted(draw(st.lists(st.integers(0, 14), min_size=4, max_size=4)))
    source, target = TokenSpan(c + 1, d + 2), TokenSpan(a, b + 1)
    return source, target, source.end + draw(st.integers(0, 6))


def free_places(source: TokenSpan, target: TokenSpan) -> set[int]:
    """Tokens that a control's keys may be."""
    taken = {0, *range(source.start, source.end), *range(target.start, target.end)}
    return set(range(100)) - taken


@given(two_spans())
def test_the_shift_is_the_smallest_that_any_search_finds(made: tuple[TokenSpan, TokenSpan, int]) -> None:
    """Every query of the sentence is tried with keys as far away: none allowed is nearer than the one taken."""
    source, target, n_tokens = made
    distances = [source.end - 1 - key for key in range(target.start, target.end)]
    words_of_pair = {*range(source.start, source.end), *range(target.start, target.end)}
    allowed = [
        query - source.end + 1
        for query in range(n_tokens)
        if query not in words_of_pair and {query - distance for distance in distances} <= free_places(source, target)
    ]
    expected = min(allowed, key=lambda shift: (abs(shift), shift), default=None)
    assert shift_of(source, target, n_tokens) == expected


@given(two_spans())
def test_nearby_keys_are_the_nearest_that_any_search_finds(made: tuple[TokenSpan, TokenSpan, int]) -> None:
    """Every run of as many keys before the source is tried; of the two beside the target one is taken, if any is."""
    source, target, _ = made
    size = target.end - target.start
    runs = [
        start for start in range(source.start) if {*range(start, start + size)} <= free_places(source, target)
        and start + size <= source.start
    ]  # fmt: skip
    beside = [start for start in runs if abs(start - target.start) == size]
    found = nearby_keys(source, target)
    assert (found.start if found else None) == max(beside, default=None)
    assert all(abs(start - target.start) > size for start in runs if start not in beside)
