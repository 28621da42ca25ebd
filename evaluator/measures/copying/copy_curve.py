"""From right and wrong tokens to the copy test's figures: accuracy by position, its mean, intervals. No torch.

COPY (Lv et al. 2024, arXiv 2409.09281) reports the mean; the curve by position and the intervals are ours.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evaluator.counted import EVERYTHING
from evaluator.intervals import LEVEL, wilson
from evaluator.measures.copying.copy_samples import CopySpec
from evaluator.scored import Flags, Floats, Integers
from exposure.measurement import Measurement

MEASURE = "copying"


@dataclass(frozen=True)
class CopyOutcomes:
    """What a model made of the samples, token by token."""

    positions: Integers  # [position] number of the sequence that is asked for, from 1
    n_sequences: int
    """Of a sample, in the context."""
    is_right: Flags  # [sample, position, 6] the suffix's token has the highest logit, and no other has the same
    is_tied: Flags  # [sample, position, 6] it has the highest logit together with another

    @property
    def is_exact(self) -> Flags:
        """[sample, position] All six tokens are right: greedy decoding gives the suffix."""
        return np.asarray(self.is_right.all(axis=-1))

    @property
    def is_undecided(self) -> Flags:
        """[sample, position] Wrong only because of ties: greedy decoding may or may not give the suffix."""
        return np.asarray((self.is_right | self.is_tied).all(axis=-1) & ~self.is_exact)


@dataclass(frozen=True)
class CopyCurve:
    """Shares of queries whose suffix was copied exactly, with 95 % intervals."""

    positions: Integers  # [position]
    n_sequences: int
    n_samples: int
    accuracy: Floats  # [position]
    low: Floats  # [position] Wilson's interval over samples
    high: Floats  # [position]
    mean: float
    """Over samples and positions."""
    mean_low: float
    mean_high: float
    effective_queries: float
    """Independent queries that would tell as much about the mean as these do."""
    by_token: Floats  # [6] share of suffix tokens that are right where those before it are given
    undecided: int
    """Queries that ties decide; they count as wrong."""


def copy_curve(outcomes: CopyOutcomes) -> CopyCurve:
    """The figures of at least one sample.

    The ten queries of a sample share their context, so they are not independent. The mean's interval is Wilson's on
    the effective number of queries, as Korn and Graubard (1998, Survey Methodology 24: 193–201) do it for surveys: what
    is asked over the design effect (Kish 1965, section 8.2), but no more than all queries; as many as there are
    samples where all queries are right or all are wrong, or there is one sample only.
    """
    exact = outcomes.is_exact.astype(np.float64)
    n_samples = np.full(exact.shape[1], len(exact))
    low, high = wilson(exact.sum(axis=0), n_samples.astype(np.float64))
    effective = effective_queries(exact)
    mean_low, mean_high = wilson(np.array(exact.mean() * effective), np.array(effective), LEVEL)
    return CopyCurve(
        positions=outcomes.positions,
        n_sequences=outcomes.n_sequences,
        n_samples=len(exact),
        accuracy=exact.mean(axis=0),
        low=low,
        high=high,
        mean=float(exact.mean()),
        mean_low=float(mean_low),
        mean_high=float(mean_high),
        effective_queries=effective,
        by_token=outcomes.is_right.mean(axis=(0, 1)),
        undecided=int(outcomes.is_undecided.sum()),
    )


def effective_queries(exact: Floats) -> float:
    """p (1 − p) over the variance of the mean of `exact` [sample, position], where samples are independent."""
    share = exact.mean()
    if len(exact) < 2 or share in (0, 1):
        return float(len(exact))
    variance = exact.mean(axis=1).var(ddof=1) / len(exact)
    return float(min(exact.size, share * (1 - share) / variance)) if variance > 0 else float(exact.size)


def copy_convention(spec: CopySpec, n_sequences: int, prefix_token: str | None, dtype: str) -> str:
    """The text that every number of the test carries."""
    prefix = "no prefix token" if prefix_token is None else f"after {prefix_token}"
    cut = "" if n_sequences == spec.n_sequences else f" of {spec.n_sequences}"
    return (
        f"copy test: {spec.generator}, {spec.n_samples} samples of {n_sequences}{cut} sequences of 12 + 6 tokens, "
        f"every {spec.every}th asked for, {prefix}, exact match, ties wrong, {dtype}, seed {spec.seed}"
    )


def copy_measurements(curve: CopyCurve, step: int, generator: str, convention: str) -> list[Measurement]:
    """Rows of the long table: the mean (level overall), then one a position (level position; group: its number).

    `n` counts queries. The generator stands in the measure's name: copying-tokens, copying-hex.
    """

    def row(level: str, group: str, value: float, n: int, low: float, high: float) -> Measurement:
        name = f"{MEASURE}-{generator}"
        return Measurement(name, step, level, group, None, EVERYTHING, None, None, value, n, low, high, convention)

    queries = curve.n_samples * len(curve.positions)
    columns = (one.tolist() for one in (curve.positions, curve.accuracy, curve.low, curve.high))
    return [
        row("overall", "all", curve.mean, queries, curve.mean_low, curve.mean_high),
        *(
            row("position", str(at), value, curve.n_samples, low, high)
            for at, value, low, high in zip(*columns, strict=True)
        ),
    ]
