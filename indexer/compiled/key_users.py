"""From the places of keys to matches of phrases: plain ones, those at a sentence's end, and gap patterns.

What a key *means* is a number: the phrase that it is, where it is just one; else -1 - k, k being its number in the
lists of users, each of them a phrase and what the key is to it.
"""

from __future__ import annotations

from typing import NamedTuple

from indexer.compiled.arrays import Bytes, GapMemory, Integers, KeyPlaces, Matches, Numbers
from indexer.compiled.gap_search import Gaps, find_earlier
from indexer.compiled.jit import kernel
from indexer.compiled.marked_text import MarkedText
from indexer.compiled.sentence_ends import is_stop

PLAIN, ANCHORED, LATER = 0, 1, 2
"""What a key is to one that uses it: a phrase, a phrase at a sentence's end, the later half of gap patterns."""


class Users(NamedTuple):
    """The users of key k are [first[k], first[k + 1]): their phrases (−1 for LATER) and what the key is to them."""

    first: Integers
    phrase: Numbers
    kind: Bytes


@kernel
def matches(
    marked: MarkedText,
    places: KeyPlaces,
    found: int,
    passage_ends: Integers,
    users: Users,
    gaps: Gaps,
    memory: GapMemory,
    classes: Bytes,
    is_verbatim: bool,
    hits: Matches,
) -> int:
    """The matches that the first `found` places of keys make; returns how many there are.

    `hits` (phrase, passage, start) takes as many as there is room for: where there are more, ask again with longer
    arrays.
    """
    text = marked.text
    meanings, place_start, place_end = places
    first, phrases, kinds = users.first, users.phrase, users.kind
    hit_phrase, hit_passage, hit_start = hits
    room = len(hit_phrase)
    memory[2][:] = (0, -1, -1, 0)  # no word of this text is known
    count, passage = 0, 0
    for place in range(found):
        start, meaning = place_start[place], meanings[place]
        while passage > 0 and passage_ends[passage - 1] > start:  # places rise, but for those of one window
            passage -= 1
        while passage_ends[passage] <= start:
            passage += 1
        if meaning >= 0:
            if count < room:
                hit_phrase[count] = meaning
                hit_passage[count] = passage
                hit_start[count] = start
            count += 1
            continue
        key = -1 - meaning
        for user in range(first[key], first[key + 1]):
            if kinds[user] == LATER:
                count = find_earlier(marked, key, start, passage, gaps, memory, classes, is_verbatim, hits, count)
            elif kinds[user] == PLAIN or place_end[place] == passage_ends[passage] or is_stop(text[place_end[place]]):
                if count < room:
                    hit_phrase[count] = phrases[user]
                    hit_passage[count] = passage
                    hit_start[count] = start
                count += 1
    return count
