"""Before and after are EXP's checkpoints where those were measured, and it is said where they were not."""

from __future__ import annotations

import pytest

from evaluator.report.inside.spans import span_of

STEPS = (0, 50, 100, 200, 400, 800)


@pytest.mark.parametrize(
    ("steps", "t_after", "before", "after", "is_crossing", "said"),
    [
        (STEPS, 400.0, 100, 400, True, ""),
        (STEPS, 350.0, 100, 400, True, ""),
        (STEPS, None, 100, 800, False, "no crossing"),
        (STEPS, 900.0, 100, 800, False, "nothing was measured"),
        (STEPS, 100.0, 100, 800, False, "before there is a checkpoint to compare with"),
        ((0, 150, 300), 300.0, 150, 300, True, ""),
        ((0, 10, 20), 20.0, 0, 20, True, "before is the first"),
        ((0, 200), None, 0, 200, False, "before is the one that precedes it; no crossing"),
        ((0, 50, 200), 200.0, 50, 200, True, "before is the one that precedes it"),
        ((0,), None, 0, 0, False, "one checkpoint only; no crossing"),
    ],
)
def test_spans(
    steps: tuple[int, ...], t_after: float | None, before: int, after: int, is_crossing: bool, said: str
) -> None:
    """Of every kind of run."""
    span = span_of(steps, t_after)
    assert (span.before, span.after, span.is_crossing) == (before, after, is_crossing)
    assert said in span.note
    assert bool(span.note) == bool(said)
    assert span.is_empty == (before == after)
