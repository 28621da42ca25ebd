"""The folder of an evaluation, and everything that is in it.

    evaluation.json     what is evaluated, and how: pairs, conventions, dtype (`EvaluationManifest`)
    pairs.parquet       the pairs, in the order of every file of scores
    checkpoints.json    what became of each checkpoint of the series
    exposures.parquet   what a timeline knew of their critical phrases, if one was given
    scores/SPEC/HASH.parquet    per-item scores of the weights with that hash by that scoring spec
    measured/MEASURE/SPEC/HASH.parquet    what other measures found of the weights with that hash (measured_file.py)

A file of scores is named by all that it depends on, so nothing is ever scored twice or taken for another.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np

from evaluator.checkpoint_record import HASH_DIGITS, CheckpointRecord, checkpoints_from
from evaluator.conventions import Convention, ScoringSpec
from evaluator.exposures import StoredExposures, read_exposures, write_exposures
from evaluator.items import ItemScores, read_items, write_items
from evaluator.manifest import EvaluationManifest, manifest_from, refuse_other
from evaluator.normed_scores import columns_for, normed_scores, numbers, refuse_other_items
from evaluator.pair_file import pair_table, scored_bytes, write_pairs
from evaluator.scored import Floats, PairTable, ScoredSeries
from evaluator.split_witness import EXPOSURES, found_in, lost_exposures
from exposure.artefacts import atomic_write
from exposure.errors import EvaluationError
from exposure.pairs import MinimalPair
from exposure.phrases import CriticalPhrase
from exposure.sealed import sealed


class EvaluationFolder:
    """An evaluation on disk."""

    def __init__(self, path: Path, manifest: EvaluationManifest) -> None:
        self.path = path
        self.manifest = manifest

    @classmethod
    def make(
        cls,
        path: Path,
        manifest: EvaluationManifest,
        pairs: Sequence[MinimalPair],
        critical: Sequence[CriticalPhrase],
        looks_up_anew: bool = False,
    ) -> EvaluationFolder:
        """The folder of `manifest`: a new one, or the one that is there, which must be of the same evaluation.

        The pairs' words and flags become those of `critical`. Where exposures of other critical phrases are stored,
        that is refused unless they will be looked up anew.
        """
        if (path / "evaluation.json").exists():
            folder = cls.open(path)
            folder.refuse_other(manifest)
            if not looks_up_anew:
                folder.refuse_other_phrases(critical)
            folder.manifest = folder.manifest.model_copy(
                update={"training": manifest.training or folder.manifest.training}
            )
        else:
            cls.refuse_foreign(path)
            folder = cls(path, manifest)
            (path / "scores").mkdir(parents=True, exist_ok=True)
        write_pairs(path / "pairs.parquet", pairs, critical, manifest.primary.method)
        _write_json(path / "evaluation.json", sealed(folder.manifest.model_dump(mode="json")))
        return folder

    @classmethod
    def open(cls, path: Path) -> EvaluationFolder:
        """The evaluation in `path`; raises EvaluationError where there is none."""
        try:
            text = (path / "evaluation.json").read_text(encoding="utf-8")
            return cls(path, manifest_from(text))
        except (FileNotFoundError, NotADirectoryError) as error:
            raise EvaluationError(
                f"{path} holds no evaluation (no evaluation.json). Make one with `exposure evaluate --out {path}`."
            ) from error
        except (ValueError, RecursionError, OSError) as error:
            raise EvaluationError(
                f"{path}/evaluation.json cannot be read ({str(error).splitlines()[0]}). Evaluate into a new folder."
            ) from error

    @staticmethod
    def refuse_foreign(path: Path) -> None:
        """Raise EvaluationError where something is at `path` that is neither an evaluation nor the beginning of one."""
        if path.exists() and not (path / "evaluation.json").exists() and not _is_unfinished(path):
            raise EvaluationError(
                f"{path} is not empty and holds no evaluation. Evaluate under another name, into a new folder."
            )

    def refuse_other(self, asked: EvaluationManifest) -> None:
        """Raise EvaluationError, naming what differs, unless `asked` is this evaluation."""
        refuse_other(self.path, self.manifest, asked)

    def refuse_other_phrases(self, critical: Sequence[CriticalPhrase]) -> None:
        """Raise EvaluationError when exposures are stored, and of other critical phrases than these."""
        stored = self.exposures
        if stored is not None and list(map(_words_of, stored.critical)) != list(map(_words_of, critical)):
            raise EvaluationError(
                f"{self.path} holds exposures of other critical phrases than these. Give the same phrases as before, "
                "or a timeline too, so that these are looked up."
            )

    def of_model(self, tokenizer_sha256: str, config_sha256: str) -> EvaluationFolder:
        """The same folder, which from now on belongs to that model; raises EvaluationError if to another."""
        told = self.manifest.model_copy(update={"tokenizer_sha256": tokenizer_sha256, "config_sha256": config_sha256})
        self.refuse_other(told)
        if self.manifest != told:
            _write_json(self.path / "evaluation.json", sealed(told.model_dump(mode="json")))
        return EvaluationFolder(self.path, told)

    def items_path(self, spec: ScoringSpec, weights_sha256: str) -> Path:
        """Where the scores of these weights by `spec` are, or will be."""
        return self.path / "scores" / spec.name / f"{weights_sha256[:HASH_DIGITS]}.parquet"

    def has_items(self, weights_sha256: str, tokenizer_sha256: str, config_sha256: str) -> bool:
        """Whether everything about these weights, in a model of that tokenizer and config, is stored."""
        is_stored = all(self.items_path(spec, weights_sha256).exists() for spec in self.manifest.specs)
        mine = (self.manifest.tokenizer_sha256, self.manifest.config_sha256)
        return is_stored and mine == (tokenizer_sha256, config_sha256)

    def keep_items(self, spec: ScoringSpec, weights_sha256: str, items: ItemScores) -> None:
        """Store scores durably, under the name of all that they depend on."""
        path = self.items_path(spec, weights_sha256)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_items(path, items, self._provenance(spec, weights_sha256))

    def _provenance(self, spec: ScoringSpec, weights_sha256: str) -> dict[str, object]:
        return {
            "weights_sha256": weights_sha256,
            "pairs_sha256": self.manifest.pairs_sha256,
            "tokenizer_sha256": self.manifest.tokenizer_sha256,
            "config_sha256": self.manifest.config_sha256,
            "scoring": asdict(spec),
            "log_sum_exp": "float32",
            **self.manifest.provenance,
        }

    @property
    def checkpoints(self) -> list[CheckpointRecord]:
        """What became of each checkpoint, by step; raises EvaluationError where the list is damaged."""
        path = self.path / "checkpoints.json"
        try:
            return checkpoints_from(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return []
        except (ValueError, TypeError, RecursionError, OSError) as error:
            raise EvaluationError(
                f"{path} is damaged ({str(error).splitlines()[0]}). Delete it and evaluate the same "
                "again: what is scored is not scored again."
            ) from error

    def keep_checkpoints(self, records: Sequence[CheckpointRecord]) -> None:
        """Replace the list of what became of each checkpoint."""
        ordered = sorted(records, key=lambda record: record.step)
        _write_json(self.path / "checkpoints.json", [sealed(record.model_dump(mode="json")) for record in ordered])

    @property
    def exposures(self) -> StoredExposures | None:
        """What a timeline knew of the pairs' phrases; None where none was given.

        Raises EvaluationError where it is damaged, or gone although a timeline was given.
        """
        if lost := lost_exposures(self.path, found_in(self.path)):
            raise EvaluationError(lost)
        path = self.path / EXPOSURES
        return read_exposures(path) if path.exists() else None

    def keep_exposures(self, exposures: StoredExposures) -> None:
        """Store what a timeline knew, in place of what was stored."""
        write_exposures(self.path / EXPOSURES, exposures)

    @property
    def pairs(self) -> PairTable:
        """The pairs, and what clusters them."""
        return pair_table(self.path / "pairs.parquet")

    def series(self, convention: Convention | None = None, steps: Collection[int] | None = None) -> ScoredSeries:
        """All scored checkpoints, or those of `steps`, under a convention (the primary one when None).

        Raises EvaluationError where none is scored.
        """
        convention = self.manifest.primary if convention is None else convention
        spec = self.manifest.spec(convention)
        held = [
            (record.step, self.items_path(spec, record.weights_sha256))
            for record in self.checkpoints
            if record.status == "scored"
            and record.weights_sha256 is not None
            and (steps is None or record.step in steps)
        ]
        if not held and steps is not None:
            raise EvaluationError(f"{self.path} has no scores of step {', '.join(map(str, steps))}. Score it first.")
        if not held:
            raise EvaluationError(f"{self.path} has no scored checkpoint yet. Evaluate the same again.")
        pairs = self.pairs
        delta = np.stack([self._delta(path, convention) for _, path in held])
        return ScoredSeries(np.array([step for step, _ in held], dtype=np.int64), delta, pairs, convention)

    def _delta(self, path: Path, convention: Convention) -> Floats:
        is_sum = convention.norm == "sum"
        table = read_items(path, ["delta"] if is_sum else columns_for(convention))
        refuse_other_items(table, path, self.manifest.pairs)
        if is_sum:
            return numbers(table["delta"])
        return normed_scores(table, convention, lambda side: scored_bytes(self.path / "pairs.parquet", side)).delta


def _words_of(one: CriticalPhrase) -> tuple[object, ...]:
    return one.uid, one.pair_id, one.side, one.phrase, one.critical_word, one.context_word, one.flags


def _is_unfinished(path: Path) -> bool:
    """Whether a folder holds no more than an evaluation does whose making was interrupted."""
    return path.is_dir() and all(
        one.name in ("lock", "scores", "pairs.parquet") or (one.name.startswith(".") and one.name.endswith(".partial"))
        for one in path.iterdir()
    )


def _write_json(path: Path, document: object) -> None:
    with atomic_write(path, keeps_same=True) as partial:
        partial.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
