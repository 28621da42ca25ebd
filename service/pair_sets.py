"""The pair sets that a timeline keeps in phrase_sets/: the phrase files that it was indexed with."""

from __future__ import annotations

import hashlib
from collections import Counter, OrderedDict
from collections.abc import Sequence
from pathlib import Path
from threading import Lock

from exposure.api.resources import PairSetFacts, ParadigmSize
from exposure.errors import ExposureError, PairsError, QuestionError
from exposure.phrase_file import read_phrases
from exposure.phrases import CriticalPhrase
from exposure.timeline import Timeline
from service.beneath import beneath

KEPT = 4
"""Pair sets held in memory; BLiMP's has 134,000 rows."""


class PairSets:
    """Reads pair sets, and keeps the last ones: their files are named by content, so they never change."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._kept: OrderedDict[Path, list[CriticalPhrase]] = OrderedDict()

    def listed(self, timeline: Timeline) -> list[PairSetFacts]:
        """Every pair set of a timeline, those that cannot be read with their problem."""
        return [self._answer(path) for path in files(timeline)]

    def chosen(self, timeline: Timeline, pair_set: str | None, uids: Sequence[str]) -> list[CriticalPhrase]:
        """The rows of one pair set, of the paradigms `uids` only, or of all when there are none.

        Raises QuestionError for a pair set or a paradigm that there is not, PairsError for a file that is damaged.
        """
        rows = self._read(_chosen_file(files(timeline), pair_set))
        present = {row.uid for row in rows}
        for uid in uids:
            if uid not in present:
                known = ", ".join(sorted(present)[:8])
                raise QuestionError(
                    f"The pair set has no paradigm {uid!r}. It has: {known} … (GET …/pair-sets lists them)."
                )
        return [row for row in rows if not uids or row.uid in uids]

    def _answer(self, path: Path) -> PairSetFacts:
        try:
            rows = self._read(path)
        except ExposureError as error:
            return PairSetFacts(path.stem, None, (), problem=str(error).replace(f"{path.parent}/", ""))
        sizes = Counter(uid for uid, _ in {(row.uid, row.pair_id) for row in rows})
        return PairSetFacts(path.stem, sizes.total(), tuple(ParadigmSize(*one) for one in sorted(sizes.items())))

    def _read(self, path: Path) -> list[CriticalPhrase]:
        with self._lock:
            if path in self._kept:
                self._kept.move_to_end(path)
                return self._kept[path]
        if not beneath(path.parent, path):
            raise PairsError(f"The pair set {path.name} leads out of its folder. Put the file itself there.")
        rows = read_phrases(path)
        with self._lock:
            self._kept[path] = rows
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return rows


def files(timeline: Timeline) -> list[Path]:
    """The files of a timeline's pair sets, by name."""
    return sorted(path for path in (timeline.path / "phrase_sets").glob("*.parquet") if not path.name.startswith("."))


def digest(timeline: Timeline) -> str:
    """A digest over the ids of a timeline's pair sets."""
    return hashlib.sha256("\n".join(path.stem for path in files(timeline)).encode()).hexdigest()[:16]


def _chosen_file(present: Sequence[Path], pair_set: str | None) -> Path:
    named = [path for path in present if pair_set in (None, path.stem)]
    if len(named) == 1:
        return named[0]
    ids = ", ".join(path.stem for path in present) or "none"
    asked = "No pair set was named" if pair_set is None else f"There is no pair set {pair_set!r}"
    raise QuestionError(f"{asked}. This timeline keeps: {ids}. Name one of them as pair_set.")
