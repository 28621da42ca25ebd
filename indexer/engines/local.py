"""The local engine: units on this machine, in this process or in a pool of spawned ones."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from multiprocessing.sharedctypes import Synchronized

from exposure.errors import CorpusError, ExposureError
from exposure.units import Unit
from indexer.scan import ScanInputs, scan_unit
from indexer.worker_processes import end_with_parent, interrupts_held

POLL_SECONDS = 0.2
OnScanned = Callable[[int], None]
Outcome = tuple[Unit, CorpusError | None]
_scanned: Synchronized[int] | None = None


def run_units(inputs: ScanInputs, units: list[Unit], workers: int, on_scanned: OnScanned) -> Iterator[Outcome]:
    """Scan every unit; yields each as it ends, with the error of a shard that could not be read.

    With twice as many workers as units, each unit is searched by several threads. Any other error ends the work, what
    is finished being kept.
    """
    processes = max(min(workers, len(units)), 1)
    inputs = replace(inputs, threads=max(workers // processes, 1))
    if processes == 1:
        for unit in units:
            yield unit, _attempt(inputs, unit, on_scanned)
        return
    yield from _run_in_pool(inputs, units, processes, on_scanned)


def _run_in_pool(inputs: ScanInputs, units: list[Unit], workers: int, on_scanned: OnScanned) -> Iterator[Outcome]:
    context = multiprocessing.get_context("spawn")
    scanned: Synchronized[int] = context.Value("q", 0)
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_adopt, initargs=(scanned,)) as pool:
        with interrupts_held():
            running: dict[Future[CorpusError | None], Unit] = {pool.submit(_scan, inputs, unit): unit for unit in units}
        told = 0
        try:
            while running:
                done, _ = wait(running, timeout=POLL_SECONDS, return_when=FIRST_COMPLETED)
                now = scanned.get_obj().value  # without its lock, which a worker that was killed may hold for ever
                on_scanned(now - told)
                told = now
                for future in done:
                    yield running.pop(future), future.result()
        except BrokenProcessPool as error:
            raise ExposureError(
                "A worker process died (killed, or out of memory). Finished units are kept: index the same "
                "again, on fewer cores if memory was short."
            ) from error
        except BaseException:
            for worker in multiprocessing.active_children():
                worker.terminate()  # what they had not finished is scanned again
            raise


def _adopt(scanned: Synchronized[int]) -> None:
    global _scanned
    _scanned = scanned
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent answers Ctrl-C, and ends us
    end_with_parent()


def _scan(inputs: ScanInputs, unit: Unit) -> CorpusError | None:
    return _attempt(inputs, unit, _count)


def _count(characters: int) -> None:
    if _scanned is not None:
        with _scanned.get_lock():
            _scanned.value += characters


def _attempt(inputs: ScanInputs, unit: Unit, on_scanned: OnScanned) -> CorpusError | None:
    try:
        scan_unit(inputs, unit, on_scanned)
    except CorpusError as error:
        return error
    return None
