"""What the weight on a word is compared with: another place at the same distance, from which a word tells apart a head
that reads the word from one that reads so many tokens back, whatever stands there.

Two controls, because a query has only one key at each distance:

* same distance: query and key both moved by the same number of tokens, the fewest that will do. Exactly as far apart;
  another query.
* same query: the nearest other keys of the same query. The same query; not quite as far.

A control never holds the first token of the sequence (BOS, or what else is the attention sink), nor any token of the
critical or the context word, and has as many tokens as the word it is compared with.
"""

from __future__ import annotations

from itertools import chain

from evaluator.measures.attention.word_spans import TokenSpan

SINK = TokenSpan(0, 1)
"""The first token: BOS where there is one."""


def shift_of(source: TokenSpan, target: TokenSpan, n_queries: int) -> int | None:
    """By how many tokens to move query and key; of two shifts of one size, the one to the left. None: no place.

    `source` is the later word, whose last token is the query; `target` the earlier one, the keys;
    the first `n_queries` tokens can be queries.
    """
    sizes = range(1, n_queries)
    for shift in chain.from_iterable((-size, size) for size in sizes):
        query, keys = source.end - 1 + shift, target.moved(shift)
        if query < n_queries and query not in source and query not in target and _is_free(keys, source, target):
            return shift
    return None


def nearby_keys(source: TokenSpan, target: TokenSpan) -> TokenSpan | None:
    """The keys before the source's word that are nearest to the target; of two as near, the later ones. None: no place.

    The later ones are nearer to the query, so attention that fades with distance does not favour the target.
    """
    for keys in (target.moved(len(target)), target.moved(-len(target))):
        if keys.end <= source.start and _is_free(keys, source, target):
            return keys
    return None


def _is_free(keys: TokenSpan, source: TokenSpan, target: TokenSpan) -> bool:
    return keys.start > SINK.start and not keys.meets(source) and not keys.meets(target)
