"""The client and the service's OpenAPI: nothing is asked that is not there, and all that is there can be asked."""

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest
from starlette.routing import compile_path

import exposure
from exposure.client import AsyncClient, Client, NotFound, Retries, SplitRequest
from exposure.client.calls import Group, ask, each
from exposure.client.jobs import submit
from exposure.errors import UsageError
from service.app import create_app
from service.settings import Settings

DIGEST = "0" * 40

CALLS: dict[str, Callable[[Any], Any]] = {
    "health": lambda client: client.health(),
    "batches": lambda client: client.batches("r", 1, sequence=0),
    "timelines.list": lambda client: client.timelines.list(),
    "timelines.get": lambda client: client.timelines.get("t"),
    "timelines.first_seen": lambda client: client.timelines.first_seen("t", ["a"], at_step=1),
    "timelines.history": lambda client: client.timelines.history("t", "a", at_step=[1, 2]),
    "timelines.exposures": lambda client: client.timelines.exposures("t", "a"),
    "timelines.contexts": lambda client: client.timelines.contexts("t", "a", width=5),
    "timelines.coverage": lambda client: client.timelines.coverage("t"),
    "timelines.phrase_sets": lambda client: client.timelines.phrase_sets("t"),
    "timelines.splits": lambda client: client.timelines.splits("t", SplitRequest("seen-by", 1), DIGEST, ["u"]),
    "timelines.pair_splits": lambda client: client.timelines.pair_splits("t"),
    "timelines.remove": lambda client: client.timelines.remove("t"),
    "runs.list": lambda client: client.runs.list(),
    "runs.get": lambda client: client.runs.get("r"),
    "runs.register": lambda client: client.runs.register("r", "corpora", "run.json"),
    "runs.remove": lambda client: client.runs.remove("r"),
    "pair_sets.list": lambda client: client.pair_sets.list(),
    "pair_sets.get": lambda client: client.pair_sets.get(DIGEST),
    "pair_sets.pairs": lambda client: client.pair_sets.pairs(DIGEST, uid="u", phenomenon="p"),
    "pair_sets.upload": lambda client: client.pair_sets.upload([{"uid": "u"}]),
    "pair_sets.upload_files": lambda client: client.pair_sets.upload_files(PAIRS),
    "pair_sets.upload_rooted": lambda client: client.pair_sets.upload_rooted("corpora", "pairs"),
    "pair_sets.remove": lambda client: client.pair_sets.remove(DIGEST),
    "phrase_sets.list": lambda client: client.phrase_sets.list(),
    "phrase_sets.get": lambda client: client.phrase_sets.get(DIGEST),
    "phrase_sets.phrases": lambda client: client.phrase_sets.phrases(DIGEST, ["u"], ["p"], "good"),
    "phrase_sets.upload": lambda client: client.phrase_sets.upload(["a"]),
    "phrase_sets.of_pair_set": lambda client: client.phrase_sets.of_pair_set(DIGEST, rules="rules"),
    "phrase_sets.upload_rooted": lambda client: client.phrase_sets.upload_rooted("corpora", "phrases.parquet"),
    "phrase_sets.remove": lambda client: client.phrase_sets.remove(DIGEST),
    "jobs.index": lambda client: client.jobs.index(run="r", timeline="t", phrase_sets=[DIGEST]),
    "jobs.evaluate": lambda client: client.jobs.evaluate(name="e", checkpoints={"model": "m"}, pair_set=DIGEST),
    "jobs.get": lambda client: client.jobs.get("j"),
    "jobs.list": lambda client: client.jobs.list("index", "failed", "t", "e", "r"),
    "jobs.events": lambda client: client.jobs.events("j", after=1),
    "jobs.wait": lambda client: client.jobs.wait("j"),
    "jobs.cancel": lambda client: client.jobs.cancel("j"),
    "evaluations.list": lambda client: client.evaluations.list(),
    "evaluations.get": lambda client: client.evaluations.get("e"),
    "evaluations.checkpoints": lambda client: client.evaluations.checkpoints("e"),
    "evaluations.measurements": lambda client: client.evaluations.measurements(
        "e", measure=["m"], level="paradigm", group="g", uid=["u"], phenomenon="p", split="everything",
        convention="c", layer=[0], head=[0], step=[1], from_step=1, to_step=2,
    ),
    "evaluations.items": lambda client: client.evaluations.items(
        "e", step=1, from_step=1, to_step=2, uid="u", phenomenon="p", pair_id="0", split="unknown", convention="c"
    ),
    "evaluations.report_table": lambda client: client.evaluations.report_table("e", "lags", uid="u"),
    "evaluations.report_html": lambda client: client.evaluations.report_html("e"),
    "evaluations.remove": lambda client: client.evaluations.remove("e"),
    "models.list": lambda client: client.models.list(),
    "measures.list": lambda client: client.measures.list(),
}  # fmt: skip
"""Every method, with every parameter."""

NOT_ASKED = {
    ("GET", "/v1/timelines/{timeline}/first-seen"),  # POST asks the same
    ("GET", "/v1/evaluations/{evaluation}/paradigms"),  # as lags, by report_table
    ("GET", "/v1/evaluations/{evaluation}/splits"),
    ("GET", "/v1/metrics"),  # for Prometheus
}
"""What the client leaves to others, beside what workers ask."""

PAIRS = ""


@pytest.fixture(scope="module")
def openapi(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the service says of itself."""
    return create_app(Settings(tmp_path_factory.mktemp("data"))).openapi()


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> list[httpx2.Request]:
    """The first request of every method."""
    global PAIRS
    PAIRS = str(tmp_path_factory.mktemp("pairs") / "dna.jsonl")
    Path(PAIRS).write_text('{"sentence_good": "a b", "sentence_bad": "a c"}\n')
    found: list[httpx2.Request] = []
    body = {"type": "/problems/not-found", "title": "T", "status": 404, "detail": "No.", "request_id": "r"}
    media = {"Content-Type": "application/problem+json"}

    def refuse(request: httpx2.Request) -> httpx2.Response:
        found.append(request)
        return httpx2.Response(404, json=body, headers=media)

    with Client("http://x", retries=Retries(times=0), transport=httpx2.MockTransport(refuse)) as client:
        for name, call in CALLS.items():
            with pytest.raises(NotFound):
                list(call(client))
            assert found, name
    assert len(found) == len(CALLS)
    return found


def operation_of(request: httpx2.Request, openapi: dict[str, Any]) -> tuple[str, str]:
    """The route that answers a request: a path without parameters before one with."""
    for template in sorted(openapi["paths"], key=lambda one: one.count("{")):
        if compile_path(template)[0].match(request.url.path) and request.method.lower() in openapi["paths"][template]:
            return request.method, template
    raise AssertionError(f"{request.method} {request.url.path} is no route of the service")


def test_every_method_is_tried(asked: list[httpx2.Request]) -> None:
    """The calls of this file are all methods that the client has, on all its groups, and both clients have them."""
    for kind in (Client, AsyncClient):
        client: Any = kind("http://x")
        named = set(methods_of(client))
        for group, one in vars(client).items():
            if isinstance(one, Group):
                named |= {f"{group}.{name}" for name in methods_of(one)}
        assert named == CALLS.keys()


def methods_of(group: Group[Any]) -> list[str]:
    """What can be asked of a group."""
    return [
        name for name, _ in inspect.getmembers_static(type(group), lambda one: isinstance(one, ask | each | submit))
    ]


def test_every_request_is_of_a_route_and_its_parameters(asked: list[httpx2.Request], openapi: dict[str, Any]) -> None:
    """Path, method and query parameters are those of OpenAPI, in their types."""
    for request in asked:
        method, template = operation_of(request, openapi)
        described = openapi["paths"][template][method.lower()].get("parameters", [])
        known = {one["name"] for one in described if one["in"] == "query"}
        assert set(request.url.params) <= known, f"{method} {template}"


def test_every_parameter_can_be_given(asked: list[httpx2.Request], openapi: dict[str, Any]) -> None:
    """All query parameters of the routes that the client asks stand in some method; pages are turned by itself."""
    given: dict[tuple[str, str], set[str]] = {}
    for request in asked:
        given.setdefault(operation_of(request, openapi), set()).update(request.url.params)
    for (method, template), names in given.items():
        described = openapi["paths"][template][method.lower()].get("parameters", [])
        known = {one["name"] for one in described if one["in"] == "query"}
        assert known - names - {"cursor", "limit", "wait"} == set(), f"{method} {template}"


def test_every_route_can_be_asked(asked: list[httpx2.Request], openapi: dict[str, Any]) -> None:
    """What the client leaves out is what is listed here."""
    routes = {
        (method.upper(), path)
        for path, methods in openapi["paths"].items()
        for method in methods
        if path.startswith("/v1/") and not path.startswith("/v1/worker")
    }
    assert routes - {operation_of(request, openapi) for request in asked} == NOT_ASKED & routes


def test_names_are_quoted() -> None:
    """A name with a slash or dots names a thing, and leads nowhere else."""
    seen: list[str] = []

    def refuse(request: httpx2.Request) -> httpx2.Response:
        seen.append(request.url.raw_path.decode())
        return httpx2.Response(502, content=b"")

    with Client("http://x/prefix/", retries=Retries(times=0), transport=httpx2.MockTransport(refuse)) as client:
        for name in ("../runs", "a/b", "a?b#c", "ä"):
            with pytest.raises(Exception, match="Status 502"):
                client.timelines.get(name)
    assert seen == [f"/prefix/v1/timelines/{one}" for one in ("..%2Fruns", "a%2Fb", "a%3Fb%23c", "%C3%A4")]


@pytest.mark.parametrize("name", ["", ".", ".."])
def test_what_would_lead_elsewhere_is_no_name(name: str) -> None:
    """Dots alone are taken out of addresses, so that something else would be asked, or removed."""
    with Client("http://x") as client, pytest.raises(UsageError, match="is no name"):
        client.timelines.remove(name)


def test_the_types_are_shipped() -> None:
    """py.typed lies beside the package, so that type checkers of others read its annotations."""
    assert (Path(exposure.__file__).parent / "py.typed").is_file()


def test_methods_tell_what_they_are() -> None:
    """help() and editors see name, sentence and parameters, for the one that waits and the one that awaits."""
    for kind in (Client, AsyncClient):
        method = kind("http://x").timelines.first_seen  # type: ignore[attr-defined]
        assert method.__name__ == "first_seen"
        assert (method.__doc__ or "").startswith("When each phrase was first seen")
        assert list(inspect.signature(method).parameters) == ["name", "phrases", "at_step"]
        submitting = kind("http://x").jobs.index  # type: ignore[attr-defined]
        assert {"run", "timeline", "phrase_sets"} <= set(inspect.signature(submitting).parameters)
