"""What each route answers, against what the corpus in conftest.py plainly says."""

import csv
import io
import json

import pytest

from exposure.api.timelines import TimelineFacts
from service.reference.examples import FACTS


def rows(response) -> list[dict]:
    """The answers in a JSON answer."""
    assert response.status_code == 200, response.text
    return response.json()["answers"]


def test_health_says_that_the_service_is_live_and_which_version(reader):
    """The live check needs no timeline."""
    from exposure import __version__

    assert reader.get("/v1/health").json() == {"status": "live", "version": __version__}


def test_the_list_has_every_timeline_with_its_coverage(client, generations):
    """A client sees what it can ask, and how far each is covered."""
    listed = {one["name"]: one for one in rows(client.get("/v1/timelines"))}
    assert list(listed) == ["grown", "holed", "tiny"]
    assert listed["tiny"] | {"generation": None} == {
        "name": "tiny", "generation": None, "steps": 3, "phrases": 6, "exactness": "approximate",
        "covered_through": 3, "complete": True, "problem": None,
    }  # fmt: skip
    assert (listed["holed"]["covered_through"], listed["holed"]["complete"]) == (2, False)
    assert (listed["grown"]["phrases"], listed["grown"]["generation"]) == (8, generations[1])


def test_no_data_directory_content_is_an_empty_list(client_of, tmp_path):
    """A service may start before anything is indexed."""
    from service.settings import Settings

    assert rows(client_of(Settings(tmp_path)).get("/v1/timelines")) == []


def test_a_timeline_says_what_it_is(client, data):
    """The facts of the run, the rule and the coverage are there."""
    facts = client.get("/v1/timelines/tiny").json()
    current = (data / "timelines" / "tiny" / "CURRENT").read_text().strip()
    expected = {
        "name": "tiny", "generation": current.removesuffix(".duckdb"), "steps": 3, "batch_sequences": 2, "epochs": 1,
        "packing": "document-per-row", "exactness": "approximate", "checkpoints": [0, 1, 2, 3], "phrases": 6,
        "rule": {"case": "fold", "boundary": "word", "whitespace": "collapse"}, "phrase_groups": 1,
        "covered_through": 3, "complete": True, "missing_shards": [],
    }  # fmt: skip
    assert {name: facts[name] for name in expected} == expected
    assert set(facts) == set(TimelineFacts.__slots__) == set(json.loads(json.dumps(FACTS, default=_fields)))


def _fields(row):
    return {name: getattr(row, name) for name in row.__slots__}


def test_the_facts_of_a_timeline_with_a_hole_name_the_shard(reader):
    """Nobody takes a timeline with a hole for a whole one."""
    facts = reader.get("/v1/timelines/holed").json()
    assert (facts["covered_through"], facts["complete"], facts["missing_shards"]) == (2, False, [1])


@pytest.mark.parametrize(
    ("at_step", "status", "count"), [(None, "seen", 2), (0, "unseen_so_far", 0), (1, "seen", 1), (3, "seen", 2)]
)
def test_first_seen_is_the_place_in_the_run_and_the_count_by_the_step(reader, at_step, status, count):
    """ "cats sleep" stands in d0 (batch 0, sequence 0, character 4) and in d5 (batch 2)."""
    query = {"phrase": "Cats  sleep"} | ({} if at_step is None else {"at_step": at_step})
    (answer,) = rows(reader.get("/v1/timelines/tiny/first-seen", params=query))
    assert (answer["phrase"], answer["status"], answer["count"]) == ("cats sleep", status, count)
    assert (answer["first_batch"], answer["first_step"], answer["sequence"]) == (0, 1, 0)
    assert (answer["document"], answer["offset"], answer["last_step"]) == ("d0", 4, 3)


def test_first_seen_answers_in_the_order_asked_and_says_what_is_not_indexed(reader):
    """Never seen, not indexed and seen are told apart."""
    query = [("phrase", "this books"), ("phrase", "zebra"), ("phrase", "these books")]
    answers_ = rows(reader.get("/v1/timelines/tiny/first-seen", params=query))
    assert [(one["phrase"], one["status"]) for one in answers_] == [
        ("this books", "never"), ("zebra", "not_indexed"), ("these books", "seen"),
    ]  # fmt: skip


def test_beyond_a_hole_what_was_not_found_is_unknown(reader):
    """ "birds fly" is nowhere in the first shard, and the second was not scanned."""
    (answer,) = rows(reader.get("/v1/timelines/holed/first-seen", params={"phrase": "birds fly"}))
    assert (answer["status"], answer["count_high"]) == ("unknown", None)


def test_many_phrases_are_answered_as_a_few_are(reader):
    """POST is GET for more phrases than fit in a URL."""
    phrases = ["cats sleep", "zebra", "this books"]
    asked = reader.post("/v1/timelines/tiny/first-seen", json={"phrases": phrases, "at_step": 2})
    got = reader.get("/v1/timelines/tiny/first-seen", params=[*(("phrase", one) for one in phrases), ("at_step", 2)])
    assert asked.json() == got.json()


def test_a_hundred_thousand_phrases_are_answered_in_one_request(reader):
    """The largest request that is allowed gives every answer, in order."""
    phrases = [f"phrase {number}" for number in range(99_999)] + ["cats sleep"]
    answers_ = rows(reader.post("/v1/timelines/tiny/first-seen", json={"phrases": phrases}))
    assert [one["phrase"] for one in answers_] == phrases
    assert {one["status"] for one in answers_[:-1]} == {"not_indexed"}
    assert answers_[-1]["status"] == "seen"


def test_history_follows_the_checkpoints_or_the_steps_asked(reader):
    """ "these books" stands in batches 1 and 2."""
    points = rows(reader.get("/v1/timelines/tiny/history", params={"phrase": "these books"}))
    assert [(one["step"], one["count"], one["status"]) for one in points] == [
        (0, 0, "unseen_so_far"), (1, 0, "unseen_so_far"), (2, 1, "seen"), (3, 2, "seen"),
    ]  # fmt: skip
    asked = [("phrase", "these books"), ("at_step", 3), ("at_step", 1)]
    assert [one["step"] for one in rows(reader.get("/v1/timelines/tiny/history", params=asked))] == [1, 3]


def test_coverage_is_given_for_each_group_of_phrases(reader):
    """Two indexings are two groups; the hole is where the shard is missing."""
    groups = rows(reader.get("/v1/timelines/grown/coverage"))
    assert sorted(group["phrases"] for group in groups) == [2, 6]
    assert [group["ranges"] for group in groups] == [[[0, 3]], [[0, 3]]]
    (holed,) = rows(reader.get("/v1/timelines/holed/coverage"))
    assert (holed["ranges"], holed["missing_shards"], holed["complete"]) == ([[0, 2]], [1], False)


def test_exposures_are_the_first_places_in_order_of_training(reader):
    """Each exposure says where in the run and where in the corpus."""
    found = rows(reader.get("/v1/timelines/tiny/exposures", params={"phrase": "these books"}))
    assert [(one["rank"], one["batch"], one["sequence"], one["document"], one["offset"]) for one in found] == [
        (0, 1, 0, "d2", 0), (1, 2, 1, "d5", 0),
    ]  # fmt: skip
    assert rows(reader.get("/v1/timelines/tiny/exposures", params={"phrase": "birds fly"})) == []


def test_phrase_sets_are_listed_with_the_size_of_their_paradigms(client, data):
    """The id is the file's stem; a timeline keeps what it was indexed with."""
    (answer,) = rows(client.get("/v1/timelines/tiny/phrase-sets"))
    (file,) = (data / "timelines" / "tiny" / "phrase_sets").iterdir()
    paradigms = [{"uid": "dna", "pairs": 1, "phenomenon": None}, {"uid": "sva", "pairs": 2, "phenomenon": None}]
    assert answer == {"id": file.stem, "rows": 6, "phrases": 6, "paradigms": paradigms, "problem": None}


def test_splits_put_exposed_pairs_apart_from_the_others(reader):
    """dna/0 and sva/0 stand in the corpus with one side; sva/1 does not."""
    by_pair = rows(reader.post("/v1/timelines/tiny/splits", json={"by": "pair"}))
    assert [(one["uid"], one["pair_id"], one["split"]) for one in by_pair] == [
        ("dna", "0", "proxy-train"), ("sva", "0", "proxy-train"), ("sva", "1", "proxy-validation"),
    ]  # fmt: skip
    counted = rows(reader.post("/v1/timelines/tiny/splits", json={"uids": ["sva"]}))
    assert [(one["uid"], one["proxy_train"], one["proxy_validation"]) for one in counted] == [("sva", 1, 1)]


def test_splits_follow_their_policy_and_sides(reader):
    """Nothing is seen by checkpoint 0, and the bad sides never."""
    seen_by = {"policy": "seen-by", "at_step": 0}
    assert [one["proxy_train"] for one in rows(reader.post("/v1/timelines/tiny/splits", json=seen_by))] == [0, 0]
    bad = rows(reader.post("/v1/timelines/tiny/splits", json={"sides": "bad"}))
    assert [one["proxy_train"] for one in bad] == [0, 0]


def test_splits_beyond_a_hole_are_unknown(reader):
    """A pair that may stand in the missing shard is in neither part."""
    counted = rows(reader.post("/v1/timelines/holed/splits", json={"uids": ["sva"]}))
    assert [(one["proxy_train"], one["proxy_validation"], one["unknown"]) for one in counted] == [(1, 0, 1)]


def test_of_several_phrase_sets_one_must_be_named(reader):
    """grown keeps two: without a name the question is refused with their ids, with one it is answered."""
    refused = reader.post("/v1/timelines/grown/splits", json={})
    ids = [one["id"] for one in rows(reader.get("/v1/timelines/grown/phrase-sets"))]
    assert refused.status_code == 422
    assert all(one in refused.json()["detail"] for one in ids)
    uids = [rows(reader.post("/v1/timelines/grown/splits", json={"phrase_set": one}))[0]["uid"] for one in ids]
    assert sorted(uids) == ["barks", "dna"]


@pytest.mark.parametrize(
    "path",
    ["", "/tiny", "/tiny/first-seen?phrase=cats sleep&phrase=zebra", "/tiny/history?phrase=cats sleep",
     "/tiny/exposures?phrase=cats sleep", "/tiny/coverage", "/tiny/phrase-sets"],
)  # fmt: skip
def test_every_get_is_written_as_json_ndjson_and_csv_alike(reader, path):
    """The three forms have the same rows."""
    url = f"/v1/timelines{path}"
    whole = reader.get(url, headers={"accept": "application/json"}).json()
    expected = whole.get("answers", [whole])
    lines = reader.get(url, headers={"accept": "application/x-ndjson"}).text.strip().split("\n")
    assert [json.loads(one) for one in lines] == expected
    text = reader.get(url, headers={"accept": "text/csv"}).text
    table = list(csv.reader(io.StringIO(text, newline="")))
    assert table[0] == list(expected[0])
    assert table[1:] == [[_cell(value) for value in row.values()] for row in expected]


def _cell(value) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    return json.dumps(value)
