"""What a request names, and whether it is there."""

from __future__ import annotations

from pathlib import Path

from service.errors import NotFoundError


def refuse_missing(path: Path, what: str, name: str, listed_by: str) -> None:
    """Raise NotFoundError where there is no file at `path`."""
    if not path.is_file():
        raise NotFoundError(f"There is no {what} {name!r}. {listed_by} lists those that there are.")
