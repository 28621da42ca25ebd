"""Scores made by hand: series and pair tables for the tests of statistics, with no file and no model."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from evaluator.conventions import PRESETS, Convention
from evaluator.scored import NO_CLUSTER, PairTable, ScoredSeries
from evaluator.split import TRAIN, VALIDATION, Split


def table(
    critical: Sequence[str],
    context: Sequence[str] | None = None,
    *,
    uid: str | Sequence[str] = "made",
    phenomenon: Sequence[str] | None = None,
    field: Sequence[str] | None = None,
    flags: tuple[str, ...] = (),
    identical: Sequence[int] = (),
) -> PairTable:
    """Pairs with these critical lemmas; the rest as given, or empty."""
    pairs = len(critical)
    return PairTable(
        uid=(uid,) * pairs if isinstance(uid, str) else tuple(uid),
        pair_id=tuple(map(str, range(pairs))),
        phenomenon=tuple(phenomenon or [""] * pairs),
        field=tuple(field or [""] * pairs),
        critical_lemma=tuple(critical),
        context_lemma=tuple(context or [NO_CLUSTER] * pairs),
        flags=(flags,) * pairs,
        has_identical_sides=np.isin(np.arange(pairs), identical),
    )


def series(
    right: npt.ArrayLike, pairs: PairTable, steps: Sequence[int] | None = None, convention: Convention | None = None
) -> ScoredSeries:
    """A series whose pairs are right, tied, wrong or not scored as `right` [checkpoint, pair] says: 1, 0, −1, NaN."""
    delta = np.asarray(right, dtype=np.float64)
    at = np.arange(len(delta)) * 100 if steps is None else np.array(steps)
    return ScoredSeries(at, delta, pairs, convention or PRESETS["exposure"])


def rising(is_right_from: Sequence[int], checkpoints: int) -> npt.NDArray[np.float64]:
    """[checkpoint, pair] Each pair wrong before the checkpoint of this place, and right from it on."""
    at = np.arange(checkpoints)[:, None] >= np.asarray(is_right_from)[None, :]
    return np.where(at, 1.0, -1.0)


def split(is_train: Sequence[int]) -> Split:
    """Proxy-train where 1, proxy-validation where 0."""
    return Split(tuple(TRAIN if one else VALIDATION for one in is_train))
