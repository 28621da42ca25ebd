"""JSON, NDJSON and CSV of the same rows, whatever the texts in them, and which of them an Accept header gets."""

import asyncio
import contextlib
import csv
import io
import json
from dataclasses import asdict, dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.responses import StreamingResponse

from service.errors import NotAcceptableError
from service.rendering import RENDERERS, ROWS_A_PART, negotiate, render


@dataclass(frozen=True, slots=True)
class Inner:
    """A row within a row."""

    name: str


@dataclass(frozen=True, slots=True)
class Thing:
    """One row with every type of value."""

    text: str
    number: int | None
    flag: bool
    many: tuple[str, ...]
    inner: Inner | None


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20) | st.sampled_from(
    ['"', ",", "\r", "\n", "\r\n", "=1+1", "\u2028", "\x00", " ", "a,b\r", "'"]
)
things = st.builds(
    Thing, texts, st.none() | st.integers(), st.booleans(), st.lists(texts, max_size=3).map(tuple),
    st.none() | st.builds(Inner, texts),
)  # fmt: skip


def body(response) -> bytes:
    """All of a response, streamed or not."""
    if not isinstance(response, StreamingResponse):
        return response.body

    async def collect() -> bytes:
        return b"".join([bytes(part) async for part in response.body_iterator])

    return asyncio.run(collect())


@given(st.lists(things, max_size=8))
def test_every_text_survives_in_every_form(rows):
    """Quotes, line ends, commas, formulas and NUL come back as they were."""
    expected = [json.loads(json.dumps(asdict(row))) for row in rows]
    whole = json.loads(body(render(Thing, rows, "application/json", {"a": "\u2028"}, {})))
    assert whole == {"a": "\u2028", "answers": expected}
    lines = body(render(Thing, rows, "application/x-ndjson", {}, {})).decode()
    assert [json.loads(line) for line in lines.split("\n")[:-1]] == expected
    table = list(csv.reader(io.StringIO(body(render(Thing, rows, "text/csv", {}, {})).decode(), newline="")))
    assert table[0] == ["text", "number", "flag", "many", "inner"]
    assert [(line[0], line[1], line[2]) for line in table[1:]] == [
        (row.text, "" if row.number is None else str(row.number), "true" if row.flag else "false") for row in rows
    ]
    assert [json.loads(line[3]) for line in table[1:]] == [list(row.many) for row in rows]


@pytest.mark.parametrize(
    "count", [0, 1, ROWS_A_PART - 1, ROWS_A_PART, ROWS_A_PART + 1, 2 * ROWS_A_PART, 2 * ROWS_A_PART + 1]
)
@pytest.mark.parametrize("media", RENDERERS)
def test_parts_join_without_a_seam(count, media):
    """Long answers are streamed; no row is lost or doubled where parts meet."""
    rows = [Thing(str(number), number, True, (), None) for number in range(count)]
    response = render(Thing, rows, media, {}, {"X": "y"})
    assert isinstance(response, StreamingResponse) == (count > ROWS_A_PART)
    assert (response.headers["x"], response.headers["content-type"].partition(";")[0]) == ("y", media)
    text = body(response).decode()
    if media == "application/json":
        found = [one["number"] for one in json.loads(text)["answers"]]
    elif media == "text/csv":
        found = [int(line["number"]) for line in csv.DictReader(io.StringIO(text, newline=""))]
    else:
        found = [json.loads(line)["number"] for line in text.split("\n")[:-1]]
    assert found == list(range(count))


def test_one_row_without_an_envelope_is_the_answer_itself():
    """A single thing is an object, not a list of one."""
    row = Thing("a", 1, False, ("b",), Inner("c"))
    assert json.loads(body(render(Thing, [row], "application/json", None, {}))) == {
        "text": "a", "number": 1, "flag": False, "many": ["b"], "inner": {"name": "c"},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        (None, "application/json"),
        ("", "application/json"),
        ("*/*", "application/json"),
        ("application/json", "application/json"),
        ("Application/JSON; charset=utf-8", "application/json"),
        ("text/csv", "text/csv"),
        ("text/*", "text/csv"),
        ("application/*", "application/json"),
        ("application/x-ndjson", "application/x-ndjson"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "application/json"),
        ("text/csv;q=0.5, application/x-ndjson;q=0.6", "application/x-ndjson"),
        ("*/*, application/json;q=0.1", "application/x-ndjson"),
        ("text/csv, */*;q=0.1", "text/csv"),
        ("application/json;q=0, */*", "application/x-ndjson"),
        ("application/json;q=0.9, text/csv;q=nonsense", "application/json"),
        ("application/json;q=inf, text/csv", "application/json"),
        (",,text/csv,", "text/csv"),
    ],
)
def test_an_accept_header_gets_what_it_likes_best(accept, media):
    """RFC 9110: the most specific range decides, then the quality, then our order."""
    assert negotiate(accept) == media


@pytest.mark.parametrize(
    "accept", ["text/html", "text/csv;q=0", "nonsense", "*/*;q=0", "application/json;q=-1", "text/csv;q=nan"]
)
def test_an_accept_header_that_likes_none_is_refused(accept):
    """Nobody is sent a form that they did not ask for."""
    with pytest.raises(NotAcceptableError):
        negotiate(accept)


@given(st.text(st.characters(max_codepoint=255), max_size=60))
def test_no_accept_header_is_a_defect(accept):
    """Any bytes are answered in a form that is written, or refused."""
    with contextlib.suppress(NotAcceptableError):
        assert negotiate(accept) in RENDERERS
