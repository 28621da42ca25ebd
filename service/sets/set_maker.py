"""Making pair sets and phrase sets, in child processes: what a request sends or names becomes a set of its own."""

from __future__ import annotations

from dataclasses import dataclass

from service.bodies.json_bodies import READ_HERE_BYTES
from service.children import Children
from service.sets.uploads import UploadKind, read_upload
from service.settings import Settings

MAKING = "service.sets.making"


@dataclass(frozen=True)
class SetMaker:
    """Makes sets in one data directory. Threads may share it."""

    settings: Settings
    children: Children

    def make(self, kind: UploadKind, body: bytes) -> tuple[str, bool]:
        """(id, whether it is new) of the set that a request's `body` asks for.

        Raises what `read_upload` does, InputError naming the row, NotFoundError for a pair set that there is not,
        TooSlowError, BusyError.
        """
        if len(body) <= READ_HERE_BYTES:
            read_upload(self.settings, kind, body)  # before a process is started for it
        limits = self.settings.limits
        question = {
            "data": str(self.settings.data),
            "roots": {name: str(folder) for name, folder in self.settings.roots.items()},
            "limits": {"phrases": limits.phrases, "phrase_characters": limits.phrase_characters},
            "kind": kind,
        }
        end = self.children.ask(MAKING, question, body).end
        return end["id"], end["is_new"]
