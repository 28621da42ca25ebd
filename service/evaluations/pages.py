"""Planning an answer of many rows: which of them one page holds, before the first is read."""

from __future__ import annotations

from dataclasses import dataclass

from service.errors import LimitError


@dataclass(frozen=True, slots=True)
class Asked:
    """Which rows of an answer are wanted: from row `start` on, `limit` of them, or all where it is None."""

    start: int
    limit: int | None
    most: int
    """Rows of one answer."""

    @property
    def wanted(self) -> int:
        """Rows that can be answered, at most."""
        return self.most if self.limit is None else min(self.limit, self.most)

    def refuse_excess(self, rows: int) -> None:
        """Raise LimitError where `rows` would be answered and nobody asked for them in pages."""
        if self.limit is None and rows > self.most:
            raise LimitError(
                f"These are {rows:,} rows, {self.most:,} is the most of one answer. Ask for fewer (some steps, some "
                f"paradigms), or for pages: limit={self.most}, and then each page's `next` as cursor."
            )
