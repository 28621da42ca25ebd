"""Names in requests: what a timeline, a run or an evaluation may be called, and files under the operator's roots."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

NAME = r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}"
"""Anything else is no name, and never becomes a path."""

DIGEST = r"[0-9a-f]{40}"
"""What pair sets and phrase sets are named by: their content."""

Name = Annotated[str, Field(pattern=f"^{NAME}$")]
Digest = Annotated[str, Field(pattern=f"^{DIGEST}$")]
Step = Annotated[int, Field(ge=0, le=2**53 - 1)]
"""A training step; no larger than the largest integer that every JSON reader keeps exact."""


class StrictModel(BaseModel):
    """A part of a request: no field beside those that are known, no value of another type, never changed."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class RootedPath(StrictModel):
    """A file or folder under one of the operator's roots; never an absolute path, a URL, or a way out of the root."""

    root: Name = Field(description="A root that the operator configured.")
    path: str = Field(description="Relative to it, with '/' between its parts.", min_length=1, max_length=1_000)
