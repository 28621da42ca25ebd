"""Every error is a problem of a stable type; conftest.Conforming checks its form, these tests which one it is."""

import gzip
import json
import logging

import pytest
from fastapi import HTTPException

from exposure import errors
from service.errors import ServiceError
from service.gates.query_gate import reason
from service.problems import KIND_OF_ERROR, KINDS, MAX_ERRORS
from service.settings import Limits, Settings

TINY = "/v1/timelines/tiny"


def is_problem(response, status: int, slug: str) -> str:
    """Check status and type; returns the detail."""
    assert (response.status_code, response.json()["type"]) == (status, f"/problems/{slug}"), response.text
    return response.json()["detail"]


@pytest.mark.parametrize(
    "path", ["/", "/v1", "/v1/nothing", "/v1/health/", "/v1/timelines/", "/docs/x", "/static/x.css"]
)
def test_an_unknown_path_is_not_found(reader, path):
    """Also with a slash too many, and below the static files."""
    assert path in is_problem(reader.get(path), 404, "not-found")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
def test_a_method_that_is_not_answered_is_told_with_those_that_are(reader, method):
    """Allow has every method of the path, of all its routes."""
    response = reader.request(method, f"{TINY}/first-seen")
    assert response.headers["allow"] == "GET, HEAD, POST"
    is_problem(response, 405, "method-not-allowed")
    for path in ("/v1/health", "/docs", "/openapi.json", "/static/reference.css"):
        assert reader.post(path).headers["allow"] == "GET, HEAD"
    head = reader.head("/v1/index-jobs")
    assert (head.status_code, head.content, head.headers["allow"]) == (405, b"", "POST")


@pytest.mark.parametrize(
    ("path", "where"),
    [
        ("/first-seen", "query.phrase"),
        ("/first-seen?phrase=", "query.phrase.0"),
        ("/first-seen?phrase=a&at_step=x", "query.at_step"),
        ("/first-seen?phrase=a&at_step=-1", "query.at_step"),
        ("/first-seen?phrase=a&at_step=9007199254740992", "query.at_step"),
        ("/first-seen?phrase=a&at_step=" + "9" * 5000, "query.at_step"),
        ("/first-seen?phrase=a&at_steps=1", "query.at_steps"),
        ("/history?phrase=a&at_step=1.5", "query.at_step.0"),
        ("/exposures?phrase=a&at_step=1", "query.at_step"),
    ],
)
def test_a_wrong_query_parameter_is_named(reader, path, where):
    """A parameter that is missing, wrong or unknown is never passed over."""
    response = reader.get(TINY + path)
    detail = is_problem(response, 422, "invalid-request")
    assert detail.startswith(where + ":")
    assert [one["where"] for one in response.json()["errors"]] == [where]


@pytest.mark.parametrize(
    "path",
    ["/coverage?at_step=1", "/phrase-sets?x", "?x=1", "/first-seen?phrase=a&at_step=1&at_step=2",
     "/history?phrase=a&phrase=b", "/exposures?phrase=a&phrase=b"],
)  # fmt: skip
def test_a_query_parameter_without_effect_is_refused(reader, path):
    """Whoever gives one would take the answer for another."""
    is_problem(reader.get(TINY + path), 422, "invalid-request")


@pytest.mark.parametrize("query", ["phrase=%ff", "%C3", "phrase=a&phrase=caf%e9", "phrase=%ED%A0%80", "%c0%80=1"])
@pytest.mark.parametrize(
    "path", [f"{TINY}/first-seen", f"{TINY}/coverage", "/v1/health", "/v1/jobs", "/v1/pair-sets", "/docs", "/metrics"]
)
def test_a_query_string_that_is_no_text_is_refused(reader, path, query):
    """On every route: put right somehow, it would be another question."""
    detail = is_problem(reader.get(f"{path}?{query}"), 422, "invalid-request")
    assert detail.startswith("query:")
    assert "UTF-8" in detail
    is_problem(reader.post(f"{TINY}/first-seen?{query}", json={"phrases": ["a"]}), 422, "invalid-request")


@pytest.mark.parametrize(
    ("query", "is_text"), [(b"phrase=caf\xc3\xa9", False), (b"\xff", False), (b"a=%C3%A9+%", True)]
)
def test_a_query_string_is_percent_encoded_text(query, is_text):
    """Bytes that are sent as they are would be read one by one; a % that encodes nothing stands for itself."""
    assert (reason(query) is None) == is_text


def test_the_count_of_further_problems_is_true(reader):
    """It is that of all, or says that there may be more where nobody looked further."""
    for count, said in ((3, "(2 more)"), (100_001, "(100000 more)"), (100_002, "(at least 100000 more)")):
        body = b'{"phrases": [' + b",".join([b"1"] * count) + b"]}"
        answer = reader.post(f"{TINY}/first-seen", content=body, headers={"content-type": "application/json"})
        assert said in is_problem(answer, 422, "invalid-request")
        assert len(answer.json()["errors"]) == min(count, MAX_ERRORS)


def test_a_post_takes_no_query_parameters(reader):
    """A step in the URL of a POST would be passed over."""
    is_problem(reader.post(f"{TINY}/first-seen?at_step=1", json={"phrases": ["a"]}), 422, "invalid-request")
    is_problem(reader.post(f"{TINY}/splits?by=pair", json={}), 422, "invalid-request")


@pytest.mark.parametrize(
    "body",
    [{}, {"phrases": []}, {"phrases": "cats sleep"}, {"phrases": [1]}, {"phrases": [""]}, {"phrases": [None]},
     {"phrases": ["a"], "at_step": "1"}, {"phrases": ["a"], "at_step": True}, {"phrases": ["a"], "at_step": 1.0},
     {"phrases": ["a"], "at_step": 2**63}, {"phrases": ["a"], "step": 1}, [], None, "a", ["a"],
     {"phrases": ["\ud800"]}, {"phrases": [float("nan")]}, {"phrases": ["a"], "at_step": float("inf")}],
)  # fmt: skip
def test_a_body_with_a_wrong_field_is_refused(reader, body):
    """Types are not bent, unknown fields not passed over, halves of characters not looked up."""
    content = json.dumps(body).encode()
    response = reader.post(f"{TINY}/first-seen", content=content, headers={"content-type": "application/json"})
    is_problem(response, 422, "invalid-request")


@pytest.mark.parametrize(
    "body",
    [{"policy": "sometimes"}, {"sides": "left"}, {"by": "row"}, {"uids": "sva"}, {"uids": [""]}, {"include_flagged": 1},
     {"at_step": -1}, {"phrase_set": ""}, {"pairs": "x"}],
)  # fmt: skip
def test_a_wrong_split_is_refused(reader, body):
    """Every field of the body is held against what it may be."""
    is_problem(reader.post(f"{TINY}/splits", json=body), 422, "invalid-request")


@pytest.mark.parametrize(
    "content", [b"{", b"\xff\xfe\x00", b'{"phrases": [' + b"9" * 5000 + b"]}", b"[" * 200_000, b"'a'"]
)
def test_a_body_that_is_not_json_cannot_be_read(reader, content):
    """Neither half a text, nor other bytes, nor numbers and nesting without end reach the handler."""
    response = reader.post(f"{TINY}/first-seen", content=content, headers={"content-type": "application/json"})
    is_problem(response, 400, "bad-request")


@pytest.mark.parametrize(
    ("path", "content", "name"),
    [
        (f"{TINY}/splits", b'{"at_step": 1, "at_step": 2}', "at_step"),
        ("/v1/index-jobs", b'{"match": {"case": "fold", "c\\u0061se": "exact"}}', "case"),
        ("/v1/pair-sets", b'{"pairs": [{"uid": "a", "uid": "b"}]}', "uid"),
        ("/v1/phrase-sets", b'{"phrases": ["a"], "phrases": ["b"]}', "phrases"),
    ],
)
def test_a_field_given_twice_is_refused_by_its_name(client, path, content, name):
    """One of the two would silently win."""
    answer = client.post(path, content=content, headers={"content-type": "application/json"})
    assert f"'{name}' stands twice" in is_problem(answer, 400, "bad-request")


@pytest.mark.parametrize("encoding", ["gzip", "br", "identity, gzip"])
def test_a_compressed_body_is_told_to_come_as_it_is(client, encoding):
    """It would be taken for broken JSON; identity is no compression."""
    headers = {"content-type": "application/json", "content-encoding": encoding}
    content = gzip.compress(b'{"phrases": ["cats sleep"]}')
    answer = client.post(f"{TINY}/first-seen", content=content, headers=headers)
    assert encoding in is_problem(answer, 415, "unsupported-media-type")
    assert answer.headers["accept-encoding"] == "identity"
    headers["content-encoding"] = "Identity"
    assert client.post(f"{TINY}/first-seen", content=gzip.decompress(content), headers=headers).status_code == 200


@pytest.mark.parametrize(
    "content", [b'{"uids": [' + b"{}," * 50_000 + b"{}]}", json.dumps(dict.fromkeys(map(str, range(1001)))).encode()]
)
def test_a_small_body_of_too_many_values_is_refused(client, content):
    """It would be short enough, and stop the event loop all the same."""
    answer = client.post(f"{TINY}/splits", content=content, headers={"content-type": "application/json"})
    is_problem(answer, 413, "too-large")


@pytest.mark.parametrize("media", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_a_body_of_another_media_type_is_told_to_be_json(reader, media):
    """What a browser's form or curl -d sends is no JSON."""
    headers = {"content-type": media} if media else {}
    response = reader.post(f"{TINY}/first-seen", content=b'{"phrases": ["a"]}', headers=headers)
    assert "Content-Type: application/json" in is_problem(response, 415, "unsupported-media-type")


def test_no_more_than_a_few_wrong_fields_are_named(reader):
    """A hundred thousand wrong phrases do not make a longer answer than the question."""
    response = reader.post(f"{TINY}/first-seen", json={"phrases": [1] * 1000})
    assert len(response.json()["errors"]) == MAX_ERRORS
    assert "999 more" in response.json()["detail"]


def test_limits_on_phrases_are_named(client_of, data):
    """As many and as long as the settings say are answered, one more is refused."""
    client = client_of(Settings(data, limits=Limits(phrases=3, phrase_characters=5)))
    path = f"{TINY}/first-seen"
    assert client.post(path, json={"phrases": ["abcde"] * 3}).status_code == 200
    assert "4 phrases" in is_problem(client.post(path, json={"phrases": ["a"] * 4}), 422, "limit-exceeded")
    assert "Phrase 1" in is_problem(client.post(path, json={"phrases": ["a", "abcdef"]}), 422, "limit-exceeded")
    is_problem(client.get(path, params={"phrase": ["a"] * 4}), 422, "limit-exceeded")
    for question in ("history", "exposures"):
        is_problem(client.get(f"{TINY}/{question}", params={"phrase": "abcdef"}), 422, "limit-exceeded")


@pytest.mark.parametrize("question", ["history", "exposures"])
def test_a_phrase_that_was_never_looked_for_has_no_history(reader, question):
    """It is told apart from a phrase that was never seen, which has one."""
    is_problem(reader.get(f"{TINY}/{question}", params={"phrase": "zebra"}), 404, "not-indexed")
    assert reader.get(f"{TINY}/{question}", params={"phrase": "birds fly"}).status_code == 200


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"policy": "seen-by"}, "step"),
        ({"uids": ["nothing"]}, "dna, sva"),
        ({"phrase_set": "../tiny"}, "There is no phrase set"),
    ],
)
def test_a_split_that_cannot_be_asked_says_why(reader, body, said):
    """A policy without its step, a paradigm and a phrase set that there are not."""
    assert said in is_problem(reader.post(f"{TINY}/splits", json=body), 422, "question")


def test_a_timeline_without_phrase_sets_says_so(client, data):
    """Nothing is guessed where there is nothing to split."""
    for file in (data / "timelines" / "tiny" / "phrase_sets").iterdir():
        file.unlink()
    assert client.get(f"{TINY}/phrase-sets").json()["answers"] == []
    assert "none" in is_problem(client.post(f"{TINY}/splits", json={}), 422, "question")


def test_a_damaged_phrase_set_is_listed_with_its_problem(client, data):
    """The list stays, the split is refused with the same sentence, and other routes answer."""
    (file,) = (data / "timelines" / "tiny" / "phrase_sets").iterdir()
    file.write_bytes(b"PAR1")
    (listed,) = client.get(f"{TINY}/phrase-sets").json()["answers"]
    assert (listed["id"], listed["rows"], listed["paradigms"]) == (file.stem, None, [])
    detail = is_problem(client.post(f"{TINY}/splits", json={}), 409, "unavailable")
    assert detail.endswith(listed["problem"])
    assert client.get(f"{TINY}/coverage").status_code == 200


def test_a_phrase_set_that_leads_elsewhere_is_not_read(client, data, workshop):
    """A symbolic link out of the folder is refused."""
    (file,) = (data / "timelines" / "tiny" / "phrase_sets").iterdir()
    file.unlink()
    file.symlink_to(workshop / "first.parquet")
    assert "leads out" in client.get(f"{TINY}/phrase-sets").json()["answers"][0]["problem"]
    is_problem(client.post(f"{TINY}/splits", json={}), 409, "unavailable")


@pytest.mark.parametrize("accept", ["text/html", "application/pdf, image/*", "application/json;q=0", "*/*;q=0"])
def test_a_form_that_is_not_written_is_not_acceptable(reader, accept):
    """The forms that there are are named."""
    for path in ("/v1/timelines", TINY, f"{TINY}/coverage"):
        assert "text/csv" in is_problem(reader.get(path, headers={"accept": accept}), 406, "not-acceptable")


def test_a_defect_is_answered_without_its_traceback_and_logged_with_the_id(client, caplog):
    """What went wrong inside is not told to clients; the id leads to the log."""

    async def fail() -> None:
        raise RuntimeError("secret of the house")

    client.service.add_api_route("/v1/fail", fail, include_in_schema=False)
    with caplog.at_level(logging.ERROR, "exposure.service"):
        response = client.get("/v1/fail", headers={"x-request-id": "mine-1"})
    is_problem(response, 500, "internal-error")
    assert "secret" not in response.text
    assert (response.json()["request_id"], response.headers["x-request-id"]) == ("mine-1", "mine-1")
    assert "mine-1" in caplog.text


@pytest.mark.parametrize(("raised", "status"), [(401, 401), (404, 404), (418, 418), (503, 503)])
def test_any_http_error_of_the_framework_is_a_problem(client, raised, status):
    """Also one that has no kind of its own yet."""

    async def fail() -> None:
        raise HTTPException(raised)

    client.service.add_api_route("/v1/fail", fail, include_in_schema=False)
    assert client.get("/v1/fail").json()["status"] == status


# Those who ask a service raise errors of what it answered: no service does.
OF_ASKERS = ("exposure.client", "service.workers.link")
OF_THE_HOUSE = [one for one in errors.ExposureError.__subclasses__() if not one.__module__.startswith(OF_ASKERS)]


@pytest.mark.parametrize("error", sorted(OF_THE_HOUSE, key=lambda one: one.__name__))
def test_every_error_of_the_house_is_a_problem_with_its_sentence(client, error):
    """None is answered as a defect, and no folder of the machine is told."""

    async def fail() -> None:
        raise error(f"{client.service.state.settings.data}/timelines/x is wrong. Mend it.")

    client.service.add_api_route("/v1/fail", fail, include_in_schema=False)
    response = client.get("/v1/fail")
    assert response.status_code in {*range(400, 500), 503}
    assert response.json()["detail"] == "timelines/x is wrong. Mend it."


def test_kinds_have_one_slug_each_and_every_error_has_a_kind_that_is_listed():
    """A type names one kind for good."""
    assert len({kind.slug for kind in KINDS}) == len(KINDS)
    assert set(KIND_OF_ERROR.values()) <= set(KINDS)
    assert issubclass(ServiceError, errors.ExposureError)


@pytest.mark.parametrize("given", ["abc-1", "A" * 128])
def test_a_request_id_is_given_back(reader, given):
    """A reader can follow its own request."""
    assert reader.get("/v1/health", headers={"x-request-id": given}).headers["x-request-id"] == given
    assert reader.get("/v1/x", headers={"x-request-id": given}).json()["request_id"] == given


@pytest.mark.parametrize("given", ["", "a b", "A" * 129, "é".encode("latin-1"), "<script>"])
def test_a_request_id_that_could_harm_a_log_is_replaced(reader, given):
    """Another is made, and no two are the same."""
    made = [reader.get("/v1/health", headers={"x-request-id": given}).headers["x-request-id"] for _ in range(2)]
    assert made[0] != made[1]
    assert all(len(one) == 32 and one.isalnum() for one in made)


def test_a_kind_of_problem_leads_to_its_place_in_the_documentation(reader):
    """The type of a problem can be followed; one that there is not, cannot."""
    page = reader.get("/docs").text
    for kind in KINDS:
        response = reader.get(kind.type)
        assert response.headers["location"] == f"/docs#problem-{kind.slug}"
        assert f'id="problem-{kind.slug}"' in page
    is_problem(reader.get("/problems/none"), 404, "not-found")
