"""What a service is started with: passed in, never read from the environment."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

LOOPBACK_HOSTS = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True)
class Settings:
    """The data directory, and how much one request may ask for.

    `hosts` are the names under which the service may be addressed (the Host header): a page in somebody's browser that
    points its own name at 127.0.0.1 must not be answered.
    """

    data: Path
    max_phrases: int = 100_000
    max_phrase_characters: int = 1_000
    max_body_bytes: int = 16 << 20
    hosts: tuple[str, ...] = LOOPBACK_HOSTS

    @property
    def timelines(self) -> Path:
        """The folder of timelines; it need not exist yet."""
        return self.data / "timelines"

    def public(self, text: str) -> str:
        """`text` with files named from the data directory on: where that lies is not the client's business."""
        return text.replace(f"{self.data}/", "").replace(str(self.data), "the data directory")
