"""Making pair sets and phrase sets, in child processes: what a request sends or names becomes a set of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from exposure.api.names import RootedPath
from exposure.api.uploads import PairSetRequest, PhraseSetRequest
from service import roots
from service.children import Children
from service.errors import LimitError
from service.settings import Settings

MAKING = "service.making"


@dataclass(frozen=True)
class SetMaker:
    """Makes sets in one data directory. Threads may share it."""

    settings: Settings
    children: Children

    def pair_set(self, asked: PairSetRequest) -> tuple[str, bool]:
        """(id, whether it is new); raises PairsError naming the row, RootError, TooSlowError, BusyError."""
        self._refuse_excess(len(asked.pairs or ()))
        return self._ask("pair_set", {"pairs": asked.pairs, "rooted": self._fields(asked.rooted)})

    def phrase_set(self, asked: PhraseSetRequest) -> tuple[str, bool]:
        """(id, whether it is new); raises as `pair_set`, and NotFoundError for a pair set that there is not."""
        phrases = asked.phrases or []
        self._refuse_excess(len(phrases))
        for place, phrase in enumerate(phrases):
            if len(phrase) > self.settings.limits.phrase_characters:
                raise LimitError(
                    f"Phrase {place} has {len(phrase):,} characters, {self.settings.limits.phrase_characters:,} is the "
                    "most. Leave it out."
                )
        said = {"phrases": asked.phrases, "pair_set": asked.pair_set, "rules": asked.rules}
        return self._ask("phrase_set", {**said, "rooted": self._fields(asked.rooted)})

    def _ask(self, what: str, asked: dict[str, Any]) -> tuple[str, bool]:
        folders = {name: str(folder) for name, folder in self.settings.roots.items()}
        question = {
            "data": str(self.settings.data),
            "roots": folders,
            "pair_set": None,
            "phrase_set": None,
            what: asked,
        }
        end = self.children.ask(MAKING, question).end
        return end["id"], end["is_new"]

    def _refuse_excess(self, count: int) -> None:
        most = self.settings.limits.phrases
        if count > most:
            raise LimitError(f"{count:,} were sent, {most:,} is the most. Name a file under a root instead.")

    def _fields(self, rooted: RootedPath | None) -> dict[str, str] | None:
        if rooted is None:
            return None
        roots.resolve(self.settings, rooted)  # before a process is started for it
        return {"root": rooted.root, "path": rooted.path}
