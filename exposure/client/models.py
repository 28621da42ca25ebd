"""client.models and client.measures: what can be evaluated, and what can be measured of it."""

from __future__ import annotations

from exposure.api.resources import MeasureFacts, ModelFacts
from exposure.client.calls import D, Group, ask
from exposure.client.core import path_of
from exposure.client.exchanges import Plan
from exposure.client.table import Table


class Models(Group[D]):
    """The series of checkpoints on the operator's list."""

    @ask
    def list(self) -> Plan[Table[ModelFacts]]:
        """Every model that an evaluation may name."""
        return self._core.get_table(ModelFacts, path_of("models"))


class Measures(Group[D]):
    """What can be measured of a checkpoint."""

    @ask
    def list(self) -> Plan[Table[MeasureFacts]]:
        """Every measure, and what its values mean."""
        return self._core.get_table(MeasureFacts, path_of("measures"))
