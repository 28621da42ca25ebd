"""A report on all of BLiMP's breadth stays a page that a browser opens at once."""

from __future__ import annotations

import time
from pathlib import Path

from report_pages import QUICK, Page
from synthetic_evaluations import Curve, Plant, write_evaluation

from evaluator.report.build import build_report
from evaluator.report.files import write_report

PARADIGMS, CHECKPOINTS = 67, 40
LARGEST_PAGE = 5_000_000
SLOWEST_WRITING = 30.0


def test_sixty_seven_paradigms_and_forty_checkpoints(tmp_path: Path) -> None:
    """Every paradigm has its figure; the page is below 5 MB and everything is written in seconds."""
    plants = [
        Plant(f"a_paradigm_with_quite_a_long_name_{number}", 55, 55, Curve(300 + 20 * number), Curve(400 + 20 * number))
        for number in range(PARADIGMS)
    ]
    write_evaluation(tmp_path / "evaluation", plants, steps=[50 * number for number in range(CHECKPOINTS)])
    report = build_report([tmp_path / "evaluation"], QUICK)
    began = time.monotonic()
    write_report(report, tmp_path / "report")
    assert time.monotonic() - began < SLOWEST_WRITING
    assert (tmp_path / "report" / "report.html").stat().st_size < LARGEST_PAGE
    assert len(Page.read(tmp_path / "report").pictures("linear")) == PARADIGMS
