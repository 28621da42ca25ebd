"""Rules for one's own paradigms, from a YAML file. docs/rules.md describes the keys."""

from __future__ import annotations

import re
import reprlib
from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from exposure.errors import PairsError
from exposure.pair_rows import MAX_GAP
from exposure.phrases import PhraseClass
from exposure.rules import ParadigmRule, Span, Spans, Words, clean

DIFFERS = "differs"
"""For `critical`: the first word that is not the same on the two sides."""

Flag = Literal["degenerate", "bad_grammatical_elsewhere", "sides_identical"]
"""Those of exposure.blimp.flags: a misspelt flag would guard nothing."""

Run = tuple[int, int]
"""Words [start, end) of a sentence."""


class OwnRule(BaseModel):
    """One paradigm of the file, as it is written there."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    summary: str = Field(min_length=1)
    critical: str | list[str] | None = None
    context: str | list[str] | None = None
    anchor: Literal["sentence_end"] | None = None
    gap: int | None = Field(default=None, ge=1, le=MAX_GAP)
    phrase_class: PhraseClass | None = Field(default=None, alias="class")
    flags: list[Flag] = Field(default_factory=list)
    reason: str | None = Field(default=None, min_length=1)

    @model_validator(mode="after")
    def _fits_together(self) -> OwnRule:
        if self.reason is not None:
            return self._without_phrase()
        if self.critical is None:
            raise ValueError("give critical, or a reason why there is no phrase")
        if self.phrase_class == "E":
            raise ValueError("class E means that there is no phrase: give a reason instead of critical")
        if self.gap is not None:
            self._check_gap()
        return self

    def _without_phrase(self) -> OwnRule:
        if self.critical or self.context or self.anchor or self.gap:
            raise ValueError("a reason says that there is no phrase: leave out critical, context, anchor and gap")
        if self.phrase_class not in (None, "E"):
            raise ValueError(f"a paradigm without a phrase is of class E, not {self.phrase_class}")
        return self

    def _check_gap(self) -> None:
        if self.context is None:
            raise ValueError("a gap lies between two words: give context as well")
        if self.anchor is not None:
            raise ValueError("gap and anchor exclude each other: leave one out")
        if isinstance(self.critical, list) or isinstance(self.context, list):
            raise ValueError("a gap lies between two single words: give critical and context as text, not as lists")


@dataclass(frozen=True)
class _Matcher:
    """Finds consecutive words that fit `patterns`, one by one; `None` stands for `differs`."""

    key: str
    patterns: tuple[re.Pattern[str], ...] | None

    def runs(self, words: Words, others: Words) -> list[Run]:
        """All places in `words` (one side, cleaned), at least one; ValueError where there is none."""
        found = self._differing(words, others) if self.patterns is None else self._matching(words, self.patterns)
        if not found:
            wanted = " ".join(pattern.pattern for pattern in self.patterns or ()) or DIFFERS
            raise ValueError(f"{self.key} ({wanted}) matches no word of {' '.join(words)!r}")
        return found

    @staticmethod
    def _matching(words: Words, patterns: tuple[re.Pattern[str], ...]) -> list[Run]:
        size = len(patterns)
        starts = range(len(words) - size + 1)
        return [
            (start, start + size)
            for start in starts
            if all(word and p.fullmatch(word) for p, word in zip(patterns, words[start:], strict=False))
        ]

    @staticmethod
    def _differing(words: Words, others: Words) -> list[Run]:
        padded = [*others, *[None] * len(words)]
        first = next((i for i, word in enumerate(words) if word != padded[i]), None)
        return [] if first is None or not words[first] else [(first, first + 1)]


def load_rules(path: str | Path) -> dict[str, ParadigmRule]:
    """The rules of a YAML file by paradigm (UID); raises PairsError naming file, paradigm, key and remedy."""
    file = Path(path)
    return parse_rules(_text(file), str(file))


def parse_rules(text: str, file: str) -> dict[str, ParadigmRule]:
    """The rules that stand in the YAML `text`, which messages call `file`; raises PairsError as `load_rules` does."""
    content = _parse(text, file)
    if not isinstance(content, dict) or not content:
        raise PairsError(f"{file}: a mapping of paradigms (UID: rule) was expected. docs/rules.md shows one.")
    return {_uid(uid, file): _rule(uid, fields, file) for uid, fields in content.items()}


class _UniqueKeys(yaml.SafeLoader):
    """YAML in which a key that stands there twice is an error, so that no rule is lost without a word."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value in seen:
                raise yaml.constructor.ConstructorError(None, None, f"the key {key.value!r} twice", key.start_mark)
            seen.add(str(key.value))
        return super().construct_mapping(node, deep)


def _text(file: Path) -> str:
    try:
        return file.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise PairsError(f"{file} cannot be read: {error.strerror}. Check the name and its permissions.") from error
    except UnicodeDecodeError as error:
        raise PairsError(f"{file} is not UTF-8 (byte {error.start}). Save it as UTF-8.") from error


def _parse(text: str, file: str) -> object:
    try:
        return yaml.load(text, Loader=_UniqueKeys)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise PairsError(f"{file} is not YAML that can be used: {error}. Correct it there.") from error


def _uid(uid: object, file: str) -> str:
    if not isinstance(uid, str) or not uid.strip():
        raise PairsError(f"{file}: the paradigm {uid!r} is not text. Put its name in quotes.")
    return uid


def _rule(uid: str, fields: object, file: str) -> ParadigmRule:
    if not isinstance(fields, dict):
        raise PairsError(f"{file}, paradigm {uid}: keys were expected ({_known_keys()}), not {reprlib.repr(fields)}.")
    try:
        spec = OwnRule.model_validate(fields)
    except ValidationError as error:
        raise PairsError(f"{file}, paradigm {uid}: {_first_problem(error)}") from error
    where = f"{file}, paradigm {uid}"
    return ParadigmRule(
        uid=uid,
        phrase_class="E" if spec.reason else spec.phrase_class,
        summary=spec.summary,
        spans=None if spec.critical is None else _spans(spec, where),
        gap=spec.gap or 0,
        sentence_end=spec.anchor is not None,
        flags=tuple(spec.flags),
        reason=spec.reason,
    )


def _known_keys() -> str:
    return ", ".join(field.alias or name for name, field in OwnRule.model_fields.items())


def _first_problem(error: ValidationError) -> str:
    first = error.errors()[0]
    key = str(first["loc"][0]) if first["loc"] else ""
    if first["type"] == "extra_forbidden":
        return f"unknown key {key!r}. Known are {_known_keys()}."
    if first["type"] == "missing":
        return f"{key} is missing. Add it."
    if first["type"] == "value_error":
        return f"{first['ctx']['error']}."
    return f"{key} is {reprlib.repr(first['input'])}: {first['msg']}. docs/rules.md says what it can be."


def _spans(spec: OwnRule, where: str) -> Callable[[Words, Words], Spans]:
    critical = _matcher("critical", spec.critical, where)
    context = None if spec.context is None else _matcher("context", spec.context, where)

    def spans(good: Words, bad: Words) -> Spans:
        sides = [[clean(word) for word in side] for side in (good, bad)]
        return _span(spec, critical, context, sides[0], sides[1]), _span(spec, critical, context, sides[1], sides[0])

    return spans


def _matcher(key: str, given: str | list[str] | None, where: str) -> _Matcher:
    if key == "critical" and given == DIFFERS:
        return _Matcher(key, None)
    regexes = [given] if isinstance(given, str) else given or []
    if not all(regexes) or not regexes:
        raise PairsError(f"{where}: {key} is empty. Give a regular expression, or a list of them for words in a row.")
    return _Matcher(key, tuple(_compiled(key, regex, where) for regex in regexes))


def _compiled(key: str, regex: str, where: str) -> re.Pattern[str]:
    if re.search(r"\s", regex):
        raise PairsError(
            f"{where}: {key} {regex!r} holds white space, and is matched with single words. "
            f"Give words in a row as a list: {regex.split()}."
        )
    try:
        return re.compile(regex, re.IGNORECASE)
    except (re.error, OverflowError, RecursionError) as error:
        raise PairsError(f"{where}: {key} {regex!r} is no regular expression: {error}. Correct it.") from error


def _span(spec: OwnRule, critical: _Matcher, context: _Matcher | None, words: Words, others: Words) -> Span:
    """The words from the critical to the context word, in whichever order; the nearest two where there are several."""
    places = critical.runs(words, others)
    if context is None:
        start, end = places[0]
        span = Span(start, end, critical=end - 1)
    else:
        chosen, other = _nearest(places, context.runs(words, others))
        start, end = min(chosen[0], other[0]), max(chosen[1], other[1])
        span = Span(start, end, critical=chosen[1] - 1, context=other[1] - 1)
    distance = end - 1 - start
    if spec.gap is not None and distance > spec.gap:
        raise ValueError(f"{words[start]!r} and {words[end - 1]!r} are {distance} words apart, and gap is {spec.gap}")
    if spec.anchor is not None:
        return replace(span, end=max(i for i, word in enumerate(words) if word) + 1)
    return span


def _nearest(criticals: list[Run], contexts: list[Run]) -> tuple[Run, Run]:
    """The critical and the context run that lie closest without sharing a word; the first of equals."""
    apart = [
        (max(context[0] - critical[1], critical[0] - context[1]), critical, context)
        for critical in criticals
        for context in contexts
        if context[0] >= critical[1] or critical[0] >= context[1]
    ]
    if not apart:
        raise ValueError("critical and context match the same word only")
    return min(apart)[1:]
