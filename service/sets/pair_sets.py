"""The pair sets of the data directory: which there are, what each is, its rows page by page."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from exposure.api.names import DIGEST
from exposure.api.pairs import PairRow
from exposure.api.resources import PairSetFacts, ParadigmSize
from exposure.errors import ExposureError, PairsError
from exposure.sealed import unsealed
from service.answers.cursors import cursor_at, foreign_cursor, place_at, question_of
from service.data_directory import DataDirectory
from service.errors import NotFoundError
from service.roots.beneath import beneath
from service.settings import Settings


@dataclass(frozen=True)
class RowFilter:
    """Rows that fit all that is given; empty stands for any."""

    uids: frozenset[str] = field(default=frozenset())
    phenomena: frozenset[str] = field(default=frozenset())

    def question(self, name: str) -> str:
        """What names the question for these rows of the pair set `name`."""
        return question_of("pairs", name, sorted(self.uids), sorted(self.phenomena))

    def fits(self, row: PairRow) -> bool:
        """Whether the row does."""
        return (not self.uids or row.uid in self.uids) and (not self.phenomena or row.phenomenon in self.phenomena)


@dataclass(frozen=True)
class PairSetStore:
    """Reads the pair sets of one data directory; `make_pair_set` makes them. Threads may share it."""

    settings: Settings

    def names(self) -> list[str]:
        """The ids, in order."""
        folder = self._data.pair_sets
        return sorted(one.name for one in folder.iterdir() if re.fullmatch(DIGEST, one.name)) if folder.is_dir() else []

    def listed(self) -> list[PairSetFacts]:
        """Every pair set, those that cannot be read with their problem."""
        return [self._entry(name) for name in self.names()]

    def facts(self, name: str) -> PairSetFacts:
        """What a pair set is; raises NotFoundError where there is none, PairsError where it is damaged."""
        place = self._folder(name) / "set.json"
        try:
            said = unsealed(json.loads(place.read_bytes()))
            paradigms = tuple(ParadigmSize(**one) for one in said["paradigms"])
            return PairSetFacts(name, said["pairs"], paradigms, said["phrase_set"], no_phrases=said["no_phrases"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise _damaged(name, "set.json") from error

    def rows(self, name: str, wanted: RowFilter, cursor: str | None, limit: int) -> tuple[list[PairRow], str | None]:
        """A page of rows in the set's order, and the cursor of the next; raises as `facts`, and ParameterError."""
        path, question = self._folder(name) / "pairs.jsonl", wanted.question(name)
        found: list[PairRow] = []
        for start, row in self._rows_from(name, path, cursor, question):
            if not wanted.fits(row):
                continue
            if len(found) == limit:
                return found, cursor_at(start, question)
            found.append(row)
        return found, None

    def _rows_from(self, name: str, path: Path, cursor: str | None, question: str) -> Iterator[tuple[int, PairRow]]:
        """(the byte at which it begins, row) of every row from the cursor on."""
        try:
            with path.open("rb") as file:
                start = place_at(cursor, question, path.stat().st_size)
                file.seek(max(start - 1, 0))
                if start > 0 and file.read(1) != b"\n":
                    raise foreign_cursor()
                for line in file:
                    yield start, PairRow(**json.loads(line))
                    start += len(line)
        except (OSError, ValueError, TypeError) as error:
            raise _damaged(name, "pairs.jsonl") from error

    def _entry(self, name: str) -> PairSetFacts:
        try:
            return self.facts(name)
        except ExposureError as error:
            return PairSetFacts(name, None, (), problem=self.settings.public(str(error)))

    def _folder(self, name: str) -> Path:
        folder = self._data.pairs(name).parent
        if not re.fullmatch(DIGEST, name) or not folder.is_dir():
            raise NotFoundError(f"There is no pair set {name!r}. GET /v1/pair-sets lists those that there are.")
        if not beneath(self._data.pair_sets, folder):
            raise PairsError(f"The pair set {name} leads out of the data directory. Put the folder itself there.")
        return folder

    @property
    def _data(self) -> DataDirectory:
        return DataDirectory(self.settings.data)


def _damaged(name: str, file: str) -> PairsError:
    return PairsError(f"{file} of the pair set {name} is missing or damaged. Send the same pairs again to mend it.")
