"""Measures of pairs, run together: one pass over the sentences of a paradigm shows all of them what they want."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from evaluator.measures.checkpoint_measure import MeasuringCheckpoint
from evaluator.measures.pairs.measured_pairs import MeasuredPairs
from evaluator.measures.pairs.pair_measure import PairFound, PairMeasure
from evaluator.measures.pairs.pair_pass import seen_inside
from evaluator.measures.pairs.paradigm_sentences import ParadigmSentences, paradigm_sentences
from evaluator.measures.pairs.unmeasured import unmeasured
from evaluator.measures.pairs.wanted import Wanted
from exposure.errors import EvaluationError


class ParadigmMeasures:
    """Of one series; sentences are tokenised once, by the first checkpoint's tokenizer, which is that of all."""

    def __init__(self, pairs: MeasuredPairs, measures: Mapping[str, PairMeasure]) -> None:
        self._pairs, self._measures = pairs, measures
        self._sentences: list[ParadigmSentences] = []

    def measure(self, names: Sequence[str], checkpoint: MeasuringCheckpoint) -> dict[str, PairFound | EvaluationError]:
        """What each of the measures `names` finds of a checkpoint, or why it finds nothing: the others go on."""
        errors: dict[str, PairFound | EvaluationError] = {}
        for name in names:
            try:
                self._measures[name].refuse(checkpoint.model)
            except EvaluationError as error:
                errors[name] = error
        try:
            found = self._of_paradigms([name for name in names if name not in errors], checkpoint, errors)
        except EvaluationError as error:  # of the pass itself: no measure has anything
            return {**dict.fromkeys(names, error), **errors}
        return {**{name: _whole(parts) for name, parts in found.items()}, **errors}

    def _of_paradigms(
        self, names: Sequence[str], checkpoint: MeasuringCheckpoint, errors: dict[str, PairFound | EvaluationError]
    ) -> dict[str, dict[str, PairFound]]:
        """Measure → paradigm → what it found."""
        found: dict[str, dict[str, PairFound]] = {name: {} for name in names}
        wanted = Wanted.join(self._measures[name].wanted for name in names)
        paradigms = self._tokenised(checkpoint) if names else []
        for number, sentences in enumerate(paradigms):
            if not found:
                break
            checkpoint.on_progress(number, len(paradigms))
            seen = seen_inside(
                checkpoint.model,
                sentences,
                wanted,
                budget=checkpoint.budget,
                where=f"{checkpoint.where}, {sentences.uid}",
                on_note=checkpoint.on_note,
            )
            for name in list(found):
                try:
                    step = checkpoint.weights.step
                    found[name][sentences.uid] = self._measures[name].measure(seen, sentences, step)
                except EvaluationError as error:
                    errors[name] = EvaluationError(f"{sentences.uid}: {error}")
                    del found[name]
        return found

    def _tokenised(self, checkpoint: MeasuringCheckpoint) -> list[ParadigmSentences]:
        """For all measures of the series, whichever are still to be made of this checkpoint."""
        if not self._sentences:
            wanted = Wanted.join(one.wanted for one in self._measures.values())
            self._sentences = list(paradigm_sentences(checkpoint.weights.checkpoint.folder, self._pairs, wanted))
        return self._sentences


def _whole(found: Mapping[str, PairFound]) -> PairFound:
    """All paradigms as one, with sentences on those that have nothing."""
    return replace(PairFound.join(found.values()), notes=unmeasured(found))
