"""Accuracy by checkpoint: of a group of pairs, and by paradigm, phenomenon, field and overall."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from evaluator.conventions import Convention
from evaluator.intervals import LEVEL
from evaluator.scored import Floats, Integers, ScoredSeries

Level = Literal["paradigm", "phenomenon", "field", "overall"]


@dataclass(frozen=True, slots=True)
class AccuracyRequest:
    """How accuracies get their intervals."""

    resamples: int = 1000
    level: float = LEVEL
    seed: int = 0


@dataclass(frozen=True)
class AccuracyCurve:
    """The accuracy of one group of pairs by checkpoint. `pairs` is 0 and all else NaN where nothing is in the group."""

    steps: Integers  # [checkpoint]
    pairs: Integers  # [checkpoint] how many are averaged over
    accuracy: Floats  # [checkpoint]
    wilson_low: Floats  # [checkpoint] as if pairs were independent
    wilson_high: Floats  # [checkpoint]
    bootstrap_low: Floats  # [checkpoint] lemmas resampled
    bootstrap_high: Floats  # [checkpoint]
    ties: Integers  # [checkpoint] pairs with equal scores; the convention says what they count
    mean_delta: Floats  # [checkpoint] nats, or nats a token or byte, as the convention norms


@dataclass(frozen=True)
class GroupAccuracy:
    """Accuracy of one paradigm, phenomenon or field, or of all; a paradigm's `macro` is its accuracy."""

    level: Level
    name: str
    paradigms: tuple[str, ...]
    macro: Floats  # [checkpoint] mean over paradigms
    macro_low: Floats  # [checkpoint] lemma bootstrap, one resample for all paradigms and checkpoints
    macro_high: Floats  # [checkpoint]
    pooled: AccuracyCurve
    """Over pairs, whatever their paradigm."""


@dataclass(frozen=True)
class AccuracyReport:
    """Paradigms, then phenomena, then fields, each in alphabetical order, then overall."""

    request: AccuracyRequest
    convention: Convention
    steps: Integers  # [checkpoint]
    groups: tuple[GroupAccuracy, ...]


def analyse_accuracy(series: ScoredSeries, request: AccuracyRequest) -> AccuracyReport:
    """Accuracies of all scored pairs at all levels."""
    raise NotImplementedError  # being written
