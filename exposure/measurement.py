"""Measurement: one value that was measured of one checkpoint; the long table that every measure writes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Measurement:
    """One value of `measure` at training `step`, with the interval that the measure gives it (`low` … `high`).

    `level` and `group` say of what: ("overall", "all"), ("phenomenon", …), ("paradigm", uid). `split`: everything,
    proxy-train or proxy-validation. `n` is what it was taken over. `layer` and `head` are null where it is of the
    whole model. None: it cannot be said (no pair, one class only), never 0.
    """

    measure: str
    step: int
    level: str
    group: str
    phenomenon: str | None
    split: str
    layer: int | None
    head: int | None
    value: float | None
    n: int | None
    low: float | None
    high: float | None
    convention: str | None
