"""What the child process of an indexing job is told. Importable without a compiler."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from exposure.api.names import StrictModel
from exposure.api.requests import IndexRequest


class IndexSpec(StrictModel):
    """The request, and where what it names is on this machine: absolute paths."""

    request: IndexRequest
    run: Path
    phrases: tuple[Path, ...]
    timeline: Path
    cores: Annotated[int, Field(ge=1)] = 1
