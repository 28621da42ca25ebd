"""One evaluation of the data directory, as one request sees it: each file is opened once, beneath its folder."""

from __future__ import annotations

import hashlib
import html
import json
import os
import re
import stat
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import pyarrow as pa

from evaluator.checkpoint_record import CheckpointRecord, checkpoints_from
from evaluator.manifest import EvaluationManifest, manifest_from
from exposure.api.names import NAME
from exposure.errors import EvaluationError
from service.data_directory import DataDirectory
from service.errors import NotFoundError
from service.roots.beneath import beneath, open_beneath
from service.settings import Settings

_NONE = "none"
"""The signature of a file that there is not."""


class StoredEvaluation:
    """The evaluation `name`; raises NotFoundError where there is none.

    An evaluation may be written to meanwhile: files are replaced whole, so each is read from one descriptor. What was
    opened, and what was looked for, is what `validator` is made of.
    """

    def __init__(self, settings: Settings, name: str) -> None:
        self.name = name
        self.settings = settings
        self._folder = DataDirectory(settings.data).evaluations
        self._seen: dict[str, str] = {}
        self.path = self._folder / name
        if not re.fullmatch(NAME, name) or not self.path.is_dir():
            raise NotFoundError(f"There is no evaluation {name!r}. GET /v1/evaluations lists those that there are.")
        if not beneath(self._folder, self.path):
            raise EvaluationError(f"{self.path} leads out of {self._folder}. Put the evaluation itself there.")

    @cached_property
    def manifest(self) -> EvaluationManifest:
        """What is evaluated; raises EvaluationError where that cannot be read."""
        text = self.read("evaluation.json")
        if text is None:
            raise EvaluationError(
                f"{self.path} holds no evaluation: its job has only begun, or was ended before. Ask for it again with "
                "POST /v1/evaluations, or delete it."
            )
        try:
            return manifest_from(text)
        except (ValueError, RecursionError) as error:
            raise EvaluationError(
                f"{self.path}/evaluation.json cannot be read ({str(error).splitlines()[0]}). Delete this evaluation, "
                "and evaluate under another name."
            ) from error

    def refuse_unmade(self) -> None:
        """Raise EvaluationError where no evaluation has been made in the folder yet, or its manifest is damaged."""
        assert self.manifest

    @cached_property
    def checkpoints(self) -> tuple[CheckpointRecord, ...]:
        """What became of each checkpoint, by step; raises EvaluationError where that, or the manifest, is not there."""
        self.refuse_unmade()
        text = self.read("checkpoints.json")
        try:
            return () if text is None else tuple(checkpoints_from(text))
        except (ValueError, TypeError, RecursionError) as error:
            raise EvaluationError(
                f"{self.path}/checkpoints.json is damaged ({str(error).splitlines()[0]}). Delete it and ask for the "
                "same evaluation again: what is scored is not scored again."
            ) from error

    @property
    def scored(self) -> list[CheckpointRecord]:
        """The checkpoints that have scores, by step."""
        return [one for one in self.checkpoints if one.status == "scored" and one.weights_sha256 is not None]

    def read(self, relative: str) -> bytes | None:
        """A small file of the evaluation; None where there is none."""
        descriptor = self._open(relative)
        if descriptor is None:
            return None
        with os.fdopen(descriptor, "rb") as file:
            return file.read()

    def open(self, relative: str) -> pa.NativeFile | None:
        """A file of the evaluation, for Arrow to read without holding the interpreter; None where there is none."""
        descriptor = self._open(relative)
        if descriptor is None:
            return None
        try:
            # The descriptor itself: the name may lead to another file by now.
            return pa.OSFile(f"/dev/fd/{descriptor}", "rb")
        finally:
            os.close(descriptor)

    def has(self, relative: str) -> bool:
        """Whether there is such a file; answers rest on that, as on what was opened."""
        if relative not in self._seen:
            self._seen[relative] = "some" if (self.path / relative).is_file() else _NONE
        return self._seen[relative] != _NONE

    def validator(self) -> str:
        """What names the answers made of all that was opened, or looked for, so far."""
        document = json.dumps([self.name, sorted(self._seen.items())])
        return hashlib.sha256(document.encode()).hexdigest()[:40]

    def signature(self, relative: str) -> str:
        """What tells the file that was opened or looked for from one that takes its place; "" where none was."""
        return self._seen.get(relative, "")

    def public(self, text: str) -> str:
        """`text` without the folders of this machine: neither those of the service nor those of the checkpoints."""
        text = self.settings.public(text)
        for place in _local(self.manifest, self.checkpoints):
            for written in {place, html.escape(place)}:
                # Not where it goes on as another name, and not within a tag: "</a" is no folder.
                text = _shortened(text, written)
        return text

    def _open(self, relative: str) -> int | None:
        try:
            descriptor, _ = open_beneath(self._folder, f"{self.name}/{relative}", os.O_RDONLY | os.O_NONBLOCK)
        except FileNotFoundError:
            self._seen[relative] = _NONE
            return None
        except (OSError, ValueError) as error:
            raise EvaluationError(
                f"{self.path}/{relative} cannot be read: it leads out of its folder, or its permissions are wrong."
            ) from error
        facts = os.fstat(descriptor)
        if not stat.S_ISREG(facts.st_mode):
            os.close(descriptor)
            raise EvaluationError(f"{self.path}/{relative} is no file. Evaluate into a new folder.")
        self._seen[relative] = f"{facts.st_dev}-{facts.st_ino}-{facts.st_size}-{facts.st_mtime_ns}"
        return descriptor


def _local(manifest: EvaluationManifest, checkpoints: Sequence[CheckpointRecord]) -> list[str]:
    """Folders of this machine that an evaluation names, the deepest first."""
    named = [*manifest.place.split(" "), manifest.place, *(str(Path(one.source).parent) for one in checkpoints)]
    return sorted({one for one in named if Path(one).is_absolute() and one != "/"}, key=len, reverse=True)


def _shortened(text: str, folder: str) -> str:
    """`text` with files named from `folder` on, and the folder itself by its last name."""
    name = folder.rpartition("/")[2]

    def short(found: re.Match[str]) -> str:
        before = text[found.start() - 1 : found.start()]
        if before and (before.isalnum() or before in "_<./-"):
            return found[0]  # another folder's end, or a tag's: "</a" is none
        return "" if found[1] else name

    return re.sub(rf"{re.escape(folder)}(?:(/)|(?![\w.-]))", short, text)
