"""What workers say, as it comes over the wire."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, ConfigDict, Field, JsonValue, field_validator, model_validator

from exposure.api.jobs import JobProgress
from exposure.api.lines import Line
from exposure.api.names import StrictModel
from exposure.api.requests import JobKind
from service.jobs.outcome import Outcome

LINE_CHARACTERS = 1 << 16
"""Of one line, as JSON."""

LINES = 10_000
"""Of one request."""


def writable(value: Any) -> Any:
    """JSON without halves of surrogate pairs, which a child may print and nobody can write: they are spelled out."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    if isinstance(value, dict):
        return {writable(name): writable(one) for name, one in value.items()}
    return [writable(one) for one in value] if isinstance(value, list) else value


Attempt = Annotated[int, Field(ge=1, le=2**53 - 1, description="The attempt of the claim.")]
Amount = Annotated[float, Field(allow_inf_nan=False)]
Document = Annotated[dict[str, JsonValue], BeforeValidator(writable)]


class ClaimRequest(StrictModel):
    """A worker that has nothing to do."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "worker": "gpu-1",
                    "kind": "evaluate",
                    "directory": "0b0e4e4dbe0c4d4f9b0f4c2a6f8f7a11",
                    "wait_seconds": 0,
                }
            ]
        }
    )

    worker: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:@-]{0,199}$")] = Field(
        description="What the worker is called, for people."
    )
    kind: JobKind = Field(description="What it can do.")
    directory: Annotated[str, Field(min_length=1, max_length=100)] = Field(
        description="The id in data.json of the data directory that it sees."
    )
    wait_seconds: Annotated[Amount, Field(ge=0, le=30)] = Field(
        default=0.0, description="How long to wait for a job where there is none."
    )


class ProgressWords(StrictModel):
    """How far a job is."""

    stage: Annotated[str, BeforeValidator(writable), Field(max_length=500)]
    done: Amount
    total: Amount
    unit: Annotated[str, Field(max_length=100)]

    @property
    def progress(self) -> JobProgress:
        """The same as it is kept."""
        return JobProgress(self.stage, self.done, self.total, self.unit)


class Heartbeat(StrictModel):
    """A worker that is alive."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"attempt": 1, "progress": {"stage": "step 100 (3/20)", "done": 3, "total": 20, "unit": "checkpoints"}}
            ]
        }
    )

    attempt: Attempt
    progress: ProgressWords | None = Field(default=None, description="How far the job is; null: as it was.")


class LineWords(StrictModel):
    """One line of a job's child process; all but its outcome."""

    type: Literal["progress", "checkpoint", "measurement", "note"]
    data: Document

    @model_validator(mode="after")
    def _can_be_kept(self) -> Self:
        if len(json.dumps(self.data, allow_nan=False)) > LINE_CHARACTERS:
            raise ValueError(f"a line has at most {LINE_CHARACTERS:,} characters as JSON")
        if self.type == "progress":
            ProgressWords.model_validate(self.data)
        return self

    @property
    def line(self) -> Line:
        """The same as it is kept."""
        return Line(self.type, dict(self.data))


class LinesRequest(StrictModel):
    """What a child process said."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"attempt": 1, "lines": [{"type": "note", "data": {"text": "on cuda:0"}}], "said_before": 0},
            ]
        }
    )

    attempt: Attempt
    lines: Annotated[list[LineWords], Field(max_length=LINES)] = Field(description="In the order in which it did.")
    said_before: Annotated[int, Field(ge=0, le=2**53 - 1)] | None = Field(
        default=None,
        description="How many lines this attempt sent before these, so that lines that are sent twice count once.",
    )


class OutcomeRequest(StrictModel):
    """How an attempt ended."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"attempt": 1, "state": "failed", "problem": "The child ended by SIGKILL.", "is_retryable": True}
            ]
        }
    )

    attempt: Attempt
    state: Literal["succeeded", "failed", "cancelled"] = Field(description="What the attempt came to.")
    result: Document | None = Field(default=None, description="What was made, where it succeeded.")
    problem: Annotated[str, BeforeValidator(writable), Field(max_length=100_000)] | None = Field(
        default=None, description="A sentence, where it did not."
    )
    is_retryable: bool = Field(
        default=False,
        description="failed: another attempt may do better. cancelled: the worker is being stopped, and gives it back.",
    )

    @field_validator("result")
    @classmethod
    def _is_finite(cls, result: dict[str, Any] | None) -> dict[str, Any] | None:
        json.dumps(result, allow_nan=False)
        return result

    @model_validator(mode="after")
    def _is_said(self) -> Self:
        if self.state == "failed" and not self.problem:
            raise ValueError("an attempt that failed says why: give problem")
        if self.state == "succeeded" and self.is_retryable:
            raise ValueError("an attempt that succeeded is not tried again: leave is_retryable out")
        return self

    @property
    def outcome(self) -> Outcome:
        """The same as it is kept."""
        return Outcome(self.state, self.result, self.problem, self.is_retryable)
