"""Rules from YAML: what they mark, and how a wrong file is answered."""

import itertools
import re
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exposure.blimp import flags
from exposure.errors import PairsError
from exposure.explanation import explain
from exposure.own_rules import Flag, OwnRule, load_rules
from exposure.pairs import MinimalPair
from exposure.phrases import CriticalPhrase, Phrase
from exposure.rules import ParadigmRule, apply_rule

DOCS = Path(__file__).parents[2] / "docs" / "rules.md"


def rule_of(folder: Path, body: str) -> ParadigmRule:
    """The rule of the paradigm p whose keys are `body`."""
    file = folder / "rules.yaml"
    file.write_text("p:\n  summary: a test\n" + "".join(f"  {line}\n" for line in body.splitlines()), encoding="utf-8")
    return load_rules(file)["p"]


def marked(folder: Path, body: str, good: str, bad: str) -> tuple[CriticalPhrase, CriticalPhrase]:
    """What a rule makes of one pair."""
    return apply_rule(rule_of(folder, body), MinimalPair("p", "0", good, bad))


def refused(folder: Path, text: str) -> str:
    """What loading this file answers; it must be a PairsError that names the file."""
    file = folder / "rules.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(PairsError) as caught:
        load_rules(file)
    assert str(file) in str(caught.value)
    return str(caught.value)


# What rules mark


def test_context_before_the_word_that_differs(tmp_path: Path) -> None:
    """Demonstrative to changed noun, with the words between, cleaned of case and punctuation."""
    good, bad = marked(
        tmp_path, "context: this|these\ncritical: differs", "We saw These two Cats.", "We saw These two Cat."
    )
    assert (good.phrase, bad.phrase) == (Phrase("these two cats"), Phrase("these two cat"))
    assert (good.critical_word, good.critical_index) == ("cats", 4)
    assert (good.context_word, good.context_index) == ("these", 2)


def test_context_after_the_critical_word(tmp_path: Path) -> None:
    """The context may follow: changed subject, then verb."""
    good, bad = marked(tmp_path, "context: is|are\ncritical: differs", "The cats really are.", "The cat really are.")
    assert (good.phrase, bad.phrase) == (Phrase("cats really are"), Phrase("cat really are"))
    assert (bad.critical_index, bad.context_index) == (1, 3)


def test_critical_word_alone(tmp_path: Path) -> None:
    """Without context the phrase is the critical word."""
    good, bad = marked(tmp_path, "critical: eaten|ate", "He ate it.", "He eaten it.")
    assert (good.phrase, bad.phrase, good.context_word) == (Phrase("ate"), Phrase("eaten"), None)


def test_anchor_takes_the_phrase_to_the_end(tmp_path: Path) -> None:
    """An anchored phrase runs to the last word, a lone closing mark not counted, and asks for the sentence end."""
    good, bad = marked(
        tmp_path,
        "context: had\ncritical: differs\nanchor: sentence_end",
        "Bill had left them .",
        "Bill had fired them.",
    )
    assert (good.phrase, bad.phrase) == (
        Phrase("had left them", sentence_end=True),
        Phrase("had fired them", sentence_end=True),
    )
    assert (good.critical_index, good.context_index) == (2, 1)


def test_gap(tmp_path: Path) -> None:
    """A gap rule joins its two words and no others."""
    good, bad = marked(
        tmp_path, "context: girl\ncritical: .*self\ngap: 3",
        "The girl has hurt herself.", "The girl has hurt himself.",
    )  # fmt: skip
    assert (good.phrase, bad.phrase) == (Phrase("girl … herself", gap=3), Phrase("girl … himself", gap=3))


def test_lists_are_words_in_a_row(tmp_path: Path) -> None:
    """A list marks consecutive words, and the last of them is the marked word."""
    good, _ = marked(
        tmp_path, "context: [has|have, been]\ncritical: [t.*, cats]", "They have been to two cats.",
        "They has been to two cats.",
    )  # fmt: skip
    assert good.phrase == Phrase("have been to two cats")
    assert (good.critical_index, good.context_index) == (5, 2)


def test_upper_case_in_a_regex_is_no_trap(tmp_path: Path) -> None:
    """Words are compared whatever the case of the regex."""
    good, _ = marked(
        tmp_path, "context: FRANKREICHS\ncritical: Paris", "Frankreichs Stadt: Paris.", "Frankreichs Paris"
    )
    assert good.phrase == Phrase("frankreichs stadt: paris")


def test_whole_words_only(tmp_path: Path) -> None:
    """A regex matches a whole word, not a part of one."""
    with pytest.raises(PairsError, match="matches no word of 'the cats sat'"):
        marked(tmp_path, "critical: cat", "The cats sat.", "The cat sat.")


def test_no_phrase_with_a_reason(tmp_path: Path) -> None:
    """A rule with a reason is of class E and marks nothing."""
    good, bad = marked(tmp_path, "reason: needs the whole clause", "A b.", "A c.")
    assert (good.phrase, good.reason, good.phrase_class) == (None, "needs the whole clause", "E")
    assert bad.reason == "needs the whole clause"


def test_class_and_flags_are_handed_on(tmp_path: Path) -> None:
    """class and flags reach the phrases."""
    good, _ = marked(
        tmp_path, "critical: differs\nclass: B$\nanchor: sentence_end\nflags: [degenerate, bad_grammatical_elsewhere]",
        "A b.", "A c.",
    )  # fmt: skip
    assert (good.phrase_class, good.flags) == ("B$", ("degenerate", "bad_grammatical_elsewhere"))


def test_file_of_several_paradigms(tmp_path: Path) -> None:
    """Every paradigm of the file is there under its own name, whatever its letters."""
    file = tmp_path / "rules.yaml"
    file.write_bytes("\ufeffa: {summary: x, critical: b}\n句子: {summary: y, reason: z}\n".encode())
    rules = load_rules(str(file))
    assert {uid: (rule.uid, rule.summary) for uid, rule in rules.items()} == {"a": ("a", "x"), "句子": ("句子", "y")}


def test_flags_are_those_of_blimp() -> None:
    """The flags that a file may give are exactly those that BLiMP's rules use."""
    assert set(get_args(Flag)) == {value for name, value in vars(flags).items() if name.isupper()}


WORDS = st.lists(st.sampled_from(["k", "c", "x", "K.", "C,", "..."]), min_size=1, max_size=8)


@given(good=WORDS, bad=WORDS)
def test_nearest_words_against_every_combination(
    good: list[str], bad: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The nearest critical and context words are marked, the first of equals; without them the pair is named."""
    rule = rule_of(tmp_path_factory.mktemp("rules"), "critical: k\ncontext: c")
    expected = []
    for side in (good, bad):
        letters = [word.lower().rstrip(".,") for word in side]
        places = [
            (abs(i - j), i, j)
            for i, j in itertools.product(range(len(side)), repeat=2)
            if letters[i] == "k" and letters[j] == "c"
        ]
        expected.append(min(places)[1:] if places else None)
    pair = MinimalPair("p", "7", " ".join(good), " ".join(bad))
    if None in expected:
        with pytest.raises(PairsError, match=r"^p/7: the rule \(a test\) does not fit .* matches no word of"):
            apply_rule(rule, pair)
        return
    for row, place, side in zip(apply_rule(rule, pair), expected, (good, bad), strict=True):
        assert (row.critical_index, row.context_index) == place
        first, last = sorted(place)
        assert row.phrase == Phrase(" ".join(side[first : last + 1]).lower().rstrip(".,"))


@given(good=WORDS, bad=WORDS)
def test_differs_against_a_plain_loop(
    good: list[str], bad: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """`differs` is the first place where the cleaned words differ; where a side has no such word, the pair is named."""
    rule = rule_of(tmp_path_factory.mktemp("rules"), "critical: differs")
    place = 0
    letters = [[word.lower().rstrip(".,") for word in side] for side in (good, bad)]
    while all(place < len(side) for side in letters) and letters[0][place] == letters[1][place]:
        place += 1
    pair = MinimalPair("p", "7", " ".join(good), " ".join(bad))
    if any(place >= len(side) or not side[place] for side in letters):
        with pytest.raises(PairsError, match=r"p/7: .*critical \(differs\) matches no word of"):
            apply_rule(rule, pair)
        return
    assert [row.critical_index for row in apply_rule(rule, pair)] == [place, place]


# What is refused


@pytest.mark.parametrize(
    ("body", "good", "message"),
    [
        ("critical: k", "a b", "critical (k) matches no word of 'a b'"),
        ("critical: k\ncontext: c", "k b", "context (c) matches no word of 'k b'"),
        ("critical: [a, b, c]", "a b", "critical (a b c) matches no word"),
        ("critical: k\ncontext: k|j", "a k", "critical and context match the same word only"),
        ("critical: k\ncontext: c\ngap: 2", "c a a k", "'c' and 'k' are 3 words apart, and gap is 2"),
        ("critical: differs", "k", "critical (differs) matches no word of 'k'"),
    ],
)
def test_rule_that_does_not_fit_a_pair(tmp_path: Path, body: str, good: str, message: str) -> None:
    """The pair, its sentences and the reason are named."""
    with pytest.raises(PairsError) as caught:
        marked(tmp_path, body, good, good)
    assert f"p/0: the rule (a test) does not fit {good!r} / {good!r}: " in str(caught.value)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("{summary: s, contxt: a, critical: b}", "unknown key 'contxt'. Known are summary, critical, context, anchor,"),
        ("{summary: s, phrase_class: A, critical: b}", "unknown key 'phrase_class'. Known are"),
        ("{critical: b}", "summary is missing"),
        ("{summary: '', critical: b}", "summary is ''"),
        ("{summary: s}", "give critical, or a reason why there is no phrase."),
        ("{summary: s, critical: 5}", "critical is 5"),
        ("{summary: s, critical: yes}", "critical is True"),
        ("{summary: s, critical: '('}", "critical '(' is no regular expression: missing ), unterminated subpattern"),
        ("{summary: s, critical: a, context: 'a{99999999999}'}", "context 'a{99999999999}' is no regular expression"),
        ("{summary: s, critical: a b}", "holds white space, and is matched with single words. Give words in a row as"),
        ("{summary: s, critical: ''}", "critical is empty"),
        ("{summary: s, critical: []}", "critical is empty"),
        ("{summary: s, critical: a, context: [b, '']}", "context is empty"),
        ("{summary: s, critical: a, anchor: end}", "anchor is 'end': Input should be 'sentence_end'"),
        ("{summary: s, critical: a, context: b, gap: 0}", "gap is 0: Input should be greater than or equal to 1"),
        ("{summary: s, critical: a, context: b, gap: '5'}", "gap is '5': Input should be a valid integer"),
        ("{summary: s, critical: a, context: b, gap: 5000}", "gap is 5000"),
        ("{summary: s, critical: a, gap: 5}", "a gap lies between two words: give context as well."),
        ("{summary: s, critical: a, context: b, gap: 5, anchor: sentence_end}", "gap and anchor exclude each other"),
        ("{summary: s, critical: [a, b], context: c, gap: 5}", "two single words: give critical and context as text"),
        ("{summary: s, critical: a, class: F}", "class is 'F': Input should be 'A'"),
        ("{summary: s, critical: a, class: E}", "class E means that there is no phrase"),
        ("{summary: s, reason: r, critical: a}", "a reason says that there is no phrase: leave out critical"),
        ("{summary: s, reason: r, class: A}", "a paradigm without a phrase is of class E, not A."),
        ("{summary: s, critical: a, flags: [degenrate]}", "flags is 'degenrate': Input should be 'degenerate'"),
        ("[a, b]", "keys were expected (summary, critical,"),
        ("text", "keys were expected"),
        ("", "keys were expected"),
    ],
)
def test_wrong_rule(tmp_path: Path, body: str, message: str) -> None:
    """A wrong rule is refused with its paradigm, its key and what to do."""
    answer = refused(tmp_path, f"fine: {{summary: s, critical: a}}\nwrong: {body}\n")
    assert ", paradigm wrong: " in answer
    assert message in answer


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "a mapping of paradigms (UID: rule) was expected"),
        ("{}", "a mapping of paradigms"),
        ("- a\n- b\n", "a mapping of paradigms"),
        ("a: [", "is not YAML that can be used"),
        ("a: 2024-99-99", "is not YAML that can be used"),
        ("a: !!python/object:os.system {}", "is not YAML that can be used"),
        ("? [a]\n: b\n", "is not YAML that can be used"),
        ("[" * 5000, "is not YAML that can be used"),
        ("5: {summary: s, critical: a}", "the paradigm 5 is not text. Put its name in quotes."),
        ("no: {summary: s, critical: a}", "the paradigm False is not text"),
        ("a: {summary: s, critical: x}\na: {summary: t, critical: y}\n", "the key 'a' twice"),
        ("a: {summary: s, critical: x, critical: y}\n", "the key 'critical' twice"),
    ],
)
def test_wrong_file(tmp_path: Path, text: str, message: str) -> None:
    """A file that is no mapping of paradigms is refused."""
    assert message in refused(tmp_path, text)


def test_missing_file(tmp_path: Path) -> None:
    """A rules file that is not there is named."""
    with pytest.raises(PairsError, match=r"no\.yaml cannot be read: No such file"):
        load_rules(tmp_path / "no.yaml")


def test_not_utf8(tmp_path: Path) -> None:
    """Latin-1 is refused."""
    file = tmp_path / "rules.yaml"
    file.write_bytes(b"a: {summary: \xfc}")
    with pytest.raises(PairsError, match=r"is not UTF-8 \(byte 13\)\. Save it as UTF-8"):
        load_rules(file)


# The documentation


def test_documented_example_does_what_it_says(tmp_path: Path) -> None:
    """The YAML of docs/rules.md loads, and its explanation is the one that is printed there."""
    blocks = re.findall(r"```(\w*)\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    (tmp_path / "rules.yaml").write_text(next(text for kind, text in blocks if kind == "yaml"), encoding="utf-8")
    rules = load_rules(tmp_path / "rules.yaml")
    assert list(rules) == ["genus", "reflexive", "dropped_object", "whole_clause"]
    pair = MinimalPair("genus", "0", "Ich sah die Katze.", "Ich sah der Katze.")
    assert explain(pair, rules["genus"]) + "\n" == next(text for kind, text in blocks if not kind)


def test_every_key_is_documented() -> None:
    """Every key and every flag that a rule may have is in docs/rules.md."""
    text = DOCS.read_text(encoding="utf-8")
    keys = [field.alias or name for name, field in OwnRule.model_fields.items()]
    assert [name for name in [*keys, *get_args(Flag)] if f"`{name}`" not in text] == []
