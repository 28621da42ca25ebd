"""`python -m benchmarks.gpu.bundle --out .gpu`: the inputs of GPU measurements, small enough to be carried there.

BLiMP's pairs, the tokenizer of GPT-NeoX, and the token rows of a run over the novels with a tokenizer of their own; or
the same of the generated world, with --small. Beside it, OUT-run keeps the run for `exposure index`. Never committed.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.gpu.inputs import CONTENTS, FORMAT, PACKED, PAIRS, ROW_ARRAYS, RUN, RUN_TOKENIZER, TOKENIZER
from lab.token_rows import FACTS, LENGTHS, ROWS

DATA = Path(__file__).parent.parent.parent.parent / "shared" / "data"
MOST_BYTES = 50 << 20
END = "<|endoftext|>"


@dataclass(frozen=True)
class Recipe:
    """How the run is cut: EXP's vocabulary, L = 256, batches of 64; or what a test trains in seconds."""

    vocabulary: int | None  # None: the tokenizer of the pairs' model is the run's too
    length: int
    batch: int
    epochs: int


NOVELS = Recipe(32_000, 256, 64, 8)
WORLD = Recipe(None, 64, 16, 1)


@dataclass(frozen=True)
class Sources:
    """Files that are packed, or that the run is made of."""

    pairs: tuple[Path, ...]
    tokenizer: Path
    corpus: str  # glob


def main() -> None:
    """Make the bundle that was asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu.bundle", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path(".gpu"), help="a folder, replaced if it is a bundle [.gpu]")
    parser.add_argument("--data", type=Path, default=DATA, help="folder with blimp/, novels/ and tokenizers/")
    parser.add_argument("--epochs", type=int, help="of the run [8]")
    parser.add_argument("--small", action="store_true", help="of the generated world")
    asked = parser.parse_args()
    size = make_bundle(asked.out, None if asked.small else asked.data, asked.epochs)
    print(f"{asked.out}: {size / 1e6:.1f} MB")


def make_bundle(out: Path, data: Path | None, epochs: int | None = None) -> int:
    """Make a bundle of `data`, or of the generated world where it is None; returns its bytes."""
    out = out.absolute()
    if out.exists() and any(out.iterdir()) and not (out / CONTENTS).exists():
        sys.exit(f"{out} exists and is no bundle. Give another folder to --out.")
    work = run_folder(out)
    for folder in (work, out):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    sources, recipe = (_world(work), WORLD) if data is None else (_real(data), NOVELS)
    tokenizer = _run_tokenizer(sources, recipe, work)
    rows = _rows(sources, recipe, epochs or recipe.epochs, tokenizer, work)
    _pack(out / f"{PAIRS}.gz", b"".join(path.read_bytes() for path in sources.pairs))
    _pack(out / f"{TOKENIZER}.gz", sources.tokenizer.read_bytes())
    _pack(out / f"{RUN_TOKENIZER}.gz", tokenizer.read_bytes())
    shutil.copyfile(work / RUN, out / RUN)
    shutil.copyfile(rows / FACTS, out / FACTS)
    np.savez_compressed(out / ROW_ARRAYS, ids=np.load(rows / ROWS), lengths=np.load(rows / LENGTHS))
    return _close(out, is_small=data is None)


def run_folder(bundle: Path) -> Path:
    """Where the run itself stays, with its census: what `exposure index` needs. It is not carried."""
    return bundle.with_name(f"{bundle.name}-run")


def _close(out: Path, is_small: bool) -> int:
    size = sum((out / name).stat().st_size for name in PACKED)
    if size > MOST_BYTES:
        raise ValueError(f"{out} has {size:,} bytes, more than the {MOST_BYTES:,} that can be carried")
    digests = {name: hashlib.sha256((out / name).read_bytes()).hexdigest() for name in PACKED}
    contents = {"format": FORMAT, "is_small": is_small, "sha256": digests}
    (out / CONTENTS).write_text(json.dumps(contents, indent=1) + "\n", encoding="utf-8")
    return size


def _real(data: Path) -> Sources:
    wanted = [data / "blimp", data / "novels", data / "tokenizers" / "gpt-neox-20b.json"]
    if missing := [str(path) for path in wanted if not path.exists()]:
        sys.exit(f"{', '.join(missing)} missing. Give --data FOLDER, or --small for a bundle of the generated world.")
    return Sources(tuple(sorted(wanted[0].glob("*.jsonl"))), wanted[2], str(wanted[1] / "*.jsonl.zst"))


def _world(work: Path) -> Sources:
    _exposure("world", work / "world", "--documents", 400, "--pairs-per-paradigm", 8)
    world = work / "world"
    return Sources((world / "pairs.jsonl",), world / "tokenizer.json", str(world / "corpus" / "*.jsonl.gz"))


def _run_tokenizer(sources: Sources, recipe: Recipe, work: Path) -> Path:
    if recipe.vocabulary is None:
        return sources.tokenizer
    made = work / "trained.json"
    _exposure("train-tokenizer", "--corpus", sources.corpus, "--vocabulary", recipe.vocabulary, "-o", made)
    return made


def _rows(sources: Sources, recipe: Recipe, epochs: int, tokenizer: Path, work: Path) -> Path:
    """The folder of the token rows; the manifest is written to `work`."""
    of_rows = ("--packing", "concatenate", "--sequence-length", recipe.length, "--row-prefix", END)
    of_order = ("--batch-sequences", recipe.batch, "--epochs", epochs, "--shuffle-seed", 0)
    from_corpus = ("--corpus", sources.corpus, "--tokenizer", tokenizer)
    _exposure("run", "init", *from_corpus, *of_rows, *of_order, "-o", work / RUN)
    _exposure("pretrain", work / RUN, "--out", work / "unused", "--prepare")
    (rows,) = (work / "token-rows").iterdir()
    return rows


def _exposure(*arguments: object) -> None:
    subprocess.run([sys.executable, "-m", "exposure", *map(str, arguments)], check=True)


def _pack(path: Path, data: bytes) -> None:
    """gzip without a name or a time, so that the same files make the same bundle."""
    path.write_bytes(gzip.compress(data, 9, mtime=0))


if __name__ == "__main__":
    main()
