"""Filler–gap dependencies: a question word wants a gap, "that" wants none. None of the seven paradigms has a phrase."""

from __future__ import annotations

from exposure.rules import ParadigmRule


def _no_phrase(uid: str, summary: str, reason: str) -> ParadigmRule:
    return ParadigmRule(uid, "E", f"No phrase: {summary}.", reason=reason)


_NO_GAP = "'who' and 'that' both fit after the verb; which is right depends on the missing gap anywhere in the clause."
_WITH_GAP = "'who' and 'that' both fit after the verb; which is right depends on the gap at the end of the clause."
_RELATIVE = "The good side is a relative clause, the bad side an embedded question; the noun phrase that fills the gap "

RULES = (
    _no_phrase("wh_vs_that_no_gap", "question word or 'that' before a clause without gap", _NO_GAP),
    _no_phrase("wh_vs_that_no_gap_long_distance", "question word or 'that' before a clause without gap", _NO_GAP),
    _no_phrase("wh_vs_that_with_gap", "question word or 'that' before a clause with a gap", _WITH_GAP),
    _no_phrase("wh_vs_that_with_gap_long_distance", "question word or 'that' before a clause with a gap", _WITH_GAP),
    _no_phrase("wh_questions_object_gap", "gap in object position", _RELATIVE + "stands a clause away from it."),
    _no_phrase("wh_questions_subject_gap", "gap in subject position", _RELATIVE + "shows only in the whole clause."),
    _no_phrase(
        "wh_questions_subject_gap_long_distance",
        "gap in subject position, over a relative clause",
        _RELATIVE + "stands a relative clause away from it.",
    ),
)
