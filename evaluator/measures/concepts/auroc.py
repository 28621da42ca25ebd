"""AUROC and its paired sister: how well one number tells the good sentences from the bad ones."""

from __future__ import annotations

import numpy as np

from evaluator.scored import Floats


def auroc(positives: Floats, negatives: Floats) -> Floats:
    """[...] P(positive > negative) + ½ P(equal) over all positives [..., m] and negatives [..., n]; NaN without either.

    The area under the ROC curve is the Mann–Whitney statistic U / (m n), ties by their mean rank: Hanley and McNeil
    (1982), The meaning and use of the area under a receiver operating characteristic (ROC) curve, Radiology 143: 29–36.
    Scores are finite; leading axes are the same on both sides.
    """
    m, n = positives.shape[-1], negatives.shape[-1]
    if not m or not n:
        return np.full(positives.shape[:-1], np.nan)
    ranks = mean_ranks(np.concatenate([positives, negatives], axis=-1))
    return np.asarray((ranks[..., :m].sum(axis=-1) - m * (m + 1) / 2) / (m * n))


def mean_ranks(scores: Floats) -> Floats:
    """[..., item] Rank of each score along the last axis, from 1; equal scores share the mean of their ranks."""
    order = np.argsort(scores, axis=-1, kind="stable")
    ordered = np.take_along_axis(scores, order, axis=-1)
    places = np.broadcast_to(np.arange(scores.shape[-1]), scores.shape)
    rises = ordered[..., 1:] != ordered[..., :-1]
    edge = np.ones((*scores.shape[:-1], 1), dtype=bool)
    firsts = np.maximum.accumulate(np.where(np.concatenate([edge, rises], axis=-1), places, 0), axis=-1)
    ends = np.where(np.concatenate([rises, edge], axis=-1), places, scores.shape[-1])
    lasts = np.minimum.accumulate(ends[..., ::-1], axis=-1)[..., ::-1]
    ranks = np.empty(scores.shape)
    np.put_along_axis(ranks, order, (firsts + lasts) / 2 + 1, axis=-1)
    return ranks


def paired_share(positives: Floats, negatives: Floats) -> Floats:
    """[...] Share of pairs [..., pair] whose positive side scores higher, equal ones counted half; NaN without a pair.

    With scores h·v̄ it is P(v_i·v̄ > 0), v_i = h_good − h_bad: what varies between pairs plays no part in it.
    """
    if not positives.shape[-1]:
        return np.full(positives.shape[:-1], np.nan)
    return np.asarray(((positives > negatives) + 0.5 * (positives == negatives)).mean(axis=-1))
