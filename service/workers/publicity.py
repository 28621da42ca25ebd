"""What a child says, made fit for clients: no path outside the data directory and the roots, no number JSON lacks."""

from __future__ import annotations

import math
import re
from typing import Any

from service.settings import Settings

_FOLDERS = re.compile(r"(?<![\w./:-])/(?:[^\s/\"'`<>|]+/)+(?=[^\s/])")
"""The folders of an absolute path, wherever one stands in a text; no part of a URL or of a relative path."""


def public_text(settings: Settings, text: str) -> str:
    """`text` with files named from the data directory or a root on, and other files without their folders."""
    return _FOLDERS.sub("…/", settings.public(text))


def public_value(settings: Settings, value: Any) -> Any:
    """A JSON value with every text in it made public; what is not finite is null."""
    if isinstance(value, str):
        return public_text(settings, value)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, list):
        return [public_value(settings, one) for one in value]
    if isinstance(value, dict):
        return {name: public_value(settings, one) for name, one in value.items()}
    return value
