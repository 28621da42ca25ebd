"""pyarrow's bare read of the text column, row group by row group: nothing is done with the text."""

from __future__ import annotations

import pyarrow.parquet as pq

from benchmarks.side import Side


class ParquetRead(Side):
    """Decompressed and decoded to Arrow, no more."""

    def scan(self) -> None:
        """Every row group in turn."""
        with pq.ParquetFile(self.corpus.shard("parquet")) as file:
            for group in range(file.num_row_groups):
                file.read_row_group(group, columns=["text"], use_threads=False)
