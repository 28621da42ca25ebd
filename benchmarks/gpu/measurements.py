"""Every measurement that needs a GPU, in order of value."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from benchmarks.gpu import copying_run, peers, precision, pretraining_run, scoring_pass, sweep, training
from benchmarks.gpu.bench import Bench, Keep
from benchmarks.gpu.digests import key_of

SCORING = ("evaluator/*.py",)
TRAINING = ("lab/*.py",)
MEASURING = ("evaluator/inside/*.py", "evaluator/measures/**/*.py")
COMMON = tuple(f"benchmarks/gpu/{name}.py" for name in ("arithmetic", "clock", "models"))


@dataclass(frozen=True)
class Measurement:
    """`code` are patterns of the files that its figures depend on; `least` is for how many seconds it is begun at all:
    estimates for one H200.
    """

    name: str
    what: str
    code: tuple[str, ...]
    least: float
    settings: Callable[[bool], dict[str, Any]]
    measure: Callable[[Bench, Keep], None]

    def key(self, is_small: bool) -> str:
        """Names its code and its settings."""
        return key_of((*self.code, *COMMON), self.settings(is_small))


def _of(name: str) -> tuple[str, ...]:
    return (f"benchmarks/gpu/{name}.py",)


def _run(seed: int) -> Measurement:
    return Measurement(
        f"run-seed-{seed}",
        f"EXP's 60M over the novels from initial seed {seed}, its checkpoints scored; writes items-seed-{seed}.npz",
        (*SCORING, *TRAINING, *_of("pretraining_run")),
        300,
        partial(pretraining_run.settings, seed=seed),
        partial(pretraining_run.measure, seed=seed),
    )


def _copying(variant: copying_run.Variant) -> Measurement:
    return Measurement(
        f"copying-{variant.name}",
        f"COPY's experiment, {variant.name}: copying and induction by step; writes copying-{variant.name}.*",
        (*SCORING, *MEASURING, *TRAINING, *_of("copying_run"), *_of("copying_curves"), *_of("longer_rows")),
        540,
        partial(copying_run.settings, variant=variant),
        partial(copying_run.measure, variant=variant),
    )


MEASUREMENTS = {
    one.name: one
    for one in (
        Measurement(
            "scoring-pass",
            "a 160M model over BLiMP: pairs a second, share of the bf16 peak, where the time goes",
            (*SCORING, *_of("scoring_pass"), *_of("breakdown")),
            60,
            scoring_pass.settings,
            scoring_pass.measure,
        ),
        Measurement(
            "peers",
            "the same against lm-evaluation-harness and minicons",
            (*SCORING, *_of("peers"), "benchmarks/scoring/*.py"),
            240,
            peers.settings,
            peers.measure,
        ),
        Measurement(
            "precision",
            "bf16 against fp32: decisions that turn, ties, what settling near ties costs",
            (*SCORING, *_of("precision")),
            90,
            precision.settings,
            precision.measure,
        ),
        Measurement(
            "sweep",
            "20 checkpoints of 160M against 20 scoring passes and one load",
            (*SCORING, *_of("sweep")),
            150,
            sweep.settings,
            sweep.measure,
        ),
        Measurement(
            "training",
            "tokens a second of EXP's 60M in bf16",
            (*TRAINING, *_of("training")),
            60,
            training.settings,
            training.measure,
        ),
        *(_run(seed) for seed in range(3)),
        *(_copying(variant) for variant in copying_run.VARIANTS),
    )
}
