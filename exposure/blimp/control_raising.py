"""Control and raising: "There is soon to be ..." / "There is willing to be ...".

The phrases of the first three run through "to": without it they would also be found where nothing is raised ("there
appeared a man", "convinced there was"). EXP does the same for subject raising.

* existential_there_subject_raising: from "there" to "to"; the critical word is the raising or control predicate, and
  of "turned out" it is "turned" (65 pairs, the only ones that do not differ one word for one word).
* existential_there_object_raising, expletive_it_object_raising: from the main verb over "there" or "it" to "to". In the
  second, auxiliaries differ as well ("would ascertain it" / "wouldn't entice it"); they lie outside the phrase.
  "it" may be an ordinary pronoun elsewhere ("forced it to"): the phrase cannot tell.
* tough_vs_raising_1: from the adjective to the sentence end, where the object is missing. _2: from the adjective to the
  embedded verb. The context is the embedded verb; "hard work" counts by its noun, "work".
"""

from __future__ import annotations

from exposure.blimp.flags import BAD_GRAMMATICAL_ELSEWHERE
from exposure.blimp.sides import at_difference, each_side, find
from exposure.rules import ParadigmRule, Span, Words, clean


def there_to_predicate(words: Words, predicate: int) -> Span:
    """From "there", the first word, through the first "to" after the predicate that differs."""
    if clean(words[0]) != "there":
        raise ValueError(f"the sentence starts with {words[0]!r}, not with 'There'")
    return Span(0, find(words, ("to",), start=predicate) + 1, critical=predicate, context=0)


def _verb_to_raised_subject(words: Words) -> Span:
    """ "declared there to", "ascertained it to": the first expletive that "to be" follows."""
    for index in range(1, len(words) - 2):
        if clean(words[index]) in ("there", "it") and words[index + 1 : index + 3] == ["to", "be"]:
            return Span(index - 1, index + 2, critical=index - 1, context=index)
    raise ValueError("there is neither 'there to be' nor 'it to be' after a verb")


def _adjective_to_end(words: Words, adjective: int) -> Span:
    to = find(words, ("to",), start=adjective)
    return Span(adjective, len(words), critical=to - 1, context=to + 1)


def _adjective_to_verb(words: Words, adjective: int) -> Span:
    to = find(words, ("to",), start=adjective)
    return Span(adjective, to + 2, critical=to - 1, context=to + 1)


RULES = (
    ParadigmRule(
        "existential_there_subject_raising",
        "B",
        "From 'there' over the predicate, which differs (raising or control), to 'to'.",
        at_difference(there_to_predicate),
    ),
    ParadigmRule(
        "existential_there_object_raising",
        "B",
        "From the main verb, which differs (raising or control), over 'there' to 'to'.",
        each_side(_verb_to_raised_subject),
    ),
    ParadigmRule(
        "expletive_it_object_raising",
        "B",
        "From the main verb, which differs (raising or control), over 'it' to 'to'.",
        each_side(_verb_to_raised_subject),
    ),
    ParadigmRule(
        "tough_vs_raising_1",
        "B$",
        "From the predicate, which differs (tough or raising), to the sentence end, where the object is missing.",
        at_difference(_adjective_to_end),
        sentence_end=True,
        flags=(BAD_GRAMMATICAL_ELSEWHERE,),
    ),
    ParadigmRule(
        "tough_vs_raising_2",
        "B",
        "From the predicate, which differs (raising or tough), to the embedded verb.",
        at_difference(_adjective_to_verb),
        flags=(BAD_GRAMMATICAL_ELSEWHERE,),
    ),
)
