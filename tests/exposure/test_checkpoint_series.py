"""The file that says which weights a run had at which step."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from exposure.checkpoint_series import CheckpointSeries, CheckpointSource
from exposure.errors import CheckpointError

LOCAL = {"step": 0, "path": "step-0"}
HUB = {"step": 5, "repo": "lab/model", "revision": "step5"}


def written(folder: Path, **fields: Any) -> Path:
    """A file made by hand."""
    path = folder / "series.json"
    path.write_text(json.dumps({"name": "mine", "checkpoints": [LOCAL, HUB], **fields}))
    return path


def test_read_by_hand(tmp_path: Path) -> None:
    """Relative paths are taken from where the file lies; those of a hub stay as they are."""
    series = CheckpointSeries.load(written(tmp_path, run="../run.json"))
    assert [one.name for one in series.checkpoints] == [str(tmp_path / "step-0"), "lab/model@step5"]
    assert series.run is not None
    assert Path(series.run).resolve() == (tmp_path.parent / "run.json").resolve()


def test_moved_as_a_whole(tmp_path: Path) -> None:
    """A series that was saved and moved with its checkpoints still finds them; what lay elsewhere is found there."""
    (tmp_path / "here" / "step-0").mkdir(parents=True)
    outside = tmp_path / "outside" / "run.json"
    source = CheckpointSource(step=0, path=str(tmp_path / "here" / "step-0"))
    series = CheckpointSeries(name="mine", run=str(outside), checkpoints=(source,))
    series.save(tmp_path / "here" / "series.json")
    assert CheckpointSeries.load(tmp_path / "here" / "series.json") == series
    shutil.move(tmp_path / "here", tmp_path / "there")
    moved = CheckpointSeries.load(tmp_path / "there" / "series.json")
    assert [one.path for one in moved.checkpoints] == [str(tmp_path / "there" / "step-0")]
    assert moved.run == str(outside)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"checkpoints": []}, "checkpoints"),
        ({"checkpoints": [HUB, LOCAL]}, "steps must increase"),
        ({"checkpoints": [LOCAL, LOCAL]}, "steps must increase"),
        ({"checkpoints": [{"step": 1}]}, "give either path, or repo with revision"),
        ({"checkpoints": [{**HUB, "path": "a"}]}, "give either path, or repo with revision"),
        ({"checkpoints": [{"step": 1, "path": "a", "revision": "r"}]}, "give either path, or repo with revision"),
        ({"checkpoints": [{"step": 5, "repo": "lab/model"}]}, "needs the revision of step 5"),
        ({"checkpoints": [{"step": -1, "path": "a"}]}, r"checkpoints\.0\.step"),
        ({"tokens": 3}, "tokens: Extra inputs"),
    ],
)
def test_files_that_are_wrong(fields: dict[str, Any], sentence: str, tmp_path: Path) -> None:
    """A file that says too little, too much or contradicts itself is refused by what is wrong with it."""
    path = written(tmp_path, **fields)
    with pytest.raises(CheckpointError, match=rf"series\.json is not a series of checkpoints: .*{sentence}"):
        CheckpointSeries.load(path)


def test_files_that_are_none(tmp_path: Path) -> None:
    """A file that is not there, or is no JSON, ends in a sentence."""
    with pytest.raises(CheckpointError, match="There is no series of checkpoints"):
        CheckpointSeries.load(tmp_path / "gone.json")
    for content in (b"\xff\xfe", b"{"):
        (tmp_path / "series.json").write_bytes(content)
        with pytest.raises(CheckpointError, match="is not a series of checkpoints"):
            CheckpointSeries.load(tmp_path / "series.json")
