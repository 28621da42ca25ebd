"""`python -m indexer`: the child process of an indexing job; a worker starts it (docs/workers.md)."""

from __future__ import annotations

import sys

from exposure.child import run_child
from indexer.job import index
from indexer.job_spec import IndexSpec

if __name__ == "__main__":
    sys.exit(run_child(IndexSpec, index))
