"""The Parquet types of answers do not depend on the values that happen to be there."""

from dataclasses import asdict
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from exposure.answer_schema import answer_schema
from exposure.answers import CoverageAnswer, ExposureAnswer, FirstSeen, HistoryPoint
from exposure.splits import PairSplit, ParadigmSplit
from exposure.tables import emit
from indexer.batches import BatchRow
from indexer.context import Context


@pytest.mark.parametrize(
    "kind", [CoverageAnswer, ExposureAnswer, FirstSeen, HistoryPoint, PairSplit, ParadigmSplit, BatchRow, Context]
)
def test_every_answer_has_types(kind: type) -> None:
    """No field of any answer is of Arrow's null type, and none is left out."""
    schema = answer_schema(kind)
    assert schema.names == list(kind.__dataclass_fields__)  # type: ignore[attr-defined]
    assert not any(pa.types.is_null(field.type) for field in schema)


def test_empty_answers_keep_their_types(tmp_path: Path) -> None:
    """A phrase that was never indexed and one that was seen give files of one schema, and so does no answer at all."""
    unknown = FirstSeen.not_indexed("a zebra", "exact")
    row = {**asdict(unknown), "status": str(unknown.status)}
    schemas = []
    for rows in ([], [row], [{**row, "first_batch": 3, "document": "d", "first_exact": True}]):
        emit(rows, list(row), "parquet", str(tmp_path / "o.parquet"), answer_schema(FirstSeen))
        schemas.append(pq.read_schema(tmp_path / "o.parquet"))
    assert schemas[0] == schemas[1] == schemas[2]
    assert schemas[0].field("first_batch").type == pa.int64()
