"""Anaphor agreement: "Katherine can't help herself" / "himself".

The reflexive is the last word. The subject's head is found backwards from it, over the verb's particles, the verb and
an auxiliary: "a lot of cashiers aren't working with themselves" gives "cashiers … themselves". "like" is a particle
after "look" and "sound" only ("The Impressionists like themselves" gives "impressionists … themselves"). The longest
distance in the files is 4 words; the window is the 5 of the method.
"""

from __future__ import annotations

from exposure.blimp.sides import each_side
from exposure.blimp.verbs import subject_head_before, verb_before
from exposure.rules import ParadigmRule, Span, Words


def head_to_final_reflexive(words: Words) -> Span:
    """From the head of the clause's subject to the reflexive at the end."""
    reflexive = len(words) - 1
    head = subject_head_before(words, verb_before(words, reflexive))
    return Span(head, reflexive + 1, critical=reflexive, context=head)


def _rule(uid: str, feature: str) -> ParadigmRule:
    return ParadigmRule(
        uid,
        "D",
        f"The subject's head, then within 5 words the reflexive, whose {feature} differs.",
        each_side(head_to_final_reflexive),
        gap=5,
    )


RULES = (_rule("anaphor_gender_agreement", "gender"), _rule("anaphor_number_agreement", "number"))
