"""Blocks of text and their matches: one after the other, or read ahead and searched by several threads."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing

from indexer.blocks import Hits, TextBlock
from indexer.matchers.engine import Matcher
from indexer.readers.prefetch import prefetched


def matched(blocks: Iterator[TextBlock], finder: Matcher, threads: int) -> Iterator[tuple[TextBlock, Hits]]:
    """Each block with its matches, in order.

    With more threads than one, another one reads ahead; not more than twice as many blocks as threads are held at once.
    """
    if threads == 1:
        for block in blocks:
            yield block, finder.find(block)
            del block  # its memory serves the next one
        return
    with ThreadPoolExecutor(threads, thread_name_prefix="match") as pool:
        searched: deque[tuple[TextBlock, Future[Hits]]] = deque()
        with closing(prefetched(blocks, depth=threads)) as ahead:
            for block in ahead:
                searched.append((block, pool.submit(finder.find, block)))
                del block
                while len(searched) > threads or (searched and searched[0][1].done()):
                    yield _first(searched)
        while searched:
            yield _first(searched)


def _first(searched: deque[tuple[TextBlock, Future[Hits]]]) -> tuple[TextBlock, Hits]:
    block, hits = searched.popleft()
    return block, hits.result()
