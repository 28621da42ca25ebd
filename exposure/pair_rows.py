"""One row of a file of pairs, made a `MinimalPair`: the columns that are known, and every value checked."""

from __future__ import annotations

from collections.abc import Iterable

from exposure.errors import PairsError
from exposure.folding import canonical
from exposure.pairs import MinimalPair, OnePrefix, TwoPrefix
from exposure.phrases import SENTENCE_END, MatchRule, Phrase

MAX_GAP = 1000
"""The widest W of a gap pattern, in words. A sentence is hardly longer; a typing error is."""

SENTENCES = ("sentence_good", "sentence_bad")
PHRASES = ("phrase_good", "phrase_bad")
SHARED_WORDS = ("critical_word", "context_word")
WORDS = (
    *SHARED_WORDS,
    "critical_word_good",
    "critical_word_bad",
    "context_word_good",
    "context_word_bad",
)
LABELS = ("uid", "pair_id", "field", "phenomenon")
COLUMNS = (*SENTENCES, *LABELS, *PHRASES, *WORDS, "gap", "anchor")

ALIASES = {"UID": "uid", "pairID": "pair_id", "linguistics_term": "phenomenon"}
"""BLiMP's names of our columns."""

ONE_PREFIX = ("one_prefix_prefix", "one_prefix_word_good", "one_prefix_word_bad")
TWO_PREFIX = ("two_prefix_prefix_good", "two_prefix_prefix_bad", "two_prefix_word")

BLIMP_ONLY = frozenset({
    "simple_LM_method", "one_prefix_method", "two_prefix_method", "lexically_identical",
    *ONE_PREFIX, *TWO_PREFIX, "dependency_length", "crucial_item",
})  # fmt: skip
"""Columns of BLiMP's files that say nothing about phrases: passed over, but for the words of its prefix methods."""

Row = dict[str, object]


def pair_of(row: Row, where: str, defaults: dict[str, str]) -> MinimalPair:
    """One row as a pair, every value checked."""
    refuse_unknown(row, where)
    given = {name: value for name, value in _renamed(row, where).items() if value is not None}
    for name in SENTENCES:
        if name not in given:
            raise PairsError(f"{where}: {name} is missing. Every pair needs sentence_good and sentence_bad.")
    values = defaults | given
    gap, anchor = _gap(values.pop("gap", 0), where), _anchor(values.pop("anchor", None), where)
    texts = {name: checked_text(name, value, where) for name, value in values.items() if name not in BLIMP_ONLY}
    if row.get("linguistics_term") is not None:
        texts["phenomenon"] = _published_phenomenon(texts["phenomenon"])
    one, two = (_prefix_form(given, method, where) for method in (ONE_PREFIX, TWO_PREFIX))
    pair = MinimalPair(
        **texts,
        gap=gap,
        sentence_end=anchor,
        one_prefix=OnePrefix(*one) if one else None,
        two_prefix=TwoPrefix(*two) if two else None,
    )
    _check_phrases(pair, where)
    _check_words(pair, where)
    return pair


def _published_phenomenon(term: str) -> str:
    """BLiMP's files say s-selection where its paper says argument structure."""
    from exposure.blimp import PHENOMENA

    return PHENOMENA.get(term, term)


def _renamed(row: Row, where: str) -> Row:
    for blimp, ours in ALIASES.items():
        if blimp in row and ours in row:
            raise PairsError(f"{where}: {blimp} and {ours} are the same column. Keep one of them.")
    return {ALIASES.get(name, name): value for name, value in row.items()}


def checked_text(name: str, value: object, where: str) -> str:
    """A sentence as it is written, any other text with its white space collapsed; PairsError where it is no text."""
    if name == "pair_id" and isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        raise PairsError(f"{where}: {name} is {value!r}, text was expected. Put it in quotes.")
    if not value.strip():
        remedy = "Write the sentence." if name in SENTENCES else "Write it, or leave it out."
        raise PairsError(f"{where}: {name} is empty. {remedy}")
    if any("\ud800" <= character <= "\udfff" for character in value):
        raise PairsError(f"{where}: {name} holds half of a surrogate pair ({value!a}). Write the whole character.")
    return value if name in SENTENCES else " ".join(value.split())


def _prefix_form(given: Row, names: tuple[str, ...], where: str) -> list[str] | None:
    """The words of BLiMP's one- or two-prefix method as they are written, less white space around them."""
    method = names[0].partition("_prefix")[0] + "_prefix_method"
    there = [name for name in names if name in given]
    if not there or given.get(method) is False:
        return None
    if missing := sorted(set(names) - set(there)):
        raise PairsError(f"{where}: {there[0]} needs {' and '.join(missing)} beside it. Add them, or leave out all.")
    for name in names:
        checked_text(name, given[name], where)
    return [str(given[name]).strip() for name in names]


def _gap(value: object, where: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MAX_GAP:
        raise PairsError(f"{where}: gap is {value!r}, a whole number of words from 0 to {MAX_GAP} was expected.")
    return value


def _anchor(value: object, where: str) -> bool:
    if value not in (None, SENTENCE_END):
        raise PairsError(f"{where}: anchor is {value!r}. Write {SENTENCE_END}, or leave it out.")
    return value == SENTENCE_END


def _check_phrases(pair: MinimalPair, where: str) -> None:
    phrases = [phrase for phrase in (pair.phrase_good, pair.phrase_bad) if phrase is not None]
    if not phrases and (pair.gap or pair.sentence_end or any(getattr(pair, name) for name in WORDS)):
        raise PairsError(
            f"{where}: gap, anchor and the critical and context words belong to a phrase, and the row has none. "
            "Add phrase_good or phrase_bad, or leave them out and write a rule."
        )
    for phrase in phrases:
        if pair.sentence_end and phrase[-1] in ".?!":
            raise PairsError(f"{where}: {phrase!r} already has its sentence end. Leave off the {phrase[-1]!r}.")
        try:
            Phrase(phrase, pair.gap, pair.sentence_end)
        except PairsError as error:
            raise PairsError(f"{where}: {error}") from error


def _check_words(pair: MinimalPair, where: str) -> None:
    """A word that its sentence does not hold is a slip of the pen that would cost a measurement later."""
    for name in WORDS:
        word = getattr(pair, name)
        if word is None:
            continue
        sides = [name.removeprefix("critical_word_").removeprefix("context_word_")]
        sentences = [getattr(pair, f"sentence_{side}") for side in (("good", "bad") if name in SHARED_WORDS else sides)]
        if not any(holds(sentence, word) for sentence in sentences):
            which = "neither sentence holds it" if name in SHARED_WORDS else f"sentence_{sides[0]} does not hold it"
            raise PairsError(f"{where}: {name} is {word!r}, and {which}. Write it as it stands there.")


def refuse_unknown(names: Iterable[str], where: str) -> None:
    """Raise PairsError when a column is neither ours nor BLiMP's: a typing error must not lose a column."""
    unknown = [name for name in names if name not in COLUMNS and name not in ALIASES and name not in BLIMP_ONLY]
    if unknown:
        commas = " Cells are separated by commas." if ";" in unknown[0] or "\t" in unknown[0] else ""
        raise PairsError(
            f"{where}: unknown column {', '.join(map(repr, unknown))}.{commas} Known are {', '.join(COLUMNS)} and "
            "BLiMP's own: correct the name or take the column out."
        )


def holds(sentence: str, text: str) -> bool:
    """Whether `text` stands in `sentence`, compared as matching compares by default."""
    rule = MatchRule()
    return canonical(text, rule) in canonical(sentence, rule)
