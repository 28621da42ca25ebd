"""Induction heads: I = Ā · EP of every head, and the standard scores beside.

COPY (Lv et al. 2024, arXiv 2409.09281): a head that looks at what followed the last occurrence of the current token
(Ā, attention_cells.py) and makes likelier what it looks at (EP, eigenvalue_positivity.py) is an induction head. Ā lies
in [0, 1] and EP in [−1, 1], so I in [−1, 1].
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from transformers import PreTrainedModel

from evaluator.inside.architecture import architecture_of
from evaluator.measures.induction.attention_cells import induction_cells, prefix_matching_cells, previous_token_cells
from evaluator.measures.induction.head_attention import head_attention
from evaluator.measures.induction.head_positivity import HeadPositivity, head_positivity
from evaluator.measures.induction.repeated_sequences import HALVES, OLSSON, RepeatedSpec, repeated_sequences
from evaluator.memory import TokenBudget
from evaluator.scored import Floats, Integers
from exposure.errors import EvaluationError
from exposure.measurement import Measurement


@dataclass(frozen=True, slots=True)
class InductionSpec:
    """What is asked: sequences for Ā (two halves), and for prefix matching and previous token."""

    halves: RepeatedSpec = HALVES
    standard: RepeatedSpec = OLSSON

    def __post_init__(self) -> None:
        """Ā is of two identical halves."""
        if self.halves.repeats != 2:
            raise EvaluationError(f"Ā is read from two identical halves; {self.halves.repeats} repeats were asked for.")

    def convention(self, bos: int | None) -> str:
        """What a stored value names."""
        return f"Ā: {self.halves.convention}; standard: {self.standard.convention}; bos {bos}"


@dataclass(frozen=True)
class AttentionScores:
    """What needs no weights. Each [layer, head], in [0, 1]."""

    induction: Floats
    """Ā, of COPY."""
    prefix_matching: Floats
    """Of Olsson et al. 2022, summed over earlier repeats (attention_cells.py)."""
    previous_token: Floats

    def measurements(self, step: int, spec: InductionSpec, bos: int | None) -> list[Measurement]:
        """induction-attention, prefix-matching and previous-token, by layer and head; n counts sequences."""
        convention, standard = spec.convention(bos), spec.standard.sequences
        return [
            *_rows("induction-attention", self.induction, step, spec.halves.sequences, convention),
            *_rows("prefix-matching", self.prefix_matching, step, standard, convention),
            *_rows("previous-token", self.previous_token, step, standard, convention),
        ]


@dataclass(frozen=True)
class InductionScores:
    """All scores of one checkpoint."""

    attention: AttentionScores
    positivity: HeadPositivity

    @property
    def raw(self) -> Floats:
        """[layer, head] I = Ā · EP, COPY's."""
        return self.attention.induction * self.positivity.raw

    @property
    def folded(self) -> Floats:
        """[layer, head] The same with EP folded."""
        return self.attention.induction * self.positivity.folded

    def measurements(self, step: int, spec: InductionSpec, bos: int | None) -> list[Measurement]:
        """induction, eigenvalue-positivity, both once more -folded, and those of attention, by layer and head."""
        convention, sequences = spec.convention(bos), spec.halves.sequences
        return [
            *_rows("induction", self.raw, step, sequences, convention),
            *_rows("induction-folded", self.folded, step, sequences, convention),
            *_rows("eigenvalue-positivity", self.positivity.raw, step, None, "weights as they are"),
            *_rows("eigenvalue-positivity-folded", self.positivity.folded, step, None, "gains of norms folded in"),
            *self.attention.measurements(step, spec, bos),
        ]


def _rows(measure: str, values: Floats, step: int, n: int | None, convention: str) -> list[Measurement]:
    """One a head, of values [layer, head]."""
    return [
        Measurement(measure, step, "overall", "all", None, "everything", layer, head, value, n, None, None, convention)
        for layer, of_layer in enumerate(values.tolist())
        for head, value in enumerate(of_layer)
    ]


def induction_scores(
    model: PreTrainedModel,
    vocabulary: Integers,
    bos: int | None,
    spec: InductionSpec | None = None,
    *,
    where: str,
    budget: TokenBudget | None = None,
    on_note: Callable[[str], None] = lambda _: None,
) -> InductionScores:
    """All of it. `vocabulary` [entry] are the ids to draw from (drawable_tokens.py); `bos` stands before each row.

    Raises UnsupportedArchitectureError before anything is run, and EvaluationError as attention_scores does.
    """
    positivity = head_positivity(architecture_of(model))
    attention = attention_scores(model, vocabulary, bos, spec, where=where, budget=budget, on_note=on_note)
    return InductionScores(attention, positivity)


def attention_scores(
    model: PreTrainedModel,
    vocabulary: Integers,
    bos: int | None,
    spec: InductionSpec | None = None,
    *,
    where: str,
    budget: TokenBudget | None = None,
    on_note: Callable[[str], None] = lambda _: None,
) -> AttentionScores:
    """What needs no weights, so any architecture whose attention can be watched has it: two small passes.

    `where`, `budget` and `on_note` as of head_attention. Raises EvaluationError as that does, and where the vocabulary
    is smaller than a period.
    """
    spec = spec or InductionSpec()
    halves, standard = (repeated_sequences(of, vocabulary, bos) for of in (spec.halves, spec.standard))
    shape = spec.standard.period, spec.standard.repeats, standard.first
    induction = {"induction": induction_cells(spec.halves.period, halves.first)}
    others = {"prefix_matching": prefix_matching_cells(*shape), "previous_token": previous_token_cells(*shape)}
    return AttentionScores(
        **head_attention(model, halves, induction, where=where, budget=budget, on_note=on_note),
        **head_attention(model, standard, others, where=where, budget=budget, on_note=on_note),
    )
