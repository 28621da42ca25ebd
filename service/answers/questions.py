"""What may be asked: query parameters and bodies, nothing beside them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Literal

from fastapi import Request
from pydantic import BaseModel, ConfigDict, FailFast, Field

from exposure.splits import Policy, Sides
from service.errors import LimitError, ParameterError
from service.settings import Settings

MAX_STEP = 2**53 - 1
"""The largest integer that every JSON reader keeps exact."""


Text = Annotated[str, Field(min_length=1)]
Step = Annotated[int, Field(ge=0, le=MAX_STEP)]

AT_STEP = "Ask for this checkpoint: what it had seen, in batches 0 … at_step − 1. Left out: the whole run."
PHRASE = "As it was indexed, or in another case or spacing that the timeline's match rule takes for the same."


class PhraseParameters(BaseModel):
    """One phrase."""

    model_config = ConfigDict(extra="forbid")

    phrase: Text = Field(description=PHRASE, examples=["these books"])


class FirstSeenParameters(BaseModel):
    """A few phrases."""

    model_config = ConfigDict(extra="forbid")

    phrase: list[Text] = Field(min_length=1, description=f"{PHRASE} Repeatable.", examples=[["these books"]])
    at_step: Step | None = Field(default=None, description=AT_STEP, examples=[100])


class HistoryParameters(PhraseParameters):
    """One phrase, and the steps to ask for."""

    at_step: list[Step] = Field(
        default=[],
        description="Ask for these steps. Repeatable. Left out: the run's checkpoints.",
        examples=[[100, 200]],
    )


class FirstSeenQuestion(BaseModel):
    """Many phrases at once."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        json_schema_extra={"examples": [{"phrases": ["these books", "cats sleep"], "at_step": 100}]},
    )

    phrases: list[Text] = Field(min_length=1, description=f"{PHRASE} Answers come in this order.")
    at_step: Step | None = Field(default=None, description=AT_STEP)


class SplitQuestion(BaseModel):
    """How the pairs of a phrase set are split into proxy-train and proxy-validation."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        json_schema_extra={"examples": [{"policy": "seen-by", "at_step": 100, "sides": "good"}]},
    )

    phrase_set: Text | None = Field(
        default=None, description="Its id. May be left out where the timeline keeps exactly one."
    )
    uids: Annotated[list[Text], FailFast()] = Field(default=[], description="Only these paradigms. Left out: all.")
    policy: Policy = Field(
        default="window", description="window: exposure anywhere in the run. seen-by: before at_step."
    )
    at_step: Step | None = Field(
        default=None, description="seen-by: the checkpoint. window: its end; left out, the whole run."
    )
    sides: Sides = Field(default="either", description="Whose exposure counts.")
    include_flagged: bool = Field(
        default=False, description="Split also where the flags say that these sides mean nothing."
    )
    by: Literal["paradigm", "pair"] = Field(default="paradigm", description="Counts by paradigm, or every pair.")


def once(*names: str) -> Callable[[Request], Awaitable[None]]:
    """A dependency that refuses a query in which one of `names` stands twice: the last would silently win."""

    async def refuse_twice(request: Request) -> None:
        for name in names:
            if len(request.query_params.getlist(name)) > 1:
                raise ParameterError(f"query.{name} was given more than once. Give it once; ask again for another.")

    return refuse_twice


async def no_parameters(request: Request) -> None:
    """A dependency that refuses every query parameter: one that has no effect would be taken for one that has."""
    for name in request.query_params:
        raise ParameterError(f"query.{name}: this route takes no query parameters. Leave it out.")


def refuse_excess(phrases: Sequence[str], settings: Settings) -> None:
    """Raise LimitError for more, or longer, phrases than one request may ask for."""
    if len(phrases) > settings.limits.phrases:
        raise LimitError(
            f"{len(phrases):,} phrases were asked for, {settings.limits.phrases:,} is the most. Ask in several "
            "requests."
        )
    for place, phrase in enumerate(phrases):
        if len(phrase) > settings.limits.phrase_characters:
            raise LimitError(
                f"Phrase {place} has {len(phrase):,} characters, {settings.limits.phrase_characters:,} is the most. "
                "Leave it out."
            )
