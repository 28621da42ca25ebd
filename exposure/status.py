"""What may be said of a phrase at a checkpoint. Unknown is an answer."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from exposure.positions import seen_by


class ExposureStatus(StrEnum):
    """The states of a phrase, at a checkpoint or over the whole run."""

    SEEN = "seen"
    UNSEEN_SO_FAR = "unseen_so_far"
    NEVER = "never"
    UNKNOWN = "unknown"
    NOT_INDEXED = "not_indexed"
    NO_PHRASE = "no_phrase"


def status_at(first_batch: int | None, step: int | None, covered_batches: int, steps: int) -> ExposureStatus:
    """The status of an indexed phrase at checkpoint `step`, or over the whole run of `steps` when it is None.

    `first_batch` is the earliest exposure found, `covered_batches` how many batches from the first on were scanned
    without a gap. A step beyond the run is beyond coverage.
    """
    if step is None:
        if first_batch is not None:
            return ExposureStatus.SEEN
        return ExposureStatus.NEVER if covered_batches >= steps else ExposureStatus.UNKNOWN
    if first_batch is not None and seen_by(first_batch, step):
        return ExposureStatus.SEEN
    return ExposureStatus.UNSEEN_SO_FAR if step <= covered_batches else ExposureStatus.UNKNOWN


def is_seen(status: ExposureStatus) -> bool | None:
    """The status as a three-valued truth: None where it is not known."""
    if status == ExposureStatus.SEEN:
        return True
    if status in (ExposureStatus.UNSEEN_SO_FAR, ExposureStatus.NEVER):
        return False
    return None


def any_of(values: Iterable[bool | None]) -> bool | None:
    """Three-valued OR: true when one is, false when all are, else unknown."""
    held = list(values)
    if True in held:
        return True
    return None if None in held else False


def all_of(values: Iterable[bool | None]) -> bool | None:
    """Three-valued AND: false when one is, true when all are, else unknown."""
    held = list(values)
    if False in held:
        return False
    return None if None in held else True
