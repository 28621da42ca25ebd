"""Large look-ups: cut to what the service takes, and answered from one generation."""

import json
from collections.abc import Callable
from typing import Any

import pandas
import polars
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scripted_server import Act, Asked, Scripted, answer, phrases_in, problem

from exposure.answers import FirstSeen
from exposure.client import Client, LimitExceeded, Retries, TooLarge, UnexpectedAnswer, look_up
from exposure.client.core import Core
from exposure.client.exchanges import Exchange, Response
from exposure.errors import UsageError
from service.bodies.phrase_body import asked_phrases
from service.settings import Limits

AskBoth = Callable[..., Any]


def rows_for(phrases: list[str], generation: str) -> bytes:
    """What a service answers that has indexed none of them, as JSON."""
    made = [{**blank, "phrase": phrase} for phrase in phrases]
    return json.dumps({"timeline": "tiny", "generation": generation, "answers": made}).encode()


blank = json.loads(json.dumps(dict.fromkeys(FirstSeen.__slots__))) | {
    "status": "not_indexed",
    "exactness": "e",
}


def service(core: Core, phrases: list[str], most: int, longest: int, generations: list[str]) -> tuple[Any, list[int]]:
    """Carry out a look-up against a service with limits that answers from one generation after the other."""
    plan = look_up.first_seen(core, "/v1/timelines/tiny/first-seen", phrases, None)
    sizes: list[int] = []
    command = next(plan)
    while True:
        assert isinstance(command, Exchange)
        asked = phrases_in(command.request.content or b"")
        headers = {
            "content-type": "application/json",
            "exposure-generation": generations[min(len(sizes), len(generations) - 1)],
        }
        is_refused = len(asked) > most or any(len(one) > longest for one in asked)
        if not is_refused:
            sizes.append(len(asked))
        body = (
            b'{"type": "/problems/limit-exceeded", "status": 422, "detail": "Too many."}'
            if is_refused
            else rows_for(asked, "g")
        )
        media = {"content-type": "application/problem+json"} if is_refused else {}
        try:
            command = plan.send(Response(422 if is_refused else 200, {**headers, **media}, body))
        except StopIteration as end:
            return end.value, sizes


@given(
    st.lists(st.text(max_size=5), min_size=1, max_size=60),
    st.integers(1, 70),
    st.integers(1, 70),
    st.integers(20, 200),
)
def test_all_phrases_are_answered_in_order_whatever_the_limits(
    phrases: list[str], most: int, begin: int, bytes_a_body: int
) -> None:
    """The rows are those of the phrases, in order, and no request is beyond a limit once the limit is known."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(look_up, "MOST_BYTES", bytes_a_body)
        table, sizes = service(Core("http://x", Retries(), phrases=begin), phrases, most, 1000, ["g"])
    assert [row.phrase for row in table] == phrases
    assert sum(sizes) == len(phrases)
    assert max(sizes) <= min(most, max(begin, 1))


@pytest.mark.parametrize("letter", ["a", "ä", "🥊"])
def test_a_body_stays_within_its_bytes(letter: str) -> None:
    """It is as large as it may be, whatever the letters; what is too long by itself is still sent, to be refused."""
    long = [letter * 1000] * 9000
    request = look_up._question("/", long[: look_up._fitting(long)], None)
    assert look_up.MOST_BYTES * 0.9 < len(request.content or b"") < look_up.MOST_BYTES + 4096 < 16 << 20
    assert look_up._fitting(["a" * (look_up.MOST_BYTES + 1)] * 2) == 1
    assert look_up._fitting([]) == 0


@pytest.mark.parametrize("at_step", [None, 0, 2**53 - 1])
def test_a_question_in_arrow_is_what_the_service_reads(at_step: int | None) -> None:
    """The service's own reader finds the phrases, and the checkpoint or none."""
    request = look_up._question("/", ["these books", "…", "a\nb"], at_step)
    asked = asked_phrases(request.content or b"", request.headers["Content-Type"], Limits())
    assert asked.phrases.to_pylist() == ["these books", "…", "a\nb"]
    assert asked.at_step == at_step


@pytest.mark.parametrize("none", [None, 3, float("nan"), b"a", "\ud83d", "a\udfffb"])
def test_what_is_no_text_is_refused(server: Scripted, none: Any) -> None:
    """With its place, before anything is sent."""
    with Client(server.url) as client, pytest.raises(UsageError, match=r"Phrase 1 is .*texts were expected"):
        client.timelines.first_seen("tiny", ["a", none])
    assert server.asked == []


def test_a_phrase_that_is_too_long_is_an_error() -> None:
    """However few are asked for, it is refused, and the sentence is the service's."""
    with pytest.raises(LimitExceeded, match="Too many"):
        service(Core("http://x", Retries()), ["a", "b", "long" * 9, "c"], 100, 10, ["g"])


def test_a_look_up_begins_again_when_something_is_published() -> None:
    """All rows are of one generation; where they never are, it is an error and no mixture."""
    phrases = [str(number) for number in range(5)]
    table, sizes = service(Core("http://x", Retries(), phrases=2), phrases, 2, 9, ["g1", "g2"])
    assert table.generation == "g2"
    assert [row.phrase for row in table] == phrases
    assert sizes == [2, 2, 2, 2, 1]
    with pytest.raises(UnexpectedAnswer, match="published anew 5 times"):
        service(Core("http://x", Retries(), phrases=2), phrases, 2, 9, [str(number) for number in range(50)])


def test_a_body_that_is_too_large_is_sent_in_halves(asking: AskBoth, server: Scripted) -> None:
    """413 of a service, or of a proxy before it that says so as the service does."""

    def choose(asked: Asked) -> Act:
        phrases = asked.phrases
        return problem("too-large", 413) if len(phrases) > 3 else answer(rows_for(phrases, "g"))

    server.choose = choose
    assert len(asking(lambda client: client.timelines.first_seen("tiny", map(str, range(10))))) == 10
    server.choose = lambda _: problem("too-large", 413)
    with pytest.raises(TooLarge):
        asking(lambda client: client.timelines.first_seen("tiny", "a"))


@pytest.mark.parametrize(
    "phrases",
    [
        "ab",
        ["ab"],
        ("ab",),
        iter(["ab"]),
        pa.array(["ab"]),
        pa.chunked_array([["ab"]]),
        pandas.Series(["ab"]),
        polars.Series(["ab"]),
    ],
)
def test_phrases_come_from_anywhere(server: Scripted, phrases: Any) -> None:
    """One text is one phrase, not its letters; columns of all libraries are taken."""
    server.play(answer(rows_for(["ab"], "g")))
    with Client(server.url) as client:
        assert [row.phrase for row in client.timelines.first_seen("tiny", phrases)] == ["ab"]
    assert server.asked[0].phrases == ["ab"]


def test_no_phrase_is_for_the_service_to_refuse(asking: AskBoth, server: Scripted) -> None:
    """An empty list is asked too, so that a wrong name is not answered with an empty table."""
    server.play(problem("not-found", 404))
    with pytest.raises(Exception, match=r"A sentence\."):
        asking(lambda client: client.timelines.first_seen("tinny", []))
