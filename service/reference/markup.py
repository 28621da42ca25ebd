"""HTML that cannot be broken out of: everything that is not markup itself is escaped."""

from __future__ import annotations

import html
import re

_VOID = frozenset({"br", "link", "meta"})
_SLUG = re.compile(r"[^A-Za-z0-9]+")


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


def element(tag: str, /, *children: str | None, **attributes: str | None) -> Markup:
    """`<tag>` around `children`, which are escaped unless they are Markup; None is left out.

    In attributes' names a trailing underscore is dropped (class_), others are hyphens (aria_label).
    """
    given = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{html.escape(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    if tag in _VOID:
        return Markup(f"<{tag}{given}>")
    return Markup(f"<{tag}{given}>{joined(*children)}</{tag}>")


def joined(*children: str | None) -> Markup:
    """`children` one after another, escaped unless they are Markup."""
    return Markup("".join(one if isinstance(one, Markup) else html.escape(one) for one in children if one is not None))


def prose(text: str) -> Markup:
    """Paragraphs, which blank lines part; what stands between backticks is code."""
    return joined(*(element("p", _with_code(paragraph)) for paragraph in text.split("\n\n") if paragraph.strip()))


def line(text: str) -> Markup:
    """One run of text; what stands between backticks is code."""
    return _with_code(text)


def slug(text: str) -> str:
    """A name for an anchor."""
    return _SLUG.sub("-", text).strip("-").lower()


def _with_code(text: str) -> Markup:
    pieces = text.split("`")
    return joined(*(element("code", piece) if number % 2 else piece for number, piece in enumerate(pieces)))
