"""Token counters for several threads: each borrows one, so that what it remembers is its own."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from indexer.token_counter import TokenCounter, may_leave_out
from indexer.tokens import TextTokenizer


class TokenCounters:
    """As many counters as are used at once, made when they are needed.

    `row_tokens` is None where all tokens are counted: always without it, and where it would not do to leave any out.
    """

    def __init__(self, tokenizer: TextTokenizer, row_tokens: int | None = None) -> None:
        self.tokenizer = tokenizer
        self.row_tokens = row_tokens if row_tokens is not None and may_leave_out(tokenizer) else None
        self._free: deque[TokenCounter] = deque()  # appending and popping are atomic
        self._pattern: TokenCounter | None = None
        self._making = Lock()

    @contextmanager
    def one(self) -> Iterator[TokenCounter]:
        """A counter that nobody else uses meanwhile."""
        try:
            counter = self._free.pop()
        except IndexError:
            counter = self._made()
        yield counter
        self._free.append(counter)

    def _made(self) -> TokenCounter:
        with self._making:
            if self._pattern is None:
                self._pattern = TokenCounter(self.tokenizer, self.row_tokens)
                return self._pattern
            return self._pattern.another()
