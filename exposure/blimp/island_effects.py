"""Islands: what a question may not take out of.

* adjunct_island: good "after shocking Richard?", bad "after shocking?". From the word that opens the adjunct (the last
  of after, before, while, without; "dropped by" is a verb) to the sentence end. The critical word is the last one.
* Left branches: good "what snake", bad "what would". From the question word to the noun that it belongs to, or to the
  auxiliary that has taken its place. The noun ends before the auxiliary or the sentence end, so compounds stay whole.
  The bad side is grammatical elsewhere in all three paradigms, the coordinate one too: the phrases are the same.
* The other four have no phrase: the gap and what should fill it are a clause apart.
"""

from __future__ import annotations

from exposure.blimp.auxiliaries import is_auxiliary
from exposure.blimp.flags import BAD_GRAMMATICAL_ELSEWHERE, DEGENERATE
from exposure.blimp.sides import each_side, find, find_last
from exposure.blimp.wh_words import WH_DETERMINERS
from exposure.rules import ParadigmRule, Span, Words

ADJUNCT_OPENERS = frozenset(("after", "before", "while", "without"))


def _adjunct_to_end(words: Words) -> Span:
    opener = find_last(words, ADJUNCT_OPENERS)
    return Span(opener, len(words), critical=len(words) - 1, context=opener)


def _question_word_to_noun(words: Words) -> Span:
    question = find(words, WH_DETERMINERS)
    end = question + 1
    while end < len(words) and not is_auxiliary(words[end]):
        end += 1
    last = max(end - 1, question + 1)
    return Span(question, last + 1, critical=last, context=question)


def _left_branch(uid: str) -> ParadigmRule:
    return ParadigmRule(
        uid,
        "C",
        "From the question word to its noun, or to the auxiliary where the noun is left behind.",
        each_side(_question_word_to_noun),
        flags=(DEGENERATE, BAD_GRAMMATICAL_ELSEWHERE),
    )


RULES = (
    ParadigmRule(
        "adjunct_island",
        "B$",
        "From the word that opens the adjunct to the sentence end, with or without the object of its verb.",
        each_side(_adjunct_to_end),
        sentence_end=True,
        flags=(BAD_GRAMMATICAL_ELSEWHERE,),
    ),
    _left_branch("left_branch_island_echo_question"),
    _left_branch("left_branch_island_simple_question"),
    _left_branch("coordinate_structure_constraint_complex_left_branch"),
    ParadigmRule(
        "complex_NP_island",
        "E",
        "No phrase: extraction from a relative clause.",
        reason="Both sides have the same words; what differs is whether the gap lies inside the relative clause.",
    ),
    ParadigmRule(
        "coordinate_structure_constraint_object_extraction",
        "E",
        "No phrase: extraction from one conjunct.",
        reason="Whether a conjunct has been taken out of a coordination shows only in the whole question.",
    ),
    ParadigmRule(
        "wh_island",
        "E",
        "No phrase: extraction from an embedded question.",
        reason="'who helped' is an ordinary embedded question; it is an island only for the question word of the main "
        "clause, whose gap lies inside it.",
    ),
    ParadigmRule(
        "sentential_subject_island",
        "E",
        "No phrase: extraction from a clause that is the subject.",
        reason="Both sides have the same words; what differs is whether the gap lies inside the clausal subject.",
    ),
)
