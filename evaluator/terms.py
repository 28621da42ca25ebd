"""Names of groups of paradigms, where files write them in several ways."""

from __future__ import annotations

from exposure.blimp.paradigms import PHENOMENA


def field_of(name: str) -> str:
    """BLiMP's files write one field as syntax/semantics and as syntax_semantics: the former."""
    return name.replace("syntax_semantics", "syntax/semantics")


def phenomenon_of(name: str) -> str:
    """The published phenomenon: s-selection of BLiMP's files belongs to argument_structure; others are as they are."""
    return PHENOMENA.get(name, name)
