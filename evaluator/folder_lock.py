"""The right to work on an evaluation's folder, held by one process at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from evaluator.folder import EvaluationFolder
from exposure.waiting_lock import waiting_lock

FILE_NAME = "lock"


@contextmanager
def folder_lock(folder: Path) -> Iterator[None]:
    """Hold the folder for the block, made if need be; wait, and say so, while another process does.

    Raises EvaluationError where there is something else at its place.
    """
    EvaluationFolder.refuse_foreign(folder)
    folder.mkdir(parents=True, exist_ok=True)
    with waiting_lock(folder / FILE_NAME, f"evaluation {folder.name}"):
        yield
