"""What may be asked of jobs."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from exposure.api.jobs import JobState
from exposure.api.names import NAME
from exposure.api.requests import JobKind
from service.jobs.filters import JobFilter

PAGE = 100
LARGEST_PAGE = 1_000

_Name = Annotated[str, Field(pattern=f"^{NAME}$")]


class JobsParameters(BaseModel):
    """Which jobs, and which page of them."""

    model_config = ConfigDict(extra="forbid")

    kind: JobKind | None = Field(default=None, description="Only jobs of this kind.", examples=["index"])
    state: JobState | None = Field(default=None, description="Only jobs in this state.", examples=["queued"])
    timeline: _Name | None = Field(default=None, description="Only jobs that name this timeline.", examples=["tiny"])
    evaluation: _Name | None = Field(
        default=None, description="Only jobs that make this evaluation.", examples=["pythia-70m"]
    )
    run: _Name | None = Field(default=None, description="Only jobs that scan this run.", examples=["tiny"])
    cursor: Annotated[str, Field(min_length=1, max_length=1_000)] | None = Field(
        default=None, description="`next` of the page before. Left out: the newest.", examples=[None]
    )
    limit: Annotated[int, Field(ge=1, le=LARGEST_PAGE)] = Field(
        default=PAGE, description="Jobs of one page.", examples=[PAGE]
    )

    @property
    def filter(self) -> JobFilter:
        """What the jobs must fit."""
        return JobFilter(self.kind, self.state, self.timeline, self.evaluation, self.run)


class EventsParameters(BaseModel):
    """How events are sent."""

    model_config = ConfigDict(extra="forbid")

    wait: bool = Field(default=True, description="false: what there is now, and no more.", examples=[False])


ONCE = ("kind", "state", "timeline", "evaluation", "run", "cursor", "limit")
