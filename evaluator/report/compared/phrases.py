"""How what is compared over runs is written for people: θ, first steps, tokens, α, intervals."""

from __future__ import annotations

from math import isinf

from evaluator.compared.arm import Ends
from evaluator.compared.first_steps import FirstStep
from evaluator.intervals import Interval
from evaluator.report.drawing.scales import short_number
from evaluator.report.wording import FIXED, INFINITY, MINUS, NONE, share_text, steps_text


def theta_text(theta: float) -> str:
    """ "θ = .30"."""
    return FIXED.join(["θ", "=", share_text(theta, 2)])


def first_text(one: FirstStep) -> str:
    """Between which steps it first happened: "500–600"; "> 2,000" if never, "≤ 100" if nothing is before."""
    step, after = one.crossing.step, one.crossing.after
    return _between(None if after is None else steps_text(after), None if step is None else steps_text(step))


def first_tokens_text(one: FirstStep) -> str:
    """The same in tokens: "4.096M–4.915M"; "–" where batch or context is not known."""
    size = one.run.tokens_per_step
    if size is None:
        return NONE
    step, after = one.crossing.step, one.crossing.after
    return _between(*(None if at is None else short_number(at * size) for at in (after, step)))


def _between(after: str | None, step: str | None) -> str:
    if step is None:
        return f"> {after}"
    return f"≤ {step}" if after is None else f"{after}–{step}"


def alpha_text(value: float | None) -> str:
    """An exponent: ".48", "1.05", "−∞"."""
    if value is not None and isinf(value):
        return INFINITY if value > 0 else MINUS + INFINITY
    return share_text(value, 2)


def alpha_interval(interval: Interval | None) -> str:
    """ "[.21 … .78]"; "–" where there is none."""
    return NONE if interval is None else f"[{alpha_text(interval.low)}{FIXED}…{FIXED}{alpha_text(interval.high)}]"


def ends_text(ends: Ends | None, is_signed: bool = False) -> str:
    """An interval of shares, or of their difference: "[.12 … .20]"; "–" where there is none."""
    if ends is None:
        return NONE
    write = signed_share if is_signed else share_text
    return f"[{write(ends[0])}{FIXED}…{FIXED}{write(ends[1])}]"


def signed_share(value: float) -> str:
    """A difference of shares: "+.055", "−.010", ".000"."""
    text = share_text(value)
    return text if text.startswith(MINUS) or not float(f"{value:.3f}") else f"+{text}"
