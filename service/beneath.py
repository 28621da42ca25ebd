"""Whether a path stays in a folder once every symbolic link in it is followed."""

from __future__ import annotations

from pathlib import Path


def beneath(folder: Path, path: Path) -> bool:
    """Whether `path` leads to something inside `folder`; false for what cannot be resolved (loops, NUL)."""
    try:
        return path.resolve().is_relative_to(folder.resolve())
    except (OSError, ValueError, RuntimeError):
        return False
