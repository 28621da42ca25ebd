"""The copy test of one checkpoint, from its spec to its curve (COPY: Lv et al. 2024, arXiv 2409.09281)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from transformers import PreTrainedModel

from evaluator.conventions import Prefix
from evaluator.devices import dtype_name
from evaluator.limits import vocabulary_size
from evaluator.measures.copying.copy_curve import CopyCurve, copy_convention, copy_curve, copy_measurements
from evaluator.measures.copying.copy_samples import CopySamples, CopySpec, hex_samples, random_token_samples
from evaluator.measures.copying.copy_scoring import copy_outcomes
from evaluator.measures.drawable_tokens import drawable_tokens
from evaluator.memory import TokenBudget
from evaluator.text_tokenizer import TextTokenizer
from exposure.measurement import Measurement


@dataclass(frozen=True)
class CopyTest:
    """Samples made once for a series of checkpoints with one tokenizer."""

    samples: CopySamples
    prefix: tuple[str, int] | None
    """The token that stands before every context, and its id; None where nothing does."""


@dataclass(frozen=True)
class CopyResult:
    """What a checkpoint made of it."""

    spec: CopySpec
    curve: CopyCurve
    convention: str
    notes: tuple[str, ...]

    def measurements(self, step: int) -> list[Measurement]:
        """Rows of the long table: the mean, and one for each position."""
        return copy_measurements(self.curve, step, self.spec.generator, self.convention)


def copy_test(tokenizer: TextTokenizer, model: PreTrainedModel, spec: CopySpec, prefix: Prefix = "bos") -> CopyTest:
    """The samples of `spec` for a tokenizer and all models of the shape of `model`.

    COPY does not say what stood before a context: by default the model's BOS, else its EOS, as for sentences. Raises
    EvaluationError where there is no such token, or samples cannot be drawn (copy_samples.py, drawable_tokens.py).
    """
    if spec.generator == "hex":
        samples = hex_samples(spec, tokenizer.encode)
    else:
        samples = random_token_samples(spec, drawable_tokens(tokenizer, vocabulary_size(model)))
    return CopyTest(samples, tokenizer.prefix if prefix == "bos" else None)


def copying(
    model: PreTrainedModel,
    test: CopyTest,
    *,
    where: str,
    budget: TokenBudget | None = None,
    on_progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> CopyResult:
    """The test by any causal language model of transformers; only its outputs are read.

    `where` names the checkpoint in messages; the same `budget` passed for every checkpoint remembers what did not fit.
    Raises EvaluationError as copy_outcomes does.
    """
    notes: list[str] = []
    token, id_ = test.prefix or (None, None)
    outcomes = copy_outcomes(
        model, test.samples, id_, where=where, budget=budget, on_progress=on_progress, on_note=notes.append
    )
    spec, curve = test.samples.spec, copy_curve(outcomes)
    convention = copy_convention(spec, curve.n_sequences, token, dtype_name(model.dtype))
    return CopyResult(spec, curve, convention, tuple(notes))
