"""The data directory: what lies where, under which identity, in which version.

data.json        identity and version; a worker on another machine proves by it that it sees the same directory
service.lock     held by the one service
jobs.sqlite      jobs and their events
timelines/NAME/  evaluations/NAME/  runs/NAME/run.json
pair-sets/ID/    pairs.jsonl and set.json
phrase-sets/ID.parquet
locks/           one for each device that evaluates
removed/         what is being deleted
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

FOLDERS = ("timelines", "evaluations", "runs", "pair-sets", "phrase-sets", "locks", "removed")


@dataclass(frozen=True)
class DataDirectory:
    """Where everything is. Nothing is made or checked here: `open_data_directory` does."""

    path: Path

    @property
    def timelines(self) -> Path:
        """A folder for each timeline."""
        return self.path / "timelines"

    @property
    def evaluations(self) -> Path:
        """A folder for each evaluation."""
        return self.path / "evaluations"

    @property
    def runs(self) -> Path:
        """A folder with a run.json for each run."""
        return self.path / "runs"

    @property
    def pair_sets(self) -> Path:
        """A folder for each pair set."""
        return self.path / "pair-sets"

    @property
    def phrase_sets(self) -> Path:
        """A phrase file for each phrase set."""
        return self.path / "phrase-sets"

    @property
    def locks(self) -> Path:
        """Files that are locked while a device is in use."""
        return self.path / "locks"

    @property
    def removed(self) -> Path:
        """Where things are moved to be deleted, so that nothing is ever half there."""
        return self.path / "removed"

    @property
    def jobs(self) -> Path:
        """The database of jobs."""
        return self.path / "jobs.sqlite"

    def run_manifest(self, name: str) -> Path:
        """The manifest of a run."""
        return self.runs / name / "run.json"

    def phrase_set(self, digest: str) -> Path:
        """The phrase file of a phrase set."""
        return self.phrase_sets / f"{digest}.parquet"

    def pairs(self, digest: str) -> Path:
        """The pairs of a pair set."""
        return self.pair_sets / digest / "pairs.jsonl"
