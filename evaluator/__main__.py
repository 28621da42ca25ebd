"""`python -m evaluator`: the child process of an evaluation job; a worker starts it (docs/workers.md)."""

from __future__ import annotations

import sys

from evaluator.job import evaluate_and_measure
from evaluator.job_spec import EvaluationSpec
from exposure.child import run_child

if __name__ == "__main__":
    sys.exit(run_child(EvaluationSpec, evaluate_and_measure))
