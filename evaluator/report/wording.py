"""How numbers are written for people: steps, lags, p-values, accuracies."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite, isnan

from evaluator.intervals import Interval

NONE = "–"
FIXED = "\N{NO-BREAK SPACE}"
"""Between the parts of a number that no line may break."""

MINUS = "\N{MINUS SIGN}"
INFINITY = "\N{INFINITY}"


def steps_text(value: float | None) -> str:
    """Training steps: "1,250"; "–" where there are none."""
    if value is None or isnan(value):
        return NONE
    if not isfinite(value):
        return INFINITY if value > 0 else MINUS + INFINITY
    return f"{round(value):,}".replace("-", MINUS)


def lag_text(value: float | None) -> str:
    """Training steps with their sign: "+300", "−50", "0", "+∞"."""
    text = steps_text(value)
    return f"+{text}" if value is not None and value > 0 and text != "0" else text


def range_text(low: float | None, high: float | None) -> str:
    """The ends of an interval of lags: "−50 … +40"."""
    return NONE if low is None or high is None else f"{lag_text(low)}{FIXED}…{FIXED}{lag_text(high)}"


def interval_text(interval: Interval | None) -> str:
    """An interval of lags: "[−50 … +40]"."""
    return "" if interval is None else f"[{range_text(interval.low, interval.high)}]"


def null_text(lag: float | None, median: float | None, low: float | None, high: float | None) -> str:
    """Where a lag lies among labels permuted within lemmas: "14 beyond the median of … (+33 … +58)"."""
    permuted = f"labels permuted within lemmas ({range_text(low, high)})"
    if lag is None or median is None or not isfinite(lag) or not isfinite(median):
        return f"{permuted[:-1]}, median {lag_text(median)})"
    excess = round(lag - median)
    if not excess:
        return f"at the median of {permuted}"
    return f"{abs(excess):,} {'beyond' if excess > 0 else 'below'} the median of {permuted}"


def covering_text(interval: Interval | None) -> str:
    """The bootstrap interval of a lag, and plainly whether it covers 0: "[−50 … +40], which covers 0"."""
    if interval is None:
        return "without a bootstrap interval"
    return f"{interval_text(interval)}{', which covers 0' if interval.low <= 0 <= interval.high else ''}"


def p_text(p: float | None) -> str:
    """A p-value with three decimals and no zero before the point: ".031", "<.001"."""
    if p is None:
        return NONE
    return "<.001" if p < 0.001 else "1" if p >= 0.9995 else f"{p:.3f}".removeprefix("0")


def p_phrase(p: float | None) -> str:
    """A p-value in a sentence: "p = .031", "p < .001"."""
    text = p_text(p)
    return FIXED.join(["p", "<", text[1:]] if text.startswith("<") else ["p", "=", text])


def share_text(value: float | None, decimals: int = 3) -> str:
    """A share or an accuracy with no zero before the point: ".873"; "–" where there is none."""
    if value is None or isnan(value):
        return NONE
    text = f"{round(value, decimals) + 0.0:.{decimals}f}"  # + 0.0: no "−.000"
    return text[1:] if text.startswith("0.") else text.replace("-0.", f"{MINUS}.").replace("-", MINUS)


def threshold_text(threshold: float) -> str:
    """A threshold: "τ = .80"."""
    return FIXED.join(["τ", "=", share_text(threshold, 2)])


def list_text(parts: Sequence[str]) -> str:
    """ "a", "a and b", "a, b and c"."""
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else list(parts))


def count_text(number: int, noun: str) -> str:
    """ "1 pair", "2,000 pairs"."""
    return f"{number:,} {noun}" + "s" * (number != 1)


def words(name: str) -> str:
    """A name of the field for a sentence: "few_pairs" → "few pairs"."""
    return " ".join(ABBREVIATIONS.get(word, word) for word in name.split("_"))


ABBREVIATIONS = {"npi": "NPI"}


def capital(text: str) -> str:
    """The first letter large, the others as they are."""
    return text[:1].upper() + text[1:]
