"""client.timelines: what was seen, when, and how often."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from exposure.answers import CoverageAnswer, ExposureAnswer, FirstSeen, HistoryPoint
from exposure.api.corpus import Context
from exposure.api.resources import PhraseSetFacts
from exposure.api.timelines import TimelineEntry, TimelineFacts
from exposure.client import look_up
from exposure.client.calls import D, Group, ask
from exposure.client.core import TABLES, json_request, path_of
from exposure.client.exchanges import Plan, Request
from exposure.client.table import Table
from exposure.splits import PairSplit, ParadigmSplit, SplitRequest


class Timelines(Group[D]):
    """Timelines, by name."""

    @ask
    def list(self) -> Plan[Table[TimelineEntry]]:
        """Every timeline; one that is damaged is among them, with its problem."""
        return self._core.get_table(TimelineEntry, path_of("timelines"))

    @ask
    def get(self, name: str) -> Plan[TimelineFacts]:
        """What the timeline is: its run, how phrases match, how far it is covered."""
        return self._core.get_one(TimelineFacts, path_of("timelines", name))

    @ask
    def first_seen(self, name: str, phrases: str | Iterable[str], at_step: int | None = None) -> Plan[Table[FirstSeen]]:
        """When each phrase was first seen, and how often; with `at_step`, as that checkpoint had it.

        `phrases` may be any number, also a column of Arrow, pandas or polars. They are asked for in as many requests
        as it takes, and answered from one generation. A phrase that is indexed in several forms has several rows.
        """
        return look_up.first_seen(self._core, path_of("timelines", name, "first-seen"), phrases, at_step)

    @ask
    def history(self, name: str, phrase: str, at_step: int | Iterable[int] = ()) -> Plan[Table[HistoryPoint]]:
        """How often a phrase had been seen by each checkpoint, or by each `at_step`; raises NotIndexed."""
        parameters = {"phrase": phrase, "at_step": at_step}
        return self._core.get_table(HistoryPoint, path_of("timelines", name, "history"), parameters)

    @ask
    def exposures(self, name: str, phrase: str) -> Plan[Table[ExposureAnswer]]:
        """The first exposures of a phrase that are kept exactly: where in the run and in the corpus."""
        return self._core.get_table(ExposureAnswer, path_of("timelines", name, "exposures"), {"phrase": phrase})

    @ask
    def contexts(self, name: str, phrase: str, width: int | None = None) -> Plan[Table[Context]]:
        """The text around the first exposures of a phrase, `width` characters to each side."""
        parameters = {"phrase": phrase, "width": width}
        return self._core.get_table(Context, path_of("timelines", name, "contexts"), parameters)

    @ask
    def coverage(self, name: str) -> Plan[Table[CoverageAnswer]]:
        """What has been scanned, for each group of phrases that was indexed together."""
        return self._core.get_table(CoverageAnswer, path_of("timelines", name, "coverage"))

    @ask
    def phrase_sets(self, name: str) -> Plan[Table[PhraseSetFacts]]:
        """The phrase files that the timeline was indexed with, and how many pairs each paradigm has."""
        return self._core.get_table(PhraseSetFacts, path_of("timelines", name, "phrase-sets"))

    @ask
    def splits(
        self,
        name: str,
        request: SplitRequest = SplitRequest(),  # noqa: B008 - frozen
        phrase_set: str | None = None,
        uid: str | Iterable[str] = (),
    ) -> Plan[Table[ParadigmSplit]]:
        """How many pairs of each paradigm are proxy-train and proxy-validation; `phrase_set` if it keeps several."""
        return self._core.table(ParadigmSplit, _split(name, request, phrase_set, uid, "paradigm"))

    @ask
    def pair_splits(
        self,
        name: str,
        request: SplitRequest = SplitRequest(),  # noqa: B008 - frozen
        phrase_set: str | None = None,
        uid: str | Iterable[str] = (),
    ) -> Plan[Table[PairSplit]]:
        """Where each single pair falls, and why."""
        return self._core.table(PairSplit, _split(name, request, phrase_set, uid, "pair"))

    @ask
    def remove(self, name: str) -> Plan[None]:
        """Remove a timeline with all its generations."""
        return self._core.remove(path_of("timelines", name))


def _split(name: str, request: SplitRequest, phrase_set: str | None, uid: str | Iterable[str], by: str) -> Request:
    body: dict[str, Any] = {
        "policy": request.policy,
        "at_step": request.at_step,
        "sides": request.sides,
        "include_flagged": request.include_flagged,
        "phrase_set": phrase_set,
        "uids": [uid] if isinstance(uid, str) else list(uid),
        "by": by,
    }
    return json_request(path_of("timelines", name, "splits"), body, {"Accept": TABLES})
