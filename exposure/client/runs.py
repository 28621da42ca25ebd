"""client.runs: training runs whose data order is known."""

from __future__ import annotations

from exposure.api.resources import RunFacts
from exposure.client.calls import D, Group, ask
from exposure.client.core import path_of
from exposure.client.exchanges import Plan
from exposure.client.table import Table


class Runs(Group[D]):
    """Runs, by name."""

    @ask
    def list(self) -> Plan[Table[RunFacts]]:
        """Every run; one whose manifest cannot be used is among them, with its problem."""
        return self._core.get_table(RunFacts, path_of("runs"))

    @ask
    def get(self, name: str) -> Plan[RunFacts]:
        """What the run is: steps, batches, order, checkpoints."""
        return self._core.get_one(RunFacts, path_of("runs", name))

    @ask
    def register(self, name: str, root: str, path: str) -> Plan[RunFacts]:
        """Make the run manifest at `path` under one of the operator's roots known as `name`."""
        return self._core.post(RunFacts, path_of("runs"), {"name": name, "root": root, "path": path})

    @ask
    def remove(self, name: str) -> Plan[None]:
        """Forget a run; its corpus stays."""
        return self._core.remove(path_of("runs", name))
