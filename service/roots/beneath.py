"""Whether a path stays in a folder once every symbolic link in it is followed, and opening it so that it must."""

from __future__ import annotations

import os
from pathlib import Path

from service.roots.openat2 import open_without_links


def beneath(folder: Path, path: Path) -> bool:
    """Whether `path` leads to something inside `folder`; false for what cannot be resolved (loops, NUL)."""
    try:
        return path.resolve().is_relative_to(folder.resolve())
    except (OSError, ValueError, RuntimeError):
        return False


def open_beneath(folder: Path, relative: str, flags: int) -> tuple[int, Path]:
    """A descriptor of `relative` in `folder`, and its path without links; the caller closes the descriptor.

    Links are followed where they stay in `folder`. What is opened is beneath it even when a link is swapped meanwhile:
    first all links are resolved, then that path is opened following none. Raises OSError or ValueError where there is
    nothing, where it leads out, and where it cannot be opened.
    """
    root = os.path.realpath(folder, strict=True)
    real = os.path.realpath(f"{root}/{relative}", strict=True)
    if os.path.commonpath([root, real]) != root:
        raise OSError(f"{relative} leads out of its folder")
    return open_without_links(root, os.path.relpath(real, root), flags), Path(real)
