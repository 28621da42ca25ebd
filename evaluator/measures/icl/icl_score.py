"""The in-context learning score: how much lower the loss of a late token is than that of an early one. No torch.

Olsson et al. (2022), In-context Learning and Induction Heads, Transformer Circuits Thread: the loss of the 500th token
of the context minus the loss of the 50th, averaged over sequences; below 0 where context helps. The interval is ours.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from statistics import NormalDist

import numpy as np

from evaluator.counted import EVERYTHING
from evaluator.intervals import LEVEL
from evaluator.scored import Floats
from exposure.errors import EvaluationError
from exposure.measurement import Measurement

MEASURE, EARLY, LATE = "icl-score", "icl-early-loss", "icl-late-loss"


@dataclass(frozen=True, slots=True)
class IclSpec:
    """Which tokens are compared, counted from 1 in the rows that are given; a prefix token before them is not counted.

    Token k is predicted from the k − 1 before it.
    """

    early: int = 50
    late: int = 500

    def __post_init__(self) -> None:
        """The first token of a row has no loss, and the late one is the later."""
        if not 2 <= self.early < self.late:
            raise EvaluationError(
                f"The ICL score was asked for between token {self.early} and token {self.late}. Give an early token "
                "from 2 on (nothing predicts the first), and a later one."
            )

    def convention(self, prefix_token: str | None, dtype: str) -> str:
        """The text that the number carries."""
        prefix = "no prefix token" if prefix_token is None else f"after {prefix_token}"
        return f"loss at token {self.late} minus loss at token {self.early}, {prefix}, {dtype}"


@dataclass(frozen=True, slots=True)
class IclScore:
    """Nats; with a 95 % interval over sequences, infinite for a single one."""

    value: float
    low: float
    high: float
    early_loss: float
    late_loss: float
    n_sequences: int

    def measurement(self, step: int, convention: str) -> Measurement:
        """Its row of the long table; `n` counts sequences."""
        low, high = (self.low, self.high) if self.n_sequences > 1 else (None, None)
        n = self.n_sequences
        return Measurement(
            MEASURE, step, "overall", "all", None, EVERYTHING, None, None, self.value, n, low, high, convention
        )

    def measurements(self, step: int, convention: str) -> list[Measurement]:
        """That row, and the two mean losses that it compares."""
        score = self.measurement(step, convention)
        losses = ((EARLY, self.early_loss), (LATE, self.late_loss))
        return [score, *(replace(score, measure=name, value=one, low=None, high=None) for name, one in losses)]


def icl_score(losses: Floats) -> IclScore:
    """The score of losses [sequence, 2] in nats, at the early and at the late token.

    The interval is Student's, of the paired differences, sequences taken as independent: rows that were cut from one
    document are less telling than it says.
    """
    if losses.ndim != 2 or losses.shape[1] != 2 or not len(losses) or not np.isfinite(losses).all():
        raise EvaluationError(
            f"Losses of shape {losses.shape} for the ICL score: two finite ones for each of at least one sequence are "
            "expected."
        )
    differences = losses[:, 1] - losses[:, 0]
    n, value = len(losses), float(differences.mean())
    half = np.inf if n < 2 else student_quantile(0.5 + LEVEL / 2, n - 1) * float(differences.std(ddof=1)) / np.sqrt(n)
    early, late = losses.mean(axis=0).tolist()
    return IclScore(value, float(value - half), float(value + half), early, late, n)


def student_quantile(share: float, freedom: int) -> float:
    """Student's t quantile: exact for 1 and 2 degrees of freedom, else within 0.5 % at 97.5 %.

    By the expansion about the normal quantile, Abramowitz and Stegun (1964), 26.7.5.
    """
    if freedom == 1:
        return float(np.tan(np.pi * (share - 0.5)))
    if freedom == 2:
        return float((2 * share - 1) / np.sqrt(2 * share * (1 - share)))
    z = NormalDist().inv_cdf(share)
    terms = (
        z,
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    return float(sum(term / freedom**power for power, term in enumerate(terms)))
