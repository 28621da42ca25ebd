"""The same evaluation twice would count as two runs: its finding would seem to be repeated."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from evaluator.folder import EvaluationFolder
from exposure.errors import EvaluationError


def refuse_repeated(folders: Sequence[EvaluationFolder]) -> None:
    """Raises EvaluationError where two are one folder, or of the same weights at the same steps."""
    weights = [_weights(one) for one in folders]
    for (one, mine), (other, theirs) in combinations(zip(folders, weights, strict=True), 2):
        if one.path.resolve() == other.path.resolve():
            raise EvaluationError(f"{other.path} is given twice. Side by side stand several runs: give each once.")
        if mine and mine == theirs:
            raise EvaluationError(
                f"{one.path} and {other.path} have the same weights at the same steps: one run is no two. Give only "
                "one of them; for another convention use --convention, --tie or --norm."
            )


def _weights(folder: EvaluationFolder) -> dict[int, str]:
    """Step → hash of the weights of the checkpoints that were scored; {} where a hash is not known."""
    scored = [one for one in folder.checkpoints if one.status == "scored"]
    held = {one.step: one.weights_sha256 for one in scored if one.weights_sha256 is not None}
    return held if len(held) == len(scored) else {}
