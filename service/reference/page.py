"""The page at /docs: what OpenAPI says of the service, for people. No script, and nothing from elsewhere."""

from __future__ import annotations

from service.problems import KINDS, PROBLEM_JSON
from service.reference.markup import Markup, element, prose, slug
from service.reference.operation import Document, Operation, article, badge, operations_of
from service.reference.schema import fields, readable, type_of

STYLE = "/static/reference.css"


def page(document: Document, address: str) -> str:
    """The whole page; `address` is the service's own, for the examples."""
    info = document["info"]
    operations = list(operations_of(document))
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("title", f"{info['title']} · REST"),
        element("link", rel="stylesheet", href=STYLE),
    )
    main = element(
        "main",
        element("h1", f"{info['title']} ", element("small", info["version"])),
        prose(info["description"]),
        element("p", "The same for programs: ", element("a", "/openapi.json", href="/openapi.json"), "."),
        *(_section(tag, operations, document, address) for tag in _tags(operations)),
        _problems(),
        _types(document),
    )
    return "<!doctype html>\n" + element("html", head, element("body", _navigation(operations), main), lang="en") + "\n"


def _tags(operations: list[Operation]) -> list[str]:
    return list(dict.fromkeys(operation.tag for operation in operations))


def _navigation(operations: list[Operation]) -> Markup:
    groups = [
        element("li", element("span", tag), element("ul", *(_entry(one) for one in operations if one.tag == tag)))
        for tag in _tags(operations)
    ]
    rest = [element("li", element("a", element("span", name), href=f"#{name}")) for name in ("problems", "types")]
    return element("nav", element("ul", *groups, *rest), aria_label="Routes")


def _entry(operation: Operation) -> Markup:
    name = operation.path.removeprefix("/v1")
    return element("li", element("a", badge(operation.method), " ", name, href=f"#{operation.anchor}"))


def _section(tag: str, operations: list[Operation], document: Document, address: str) -> Markup:
    articles = (article(one, document, address) for one in operations if one.tag == tag)
    return element("section", element("h2", tag), *articles)


def _problems() -> Markup:
    rows = (
        element(
            "tr",
            element("th", element("code", kind.type), scope="row"),
            element("td", str(kind.status)),
            element("td", kind.title),
            id=f"problem-{kind.slug}",
        )
        for kind in KINDS
    )
    head = element("tr", *(element("th", name, scope="col") for name in ("type", "status", "title")))
    whole = element("div", element("table", element("thead", head), element("tbody", *rows)), class_="scroll")
    says = prose(f"Every error is one of these, as `{PROBLEM_JSON}` with the fields of the type Problem.")
    return element("section", element("h2", "Problems"), says, whole, id="problems")


def _types(document: Document) -> Markup:
    articles = (
        element(
            "article",
            element("h3", readable(name)),
            prose(schema.get("description", "")),
            fields(schema) or element("p", type_of(schema)),
            id=f"type-{slug(name)}",
        )
        for name, schema in sorted(document["components"]["schemas"].items())
    )
    return element("section", element("h2", "Types"), *articles, id="types")
