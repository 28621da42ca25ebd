"""client.pair_sets: minimal pairs, named by their content."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any

from exposure.api.names import RootedPath
from exposure.api.pairs import PairRow
from exposure.api.resources import PairSetFacts
from exposure.client.calls import D, Group, ask
from exposure.client.core import PAGE_ROWS, path_of
from exposure.client.exchanges import Plan
from exposure.client.table import Table
from exposure.pair_files import load_pairs
from exposure.pair_writing import pair_row


class PairSets(Group[D]):
    """Pair sets, by id. The same pairs have the same id, so that sending them again changes nothing."""

    @ask
    def list(self) -> Plan[Table[PairSetFacts]]:
        """Every pair set, and how many pairs each paradigm has."""
        return self._core.get_table(PairSetFacts, path_of("pair-sets"))

    @ask
    def get(self, id: str) -> Plan[PairSetFacts]:
        """One pair set."""
        return self._core.get_one(PairSetFacts, path_of("pair-sets", id))

    @ask
    def pairs(
        self, id: str, uid: str | Iterable[str] = (), phenomenon: str | Iterable[str] = ()
    ) -> Plan[Table[PairRow]]:
        """The pairs themselves, as rows that can be uploaded again; of some paradigms or phenomena, or all."""
        filters = {"uid": uid, "phenomenon": phenomenon, "limit": PAGE_ROWS}
        return self._core.get_table(PairRow, path_of("pair-sets", id, "pairs"), filters)

    @ask
    def upload(self, rows: Iterable[Mapping[str, Any]]) -> Plan[PairSetFacts]:
        """Pairs, as rows with uid, sentence_good, sentence_bad and what else docs/pairs.md knows."""
        return self._core.post(PairSetFacts, path_of("pair-sets"), {"pairs": [dict(row) for row in rows]})

    @ask
    def upload_files(self, *paths: str | os.PathLike[str]) -> Plan[PairSetFacts]:
        """The pairs of files and folders of this machine (.jsonl, .csv), checked here; raises PairsError."""
        rows = [pair_row(pair) for pair in load_pairs(paths)]
        return self._core.post(PairSetFacts, path_of("pair-sets"), {"pairs": rows})

    @ask
    def upload_rooted(self, root: str, path: str) -> Plan[PairSetFacts]:
        """The pairs of a file or folder under one of the operator's roots."""
        where = RootedPath(root=root, path=path)
        return self._core.post(PairSetFacts, path_of("pair-sets"), where.model_dump())

    @ask
    def remove(self, id: str) -> Plan[None]:
        """Remove a pair set."""
        return self._core.remove(path_of("pair-sets", id))
