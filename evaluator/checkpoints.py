"""From where a checkpoint is said to be to a folder that can be loaded, or a sentence why not."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from evaluator.checkpoint_files import CheckpointFiles, LocalFiles, identity_digest
from evaluator.hub import Hub
from evaluator.model_kind import CONFIG, difference, read_config
from evaluator.tensor_files import TensorFile
from evaluator.tokenizer_digest import MODEL_FILES, SETTING_FILES, tokenizer_digest
from evaluator.weight_files import INDEX, checked_files, weight_files
from exposure.checkpoint_series import CheckpointSource
from exposure.errors import CheckpointError

_ADAPTER = "adapter_config.json"


@dataclass(frozen=True)
class ResolvedCheckpoint:
    """A directory of safetensors, config and tokenizer that passed every check that needs no weights.

    Its weight files are there when it arrives as LoadedWeights; before, those of a hub may be still to be fetched.
    """

    source: CheckpointSource
    folder: Path
    weight_files: tuple[str, ...]
    """Names of the files in `folder` that hold the weights."""
    cheap_digest: str
    """Names weights, config and tokenizer without reading them: sizes with hub etags, or with inodes and times of
    change. Equal digests mean equal bytes; different ones mean nothing."""
    cheap_weights_digest: str
    """The same of the weight files alone."""
    config: Mapping[str, object]
    """What of config.json, defaults filled in, decides which function the model computes."""
    tokenizer_digest: str

    @property
    def config_digest(self) -> str:
        """sha256, in hex, of what of the config decides the function."""
        return hashlib.sha256(json.dumps(self.config, sort_keys=True).encode()).hexdigest()

    @property
    def step(self) -> int:
        """The training step: batches 0 … step − 1 were consumed."""
        return self.source.step

    @property
    def name(self) -> str:
        """For messages and answers."""
        return self.source.name

    def refuse_other_model(self, first: ResolvedCheckpoint) -> None:
        """Raise CheckpointError unless model and tokenizer are those of the first checkpoint of the series."""
        other = difference(self.config, first.config)
        if other is None and self.tokenizer_digest != first.tokenizer_digest:
            other = "another tokenizer than the series"
        if other is not None:
            raise CheckpointError(
                f"{self.name} is of another model than step {first.step:,} ({first.name}): {other}. A series is one "
                "model at several steps; evaluate the other one apart."
            )


def files_of(source: CheckpointSource, hub: Hub) -> CheckpointFiles:
    """What is known of the files of a checkpoint without fetching any; raises CheckpointError."""
    if source.path is not None:
        return LocalFiles.of(Path(source.path))
    assert source.repo is not None
    assert source.revision is not None
    return hub.files(source.repo, source.revision)


def resolve(source: CheckpointSource, files: CheckpointFiles) -> ResolvedCheckpoint:
    """Fetch and check everything but the weights; raises CheckpointError, which says what to do."""
    names = tuple(files.files)
    _refuse_unloadable(files.name, names)
    small = [name for name in (CONFIG, INDEX, *MODEL_FILES, *SETTING_FILES) if name in names]
    folder = files.fetch(small)
    weights = weight_files(folder, names, files.name)
    return ResolvedCheckpoint(
        source=source,
        folder=folder,
        weight_files=weights,
        cheap_digest=identity_digest(files.files[name] for name in (*weights, *small)),
        cheap_weights_digest=identity_digest(files.files[name] for name in weights),
        config=read_config(folder / CONFIG, files.name),
        tokenizer_digest=tokenizer_digest(folder, names),
    )


def fetch_weights(checkpoint: ResolvedCheckpoint, files: CheckpointFiles) -> tuple[TensorFile, ...]:
    """Fetch the weight files and read their headers; raises CheckpointError where they are not whole."""
    return checked_files(files.fetch(checkpoint.weight_files), checkpoint.weight_files)


def _refuse_unloadable(name: str, names: tuple[str, ...]) -> None:
    if CONFIG not in names:
        there = ", ".join(sorted(names)[:8]) or "no file"
        raise CheckpointError(f"{name} holds no {CONFIG}, so it is no model of transformers; it holds {there}.")
    if _ADAPTER in names:
        raise CheckpointError(f"{name} is an adapter ({_ADAPTER}), not a whole model. Merge it into its base first.")
    if not any(one in names for one in MODEL_FILES):
        raise CheckpointError(
            f"{name} has no tokenizer (tokenizer.json). Copy the one that the model was trained with into its folder."
        )
