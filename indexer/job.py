"""An indexing job in its child process: `python -m indexer`."""

from __future__ import annotations

from typing import Any

from exposure.child_lines import ChildLines
from exposure.phrases import MatchRule
from indexer.job_spec import IndexSpec
from indexer.request_flow import IndexInputs, index_inputs
from indexer.run import IndexOptions, IndexResult


def index(spec: IndexSpec, lines: ChildLines) -> dict[str, Any]:
    """Index as asked, and say what was done; the result of the job."""
    del lines  # its progress is all there is to tell
    request = spec.request
    rule = MatchRule(request.match.case, request.match.boundary, request.match.whitespace)
    options = IndexOptions(rule, request.keep_first, request.grid_every, spec.cores, request.engine)
    _, result = index_inputs(IndexInputs(spec.run, spec.phrases, spec.timeline, options))
    return _document(spec, result)


def _document(spec: IndexSpec, result: IndexResult) -> dict[str, Any]:
    return {
        "timeline": spec.request.timeline,
        "generation": result.generation.stem,
        "units": result.units,
        "scanned": result.scanned,
        "holes": [{"shard": shard, "problem": problem} for shard, problem in result.holes],
    }
