"""How often phrases had been seen by given steps, as bounds from what a generation holds.

Two ways to the same: for many phrases at a step one query over the tables, for one phrase at many steps its own rows.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

Numbers = npt.NDArray[np.int64]

# The bucket that holds the step is only partly behind it: its own first and last batch bound what is.
COUNTS_BY_STEP = """
WITH asked AS (SELECT p.phrase_id, s.step FROM asked_phrases p, asked_steps s),
bounds AS (
    SELECT phrase_id, step,
        coalesce(sum(CASE WHEN last_batch < step THEN count WHEN first_batch >= step THEN 0 ELSE 1 END), 0) AS low,
        coalesce(sum(CASE WHEN last_batch < step THEN count WHEN first_batch >= step THEN 0 ELSE count - 1 END), 0)
            AS high
    FROM asked LEFT JOIN counts USING (phrase_id) GROUP BY ALL
),
known AS (
    SELECT phrase_id, step, count(batch) FILTER (batch < step) AS before, count(batch) AS kept
    FROM asked LEFT JOIN exposures USING (phrase_id) GROUP BY ALL
)
SELECT phrase_id, step,
    CASE WHEN before < kept OR kept = p.count THEN before ELSE greatest(low, before) END::BIGINT AS low,
    CASE WHEN before < kept OR kept = p.count THEN before ELSE high END::BIGINT AS high
FROM bounds JOIN known USING (phrase_id, step) JOIN phrases p USING (phrase_id)
ORDER BY phrase_id, step
"""


@dataclass(frozen=True)
class Counts:
    """Bounds of counts: `low` and `high` have a row for each of `phrase_ids` and a column for each of `steps`."""

    phrase_ids: Numbers
    steps: Numbers
    low: Numbers
    high: Numbers

    def of(self, phrase_ids: Numbers) -> tuple[Numbers, Numbers]:
        """(low, high) of these phrases, a row each."""
        places = np.searchsorted(self.phrase_ids, phrase_ids)
        return self.low[places], self.high[places]


def counts_by_step(cursor: duckdb.DuckDBPyConnection, phrase_ids: Iterable[int], steps: Iterable[int]) -> Counts:
    """Bounds of the exposures found of each phrase in batches before each step; also where nothing was found.

    Equal bounds where the first K exposures decide the count, or the first and last batch of the bucket that holds the
    step do.
    """
    ids, asked = (np.unique(np.fromiter(one, np.int64)) for one in (phrase_ids, steps))
    cursor.register("asked_phrases", pa.table({"phrase_id": pa.array(ids, pa.int32())}))
    cursor.register("asked_steps", pa.table({"step": asked}))
    found = cursor.execute(COUNTS_BY_STEP).fetchnumpy()
    shape = len(ids), len(asked)
    return Counts(ids, asked, found["low"].reshape(shape), found["high"].reshape(shape))


def counts_of_phrase(
    cursor: duckdb.DuckDBPyConnection, phrase_id: int, total: int, steps: Iterable[int]
) -> list[tuple[int, int]]:
    """The bounds (low, high) of one phrase, of which `total` exposures were found, at each of `steps`."""
    asked = np.fromiter(steps, np.int64)
    query = "SELECT first_batch, last_batch, count FROM counts WHERE phrase_id = ?"
    buckets = sorted(cursor.execute(query, [phrase_id]).fetchall())
    first, last, count = np.array(buckets, np.int64).reshape(-1, 3).T
    query = "SELECT batch FROM exposures WHERE phrase_id = ?"
    kept = np.sort(np.array(cursor.execute(query, [phrase_id]).fetchall(), np.int64).ravel())
    ended, begun = np.searchsorted(last, asked), np.searchsorted(first, asked)
    until, within = np.concatenate([[0], np.cumsum(count)]), np.append(count, 1)
    before = np.searchsorted(kept, asked)
    is_decided = (before < len(kept)) | (len(kept) == total)
    low = np.where(is_decided, before, np.maximum(until[ended] + (begun - ended), before))
    high = np.where(is_decided, before, until[ended] + np.where(begun > ended, within[ended] - 1, 0))
    return list(zip(low.tolist(), high.tolist(), strict=True))
