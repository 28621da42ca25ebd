"""How long to wait before the next try: longer each time, and never in step with others."""

from __future__ import annotations

import random


def wait_seconds(failures: int, first: float = 0.25, most: float = 10.0) -> float:
    """Seconds to wait after so many failures in a row (1 or more): doubled each time, half of it random."""
    whole = min(most, first * 2.0 ** min(failures - 1, 30))
    return whole * random.uniform(0.5, 1.0)
