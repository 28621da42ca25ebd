"""Delayed generalisation, from stored scores: EXP's lags, and what has to stand beside them (method.md, section 2).

EXP is Muckatira, Shivagunde, Deshpande and Rumshisky (2026), A pre-training analogue of grokking in language models,
arXiv 2606.00230.
"""

from __future__ import annotations

import numpy as np

from evaluator.accuracy import curve_of
from evaluator.adjusted_delay import adjusted
from evaluator.bootstrap import LemmaBootstrap
from evaluator.clusters import ClusterCounts, count_clusters
from evaluator.comparison import Groups, compare
from evaluator.delay_report import (
    FEW_CLUSTERS,
    FEW_MIXED_CLUSTERS,
    FEW_PAIRS,
    DelayReport,
    DelayRequest,
    ParadigmDelay,
)
from evaluator.half_rise_lag import half_rise_lag, plateau_difference
from evaluator.scored import Integers, ScoredSeries
from evaluator.split import TRAIN, VALIDATION, Split
from evaluator.terms import field_of, phenomenon_of
from evaluator.threshold_lag import threshold_lag
from exposure.errors import EvaluationError


def analyse_delay(series: ScoredSeries, split: Split, request: DelayRequest) -> DelayReport:
    """Lags, half-rise times and plateau differences of every paradigm, with intervals and nulls.

    Raises EvaluationError where split and series have different pairs.
    """
    if len(split) != len(series.pairs):
        raise EvaluationError(
            f"The split has {len(split):,} pairs and the scores have {len(series.pairs):,}: make the split from the "
            "pairs of this evaluation, in their order."
        )
    paradigms = [_paradigm(series, split, places, request) for places in series.pairs.places_of.values()]
    return DelayReport(request, series.convention, series.steps, adjusted(paradigms, request.threshold))


def _paradigm(series: ScoredSeries, split: Split, places: Integers, request: DelayRequest) -> ParadigmDelay:
    scored = places[series.is_scored[places]]
    mine, parts = series.take(scored), split.take(scored)
    bootstrap = LemmaBootstrap.of(mine.pairs, mine.credit, request.resamples, request.seed)
    everything, groups = np.ones(len(scored), dtype=bool), Groups.of(bootstrap, parts)
    missing = _missing(parts)
    comparison = None if missing else compare(mine, bootstrap, groups, request)
    clusters = _clusters(mine, parts, bootstrap)
    return ParadigmDelay(
        uid=series.pairs.uid[places[0]],
        phenomenon=phenomenon_of(series.pairs.phenomenon[places[0]]),
        field=field_of(series.pairs.field[places[0]]),
        flags=(*_flags_of_rule(series, places), *_flags(parts, clusters, request)),
        counts=parts.counts,
        unscored=len(places) - len(scored),
        everything=curve_of(mine, everything, bootstrap.side(everything), request.level),
        train=curve_of(mine, groups.is_train, groups.train, request.level),
        validation=curve_of(mine, groups.is_validation, groups.validation, request.level),
        clusters=clusters,
        lags=() if comparison is None else tuple(threshold_lag(comparison, one) for one in request.grid),
        half_rise=None if comparison is None else half_rise_lag(comparison),
        plateau=None if comparison is None else plateau_difference(comparison),
        reason=missing,
    )


def _missing(parts: Split) -> str | None:
    empty = [part for part in (TRAIN, VALIDATION) if not parts.counts[part]]
    return f"no scored pair is {' or '.join(empty)}" if empty else None


def _clusters(series: ScoredSeries, parts: Split, bootstrap: LemmaBootstrap) -> ClusterCounts | None:
    either = np.flatnonzero(parts.is_train | parts.is_validation)
    if not len(either):
        return None
    return count_clusters(series.pairs.take(either), parts.is_train[either], bootstrap.units.resampled)


def _flags_of_rule(series: ScoredSeries, places: Integers) -> tuple[str, ...]:
    return tuple(dict.fromkeys(flag for place in places.tolist() for flag in series.pairs.flags[place]))


def _flags(parts: Split, clusters: ClusterCounts | None, request: DelayRequest) -> list[str]:
    few_pairs = min(parts.counts[TRAIN], parts.counts[VALIDATION]) < request.few_pairs
    few_clusters = clusters is not None and clusters.effective < request.few_clusters
    is_tested = bool(parts.counts[TRAIN] and parts.counts[VALIDATION])
    few_mixed = clusters is not None and is_tested and clusters.effective_mixed < request.few_clusters
    held = {FEW_PAIRS: few_pairs, FEW_CLUSTERS: few_clusters, FEW_MIXED_CLUSTERS: few_mixed}
    return [flag for flag, is_few in held.items() if is_few]
