"""The tree of errors that a user can meet.

Every message says what was given, what was expected, and what to do next. Anything that is not an `ExposureError`
is a defect of this software.
"""

from __future__ import annotations


class ExposureError(Exception):
    """Base of all errors that are answered with a sentence instead of a traceback."""


class UsageError(ExposureError):
    """Options or arguments that do not fit together."""


class PairsError(ExposureError):
    """A file of minimal pairs, phrases or rules that cannot be read or used."""


class CorpusError(ExposureError):
    """A shard that is damaged, malformed, missing, or changed since its manifest was made."""


class TokenizerError(ExposureError):
    """A tokenizer that cannot be read, is not supported, or is not the one of the manifest."""


class OrderError(ExposureError):
    """A run manifest or order file that is wrong, or does not fit its corpus."""


class CensusError(ExposureError):
    """A census that is missing, damaged, or belongs to other inputs."""


class TimelineError(ExposureError):
    """A timeline that is missing, half published, damaged, or of another data order."""


class QuestionError(ExposureError):
    """A question that cannot be answered as it was put."""


class CheckpointError(ExposureError):
    """A checkpoint that is missing, broken, of another kind than the series, or of a kind that is never loaded."""


class EvaluationError(ExposureError):
    """An evaluation that cannot be made, read or reported as it was asked for."""


class TrainingError(ExposureError):
    """A pretraining run that cannot begin, go on, or be trusted."""


def first_line(error: Exception) -> str:
    """Of what a library says, the first line; its name where it says nothing."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
