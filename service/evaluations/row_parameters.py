"""What may be asked of evaluations: query parameters, and which rows they fit."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import BaseModel, ConfigDict, Field

from exposure.api.names import Step
from service.answers.cursors import CURSOR, Cursor

MAX_ROWS = 1_000_000
"""Of one page."""

MAX_NAMES = 1_000
"""Values of one parameter."""

Text = Annotated[str, Field(min_length=1, max_length=200)]
Level = Literal["paradigm", "phenomenon", "field", "overall", "position"]
Part = Literal["proxy-train", "proxy-validation", "unknown", "not_indexed", "no_phrase", "refused"]
Number = Annotated[int, Field(ge=0, le=100_000)]
Named = tuple[str, str, Sequence[Any]]
"""(parameter, column, values)."""

_FROM = "Only steps from here on."
_TO = "Only steps up to here, and here too."


class Paged(BaseModel):
    """Which steps, and which page."""

    model_config = ConfigDict(extra="forbid")

    step: list[Step] = Field(
        default=[], max_length=MAX_NAMES, description="Only these steps. Repeatable.", examples=[[500, 2000]]
    )
    from_step: Step | None = Field(default=None, description=_FROM, examples=[500])
    to_step: Step | None = Field(default=None, description=_TO, examples=[2000])
    limit: Annotated[int, Field(ge=1, le=MAX_ROWS)] | None = Field(
        default=None, description="Rows of one page. Left out: all rows at once.", examples=[1000]
    )
    cursor: Cursor | None = Field(default=None, description=CURSOR, examples=["eyJhdCI6IDF9"])

    @property
    def digest(self) -> str:
        """What names the question, whatever the page."""
        text = self.model_dump_json(exclude={"limit", "cursor"})
        return hashlib.sha256(text.encode()).hexdigest()

    def has_step(self, step: int) -> bool:
        """Whether a step is asked for."""
        return (
            (not self.step or step in self.step)
            and (self.from_step is None or step >= self.from_step)
            and (self.to_step is None or step <= self.to_step)
        )


class MeasurementParameters(Paged):
    """Which measurements."""

    measure: list[Text] = Field(
        default=[],
        max_length=MAX_NAMES,
        description="Only these measures, of `measures` of the evaluation. Repeatable.",
        examples=[["accuracy", "macro-accuracy"]],
    )
    level: Level | None = Field(default=None, description="Only groups of this kind.", examples=["paradigm"])
    group: Annotated[str, Field(max_length=200)] | None = Field(
        default=None, description="Only this group: the name of a paradigm, phenomenon or field, or all.",
        examples=["delayed_agreement"],
    )  # fmt: skip
    uid: list[Text] = Field(
        default=[],
        max_length=MAX_NAMES,
        description="Only these paradigms. Repeatable.",
        examples=[["delayed_agreement"]],
    )
    phenomenon: Text | None = Field(
        default=None, description="Only this phenomenon and its paradigms.", examples=["agreement"]
    )
    split: Literal["everything", "proxy-train", "proxy-validation"] | None = Field(
        default=None, description="Only of all pairs, or of this part of them.", examples=["proxy-train"]
    )
    convention: Text | None = Field(default=None, description="Only under this convention.", examples=["exposure"])
    layer: list[Number] = Field(
        default=[], max_length=MAX_NAMES, description="Only these layers. Repeatable.", examples=[[0, 1]]
    )
    head: list[Number] = Field(
        default=[], max_length=MAX_NAMES, description="Only these heads of their layers. Repeatable.", examples=[[0, 1]]
    )

    @property
    def named(self) -> Iterator[Named]:
        """Everything that is asked for by name, and so must be there."""
        listed: list[Named] = [
            ("measure", "measure", self.measure),
            ("uid", "group", self.uid),
            ("step", "step", self.step),
            ("layer", "layer", self.layer),
            ("head", "head", self.head),
        ]
        single = ("level", "group", "phenomenon", "split", "convention")
        listed += [
            (name, name, () if value is None else (value,)) for name in single for value in [getattr(self, name)]
        ]
        return (one for one in listed if one[2])

    @property
    def filtered_columns(self) -> list[str]:
        """The columns that decide whether a row fits."""
        steps = [] if self.from_step is None and self.to_step is None else ["step"]
        levels = ["level"] if self.uid else []
        return sorted({column for _, column, _ in self.named} | {*steps, *levels})

    def mask(self, batch: pa.RecordBatch) -> npt.NDArray[np.bool_]:
        """[row] Whether it fits; `batch` has at least the filtered columns."""
        fits = np.ones(batch.num_rows, dtype=bool)
        for _, column, values in self.named:
            wanted = pa.array(values, batch.schema.field(column).type)
            fits &= _flags(pc.is_in(batch[column], value_set=wanted))
        if self.uid:
            fits &= _flags(pc.equal(batch["level"], "paradigm"))
        if self.from_step is not None:
            fits &= _flags(pc.greater_equal(batch["step"], self.from_step))
        if self.to_step is not None:
            fits &= _flags(pc.less_equal(batch["step"], self.to_step))
        return fits


class ItemParameters(Paged):
    """Which checkpoints' scores of which pairs."""

    uid: list[Text] = Field(
        default=[],
        max_length=MAX_NAMES,
        description="Only pairs of these paradigms. Repeatable.",
        examples=[["delayed_agreement"]],
    )
    phenomenon: Text | None = Field(default=None, description="Only pairs of this phenomenon.", examples=["agreement"])
    pair_id: Text | None = Field(
        default=None, description="Only pairs of this name, which is one in each paradigm.", examples=["0"]
    )
    split: Part | None = Field(default=None, description="Only pairs of this part.", examples=["proxy-train"])
    convention: Text | None = Field(
        default=None,
        description="How scores are normed and what ties count: a convention of the evaluation, or a preset that its "
        "scores can answer. Left out: the first of the evaluation.",
        examples=["exposure"],
    )


class ReportParameters(BaseModel):
    """Which rows of a report."""

    model_config = ConfigDict(extra="forbid")

    uid: list[Text] = Field(
        default=[],
        max_length=MAX_NAMES,
        description="Only these paradigms. Repeatable.",
        examples=[["delayed_agreement"]],
    )


def _flags(mask: pa.BooleanArray) -> npt.NDArray[np.bool_]:
    return np.asarray(mask.fill_null(False).to_numpy(zero_copy_only=False), dtype=bool)
