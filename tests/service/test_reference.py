"""The page at /docs: complete, self-contained, and proof against what stands in names."""

import argparse
import json
import re
import shlex
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.reference.markup import Markup, element, joined, prose
from service.reference.page import page

VOID = {"meta", "link", "br"}


class Page(HTMLParser):
    """Tags, attributes and text of a page; fails where tags do not nest."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)

    def values(self, name: str) -> list[str]:
        return [attributes[name] for _, attributes in self.tags if name in attributes]


@pytest.fixture
def response(reader):
    return reader.get("/docs")


@pytest.fixture
def shown(response) -> Page:
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    return Page(response.text)


def test_nothing_on_the_page_comes_from_elsewhere(response, shown):
    """No address but this service's own, no script, no style of its own, and a policy that would stop them."""
    assert set(re.findall(r"[a-z]+://[^/\s'\"<&]*", response.text)) == {"http://127.0.0.1:8000"}
    assert not re.search(r"['\"(]//", response.text)
    assert {tag for tag, _ in shown.tags} & {"script", "style", "iframe", "img", "object", "form"} == set()
    names = {name for _, attributes in shown.tags for name in attributes}
    assert {name for name in names if name.startswith("on") or name in ("style", "src")} == set()
    policy = response.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'self'")


def test_what_the_page_links_to_is_there(reader, shown):
    """Anchors on the page, files of the service."""
    anchors = shown.values("id")
    assert len(anchors) == len(set(anchors))
    links = shown.values("href")
    assert [link for link in links if link.startswith("#") and link[1:] not in anchors] == []
    for link in {link for link in links if not link.startswith("#")}:
        assert reader.get(link).status_code == 200


def test_the_style_has_light_and_dark_and_nothing_from_elsewhere(reader):
    """It is served as what it is."""
    style = reader.get("/static/reference.css")
    assert style.headers["content-type"].startswith("text/css")
    assert "prefers-color-scheme: dark" in style.text
    assert "url(" not in style.text
    assert "@import" not in style.text


def test_every_route_parameter_field_and_problem_is_on_the_page(reader, shown):
    """The page says what OpenAPI says."""
    text = " ".join(" ".join(shown.words).split())
    document = reader.document
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            assert f"{method.upper()} {path}" in text or (method.upper() in text and path in text)
            assert operation["summary"] in text
            for parameter in operation.get("parameters", []):
                assert parameter["name"] in shown.words
            for status in operation["responses"]:
                assert status in shown.words
    for schema in document["components"]["schemas"].values():
        for name in schema.get("properties", {}):
            assert name in shown.words


def test_the_examples_on_the_page_are_asked_of_this_service(client, shown):
    """Each operation has one command, with parameters and body, that is answered (the timeline being there)."""
    commands = [word for word in shown.words if word.startswith("curl ")]
    assert len(commands) == sum(map(len, client.document["paths"].values()))
    for command in sorted(commands, key=lambda one: "DELETE" in one):
        response = answered(client, command)
        if "/worker/" in command:
            assert response.json()["type"] == "/problems/forbidden", command
        elif not response.is_success:
            assert response.json()["type"] == "/problems/not-found", (command, response.text)
            assert re.search("/(index-jobs|evaluations) |/(jobs|pair-sets|phrase-sets)/[0-9a-f]{16}", command), command


def answered(client, command: str):
    """What a command of the page is answered."""
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("-X", dest="method")
    parser.add_argument("-H", dest="headers", action="append", default=[])
    parser.add_argument("--json", type=json.loads)
    asked = parser.parse_args(shlex.split(command.replace("\\\n", ""))[1:])
    headers = dict(header.split(": ") for header in asked.headers)
    method = asked.method or ("GET" if asked.json is None else "POST")
    return client.request(method, asked.url, json=asked.json, headers=headers)


HOSTILE = '<script>alert("x")</script>&\'`'


def test_hostile_texts_in_openapi_stay_text():
    """Wherever a name or description could come from, it opens no tag."""
    field = {"type": HOSTILE, "description": HOSTILE, "default": HOSTILE}
    document = {
        "info": {"title": HOSTILE, "version": HOSTILE, "description": HOSTILE},
        "paths": {
            f"/{HOSTILE}": {
                "get": {
                    "tags": [HOSTILE], "summary": HOSTILE, "description": HOSTILE,
                    "parameters": [{"name": HOSTILE, "in": "query", "description": HOSTILE,
                                    "schema": {"enum": [HOSTILE], "examples": [HOSTILE]}}],
                    "responses": {"200": {"description": HOSTILE, "content": {"application/json": {
                        "schema": {"$ref": f"#/components/schemas/{HOSTILE}"}, "example": HOSTILE}}}},
                }
            }
        },
        "components": {"schemas": {HOSTILE: {"description": HOSTILE, "properties": {HOSTILE: field}}}},
    }  # fmt: skip
    shown = Page(page(document, f"http://{HOSTILE}/"))
    assert "script" not in {tag for tag, _ in shown.tags}
    assert sum(HOSTILE.replace("`", "") in word for word in shown.words) >= 10


@given(st.text(), st.text())
def test_text_and_attributes_come_back_as_they_were(text, value):
    """Escaping loses nothing and lets nothing through."""
    clean = text.replace("\r", "").replace("\x00", "")
    shown = Page(element("p", clean, title=value.replace("\r", "").replace("\x00", "")))
    assert "".join(shown.words) == clean
    assert [tag for tag, _ in shown.tags] == ["p"]
    assert shown.values("title") == [value.replace("\r", "").replace("\x00", "")]


def test_markup_is_not_escaped_twice_and_code_stands_between_backticks():
    """What is HTML already stays; None is left out."""
    assert joined(element("b", "<"), None, "&") == "<b>&lt;</b>&amp;"
    assert prose("a `b<` c\n\nd") == "<p>a <code>b&lt;</code> c</p><p>d</p>"
    assert isinstance(prose(""), Markup)
