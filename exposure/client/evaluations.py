"""client.evaluations: what checkpoints made of minimal pairs."""

from __future__ import annotations

from exposure.api.resources import CheckpointFacts, EvaluationFacts
from exposure.client.calls import D, Group, ask
from exposure.client.core import path_of
from exposure.client.exchanges import Plan, Request
from exposure.client.table import Table


class Evaluations(Group[D]):
    """Evaluations, by name."""

    @ask
    def list(self) -> Plan[Table[EvaluationFacts]]:
        """Every evaluation; one that is damaged is among them, with its problem."""
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
    def report_html(self, name: str) -> Plan[str]:
        """The report, a page of HTML that needs nothing else."""
        path = path_of("evaluations", name, "report")
        reply = yield from self._core.send(Request("GET", path, (), {"Accept": "text/html"}))
        return reply.content.decode("utf-8")

    @ask
    def remove(self, name: str) -> Plan[None]:
        """Remove an evaluation with all its scores."""
        yield from self._core.delete(path_of("evaluations", name))
