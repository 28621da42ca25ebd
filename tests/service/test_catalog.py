"""Which timelines there are: names that cannot leave the folder, and timelines that cannot be used."""

import http.client
import os
import shutil
from urllib.parse import quote, urlsplit

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exposure.errors import TimelineError
from exposure.timeline import Timeline
from service.catalog import Catalog
from service.errors import NotFoundError
from service.roots.beneath import beneath
from service.settings import Settings

TRICKS = [
    "..", ".", "../tiny", "tiny/..", "%2e%2e", "..%2ftiny", "%2e%2e%2f%2e%2e%2fetc", "tiny%2f..%2ftiny", "tiny%00",
    "%00", "tiny%0a", "tiny%0d%0aX:y", "~", "tiny ", " tiny", "-tiny", "_tiny", ".tiny", "tiny%5c..", "a" * 101, "%ff",
    "tíny", "tiny?", "tiny%23", "file:%2f%2f%2fetc", "tiny%252f..",
]  # fmt: skip


@pytest.mark.parametrize("name", TRICKS)
def test_a_name_that_is_a_trick_is_never_found(address, name):
    """Sent as it is, on a real socket, it is answered with 404 (or 307 never), on every route that takes a name."""
    place = urlsplit(address)
    for rest in ("", "/coverage", "/phrase-sets", "/first-seen?phrase=a", "/history?phrase=a", "/exposures?phrase=a"):
        connection = http.client.HTTPConnection(place.hostname, place.port, timeout=30)
        connection.putrequest("GET", f"/v1/timelines/{quote(name, safe='%/~.?:')}{rest}", skip_host=False)
        connection.endheaders()
        response = connection.getresponse()
        body = response.read()
        connection.close()
        if name == "tiny?" and rest == "":
            assert response.status == 200  # an empty query, no trick
        else:
            assert response.status in (404, 422), (name, rest, body)
        if response.status != 200:
            assert response.getheader("Content-Type") == "application/problem+json"


@given(st.text(max_size=120))
def test_only_names_of_folders_that_are_there_open_anything(workshop, name):
    """Whatever the text, it is either one of the three timelines or not found."""
    catalog = Catalog(Settings(workshop / "data"))
    if name in catalog.names():
        return
    with pytest.raises(NotFoundError), catalog.open(name):
        pass


def test_a_link_out_of_the_folder_is_listed_with_its_problem_and_not_followed(client, data, workshop):
    """Whoever can make a link among the timelines cannot show other folders."""
    (data / "timelines" / "linked").symlink_to(workshop / "data" / "timelines" / "tiny")
    (data / "timelines" / "root").symlink_to("/")
    listed = {one["name"]: one["problem"] for one in client.get("/v1/timelines").json()["answers"]}
    for name in ("linked", "root"):
        assert "leads out" in listed[name]
        response = client.get(f"/v1/timelines/{name}/coverage")
        assert (response.status_code, response.json()["detail"]) == (409, listed[name])


def test_a_link_inside_the_folder_is_another_name(client, data):
    """It leads to a timeline of the same data directory."""
    (data / "timelines" / "alias").symlink_to("tiny")
    assert (
        client.get("/v1/timelines/alias/coverage").json()["answers"]
        == (client.get("/v1/timelines/tiny/coverage").json()["answers"])
    )


def test_a_generation_that_is_a_link_elsewhere_is_not_opened(client, data, workshop):
    """The file under a right name may not lie outside either."""
    (generation,) = (data / "timelines" / "tiny" / "generations").glob("*.duckdb")
    generation.unlink()
    generation.symlink_to(workshop / "data" / "timelines" / "tiny" / "generations" / generation.name)
    response = client.get("/v1/timelines/tiny/coverage")
    assert response.status_code == 409
    assert "leads out" in response.json()["detail"]


@pytest.mark.parametrize(
    "current", ["../../tiny/generations/x.duckdb", "/etc/passwd", "", "\x00", "x.duckdb", "a" * 5000]
)
def test_a_current_that_names_something_else_is_a_problem(client, data, current):
    """CURRENT never leads anywhere but to a generation."""
    (data / "timelines" / "tiny" / "CURRENT").write_text(current)
    assert client.get("/v1/timelines/tiny").status_code == 409
    assert client.get("/v1/timelines/grown").status_code == 200


def test_folders_that_cannot_be_named_are_told_to_the_operator(data):
    """They are not served, and not passed over in silence."""
    for name in ("two words", "-x", ".hidden", "ok"):
        (data / "timelines" / name).mkdir()
    (data / "timelines" / "file").write_text("")
    catalog = Catalog(Settings(data))
    assert catalog.names() == ["grown", "holed", "ok", "tiny"]
    assert catalog.unnameable() == ["-x", "two words"]


def unpublished(folder):
    """Indexing has not finished."""
    (folder / "CURRENT").unlink()


def without_generation(folder):
    """CURRENT names what is not there."""
    shutil.rmtree(folder / "generations")


def without_settings(folder):
    """No timeline at all."""
    (folder / "timeline.json").unlink()


def empty_generation(folder):
    """A file of no bytes."""
    _generation(folder).write_bytes(b"")


def truncated_generation(folder):
    """A file that ends early."""
    os.truncate(_generation(folder), 400_000)


def other_file(folder):
    """A file of something else."""
    _generation(folder).write_bytes(b"PAR1" * 100_000)


def flipped_bytes(folder):
    """The right length, and other bytes in every block."""
    path = _generation(folder)
    whole = bytearray(path.read_bytes())
    for start in range(20_000, len(whole), 100_000):
        whole[start : start + 64] = bytes(64)
    path.write_bytes(bytes(whole))


def _generation(folder):
    return next((folder / "generations").glob("*.duckdb"))


@pytest.mark.parametrize(
    "harm",
    [
        unpublished,
        without_generation,
        without_settings,
        empty_generation,
        truncated_generation,
        other_file,
        flipped_bytes,
    ],
)
def test_a_timeline_that_cannot_be_used_has_its_problem_and_the_others_answer(client, data, harm):
    """It is listed with a sentence, answers 409 with the same, and names no folder of the machine."""
    harm(data / "timelines" / "tiny")
    listed = {one["name"]: one for one in client.get("/v1/timelines").json()["answers"]}
    assert [name for name, one in listed.items() if one["problem"]] == ["tiny"]
    assert {listed["tiny"][field] for field in ("generation", "steps", "phrases", "complete")} == {None}
    for path in ("", "/coverage", "/first-seen?phrase=cats sleep", "/history?phrase=cats sleep", "/phrase-sets"):
        response = client.get(f"/v1/timelines/tiny{path}")
        assert (response.status_code, response.json()["type"]) == (409, "/problems/unavailable")
        assert response.json()["detail"] == listed["tiny"]["problem"]
    assert str(data) not in listed["tiny"]["problem"]
    assert client.get("/v1/timelines/grown/first-seen?phrase=dog barks").json()["answers"][0]["status"] == "seen"


def test_damage_that_a_question_finds_is_a_problem_and_mended_by_publishing_again(data, client):
    """A file may open and be damaged inside; once it is whole again, the next request is answered."""
    path = _generation(data / "timelines" / "tiny")
    whole = path.read_bytes()
    question = "/v1/timelines/tiny/first-seen?phrase=cats sleep&at_step=2"
    right = client.get(question).json()
    client.service.state.catalog.close()
    found = set()
    for block in range(12_288, len(whole), 262_144):  # where DuckDB's blocks begin, with their checksums
        client.service.state.catalog.close()
        path.unlink()
        path.write_bytes(whole[:block] + bytes(byte ^ 0xFF for byte in whole[block : block + 64]) + whole[block + 64 :])
        response = client.get(question)
        found.add(_where_found(path, response.status_code))
        assert response.status_code == 409 or response.json() == right
        path.unlink()
        path.write_bytes(whole)
        assert client.get(question).json() == right
    assert found >= {"opening", "asking"}


def _where_found(path, status):
    if status == 200:
        return "nowhere"
    try:
        Timeline(path.parent.parent, path).close()
    except (TimelineError, duckdb.Error):
        return "opening"
    return "asking"


def test_a_timeline_that_is_deleted_is_gone_and_its_file_closed(data):
    """The disk space of a deleted timeline is not held."""
    catalog = Catalog(Settings(data))
    with catalog.open("tiny") as opened:
        timeline = opened.timeline
    shutil.rmtree(data / "timelines" / "tiny")
    with pytest.raises(NotFoundError), catalog.open("tiny"):
        pass
    with pytest.raises(Exception, match="closed"):
        timeline.cursor()


def test_a_timeline_made_while_the_service_runs_is_found(client, data):
    """Nothing need be restarted."""
    assert client.get("/v1/timelines/new").status_code == 404
    shutil.copytree(data / "timelines" / "tiny", data / "timelines" / "new")
    assert client.get("/v1/timelines/new").status_code == 200


def test_beneath_follows_links_and_refuses_what_cannot_be_followed(tmp_path):
    """A loop and a NUL are outside of everything."""
    inner = tmp_path / "inner"
    inner.mkdir()
    (inner / "loop").symlink_to("loop")
    (inner / "up").symlink_to("..")
    assert beneath(inner, inner / "x" / ".." / "y")
    assert not beneath(inner, inner / ".." / "other")
    assert not beneath(inner, inner / "up" / "z")
    assert not beneath(inner, inner / "loop" / "z")
    assert not beneath(inner, inner / "\x00")
    assert not beneath(inner, tmp_path / "inner2")


def test_a_timeline_whose_folder_is_half_made_is_a_problem(data):
    """The folders of a timeline come before its settings."""
    (data / "timelines" / "half" / "segments").mkdir(parents=True)
    catalog = Catalog(Settings(data))
    with pytest.raises(TimelineError, match="no timeline at"), catalog.open("half"):
        pass


def test_a_data_directory_that_cannot_be_read_is_a_problem(client_of, data):
    """A file where the folder of timelines should be, and a timeline whose files cannot be reached."""
    client = client_of(Settings(data))
    (data / "timelines" / "tiny" / "timeline.json").unlink()
    (data / "timelines" / "tiny" / "timeline.json").symlink_to("timeline.json")
    response = client.get("/v1/timelines/tiny")
    assert (response.status_code, response.json()["type"]) == (409, "/problems/unavailable")
    assert [one["name"] for one in client.get("/v1/timelines").json()["answers"] if one["problem"]] == ["tiny"]
    shutil.rmtree(data / "timelines")
    (data / "timelines").write_text("")
    response = client.get("/v1/timelines")
    assert (response.status_code, "cannot be read" in response.json()["detail"]) == (409, True)
    assert client.get("/v1/health").status_code == 200
