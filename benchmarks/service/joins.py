"""The bare joins that a bulk look-up is held against: DuckDB alone, in a process and with limits like the service's."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pyarrow as pa

from exposure.generation_reader import ReaderLimits, connect
from exposure.phrase_blocks import PHRASE_COLUMNS
from service.settings import Limits


class BareJoins:
    """100,000 phrases of one generation, joined by their numbers and by their texts, with the columns of an answer."""

    def __init__(self, generation: Path, phrases: list[str]) -> None:
        limits = Limits()
        self._connection = connect(generation, ReaderLimits(limits.duckdb_memory, limits.duckdb_threads))
        texts = pa.table({"phrase": phrases, "place": np.arange(len(phrases))})
        self._connection.register("texts", texts)
        self._ids = self._connection.sql(
            "SELECT place, phrase_id FROM texts JOIN phrases USING (phrase)"
        ).to_arrow_table()
        self._connection.register("ids", self._ids)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def by_id(self) -> float:
        """Milliseconds of a join by number."""
        return self._took(f"SELECT place, {PHRASE_COLUMNS} FROM ids JOIN phrases USING (phrase_id)")

    def by_text(self) -> float:
        """Milliseconds of a join by text."""
        return self._took(f"SELECT place, {PHRASE_COLUMNS} FROM texts JOIN phrases USING (phrase)")

    def _took(self, query: str) -> float:
        began = time.perf_counter()
        found = self._connection.sql(query).to_arrow_table()
        assert found.num_rows == self._ids.num_rows
        return (time.perf_counter() - began) * 1e3
