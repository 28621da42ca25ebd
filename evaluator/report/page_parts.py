"""The pieces of which the page is made: sections, tables, legends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from evaluator.report.markup import safe, tag


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table; numbers stand to the right."""

    name: str
    is_number: bool = False
    explained: str | None = None
    group: str = ""
    """Above neighbouring columns that belong together."""
    small: str | None = None
    """Before each cell, where a phone shows rows as blocks."""


def section(anchor: str, title: str, *children: str, lead: str | None = None) -> str:
    """A part of the page with a heading that can be linked to."""
    words = tag("p", safe(lead), class_="lead") if lead else ""
    return tag("section", tag("h2", safe(title)), words, *children, id=anchor)


def table(caption: str, columns: Sequence[Column], rows: Sequence[Sequence[str]], class_: str | None = None) -> str:
    """A table whose cells are markup; the first cell of a row is its heading. It scrolls by itself where it is wide."""
    head = "".join(
        tag("th", safe(one.name), scope="col", class_="number" if one.is_number else None, title=one.explained)
        for one in columns
    )
    body = "".join(tag("tr", *_cells(columns, row)) for row in rows)
    inner = tag("caption", safe(caption)) + tag("thead", _groups(columns), tag("tr", head)) + tag("tbody", body)
    return tag(
        "div", tag("table", inner, class_=class_), class_="scroll", tabindex="0", role="region", aria_label=caption
    )


def _groups(columns: Sequence[Column]) -> str:
    if not any(one.group for one in columns):
        return ""
    spans = [(name, len(list(held))) for name, held in groupby(columns, key=lambda one: one.group)]
    cells = [tag("th", safe(name), colspan=size, scope="colgroup" if name else None) for name, size in spans]
    return tag("tr", *cells, class_="groups")


def _cells(columns: Sequence[Column], row: Sequence[str]) -> list[str]:
    cells = []
    for at, (column, cell) in enumerate(zip(columns, row, strict=True)):
        class_ = "number" if column.is_number else None
        if at == 0:
            cells.append(tag("th", cell, scope="row", class_=class_))
        else:
            cells.append(tag("td", cell, class_=class_, data_label=column.small))
    return cells


def note(text: str, class_: str = "note") -> str:
    """A paragraph of explanation."""
    return tag("p", safe(text), class_=class_)


def badges(names: Sequence[str]) -> str:
    """Flags, as small labels."""
    return "".join(" " + tag("span", safe(name.replace("_", " ")), class_="badge") for name in names)


def definitions(pairs: Sequence[tuple[str, str]]) -> str:
    """Terms and their values, which are markup."""
    return tag("dl", *(tag("div", tag("dt", safe(term)), tag("dd", value)) for term, value in pairs))


def key(class_: str, words: str) -> str:
    """One entry of a legend."""
    return tag("span", tag("i", "", class_=f"swatch {class_}", aria_hidden="true"), safe(words), class_="key")
