"""Building HTML and SVG as text: the one place where what comes from a corpus or a file is escaped."""

from __future__ import annotations

from html import escape

from exposure.tables import printable

NOT_IN_XML = dict.fromkeys([0xFFFE, 0xFFFF], "\N{REPLACEMENT CHARACTER}")
"""Noncharacters of the plane in use that XML refuses; control characters are escaped by `printable`."""


def safe(value: object) -> str:
    """Any text as text: markup escaped, control and formatting characters made visible."""
    return escape(printable(str(value)).translate(NOT_IN_XML), quote=True)


def tag(name: str, /, *children: str, **attributes: object) -> str:
    """An element. `children` are markup already; values of `attributes` are escaped, None leaves one out.

    A trailing underscore of an attribute's name is dropped (`class_`), other underscores are hyphens.
    """
    head = "".join(f' {_name(key)}="{safe(value)}"' for key, value in attributes.items() if value is not None)
    return f"<{name}{head}>{''.join(children)}</{name}>" if children or name not in EMPTY else f"<{name}{head}/>"


EMPTY = frozenset({"path", "line", "rect", "circle", "br", "meta", "input", "wbr"})


def _name(attribute: str) -> str:
    return attribute.rstrip("_").replace("_", "-")


def breakable(name: str) -> str:
    """A name with underscores, which a narrow column may break after each of them."""
    return safe(name).replace("_", "_<wbr/>")
