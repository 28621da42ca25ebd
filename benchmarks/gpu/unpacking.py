"""`python -m benchmarks.gpu.unpacking items-seed-0.npz … --bundle .gpu --out FOLDER`: packed scores as evaluations.

Each file becomes FOLDER/NAME, which `exposure report` takes; what was not carried (the scores of single sides and
tokens) is null there. The timeline of the run (exposure index --run .gpu-run/run.json …) is given with --timeline.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.gpu.inputs import unpacked
from benchmarks.gpu.packed_items import PackedItems
from evaluator.checkpoint_record import CheckpointRecord
from evaluator.folder import EvaluationFolder
from evaluator.items import METADATA_KEY, SCHEMA
from evaluator.manifest import EvaluationManifest
from evaluator.pair_file import pairs_digest
from exposure.artefacts import atomic_write
from exposure.blimp import PARADIGMS
from exposure.extraction import extract
from exposure.pairs import MinimalPair
from exposure.phrases import CriticalPhrase


def main() -> None:
    """Unpack what was asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu.unpacking", description=__doc__)
    parser.add_argument("packed", type=Path, nargs="+", help="files that came back")
    parser.add_argument("--bundle", type=Path, default=Path(".gpu"), help="the bundle that was carried [.gpu]")
    parser.add_argument("--timeline", type=Path, help="of the run, with the pairs' critical phrases")
    parser.add_argument("--out", type=Path, required=True, help="folder for the evaluations")
    asked = parser.parse_args()
    with TemporaryDirectory() as scratch:
        pairs = unpacked(asked.bundle, Path(scratch)).pairs
    for path in asked.packed:
        print(unpack(PackedItems.load(path), pairs, asked.out, asked.timeline))


def unpack(packed: PackedItems, pairs: Sequence[MinimalPair], out: Path, timeline: Path | None = None) -> Path:
    """The evaluation in its folder; raises ValueError where pairs or timeline are not those of the scores."""
    manifest = EvaluationManifest.model_validate(packed.facts["manifest"])
    if pairs_digest(pairs) != manifest.pairs_sha256:
        raise ValueError(f"{manifest.name} is of other pairs than the bundle holds. Give the bundle that was carried.")
    critical = extract(list(pairs), PARADIGMS)
    folder = EvaluationFolder.make(out / manifest.name, manifest, pairs, critical)
    records = [CheckpointRecord.model_validate(one) for one in packed.facts["records"]]
    scored = [record for record in records if record.status == "scored"]
    for record, delta, rescored in zip(scored, packed.delta, packed.rescored, strict=True):
        _write_items(folder, str(record.weights_sha256), delta, rescored)
    folder.keep_checkpoints(records)
    if timeline is not None:
        _keep_exposures(folder, timeline, critical, packed.facts["order_digest"])
    return folder.path


def _write_items(
    folder: EvaluationFolder, digest: str, delta: npt.NDArray[np.float32], rescored: npt.NDArray[np.bool_]
) -> None:
    """A file of scores in which only Δ is known."""
    path = folder.items_path(folder.manifest.spec(folder.manifest.primary), digest)
    values = delta.astype(np.float64)
    columns: dict[str, Any] = {
        "pair": np.arange(len(delta), dtype=np.int32),
        "delta": pa.array(values, mask=np.isnan(values)),
        "rescored": rescored,
    }
    made = [pa.array(columns[one.name], one.type) if one.name in columns else pa.nulls(len(delta), one.type)
            for one in SCHEMA]  # fmt: skip
    facts = {"weights_sha256": digest, "carried": "delta in float32", **folder.manifest.provenance}
    path.parent.mkdir(parents=True, exist_ok=True)
    metadata = {METADATA_KEY: json.dumps(facts, sort_keys=True).encode()}
    with atomic_write(path) as partial:
        pq.write_table(pa.Table.from_arrays(made, schema=SCHEMA.with_metadata(metadata)), partial, compression="zstd")


def _keep_exposures(
    folder: EvaluationFolder, path: Path, critical: Sequence[CriticalPhrase], order_digest: str
) -> None:
    from evaluator.exposure_lookup import look_up_exposures
    from exposure.commands.options import opened

    with opened(path) as timeline:
        exposures = look_up_exposures(timeline, critical)
    if exposures.source.order_digest != order_digest:
        raise ValueError(f"{path} indexes another data order than the run of these scores. Index .gpu-run/run.json.")
    folder.keep_exposures(exposures)


if __name__ == "__main__":
    main()
