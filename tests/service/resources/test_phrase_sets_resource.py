"""Phrase sets: phrase files named by their content, in the data directory as in a timeline."""

import pytest

from exposure.phrase_file import read_phrases
from exposure.provenance import sha256_of_file
from service.data_directory import DataDirectory
from service.settings import Limits, Settings

RULES = "sva:\n  summary: the verb\n  critical: differs\n"


def send(client, **body):
    return client.post("/v1/phrase-sets", json=body)


def test_a_file_has_the_same_id_here_and_in_the_timeline(client, data, workshop):
    """What a timeline was indexed with is recognised in the list of phrase sets."""
    answer = send(client, root="corpora", path="first.parquet")
    assert answer.status_code == 201
    name = answer.json()["id"]
    kept = DataDirectory(data).phrase_set(name)
    assert kept.read_bytes() == (workshop / "first.parquet").read_bytes()
    assert name == sha256_of_file(kept)[:40]
    assert [one["id"] for one in client.get("/v1/timelines/tiny/phrase-sets").json()["answers"]] == [name]
    assert send(client, root="corpora", path="first.parquet").status_code == 200
    assert client.get("/v1/timelines/tiny/phrase-sets").json()["answers"][0] == answer.json()


def test_a_list_of_phrases_is_read_as_the_lines_of_a_file(client, data, root, tmp_path):
    """White space collapses, every character means itself, the order stays."""
    phrases = ["the  old house", "# barks", "the old house", "三本书"]
    answer = send(client, phrases=phrases)
    assert (answer.status_code, answer.json()["rows"], answer.json()["phrases"]) == (201, 4, 3)
    rows = read_phrases(DataDirectory(data).phrase_set(answer.json()["id"]))
    assert [(row.uid, row.pair_id, row.side, row.phrase.text) for row in rows] == [
        ("phrases", str(line), "good", " ".join(text.split())) for line, text in enumerate(phrases, start=1)
    ]
    assert send(client, phrases=phrases).status_code == 200


def test_own_rules_find_other_phrases(client, data):
    """They come before what there is; without a rule and without phrases the sentence says what to do."""
    pairs = [{"uid": "sva", "sentence_good": "The cats sleep.", "sentence_bad": "The cats sleeps."}]
    pair_set = client.post("/v1/pair-sets", json={"pairs": pairs}).json()["id"]
    refused = send(client, pair_set=pair_set)
    assert (refused.status_code, refused.json()["type"]) == (422, "/problems/unusable-input")
    assert "No rule says" in refused.json()["detail"]
    answer = send(client, pair_set=pair_set, rules=RULES)
    rows = read_phrases(DataDirectory(data).phrase_set(answer.json()["id"]))
    assert [row.phrase.text for row in rows] == ["sleep", "sleeps"]


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ("sva: [", "rules is not YAML"),
        ("x: 1", "rules, paradigm x"),
        ("sva:\n  summary: s\n  critical: '('", "no regular"),
    ],
)
def test_rules_that_cannot_be_used_are_named(client, named, rules, said):
    """As the shell names them."""
    answer = send(client, pair_set=named["$PAIR_SET"], rules=rules)
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/unusable-input")
    assert said in answer.json()["detail"]


def test_a_rule_that_never_ends_is_ended(client_of, data, named):
    """A regular expression that backtracks for ever stops no one else."""
    limits = Limits(query_seconds=0.5)
    asking = client_of(Settings(data, limits=limits))
    word = "a" * 60 + "b"
    pairs = [{"uid": "sva", "sentence_good": f"The {word}.", "sentence_bad": f"This {word}."}]
    pair_set = asking.post("/v1/pair-sets", json={"pairs": pairs}).json()["id"]
    answer = send(asking, pair_set=pair_set, rules="sva:\n  summary: s\n  critical: (a+)+c\n")
    assert (answer.status_code, answer.json()["type"]) == (503, "/problems/too-slow")
    assert asking.get("/v1/health").status_code == 200


def test_a_kept_pair_set_that_is_damaged_is_not_the_request_s_mistake(client, data, named):
    """409, where rules that are wrong would be 422."""
    (data / "pair-sets" / named["$PAIR_SET"] / "pairs.jsonl").write_text("{")
    answer = send(client, pair_set=named["$PAIR_SET"])
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/unavailable")


def test_a_pair_set_that_there_is_not(client):
    """404."""
    assert send(client, pair_set="b" * 40).status_code == 404


@pytest.mark.parametrize("path", ["first.csv", "corpus", "run.json"])
def test_what_is_no_phrase_file_is_refused(client, data, path):
    """And nothing is kept."""
    before = sorted((data / "phrase-sets").iterdir())
    assert send(client, root="corpora", path=path).status_code == 422
    assert sorted((data / "phrase-sets").iterdir()) == before
    assert list((data / "removed").iterdir()) == []


@pytest.mark.parametrize(
    "body",
    [{}, {"phrases": []}, {"phrases": [""]}, {"phrases": ["a"], "pair_set": "b" * 40},
     {"phrases": ["a"], "rules": "x: 1"},
     {"pair_set": "B" * 40}, {"pair_set": "../x"}, {"root": "corpora"}, {"phrases": "a"}],
)  # fmt: skip
def test_a_body_that_says_not_one_thing_is_refused(client, body):
    """Phrases, a pair set, or a path: exactly one; rules only with a pair set."""
    assert send(client, **body).json()["type"] == "/problems/invalid-request"


def test_phrases_that_are_blank_are_refused_and_long_ones_too(client):
    """White space alone is nothing to look for."""
    assert send(client, phrases=["a", "  "]).json()["type"] == "/problems/unusable-input"
    assert send(client, phrases=["a" * 1001]).json()["type"] == "/problems/limit-exceeded"


def test_rows_are_those_of_the_file_page_by_page(client, data, named):
    """Every field, chosen by paradigm, phenomenon and side; in order."""
    name = named["$PHRASE_SET"]
    rows = read_phrases(DataDirectory(data).phrase_set(name))
    expected = [
        {"uid": row.uid, "pair_id": row.pair_id, "side": row.side, "phenomenon": row.phenomenon,
         "phrase": row.phrase.text, "critical_word": row.critical_word, "context_word": row.context_word,
         "gap": row.phrase.gap or None, "anchor": None, "flags": list(row.flags), "reason": row.reason}
        for row in rows
    ]  # fmt: skip
    url = f"/v1/phrase-sets/{name}/phrases"
    assert client.get(url).json()["answers"] == expected
    for asked, fits in (
        ({"side": "bad"}, lambda row: row["side"] == "bad"),
        ({"uid": ["sva", "x"]}, lambda row: row["uid"] == "sva"),
        ({"phenomenon": "x"}, lambda row: row["phenomenon"] == "x"),
        ({"uid": "sva", "side": "good"}, lambda row: (row["uid"], row["side"]) == ("sva", "good")),
    ):
        found, cursor = [], {}
        while cursor is not None:
            page = client.get(url, params={**asked, "limit": 1} | cursor).json()
            found += page["answers"]
            cursor = {"cursor": page["next"]} if page.get("next") else None
        assert found == [row for row in expected if fits(row)]


def test_a_cursor_holds_for_its_own_question(client, named):
    """Of the same set with the same filters; else a page would lack rows silently."""
    url = f"/v1/phrase-sets/{named['$PHRASE_SET']}/phrases"
    cursor = client.get(url, params={"side": "good", "limit": 1}).json()["next"]
    assert client.get(url, params={"side": "good", "limit": 9, "cursor": cursor}).status_code == 200
    for others in ({}, {"side": "bad"}, {"side": "good", "uid": "sva"}):
        answer = client.get(url, params={**others, "cursor": cursor})
        assert (answer.status_code, answer.json()["type"]) == (422, "/problems/invalid-request")
        assert "query.cursor" in answer.json()["detail"]


def test_a_damaged_phrase_set_is_listed_with_its_problem(client, data, named):
    """The others are listed as ever."""
    path = DataDirectory(data).phrase_set(named["$PHRASE_SET"])
    path.write_bytes(b"PAR1")
    listed = {one["id"]: one for one in client.get("/v1/phrase-sets").json()["answers"]}
    assert listed[path.stem]["problem"]
    assert str(data) not in listed[path.stem]["problem"]
    assert [one["problem"] for name, one in listed.items() if name != path.stem] == [None, None]
    assert client.get(f"/v1/phrase-sets/{path.stem}/phrases").status_code == 409
