"""Numbers of arrays as plain ones."""

from __future__ import annotations

from math import isfinite
from typing import SupportsFloat


def finite(value: SupportsFloat | None) -> float | None:
    """A Python float; None for what is not there or not finite."""
    number = None if value is None else float(value)
    return number if number is not None and isfinite(number) else None


def known(value: SupportsFloat | None) -> float | None:
    """A Python float, infinite ones too; None for what is not there or not a number."""
    number = None if value is None else float(value)
    return None if number is None or number != number else number
