"""What a timeline knows of one phrase: enough to say its status at any checkpoint, without the timeline."""

from __future__ import annotations

from dataclasses import dataclass

from exposure.status import ExposureStatus, status_at


@dataclass(frozen=True, slots=True)
class PhraseFacts:
    """`first_batch` is the earliest exposure found, exact when everything before it was scanned, else an upper bound.

    `count` is of the whole run, a lower bound where coverage is not complete; `covered_batches` is how many batches
    from the first on were scanned without a gap.
    """

    is_indexed: bool
    first_batch: int | None = None
    first_exact: bool | None = None
    count: int = 0
    covered_batches: int = 0

    def status(self, at_step: int | None, steps: int) -> ExposureStatus:
        """The status at checkpoint `at_step`, or over the whole run of `steps` when it is None."""
        if not self.is_indexed:
            return ExposureStatus.NOT_INDEXED
        return status_at(self.first_batch, at_step, self.covered_batches, steps)


NOT_INDEXED = PhraseFacts(is_indexed=False)
