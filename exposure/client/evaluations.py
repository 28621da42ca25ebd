"""client.evaluations: what checkpoints made of minimal pairs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from exposure.api.resources import CheckpointFacts, EvaluationFacts, ItemScore
from exposure.client.calls import D, Group, ask
from exposure.client.core import path_of
from exposure.client.exchanges import Plan, Request
from exposure.client.table import Table
from exposure.measurement import Measurement
from exposure.splits import Part

PAGE_ROWS = 100_000
"""Of the tables that may be long."""


class Evaluations(Group[D]):
    """Evaluations, by name. Parameters that are left out, or empty, leave all in; those given several times are any."""

    @ask
    def list(self) -> Plan[Table[EvaluationFacts]]:
        """Every evaluation; one that has only begun, or is damaged, is among them, with its problem."""
        return self._core.get_table(EvaluationFacts, path_of("evaluations"))

    @ask
    def get(self, name: str) -> Plan[EvaluationFacts]:
        """Which series, pairs and conventions; how far it is; what it measured."""
        return self._core.get_one(EvaluationFacts, path_of("evaluations", name))

    @ask
    def checkpoints(self, name: str) -> Plan[Table[CheckpointFacts]]:
        """What became of each checkpoint: scored, duplicate or broken."""
        return self._core.get_table(CheckpointFacts, path_of("evaluations", name, "checkpoints"))

    @ask
    def measurements(
        self,
        name: str,
        *,
        measure: str | Iterable[str] = (),
        level: Literal["paradigm", "phenomenon", "field", "overall", "position"] | None = None,
        group: str | None = None,
        uid: str | Iterable[str] = (),
        phenomenon: str | None = None,
        split: Literal["everything", "proxy-train", "proxy-validation"] | None = None,
        convention: str | None = None,
        layer: int | Iterable[int] = (),
        head: int | Iterable[int] = (),
        step: int | Iterable[int] = (),
        from_step: int | None = None,
        to_step: int | None = None,
    ) -> Plan[Table[Measurement]]:
        """What was measured: one row a measure, group, part of the pairs and step. `to_step` is asked for too.

        Raises NotFound for a name that nothing has.
        """
        filters = {
            "measure": measure,
            "level": level,
            "group": group,
            "uid": uid,
            "phenomenon": phenomenon,
            "split": split,
            "convention": convention,
            "layer": layer,
            "head": head,
            "step": step,
            "from_step": from_step,
            "to_step": to_step,
            "limit": PAGE_ROWS,
        }
        return self._core.get_table(Measurement, path_of("evaluations", name, "measurements"), filters)

    @ask
    def items(
        self,
        name: str,
        *,
        step: int | Iterable[int] = (),
        from_step: int | None = None,
        to_step: int | None = None,
        uid: str | Iterable[str] = (),
        phenomenon: str | None = None,
        pair_id: str | None = None,
        split: Part | None = None,
        convention: str | None = None,
    ) -> Plan[Table[ItemScore]]:
        """What each checkpoint made of each pair: both scores, their difference, whether it is right, the pair's part.

        There are as many rows as pairs times checkpoints, so some steps or paradigms must be named.
        """
        filters = {
            "step": step,
            "from_step": from_step,
            "to_step": to_step,
            "uid": uid,
            "phenomenon": phenomenon,
            "pair_id": pair_id,
            "split": split,
            "convention": convention,
            "limit": PAGE_ROWS,
        }
        return self._core.get_table(ItemScore, path_of("evaluations", name, "items"), filters)

    @ask
    def report_table(
        self, name: str, table: Literal["lags", "paradigms", "splits"], uid: str | Iterable[str] = ()
    ) -> Plan[Table[dict[str, Any]]]:
        """A table of the report, as its .csv and .parquet: rows are dictionaries, columns as docs/reports.md says."""
        return self._core.get_table(dict, path_of("evaluations", name, table), {"uid": uid})

    @ask
    def report_html(self, name: str) -> Plan[str]:
        """The report, a page of HTML that needs nothing else."""
        path = path_of("evaluations", name, "report")
        reply = yield from self._core.send(Request("GET", path, (), {"Accept": "text/html"}))
        return reply.content.decode("utf-8")

    @ask
    def remove(self, name: str) -> Plan[None]:
        """Remove an evaluation with all its scores."""
        return self._core.remove(path_of("evaluations", name))
