"""A series of checkpoints: which weights a run had at which training step. A JSON file, by a trainer or by hand.

Checkpoint N has consumed batches 0 … N − 1 (`positions.seen_by`). Steps are always given, never read out of a number
of tokens or the name of a branch.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, ValidationError, model_validator

from exposure.artefacts import atomic_write
from exposure.errors import CheckpointError
from exposure.order_rules import FrozenModel
from exposure.training_facts import TrainingFacts

FILE_NAME = "series.json"


class CheckpointSource(FrozenModel):
    """Where one checkpoint is: a local directory (`path`), or a repository of a hub and its `revision`."""

    step: int = Field(ge=0)
    path: str | None = None
    repo: str | None = None
    revision: str | None = None

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.path is None) == (self.repo is None) or (self.revision is not None and self.repo is None):
            raise ValueError("give either path, or repo with revision")
        if self.repo is not None and self.revision is None:
            raise ValueError(f"repo {self.repo} needs the revision of step {self.step}")
        return self

    @property
    def name(self) -> str:
        """For messages and answers: the path, or repo@revision."""
        return self.path if self.path is not None else f"{self.repo}@{self.revision}"


class CheckpointSeries(FrozenModel):
    """Checkpoints in order of their steps, and the run manifest (`run`) whose data they were trained on, if known."""

    format: Literal["exposure.checkpoints"] = "exposure.checkpoints"
    version: Literal[1] = 1
    name: str
    run: str | None = None
    training: TrainingFacts | None = None
    """How the run was trained, where that is known: what runs are compared by."""
    checkpoints: tuple[CheckpointSource, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        steps = [one.step for one in self.checkpoints]
        if any(later <= earlier for earlier, later in pairwise(steps)):
            raise ValueError("steps must increase from one checkpoint to the next")
        return self

    @classmethod
    def load(cls, path: Path) -> CheckpointSeries:
        """Read a series; relative paths in it are taken from its folder. Raises CheckpointError."""
        try:
            series = cls.model_validate_json(path.read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            raise CheckpointError(f"There is no series of checkpoints {path}. Check the path.") from error
        except (ValidationError, UnicodeDecodeError, OSError) as error:
            problem = _problem(error)
            raise CheckpointError(f"{path} is not a series of checkpoints: {problem}. Mend the file.") from error
        return series.located(path.parent)

    def located(self, folder: Path) -> CheckpointSeries:
        """The same series with absolute paths, relative ones being taken from `folder`."""

        def locate(path: str | None) -> str | None:
            return None if path is None else str((folder / path).absolute())

        sources = tuple(one.model_copy(update={"path": locate(one.path)}) for one in self.checkpoints)
        return self.model_copy(update={"run": locate(self.run), "checkpoints": sources})

    def save(self, path: Path) -> None:
        """Write the series; paths below its folder are written relative to it, so that all can be moved together."""
        folder = path.absolute().parent

        def relative(name: str | None) -> str | None:
            inside = name is not None and Path(name).absolute().is_relative_to(folder)
            return str(Path(name).absolute().relative_to(folder)) if inside and name is not None else name

        sources = tuple(one.model_copy(update={"path": relative(one.path)}) for one in self.checkpoints)
        written = self.model_copy(update={"run": relative(self.run), "checkpoints": sources})
        with atomic_write(path) as partial:
            partial.write_text(written.model_dump_json(indent=2, exclude_none=True) + "\n", encoding="utf-8")


def _problem(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return f"{'.'.join(map(str, first['loc'])) or 'the file'}: {first['msg']}"
    return str(error)
