"""Files and disks that are not as they should be: a sentence, nothing lost, and the store goes on when it can."""

import resource
import sqlite3
from random import Random

import pytest

from exposure.api.jobs import JobProgress
from exposure.errors import ExposureError
from service.errors import JobStoreError
from service.jobs import database, schema
from service.jobs.filters import JobFilter
from service.jobs.outcome import Outcome
from service.jobs.schema import APPLICATION_ID, MIGRATIONS
from service.jobs.store import JobStore


@pytest.fixture
def path(tmp_path):
    return tmp_path / "jobs.sqlite"


def changed(path, statement):
    raw = sqlite3.connect(path)
    raw.execute(statement)
    raw.commit()
    raw.close()


def refusal(call):
    """The sentence with which `call` was refused, None where it was not."""
    try:
        call()
    except ExposureError as error:
        return str(error)
    return None


def ids(store):
    return {one.id for one in store.list(JobFilter(), None, 10_000).jobs}


def test_a_new_file_is_of_this_version_and_marked_as_a_job_store(path):
    """Whoever finds it can tell what it is."""
    JobStore(path).close()
    raw = sqlite3.connect(path)
    pragmas = [raw.execute(f"PRAGMA {name}").fetchone()[0] for name in ("user_version", "application_id")]
    assert (*pragmas, raw.execute("PRAGMA journal_mode").fetchone()[0]) == (len(MIGRATIONS), APPLICATION_ID, "wal")
    raw.close()


def test_every_commit_is_synced(path):
    """synchronous=FULL on the connection that writes; WAL alone would lose commits to a power cut."""
    with JobStore(path) as store, store._database.write() as connection:
        assert connection.execute("PRAGMA synchronous").fetchone()[0] == 2


def test_a_file_of_a_newer_version_is_refused_and_left_as_it_is(path):
    """It is not for an older version to guess what it means."""
    JobStore(path).close()
    changed(path, f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    before = path.read_bytes()
    with pytest.raises(JobStoreError, match=f"version {len(MIGRATIONS) + 1}"):
        JobStore(path)
    assert path.read_bytes() == before


def test_another_database_is_refused(path):
    """Somebody else's tables are not written to."""
    changed(path, "CREATE TABLE mine (x)")
    with pytest.raises(JobStoreError, match="none of jobs"):
        JobStore(path)


@pytest.mark.parametrize("content", [b"nonsense" * 1000, b"SQLite format 3\x00" + b"\xff" * 8000])
def test_what_is_no_database_is_refused(path, content):
    """With a sentence that says what becomes of jobs."""
    path.write_bytes(content)
    with pytest.raises(JobStoreError, match=r"jobs\.sqlite is"):
        JobStore(path)
    assert path.read_bytes() == content


def test_a_file_with_damage_anywhere_gives_sentences_and_never_a_traceback(path, tmp_path, indexing):
    """A kilobyte of noise at 40 places: it cannot be opened, or what is asked for is answered or refused."""
    with JobStore(path) as store:
        for number in range(40):
            job, _ = store.submit("index", indexing(f"t{number}"), "me", str(number), 100)
            store.cancel(job.id)
    whole = path.read_bytes()
    refused = 0
    for seed in range(40):
        random = Random(seed)
        place = random.randrange(len(whole) - 1024)
        damaged = tmp_path / f"{seed}.sqlite"
        damaged.write_bytes(whole[:place] + random.randbytes(1024) + whole[place + 1024 :])
        sentence = refusal(lambda file=damaged: read_and_write(file, indexing))
        assert sentence is None or str(damaged) in sentence or "jobs.sqlite" in sentence
        refused += sentence is not None
    assert refused > 20


def read_and_write(file, indexing):
    with JobStore(file) as store:
        for job in store.list(JobFilter(), None, 1000).jobs:
            store.events_after(job.id, 0, 1000)
        store.submit("index", indexing("new"), "me", None, 100)


def test_a_folder_that_cannot_be_written_is_a_sentence(tmp_path):
    """As is one that is not there."""
    with pytest.raises(JobStoreError, match="cannot be opened"):
        JobStore(tmp_path / "nowhere" / "jobs.sqlite")
    with pytest.raises(JobStoreError, match="cannot be opened"):
        JobStore(database.Path("/proc/self/jobs.sqlite"))


def test_a_disk_that_becomes_read_only_is_a_sentence_until_it_is_mended(path, indexing, monkeypatch):
    """What was asked for before can still be read."""
    with JobStore(path) as store:
        job, _ = store.submit("index", indexing("one"), "me", None, 100)
        connected = database._connected

        def read_only(place):
            connection = connected(place)
            connection.execute("PRAGMA query_only = ON")
            return connection

        monkeypatch.setattr(database, "_connected", read_only)
        store._database._writing._drop()
        with pytest.raises(JobStoreError, match="read-only"):
            store.cancel(job.id)
        assert store.get(job.id).state == "queued"
        monkeypatch.undo()
        assert store.cancel(job.id).state == "cancelled"


def test_on_a_full_disk_nothing_that_was_acknowledged_is_lost_and_the_store_goes_on(path, indexing):
    """Refused with a sentence for as long as it is full, heartbeats taken, and all well afterwards."""
    with JobStore(path) as store:
        running, _ = store.submit("index", indexing("running"), "me", None, 10_000)
        store.claim("index", "w")
        acknowledged, refusals = {running.id}, 0
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        room = path.with_name("jobs.sqlite-wal").stat().st_size + 200_000
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, hard))
        try:
            for number in range(200):
                refused = refusal(
                    lambda n=number: acknowledged.add(
                        store.submit("index", indexing(f"t{n}"), "me", None, 10_000)[0].id
                    )
                )
                assert refused is None or "disk" in refused
                refusals += refused is not None
            assert refusals
            assert ids(store) == acknowledged
            assert store.heartbeat(running.id, 1, None).is_cancelled is False
            told = [
                refusal(lambda n=n: store.heartbeat(running.id, 1, JobProgress("scan", n, 2.0, "B")))
                for n in range(200)
            ]
            assert any(told)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert store.submit("index", indexing("afterwards"), "me", None, 10_000)[1]
        assert store.finish(running.id, 1, Outcome("succeeded", {})).state == "succeeded"
        assert ids(store) > acknowledged
    with JobStore(path) as store:
        assert len(ids(store)) == len(acknowledged) + 1


def test_a_full_disk_by_sqlites_own_count_is_a_sentence_too(path, indexing, monkeypatch):
    """SQLITE_FULL, as a file system without room gives it."""
    with JobStore(path) as store, store._database._writing.used() as connection:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
    connected = database._connected

    def small(place):
        connection = connected(place)
        connection.execute(f"PRAGMA max_page_count = {pages + 10}")
        return connection

    monkeypatch.setattr(database, "_connected", small)
    made = set()
    with JobStore(path) as store:
        asked = iter(indexing(f"t{number}") for number in range(1000))
        while not (refused := refusal(lambda: made.add(store.submit("index", next(asked), "me", None, 10_000)[0].id))):
            pass
        assert "is full" in refused
        assert ids(store) == made


def test_another_process_that_writes_is_waited_for_and_then_named(path, indexing, monkeypatch):
    """A backup may hold the file for a moment; somebody who does not let go is a sentence."""
    monkeypatch.setattr(database, "WAIT_SECONDS", 0.1)
    with JobStore(path) as store:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(JobStoreError, match="another process"):
            store.submit("index", indexing("one"), "me", None, 100)
        other.execute("ROLLBACK")
        other.close()
        assert store.submit("index", indexing("one"), "me", None, 100)[1]


def test_a_store_that_is_closed_says_so(path, indexing):
    """A request that comes while the service stops is answered with a sentence."""
    store = JobStore(path)
    store.close()
    with pytest.raises(JobStoreError, match="being stopped"):
        store.list(JobFilter(), None, 10)
    with pytest.raises(JobStoreError, match="being stopped"):
        store.submit("index", indexing("one"), "me", None, 100)


def test_a_file_of_the_first_version_is_taken_over_with_its_jobs(path, indexing, monkeypatch):
    """Whoever held one of them then may still hold it."""
    monkeypatch.setattr("service.jobs.schema.MIGRATIONS", MIGRATIONS[:1])
    raw = sqlite3.connect(path)
    schema.migrate(raw, path)
    raw.execute(
        "INSERT INTO jobs (id, kind, state, request, digest, owner, claims, created, attempt, worker) "
        "VALUES ('a', 'index', 'running', '{}', 'd', 'me', 't', 1.0, 1, 'w')"
    )
    raw.commit()
    raw.close()
    monkeypatch.undo()
    with JobStore(path) as store:
        assert store.expire() == ()
        store.heartbeat("a", 1, None)
        assert store.submit("index", indexing("new"), "me", None, 100)[1]
        assert store.claim("index", "w", is_embedded=True) is not None


def test_a_file_that_is_not_migrated_yet_becomes_one_whole_or_not_at_all(path, monkeypatch):
    """A migration that fails leaves the version before; the one after it works."""
    JobStore(path).close()
    monkeypatch.setattr("service.jobs.schema.MIGRATIONS", (*MIGRATIONS, "CREATE TABLE more (x TEXT) STRICT; nonsense"))
    with pytest.raises(JobStoreError):
        JobStore(path)
    monkeypatch.setattr("service.jobs.schema.MIGRATIONS", (*MIGRATIONS, "CREATE TABLE more (x TEXT) STRICT"))
    JobStore(path).close()
    raw = sqlite3.connect(path)
    assert raw.execute("PRAGMA user_version").fetchone()[0] == len(MIGRATIONS) + 1
    assert raw.execute("SELECT count(*) FROM more").fetchone() == (0,)
    raw.close()
