"""What every child does, with work of the tests' own: noise, crashes, too little memory, signals at any time."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time

import pytest
from child_processes import Said, finished, until

HEAD = """
import os, resource, signal, sys, threading, time
from pydantic import BaseModel
from exposure.child import run_child
from exposure.errors import ExposureError
from exposure.progress import tell
class Spec(BaseModel):
    number: int
def work(spec, lines):
"""
TAIL = """
sys.exit(run_child(Spec, work))
"""


def start(body: str, text: str = '{"number": 1}') -> subprocess.Popen[str]:
    """A child whose work is `body`."""
    code = HEAD + "".join(f"    {line}\n" for line in body.strip().splitlines()) + TAIL
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdin is not None
    process.stdin.write(text)
    process.stdin.close()
    process.stdin = None
    return process


def said(body: str) -> Said:
    """What a child says whose work is `body`."""
    return finished(start(body))


def test_its_result_is_its_outcome() -> None:
    """What the work returns is told as it is."""
    assert said("return {'seen': spec.number, 'text': 'naïve\\n東京'}").outcome == {
        "state": "succeeded",
        "result": {"seen": 1, "text": "naïve\n東京"},
    }


def test_noise_of_every_kind_stays_off_standard_output() -> None:
    """print, the descriptor itself, and a process below: all on standard error, and every line is whole."""
    done = said(
        """
print("by Python")
os.write(1, b"by descriptor, no newline")
os.system("echo by a process below")
for number in range(100): lines.write("note", {"text": "x" * 5000})
return {}
"""
    )
    assert done.noise == []
    assert len(done.of("note")) == 100
    for word in ("by Python", "by descriptor", "by a process below"):
        assert word in done.err


def test_lines_of_many_threads_are_whole() -> None:
    """Eight threads at once: no line is torn or lost."""
    done = said(
        """
def many(): [lines.write("note", {"text": "x" * 9000}) for _ in range(50)]
threads = [threading.Thread(target=many) for _ in range(8)]
[one.start() for one in threads]
[one.join() for one in threads]
return {}
"""
    )
    assert len(done.of("note")) == 400
    assert done.noise == []


def test_progress_is_thinned_and_its_end_is_told() -> None:
    """Ten thousand steps in a moment are a few lines; a new stage and the end of one always show."""
    done = said(
        """
for stage in ("one", "two"):
    for number in range(10_001): tell(stage, number, 10_000, "B")
return {}
"""
    )
    progress = done.of("progress")
    assert len(progress) < 20
    assert [one["stage"] for one in progress if one["done"] == one["total"]] == ["one", "two"]


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ("raise ExposureError('Shard 7 is gone. Fetch it again.')", "Shard 7 is gone. Fetch it again."),
        ("resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30)); bytearray(1 << 32)", "not enough memory"),
        ("open('/nowhere/at/all')", "/nowhere/at/all: No such file or directory"),
        ("raise OSError(28, 'No space left on device')", "No space left on device"),
    ],
)
def test_what_is_known_is_a_sentence(body: str, word: str) -> None:
    """A known error, too little memory under a limit, a missing file, a full disk: failed, status 0, no traceback."""
    done = said(body)
    assert done.status == 0
    assert done.outcome["state"] == "failed"
    assert word in done.outcome["problem"]
    assert "Traceback" not in done.err


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("1 / 0", 1),
        ("os.kill(os.getpid(), signal.SIGSEGV)", -signal.SIGSEGV),
        ("os.kill(os.getpid(), signal.SIGKILL)", -signal.SIGKILL),
        ("os.abort()", -signal.SIGABRT),
        ("import ctypes; ctypes.string_at(0)", -signal.SIGSEGV),
    ],
)
def test_a_crash_has_no_outcome(body: str, status: int) -> None:
    """A defect, a fault, a kill: no line says that it ended well or badly."""
    done = said(f"lines.write('note', {{'text': 'begun'}})\n{body}")
    assert done.status == status
    assert [line.type for line in done.lines] == ["note"]


@pytest.mark.parametrize(
    "body",
    [
        "time.sleep(600)",
        "while True: tell('busy', 0, 1, 'B')",
        "while True: lines.write('note', {'text': 'x' * 20000})",
        # Code that swallows whatever comes is asked again by the next progress.
        """
try: time.sleep(600)
except BaseException: pass
while True: tell('busy', 0, 1, 'B')""",
        # A signal while it fails: it was told to end, and that is what it says.
        """
try: time.sleep(600)
except BaseException: raise ExposureError('failed by being interrupted')""",
    ],
)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_told_to_end_it_says_cancelled(body: str, number: int) -> None:
    """Asleep, busy, in the middle of a line, swallowing, failing: cancelled, whole, status 0."""
    process = start(f"lines.write('note', {{'text': 'begun'}})\n{body.strip()}")
    assert process.stdout is not None
    assert json.loads(process.stdout.readline())["type"] == "note"
    process.send_signal(number)
    done = finished(process)
    assert done.status == 0, done.err
    assert done.outcome == {"state": "cancelled"}
    assert "Traceback" not in done.err


def test_what_hangs_while_it_ends_is_not_waited_for() -> None:
    """Cleaning up that never comes to an end: cancelled all the same, within seconds."""
    process = start(
        """
try:
    lines.write('note', {'text': 'begun'})
    time.sleep(600)
finally: time.sleep(600)
"""
    )
    assert process.stdout is not None
    process.stdout.readline()
    process.send_signal(signal.SIGTERM)
    told = time.monotonic()
    done = finished(process)
    assert (done.outcome, done.status) == ({"state": "cancelled"}, 0)
    assert time.monotonic() - told < 8


def test_a_second_signal_changes_nothing() -> None:
    """While it ends, more signals do not turn its outcome into a crash."""
    process = start(
        """
try:
    lines.write('note', {'text': 'begun'})
    time.sleep(600)
finally:
    lines.write('note', {'text': 'ending'})
    time.sleep(1)
"""
    )
    assert process.stdout is not None
    process.stdout.readline()
    process.send_signal(signal.SIGTERM)
    assert "ending" in process.stdout.readline()
    process.send_signal(signal.SIGTERM)
    process.send_signal(signal.SIGINT)
    assert finished(process).outcome == {"state": "cancelled"}


def test_a_reader_that_is_gone_ends_it() -> None:
    """A child whose lines nobody reads any more does not go on for ever."""
    process = start("lines.write('note', {'text': 'begun'})\nwhile True: lines.write('note', {'text': 'x' * 10000})")
    assert process.stdout is not None
    process.stdout.readline()
    process.stdout.close()
    process.stdout = None
    until(lambda: process.poll() is not None, 20)
    assert process.stderr is not None
    process.stderr.close()
