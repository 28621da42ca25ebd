"""`exposure prune`: only what nothing needs, and nothing that is open is lost to whoever has it open."""

import json
import os
import threading

import kept_directories
import pytest
from shell import assert_sentence, exposure

from exposure.api.requests import INDEX_EXAMPLE, IndexRequest
from exposure.timeline import Timeline
from service.jobs.store import JobStore
from service.lock import serving


def rows(answer):
    """A table of jsonl."""
    return [json.loads(line) for line in answer.out.splitlines()]


def test_older_generations_go_and_answers_stay(kept):
    """The current generation, and as many newer ones as are asked for, stay; a dry run deletes nothing."""
    before = kept_directories.answers(kept)
    generations = kept.timelines / "grown" / "generations"
    older = next(path for path in generations.iterdir() if path.name != kept_directories.current(generations.parent))
    assert rows(exposure("prune", "--data", kept.path, "--format", "jsonl")) == []
    size = older.stat().st_size
    for options, is_there in ((["--dry-run"], True), ([], False)):
        answer = exposure("prune", generations.parent, "--keep-generations", 0, "--format", "jsonl", *options)
        row = {"what": "generation", "place": str(older), "count": 1, "bytes": size}
        assert (answer.status, rows(answer)) == (0, [row])
        assert older.exists() == is_there
    assert kept_directories.answers(kept) == before


def test_a_generation_that_is_open_answers_on(kept):
    """A reader that has the older generation open is answered after it was pruned."""
    folder = kept.timelines / "grown"
    older = next(path for path in (folder / "generations").iterdir() if path.name != kept_directories.current(folder))
    with Timeline(folder, older) as timeline:
        expected = timeline.cursor().execute("FROM phrases").fetchall()
        assert exposure("prune", folder, "--keep-generations", 0).status == 0
        assert not older.exists()
        assert timeline.cursor().execute("FROM counts").fetchall()
        assert timeline.cursor().execute("FROM phrases").fetchall() == expected


@pytest.mark.parametrize("content", [None, "nonsense", "0123.duckdb\n"])
def test_without_a_whole_current_no_generation_goes(kept, content):
    """Where CURRENT names nothing that is there, any of them may be the last good one."""
    folder = kept.timelines / "grown"
    (folder / "CURRENT").unlink()
    if content is not None:
        (folder / "CURRENT").write_text(content)
    assert exposure("prune", folder, "--keep-generations", 0).status == 0
    assert len(list((folder / "generations").iterdir())) == 2


def test_pruning_waits_for_who_publishes(kept):
    """While another process holds the timeline's lock, none of its generations is deleted."""
    from exposure.timeline_folder import TimelineFolder

    folder = TimelineFolder(kept.timelines / "grown")
    pruning = threading.Thread(target=exposure, args=("prune", folder.path, "--keep-generations", 0))
    with folder.locked():
        pruning.start()
        pruning.join(0.5)
        assert pruning.is_alive()
        assert len(list(folder.generations.iterdir())) == 2
    pruning.join(60)
    assert len(list(folder.generations.iterdir())) == 1


def test_what_killed_processes_left_goes(kept):
    """Old half-written files, half segments and things in removed/ go; the young, and those of the living, stay."""
    segments = kept.timelines / "tiny" / "segments"
    half = segments / f"{'a' * 40}.counts.parquet"
    dead, alive = (segments / f".x.json.{process}-ab.partial" for process in (999_999_999, os.getpid()))
    removed, making = kept.removed / "timelines-x-123456", kept.removed / "making-x"
    for path in (half, dead, alive, removed, making):
        path.write_text("left")
        if path != making:
            os.utime(path, (0, 0))
    with serving(kept.path):
        answer = exposure("prune", "--data", kept.path, "--format", "jsonl")
        assert {row["place"] for row in rows(answer)} == {str(half), str(dead)}
        assert removed.exists()
    answer = exposure("prune", "--data", kept.path, "--format", "jsonl")
    assert {row["place"] for row in rows(answer)} == {str(removed)}
    assert (alive.exists(), making.exists(), half.exists(), dead.exists()) == (True, True, False, False)


def test_ended_jobs_are_forgotten_by_age(kept):
    """Only jobs that have ended, and only when asked for; queued ones stay whatever their age."""
    with JobStore(kept.jobs, wall=lambda: 1000.0) as store:
        request = IndexRequest.model_validate({**INDEX_EXAMPLE, "timeline": "ended"})
        job, _ = store.submit("index", request, "tests", None, 10)
        store.cancel(job.id)
        queued = len(store.active())
    assert rows(exposure("prune", "--data", kept.path, "--format", "jsonl")) == []
    for options in (["--dry-run"], []):
        answer = exposure("prune", "--data", kept.path, "--older-than", 1, "--format", "jsonl", *options)
        assert [(row["what"], row["count"]) for row in rows(answer)] == [("ended jobs", 1)]
    with JobStore(kept.jobs) as store:
        assert len(store.active()) == queued == 2


def test_nothing_named_is_refused(tmp_path):
    """Without a timeline or a data directory, or with a folder that is none, one sentence."""
    assert_sentence(exposure("prune"))
    assert_sentence(exposure("prune", tmp_path))
    assert_sentence(exposure("prune", "--data", tmp_path))
    assert_sentence(exposure("prune", tmp_path, "--older-than", 3))
