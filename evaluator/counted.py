"""Accuracies, ties and mean differences of groups of pairs, by counting alone: no resampling, so as fast as a scan."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from operator import add

import numpy as np

from evaluator.accuracy import Level
from evaluator.intervals import LEVEL, wilson
from evaluator.report.plain import finite
from evaluator.scored import Flags, Floats, Integers, ScoredSeries
from evaluator.split import TRAIN, VALIDATION, Split
from evaluator.terms import field_of, phenomenon_of
from exposure.measurement import Measurement

EVERYTHING = "everything"
ALL = "all"
LEVELS: tuple[Level, ...] = ("paradigm", "phenomenon", "field", "overall")


@dataclass(frozen=True)
class _Sums:
    """What is counted of some pairs; of several paradigms it adds up."""

    pairs: int
    credit: Floats  # [checkpoint]
    ties: Integers  # [checkpoint]
    delta: Floats  # [checkpoint]

    def __add__(self, other: _Sums) -> _Sums:
        return _Sums(
            self.pairs + other.pairs, self.credit + other.credit, self.ties + other.ties, self.delta + other.delta
        )


@dataclass(frozen=True)
class _Paradigm:
    phenomenon: str
    field: str
    parts: Mapping[str, _Sums]

    def group(self, uid: str, level: Level) -> str:
        return {"paradigm": uid, "phenomenon": self.phenomenon, "field": self.field, "overall": ALL}[level]


@dataclass(frozen=True)
class _Counts:
    """Every pair's share of what is counted."""

    series: ScoredSeries
    credit: Floats  # [checkpoint, pair]
    ties: Flags  # [checkpoint, pair]

    def sums(self, places: Integers) -> _Sums:
        credit, ties, delta = (values[:, places].sum(axis=1) for values in (self.credit, self.ties, self.series.delta))
        return _Sums(len(places), credit, ties, delta)


def counted(
    series: ScoredSeries, split: Split | None, levels: tuple[Level, ...] = LEVELS, level: float = LEVEL
) -> Iterator[Measurement]:
    """`accuracy-wilson`, `mean-delta` and `ties` of all scored pairs and of both parts of `split`, at each of `levels`.

    Groups without a scored pair are left out; of an empty part nothing can be said but that it is empty. `level` is
    that of Wilson's interval.
    """
    paradigms = _paradigms(series, split)
    for at, group, members in _groups(paradigms, levels):
        phenomenon = phenomenon_at(at, group, members[0].phenomenon)
        for part in members[0].parts:
            together = reduce(add, (one.parts[part] for one in members))
            yield from _rows(series, (at, group, phenomenon, part), together, level)


def _groups(
    paradigms: Mapping[str, _Paradigm], levels: tuple[Level, ...]
) -> Iterator[tuple[Level, str, list[_Paradigm]]]:
    for level in levels:
        members: dict[str, list[_Paradigm]] = {}
        for uid, paradigm in paradigms.items():
            members.setdefault(paradigm.group(uid, level), []).append(paradigm)
        yield from ((level, group, held) for group, held in members.items())


def phenomenon_at(level: str, group: str, of_paradigm: str | None) -> str | None:
    """The phenomenon of a group: a paradigm's, or that which the group is; None where files name none."""
    return {"paradigm": of_paradigm, "phenomenon": group}.get(level) or None


def _paradigms(series: ScoredSeries, split: Split | None) -> dict[str, _Paradigm]:
    counts = _Counts(series, series.credit, series.ties)
    parts = None if split is None else np.array(split.parts)
    found = {}
    for uid, places in series.pairs.places_of.items():
        scored = places[series.is_scored[places]]
        if len(scored):
            sums = {EVERYTHING: counts.sums(scored)}
            if parts is not None:
                sums |= {part: counts.sums(scored[parts[scored] == part]) for part in (TRAIN, VALIDATION)}
            first = int(scored[0])
            pairs = series.pairs
            found[uid] = _Paradigm(phenomenon_of(pairs.phenomenon[first]), field_of(pairs.field[first]), sums)
    return found


def _rows(
    series: ScoredSeries, of: tuple[str, str, str | None, str], sums: _Sums, interval: float
) -> Iterator[Measurement]:
    trials = np.full(len(series.steps), sums.pairs or np.nan)
    low, high = wilson(sums.credit, trials, interval)
    nothing = np.full(len(series.steps), np.nan)
    ties = np.where(trials > 0, sums.ties, np.nan)
    columns = {
        "accuracy-wilson": (sums.credit / trials, low, high),
        "mean-delta": (sums.delta / trials, nothing, nothing),
        "ties": (ties, nothing, nothing),
    }
    level, group, phenomenon, split = of
    for measure, (values, lows, highs) in columns.items():
        for step, *figures in zip(series.steps.tolist(), values, lows, highs, strict=True):
            value, least, most = map(finite, figures)
            yield Measurement(
                measure, step, level, group, phenomenon, split, None, None,
                value, sums.pairs, least, most, series.convention.name,
            )  # fmt: skip
