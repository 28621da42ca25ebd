"""lm-evaluation-harness: tasks that include the settings of its own BLiMP tasks and read our pairs from JSON files."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import datasets
import lm_eval
import numpy as np
import yaml
from lm_eval.api.instance import Instance
from lm_eval.models.huggingface import HFLM
from lm_eval.tasks import TaskManager

from benchmarks.scoring.scores import PairScores
from exposure.pairs import MinimalPair

BLIMP_SETTINGS = Path(lm_eval.__file__).parent / "tasks" / "blimp" / "_template_yaml"
"""What all its BLiMP tasks include; the space before a sentence is what every task inherits (target_delimiter)."""


class Harness:
    """A checkpoint as the harness loads it. `batch_size` may be "auto"."""

    def __init__(
        self, checkpoint: Path, batch_size: int | str = 64, dtype: str = "float32", device: str = "cpu"
    ) -> None:
        self.model = HFLM(
            pretrained=str(checkpoint), backend="causal", batch_size=batch_size, dtype=dtype, device=device
        )

    def evaluate(self, pairs: Sequence[MinimalPair], folder: Path, **settings: Any) -> PairScores:
        """Its whole way, `simple_evaluate` with logged samples; `folder` is for its files, one task a paradigm.

        `settings` change those of its BLiMP tasks, such as target_delimiter.
        """
        places: dict[str, list[int]] = {}
        for place, pair in enumerate(pairs):
            places.setdefault(pair.uid, []).append(place)
        for uid, mine in places.items():
            _write_task(folder, uid, [pairs[place] for place in mine], settings)
        samples = self._samples(list(places), folder)
        good, bad = np.empty(len(pairs)), np.empty(len(pairs))
        is_right = np.empty(len(pairs), dtype=bool)
        for uid, mine in places.items():
            for sample in samples[uid]:
                place = mine[sample["doc_id"]]
                (good[place], _), (bad[place], _) = sample["filtered_resps"]
                is_right[place] = sample["acc"] == 1.0
        return PairScores(good, bad, is_right)

    def _samples(self, tasks: list[str], folder: Path) -> dict[str, list[dict[str, Any]]]:
        """Task → its samples."""
        datasets.config.HF_UPDATE_DOWNLOAD_COUNTS = False  # it would report every file that it reads to a server
        manager = TaskManager(include_path=str(folder), include_defaults=False)
        answer = lm_eval.simple_evaluate(
            model=self.model, tasks=list(tasks), task_manager=manager, log_samples=True, bootstrap_iters=0
        )
        assert answer is not None
        samples: dict[str, list[dict[str, Any]]] = answer["samples"]
        return samples

    def score(self, pairs: Sequence[MinimalPair]) -> PairScores:
        """Its model alone, with nothing of its tasks: sentences to log-likelihoods. What is timed."""
        instances = [
            Instance("loglikelihood", {}, ("", f" {sentence}"), 2 * place + side)
            for place, pair in enumerate(pairs)
            for side, sentence in enumerate((pair.sentence_good, pair.sentence_bad))
        ]
        found = np.array([one for one, _ in self.model.loglikelihood(instances, disable_tqdm=True)])
        good, bad = found[0::2], found[1::2]
        return PairScores(good, bad, np.asarray(good >= bad))


def _write_task(folder: Path, uid: str, pairs: Sequence[MinimalPair], settings: dict[str, Any]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    data = folder / f"{uid}.jsonl"
    rows = ({"sentence_good": one.sentence_good, "sentence_bad": one.sentence_bad} for one in pairs)
    data.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    task = {
        "task": uid,
        "include": str(BLIMP_SETTINGS),
        "dataset_path": "json",
        "dataset_kwargs": {"data_files": {"train": str(data)}, "cache_dir": str(folder / "cache")},
        **settings,
    }
    (folder / f"{uid}.yaml").write_text(yaml.safe_dump(task), encoding="utf-8")
