"""Problems as exceptions."""

import pickle
import re
from collections.abc import Callable
from typing import Any

import pytest
from scripted_server import Scripted, answer

import exposure.client as package
from exposure.api.jobs import Job
from exposure.api.requests import ModelName
from exposure.client import (
    AsyncClient,
    Client,
    InvalidRequest,
    JobCancelled,
    NotFound,
    ServiceProblem,
    UnexpectedAnswer,
)
from exposure.client.problems import FieldProblem, problem_of
from exposure.errors import ExposureError, UsageError
from service.problems import KINDS

AskBoth = Callable[..., Any]


def test_every_class_is_of_a_kind() -> None:
    """Each class is of a kind that the service knows, none of the same as another, and all are exported."""
    known = [one.TYPE for one in ServiceProblem.__subclasses__()]
    assert set(known) <= {kind.type for kind in KINDS}
    assert len(known) == len(set(known))
    assert {one.__name__ for one in ServiceProblem.__subclasses__()} <= set(package.__all__)


def test_a_problem_carries_all_that_the_service_said(asking: AskBoth, server: Scripted) -> None:
    """Type, status, sentence, request id and the wrong fields."""
    body = {
        "type": "/problems/invalid-request", "title": "T", "status": 422, "detail": "query.at_step: wrong.",
        "request_id": "abc", "errors": [{"where": "query.at_step", "problem": "wrong"}],
    }  # fmt: skip
    server.play(answer(body, 422, "application/problem+json"))
    with pytest.raises(InvalidRequest, match=r"query\.at_step: wrong\.") as caught:
        asking(lambda client: client.health())
    found = caught.value
    assert (found.type, found.status, found.request_id) == ("/problems/invalid-request", 422, "abc")
    assert found.errors == (FieldProblem("query.at_step", "wrong"),)
    assert isinstance(found, ExposureError)


def test_a_kind_of_a_later_version_is_a_service_problem(asking: AskBoth, server: Scripted) -> None:
    """A type that this client does not know is told by its `type`."""
    body = {"type": "/problems/novelty", "title": "T", "status": 418, "detail": "New.", "request_id": "r"}
    server.play(answer(body, 418, "application/problem+json"))
    with pytest.raises(ServiceProblem) as caught:
        asking(lambda client: client.health())
    assert type(caught.value) is ServiceProblem
    assert caught.value.type == "/problems/novelty"


@pytest.mark.parametrize(
    ("status", "media", "body"),
    [(502, "text/html", b"<html>"), (500, "application/problem+json", b"{}"), (404, "application/problem+json", b"[]")],
)  # fmt: skip
def test_answers_of_others_are_not_taken_for_the_service(
    asking: AskBoth, server: Scripted, status: int, media: str, body: bytes
) -> None:
    """A proxy's page, or a problem without a type, is an unexpected answer that shows what came."""
    server.play(answer(body, status, media))
    with pytest.raises(UnexpectedAnswer, match=re.escape(f"Status {status} came back as {media}")):
        asking(lambda client: client.health())


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'"live"', b'{"status": "live"}'])
def test_successes_of_others_are_not_taken_for_the_service(asking: AskBoth, server: Scripted, body: bytes) -> None:
    """Neither is a page that answers with 200, or an object with other fields."""
    server.play(answer(body))
    with pytest.raises(UnexpectedAnswer):
        asking(lambda client: client.health())


def test_problems_survive_the_way_out_of_a_process() -> None:
    """Pickled and read back they are what they were."""
    problem = problem_of(
        404, "application/problem+json", b'{"type": "/problems/not-found", "detail": "No."}', "r", None
    )
    again = pickle.loads(pickle.dumps(problem))
    assert isinstance(again, NotFound)
    assert (str(again), vars(again)) == (str(problem), vars(problem))
    cancelled = pickle.loads(pickle.dumps(JobCancelled(Job("j", "index", "cancelled", {}, 0.0, problem="Stopped."))))
    assert isinstance(cancelled, JobCancelled)
    assert cancelled.job.problem == "Stopped."


@pytest.mark.parametrize("kind", [Client, AsyncClient])
@pytest.mark.parametrize(
    "url", ["", "127.0.0.1:8000", "ftp://x", "http://", "http://me:pw@x", "http://x/?a=b", "http://x:port"]
)
def test_what_is_no_url_is_refused(kind: Any, url: str) -> None:
    """With a sentence, before anything is sent; a password in it is not repeated."""
    with pytest.raises(UsageError) as caught:
        kind(url)
    assert "pw" not in str(caught.value)


def test_the_key_goes_with_every_request(server: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    """The one that is given, else the environment's, else none."""
    server.play(answer({"status": "live", "version": "1"}))
    monkeypatch.setenv("EXPOSURE_KEY", "from-the-environment")
    for given in ("given", None):
        with Client(server.url, given) as client:
            client.health()
    monkeypatch.delenv("EXPOSURE_KEY")
    with Client(server.url) as client:
        client.health()
    sent = [one.headers.get("authorization") for one in server.asked]
    assert sent == ["Bearer given", "Bearer from-the-environment", None]


@pytest.mark.parametrize("key", ["", " ", "clé", "a\nb"])
def test_what_is_no_key_is_refused(key: str) -> None:
    """With a sentence that does not repeat it."""
    with pytest.raises(UsageError, match="Check key=… and EXPOSURE_KEY"):
        Client("http://127.0.0.1:8000", key)


def test_no_proxy_stands_between_this_machine_and_itself(server: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy of the environment is not asked for what listens on loopback."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    server.play(answer({"status": "live", "version": "1"}))
    with Client(server.url) as client:
        assert client.health().version == "1"


def test_arguments_that_are_no_request_are_refused(asking: AskBoth, server: Scripted) -> None:
    """A job that the service would refuse is refused here, with the field's name or the rule; nothing is sent."""
    with pytest.raises(UsageError, match=r"phrase_sets\.0: .*IndexRequest"):
        asking(lambda client: client.jobs.index(run="r", timeline="t", phrase_sets=["no digest"]))
    model = ModelName(model="m")
    with pytest.raises(UsageError, match=r"^sides and split_at_step .* give timeline"):
        asking(lambda client: client.jobs.evaluate(name="e", checkpoints=model, pair_set="0" * 40, sides="good"))
    assert server.asked == []
