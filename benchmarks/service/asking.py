"""Clients, each a process with one connection that is kept, and how long each of their questions took."""

from __future__ import annotations

import http.client
import multiprocessing
import socket
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

import numpy as np
import numpy.typing as npt

CLIENTS = 8
Milliseconds = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Question:
    """One request."""

    path: str
    body: bytes | None = None
    media: str = "application/json"
    accept: str = "application/json"


class Client:
    """One connection that is kept."""

    def __init__(self, url: str) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=120)
        self._connection.connect()
        self._connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self, question: Question) -> tuple[float, bytes]:
        """(milliseconds until the answer was there whole, the answer)."""
        headers = {"Accept": question.accept} | ({"Content-Type": question.media} if question.body else {})
        began = time.perf_counter()
        self._connection.request("POST" if question.body else "GET", question.path, question.body, headers)
        answer = self._connection.getresponse()
        content = answer.read()
        took = (time.perf_counter() - began) * 1e3
        if answer.status != 200:
            raise RuntimeError(f"{question.path}: {answer.status} {content[:500]!r}")
        return took, content


def by_phrase(path: str, phrases: Iterable[str]) -> list[Question]:
    """A question for each phrase; `path` ends where the phrase begins."""
    return [Question(path + quote(phrase)) for phrase in phrases]


def asked_at_once(url: str, questions: list[Question], seconds: float) -> Milliseconds:
    """How long each took when CLIENTS ask one after the other for `seconds`, all at the same time."""
    context = multiprocessing.get_context("spawn")
    start = time.time() + 2.0
    with ProcessPoolExecutor(CLIENTS, mp_context=context) as pool:
        shares = [(url, questions[number::CLIENTS] or questions, start, seconds) for number in range(CLIENTS)]
        return np.concatenate(list(pool.map(_ask, shares)))


def _ask(share: tuple[str, list[Question], float, float]) -> Milliseconds:
    url, questions, start, seconds = share
    client = Client(url)
    for question in questions[:20]:
        client.ask(question)
    time.sleep(max(0.0, start - time.time()))
    took: list[float] = []
    while time.time() < start + seconds:
        took.append(client.ask(questions[len(took) % len(questions)])[0])
    return np.array(took)


def pinged(url: str, while_: Callable[[], object], pause: float = 0.002) -> Milliseconds:
    """How long questions that need nothing took while `while_` ran here; they are asked by another process."""
    context = multiprocessing.get_context("spawn")
    with context.Manager() as manager:
        is_over = manager.Event()
        with ProcessPoolExecutor(1, mp_context=context) as pool:
            pinging = pool.submit(_ping, url, is_over, pause)
            time.sleep(2.0)
            while_()
            is_over.set()
            began, took = pinging.result()
    return took[began > 1.5]


def _ping(url: str, is_over, pause: float):  # type: ignore[no-untyped-def]
    client = Client(url)
    begin, began, took = time.perf_counter(), [], []
    while not (len(took) % 50 == 0 and is_over.is_set()):
        began.append(time.perf_counter() - begin)
        took.append(client.ask(Question("/v1/health"))[0])
        time.sleep(pause)
    return np.array(began), np.array(took)
