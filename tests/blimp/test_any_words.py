"""Rules meet sentences that are not of their shape."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exposure.blimp import EXP_PARADIGMS, PARADIGMS
from exposure.errors import PairsError
from exposure.pairs import MinimalPair
from exposure.rules import apply_rule

WORDS = [
    "that", "this", "a", "lot", "of", "about", "Ann", "cats", "who", "isn't", "was", "has", "slept", "sleeping", "to",
    "be", "it", "there", "by", "up", "like", "even", "only", "no", "ever", "herself", "what", "after", "five", "red",
    "at", "most", "fewer", "than",
]  # fmt: skip
RULES = [*PARADIGMS.values(), *EXP_PARADIGMS.values()]

sentences = st.lists(st.sampled_from(WORDS), min_size=1, max_size=9).map(lambda words: " ".join(words) + ".")


@settings(max_examples=500)
@given(st.sampled_from(RULES), sentences, sentences)
def test_refused_or_marked_inside(rule, good, bad):
    """Any words are either marked inside the sentence or refused with a PairsError: no traceback, no wrapped index."""
    try:
        sides = apply_rule(rule, MinimalPair(rule.uid, "0", good, bad))
    except PairsError:
        return
    for sentence, found in zip((good, bad), sides, strict=True):
        for word, index in ((found.critical_word, found.critical_index), (found.context_word, found.context_index)):
            assert (word is None) == (index is None)
            assert index is None or (index >= 0 and sentence.split()[index].rstrip(".").lower() == word)
        if found.phrase is not None:
            position = -1
            for part in found.phrase.parts:
                position = sentence.lower().index(part, position + 1)


def test_refusal_names_pair_and_rule():
    """A pair that a rule does not fit is named, with the rule and both sentences."""
    pair = MinimalPair("npi_present_1", "17", "Cats often slept.", "Cats ever slept.")
    with pytest.raises(PairsError, match=r"npi_present_1/17.*'even'.*'Cats ever slept.'"):
        apply_rule(PARADIGMS["npi_present_1"], pair)
