"""From pairs to critical phrases, in any language, and what is told about it."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exposure.errors import PairsError
from exposure.explanation import explain
from exposure.extraction import critical_phrases, extract
from exposure.extraction_report import REPORT_COLUMNS, report
from exposure.own_rules import load_rules
from exposure.pair_files import load_pairs
from exposure.pairs import MinimalPair
from exposure.phrases import CriticalPhrase, Phrase
from exposure.rules import ParadigmRule, Span

LAST_TWO = ParadigmRule(
    "p", "A", "the last two words",
    spans=lambda good, bad: (
        Span(len(good) - 2, len(good), critical=len(good) - 1, context=len(good) - 2),
        Span(len(bad) - 2, len(bad), critical=len(bad) - 1, context=len(bad) - 2),
    ),
)  # fmt: skip
NO_PHRASE = ParadigmRule("p", "E", "none", reason="the dependency needs the clause")
PAIR = MinimalPair("p", "0", "We saw the Cats sleep.", "We saw the Cats sleeps.")


def csv_pairs(folder: Path, text: str, name: str = "own.csv") -> list[MinimalPair]:
    """The pairs of a file with this content."""
    (folder / name).write_text(text, encoding="utf-8")
    return load_pairs([folder / name])


# Own languages, end to end


def test_chinese_pairs_with_explicit_phrases(tmp_path: Path) -> None:
    """Sentences without spaces need no rule: phrases and words are named, and no word index is invented."""
    pairs = csv_pairs(
        tmp_path,
        "sentence_good,sentence_bad,phrase_good,phrase_bad,critical_word_good,critical_word_bad,context_word\n"
        "我买了三本书。,我买了三张书。,三本书,三张书,本,张,书\n",
    )
    assert extract(pairs, {}) == [
        CriticalPhrase("own", "0", "good", Phrase("三本书"), "本", "书"),
        CriticalPhrase("own", "0", "bad", Phrase("三张书"), "张", "书"),
    ]


def test_german_facts(tmp_path: Path) -> None:
    """Facts as gap patterns keep their case, and their words are found where they stand."""
    pairs = csv_pairs(
        tmp_path,
        "sentence_good,sentence_bad,uid,phrase_good,phrase_bad,gap,context_word,critical_word_good,critical_word_bad\n"
        "Die Hauptstadt Österreichs ist Wien.,Die Hauptstadt Österreichs ist Graz.,hauptstädte,"
        "Österreichs … Wien,Österreichs … Graz,3,österreichs,Wien,Graz\n",
    )
    good, bad = extract(pairs, {})
    assert good == CriticalPhrase(
        "hauptstädte", "0", "good", Phrase("Österreichs … Wien", gap=3), "Wien", "österreichs", 4, 2
    )
    assert (bad.phrase, bad.critical_word, bad.critical_index) == (Phrase("Österreichs … Graz", gap=3), "Graz", 4)
    assert (good.flags, bad.flags) == ((), ())


def test_entities(tmp_path: Path) -> None:
    """A bare list gives one good side a line and nothing else."""
    (tmp_path / "entities.txt").write_text("Angela Merkel\n\n北京\n", encoding="utf-8")
    assert extract(load_pairs([tmp_path / "entities.txt"]), {}) == [
        CriticalPhrase("entities", "1", "good", Phrase("Angela Merkel")),
        CriticalPhrase("entities", "3", "good", Phrase("北京")),
    ]


def test_german_pairs_with_an_own_rule(tmp_path: Path) -> None:
    """A YAML rule marks article and noun of German pairs."""
    (tmp_path / "rules.yaml").write_text(
        "genus:\n  summary: article to noun\n  critical: differs\n  context: hunde|katze\n", encoding="utf-8"
    )
    pairs = csv_pairs(
        tmp_path, "sentence_good,sentence_bad\nIch sah die große Katze.,Ich sah der große Katze.\n", "genus.csv"
    )
    rows = extract(pairs, load_rules(tmp_path / "rules.yaml"))
    assert [row.phrase for row in rows] == [Phrase("die große katze"), Phrase("der große katze")]
    assert [(row.critical_index, row.context_index) for row in rows] == [(2, 4), (2, 4)]


# Which door


def test_rule_is_asked_where_no_phrase_is_named() -> None:
    """A pair without explicit phrases is given to the rule of its paradigm."""
    good, bad = extract([PAIR], {"p": LAST_TWO})
    assert (good.phrase, bad.phrase) == (Phrase("cats sleep"), Phrase("cats sleeps"))
    assert (good.critical_index, good.context_word) == (4, "cats")


def test_explicit_phrase_wins_over_the_rule() -> None:
    """Where the file names a phrase the rule is not asked, and a side without one has none, with the reason."""
    pair = MinimalPair("p", "0", "We saw Cats.", "We saw Cat.", phenomenon="x", phrase_bad="saw Cat")
    assert extract([pair], {"p": LAST_TWO}) == [
        CriticalPhrase("p", "0", "good", None, reason="the file names no phrase for this side", phenomenon="x"),
        CriticalPhrase("p", "0", "bad", Phrase("saw Cat"), phenomenon="x"),
    ]


def test_no_rule_and_no_phrase() -> None:
    """A paradigm with neither is an error that names it, its first pair, and both ways out."""
    pairs = [MinimalPair(f"q{n}", "3", "a b", "a c") for n in range(7)]
    with pytest.raises(PairsError) as caught:
        extract([PAIR, *pairs], {"p": LAST_TWO})
    assert str(caught.value) == (
        "No rule says what the critical phrase of q0, q1, q2, q3, q4 and 2 more is (first met in the pair q0/3). Name "
        "the phrases in the file (columns phrase_good and phrase_bad), or write a rule for the paradigm and give it "
        "with --rules FILE (docs/rules.md)."
    )
    with pytest.raises(PairsError, match="critical phrase of q0 is"):
        critical_phrases(pairs[0], None)


def test_rule_that_does_not_fit() -> None:
    """A rule that cannot mark a pair is an error that names the pair."""
    broken = ParadigmRule(
        "p", "A", "the impossible", spans=lambda good, _: (Span(0, 1, critical=good.index("x")), None)
    )
    with pytest.raises(PairsError, match=r"^p/0: the rule \(the impossible\) does not fit 'We saw"):
        extract([PAIR], {"p": broken})


# Words of explicit phrases


@pytest.mark.parametrize(
    ("sentence", "phrase", "word", "index"),
    [
        ("The cats are here.", "cats are", "are", 2),
        ("“Cats” they are.", "they are", "ARE", 2),
        ("The cats the dogs saw the bird.", "saw the", "the", 5),
        ("The cats the dogs saw.", "the cats the", "the", None),
        ("The cats the dogs saw.", "sleep", "the", None),
        ("New York is big.", "New York is", "New York", None),
        ("Don’t go.", "don't go", "Don't", 0),
    ],
    ids=["only place", "case", "only one in the phrase", "two in the phrase", "phrase elsewhere", "two words", "’"],
)
def test_index_is_given_only_where_it_is_certain(sentence: str, phrase: str, word: str, index: int | None) -> None:
    """A word's index is its only place in the sentence, or its only one in the phrase, or none."""
    pair = MinimalPair("p", "0", sentence, "x", phrase_good=phrase, critical_word=word)
    assert extract([pair], {})[0].critical_index == index
    assert extract([pair], {})[0].critical_word == word


def test_shared_word_counts_where_it_stands() -> None:
    """A word without a side belongs to the sentences that hold it; a side's own word goes before it."""
    pair = MinimalPair(
        "p", "0", "The cats are here.", "The cats is here.", phrase_good="cats are", phrase_bad="cats is",
        critical_word="are", context_word="cats", context_word_bad="The",
    )  # fmt: skip
    good, bad = extract([pair], {})
    assert (good.critical_word, bad.critical_word) == ("are", None)
    assert (good.context_word, bad.context_word) == ("cats", "The")


def test_flags_of_explicit_phrases() -> None:
    """Phrases that are the same on both sides, and phrases that their sentence does not hold, are flagged."""
    same = MinimalPair("p", "0", "a b c", "c b a", phrase_good="B", phrase_bad="b")
    assert [row.flags for row in extract([same], {})] == [("sides_identical",)] * 2
    absent = MinimalPair("p", "0", "a b c", "c b a", phrase_good="a … c", phrase_bad="a … c", gap=3)
    assert [row.flags for row in extract([absent], {})] == [
        ("sides_identical",),
        ("sides_identical", "phrase_not_in_sentence"),
    ]


@given(
    st.text(st.sampled_from("aB .ßÉ'’中?"), max_size=12), st.text(st.sampled_from("abé .'ß中"), min_size=1, max_size=4)
)
def test_phrase_not_in_sentence_against_plain_search(sentence: str, phrase: str) -> None:
    """The flag is there exactly when the phrase is no substring, case, apostrophes and white space apart."""
    if not phrase.strip() or not sentence.strip():
        return

    def plain(text: str) -> str:
        return " ".join(text.replace("’", "'").lower().split())

    pair = MinimalPair("p", "0", sentence, "x", phrase_good=" ".join(phrase.split()))
    assert ("phrase_not_in_sentence" in extract([pair], {})[0].flags) == (plain(phrase) not in plain(sentence))


# The report


def test_report() -> None:
    """One line for each paradigm, in the order of the pairs, with every count as a person would count it."""
    pairs = [
        MinimalPair("q", "0", "a b", "a b", phenomenon="x", phrase_good="a b", phrase_bad="a c"),
        MinimalPair("q", "1", "a b c d", "a", phrase_good="A b", phrase_bad="a b c d"),
        MinimalPair("p", "0", "a b", "a c", phenomenon="y"),
        MinimalPair("q", "2", "x", "y", phrase_bad="a b"),
        MinimalPair("list", "1", "", "", phrase_good="one two three"),
    ]
    lines = report(pairs, extract(pairs, {"p": NO_PHRASE}))
    assert all(tuple(line) == REPORT_COLUMNS for line in lines)
    assert [line["uid"] for line in lines] == ["q", "p", "list"]
    assert lines[0] == {
        "uid": "q", "phenomenon": "x", "class": None, "pairs": 3, "distinct_phrases": 4, "identical_sides": 1,
        "pairs_without_phrase": 0, "not_in_sentence": 3, "median_words": 2, "flags": ["phrase_not_in_sentence"],
    }  # fmt: skip
    assert lines[1] == {
        "uid": "p", "phenomenon": "y", "class": "E", "pairs": 1, "distinct_phrases": 0, "identical_sides": 0,
        "pairs_without_phrase": 1, "not_in_sentence": 0, "median_words": None, "flags": [],
    }  # fmt: skip
    assert (lines[2]["pairs"], lines[2]["identical_sides"], lines[2]["median_words"]) == (1, 0, 3)


def test_median_words_of_gap_patterns() -> None:
    """A gap pattern counts as its two words."""
    pairs = [MinimalPair("p", str(n), "a x b", "a", phrase_good=f"a … b{n}", gap=2) for n in range(3)]
    assert report(pairs, extract(pairs, {}))[0]["median_words"] == 2


# The explanation


def test_explain_a_rule() -> None:
    """Sentences with the phrase marked, the rule, the words with their places, and the flags."""
    assert explain(PAIR, LAST_TWO).splitlines() == [
        "p/0",
        "  rule      class A: the last two words",
        "  good      We saw the [Cats sleep.]",
        "            phrase    'cats sleep'",
        "            critical  'sleep', word 4",
        "            context   'cats', word 3",
        "  bad       We saw the [Cats sleeps.]",
        "            phrase    'cats sleeps'",
        "            critical  'sleeps', word 4",
        "            context   'cats', word 3",
        "  flags     none",
    ]


def test_explain_marks_what_the_rule_took() -> None:
    """Of two places with the same words, the one that the rule took is marked; a gap pattern is marked in two."""
    gap = ParadigmRule("p", None, "gap", spans=lambda *_: (Span(2, 5), None), gap=9, flags=("degenerate",))
    text = explain(MinimalPair("p", "0", "cat it  cat saw it.", "x"), gap)
    assert "  good      cat it  [cat] saw [it.]\n" in text
    assert "phrase    'cat … it', the words 1 to 9 words apart in one sentence\n" in text
    assert "class not given" in text
    assert "critical  none" in text
    assert "            no phrase: no reason is given\n" in text
    assert text.endswith("flags     degenerate")


def test_explain_an_anchor() -> None:
    """An anchored phrase says so."""
    rule = ParadigmRule("p", "B$", "x", spans=lambda *_: (Span(0, 1), Span(0, 1)), sentence_end=True)
    assert "phrase    'a', then a sentence end" in explain(MinimalPair("p", "0", "a.", "b."), rule)


def test_explain_no_phrase() -> None:
    """Where there is no phrase the reason is told."""
    text = explain(PAIR, NO_PHRASE)
    assert "  good      We saw the Cats sleep.\n            no phrase: the dependency needs the clause\n" in text


def test_explain_explicit_phrases() -> None:
    """Explicit phrases are marked where they stand, as whole words first; where they do not stand it is said."""
    pair = MinimalPair(
        "p", "0", "Cathode and\u3000CAT  sat.", "我买了三张书。", phrase_good="cat sat", phrase_bad="三本书",
        critical_word_bad="书",
    )  # fmt: skip
    text = explain(pair, LAST_TWO)
    assert "rule      none: the file names its phrases itself" in text
    assert "good      Cathode and\u3000[CAT  sat]." in text
    assert "bad       我买了三张书。   (which does not hold the phrase)" in text
    assert "critical  '书', its place is not certain" in text
    assert "三[本]书" in explain(MinimalPair("p", "0", "三本书", "x", phrase_good="本"), None)


def test_explain_bare_phrase() -> None:
    """A line of a phrase list has no sentences to show."""
    text = explain(MinimalPair("list", "1", "", "", phrase_good="New York"), None)
    assert "rule      none: a line of a phrase list" in text
    assert "good" not in text


def test_explain_shows_control_characters() -> None:
    """No sentence can move the cursor of a terminal."""
    assert "\\x1b[2J" in explain(MinimalPair("p", "0", "a \x1b[2J b", "a b"), NO_PHRASE)
