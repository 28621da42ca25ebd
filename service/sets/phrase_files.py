"""Phrase files, read and kept: they are named by their content, so they never change."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path
from threading import Lock
from typing import TypeVar

import pyarrow as pa
import pyarrow.compute as pc

from exposure.api.resources import ParadigmSize, PhraseSetFacts
from exposure.errors import PairsError
from exposure.phrase_file import phrase_table, read_phrases
from exposure.phrases import CriticalPhrase
from service.roots.beneath import beneath

Value = TypeVar("Value")

KEPT_ROWS = 4
"""Files whose rows are held in memory; BLiMP's has 134,000."""
KEPT_FACTS = 1_000


class PhraseFiles:
    """Reads phrase files, and keeps the last ones. Threads may share it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._rows: OrderedDict[Path, list[CriticalPhrase]] = OrderedDict()
        self._facts: OrderedDict[Path, PhraseSetFacts] = OrderedDict()

    def rows(self, path: Path) -> list[CriticalPhrase]:
        """Every row; raises PairsError where the file is damaged or leads out of its folder."""
        with self._lock:
            if path in self._rows:
                self._rows.move_to_end(path)
                return self._rows[path]
        _refuse_leading_out(path)
        rows = read_phrases(path)
        with self._lock:
            _keep(self._rows, path, rows, KEPT_ROWS)
        return rows

    def facts(self, path: Path) -> PhraseSetFacts:
        """How many rows, different phrases and pairs there are; raises as `rows`."""
        with self._lock:
            if path in self._facts:
                return self._facts[path]
        facts = _facts(path.stem, self.table(path))
        with self._lock:
            _keep(self._facts, path, facts, KEPT_FACTS)
        return facts

    def table(self, path: Path) -> pa.Table:
        """The file as it is; raises as `rows`."""
        _refuse_leading_out(path)
        return phrase_table(path)

    def forget(self, path: Path) -> None:
        """Keep nothing of a file that is gone."""
        with self._lock:
            self._rows.pop(path, None)
            self._facts.pop(path, None)


def _keep(kept: OrderedDict[Path, Value], path: Path, value: Value, most: int) -> None:
    kept[path] = value
    while len(kept) > most:
        kept.popitem(last=False)


def _refuse_leading_out(path: Path) -> None:
    if not beneath(path.parent, path):
        raise PairsError(f"The phrase set {path.stem} leads out of its folder. Put the file itself there.")


def _facts(name: str, table: pa.Table) -> PhraseSetFacts:
    looked_for = table.filter(pc.is_valid(table["phrase"])).group_by(["phrase", "gap", "anchor"]).aggregate([])
    pairs = table.group_by(["uid", "pair_id"], use_threads=False).aggregate([("phenomenon", "first")])
    sizes = pairs.group_by("uid", use_threads=False).aggregate([("pair_id", "count"), ("phenomenon_first", "first")])
    paradigms = (
        ParadigmSize(one["uid"], one["pair_id_count"], one["phenomenon_first_first"]) for one in sizes.to_pylist()
    )
    return PhraseSetFacts(name, table.num_rows, looked_for.num_rows, tuple(sorted(paradigms, key=lambda one: one.uid)))
