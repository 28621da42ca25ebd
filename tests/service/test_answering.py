"""What has not changed is not sent again."""

import pytest

from exposure import __version__
from service.answers.revalidation import is_current

PATHS = ["", "/coverage", "/phrase-sets", "/first-seen?phrase=cats sleep", "/history?phrase=cats sleep",
         "/exposures?phrase=cats sleep"]  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("accept", ["application/json", "text/csv"])
def test_every_get_of_a_timeline_is_304_while_its_generation_is_current(reader, path, accept):
    """With the tag of the last answer nothing is sent; without, or with another, all is."""
    url, headers = f"/v1/timelines/tiny{path}", {"accept": accept}
    first = reader.get(url, headers=headers)
    tag = first.headers["etag"]
    assert first.headers["exposure-generation"] in tag
    assert (first.headers["vary"], first.headers["cache-control"]) == ("Accept", "private, no-cache")
    again = reader.get(url, headers={**headers, "if-none-match": tag})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert again.headers["exposure-generation"] == first.headers["exposure-generation"]
    other = reader.get(url, headers={**headers, "if-none-match": 'W/"other"'})
    assert (other.status_code, other.content) == (200, first.content)


@pytest.mark.parametrize("path", PATHS)
def test_a_new_generation_is_sent(client, path, generations, make_current):
    """The tag of the old generation is not current."""
    make_current(generations[0])
    url = f"/v1/timelines/grown{path}"
    tag = client.get(url).headers["etag"]
    make_current(generations[1])
    answer = client.get(url, headers={"if-none-match": tag})
    assert answer.status_code == 200
    assert answer.headers["etag"] != tag


def test_a_new_phrase_set_is_sent_though_the_generation_is_the_same(client, data, workshop):
    """The list of phrase sets can grow without a new generation."""
    url = "/v1/timelines/tiny/phrase-sets"
    tag = client.get(url).headers["etag"]
    (data / "timelines" / "tiny" / "phrase_sets" / "other.parquet").write_bytes(
        (workshop / "more.parquet").read_bytes()
    )
    answer = client.get(url, headers={"if-none-match": tag})
    assert (answer.status_code, len(answer.json()["answers"])) == (200, 2)


def test_a_post_is_always_answered(reader):
    """If-None-Match says nothing of a POST, which has no tag; its generation is in a header."""
    answer = reader.post("/v1/timelines/tiny/splits", json={}, headers={"if-none-match": "*"})
    assert answer.status_code == 200
    assert "etag" not in answer.headers
    assert answer.headers["exposure-generation"] == answer.json()["generation"]


def test_the_tag_tells_versions_of_this_software_apart(reader):
    """Another version may answer with other fields from the same generation."""
    assert reader.get("/v1/timelines/tiny").headers["etag"].endswith(f'-{__version__}"')


@pytest.mark.parametrize(
    ("headers", "expected"),
    [([], False), ([""], False), (["*"], True), (['"a"'], True), (['W/"a"'], True), (['"b", W/"a"'], True),
     (['"b"', '"a"'], True), (['"b"'], False), (["a"], False)],
)  # fmt: skip
def test_if_none_match_is_compared_weakly_and_may_name_several(headers, expected):
    """RFC 9110, 13.1.2."""
    assert is_current(headers, 'W/"a"') is expected


LISTS = ["runs", "pair-sets", "phrase-sets", "models", "measures", "jobs", "evaluations", "timelines"]


@pytest.fixture
def singles(named, working):
    """Where one of each is found."""
    ids = {"pair-sets": "$PAIR_SET", "phrase-sets": "$PHRASE_SET", "jobs": "$RUNNING_JOB"}
    found = {kind: {**named, **working}[name] for kind, name in ids.items()}
    return {**found, "runs": "tiny", "evaluations": "small"}


def is_revalidated(client, url, accept) -> str:
    """Assert that the answer is not sent twice; its tag."""
    headers = {"accept": accept}
    first = client.get(url, headers=headers)
    tag = first.headers["etag"]
    assert first.status_code == 200
    assert tag.startswith('W/"')
    again = client.get(url, headers={**headers, "if-none-match": tag})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    other = client.get(url, headers={**headers, "if-none-match": 'W/"other"'})
    assert (other.status_code, other.content) == (200, first.content)
    return tag


@pytest.mark.parametrize("accept", ["application/json", "text/csv"])
def test_every_list_is_304_while_it_says_the_same(client, singles, accept):
    """And so is each thing that it lists."""
    for kind in LISTS:
        is_revalidated(client, f"/v1/{kind}", accept)
    for kind, name in singles.items():
        is_revalidated(client, f"/v1/{kind}/{name}", "application/json" if kind == "jobs" else accept)


def test_a_list_that_says_something_else_is_sent(client, singles):
    """Each tag changes with what is listed, and with nothing else."""
    tags = {kind: client.get(f"/v1/{kind}").headers["etag"] for kind in LISTS}
    assert client.post("/v1/phrase-sets", json={"phrases": ["never sent before"]}).status_code == 201
    assert client.delete("/v1/runs/spare").status_code == 204
    assert client.delete(f"/v1/jobs/{singles['jobs']}").status_code == 200
    changed = {kind for kind in LISTS if client.get(f"/v1/{kind}").headers["etag"] != tags[kind]}
    assert changed == {"runs", "phrase-sets", "jobs"}


def test_a_thing_that_has_just_been_made_is_sent_whatever_the_client_has(client):
    """A POST is never answered with 304."""
    sent = {"phrases": ["cats sleep soundly"]}
    for status in (201, 200):
        answer = client.post("/v1/phrase-sets", json=sent, headers={"if-none-match": "*"})
        assert (answer.status_code, "etag" in answer.headers) == (status, False)


def test_a_form_that_there_is_not_is_refused_however_unchanged(client):
    """Nothing can be said of an answer that cannot be written."""
    for url in ("/v1/runs", "/v1/runs/tiny", "/v1/evaluations/small/checkpoints"):
        assert client.get(url, headers={"accept": "image/png", "if-none-match": "*"}).status_code == 406
