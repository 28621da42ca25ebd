"""OpenAPI and docs/rest.md say everything that the router answers, and what they show is so."""

import re
import shlex
from pathlib import Path

import pytest
from fastapi.routing import iter_route_contexts
from starlette.routing import Mount

from service.app import create_app
from service.problems import KINDS, PROBLEM_JSON
from service.settings import Settings

DOCS = Path(__file__).parents[2] / "docs"
REST = "\n\n".join(path.read_text() for path in [DOCS / "rest.md", *sorted((DOCS / "rest").glob("*.md"))])


def routes(app) -> set[tuple[str, str]]:
    """(method, path) of every route, taken from the router itself."""
    found = set()
    for route in iter_route_contexts(app.routes):
        if isinstance(route.original_route, Mount):
            continue
        found |= {(method, route.path) for method in route.methods - {"HEAD"}}
    return found


@pytest.fixture
def app(tmp_path):
    return create_app(Settings(tmp_path))


def test_every_route_of_the_router_is_in_openapi(app):
    """Nothing is answered that is not documented, but the documentation itself."""
    pages = {("GET", "/openapi.json"), ("GET", "/docs"), ("GET", "/problems/{slug}")}
    listed = {(method.upper(), path) for path, ones in app.openapi()["paths"].items() for method in ones}
    assert routes(app) == listed | pages


def test_every_route_of_the_router_has_its_part_in_rest_md_with_an_example(app):
    """A route without its heading and a curl command below it is not finished."""
    parts = re.split(r"^### ", REST, flags=re.MULTILINE)[1:]
    headed = {tuple(re.match(r"`(\w+) (\S+)`", part).groups()): part for part in parts}
    assert set(headed) == {route for route in routes(app) if route[1].startswith("/v1/")}
    for (method, path), part in headed.items():
        commands = [line for line in part.splitlines() if line.startswith("curl ")]
        assert commands, f"{method} {path} has no example"
    for page in ("/docs", "/openapi.json"):
        assert f"`{page}`" in REST


def examples() -> list[str]:
    return re.findall(r"^curl .*$", REST, flags=re.MULTILINE)


@pytest.mark.parametrize("command", examples())
def test_the_examples_in_rest_md_are_answered(client, named, working, command):
    """They run as they stand, once $PAIR_SET and the like are what the lists say."""
    for name, value in {**named, **working}.items():
        command = command.replace(name, value)
    method, url, options = as_request(command)
    assert client.request(method, url, **options).status_code in (200, 201, 202, 204)


def as_request(command: str) -> tuple[str, str, dict]:
    """What curl would ask, for the options that rest.md uses."""
    words = iter(shlex.split(command)[1:])
    url, method, headers, query, content = "", "GET", {}, [], None
    for word in words:
        if word == "--json":
            method, content = "POST", next(words)
            headers["content-type"] = "application/json"
        elif word == "-H":
            name, _, value = next(words).partition(": ")
            headers[name] = value
        elif word == "--data-urlencode":
            query.append(tuple(next(words).split("=", 1)))
        elif word == "-X":
            method = next(words)
        elif word != "-G":
            assert not word.startswith("-"), word
            url = word
    asked = {"headers": headers} | ({"params": query} if query else {})
    return method, url, asked | ({"content": content} if content else {})


def test_every_kind_of_problem_is_in_rest_md():
    """With its status."""
    for kind in KINDS:
        assert f"| `{kind.type}` | {kind.status} |" in REST


def test_the_limits_in_rest_md_are_the_default_ones(tmp_path):
    """And so is the time to end."""
    from service.server import GRACE_SECONDS

    settings = Settings(tmp_path)
    said = (f"{settings.limits.phrases:,} phrases", f"{settings.limits.phrase_characters:,} characters",
            f"{settings.limits.body_bytes >> 20} MiB", f"{GRACE_SECONDS} seconds", *settings.hosts)  # fmt: skip
    assert [one for one in said if one not in REST] == []


def operations(app):
    document = app.openapi()
    return [(document, path, method, one) for path, ones in document["paths"].items() for method, one in ones.items()]


def test_every_operation_is_described_with_its_parameters_problems_and_an_example(app):
    """Nobody has to guess what a field means."""
    for document, path, method, operation in operations(app):
        where = f"{method} {path}"
        assert operation["summary"], where
        assert operation["description"], where
        assert operation["tags"], where
        for parameter in operation.get("parameters", []):
            assert parameter["description"], where
            assert parameter["schema"]["examples"], where
        for status, response in operation["responses"].items():
            if int(status) >= 400:
                assert list(response["content"]) == [PROBLEM_JSON], where
        assert {"413", "421", "422", "500"} <= set(operation["responses"]), where
        if "requestBody" in operation:
            schema = _resolved(operation["requestBody"]["content"]["application/json"]["schema"], document)
            assert schema["additionalProperties"] is False, where
            assert schema["examples"], where
            assert all(one["description"] for one in schema["properties"].values()), where


def _resolved(schema, document):
    return document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]


def test_the_examples_in_openapi_are_what_the_schemas_say(app, conforms):
    """Also where a field is null."""
    shown = 0
    for document, _, _, operation in operations(app):
        for response in operation["responses"].values():
            for form in response.get("content", {}).values():
                values = (
                    [form["example"]]
                    if "example" in form
                    else [one["value"] for one in form.get("examples", {}).values()]
                )
                for value in values:
                    conforms(value, form["schema"], document)
                    shown += 1
        if "requestBody" in operation:
            schema = _resolved(operation["requestBody"]["content"]["application/json"]["schema"], document)
            for value in schema["examples"]:
                conforms(value, schema, document)
                shown += 1
    assert shown > 50


def test_no_reference_of_openapi_leads_nowhere(app):
    """Every schema that is referred to is there, none of the framework's own for errors."""
    text = str(app.openapi())
    names = app.openapi()["components"]["schemas"].keys()
    assert set(re.findall(r"#/components/schemas/(\w+)", text)) <= set(names)
    assert "HTTPValidationError" not in names


def test_openapi_is_served_as_it_is_made(reader):
    """Twice the same."""
    assert reader.get("/openapi.json").json() == reader.get("/openapi.json").json() == reader.document
