"""How values that are neither steps nor shares are written for people."""

from __future__ import annotations

from collections.abc import Callable
from math import isnan

from evaluator.report.inside.spans import Span
from evaluator.report.wording import FIXED, MINUS, NONE, share_text, steps_text


def number_text(value: float | None, decimals: int = 2) -> str:
    """A number with its minus sign: "12.30", "−0.41"; "–" where there is none."""
    if value is None or isnan(value):
        return NONE
    return f"{round(value, decimals) + 0.0:.{decimals}f}".replace("-", MINUS)


def signed_text(value: float | None) -> str:
    """A share or difference with its sign: "+.120"."""
    text = share_text(value)
    return f"+{text}" if value is not None and value > 0 and text != ".000" else text


def span_text(span: Span) -> str:
    """What is compared: "steps 100 → 700", and where the later one is no crossing: "steps 100 → 2,000, the last"."""
    return f"steps {steps_text(span.before)} → {steps_text(span.after)}{'' if span.is_crossing else ', the last'}"


def between_text(low: float | None, high: float | None, write: Callable[[float], str] = share_text) -> str:
    """An interval: ".42 – .58", "" where there is none."""
    if low is None or high is None or isnan(low) or isnan(high):
        return ""
    return f"{write(low)}{FIXED}…{FIXED}{write(high)}"
