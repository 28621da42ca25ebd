"""What made an artefact: versions of everything that could matter, and digests of what went in."""

from __future__ import annotations

import hashlib
import platform
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from exposure import __version__

_LIBRARIES = ("duckdb", "numpy", "pyahocorasick", "pyarrow", "tokenizers", "zstandard")


@cache
def versions() -> dict[str, str]:
    """Versions of this software, of Python and of the libraries that touch data."""
    return {
        "exposure": __version__,
        "python": platform.python_version(),
        **{name: version_of(name) for name in _LIBRARIES},
    }


def version_of(library: str) -> str:
    """The version of an installed distribution, or "not installed"."""
    try:
        return version(library)
    except PackageNotFoundError:
        return "not installed"


def sha256_of_file(path: Path) -> str:
    """sha256 of a file's bytes, as hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
