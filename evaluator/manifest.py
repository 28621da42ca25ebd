"""evaluation.json: what an evaluation is of, and how it is scored."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from evaluator.conventions import Convention, ScoringSpec
from evaluator.pair_file import pairs_digest
from exposure.errors import EvaluationError
from exposure.order_rules import FrozenModel
from exposure.pairs import MinimalPair
from exposure.sealed import unsealed
from exposure.training_facts import TrainingFacts


class EvaluationManifest(FrozenModel):
    """What an evaluation is of. Two requests with the same manifest are the same evaluation."""

    format: Literal["exposure.evaluation"] = "exposure.evaluation"
    version: Literal[1] = 1
    name: str
    series: str
    place: str
    order_sha256: str | None = None
    pairs: int = Field(ge=1)
    pairs_sha256: str
    dtype: str
    conventions: tuple[Convention, ...] = Field(min_length=1)
    tokenizer_sha256: str | None = None
    config_sha256: str | None = None
    training: TrainingFacts | None = None
    provenance: dict[str, Any] = Field(default_factory=dict)

    @property
    def primary(self) -> Convention:
        """The convention of the figures that come first; the others stand beside it."""
        return self.conventions[0]

    def spec(self, convention: Convention) -> ScoringSpec:
        """What a convention needs stored."""
        return convention.spec(self.dtype)

    @property
    def specs(self) -> tuple[ScoringSpec, ...]:
        """Each distinct thing to store."""
        return tuple(dict.fromkeys(self.spec(convention) for convention in self.conventions))


_MUST_BE_SAME = {
    "pairs_sha256": "other pairs",
    "dtype": "another dtype",
    "conventions": "other conventions",
    "place": "checkpoints from elsewhere",
    "order_sha256": "a run with another data order",
    "tokenizer_sha256": "another tokenizer",
    "config_sha256": "a model of another config",
}
_MAY_BE_UNKNOWN = ("order_sha256", "tokenizer_sha256", "config_sha256")


def refuse_other(path: Path, stored: EvaluationManifest, asked: EvaluationManifest) -> None:
    """Raise EvaluationError, naming what differs, unless `asked` is the evaluation that is `stored` at `path`.

    Checkpoints may have been moved: another place is only another run while the old place is still there.
    """
    for name, other in _MUST_BE_SAME.items():
        mine, theirs = getattr(stored, name), getattr(asked, name)
        is_unknown = name in _MAY_BE_UNKNOWN and None in (mine, theirs)
        was_moved = name == "place" and _is_local(mine) and not Path(mine).exists()
        if mine != theirs and not is_unknown and not was_moved:
            raise EvaluationError(
                f"{path} holds an evaluation with {other}: {_short(mine)}; asked for now: {_short(theirs)}. "
                "Ask for the same, or evaluate under another name, into a folder of its own."
            )


def manifest_from(text: str | bytes) -> EvaluationManifest:
    """What an evaluation.json says; raises ValueError where it is none, or damaged."""
    return EvaluationManifest.model_validate_json(json.dumps(unsealed(json.loads(text))))


def manifest_of(
    name: str,
    series: str,
    pairs: Sequence[MinimalPair],
    dtype: str,
    conventions: Sequence[Convention],
    place: str = "unknown",
) -> EvaluationManifest:
    """The manifest of an evaluation of `pairs`; what else is known of it is added by who runs it.

    `place` is where the checkpoints are: the folder of them all, or a repository.
    """
    return EvaluationManifest(
        name=name,
        series=series,
        place=place,
        pairs=len(pairs),
        pairs_sha256=pairs_digest(pairs),
        dtype=dtype,
        conventions=tuple(conventions),
    )


def _is_local(place: str) -> bool:
    return Path(place).is_absolute()


def _short(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(one.name for one in value if isinstance(one, Convention))
    text = f"{value}"
    return f"{text[:12]}…" if len(text) == 64 else text
