"""Artefacts appear whole or not at all."""

import os
from pathlib import Path

import pytest

from exposure.artefacts import atomic_write
from exposure.errors import UsageError


def names(folder: Path) -> list[str]:
    """What is in a folder, hidden files too."""
    return sorted(path.name for path in folder.iterdir())


def test_file_appears_only_after_the_block(tmp_path: Path) -> None:
    """While it is being written, the artefact is in the same folder under another name."""
    target = tmp_path / "a.bin"
    with atomic_write(target) as partial:
        partial.write_bytes(b"half")
        assert not target.exists()
        assert partial.parent == tmp_path
    assert names(tmp_path) == ["a.bin"]
    assert target.read_bytes() == b"half"


def test_the_same_bytes_are_left_alone_where_that_is_asked_for(tmp_path: Path) -> None:
    """The very file stays; other bytes, of the same length too, replace it, and without asking it always is."""
    target = tmp_path / "a.bin"
    target.write_bytes(b"half")
    first = target.stat().st_ino
    for content, keeps_same, stays in ((b"half", True, True), (b"Half", True, False), (b"Half", False, False)):
        with atomic_write(target, keeps_same) as partial:
            partial.write_bytes(content)
        assert (target.stat().st_ino == first, target.read_bytes()) == (stays, content)
        first = target.stat().st_ino
        assert names(tmp_path) == ["a.bin"]


def test_failure_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    """When the block raises, the old file stays and the temporary one goes."""
    target = tmp_path / "a.bin"
    target.write_bytes(b"old")
    with pytest.raises(KeyboardInterrupt), atomic_write(target) as partial:  # noqa: PT012  (it fails half-way)
        partial.write_bytes(b"new")
        raise KeyboardInterrupt
    assert names(tmp_path) == ["a.bin"]
    assert target.read_bytes() == b"old"


def test_old_file_is_replaced_whole(tmp_path: Path) -> None:
    """An open reader of the old file keeps the old content; the name leads to the new."""
    target = tmp_path / "a.bin"
    target.write_bytes(b"old and long")
    with target.open("rb") as reader:
        with atomic_write(target) as partial:
            partial.write_bytes(b"new")
        assert reader.read() == b"old and long"
    assert target.read_bytes() == b"new"


def test_two_writers_do_not_share_a_temporary_file(tmp_path: Path) -> None:
    """The last one to finish wins, and its file is its own."""
    with atomic_write(tmp_path / "a") as first, atomic_write(tmp_path / "a") as second:
        first.write_bytes(b"first")
        second.write_bytes(b"second")
    assert (tmp_path / "a").read_bytes() == b"first"
    assert names(tmp_path) == ["a"]


def test_block_that_writes_nothing_is_no_success(tmp_path: Path) -> None:
    """A block that did not create its file fails; the old file is not lost."""
    (tmp_path / "a").write_bytes(b"old")
    with pytest.raises(FileNotFoundError), atomic_write(tmp_path / "a"):
        pass
    assert (tmp_path / "a").read_bytes() == b"old"


def test_bytes_reach_the_disk_before_the_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is synced, then renamed, then its folder is synced."""
    events: list[str] = []
    real_fsync, real_replace = os.fsync, os.replace

    def fsync(handle: int) -> None:
        events.append("fsync folder" if os.path.isdir(f"/proc/self/fd/{handle}") else "fsync file")  # noqa: PTH112
        real_fsync(handle)

    def replace(source: str, target: str) -> None:
        events.append("replace")
        real_replace(source, target)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "replace", replace)
    with atomic_write(tmp_path / "a") as partial:
        partial.write_bytes(b"x")
    assert events == ["fsync file", "replace", "fsync folder"]


def test_missing_folder(tmp_path: Path) -> None:
    """A folder that does not exist is named before anything is written."""
    with (
        pytest.raises(UsageError, match=r"the folder .*no does not exist\. Make it first"),
        atomic_write(tmp_path / "no" / "a"),
    ):
        pytest.fail("the block must not run")


def test_target_is_a_folder(tmp_path: Path) -> None:
    """A folder in the place of the file is named."""
    with pytest.raises(UsageError, match="is a folder; a file was expected"), atomic_write(tmp_path):
        pytest.fail("the block must not run")


def test_impossible_name(tmp_path: Path) -> None:
    """A name that no file can have is an answer, not a traceback."""
    with pytest.raises(UsageError, match="cannot be written: File name too long"), atomic_write(tmp_path / ("a" * 300)):
        pytest.fail("the block must not run")


def test_folder_without_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder in which nothing may be written is named."""
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(UsageError, match="no permission in"), atomic_write(tmp_path / "a"):
        pytest.fail("the block must not run")
