"""Seeded damage: whatever happens to a file, no answer is wrong after `exposure doctor --repair`, and none before it
that the doctor has nothing to say about."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from random import Random

import kept_directories
import pytest

from exposure.phrase_file import read_phrases
from exposure.phrases import PhraseSet
from indexer.run import IndexOptions, index_corpus
from service.data_directory import DataDirectory
from service.upkeep.doctor import examine, mend

SEEDS = int(os.environ.get("EXPOSURE_DAMAGE_SEEDS", "2"))
"""More of them for a longer search: a seed takes some ten seconds."""
DAMAGES = 8
"""For each seed."""


def files(data: DataDirectory) -> list[Path]:
    """All that could be damaged, in order; locks and what SQLite has beside its file left out."""
    found = (path for path in sorted(data.path.rglob("*")) if path.is_file())
    return [path for path in found if path.name != "lock" and not path.name.endswith((".lock", "-wal", "-shm"))]


def flip(rng: Random, path: Path, data: DataDirectory) -> str:
    """One bit of one byte."""
    content = bytearray(path.read_bytes())
    place = rng.randrange(len(content))
    content[place] ^= 1 << rng.randrange(8)
    path.write_bytes(content)
    return f"byte {place} flipped"


def truncate(rng: Random, path: Path, data: DataDirectory) -> str:
    """Its end is gone."""
    size = rng.randrange(path.stat().st_size)
    path.write_bytes(path.read_bytes()[:size])
    return f"cut to {size}"


def delete(rng: Random, path: Path, data: DataDirectory) -> str:
    """It is gone."""
    path.unlink()
    return "deleted"


def swap(rng: Random, path: Path, data: DataDirectory) -> str:
    """It and another file of its kind under each other's names."""
    alike = [one for one in files(data) if one.suffix == path.suffix and one != path] or [path]
    other = rng.choice(alike)
    mine, theirs = path.read_bytes(), other.read_bytes()
    path.write_bytes(theirs)
    other.write_bytes(mine)
    return f"swapped with {other.relative_to(data.path)}"


def zero(rng: Random, path: Path, data: DataDirectory) -> str:
    """A stretch of it was never written to the disk."""
    content = bytearray(path.read_bytes())
    start = rng.randrange(len(content))
    end = min(len(content), start + rng.choice([1, 16, 512, 4096]))
    content[start:end] = bytes(end - start)
    path.write_bytes(content)
    return f"bytes {start} to {end} are zero"


def index_again(data: DataDirectory, workshop: Path) -> None:
    """What the doctor's remedies say for timelines."""
    phrases = {"tiny": ["first"], "grown": ["first", "more"]}
    for name, sets in phrases.items():
        for one in sets:
            wanted = PhraseSet.of(row.phrase for row in read_phrases(workshop / f"{one}.parquet") if row.phrase)
            out = data.timelines / name
            index_corpus(workshop / "run.json", wanted, out, IndexOptions(), (workshop / f"{one}.parquet",))


@pytest.mark.parametrize("seed", range(SEEDS))
def test_no_damage_makes_an_answer_wrong(whole, workshop, tmp_path, seed):
    """Flipped, cut, deleted, swapped, zeroed: what changes an answer is found, and repaired it is as before or not
    available; indexing again then brings every timeline back."""
    before = kept_directories.answers(whole)
    rng = Random(seed)
    for number in range(DAMAGES):
        data = DataDirectory(tmp_path / "data")
        shutil.copytree(whole.path, data.path)
        path = rng.choice(files(data))
        said = rng.choice([flip, flip, truncate, delete, swap, zero])(rng, path, data)
        where = f"seed {seed}, damage {number}: {path.relative_to(data.path)} {said}"
        hurt = kept_directories.answers(data)
        findings = examine(data.path)
        if hurt != before and not (said == "deleted" and stands_alone(path, data)):
            assert findings, f"{where} changed {different(before, hurt)}, and nothing was found"
        mend(data.path, findings)
        mended = kept_directories.answers(data)
        wrong = {key for key, value in mended.items() if value not in (before.get(key), kept_directories.UNAVAILABLE)}
        assert wrong <= {"planted exposures"}, f"{where}: after repairs {wrong} answer wrongly ({findings})"
        if "planted exposures" in wrong:
            assert mended["planted exposures"] == "None", where  # unknown
        if number % 7 == 0 and path.is_relative_to(data.timelines) and (data.timelines / "tiny/timeline.json").exists():
            index_again(data, workshop)
            again = kept_directories.answers(data)
            lost = {
                key for key in before if key.partition(" ")[0] in ("tiny", "grown") and again.get(key) != before[key]
            }
            assert not lost, f"{where}: {lost} did not come back ({findings})"
        shutil.rmtree(data.path)


def stands_alone(path: Path, data: DataDirectory) -> bool:
    """Whether nothing else tells that a file was ever there, so that deleting it looks as if it never was."""
    return path == data.jobs or path.parent in (data.phrase_sets, path.parents[1] / "phrase_sets")


def different(one: dict[str, str], other: dict[str, str]) -> list[str]:
    """The questions that are answered differently."""
    return [key for key in one.keys() | other.keys() if one.get(key) != other.get(key)]
