"""Tables: one answer as rows, Arrow, pandas and polars; and answers that were cut off."""

import json
import sys
from collections.abc import Callable
from dataclasses import asdict, fields, replace
from enum import Enum
from types import NoneType, UnionType
from typing import Any, Literal, get_args, get_origin, get_type_hints

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scripted_server import Asked, Scripted, answer, problem

from exposure import answers
from exposure.answer_batches import batch_of
from exposure.answers import CoverageAnswer, FirstSeen
from exposure.api import corpus, jobs, pairs, resources, timelines
from exposure.client import Client, Conflict, Table, UnexpectedAnswer
from exposure.client.core import cursor_in
from exposure.client.decoding import reader_of
from exposure.errors import UsageError
from exposure.measurement import Measurement
from exposure.splits import PairSplit, ParadigmSplit
from exposure.status import ExposureStatus

AskBoth = Callable[..., Any]
ARROW = "application/vnd.apache.arrow.stream"

SEEN = FirstSeen(
    "these books", ExposureStatus.SEEN, 4, 5, True, 1, None, "d2", 2, None, 0, 0, 7, None, None, "exact"
)  # fmt: skip
NOT_INDEXED = FirstSeen.not_indexed("zebra", "exact")


def arrow(kind: type, *rows: Any) -> bytes:
    """Rows as the service sends them."""
    sink = pa.BufferOutputStream()
    batch = batch_of(kind, rows)
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    return bytes(sink.getvalue())


def test_an_answer_cut_off_anywhere_is_asked_for_again(asking: AskBoth, server: Scripted) -> None:
    """At no byte does a shorter stream pass for a whole one, even where the connection ends in order."""
    whole = arrow(CoverageAnswer, CoverageAnswer("g", 1, 2, 2, True, ((0, 2),), (), "exact"))
    for place in [*range(0, len(whole), 97), len(whole) - 8, len(whole) - 1]:
        server.play(answer(whole[:place], media=ARROW), answer(whole, media=ARROW))
        assert len(asking(lambda client: client.timelines.coverage("tiny"))) == 1
        assert len(server.asked) == 2


def test_a_damaged_answer_is_an_error(asking: AskBoth, server: Scripted) -> None:
    """One that has its end, and is damaged before it."""
    whole = bytearray(arrow(CoverageAnswer, CoverageAnswer("g", 1, 2, 2, True, ((0, 2),), (), "exact")))
    whole[:64] = b"\xab" * 64
    server.play(answer(bytes(whole), media=ARROW))
    with pytest.raises(UnexpectedAnswer, match="damaged Arrow"):
        asking(lambda client: client.timelines.coverage("tiny"))


def test_arrow_and_json_give_the_same_table(asking: AskBoth, server: Scripted) -> None:
    """Rows, columns and types do not depend on the form in which they came."""
    rows = [SEEN, NOT_INDEXED]
    plain = {"timeline": "tiny", "generation": "g1", "answers": [asdict(row) for row in rows]}
    found = []
    for act in (
        answer(plain, Exposure_Generation="g1"),
        answer(arrow(FirstSeen, *rows), media=ARROW, Exposure_Generation="g1"),
    ):
        server.play(act)
        found.append(asking(lambda client: client.timelines.first_seen("tiny", ["these books", "zebra"])))
    assert server.asked[0].headers["accept"].startswith(ARROW)
    for table in found:
        assert table.rows == rows
        assert list(table) == rows
        assert table[0].status is ExposureStatus.SEEN
        assert table[-1:] == [NOT_INDEXED]
        assert table.generation == "g1"
        assert repr(table) == "<Table of 2 FirstSeen: .rows .arrow() .pandas() .polars()>"
    assert found[0].arrow().equals(found[1].arrow())


def test_whole_numbers_stay_whole_beside_nulls() -> None:
    """pandas and polars have integers where some are unknown, and null is not 0."""
    table = Table(FirstSeen, rows=[SEEN, NOT_INDEXED])
    frame = table.pandas()
    assert str(frame["count"].dtype) == "Int64"
    assert frame["count"].isna().tolist() == [False, True]
    assert frame["phrase"].tolist() == ["these books", "zebra"]
    other = table.polars()
    assert other["count"].to_list() == [2, None]
    assert other["first_exact"].to_list() == [True, None]
    assert str(other["first_batch"].dtype) == "Int64"
    assert other.columns == list(asdict(SEEN))


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_a_library_that_is_missing_is_a_sentence(monkeypatch: pytest.MonkeyPatch, library: str) -> None:
    """It says what to install, and what works without."""
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(UsageError, match=rf"pip install {library}\. Or take \.rows or \.arrow"):
        getattr(Table(FirstSeen, rows=[SEEN]), library)()


def test_a_missing_http_library_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    """The extra is named; importing the package does not need it."""
    monkeypatch.setitem(sys.modules, "httpx2", None)
    with pytest.raises(UsageError, match=r"pip install 'exposure\[client\]'"):
        Client("http://127.0.0.1:8000")


def test_what_arrow_cannot_hold_is_there_as_rows() -> None:
    """Half of a surrogate pair comes as JSON; asked for as Arrow it is a sentence."""
    table = Table(FirstSeen, rows=[replace(SEEN, phrase="\ud83d")])
    assert table[0].phrase == "\ud83d"
    with pytest.raises(UsageError, match=r"Take \.rows instead"):
        table.arrow()


def test_pages_are_followed_to_the_last(asking: AskBoth, server: Scripted) -> None:
    """The rows of all pages are one table, and only the cursor is taken from where the next page is said to be."""
    rows = [resources.ModelFacts(f"m{number}", "s") for number in range(5)]

    def page(asked: Asked) -> Any:
        place = int(asked.target.partition("cursor=")[2] or 0)
        more = {"Link": f'<http://127.0.0.1:1/elsewhere?limit=2&cursor={place + 2}>; rel="next"'} if place < 4 else {}
        return answer(arrow(resources.ModelFacts, *rows[place : place + 2]), media=ARROW, **more)

    server.choose = page
    assert asking(lambda client: client.models.list()).rows == rows
    assert [one.target for one in server.asked] == ["/v1/models", "/v1/models?cursor=2", "/v1/models?cursor=4"]


def test_jobs_are_listed_page_by_page(asking: AskBoth, server: Scripted) -> None:
    """The next page is asked for when its first job is wanted, and the last one has no successor."""
    made = [jobs.Job(str(number), "index", "queued", {}, 0.0) for number in range(5)]

    def page(asked: Asked) -> Any:
        place = int(asked.target.partition("cursor=")[2] or 0)
        more = {"next": str(place + 2)} if place < 4 else {}
        return answer({"answers": [asdict(job) for job in made[place : place + 2]], **more})

    server.choose = page
    assert asking(lambda client: client.jobs.list(state="queued")) == made
    assert [one.target.partition("?")[2] for one in server.asked] == [
        "state=queued", "state=queued&cursor=2", "state=queued&cursor=4",
    ]  # fmt: skip
    server.asked.clear()
    with Client(server.url) as client:
        assert next(client.jobs.list()) == made[0]
    assert len(server.asked) == 1


def test_pages_are_of_one_state(asking: AskBoth, server: Scripted) -> None:
    """What changes while its pages are read is read again from the beginning; in the end it is an error."""
    rows = [resources.ModelFacts(f"m{number}", "s") for number in range(4)]
    more = {"Link": '</v1/models?cursor=2>; rel="next"'}
    first, last = arrow(resources.ModelFacts, *rows[:2]), arrow(resources.ModelFacts, *rows[2:])
    server.play(
        answer(first, media=ARROW, **more), problem("conflict", 409),
        answer(first, media=ARROW, **more), answer(last, media=ARROW),
    )  # fmt: skip
    assert asking(lambda client: client.models.list()).rows == rows
    server.play(*[answer(first, media=ARROW, **more), problem("conflict", 409)] * 9)
    with pytest.raises(UnexpectedAnswer, match="changed 5 times"):
        asking(lambda client: client.models.list())
    server.play(problem("conflict", 409))
    with pytest.raises(Conflict):
        asking(lambda client: client.models.list())


def test_cursors_are_found_in_links() -> None:
    """Those of the next page, unquoted; nothing in other links."""
    assert cursor_in('</v1/x?uid=a%20b&cursor=q%3D1>; rel="next"') == "q=1"
    assert cursor_in('</v1/x?cursor=1>; rel="prev"') is None
    assert cursor_in("") is None


KINDS = [
    *(answers.FirstSeen, answers.HistoryPoint, answers.ExposureAnswer, answers.CoverageAnswer),
    *(timelines.TimelineEntry, timelines.TimelineFacts, corpus.BatchRow, corpus.Context, pairs.PairRow),
    *(resources.RunFacts, resources.PairSetFacts, resources.PhraseSetFacts, resources.PhraseRow, resources.ModelFacts),
    *(resources.MeasureFacts, resources.EvaluationFacts, resources.CheckpointFacts, resources.ItemScore),
    *(Measurement, PairSplit, ParadigmSplit, jobs.Job, jobs.JobProgress),
]
"""All that the service answers with."""


TEXT = st.text(max_size=20)
PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    int: st.integers(-(2**63), 2**63 - 1),
    float: st.floats(allow_nan=False, allow_infinity=False),
    bool: st.booleans(),
    str: TEXT,
}


def values_of(hint: Any) -> st.SearchStrategy[Any]:
    """What a field annotated `hint` may hold."""
    if hint in PLAIN:
        return PLAIN[hint]
    if get_origin(hint) is UnionType:
        return st.one_of(*(st.none() if one is NoneType else values_of(one) for one in get_args(hint)))
    if get_origin(hint) is tuple:
        inner = get_args(hint)
        is_pair = inner[-1] is not Ellipsis
        return st.tuples(*map(values_of, inner)) if is_pair else st.lists(values_of(inner[0]), max_size=3).map(tuple)
    if get_origin(hint) is Literal:
        return st.sampled_from(get_args(hint))
    if get_origin(hint) is dict:
        return st.dictionaries(TEXT, st.none() | TEXT | st.integers(-9, 9) | st.lists(TEXT, max_size=2), max_size=3)
    return st.sampled_from(list(hint)) if issubclass(hint, Enum) else made_of(hint)


def made_of(kind: type) -> st.SearchStrategy[Any]:
    """Instances of a dataclass."""
    hints = get_type_hints(kind)
    return st.builds(kind, **{field.name: values_of(hints[field.name]) for field in fields(kind)})


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_every_answer_survives_json_and_arrow(kind: type, data: st.DataObject) -> None:
    """What is sent is what is read, for every dataclass, whatever its fields hold: large numbers, nulls, any text."""
    made = data.draw(made_of(kind))
    assert reader_of(kind)(json.loads(json.dumps(asdict(made)))) == made
    assert Table(kind, pa.Table.from_batches([batch_of(kind, [made])])).rows == [made]


def test_a_newer_service_can_be_asked() -> None:
    """Fields that this client does not know are left out; those that it needs must be there."""
    read = reader_of(resources.ModelFacts)
    assert read({"name": "m", "source": "s", "novelty": 1}) == resources.ModelFacts("m", "s")
    with pytest.raises(UnexpectedAnswer, match=r"ModelFacts that this client cannot read: without \['source'\]"):
        read({"name": "m"})
    with pytest.raises(UnexpectedAnswer):
        read(["m", "s"])
    with pytest.raises(UnexpectedAnswer, match="not-a-status"):
        reader_of(FirstSeen)({**asdict(SEEN), "status": "not-a-status"})
