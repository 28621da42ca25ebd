"""The timelines that the service is measured on are whole ones, as publishing makes them."""

from pathlib import Path

import generations
import pytest

from benchmarks.service.world import KEPT, ROWS_A_PHRASE, Size, phrases_of, timeline_of
from exposure.timeline import Timeline


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small one."""
    data = tmp_path_factory.mktemp("measured")
    (data / "timelines").mkdir()
    return timeline_of(data, Size(300)).path


def test_it_has_the_phrases_and_rows_that_its_size_says(made: Path) -> None:
    """Every phrase has its rows of counts and its first exposures; counts add up."""
    (counted,) = generations.query(made, "SELECT count(*), count(DISTINCT phrase_id) FROM counts")
    assert counted == (300 * ROWS_A_PHRASE, 300)
    assert generations.query(made, "SELECT DISTINCT count(*) FROM exposures GROUP BY phrase_id") == [(KEPT,)]
    summed = "(SELECT sum(count) FROM counts c WHERE c.phrase_id = p.phrase_id)"
    wrong = f"SELECT count(*) FROM phrases p WHERE count <> {summed}"
    assert generations.query(made, wrong) == [(0,)]
    assert {phrase for (phrase,) in generations.query(made, "SELECT phrase FROM phrases")} == set(phrases_of(Size(300)))


def test_it_is_asked_as_any_other(made: Path) -> None:
    """All is covered, every phrase is seen, and histories rise to the count."""
    with Timeline.open(made) as timeline:
        (coverage,) = timeline.coverage()
        assert coverage.complete
        for phrase in phrases_of(Size(300))[:20]:
            (answer,) = timeline.first_seen([phrase])
            points = [point.count for point in timeline.history(phrase)]
            assert points == sorted(points)
            assert points[-1] == answer.count


def test_it_is_made_once(made: Path) -> None:
    """The second time it is there."""
    before = generations.current(made).stat()
    timeline_of(made.parents[1], Size(300))
    assert generations.current(made).stat() == before
