"""From pickled weights to a checkpoint that can be evaluated. This process never reads the pickle itself."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from evaluator.checkpoint_files import CheckpointFiles, LocalFiles
from evaluator.conversion import PICKLE, PICKLE_INDEX, pickle_files
from evaluator.hub import Hub
from evaluator.model_kind import CONFIG, read_config
from evaluator.tokenizer_digest import MODEL_FILES, SETTING_FILES
from evaluator.weight_digest import hash_of_files
from evaluator.weight_files import INDEX, WEIGHTS, checked_files, weight_files
from exposure.errors import CheckpointError

_HUB = re.compile(r"([\w.-]+(?:/[\w.-]+)?)@(\S+)")

_KEPT = (CONFIG, "generation_config.json", *MODEL_FILES, *SETTING_FILES)
"""Files that go along as they are."""


def convert_checkpoint(given: str, target: Path, limit_seconds: int, hub: Hub | None = None) -> str:
    """Write the checkpoint `given`, a folder or owner/name@revision, as safetensors into the new folder `target`.

    The pickle is read in a process of its own that is ended after `limit_seconds`. Returns the weights hash of what
    was written; raises CheckpointError, `target` not being there then.
    """
    if target.exists():
        raise CheckpointError(f"{target} exists already. Give a new folder.")
    files = _files(given, hub or Hub())
    source = _fetched(files)
    with _partial_folder(target) as partial:
        for name in _KEPT:
            if name in files.files:
                shutil.copyfile(source / name, partial / name)
        _run_apart(source, partial, limit_seconds)
        names = weight_files(partial, [one.name for one in partial.iterdir()], str(target))
        digest = hash_of_files([file.path for file in checked_files(partial, names)])
        partial.rename(target)
    return digest


def _files(given: str, hub: Hub) -> CheckpointFiles:
    match = _HUB.fullmatch(given)
    if match is not None and not Path(given).exists():
        return hub.files(match[1], match[2])
    return LocalFiles.of(Path(given).expanduser())


def _fetched(files: CheckpointFiles) -> Path:
    """The folder with everything that is read, after all that can be refused without reading the pickle."""
    there = files.files
    if WEIGHTS in there or INDEX in there:
        raise CheckpointError(f"{files.name} has its weights as safetensors already. Evaluate it as it is.")
    if CONFIG not in there:
        raise CheckpointError(f"{files.name} holds no {CONFIG}, so it is no model of transformers.")
    folder = files.fetch([name for name in (*_KEPT, PICKLE_INDEX) if name in there])
    read_config(folder / CONFIG, files.name)
    return files.fetch([*pickle_files(folder, there), *([PICKLE_INDEX] if PICKLE not in there else [])])


@contextmanager
def _partial_folder(target: Path) -> Iterator[Path]:
    partial = target.absolute().with_name(f".{target.name}.{secrets.token_hex(4)}.partial")
    try:
        partial.mkdir(parents=True)
        yield partial
    except OSError as error:
        raise CheckpointError(f"{target} cannot be written ({error.strerror}). Give another folder.") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _run_apart(source: Path, target: Path, limit_seconds: int) -> None:
    command = [sys.executable, "-m", "evaluator.conversion", str(source.absolute()), str(target), str(limit_seconds)]
    environment = {**os.environ, "HF_HUB_OFFLINE": "1"}
    # A group of its own, so that nothing it may have started is left behind.
    with subprocess.Popen(
        command, env=environment, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        try:
            _, said = process.communicate(timeout=limit_seconds)
        except subprocess.TimeoutExpired as error:
            raise CheckpointError(
                f"{source} could not be converted within {limit_seconds:,} seconds. Give more: --limit-seconds"
            ) from error
        finally:
            _end(process)
    if process.returncode != 0:
        raise CheckpointError(_why(source, process.returncode, said))


def _end(process: subprocess.Popen[str]) -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)


def _why(source: Path, status: int, said: str) -> str:
    if status < 0:
        name = signal.Signals(-status).name
        return f"{source} could not be converted: its process was ended by {name}, as when memory runs out."
    return (said.strip().splitlines() or [f"{source} could not be converted (exit status {status})."])[-1]
