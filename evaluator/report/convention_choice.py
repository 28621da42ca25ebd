"""Which convention a report speaks: one of those evaluated, or another that the stored scores can answer."""

from __future__ import annotations

from dataclasses import replace

from evaluator.conventions import PRESETS, Convention, Norm, Tie
from evaluator.manifest import EvaluationManifest
from exposure.errors import EvaluationError


def choose_convention(
    manifest: EvaluationManifest, name: str | None, tie: Tie | None = None, norm: Norm | None = None
) -> Convention:
    """The convention called `name` (the primary one when None), ties and norm changed as asked.

    Names are those of the evaluation, or of presets that need nothing but scores that are stored. Raises
    EvaluationError, naming those.
    """
    chosen = manifest.primary if name is None else _named(manifest, name)
    changes = [value for value, held in ((tie, chosen.tie), (norm, chosen.norm)) if value not in (None, held)]
    called = "+".join([chosen.name, *(f"tie-{value}" if value == tie else str(value) for value in changes)])
    return replace(chosen, name=called, tie=tie or chosen.tie, norm=norm or chosen.norm)


def _named(manifest: EvaluationManifest, name: str) -> Convention:
    answerable = {one.name: one for one in PRESETS.values() if manifest.spec(one) in manifest.specs}
    answerable |= {one.name: one for one in manifest.conventions}
    if name not in answerable:
        raise EvaluationError(
            f"The evaluation {manifest.name} has no scores for the convention {name!r}; it can answer "
            f"{', '.join(sorted(answerable))}. {_advice(manifest, name)}"
        )
    return answerable[name]


def _advice(manifest: EvaluationManifest, name: str) -> str:
    """What to do next; never to ask for a preset that is none."""
    stored = ", ".join(one.name for one in manifest.conventions)
    if name in PRESETS:
        return f"Stored: {stored}. Give one of these, or evaluate with the preset {name} under another name."
    return f"Stored: {stored}. Give one of these; presets that can be evaluated are {', '.join(PRESETS)}."


def convention_text(convention: Convention, dtype: str) -> str:
    """Everything that was decided, in one line."""
    before = "one BOS token" if convention.prefix == "bos" else "nothing"
    norm = {"sum": "sum over tokens", "per-token": "mean over tokens", "per-byte": "sum per UTF-8 byte"}
    return "; ".join([
        f"{convention.name}: method {convention.method}",
        f"{before}{' and a space' if convention.lead_space else ''} before the sentence",
        norm[convention.norm],
        f"ties count as {convention.tie}",
        f"{dtype} weights with log-sum-exp in float32",
    ])  # fmt: skip
