"""A process that publishes one timeline from its segments, over and over: `python -m benchmarks.service.publisher DIR`.

Each time the generation that is there is deleted before, or there would be nothing to do. It writes a line a time.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from benchmarks.service.world import census_of
from exposure.publish import publish
from exposure.timeline_folder import TimelineFolder


def main(path: Path) -> None:
    """Publish until ended."""
    folder = TimelineFolder.open(path)
    census = census_of(folder.order)
    while True:
        (path / "CURRENT").unlink(missing_ok=True)
        for generation in folder.generations.glob("*.duckdb"):
            generation.unlink()
        began = time.perf_counter()
        publish(folder, census)
        sys.stdout.write(f"{time.perf_counter() - began:.2f}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
