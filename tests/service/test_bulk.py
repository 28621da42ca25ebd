"""Many phrases in one request: JSON and Arrow in, every form out, and nobody waits for them."""

import asyncio
import io
import json
import threading
import time

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fastapi.testclient import TestClient

from exposure.answer_schema import answer_schema
from exposure.answers import FirstSeen
from exposure.encoding import ARROW, CSV, JSON, NDJSON, PARQUET
from exposure.timeline import Timeline
from service.bodies import sliced_phrases
from service.settings import Limits, Settings
from service.threads import THREADS, in_threads

PATH = "/v1/timelines/tiny/first-seen"
PHRASES = ["cats sleep", "These  Books", "zebra", "this books", "cafe\u0301", "cats sleep"]


def stream(table: pa.Table) -> bytes:
    """A table as a client sends it."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


def phrases(texts=PHRASES, at_step=None, of_type=None, name="phrase") -> bytes:
    """A body of phrases."""
    table = pa.table({name: pa.array(texts, of_type or pa.string())})
    return stream(table if at_step is None else table.replace_schema_metadata({"at_step": at_step, "pandas": "{}"}))


def ask(client, body, media=ARROW, accept=JSON):
    """Post a body."""
    return client.post(PATH, content=body, headers={"content-type": media, "accept": accept})


@pytest.mark.parametrize("of_type", [pa.string(), pa.large_string(), pa.dictionary(pa.int8(), pa.string())])
@pytest.mark.parametrize("at_step", [None, "0", "2"])
def test_phrases_in_arrow_are_answered_as_phrases_in_json(reader, at_step, of_type):
    """Whichever type of text a program has, and with the checkpoint in the metadata."""
    expected = reader.post(PATH, json={"phrases": PHRASES, "at_step": None if at_step is None else int(at_step)})
    answer = ask(reader, phrases(at_step=at_step, of_type=of_type))
    assert (answer.status_code, answer.json()) == (200, expected.json())


@pytest.mark.parametrize("count", [1, 50, 20_000])
@pytest.mark.parametrize("at_step", [None, 2])
def test_every_form_holds_the_same_rows(reader, workshop, count, at_step):
    """As few phrases and as many, and as `Timeline.first_seen` answers them."""
    texts = [f"nobody {number}" if number % 3 else PHRASES[number % 6] for number in range(count)]
    with Timeline.open(workshop / "data" / "timelines" / "tiny") as timeline:
        expected = timeline.first_seen_table(pa.array(texts), at_step)
        assert [FirstSeen(**row) for row in expected.to_pylist()] == timeline.first_seen(texts, at_step)
    body = json.dumps({"phrases": texts, "at_step": at_step}).encode()
    forms = {media: ask(reader, body, JSON, media) for media in (JSON, NDJSON, CSV, ARROW, PARQUET)}
    assert {one.status_code for one in forms.values()} == {200}
    assert len({one.headers["exposure-generation"] for one in forms.values()}) == 1
    rows = json.loads(json.dumps(expected.to_pylist()))
    assert forms[JSON].json()["answers"] == rows
    assert [json.loads(line) for line in forms[NDJSON].text.splitlines()] == rows
    assert len(forms[CSV].text.splitlines()) == count + 1
    with pa.ipc.open_stream(forms[ARROW].content) as opened:
        table = opened.read_all()
    assert table.equals(expected)
    assert table.schema.equals(answer_schema(FirstSeen))
    assert pq.read_table(io.BytesIO(forms[PARQUET].content)).equals(expected)


@pytest.mark.parametrize(
    ("body", "media", "status", "kind", "said"),
    [
        (b"{", JSON, 400, "bad-request", "at character 1"),
        (b'{"phrases": ["\xff"]}', JSON, 400, "bad-request", "error parsing"),
        (b"", JSON, 422, "invalid-request", "Field required"),
        (b"[]", JSON, 422, "invalid-request", "body"),
        (b"{}", JSON, 422, "invalid-request", "body.phrases"),
        (b'{"phrases": []}', JSON, 422, "invalid-request", "body.phrases"),
        (b'{"phrases": [""]}', JSON, 422, "invalid-request", "body.phrases.0"),
        (b'{"phrases": ["a", 1]}', JSON, 422, "invalid-request", "body.phrases.1"),
        (b'{"phrases": ["a"], "at_step": -1}', JSON, 422, "invalid-request", "body.at_step"),
        (b'{"phrases": ["a"], "at_step": "1"}', JSON, 422, "invalid-request", "body.at_step"),
        (b'{"phrases": ["a"], "steps": 1}', JSON, 422, "invalid-request", "body.steps"),
        (b'{"phrases": ["\\ud800"]}', JSON, 422, "invalid-request", "body.phrases.0"),
        (b'{"phrases": ["a"]}', "text/plain", 415, "unsupported-media-type", "text/plain"),
        (b'{"phrases": ["a"]}', "", 415, "unsupported-media-type", "application/json"),
        (b"", ARROW, 400, "bad-request", "no Arrow stream"),
        (b"nonsense", ARROW, 400, "bad-request", "no Arrow stream"),
        (phrases()[:-30], ARROW, 400, "bad-request", "no Arrow stream"),
        (phrases([]), ARROW, 422, "invalid-request", "body.phrase"),
        (phrases(["a", None]), ARROW, 422, "invalid-request", "body.phrase"),
        (phrases(["a", ""]), ARROW, 422, "invalid-request", "body.phrase"),
        (phrases(name="text"), ARROW, 422, "invalid-request", "body.columns"),
        (phrases([1], of_type=pa.int64()), ARROW, 422, "invalid-request", "phrase: int64"),
        (phrases(at_step="-1"), ARROW, 422, "invalid-request", "body.at_step"),
        (phrases(at_step="1.5"), ARROW, 422, "invalid-request", "body.at_step"),
        (phrases(at_step="soon"), ARROW, 422, "invalid-request", "body.at_step"),
        (phrases(at_step=str(2**53)), ARROW, 422, "invalid-request", "body.at_step"),
    ],
)
def test_a_body_that_cannot_be_read_is_a_problem_that_says_where(reader, body, media, status, kind, said):
    """Of the same kinds whether JSON or Arrow was sent."""
    answer = ask(reader, body, media)
    assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{kind}")
    assert said in answer.json()["detail"]


def test_a_stream_that_lies_about_itself_harms_nobody(reader):
    """Any byte of a body may be anything."""
    good = phrases(["cats sleep"] * 20)
    for place in range(0, len(good), 2):
        broken = good[:place] + bytes([(0, 255, good[place] ^ 1)[place // 2 % 3]]) + good[place + 1 :]
        assert ask(reader, broken).status_code in (200, 400, 415, 422)
    for end in range(0, len(good), 31):
        assert ask(reader, good[:end]).status_code in (200, 400, 415, 422)


@pytest.mark.parametrize(
    "body",
    [
        b' {\n"phrases"\t: ["cats sleep", "zebra"]\n, "at_step": 2 } ',
        b'{"at_step": 2, "phrases": ["cats sleep", "zebra"]}',
        b'{"at_step": null, "phrases": [\n  "cats sleep"\n]}',
        b'{"phrases": ["\\u0063ats sleep", "]}", "], \\"at_step\\": 1}"]}',
        b'{"phr\\u0061ses": ["cats sleep"]}',
        b'{"phrases": ["cats sleep"]}' + b" " * 5_000,
    ],
)
def test_however_json_is_written_it_asks_the_same(reader, body):
    """Spaces, order, escapes: whatever json.loads takes for the same."""
    plain = json.dumps(json.loads(body), ensure_ascii=False).encode()
    answers = [ask(reader, one, JSON) for one in (body, plain)]
    assert [one.status_code for one in answers] == [200, 200]
    assert answers[0].json() == answers[1].json()
    assert [one["phrase"] for one in answers[0].json()["answers"]] == json.loads(body)["phrases"]


TRICKY = [",", '","', "\\", '\\",', " , ", "]", "é\u2028", '"', "a"]


@pytest.mark.parametrize("texts", [[","], ['","', ","], TRICKY, ["\\"], ["x" * 999]])
@pytest.mark.parametrize("ascii_", [True, False])
@pytest.mark.parametrize("slice_bytes", [37, 200])
def test_phrases_read_in_pieces_are_those_read_at_once(monkeypatch, texts, ascii_, slice_bytes):
    """Wherever the pieces end; where no place to cut is found nothing is said."""
    monkeypatch.setattr(sliced_phrases, "SLICE_BYTES", slice_bytes)
    asked = {"phrases": texts * 50, "at_step": 3}
    found = sliced_phrases.sliced(json.dumps(asked, ensure_ascii=ascii_).encode())
    assert found is None or (found[0].to_pylist(), found[1]) == (asked["phrases"], 3)
    easy = sliced_phrases.sliced(json.dumps({"phrases": [",", "ab", "\\"] * 500}, ensure_ascii=ascii_).encode())
    assert easy[0].to_pylist() == [",", "ab", "\\"] * 500


def test_others_get_the_interpreter_while_a_long_body_is_read():
    """Between its pieces, of which there are some hundred: at least every third time."""
    body = b'{"phrases": [' + b'",",' * 4_000_000 + b'","]}'
    turns, is_over = [], threading.Event()

    def take_turns():
        while not is_over.wait(1e-4):
            turns.append(1)

    other = threading.Thread(target=take_turns)
    other.start()
    assert len(sliced_phrases.sliced(body)[0]) == 4_000_001
    is_over.set()
    other.join()
    assert len(turns) > len(body) / sliced_phrases.SLICE_BYTES / 3


@pytest.mark.parametrize("piece", [b"{}", b"[]", b"1", b"null", b'"a" "b"', b'"a', b'"\xff"', b'"\x01"', b'"a",'])
def test_a_body_with_anything_else_in_it_is_not_read_in_pieces(piece):
    """Not at its beginning, in its middle or at its end."""
    text = b'"cats sleep"'
    for place in (0, 20_000, 40_000):
        texts = [text] * 40_000
        texts.insert(place, piece)
        found = sliced_phrases.sliced(b'{"phrases": [' + b",".join(texts) + b"]}")
        assert found is None or (piece == b"null" and found[0].null_count == 1)


def test_a_long_body_that_is_not_quite_right_is_read_by_another_process(reader, monkeypatch):
    """In the words of a short one; where it only could not be read in pieces it is answered as if it had been."""
    asked = []
    children = reader.service.state.resources.body_readers
    real = children.ask
    monkeypatch.setattr(children, "ask", lambda *given: asked.append(given) or real(*given))
    assert ask(reader, json.dumps({"phrases": ["\\\\"] * 40_000}).encode(), JSON).status_code == 200
    texts = ["cats sleep", *(["y" * 900] * 40)]
    for wrong, kind in (({"x": 1}, "invalid-request"), ({"at_step": "2"}, "invalid-request")):
        short, long = (ask(reader, json.dumps({"phrases": few, **wrong}).encode(), JSON) for few in (texts[:2], texts))
        assert (short.status_code, short.json()["type"]) == (422, f"/problems/{kind}")
        assert long.json()["errors"] == short.json()["errors"]
    monkeypatch.setattr("service.bodies.phrase_body.sliced", lambda _: None)
    plain = ask(reader, json.dumps({"phrases": texts, "at_step": 2}).encode(), JSON)
    assert [one["phrase"] for one in plain.json()["answers"]] == texts
    assert ask(reader, b'{"phrases": ["a"]} ' + b"x" * 20_000, JSON).json()["type"] == "/problems/bad-request"
    assert len(asked) >= 4


@pytest.mark.parametrize("padding", [b"", b" " * 20_000])
def test_a_field_given_twice_is_refused(reader, padding):
    """Also where both say the same, and however the name is spelt."""
    for body in (b'{"phrases": ["a"], "phrases": ["a"]', b'{"phrases": ["a"], "at_step": 1, "at_st\\u0065p": 2',
                 b'{"at_step": 1, "phrases": ["a"], "at_step": 1'):  # fmt: skip
        answer = ask(reader, body + padding + b"}", JSON)
        assert (answer.status_code, answer.json()["type"]) == (400, "/problems/bad-request")
        assert "stands twice" in answer.json()["detail"]


def test_a_dictionary_cannot_stand_for_more_than_may_be_asked(client_of, data):
    """It is refused before the texts are written out."""
    table = pa.table({"phrase": pa.DictionaryArray.from_arrays(pa.array([0] * 1_000_000, pa.int8()), ["a" * 1000])})
    answer = ask(client_of(Settings(data)), stream(table))
    assert answer.json()["type"] == "/problems/limit-exceeded"


def test_limits_hold_for_both(client_of, data):
    """As many phrases and as long ones as the settings say, in characters and not in bytes."""
    client = client_of(Settings(data, limits=Limits(phrases=3, phrase_characters=5)))
    for texts, status in ((["ééééé"] * 3, 200), (["a"] * 4, 422), (["a", "éééééé"], 422)):
        for body, media in ((phrases(texts), ARROW), (json.dumps({"phrases": texts}).encode(), JSON)):
            answer = ask(client, body, media)
            assert answer.status_code == status
            assert status == 200 or answer.json()["type"] == "/problems/limit-exceeded"
    assert "Phrase 1 has 6" in ask(client, phrases(["a", "éééééé"])).json()["detail"]


def test_a_body_of_millions_of_wrong_phrases_is_refused_soon(reader):
    """The answer names a few; nobody makes a list of all."""
    body = b'{"phrases": [' + b",".join([b"1"] * 2_000_000) + b"]}"
    answer = ask(reader, body, JSON)
    assert answer.status_code == 422
    assert len(answer.content) < 10_000


def test_short_questions_do_not_wait_for_long_ones(client_of, data, monkeypatch):
    """While every thread for many phrases is taken, single ones and the live check are answered."""
    is_free, begun = threading.Event(), threading.Semaphore(0)

    def waiting(*_):
        begun.release()
        assert is_free.wait(60)
        return answer_schema(FirstSeen).empty_table()

    monkeypatch.setattr(Timeline, "first_seen_table", waiting)
    client: TestClient = client_of(Settings(data))
    waiters = [threading.Thread(target=lambda: ask(client, phrases(["a b"] * 500))) for _ in range(THREADS["long"] + 3)]
    for one in waiters:
        one.start()
    try:
        for _ in range(THREADS["long"]):
            assert begun.acquire(timeout=60)
        time.sleep(0.2)
        assert not begun.acquire(blocking=False), "no more threads than there are"
        assert client.get("/v1/health").status_code == 200
        assert client.get("/v1/timelines/tiny/history?phrase=cats sleep").status_code == 200
    finally:
        is_free.set()
        for one in waiters:
            one.join()


def test_threads_are_handed_out_in_order_and_pools_know_nothing_of_each_other():
    """No more run at once than a pool has; who came first is first."""
    order, running, most = [], [0], [0]
    lock = threading.Lock()

    def work(number: int) -> int:
        with lock:
            order.append(number)
            running[0] += 1
            most[0] = max(most[0], running[0])
        time.sleep(0.01)
        with lock:
            running[0] -= 1
        return number

    async def all_of_them() -> list[int]:
        return await asyncio.gather(*(in_threads("long", lambda n=number: work(n)) for number in range(12)))

    assert asyncio.run(all_of_them()) == list(range(12))
    assert most[0] == THREADS["long"]
    assert [sorted(order[start : start + THREADS["long"]]) for start in range(0, 12, THREADS["long"])] == [
        list(range(start, start + THREADS["long"])) for start in range(0, 12, THREADS["long"])
    ]
