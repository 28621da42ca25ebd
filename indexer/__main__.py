"""`python -m indexer`: the child process of an indexing job; a worker starts it (docs/workers.md)."""

from __future__ import annotations

import sys
from typing import Any

from exposure.child import run_child
from exposure.child_lines import ChildLines
from indexer.job_spec import IndexSpec


def work(spec: IndexSpec, lines: ChildLines) -> dict[str, Any]:
    """Index, the compiler being loaded only now that signals are obeyed and standard output is kept for lines."""
    from indexer.job import index

    return index(spec, lines)


if __name__ == "__main__":
    sys.exit(run_child(IndexSpec, work))
