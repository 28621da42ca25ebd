"""From what is asked, by the shell or by a job, to a published timeline."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from exposure.phrase_file import read_phrases
from exposure.phrases import PhraseSet
from indexer.run import IndexOptions, IndexResult, index_corpus


@dataclass(frozen=True)
class IndexInputs:
    """The manifest of a run, the phrase files to look for in its corpus, and the folder of the timeline.

    `census` is the folder of the census, None for the manifest's own.
    """

    run: Path
    phrases: tuple[Path, ...]
    out: Path
    options: IndexOptions
    census: Path | None = None


def index_inputs(inputs: IndexInputs) -> tuple[PhraseSet, IndexResult]:
    """Scan and publish; what was looked for, and what was done. Raises ExposureError as `index_corpus` does."""
    rows = [row for path in inputs.phrases for row in read_phrases(path)]
    wanted = PhraseSet.of(row.phrase for row in rows if row.phrase is not None)
    return wanted, index_corpus(inputs.run, wanted, inputs.out, inputs.options, inputs.phrases, inputs.census)
