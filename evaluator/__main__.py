"""`python -m evaluator`: the child process of an evaluation job; a worker starts it (docs/workers.md)."""

from __future__ import annotations

import sys
from typing import Any

from evaluator.job_spec import EvaluationSpec
from exposure.child import run_child
from exposure.child_lines import ChildLines


def work(spec: EvaluationSpec, lines: ChildLines) -> dict[str, Any]:
    """Evaluate, PyTorch being loaded only now that signals are obeyed and standard output is kept for lines."""
    from evaluator.job import evaluate_and_measure

    return evaluate_and_measure(spec, lines)


if __name__ == "__main__":
    sys.exit(run_child(EvaluationSpec, work))
