"""One evaluation with planted shapes of everything, and the report on it."""

from __future__ import annotations

from pathlib import Path

import pytest
from inside_measurements import PLANT, PLANTED, STEPS, keep_measured
from report_pages import Page, report_on
from synthetic_evaluations import write_evaluation

from evaluator.report.build import Report


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The evaluation in `evaluation`, its report in `report`."""
    place = tmp_path_factory.mktemp("inside")
    keep_measured(write_evaluation(place / "evaluation", PLANTED, steps=STEPS), PLANT)
    return place


@pytest.fixture(scope="session")
def report(place: Path) -> Report:
    """As it was analysed; written beside the evaluation."""
    return report_on(place / "report", place / "evaluation")


@pytest.fixture(scope="session")
def page(place: Path, report: Report) -> Page:
    """Its page."""
    assert report.runs
    return Page.read(place / "report")
