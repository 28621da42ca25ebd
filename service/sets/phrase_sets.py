"""The phrase sets of the data directory: which there are, what each is, its rows page by page."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from exposure.api.names import DIGEST
from exposure.api.resources import PhraseRow, PhraseSetFacts
from exposure.errors import ExposureError
from service.answers.cursors import cursor_at, place_at, question_of
from service.data_directory import DataDirectory
from service.errors import NotFoundError
from service.sets.phrase_files import PhraseFiles
from service.settings import Settings

Wanted = Mapping[str, list[str]]
"""Column → the values of which it should have one; an empty list stands for any."""


@dataclass(frozen=True)
class PhraseSetStore:
    """Reads the phrase sets of one data directory; `phrase_set_making` makes them. Threads may share it."""

    settings: Settings
    files: PhraseFiles

    def names(self) -> list[str]:
        """The ids, in order."""
        found = (path for path in self._data.phrase_sets.glob("*.parquet"))
        return sorted(path.stem for path in found if re.fullmatch(DIGEST, path.stem))

    def listed(self) -> list[PhraseSetFacts]:
        """Every phrase set, those that cannot be read with their problem."""
        return [self._entry(name) for name in self.names()]

    def facts(self, name: str) -> PhraseSetFacts:
        """What a phrase set is; raises NotFoundError where there is none, PairsError where it is damaged."""
        return self.files.facts(self.path(name))

    def path(self, name: str) -> Path:
        """Where a phrase set is; raises NotFoundError where there is none."""
        path = self._data.phrase_set(name)
        if not re.fullmatch(DIGEST, name) or not path.is_file():
            raise NotFoundError(f"There is no phrase set {name!r}. GET /v1/phrase-sets lists those that there are.")
        return path

    def rows(self, name: str, wanted: Wanted, cursor: str | None, limit: int) -> tuple[list[PhraseRow], str | None]:
        """A page of rows in the file's order, and the cursor of the next; raises as `facts`, and ParameterError."""
        table = self.files.table(self.path(name))
        table = table.append_column("place", pa.array(range(table.num_rows), pa.int64()))
        question = question_of("phrases", name, {column: sorted(values) for column, values in sorted(wanted.items())})
        rest = table.slice(place_at(cursor, question, table.num_rows))
        for column, values in wanted.items():
            if values:
                rest = rest.filter(pc.is_in(rest[column], pa.array(values, pa.string())))
        found = rest.slice(0, limit + 1).to_pylist()
        following = cursor_at(found[limit]["place"], question) if len(found) > limit else None
        return [_row(one) for one in found[:limit]], following

    def _entry(self, name: str) -> PhraseSetFacts:
        try:
            return self.facts(name)
        except ExposureError as error:
            return PhraseSetFacts(name, None, None, (), problem=self.settings.public(str(error)))

    @property
    def _data(self) -> DataDirectory:
        return DataDirectory(self.settings.data)


def _row(one: Mapping[str, Any]) -> PhraseRow:
    named = {field.name: one[field.name] for field in fields(PhraseRow)}
    return PhraseRow(**{**named, "flags": tuple(named["flags"])})
