"""What of a timeline, an evaluation, a run and a pair set is copied, and in which order (`backup.py` says why)."""

from __future__ import annotations

from pathlib import Path

from evaluator.measured_file import MEASURED
from evaluator.report.file_list import LIST
from exposure.timeline_folder import TimelineFolder
from service.upkeep.backup_copier import BackupCopier
from service.upkeep.partial_files import is_partial

_SEGMENT_FILES = (".counts.parquet", ".exposures.parquet")


def copy_timeline(copier: BackupCopier, path: Path, name: str) -> None:
    """The current generation, every finished segment, the groups; not older generations, nor what is half written."""
    if not (path / "timeline.json").exists():
        return  # its making has just begun, or was interrupted
    if (path / "CURRENT").exists():
        _copy_current(copier, path, name)
    for marker in _files(path / "segments", ".json"):
        _copy_segment(copier, path, f"{name}/segments/{marker.stem}")
    for folder in ("groups", "phrase_sets"):
        for file in _files(path / folder, ".parquet"):
            copier.copy(f"{name}/{folder}/{file.name}")
    for document in ("order.json", "timeline.json"):
        if (path / document).exists():
            copier.stage(f"{name}/{document}")


def _copy_segment(copier: BackupCopier, path: Path, name: str) -> None:
    """A segment of which a file is missing is none."""
    try:
        for end in _SEGMENT_FILES:
            copier.copy(f"{name}{end}")
    except FileNotFoundError:
        if not (path / "timeline.json").exists():
            raise
        return
    copier.copy(f"{name}.json")


def _copy_current(copier: BackupCopier, path: Path, name: str) -> None:
    """CURRENT and what it names, read again until both are of one moment."""
    named = TimelineFolder(path).named
    copier.stage(f"{name}/CURRENT")
    if named is not None and named.exists():
        copier.copy(f"{name}/generations/{named.name}")
    if TimelineFolder(path).named != named:
        raise FileNotFoundError  # another was published meanwhile: from the beginning


def copy_evaluation(copier: BackupCopier, path: Path, name: str) -> None:
    """What was measured, then the list of checkpoints, then what they were measured of."""
    _copy_report(copier, path / "report", f"{name}/report")
    for file in (
        *("measurements.parquet", "split.parquet", "checkpoints.json"),
        *("exposures.parquet", "evaluation.json", "pairs.parquet"),
    ):
        if (path / file).exists():
            copier.stage(f"{name}/{file}")
    for folder in ("scores", MEASURED):
        for stored in sorted((path / folder).rglob("*.parquet")):
            if not is_partial(stored.name):
                copier.copy(f"{name}/{stored.relative_to(path)}")


def _copy_report(copier: BackupCopier, path: Path, name: str) -> None:
    """The files of a report, all of one moment: the list of them is gone while they are written anew."""
    before = _listed(path)
    for file in _files(path):
        copier.stage(f"{name}/{file.name}")
    if _listed(path) != before:
        raise FileNotFoundError  # it was written anew meanwhile: from the beginning


def _listed(report: Path) -> bytes | None:
    try:
        return (report / LIST).read_bytes()
    except FileNotFoundError:
        return None


def copy_run(copier: BackupCopier, path: Path, name: str) -> None:
    """The manifest and what lies beside it (a census is named by content); not the corpus, which lies elsewhere."""
    for file in sorted(path.rglob("*")):
        if file.is_file() and not is_partial(file.name):
            copier.stage(f"{name}/{file.relative_to(path)}")


def copy_set(copier: BackupCopier, path: Path, name: str) -> None:
    """A pair set: its two files, which came together."""
    for file in ("set.json", "pairs.jsonl"):
        if (path / file).exists():
            copier.stage(f"{name}/{file}")


def _files(folder: Path, end: str = "") -> list[Path]:
    if not folder.is_dir():
        return []
    return [path for path in sorted(folder.iterdir()) if path.name.endswith(end) and not is_partial(path.name)]
