"""An evaluation: its manifest, pairs, list of checkpoints, and every file of scores against all that names it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa

from evaluator.checkpoint_record import HASH_DIGITS
from evaluator.conventions import ScoringSpec
from evaluator.exposures import read_exposures
from evaluator.folder import EvaluationFolder
from evaluator.items import METADATA_KEY, SideScores, read_items
from evaluator.measured_file import ITEMS, MEASURED, check_measured, measured_path
from evaluator.measurement_file import MEASUREMENTS, facts_of, read_measurements
from evaluator.pair_file import SCHEMA as PAIRS_SCHEMA
from evaluator.pair_file import read_pair_columns
from evaluator.split_file import read_parts
from evaluator.split_witness import SPLIT
from exposure.errors import EvaluationError, ExposureError
from service.upkeep.finding import Finding
from service.upkeep.partial_files import is_partial
from service.upkeep.quarantine import quarantine
from service.upkeep.report_checks import check_report
from service.upkeep.segment_checks import unknown

_AGAIN = "Then run the same evaluation again"
_ANEW = "Run the same evaluation again"


def check_evaluation(data: Path, path: Path) -> Iterator[Finding]:
    """Everything in the folder of an evaluation."""
    try:
        if not (path / "evaluation.json").exists():
            EvaluationFolder.refuse_foreign(path)
            return  # its making was interrupted; evaluating goes on with it
        folder = EvaluationFolder.open(path)
    except EvaluationError as error:
        place = path / "evaluation.json"
        yield Finding(
            place, _words(error, path), "Restore it from a backup, or remove the evaluation and evaluate again."
        )
        return
    yield from _check_files(data, folder)
    yield from check_report(data, path)
    yield from _check_scores(data, folder)
    yield from _check_measured(data, folder)
    yield from _check_records(folder)


def _check_files(data: Path, folder: EvaluationFolder) -> Iterator[Finding]:
    """The files beside the scores: each can be made anew."""
    readers: dict[str, tuple[Callable[[Path], object], str]] = {
        "pairs.parquet": (partial(_read_pairs, folder.manifest.pairs), f"{_AGAIN}: nothing is scored twice."),
        "checkpoints.json": (lambda _: folder.checkpoints, f"{_AGAIN}: nothing is scored twice."),
        "exposures.parquet": (read_exposures, f"{_AGAIN}, with its timeline: nothing is scored twice."),
        MEASUREMENTS: (_read_measured, "Then run `exposure report` on the evaluation."),
        SPLIT: (read_parts, "Then run `exposure report` on the evaluation."),
    }
    for name, (read, then) in readers.items():
        place = folder.path / name
        problem = _problem_of(read, place)
        if problem is not None:
            yield Finding(place, problem, f"Move it to quarantine/. {then}", partial(quarantine, data, place))
    if not (folder.path / "pairs.parquet").exists():
        yield Finding(folder.path / "pairs.parquet", "is missing", f"{_ANEW}: it is written anew.")


def _problem_of(read: Callable[[Path], object], place: Path) -> str | None:
    if not place.exists():
        return None
    try:
        read(place)
    except (ExposureError, pa.ArrowException, OSError, ValueError, KeyError, TypeError) as error:
        return _words(error, place.parent)
    return None


def _read_pairs(pairs: int, place: Path) -> None:
    if read_pair_columns(place, PAIRS_SCHEMA.names)["pair"] != list(range(pairs)):
        raise EvaluationError(f"{place} does not hold the {pairs} pairs of the evaluation.")


def _read_measured(place: Path) -> None:
    facts_of(place)
    read_measurements(place)


def _check_scores(data: Path, folder: EvaluationFolder) -> Iterator[Finding]:
    """scores/SPEC/HASH.parquet: of these weights, by this spec, of these pairs, and every sum as its parts make it."""
    specs = {spec.name: spec for spec in folder.manifest.specs}
    for path in sorted((folder.path / "scores").rglob("*")):
        if path.is_dir() or is_partial(path.name):
            continue
        if path.suffix != ".parquet" or path.parent.parent != folder.path / "scores":
            yield unknown(data, path)
            continue
        spec = specs.get(path.parent.name)
        problem = _problem_of(partial(_refuse_wrong_scores, folder, spec), path)
        if problem is not None:
            then = f"{_AGAIN}: only this checkpoint is scored."
            yield Finding(path, problem, f"Move it to quarantine/. {then}", partial(quarantine, data, path))


def _check_measured(data: Path, folder: EvaluationFolder) -> Iterator[Finding]:
    """measured/MEASURE/SPEC/HASH.parquet: whole, of that measure and of these weights."""
    for path in sorted((folder.path / MEASURED).rglob("*")):
        # What is kept pair by pair is checked with its rows; where there are none, its making was interrupted.
        if path.is_dir() or is_partial(path.name) or path.name.endswith(ITEMS):
            continue
        problem = _problem_of(check_measured, path)
        if problem is not None:
            then = f"{_AGAIN}, with its measures: only what is missing is measured."
            yield Finding(path, problem, f"Move it to quarantine/. {then}", partial(quarantine, data, path))


def _refuse_wrong_scores(folder: EvaluationFolder, spec: ScoringSpec | None, path: Path) -> None:
    """Raise EvaluationError where a file of scores is not what its name and the evaluation say."""
    table = read_items(path)
    note = json.loads((table.schema.metadata or {})[METADATA_KEY])
    same = {
        "weights": note["weights_sha256"][:HASH_DIGITS] == path.stem,
        "pairs": note["pairs_sha256"] == folder.manifest.pairs_sha256,
        "scoring": spec is None or note["scoring"] == json.loads(json.dumps(asdict(spec))),
        "order of pairs": table["pair"].to_pylist() == list(range(folder.manifest.pairs)),
    }
    wrong = [name for name, is_same in same.items() if not is_same]
    if wrong:
        raise EvaluationError(f"{path} holds scores of other {' and '.join(wrong)} than it should.")
    sums = {side: _sums(table[f"token_log_probs_{side}"]) for side in ("good", "bad")}
    stored = {name: _numbers(table[name]) for name in ("score_good", "score_bad", "delta")}
    made = {"score_good": sums["good"], "score_bad": sums["bad"], "delta": sums["good"] - sums["bad"]}
    for name, values in made.items():
        if not np.array_equal(stored[name], values, equal_nan=True):
            raise EvaluationError(f"{path}: its {name} is not what its tokens' log-probabilities make.")


def _sums(column: pa.ChunkedArray) -> np.typing.NDArray[np.float64]:
    """[pair] The sum of each list in fp64; NaN where there is none."""
    lists = column.combine_chunks()
    counts = np.asarray(lists.value_lengths().fill_null(0).to_numpy(zero_copy_only=False), dtype=np.int64)
    starts = np.concatenate([[0], np.cumsum(counts)])
    values = np.asarray(lists.flatten().to_numpy(zero_copy_only=False), dtype=np.float32)
    return np.where(np.asarray(lists.is_valid()), SideScores(values, starts).sums, np.nan)


def _numbers(column: pa.ChunkedArray) -> np.typing.NDArray[np.float64]:
    return np.asarray(column.to_numpy(), dtype=np.float64)


def _check_records(folder: EvaluationFolder) -> Iterator[Finding]:
    """checkpoints.json: what is scored has its scores, and what is measured its measurements."""
    try:
        records = folder.checkpoints
    except EvaluationError:
        return  # found above
    hashes = {path.name for path in (folder.path / "scores").glob("*/*.parquet") if not is_partial(path.name)}
    if len(hashes) > 1 and not records:
        yield Finding(
            folder.path / "checkpoints.json",
            f"is missing or empty: {len(hashes)} checkpoints were scored",
            f"{_ANEW}: nothing is scored twice.",
        )
    for record in records:
        if record.status != "scored" or record.weights_sha256 is None:
            continue
        for spec in folder.manifest.specs:
            place = folder.items_path(spec, record.weights_sha256)
            if not place.exists():
                again = f"Run the same evaluation again: only step {record.step} is scored."
                yield Finding(place, f"is missing: step {record.step} was scored", again)
        for name in record.measured:
            place = measured_path(folder.path, name, record.weights_sha256)
            if not place.exists():
                again = f"{_ANEW}, with its measures: only what is missing is measured."
                yield Finding(place, f"is missing: step {record.step} was measured", again)


def _words(error: Exception, folder: Path) -> str:
    """A reader's error as what is wrong with the file; what to do is said by the finding."""
    text = str(error).replace(f"{folder}/", "") or type(error).__name__
    return text.splitlines()[0].partition(" Delete it ")[0]
