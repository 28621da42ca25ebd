"""A data directory is opened, migrated or refused; one service holds it; disks that take nothing are told of."""

import errno
import fcntl
import json
import os
import shutil
import subprocess
import sys

import pytest
from shell import assert_sentence, environment, exposure

from service.data_directory import FOLDERS, DataDirectory, open_data_directory, read_identity
from service.errors import ServiceError
from service.lock import holder, serving

HOLD = """
import sys, time
from pathlib import Path
from service.lock import serving
with serving(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(600)
"""


def holding(data):
    """A process that serves `data`, once it does."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(data)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "held\n"
    return process


def end(process):
    """Kill it."""
    process.kill()
    process.communicate()


def test_a_new_directory_is_made_once(tmp_path):
    """Folders and an identity of 32 hexadecimal digits, which stays the same; no note to the operator."""
    opened = open_data_directory(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {*FOLDERS, "data.json"}
    assert opened.notes == ()
    assert len(opened.identity) == 32
    assert open_data_directory(tmp_path).identity == read_identity(tmp_path) == opened.identity
    assert open_data_directory(tmp_path.parent / "other").identity != opened.identity


def test_a_directory_of_the_version_before_is_migrated(workshop, tmp_path):
    """timelines/ alone, as it was written before there was a data.json: it opens, its files are untouched, and a
    sentence says what was added."""
    shutil.copytree(workshop / "data" / "timelines", tmp_path / "timelines")
    (tmp_path / "service.lock").write_text("123\n")
    before = {path: path.read_bytes() for path in (tmp_path / "timelines").rglob("*") if path.is_file()}
    opened = open_data_directory(tmp_path)
    assert len(opened.notes) == 1
    assert "before data directories had an identity" in opened.notes[0]
    assert {path: path.read_bytes() for path in (tmp_path / "timelines").rglob("*") if path.is_file()} == before
    assert open_data_directory(tmp_path).notes == ()
    assert exposure("doctor", tmp_path).status == 0


def test_an_older_directory_may_be_read_as_it_is(workshop, tmp_path):
    """Read-only, nothing is written, and a sentence says that it has no identity."""
    shutil.copytree(workshop / "data" / "timelines", tmp_path / "timelines")
    opened = open_data_directory(tmp_path, is_read_only=True)
    assert "without --read-only" in opened.notes[0]
    assert [path.name for path in tmp_path.iterdir()] == ["timelines"]


@pytest.mark.parametrize("change", [{"version": 2}, {"version": "1"}, {"format": "another"}, {"id": "../x"}, {"id": 7}])
def test_another_or_a_newer_directory_is_refused(tmp_path, change):
    """A newer version by a sentence that says so, anything else as damaged; nothing is overwritten."""
    place = open_data_directory(tmp_path).identity_file
    place.write_text(json.dumps({**json.loads(place.read_text()), **change}))
    before = place.read_text()
    expected = "is of version 2, this software knows 1" if change == {"version": 2} else "is damaged"
    for is_read_only in (False, True):
        with pytest.raises(ServiceError, match=expected):
            open_data_directory(tmp_path, is_read_only)
    assert place.read_text() == before


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b"\xff", b'{"format": "exposure.data"}'])
def test_a_damaged_identity_is_a_sentence(tmp_path, content):
    """Whatever stands in data.json, it is never a traceback, and the doctor mends it."""
    open_data_directory(tmp_path).identity_file.write_bytes(content)
    with pytest.raises(ServiceError, match="doctor --repair"):
        open_data_directory(tmp_path)
    assert exposure("doctor", tmp_path, "--repair").status == 3
    assert exposure("doctor", tmp_path).status == 0
    assert open_data_directory(tmp_path).notes == ()


def test_a_second_service_is_refused_by_a_sentence(tmp_path):
    """Two real processes: the second is told who holds the directory, and has it once the first was killed."""
    process = holding(tmp_path)
    try:
        assert holder(tmp_path) == str(process.pid)
        with pytest.raises(ServiceError, match=f"served already, by process {process.pid}"), serving(tmp_path):
            pytest.fail("both serve")
        answer = exposure("serve", "--data", tmp_path, "--port", 0)
        assert_sentence(answer)
        assert f"process {process.pid}" in answer.err
        with serving(tmp_path, is_read_only=True):
            pass  # whoever only answers harms nobody
    finally:
        end(process)
    assert holder(tmp_path) is None
    with serving(tmp_path):
        pass


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS])
def test_a_file_system_without_locks_is_a_sentence(tmp_path, monkeypatch, number):
    """A network file system that answers flock with an error is not taken for one that is served by another."""

    def refuse(file, operation):
        raise OSError(number, os.strerror(number))

    (tmp_path / "service.lock").touch()
    monkeypatch.setattr(fcntl, "flock", refuse)
    for take in (lambda: serving(tmp_path).__enter__(), lambda: holder(tmp_path)):
        with pytest.raises(ServiceError, match="gives no locks"):
            take()


def mounted(tmp_path, commands: str, then: str) -> subprocess.CompletedProcess[str]:
    """Run `then` (Python, DIR in argv[1]) where `commands` have mounted a small disk at DIR, in a mount namespace."""
    folder = tmp_path / "disk"
    folder.mkdir()
    script = f'set -e; mount -t tmpfs -o size=256k tmpfs "$1"; {commands}; exec "$2" -c "$3" "$1"'
    return subprocess.run(
        ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script, "sh", folder, sys.executable, then],
        capture_output=True,
        text=True,
        env=environment(),
        check=False,
        timeout=120,
    )


OPEN = """
import sys
from pathlib import Path
from exposure.errors import ExposureError
from service.data_directory import open_data_directory
from service.lock import serving
path = Path(sys.argv[1])
for is_read_only in (False, True):
    try:
        with serving(path, is_read_only):
            print("opened", open_data_directory(path, is_read_only).path == path)
    except ExposureError as error:
        print("refused", error)
"""


def namespaces_work() -> bool:
    """Whether this machine lets its users mount."""
    tried = ["unshare", "--user", "--map-root-user", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]
    return (
        shutil.which("unshare") is not None and subprocess.run(tried, capture_output=True, check=False).returncode == 0
    )


needs_mounts = pytest.mark.skipif(not namespaces_work(), reason="mounting is not allowed to the user of the tests")


@needs_mounts
def test_a_read_only_disk_names_the_option(tmp_path):
    """Without --read-only a sentence that names it; with it the directory is opened, and nothing has to be written."""
    done = mounted(tmp_path, 'mkdir "$1/timelines"; mount -o remount,ro "$1"', OPEN)
    refused, opened = done.stdout.splitlines()
    assert refused.startswith("refused"), done.stderr
    assert "--read-only" in refused
    assert opened == "opened True"


@needs_mounts
def test_a_full_disk_is_a_sentence(tmp_path):
    """data.json cannot be written: told, and no half-written one is left in its place."""
    fill = 'mkdir "$1/timelines"; dd if=/dev/zero of="$1/full" bs=4096 2>/dev/null || true'
    done = mounted(tmp_path, fill, OPEN + "print(sorted(one.name for one in path.iterdir()))")
    lines = done.stdout.splitlines()
    assert lines[0].startswith("refused"), done
    assert "data.json" not in lines[-1]
    assert "Traceback" not in done.stderr


def test_where_everything_is(tmp_path):
    """Each place of the layout lies in the directory."""
    data = DataDirectory(tmp_path)
    places = (data.timelines, data.evaluations, data.runs, data.pair_sets, data.phrase_sets, data.locks, data.removed)
    assert [place.name for place in places] == list(FOLDERS)
    for place in (data.jobs, data.run_manifest("a"), data.phrase_set("b"), data.pairs("c"), data.identity_file):
        assert place.is_relative_to(tmp_path)
