"""How often phrases had been seen by given steps, as bounds from what a generation holds."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
import pyarrow as pa

from exposure.answers import CountAt

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


def counts_by_step(
    cursor: duckdb.DuckDBPyConnection, phrase_ids: Sequence[int], steps: Sequence[int]
) -> dict[tuple[int, int], CountAt]:
    """(phrase, step) → bounds of the exposures found in batches before `step`.

    Equal bounds where the first K exposures decide the count, or the first and last batch of the bucket that holds
    `step` do; also for a phrase of which nothing was found.
    """
    cursor.register("asked_phrases", pa.table({"phrase_id": pa.array(sorted(set(phrase_ids)), pa.int32())}))
    cursor.register("asked_steps", pa.table({"step": pa.array(steps, pa.int64())}))
    rows = cursor.execute(COUNTS_BY_STEP).fetchall()
    return {(phrase, step): CountAt(low, high) for phrase, step, low, high in rows}
