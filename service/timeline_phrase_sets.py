"""The phrase sets that a timeline keeps in phrase_sets/: the phrase files that it was indexed with."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from exposure.api.resources import PhraseSetFacts
from exposure.errors import ExposureError, QuestionError
from exposure.phrases import CriticalPhrase
from exposure.timeline import Timeline
from service.sets.phrase_files import PhraseFiles


@dataclass(frozen=True)
class TimelinePhraseSets:
    """What timelines were indexed with. Threads may share it."""

    files: PhraseFiles

    def listed(self, timeline: Timeline) -> list[PhraseSetFacts]:
        """Every phrase set of a timeline, those that cannot be read with their problem."""
        return [self._entry(path) for path in phrase_files(timeline)]

    def chosen(self, timeline: Timeline, phrase_set: str | None, uids: Sequence[str]) -> list[CriticalPhrase]:
        """The rows of one phrase set, of the paradigms `uids` only, or of all when there are none.

        Raises QuestionError for a phrase set or a paradigm that there is not, PairsError for a file that is damaged.
        """
        rows = self.files.rows(_chosen_file(phrase_files(timeline), phrase_set))
        present = {row.uid for row in rows}
        for uid in uids:
            if uid not in present:
                known = ", ".join(sorted(present)[:8])
                raise QuestionError(
                    f"The phrase set has no paradigm {uid!r}. It has: {known} … (GET …/phrase-sets lists them)."
                )
        return [row for row in rows if not uids or row.uid in uids]

    def _entry(self, path: Path) -> PhraseSetFacts:
        try:
            return self.files.facts(path)
        except ExposureError as error:
            return PhraseSetFacts(path.stem, None, None, (), problem=str(error).replace(f"{path.parent}/", ""))


def phrase_files(timeline: Timeline) -> list[Path]:
    """The phrase files of a timeline, by name."""
    return sorted(path for path in (timeline.path / "phrase_sets").glob("*.parquet") if not path.name.startswith("."))


def digest(timeline: Timeline) -> str:
    """A digest over the ids of a timeline's phrase sets."""
    return hashlib.sha256("\n".join(path.stem for path in phrase_files(timeline)).encode()).hexdigest()[:16]


def _chosen_file(present: Sequence[Path], phrase_set: str | None) -> Path:
    named = [path for path in present if phrase_set in (None, path.stem)]
    if len(named) == 1:
        return named[0]
    ids = ", ".join(path.stem for path in present) or "none"
    asked = "No phrase set was named" if phrase_set is None else f"There is no phrase set {phrase_set!r}"
    raise QuestionError(f"{asked}. This timeline keeps: {ids}. Name one of them as phrase_set.")
