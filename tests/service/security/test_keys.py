"""Keys: what the file keeps, who may write it, and what a running service makes of changes."""

import hashlib
import json
import logging
import os
import re
import stat
import subprocess
import sys
import threading

import pytest

from exposure.cli import root
from service.errors import AccessError, ServiceError
from service.keys import key_ring
from service.keys.access import EVERYBODY, SCOPES, allowed_by
from service.keys.key_file import add_key, digest_of, new_key, read_keys, remove_key
from service.keys.key_ring import KeyRing


@pytest.fixture
def file(tmp_path):
    return tmp_path / "keys.json"


@pytest.fixture
def impatient(monkeypatch):
    """A ring that looks at its file every time."""
    monkeypatch.setattr(key_ring, "LOOK_SECONDS", 0.0)


def shell(*arguments: object) -> subprocess.CompletedProcess:
    words = [sys.executable, "-W", "error", "-m", "exposure", "keys", *map(str, arguments)]
    return subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)


def test_a_key_is_printed_once_and_the_file_keeps_only_its_hash(file):
    """Whoever reads the file learns no key, and only its owner reads it."""
    made = shell("add", "--file", file, "reader", "--scope", "read")
    key = made.stdout.strip()
    assert re.fullmatch(r"exp_[A-Za-z0-9_-]{43}", key)
    text = file.read_text()
    assert key not in text
    assert key.removeprefix("exp_") not in text
    assert hashlib.sha256(key.encode()).hexdigest() in text
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    listed = shell("list", "--file", file)
    assert listed.stdout.split("\t")[:2] == ["reader", "read"]
    assert (made.returncode, listed.returncode, listed.stderr) == (0, 0, "")


def test_keys_are_random():
    """256 bits, no two alike."""
    keys = {new_key() for _ in range(1000)}
    assert len(keys) == 1000
    assert all(len(key) == 4 + 43 for key in keys)


def test_scopes_and_names_come_back_as_they_were_given(file):
    """In one order, each once."""
    add_key(file, "a", ("worker",))
    root.main(["keys", "add", "--file", str(file), "b", *("--scope", "index") * 2, "--scope", "read"],
              standalone_mode=False)  # fmt: skip
    assert [(one.name, one.scopes) for one in read_keys(file)] == [("a", ("worker",)), ("b", ("read", "index"))]


def test_a_key_that_is_removed_is_gone_and_the_others_stay(file):
    """Also from the shell, which knows no other name."""
    kept, gone = add_key(file, "kept", ("read",)), add_key(file, "gone", ("admin",))
    assert shell("remove", "--file", file, "gone").returncode == 0
    assert [one.sha256 for one in read_keys(file)] == [digest_of(kept)]
    assert digest_of(gone) not in file.read_text()
    again = shell("remove", "--file", file, "gone")
    assert (again.returncode, "It has: kept" in again.stderr) == (1, True)


def test_keys_that_are_made_at_once_are_all_kept(file):
    """Nobody writes over what another has just added."""
    threads = [threading.Thread(target=add_key, args=(file, f"k{number}", ("read",))) for number in range(20)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert {one.name for one in read_keys(file)} == {f"k{number}" for number in range(20)}


@pytest.mark.parametrize("name", ["", "a b", "../x", "-x", "a" * 101, "é", "a\n"])
def test_what_is_no_name_is_refused(file, name):
    """Names stand in logs."""
    with pytest.raises(ServiceError, match="no name"):
        add_key(file, name, ("read",))
    assert not file.exists()


def test_a_name_is_given_once(file):
    """The file stays as it was."""
    add_key(file, "a", ("read",))
    before = file.read_bytes()
    with pytest.raises(ServiceError, match="already"):
        add_key(file, "a", ("admin",))
    assert file.read_bytes() == before


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666, 0o660])
def test_a_file_that_others_may_write_is_refused(file, mode):
    """They could give themselves keys."""
    add_key(file, "a", ("read",))
    file.chmod(mode)
    with pytest.raises(ServiceError, match="chmod 600"):
        KeyRing(file)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_a_file_of_another_user_is_refused(file):
    """So could they."""
    add_key(file, "a", ("read",))
    os.chown(file, 12345, 12345)
    with pytest.raises(ServiceError, match="belongs to user 12345"):
        KeyRing(file)


_KEY = {"name": "a", "scopes": ["read"], "sha256": "0" * 64, "created": "2026-01-01"}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"\xff",
        b'{"keys": 1}',
        json.dumps({"keys": [{**_KEY, "scopes": []}]}).encode(),
        json.dumps({"keys": [{**_KEY, "scopes": ["root"]}]}).encode(),
        json.dumps({"keys": [{**_KEY, "sha256": "0"}]}).encode(),
        json.dumps({"keys": [{**_KEY, "more": 1}]}).encode(),
        json.dumps({"keys": [{**_KEY, "name": "(workers of this service)"}]}).encode(),
        json.dumps({"keys": [_KEY, _KEY]}).encode(),
        b" " * (1 << 20) + b"{}",
    ],
)
def test_a_file_that_is_none_of_keys_is_refused_with_a_sentence(file, content):
    """Nothing of it is taken."""
    file.write_bytes(content)
    file.chmod(0o600)
    with pytest.raises(ServiceError, match="exposure keys add"):
        read_keys(file)


def test_a_service_is_not_started_without_a_key(file, tmp_path):
    """A file that is not there, a folder, and one that is empty."""
    for path in (file, tmp_path):
        with pytest.raises(ServiceError, match="key"):
            KeyRing(path)
    add_key(file, "a", ("read",))
    remove_key(file, "a")
    with pytest.raises(ServiceError, match="has no keys"):
        KeyRing(file)


def test_each_key_is_its_own_caller(file):
    """Anything else is nobody; also nothing, and half of a key."""
    keys = {name: add_key(file, name, (name,)) for name in SCOPES}
    ring = KeyRing(file)
    for name, key in keys.items():
        assert (ring.caller(key).name, ring.caller(key).allowed) == (name, allowed_by((name,)))
    for wrong in (None, "", "exp_", keys["read"][:-1], keys["read"] + "x", keys["read"].upper(), "é", "\udc80"):
        with pytest.raises(AccessError):
            ring.caller(wrong)


def test_what_a_scope_allows():
    """Written out: admin everything; index and evaluate also reading; a worker nothing but work."""
    assert allowed_by(("read",)) == {"read"}
    assert allowed_by(("index",)) == {"read", "index"}
    assert allowed_by(("evaluate",)) == {"read", "evaluate"}
    assert allowed_by(("worker",)) == {"worker"}
    assert allowed_by(("admin",)) == {"read", "index", "evaluate", "worker", "admin"}
    assert EVERYBODY.allowed == {"read", "index", "evaluate", "admin"}


def test_changes_of_the_file_are_taken_up(file, impatient):
    """A new key opens, a removed one does not, and not even the last one does once it is gone."""
    first = add_key(file, "first", ("read",))
    ring = KeyRing(file)
    second = add_key(file, "second", ("read",))
    assert ring.caller(second).name == "second"
    for name in ("first", "second"):
        remove_key(file, name)
    for key in (first, second, None):
        with pytest.raises(AccessError):
            ring.caller(key)


def test_a_removed_key_is_refused_within_a_second(file, monkeypatch):
    """The file is not looked at for each request, but often enough."""
    now = [0.0]
    monkeypatch.setattr(key_ring.time, "monotonic", lambda: now[0])
    key = add_key(file, "a", ("read",))
    ring = KeyRing(file)
    remove_key(file, "a")
    assert ring.caller(key).name == "a"
    now[0] = 1.0
    with pytest.raises(AccessError):
        ring.caller(key)


@pytest.mark.parametrize("harm", ["garbage", "gone", "writable"])
def test_a_file_that_is_spoilt_keeps_the_old_keys_and_is_logged_once(file, impatient, caplog, harm):
    """A slip of an editor locks nobody out; the next good content counts."""
    key = add_key(file, "a", ("read",))
    ring = KeyRing(file)
    content = file.read_bytes()
    if harm == "gone":
        file.unlink()
    elif harm == "garbage":
        file.write_bytes(b"{")
    else:
        file.chmod(0o666)
    with caplog.at_level(logging.ERROR, "exposure.service"):
        assert [ring.caller(key).name for _ in range(3)] == ["a"] * 3
    assert caplog.text.count("the keys stay as they were") == 1
    file.unlink(missing_ok=True)
    file.write_bytes(content.replace(b'"a"', b'"b"'))
    file.chmod(0o600)
    assert ring.caller(key).name == "b"


def test_a_key_of_the_process_itself_works_with_and_without_a_file(file):
    """It is in no file, and is the only one that may work where there are no keys."""
    for ring in (KeyRing(None), KeyRing(_with_key(file))):
        own = ring.grant("(own)", ("worker",))
        assert ring.caller(own).allowed == {"worker"}
        assert ring.caller(own).name == "(own)"
    assert digest_of(own) not in file.read_text()


def _with_key(file):
    add_key(file, "a", ("read",))
    return file


def test_without_keys_everybody_is_answered_and_nobody_works():
    """Whatever is sent."""
    ring = KeyRing(None)
    for key in (None, "", "exp_x"):
        assert ring.caller(key) is EVERYBODY
