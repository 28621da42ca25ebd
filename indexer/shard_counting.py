"""Counting all shards of a run: one after the other, or several at once in processes of their own.

Processes share the shards, and threads within a process share the batches of one shard: so many files and one big one
keep the same number of cores at work, and the sidecars are the same bytes. Reading is mostly Python, which threads
cannot share, so processes are used where there is enough to read.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Iterator
from concurrent.futures import FIRST_EXCEPTION, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from multiprocessing.process import BaseProcess
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path

from exposure.errors import ExposureError
from exposure.orders import Shard, TokenizerSpec
from indexer.counting import Counting, Report, count_shard
from indexer.readers.text import Fields
from indexer.token_counters import TokenCounters
from indexer.tokens import TextTokenizer
from indexer.worker_processes import end_with_parent, interrupts_held

POLL_SECONDS = 0.2
PROCESS_BYTES = 1 << 26
"""Bytes of files that are worth another process, which takes a second or two to start."""
_read: Synchronized[int] | None = None


@dataclass(frozen=True)
class CensusInputs:
    """What every process has to know; `row_tokens` as in TokenCounters."""

    fields: Fields
    tokenizer: TokenizerSpec | None
    row_tokens: int | None
    folder: Path
    skip_bad: bool

    def counting(self, counters: TokenCounters | None, threads: int) -> Counting:
        """Ready to count, by so many threads."""
        return Counting(self.fields, counters, self.folder, self.skip_bad, threads)


def count_shards(
    inputs: CensusInputs, tokenizer: TextTokenizer | None, paths: list[Path], workers: int, report: Report
) -> tuple[Shard, ...]:
    """The manifest entries of shards, in order; the first error ends the work, finished sidecars being kept.

    `tokenizer` is that of the inputs, for this process.
    """
    processes = min(workers, len(paths), 1 + sum(path.stat().st_size for path in paths) // PROCESS_BYTES)
    with _tokenizers_on_one_core():
        if processes == 1:
            counters = None if tokenizer is None else TokenCounters(tokenizer, inputs.row_tokens)
            return tuple(count_shard(path, inputs.counting(counters, workers), report) for path in paths)
        threads = [workers // processes + (number < workers % processes) for number in range(processes)]
        return _count_in_pool(inputs, paths, threads, report)


def _count_in_pool(inputs: CensusInputs, paths: list[Path], threads: list[int], report: Report) -> tuple[Shard, ...]:
    context = multiprocessing.get_context("spawn")
    read: Synchronized[int] = context.Value("q", 0)
    with ProcessPoolExecutor(len(threads), mp_context=context, initializer=_adopt, initargs=(read,)) as pool:
        with interrupts_held():
            running = [
                pool.submit(_count, inputs, path, threads[number % len(threads)]) for number, path in enumerate(paths)
            ]
        workers = multiprocessing.active_children()
        try:
            _wait(running, read, report)
            return tuple(future.result() for future in running)
        except BrokenProcessPool as error:
            _end(workers, inputs.folder)
            raise ExposureError(
                "A worker process died (killed, or out of memory). The census of finished shards is kept: run the same "
                "command again, with fewer --workers if memory was short."
            ) from error
        except BaseException:
            _end(workers, inputs.folder)
            raise


def _wait(running: list[Future[Shard]], read: Synchronized[int], report: Report) -> None:
    """Until all shards are counted or one has an error; tells what was read meanwhile."""
    told, waiting = 0, set(running)
    while waiting:
        done, waiting = wait(waiting, timeout=POLL_SECONDS, return_when=FIRST_EXCEPTION)
        now = read.get_obj().value  # without its lock, which a worker that was killed may hold for ever
        report(now - told)
        told = now
        for future in done:
            future.result()


def _end(workers: list[BaseProcess], folder: Path) -> None:
    """End workers and remove what they had not finished: it is counted again."""
    for worker in workers:
        worker.terminate()
        worker.join()
        for partial in folder.glob(f".*.{worker.pid}-*.partial"):
            partial.unlink(missing_ok=True)


def _adopt(read: Synchronized[int]) -> None:
    global _read
    _read = read
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent answers Ctrl-C, and ends us
    end_with_parent()


def _count(inputs: CensusInputs, path: Path, threads: int) -> Shard:
    counters = None if inputs.tokenizer is None else _counters(inputs.tokenizer, inputs.row_tokens)
    return count_shard(path, inputs.counting(counters, threads), _report)


def _report(bytes_read: int) -> None:
    if _read is not None:
        with _read.get_lock():
            _read.value += bytes_read


@cache
def _counters(tokenizer: TokenizerSpec, row_tokens: int | None) -> TokenCounters:
    return TokenCounters(TextTokenizer.of(tokenizer), row_tokens)


@contextmanager
def _tokenizers_on_one_core() -> Iterator[None]:
    """Keep the tokenizers library from using all cores by itself: `workers` says how many are used."""
    name = "TOKENIZERS_PARALLELISM"
    before = os.environ.get(name)
    os.environ[name] = "false"
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before
