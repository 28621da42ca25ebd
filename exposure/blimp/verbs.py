"""Verbs of several words: "work with", "climb up", "look like".

"like" is the trap: it belongs to the verb after forms of "look" and "sound", and is the verb itself elsewhere
("the guests like themselves").
"""

from __future__ import annotations

from exposure.blimp.auxiliaries import is_auxiliary
from exposure.rules import Words, clean

PARTICLES = frozenset({
    "about", "around", "at", "away", "by", "down", "for", "from", "over", "through", "to", "up", "with",
})  # fmt: skip
"""Particles and prepositions that belong to BLiMP's transitive verbs."""

VERBS_WITH_LIKE = frozenset({"look", "looks", "looked", "looking", "sound", "sounds", "sounded", "sounding"})


def is_particle(words: Words, index: int) -> bool:
    """Whether the word at `index` belongs to the verb before it."""
    if clean(words[index]) == "like":
        return index > 0 and clean(words[index - 1]) in VERBS_WITH_LIKE
    return clean(words[index]) in PARTICLES


def verb_end(words: Words, verb: int) -> int:
    """Index after the verb at `verb` and its particles."""
    end = verb + 1
    while end < len(words) and is_particle(words, end):
        end += 1
    return end


def verb_before(words: Words, end: int) -> int:
    """Index of the verb that ends, with its particles, before `end`."""
    verb = end - 1
    while verb > 0 and is_particle(words, verb):
        verb -= 1
    return verb


def subject_head_before(words: Words, verb: int) -> int:
    """Index of the subject's head, which stands before the verb at `verb` and its auxiliary, if there is one."""
    head = verb - 2 if verb > 0 and is_auxiliary(words[verb - 1]) else verb - 1
    if head < 0:
        raise ValueError(f"there is no subject before word {verb} ({words[verb]!r})")
    return head
