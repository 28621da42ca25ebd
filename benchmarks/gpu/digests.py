"""The code that a figure is of: its digest, so that a figure of other code is known for what it is."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent.parent


def code_digest(patterns: Iterable[str]) -> str:
    """sha256 over the names and bytes of the files that match, below the repository's root."""
    paths = sorted({path for pattern in patterns for path in ROOT.glob(pattern)})
    if not paths:
        raise ValueError(f"no file matches {list(patterns)}")
    digest = hashlib.sha256()
    for path in paths:
        digest.update(f"{path.relative_to(ROOT)}\0".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def key_of(patterns: Iterable[str], settings: Mapping[str, Any]) -> str:
    """What names a measurement: its code and its settings."""
    said = json.dumps(settings, sort_keys=True)
    return hashlib.sha256(f"{code_digest(patterns)}\n{said}".encode()).hexdigest()[:16]
