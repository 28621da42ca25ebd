"""From the files' linguistics_term to the published phenomena."""

from __future__ import annotations

from exposure.blimp import PARADIGMS, PHENOMENA


def test_thirteen_terms_make_twelve_phenomena():
    """Selection is published as argument structure; every other term stands for itself."""
    assert len(PHENOMENA) == 13
    assert len(set(PHENOMENA.values())) == 12
    assert {term for term, phenomenon in PHENOMENA.items() if term != phenomenon} == {"s-selection"}
    assert PHENOMENA["s-selection"] == "argument_structure"


def test_terms_are_those_of_the_files(real_pairs):
    """No term of the files is missing and none is invented."""
    assert {pair.phenomenon for pairs in real_pairs.values() for pair in pairs} == PHENOMENA.keys()


def test_one_rule_for_each_file(real_pairs):
    """The 67 files and the 67 rules have the same names."""
    assert PARADIGMS.keys() == real_pairs.keys()
    assert all(rule.uid == uid for uid, rule in PARADIGMS.items())
