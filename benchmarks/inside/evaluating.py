"""`exposure evaluate` with fewer copy samples: `python -m benchmarks.inside.evaluating SAMPLES ARGUMENTS …`.

The last line on standard output says the most memory that the process held.
"""

from __future__ import annotations

import json
import sys

from benchmarks.tasks import peak_bytes
from evaluator.measures.copying.copy_samples import CopySpec
from evaluator.measures.copying.copying_measure import CopyingMeasure
from evaluator.measures.registry import CHECKPOINT_MEASURES
from exposure.cli import main as exposure


def main() -> None:
    """Evaluate; ends as the command does."""
    samples, *arguments = sys.argv[1:]
    few = CopySpec(n_samples=int(samples)), CopySpec(generator="hex", n_samples=int(samples))
    CHECKPOINT_MEASURES["copying"] = lambda _: CopyingMeasure(few)
    sys.argv = ["exposure", "evaluate", *arguments]
    try:
        exposure()
    finally:
        print(json.dumps({"peak_bytes": peak_bytes()}))


if __name__ == "__main__":
    main()
