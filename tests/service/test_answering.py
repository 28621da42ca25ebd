"""What has not changed is not sent again."""

import pytest

from exposure import __version__
from service.answering import is_current

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
