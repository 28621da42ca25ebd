"""`exposure doctor`: what is whole is clean, each damage has a finding, and a repair never makes an answer wrong."""

import json
import os
import shutil

import kept_directories
import pytest
from shell import assert_sentence, exposure

from service.lock import serving
from service.upkeep.doctor import examine, mend


def test_what_was_written_is_clean(kept):
    """Nothing is found in a directory as this software writes it, and checking changes no file of it."""
    before = written(kept.path)
    answer = exposure("doctor", kept.path, "--thorough")
    assert (answer.status, answer.out) == (0, ""), answer
    assert "0 findings" in answer.err
    assert written(kept.path) == before


def written(folder):
    """When each file was written, but for those by which readers of SQLite tell each other of themselves."""
    paths = (path for path in folder.rglob("*") if path.is_file() and not path.name.endswith(("-shm", "-wal")))
    return {path: path.stat().st_mtime_ns for path in paths}


def test_findings_are_a_table_and_status_3(kept):
    """A damaged segment: its marker, what is wrong and what to do; --repair deletes the marker and says so."""
    marker = next((kept.timelines / "tiny" / "segments").glob("*.json"))
    data = marker.with_name(f"{marker.stem}.counts.parquet")
    data.write_bytes(data.read_bytes()[:-1])
    answer = exposure("doctor", kept.path, "--format", "jsonl")
    (row,) = map(json.loads, answer.out.splitlines())
    assert answer.status == 3
    assert row["place"] == f"timelines/tiny/segments/{marker.name}"
    assert "has changed" in row["problem"]
    assert "Delete the marker" in row["remedy"]
    repaired = exposure("doctor", kept.path, "--repair")
    assert repaired.status == 3
    assert "the marker is deleted" in repaired.out
    assert not marker.exists()


def test_repair_is_refused_while_a_service_runs(kept):
    """One sentence, and nothing is touched; checking alone goes on."""
    (kept.timelines / "tiny" / "CURRENT").write_text("gone.duckdb\n")
    with serving(kept.path):
        assert_sentence(exposure("doctor", kept.path, "--repair"))
        assert exposure("doctor", kept.path).status == 3
    assert (kept.timelines / "tiny" / "CURRENT").read_text() == "gone.duckdb\n"


def test_another_folder_is_refused(tmp_path):
    """A folder that is no data directory is not looked through."""
    assert_sentence(exposure("doctor", tmp_path))


@pytest.mark.parametrize("harm", ["missing", "nonsense", "names what is gone", "generation is damaged"])
def test_current_is_mended(kept, harm):
    """Whatever became of CURRENT or its generation, repairing gives the same answers again."""
    timeline = kept.timelines / "grown"
    before = kept_directories.answers(kept)
    digest = kept_directories.logical_digest(timeline)
    if harm == "missing":
        (timeline / "CURRENT").unlink()
    elif harm == "nonsense":
        (timeline / "CURRENT").write_bytes(b"\xff\xfe\x00")
    elif harm == "names what is gone":
        (timeline / "generations" / kept_directories.current(timeline)).unlink()
    else:
        path = timeline / "generations" / kept_directories.current(timeline)
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    done = mend(kept.path, examine(kept.path))
    assert done
    assert kept_directories.logical_digest(timeline) == digest
    assert kept_directories.answers(kept) == before
    assert examine(kept.path) == []


def test_generations_under_each_others_names_are_found(kept):
    """Both are whole, and each answers for the other: both are moved away, and the right one is published."""
    timeline = kept.timelines / "grown"
    digest, right = kept_directories.logical_digest(timeline), kept_directories.current(timeline)
    first, second = sorted((timeline / "generations").glob("*.duckdb"))
    first.rename(timeline / "third")
    second.rename(first)
    (timeline / "third").rename(second)
    findings = examine(kept.path)
    assert [finding.place for finding in findings] == [first, second, timeline / "CURRENT"]
    assert all("under another name" in finding.problem for finding in findings[:2])
    mend(kept.path, findings)
    assert (kept_directories.current(timeline), kept_directories.logical_digest(timeline)) == (right, digest)


def test_a_lost_phrase_group_and_settings_are_written_from_the_generation(kept):
    """A group, timeline.json and order.json that are gone come back as they were."""
    timeline = kept.timelines / "tiny"
    group = next((timeline / "groups").glob("*.parquet"))
    kept_bytes = {name: (timeline / name).read_bytes() for name in ("timeline.json", "order.json")}
    group.unlink()
    (timeline / "timeline.json").write_text("{}")
    (timeline / "order.json").write_text("[]")
    done = mend(kept.path, examine(kept.path))
    assert all("written anew" in said for _, said in done), done
    assert json.loads((timeline / "timeline.json").read_bytes()) == json.loads(kept_bytes["timeline.json"])
    assert (
        json.loads((timeline / "order.json").read_bytes())["shards"] == json.loads(kept_bytes["order.json"])["shards"]
    )
    assert examine(kept.path) == []
    assert exposure("publish", timeline).status == 0


def test_files_that_are_being_written_are_no_finding(kept):
    """A half-written file of a running process or of the last hour is left; an old one of a dead process is deleted."""
    folder = kept.timelines / "tiny" / "segments"
    ours, young, old = (folder / f".x.json.{n}-ab.partial" for n in (os.getpid(), 999_999_999, 999_999_998))
    for path in (ours, young, old):
        path.write_text("half")
    for path in (ours, old):
        os.utime(path, (0, 0))
    findings = examine(kept.path)
    assert [finding.place for finding in findings] == [old]
    mend(kept.path, findings)
    assert (ours.exists(), young.exists(), old.exists()) == (True, True, False)


def test_an_older_directory_is_given_what_it_lacks(kept):
    """timelines/ alone: the finding says that it is of an older version, and the repair gives it data.json."""
    for path in kept.path.iterdir():
        if path.name != "timelines":
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    (finding,) = examine(kept.path)
    assert finding.place == kept.identity_file
    mend(kept.path, [finding])
    assert examine(kept.path) == []


def test_an_unfinished_timeline_or_evaluation_is_no_finding(kept):
    """What a kill at the very beginning leaves is taken up by the same command later, and is not damage."""
    (kept.timelines / "begun" / "segments").mkdir(parents=True)
    (kept.evaluations / "begun" / "scores").mkdir(parents=True)
    assert examine(kept.path) == []
