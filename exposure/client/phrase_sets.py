"""client.phrase_sets: phrases to look for, named by their content."""

from __future__ import annotations

from collections.abc import Iterable

from exposure.api.names import RootedPath
from exposure.api.resources import PhraseRow, PhraseSetFacts
from exposure.client.calls import D, Group, ask
from exposure.client.core import PAGE_ROWS, path_of
from exposure.client.exchanges import Plan
from exposure.client.look_up import texts_of
from exposure.client.table import Table
from exposure.phrases import Side


class PhraseSets(Group[D]):
    """Phrase sets, by id. The same phrases have the same id, so that sending them again changes nothing."""

    @ask
    def list(self) -> Plan[Table[PhraseSetFacts]]:
        """Every phrase set, and how many phrases each paradigm has."""
        return self._core.get_table(PhraseSetFacts, path_of("phrase-sets"))

    @ask
    def get(self, id: str) -> Plan[PhraseSetFacts]:
        """One phrase set."""
        return self._core.get_one(PhraseSetFacts, path_of("phrase-sets", id))

    @ask
    def phrases(
        self, id: str, uid: str | Iterable[str] = (), phenomenon: str | Iterable[str] = (), side: Side | None = None
    ) -> Plan[Table[PhraseRow]]:
        """What is looked for: each side of each pair, its critical phrase, or why there is none."""
        filters = {"uid": uid, "phenomenon": phenomenon, "side": side, "limit": PAGE_ROWS}
        return self._core.get_table(PhraseRow, path_of("phrase-sets", id, "phrases"), filters)

    @ask
    def upload(self, phrases: str | Iterable[str]) -> Plan[PhraseSetFacts]:
        """A bare list of phrases."""
        return self._core.post(PhraseSetFacts, path_of("phrase-sets"), {"phrases": texts_of(phrases)})

    @ask
    def of_pair_set(self, pair_set: str, rules: str | None = None) -> Plan[PhraseSetFacts]:
        """The critical phrases of a pair set; `rules` is the YAML of own rules, as docs/rules.md describes."""
        asked = {"pair_set": pair_set} if rules is None else {"pair_set": pair_set, "rules": rules}
        return self._core.post(PhraseSetFacts, path_of("phrase-sets"), asked)

    @ask
    def upload_rooted(self, root: str, path: str) -> Plan[PhraseSetFacts]:
        """A phrase file under one of the operator's roots."""
        where = RootedPath(root=root, path=path)
        return self._core.post(PhraseSetFacts, path_of("phrase-sets"), where.model_dump())

    @ask
    def remove(self, id: str) -> Plan[None]:
        """Remove a phrase set; timelines that were indexed with it stay as they are."""
        return self._core.remove(path_of("phrase-sets", id))
