"""From where a checkpoint is said to be to files that can be loaded, or a sentence why not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from exposure.checkpoint_series import CheckpointSource


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
    """Names the weight files without reading them: sizes with hub etags, or with inodes and times of change. Equal
    digests mean equal weights; different ones mean nothing."""
    config: Mapping[str, object]
    """What of config.json, defaults filled in, decides which function the model computes."""
    config_digest: str
    tokenizer_digest: str

    @property
    def step(self) -> int:
        """The training step: batches 0 … step − 1 were consumed."""
        return self.source.step

    @property
    def name(self) -> str:
        """For messages and answers."""
        return self.source.name
