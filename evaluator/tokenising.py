"""Pairs → token sequences: every distinct text is tokenised once, every distinct sequence kept once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from evaluator.conventions import Method, ScoringSpec
from evaluator.sequences import TokenIds, TokenSequences
from evaluator.text_tokenizer import TextTokenizer
from evaluator.tokenised_pairs import NOT_SCORED, SideTokens, TokenisedPairs
from exposure.errors import EvaluationError
from exposure.pairs import MinimalPair


@dataclass(frozen=True)
class _Text:
    """What is scored of one side: `target`, after `context` and a space where there is a context."""

    context: str
    target: str
    lead: str

    @property
    def whole(self) -> str:
        return self.lead + (f"{self.context} {self.target}" if self.context else self.target)

    @property
    def before(self) -> str:
        return self.lead + self.context

    @property
    def tokenised(self) -> tuple[str, ...]:
        return (self.before, self.whole) if self.context else (self.whole,)


def tokenise_pairs(folder: Path, pairs: Sequence[MinimalPair], spec: ScoringSpec) -> TokenisedPairs:
    """`pairs` by the tokenizer of a checkpoint's folder, for every model that has this tokenizer.

    The tokens that are scored begin where the tokens of the whole text depart from those of its context alone.
    Raises EvaluationError where there is no tokenizer, no prefix token although one is asked for, a side without a
    token that can be scored, or no pair that the method applies to.
    """
    tokenizer = TextTokenizer.open(folder)
    prefix = tokenizer.prefix if spec.prefix == "bos" else None
    sides = [_sides(pair, spec) for pair in pairs]
    texts = list(dict.fromkeys(one for both in sides if both for text in both for one in text.tokenised))
    if not texts:
        raise _nothing_applies(spec.method, len(pairs))
    collected = _Collected(dict(zip(texts, tokenizer.encode(texts), strict=True)), [prefix[1]] if prefix else [])
    good = collected.side([(pair.name, both[0]) if both else None for pair, both in zip(pairs, sides, strict=True)])
    bad = collected.side([(pair.name, both[1]) if both else None for pair, both in zip(pairs, sides, strict=True)])
    note = tokenizer.disagreement(texts)
    return TokenisedPairs(
        names=tuple(pair.name for pair in pairs),
        spec=spec,
        sequences=collected.sequences(),
        good=good,
        bad=bad,
        tokenizer_digest=tokenizer.digest,
        prefix_token=prefix[0] if prefix else None,
        notes=(note,) if note else (),
    )


def _sides(pair: MinimalPair, spec: ScoringSpec) -> tuple[_Text, _Text] | None:
    """What is scored of the good and of the bad side; None where the method does not apply to the pair."""
    lead = " " if spec.lead_space else ""
    if spec.method == "one-prefix":
        if (one := pair.one_prefix) is None:
            return None
        return _Text(one.prefix, one.word_good, lead), _Text(one.prefix, one.word_bad, lead)
    if spec.method == "two-prefix":
        if (two := pair.two_prefix) is None:
            return None
        return _Text(two.prefix_good, two.word, lead), _Text(two.prefix_bad, two.word, lead)
    if pair.is_bare_phrase:
        return None
    return _Text("", pair.sentence_good, lead), _Text("", pair.sentence_bad, lead)


def _nothing_applies(method: Method, n_pairs: int) -> EvaluationError:
    reason = "they are bare phrases, with no sentences" if method == "full" else "their file has no columns for it"
    return EvaluationError(f"The method {method} applies to none of the {n_pairs:,} pairs: {reason}. Give others.")


class _Collected:
    """Distinct sequences as they are met, and from where on any side needs them scored."""

    def __init__(self, ids: dict[str, TokenIds], prefix: list[int]) -> None:
        self._ids = ids
        self._prefix = np.array(prefix, dtype=np.int32)
        self._sequences: list[TokenIds] = []
        self._first_targets: list[int] = []
        self._places: dict[bytes, int] = {}

    def side(self, texts: Sequence[tuple[str, _Text] | None]) -> SideTokens:
        """The named texts as one side of all pairs."""
        rows = [(NOT_SCORED, 0, 0) if one is None else self._add(*one) for one in texts]
        return SideTokens(*np.array(rows, dtype=np.int64).T)

    def sequences(self) -> TokenSequences:
        """All that has been met."""
        return TokenSequences.of(self._sequences, np.array(self._first_targets, dtype=np.int64))

    def _add(self, name: str, text: _Text) -> tuple[int, int, int]:
        """Place of the sequence, of its first target, and bytes of the target."""
        ids = np.concatenate([self._prefix, self._ids[text.whole]])
        shared = _common(self._ids[text.before], self._ids[text.whole]) if text.context else 0
        first_target = max(1, len(self._prefix) + shared)
        if first_target >= len(ids):
            raise _nothing_to_score(name, text, len(ids) - len(self._prefix))
        place = self._places.setdefault(ids.tobytes(), len(self._places))
        if place == len(self._sequences):
            self._sequences.append(ids)
            self._first_targets.append(first_target)
        self._first_targets[place] = min(self._first_targets[place], first_target)
        return place, first_target, len(text.target.encode())


def _common(one: TokenIds, other: TokenIds) -> int:
    """How many tokens both begin with."""
    length = min(len(one), len(other))
    differs = np.flatnonzero(one[:length] != other[:length])
    return int(differs[0]) if len(differs) else length


def _nothing_to_score(name: str, text: _Text, n_tokens: int) -> EvaluationError:
    reason = (
        "is no token to this tokenizer"
        if n_tokens == 0
        else "is one token, and without a prefix the first one has no probability"
        if not text.context
        else "adds no token to what stands before it"
    )
    return EvaluationError(
        f"The pair {name} cannot be scored: {text.target!r} {reason}. Leave the pair out, or use a "
        "convention with the prefix bos."
    )
