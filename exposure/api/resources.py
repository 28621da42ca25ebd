"""What the service keeps beside timelines: runs, pair sets, phrase sets, models, evaluations and what they measured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class RunFacts:
    """A training run whose data order is known. Where its manifest cannot be used `problem` says why."""

    name: str
    order_digest: str | None = None
    steps: int | None = None
    batch_sequences: int | None = None
    sequence_length: int | None = None
    packing: str | None = None
    epochs: int | None = None
    exactness: str | None = None
    shards: int | None = None
    checkpoints: tuple[int, ...] = ()
    timelines: tuple[str, ...] = ()
    """Timelines of this very order."""
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class ParadigmSize:
    """One paradigm of a set, and how many pairs it has."""

    uid: str
    pairs: int
    phenomenon: str | None = None


@dataclass(frozen=True, slots=True)
class PairSetFacts:
    """Minimal pairs, named by their content; `phrase_set` holds the critical phrases that the rules find in them.

    Where the default rules find none `no_phrases` says why; own rules can make a phrase set of them.
    """

    id: str
    pairs: int | None
    paradigms: tuple[ParadigmSize, ...]
    phrase_set: str | None = None
    problem: str | None = None
    no_phrases: str | None = None


@dataclass(frozen=True, slots=True)
class PhraseSetFacts:
    """Critical phrases to look for, named by the content of their file; `phrases` counts different ones."""

    id: str
    rows: int | None
    phrases: int | None
    paradigms: tuple[ParadigmSize, ...]
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class PhraseRow:
    """One side of one pair, and its critical phrase; `reason` says why there is none."""

    uid: str
    pair_id: str
    side: str
    phenomenon: str | None
    phrase: str | None
    critical_word: str | None
    context_word: str | None
    gap: int | None
    anchor: str | None
    flags: tuple[str, ...]
    reason: str | None


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """A series of checkpoints that requests may name."""

    name: str
    source: str


@dataclass(frozen=True, slots=True)
class MeasureFacts:
    """Something that can be measured of a checkpoint, and what its values mean.

    `name` stands in a Measurement's `measure`; `asked_as` is what a request names to have it measured.
    """

    name: str
    title: str
    description: str
    unit: str
    by: tuple[str, ...]
    """What a value may belong to beside its step: group, split, layer, head."""
    asked_as: str = "minimal-pairs"


@dataclass(frozen=True, slots=True)
class EvaluationFacts:
    """An evaluation: which series, pairs and conventions, how far it is, what it measured."""

    name: str
    series: str | None = None
    pairs: int | None = None
    pairs_sha256: str | None = None
    conventions: tuple[str, ...] = ()
    dtype: str | None = None
    timeline: str | None = None
    order_digest: str | None = None
    scored: int | None = None
    duplicates: int | None = None
    broken: int | None = None
    steps: tuple[int, ...] = ()
    measures: tuple[str, ...] = ()
    provenance: dict[str, Any] | None = None
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class CheckpointFacts:
    """What became of one checkpoint: scored, duplicate (of an earlier step's weights) or broken (`reason`)."""

    step: int
    status: str
    weights_sha256: str | None
    same_weights_as: tuple[int, ...]
    reason: str | None
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ItemScore:
    """What one checkpoint made of one pair: log-probabilities in nats, `delta` = good − bad; null: not applicable.

    `correct` is 1, 0, or what the convention gives a tie. `split` is null without a timeline.
    """

    step: int
    uid: str
    pair_id: str
    phenomenon: str | None
    score_good: float | None
    score_bad: float | None
    delta: float | None
    correct: float | None
    split: str | None
    convention: str
