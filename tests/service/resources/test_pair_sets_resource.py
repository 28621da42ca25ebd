"""Pair sets: named by their content, read as they were sent, never half there."""

import csv
import io
import json
from pathlib import Path

import pytest

from exposure.commands import phrases as phrases_command
from exposure.extraction import extract
from exposure.pair_files import load_pairs
from exposure.pair_writing import pair_lines
from exposure.phrase_file import read_phrases
from service.data_directory import DataDirectory
from service.sets.pair_set_making import digest_of, make_pair_set, pairs_of_rows
from service.settings import Limits, Settings

ROWS = [
    {"uid": "dna", "sentence_good": "These books are old.", "sentence_bad": "This books are old.",
     "phrase_good": "these  books", "phrase_bad": "this books", "phenomenon": "agreement"},
    {"uid": "gap", "pair_id": 7, "sentence_good": "Wien liegt in Österreich.", "sentence_bad": "Graz liegt dort.",
     "phrase_good": "Wien … Österreich", "gap": 3, "critical_word_good": "Wien"},
    {"uid": "end", "pair_id": "x", "sentence_good": "He sleeps.", "sentence_bad": "He sleep.",
     "phrase_good": "he sleeps", "anchor": "sentence_end", "one_prefix_prefix": "He", "one_prefix_word_good": "sleeps",
     "one_prefix_word_bad": "sleep"},
]  # fmt: skip


def send(client, rows):
    return client.post("/v1/pair-sets", json={"pairs": rows})


def test_pairs_are_kept_as_they_were_sent(client, data):
    """The file that is made reads, by the shell's own reader, as the pairs that were sent; so do the rows of REST."""
    answer = send(client, ROWS)
    assert answer.status_code == 201
    name = answer.json()["id"]
    assert answer.headers["location"] == f"/v1/pair-sets/{name}"
    kept = data / "pair-sets" / name / "pairs.jsonl"
    assert load_pairs([kept]) == pairs_of_rows(ROWS)
    assert name == digest_of(kept.read_bytes())
    rows = client.get(f"/v1/pair-sets/{name}/pairs").json()["answers"]
    assert pairs_of_rows(rows) == pairs_of_rows(ROWS)
    assert [row["pair_id"] for row in rows] == ["0", "7", "x"]
    assert send(client, rows).json()["id"] == name


def test_the_same_pairs_are_the_same_set_and_others_are_another(client):
    """However rows are written; another order of the pairs is another set."""
    first = send(client, ROWS)
    spelt = [{key: row[key] for key in reversed(row)} | {"field": None} for row in ROWS]
    again = send(client, spelt)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    others = [send(client, rows).json()["id"] for rows in (ROWS[::-1], ROWS[:2], [*ROWS[:2], ROWS[2] | {"uid": "e"}])]
    assert len({first.json()["id"], *others}) == 4


def test_the_facts_say_what_is_there(client):
    """Paradigms in the order in which they are met, with their sizes and phenomena."""
    answer = send(client, ROWS).json()
    assert answer["pairs"] == 3
    assert answer["paradigms"] == [
        {"uid": "dna", "pairs": 1, "phenomenon": "agreement"},
        {"uid": "gap", "pairs": 1, "phenomenon": None},
        {"uid": "end", "pairs": 1, "phenomenon": None},
    ]
    assert client.get(f"/v1/pair-sets/{answer['id']}").json() == answer
    assert answer in client.get("/v1/pair-sets").json()["answers"]


def test_critical_phrases_are_those_of_the_shell(client, data, workshop):
    """`exposure phrases` finds the same rows in the same pairs."""
    answer = client.post("/v1/pair-sets", json={"root": "corpora", "path": "first.csv"})
    assert answer.status_code == 200, "the fixtures have made it"
    kept = read_phrases(DataDirectory(data).phrase_set(answer.json()["phrase_set"]))
    assert kept == read_phrases(workshop / "first.parquet")
    assert kept == extract(load_pairs([workshop / "first.csv"]), phrases_command._rules(None, None))


def test_a_file_and_a_folder_under_a_root_are_read_as_the_shell_reads_them(client, workshop, data, root, client_of):
    """A folder stands for its files, by name; the uid that is left out is the file's name."""
    (root / "pairs" / "deeper").mkdir(parents=True)
    for name in ("b.csv", "a.jsonl"):
        (root / "pairs" / name).write_text(
            "sentence_good,sentence_bad\nA b.,B a.\n"
            if name == "b.csv"
            else json.dumps({"sentence_good": "C d.", "sentence_bad": "D c."}) + "\n"
        )
    (root / "pairs" / "notes.md").write_text("not read")
    asking = client_of(Settings(data, roots={"r": root}))
    answer = asking.post("/v1/pair-sets", json={"root": "r", "path": "pairs"})
    assert answer.status_code == 201, answer.text
    kept = data / "pair-sets" / answer.json()["id"] / "pairs.jsonl"
    assert load_pairs([kept]) == load_pairs([root / "pairs"])
    assert [pair.uid for pair in load_pairs([kept])] == ["a", "b"]
    assert list((data / "removed").iterdir()) == []


def test_a_paradigm_without_a_rule_is_kept_without_phrases(client):
    """The set can be scored; why it has no phrases is said."""
    answer = send(client, [{"uid": "mine", "sentence_good": "A b.", "sentence_bad": "B a."}])
    assert (answer.status_code, answer.json()["phrase_set"]) == (201, None)
    assert "No rule says what the critical phrase of mine is" in answer.json()["no_phrases"]
    assert answer.json()["problem"] is None


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([ROWS[0], {"uid": "a", "sentence_good": "A."}], "row 1: sentence_bad is missing"),
        ([{"sentence_good": "A b.", "sentence_bad": "B a."}], "row 0: uid is missing"),
        (
            [ROWS[0] | {"pair_id": 1}, ROWS[1] | {"uid": "dna", "pair_id": "1"}],
            "row 1: the pair dna/1 is row 0 already",
        ),
        ([ROWS[0] | {"phrase": "x"}], "row 0: unknown column 'phrase'"),
        ([ROWS[0] | {"gap": "3"}], "row 0: gap is '3'"),
        ([ROWS[0] | {"sentence_good": 4}], "row 0: sentence_good is 4"),
    ],
)
def test_a_wrong_row_is_named(client, data, rows, said):
    """And nothing is made."""
    before = sorted((data / "pair-sets").iterdir())
    answer = send(client, rows)
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/unusable-input")
    assert said in answer.json()["detail"]
    assert sorted((data / "pair-sets").iterdir()) == before
    assert list((data / "removed").iterdir()) == []


@pytest.mark.parametrize("padding", ["", " " * 20_000])
def test_a_body_is_refused_in_the_same_words_however_long(client, padding):
    """Long ones are read by another process."""
    for content, status, said in (
        ('{"pairs": [], "x": 1', 422, "body.pairs: "),
        ('{"pairs": [1]', 422, "body.pairs.0: "),
        ('{"pairs": [{"uid": "a", "uid": "b"}]', 400, "'uid' stands twice"),
        ('{"pairs": [{}]} ', 400, "The body is not JSON"),
        ('{"root": "nowhere", "path": "x"', 422, "There is no root 'nowhere'"),
        ('{"pairs": [{}], "root": "corpora", "path": "x"', 422, "give one of pairs, or root and path"),
    ):
        body = f"{content}{padding}}}"
        answer = client.post("/v1/pair-sets", content=body, headers={"content-type": "application/json"})
        assert (answer.status_code, said in answer.json()["detail"]) == (status, True), answer.text
    media = client.post("/v1/pair-sets", content=f"{{}}{padding}", headers={"content-type": "text/plain"})
    assert (media.status_code, "'text/plain'" in media.json()["detail"]) == (415, True)


def test_more_rows_than_one_request_may_send_are_refused(client_of, data):
    """Whatever comes after the last that may be sent."""
    answer = send(client_of(Settings(data, limits=Limits(phrases=2))), [*ROWS, {"uid": 3}])
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/limit-exceeded")


def test_a_wrong_line_of_a_file_is_named_from_its_root_on(client, data, root, client_of):
    """Not by where it was copied to be read."""
    (root / "bad.jsonl").write_text('{"sentence_good": "A."}\n')
    answer = client_of(Settings(data, roots={"r": root})).post("/v1/pair-sets", json={"root": "r", "path": "bad.jsonl"})
    assert answer.json()["detail"].startswith("r:bad.jsonl, line 1: sentence_bad is missing")


@pytest.mark.parametrize(
    "body",
    [{}, {"pairs": []}, {"pairs": None}, {"root": "corpora"}, {"path": "x"}, {"pairs": [{}], "root": "r", "path": "x"},
     {"pairs": [1]}, {"pairs": ROWS, "name": "x"}, {"root": 1, "path": "x"}, []],
)  # fmt: skip
def test_a_body_that_says_not_one_thing_is_refused(client, body):
    """Rows, or a path: exactly one."""
    assert client.post("/v1/pair-sets", json=body).json()["type"] == "/problems/invalid-request"


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
def test_pages_make_up_the_whole_set(client, limit):
    """Whatever a page holds, in JSON by `next` and in CSV by the Link header; chosen rows too."""
    name = send(client, [row | {"uid": f"p{i}", "pair_id": i} for i in range(3) for row in ROWS[:1]] + ROWS).json()[
        "id"
    ]
    whole = client.get(f"/v1/pair-sets/{name}/pairs").json()["answers"]
    assert len(whole) == 6
    found, cursor = [], {}
    while cursor is not None:
        page = client.get(f"/v1/pair-sets/{name}/pairs", params={"limit": limit} | cursor).json()
        found += page["answers"]
        cursor = {"cursor": page["next"]} if page.get("next") else None
    assert found == whole
    lines, url = [], f"/v1/pair-sets/{name}/pairs?limit={limit}&uid=dna&uid=p1&phenomenon=agreement"
    while url:
        answer = client.get(url, headers={"accept": "text/csv"})
        lines += list(csv.DictReader(io.StringIO(answer.text)))
        url = answer.links["next"]["url"] if "link" in answer.headers else None
    assert [line["uid"] for line in lines] == ["p1", "dna"]


@pytest.mark.parametrize(
    "cursor", ["x", "eyJhdCI6IDF9", "eyJhdCI6IC0xfQ", "eyJhdCI6IDk5OTk5OTk5fQ", "e30", "bnVsbA", "🦜", "a" * 1001]
)
def test_a_cursor_that_is_none_is_refused(client, named, cursor):
    """Never a page from somewhere."""
    answer = client.get(f"/v1/pair-sets/{named['$PAIR_SET']}/pairs", params={"cursor": cursor})
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/invalid-request")


def test_a_cursor_holds_for_its_own_question(client):
    """Of the same set with the same filters, however many rows a page has; else a page would lack rows silently."""
    rows = [row | {"uid": uid, "pair_id": i} for uid in ("p", "q") for i in range(3) for row in ROWS[:1]]
    one, other = (f"/v1/pair-sets/{send(client, some).json()['id']}/pairs" for some in (rows, rows[:5]))
    asked = {"uid": ["p", "q"]}
    cursor = client.get(one, params={**asked, "limit": 2}).json()["next"]
    assert len(client.get(one, params={"uid": ["q", "p"], "limit": 9, "cursor": cursor}).json()["answers"]) == 4
    for url, others in ((one, {}), (one, {"uid": "q"}), (one, {**asked, "phenomenon": "x"}), (other, asked)):
        answer = client.get(url, params={**others, "cursor": cursor})
        assert (answer.status_code, answer.json()["type"]) == (422, "/problems/invalid-request")
        assert "query.cursor" in answer.json()["detail"]


def test_rows_are_revalidated_by_the_id(client, named):
    """What is named by its content never changes."""
    url = f"/v1/pair-sets/{named['$PAIR_SET']}/pairs"
    assert client.get(url, headers={"if-none-match": client.get(url).headers["etag"]}).status_code == 304


@pytest.mark.parametrize("damage", ["set.json", "pairs.jsonl", "rubbish", "changed"])
def test_a_damaged_set_is_mended_by_sending_the_same_pairs(client, data, damage):
    """Until then what is damaged is a sentence, and the others are listed as ever."""
    made = send(client, ROWS).json()
    folder = data / "pair-sets" / made["id"]
    if damage == "rubbish":
        (folder / "set.json").write_bytes(b"\xff")
    elif damage == "changed":
        (folder / "pairs.jsonl").write_text((folder / "pairs.jsonl").read_text().replace("old", "new"))
    else:
        (folder / damage).unlink()
    if damage in ("set.json", "rubbish"):
        (entry,) = [one for one in client.get("/v1/pair-sets").json()["answers"] if one["id"] == made["id"]]
        assert "is missing or damaged" in entry["problem"]
        assert client.get(f"/v1/pair-sets/{made['id']}").status_code == 409
    elif damage == "pairs.jsonl":
        assert client.get(f"/v1/pair-sets/{made['id']}/pairs").status_code == 409
    assert send(client, ROWS).json() == made
    assert load_pairs([folder / "pairs.jsonl"]) == pairs_of_rows(ROWS)
    assert client.get(f"/v1/pair-sets/{made['id']}").json() == made


def test_a_set_that_is_killed_while_it_is_made_is_not_there(tmp_path, monkeypatch):
    """Whichever rename is the last one: the set is whole, or nothing has its name; and it can be made again."""
    pairs, ended = pairs_of_rows(ROWS), 0
    name = digest_of(pair_lines(pairs).encode())
    for stop in range(1, 8):
        data = DataDirectory(tmp_path / str(stop))
        data.path.mkdir()
        with monkeypatch.context() as patch:
            _stop_at(patch, stop)
            try:
                make_pair_set(data, pairs)
            except KeyboardInterrupt:
                ended += 1
        for one in data.pair_sets.iterdir() if data.pair_sets.is_dir() else ():
            assert (one.name, load_pairs([one / "pairs.jsonl"])) == (name, pairs)
            assert (one / "set.json").is_file()
        assert make_pair_set(data, pairs)[0] == name
        assert load_pairs([data.pairs(name)]) == pairs
    assert ended >= 4


def _stop_at(patch, call: int) -> None:
    """The `call`-th rename or replace is the end."""
    left = [call]

    def ending(real):
        def rename(self, target):
            left[0] -= 1
            if left[0] == 0:
                raise KeyboardInterrupt
            return real(self, target)

        return rename

    for name in ("rename", "replace"):
        patch.setattr(Path, name, ending(getattr(Path, name)))
