"""JSON objects that carry a digest of themselves, so that damage on the disk is not taken for what was written.

Parquet has checksums of its pages and DuckDB of its blocks; a digit that changed in a small JSON file would be
believed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

SEAL = "sha256"
"""The field that holds the digest."""


def sealed(fields: Mapping[str, Any]) -> dict[str, Any]:
    """`fields`, and last of all the digest of them."""
    return {**fields, SEAL: _digest(fields)}


def unsealed(document: object) -> dict[str, Any]:
    """The fields of a sealed object; raises ValueError where they are not what was sealed.

    Objects without a seal were written by older versions, and are taken as they are.
    """
    if not isinstance(document, dict):
        raise ValueError("it is not a JSON object")
    fields = {name: value for name, value in document.items() if name != SEAL}
    if SEAL in document and document[SEAL] != _digest(fields):
        raise ValueError("its content does not have the sha256 that stands in it")
    return fields


def _digest(fields: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(fields, sort_keys=True, ensure_ascii=True).encode("ascii")).hexdigest()
