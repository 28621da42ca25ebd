"""Whether indexing can be begun as it is asked for: what it names exists, and fits the timeline that is there."""

from __future__ import annotations

from pathlib import Path

from exposure.api.requests import IndexRequest
from exposure.errors import OrderError, QuestionError
from exposure.orders import DataOrder
from exposure.phrases import MatchRule
from exposure.timeline_folder import TimelineFolder
from service.data_directory import DataDirectory
from service.errors import ConflictError
from service.jobs.named import refuse_missing
from service.roots.beneath import beneath
from service.roots.operator_roots import refuse_outside
from service.settings import Settings


def refuse_impossible_indexing(settings: Settings, asked: IndexRequest) -> None:
    """Raise NotFoundError for a run or phrase set that is not there, ConflictError for a timeline of another kind.

    Also RootError for a run whose files lie outside the roots, OrderError and TimelineError for what is damaged.
    """
    data = DataDirectory(settings.data)
    refuse_missing(data.run_manifest(asked.run), "run", asked.run, "GET /v1/runs")
    for digest in asked.phrase_sets:
        refuse_missing(data.phrase_set(digest), "phrase set", digest, "GET /v1/phrase-sets")
    if asked.engine == "words" and asked.match.boundary != "word":
        raise QuestionError("The engine words finds whole words only. Leave engine out, or ask for boundary word.")
    order = DataOrder.load(data.run_manifest(asked.run))
    refuse_outside(settings, order)
    place = data.timelines / asked.timeline
    if place.is_symlink() or place.exists():
        _refuse_other(settings, place, asked, order)


def _refuse_other(settings: Settings, place: Path, asked: IndexRequest, order: DataOrder) -> None:
    """Raise ConflictError where the timeline at `place` was made otherwise than is asked for now."""
    if not beneath(settings.timelines, place):
        raise ConflictError(f"The timeline {asked.timeline} leads out of timelines/. Ask for another name.")
    if not (place / "timeline.json").exists():
        return  # one whose making was interrupted before it began, or another folder: the job says which
    folder = TimelineFolder(place)
    settings_there = folder.settings
    wanted = {
        "match": MatchRule(asked.match.case, asked.match.boundary, asked.match.whitespace),
        "keep_first": asked.keep_first or settings_there.keep_first,
        "grid_every": asked.grid_every or settings_there.grid_every,
    }
    there = (settings_there.rule, settings_there.keep_first, settings_there.grid_every)
    if tuple(wanted.values()) != there:
        raise ConflictError(
            f"The timeline {asked.timeline} was made with {settings_there.words}, and keeps that. Ask for the same in "
            "match, keep_first and grid_every, or for another timeline."
        )
    _refuse_other_order(folder, asked, order)


def _refuse_other_order(folder: TimelineFolder, asked: IndexRequest, order: DataOrder) -> None:
    if not (folder.path / "order.json").exists():
        return
    try:
        is_same = order.extends(folder.order)
    except OrderError as error:
        raise ConflictError(f"The timeline {asked.timeline} is of another run: {error}") from error
    if not is_same:
        raise ConflictError(
            f"The timeline {asked.timeline} is of another run than {asked.run}, and {asked.run} does not append to it. "
            "Ask for another timeline."
        )
