"""The measure `copying`: the copy test by both generators, of every checkpoint of a series."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from evaluator.measures.checkpoint_measure import MeasuringCheckpoint
from evaluator.measures.copying.copy_samples import CopySpec
from evaluator.measures.copying.copying import CopyTest, copy_test, copying
from evaluator.text_tokenizer import TextTokenizer
from exposure.measurement import Measurement

BOTH = (CopySpec(generator="tokens"), CopySpec(generator="hex"))


class CopyingMeasure:
    """Samples are drawn once, for the tokenizer and the shape of the first checkpoint."""

    def __init__(self, specs: tuple[CopySpec, ...] = BOTH) -> None:
        self._specs = specs
        self._tests: list[CopyTest] = []

    @property
    def spec(self) -> Mapping[str, Any]:
        """Of both tests."""
        return {"tests": [asdict(spec) for spec in self._specs], "prefix": "bos"}

    def measure(self, checkpoint: MeasuringCheckpoint) -> list[Measurement]:
        """copying-tokens and copying-hex: the mean, and a row for each position. Raises as `copying` does."""
        rows = []
        for number, test in enumerate(self._of(checkpoint)):

            def progress(done: int, total: int, number: int = number) -> None:
                checkpoint.on_progress(number * total + done, len(self._specs) * total)

            result = copying(
                checkpoint.model, test, where=checkpoint.where, budget=checkpoint.budget, on_progress=progress
            )
            for note in result.notes:
                checkpoint.on_note(note)
            rows += result.measurements(checkpoint.weights.step)
        return rows

    def _of(self, checkpoint: MeasuringCheckpoint) -> list[CopyTest]:
        if not self._tests:
            tokenizer = TextTokenizer.open(checkpoint.weights.checkpoint.folder)
            self._tests = [copy_test(tokenizer, checkpoint.model, spec) for spec in self._specs]
        return self._tests
