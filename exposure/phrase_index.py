"""Text → number of every phrase of a generation, in memory: hashes in order, 12 bytes a phrase.

A join of 100,000 texts reads and hashes every text of the generation, however often it is asked; this does so once.
Hashes only say where to look: the texts are compared afterwards.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

Places = npt.NDArray[np.int64]


@dataclass(frozen=True)
class PhraseIndex:
    """`phrase_ids` by rising `hashes` of their texts, and by themselves where those are equal."""

    hashes: npt.NDArray[np.uint64]
    phrase_ids: npt.NDArray[np.int32]
    has_equal: bool

    @classmethod
    def of(cls, cursor: duckdb.DuckDBPyConnection) -> PhraseIndex:
        """The index of an open generation: about 0.2 s for a million phrases."""
        found = cursor.sql("SELECT phrase_id, hash(phrase) AS hash FROM phrases").to_arrow_table()
        hashes, phrase_ids = found["hash"].to_numpy(), found["phrase_id"].to_numpy()
        order = np.lexsort((phrase_ids, hashes))
        hashes = hashes[order]
        return cls(hashes, phrase_ids[order], bool((hashes[1:] == hashes[:-1]).any()))

    def candidates(
        self, cursor: duckdb.DuckDBPyConnection, keys: pa.StringArray
    ) -> tuple[Places, npt.NDArray[np.int32]]:
        """(place in `keys`, phrase_id) of everything that has the hash of a key, both rising."""
        cursor.register("asked", pa.table({"phrase": keys}))
        hashes = cursor.sql("SELECT hash(phrase) AS hash FROM asked").to_arrow_table()["hash"].to_numpy()
        starts = self._searched(hashes, "left")
        if not self.has_equal:
            places = np.flatnonzero(self.hashes.take(starts, mode="clip") == hashes) if len(self.hashes) else starts[:0]
            return places, self.phrase_ids[starts[places]]
        numbers = self._searched(hashes, "right") - starts
        places = np.repeat(np.arange(len(keys)), numbers)
        within = np.arange(len(places)) - np.repeat(np.cumsum(numbers) - numbers, numbers)
        return places, self.phrase_ids[np.repeat(starts, numbers) + within]

    def _searched(self, hashes: npt.NDArray[np.uint64], side: Literal["left", "right"]) -> Places:
        """`np.searchsorted`, neighbours one after the other: then their way is in the processor's cache."""
        by_hash = np.argsort((hashes >> np.uint64(48)).astype(np.uint16), kind="stable")
        found = np.empty(len(hashes), np.int64)
        found[by_hash] = np.searchsorted(self.hashes, hashes[by_hash], side=side)
        return found
