"""Preset `exp`: EXP's own lists and rules."""

from __future__ import annotations

import pytest

from exposure.blimp import EXP_PARADIGMS, PARADIGMS
from exposure.pairs import MinimalPair
from exposure.rules import apply_rule

MARKED = {
    "determiner_noun_agreement_1": ("Tim hid this vase.", "Tim hid this vases.", "this vase", "this vases"),
    "determiner_noun_agreement_irregular_1": ("Tim fed that ox.", "Tim fed that oxen.", "that ox", "that oxen"),
    "determiner_noun_agreement_with_adjective_1": (
        "Tim hid this old vase.",
        "Tim hid this old vases.",
        "this old vase",
        "this old vases",
    ),
    "determiner_noun_agreement_with_adj_irregular_1": (
        "Tim fed that old ox.",
        "Tim fed that old oxen.",
        "that old ox",
        "that old oxen",
    ),
    "determiner_noun_agreement_2": ("Tim hid this vase.", "Tim hid these vase.", "this vase", "these vase"),
    "determiner_noun_agreement_irregular_2": ("Tim fed that ox.", "Tim fed those ox.", "that ox", "those ox"),
    "determiner_noun_agreement_with_adj_2": (
        "Tim hid this old vase.",
        "Tim hid these old vase.",
        "this old vase",
        "these old vase",
    ),
    "determiner_noun_agreement_with_adj_irregular_2": (
        "Tim fed that old ox.",
        "Tim fed those old ox.",
        "that old ox",
        "those old ox",
    ),
    "regular_plural_subject_verb_agreement_1": ("Those cooks sing.", "Those cooks sings.", "cooks sing", "cooks sings"),
    "irregular_plural_subject_verb_agreement_1": ("Some men sing.", "Some men sings.", "men sing", "men sings"),
    "regular_plural_subject_verb_agreement_2": ("The cooks sing.", "The cook sing.", "cooks sing", "cook sing"),
    "irregular_plural_subject_verb_agreement_2": ("The men sing.", "The man sing.", "men sing", "man sing"),
    "irregular_past_participle_verbs": ("Some cook hid.", "Some cook hidden.", "cook hid", "cook hidden"),
    "existential_there_subject_raising": (
        "There is soon to be a fire.",
        "There is glad to be a fire.",
        "there is soon to",
        "there is glad to",
    ),
    "only_npi_licensor_present": ("Only Tim ever sang.", "Even Tim ever sang.", "only tim ever", "even tim ever"),
    "superlative_quantifiers_1": (
        "No cook met fewer than two boys.",
        "No cook met at most two boys.",
        "no cook met fewer than",
        "no cook met at most",
    ),
}

DROPPED = {
    "anaphor_gender_agreement",
    "anaphor_number_agreement",
    "principle_A_case_2",
    "tough_vs_raising_2",
    "coordinate_structure_constraint_object_extraction",
    "wh_island",
}


def test_every_paradigm_has_an_answer():
    """The preset speaks about the same 67 paradigms: 16 phrases, 6 dropped for want of one, 45 without a rule."""
    assert EXP_PARADIGMS.keys() == PARADIGMS.keys()
    assert {uid for uid, rule in EXP_PARADIGMS.items() if rule.spans is not None} == MARKED.keys()
    assert {uid for uid, rule in EXP_PARADIGMS.items() if "drops" in (rule.reason or "")} == DROPPED
    assert sum("gives no rule" in (rule.reason or "") for rule in EXP_PARADIGMS.values()) == 45


@pytest.mark.parametrize("uid", MARKED)
def test_phrases(mark, uid):
    """EXP's phrase of a paradigm, from its list and rules."""
    good, bad, on_good, on_bad = MARKED[uid]
    found = mark(uid, good, bad, rules=EXP_PARADIGMS)
    assert (found[0][0], found[1][0]) == (on_good, on_bad)


def test_rules_are_not_ours():
    """The preset carries neither our classes nor our flags, gaps and anchors."""
    for rule in EXP_PARADIGMS.values():
        assert rule.phrase_class == (None if rule.spans else "E")
        assert (rule.gap, rule.sentence_end, rule.flags) == (0, False, ())


def test_turn_out_is_left_out():
    """A pair with "turned out" has no phrase on either side, and says why."""
    pair = MinimalPair(
        "existential_there_subject_raising", "0", "There turned out to be a fire.", "There hoped to be a fire."
    )
    for side in apply_rule(EXP_PARADIGMS[pair.uid], pair):
        assert side.phrase is None
        assert "turn out" in (side.reason or "")


def test_turn_out_over_the_real_files(real_pairs):
    """Exactly 65 of the 1,000 pairs are left out, as EXP's 254 + 681 = 935 say."""
    uid = "existential_there_subject_raising"
    found = [apply_rule(EXP_PARADIGMS[uid], pair) for pair in real_pairs[uid]]
    assert sum(good.phrase is not None and bad.phrase is not None for good, bad in found) == 935
    left_out = [pair for pair, (good, _) in zip(real_pairs[uid], found, strict=True) if good.phrase is None]
    assert all("out" in pair.sentence_good.split() for pair in left_out)


def test_all_real_pairs(real_pairs):
    """Every pair of the 67 files has a phrase or a reason on both sides."""
    for uid, pairs in real_pairs.items():
        for pair in pairs:
            for side in apply_rule(EXP_PARADIGMS[uid], pair):
                assert (side.phrase is None) == (side.reason is not None)
