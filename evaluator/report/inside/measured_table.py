"""All rows that an evaluation stored of other measures than minimal pairs, as one table."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from evaluator.folder import EvaluationFolder
from evaluator.measured_rows import stored_measures
from evaluator.measurement_table import SCHEMA

NOTHING = SCHEMA.empty_table()
"""Where nothing was measured."""


def measured_table(folder: EvaluationFolder, uids: Sequence[str] = ()) -> pa.Table:
    """Rows of all measures of the scored checkpoints; where `uids` are given, of those paradigms alone.

    Raises EvaluationError where what the list of checkpoints names is damaged or gone.
    """
    tables = [rows for rows, _ in stored_measures(folder)]
    whole = pa.concat_tables(tables) if tables else NOTHING
    if not uids:
        return whole
    is_other = pc.and_(pc.equal(whole["level"], "paradigm"), pc.invert(pc.is_in(whole["group"], pa.array(uids))))
    return whole.filter(pc.invert(is_other))
