"""Rows of a run character by character: every token decoded, every byte placed, nothing counted ahead.

A *row* is a list of cells, one for each character of the row text. Slow, obvious, and without the project.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple

from tokenizers import Tokenizer
from vocabularies import token_bytes

Place = tuple[int, int]
"""(shard, number of the document in it)."""


class Cell(NamedTuple):
    """One character of a row text.

    `token` is its place in the row, `document` None for special tokens, `offset` the character of the document's text
    that begins here: None in special tokens, and for bytes of a character that began in the row before.
    """

    character: str
    token: int | None
    document: Place | None
    offset: int | None


class Token(NamedTuple):
    """One token of a stream: its bytes, the document whose text it is (or ends), and its first byte in that text."""

    content: bytes
    document: Place
    first_byte: int
    is_special: bool = False


class Packing(NamedTuple):
    """How documents become rows: `end` joins them into one stream, None gives each a row of its own."""

    length: int
    prefix: tuple[str, ...] = ()
    suffix: tuple[str, ...] = ()
    end: str | None = None


def characters(content: bytes) -> list[tuple[int, str]]:
    """(first byte, character) of everything that `content` decodes to, U+FFFD for what is broken."""
    found = []
    place = 0
    while place < len(content):
        for size in (1, 2, 3, 4):
            try:
                found.append((place, content[place : place + size].decode("utf-8")))
                break
            except UnicodeDecodeError as error:
                broken = error.end
        else:
            size = broken
            found.append((place, "\ufffd"))
        place += size
    return found


def whole_rows(shards: Sequence[Sequence[str]]) -> list[list[Cell]]:
    """Rows of a run without a tokenizer: each document is one."""
    return [
        [Cell(character, None, (shard, number), offset) for offset, character in enumerate(text)]
        for shard, texts in enumerate(shards)
        for number, text in enumerate(texts)
    ]


def packed_rows(shards: Sequence[Sequence[str]], tokenizer: Tokenizer, packing: Packing) -> list[list[Cell]]:
    """All rows that a run trains on, in the order of the corpus."""
    table = token_bytes(tokenizer)
    documents = {
        (shard, number): _tokens(text, (shard, number), tokenizer, table)
        for shard, texts in enumerate(shards)
        for number, text in enumerate(texts)
    }
    room = packing.length - len(packing.prefix) - len(packing.suffix)
    if packing.end is None:
        rows = [tokens[:room] for tokens in documents.values()]
    else:
        ends = {place: Token(packing.end.encode(), place, 0, True) for place in documents}
        stream = [token for place, tokens in documents.items() for token in (*tokens, ends[place])]
        rows = [stream[start : start + room] for start in range(0, len(stream) - room + 1, room)]
    starts = {place: [byte for byte, _ in characters(_text(tokens))] for place, tokens in documents.items()}
    return [_row(tokens, starts, packing) for tokens in rows]


def documents_of_rows(shards: Sequence[Sequence[str]], tokenizer: Tokenizer, packing: Packing) -> list[list[Place]]:
    """For every row of a stream the documents that stand in it, also those of which only the end does."""
    table = token_bytes(tokenizer)
    owners = [
        (shard, number)
        for shard, texts in enumerate(shards)
        for number, text in enumerate(texts)
        for _ in (*_tokens(text, (shard, number), tokenizer, table), "end")
    ]
    room = packing.length - len(packing.prefix) - len(packing.suffix)
    rows = [owners[start : start + room] for start in range(0, len(owners) - room + 1, room)]
    return [list(dict.fromkeys(row)) for row in rows]


def text_of(row: list[Cell]) -> str:
    """The row text."""
    return "".join(cell.character for cell in row)


def _tokens(text: str, place: Place, tokenizer: Tokenizer, table: dict[int, bytes]) -> list[Token]:
    tokens = []
    first = 0
    for number in tokenizer.encode(text, add_special_tokens=False).ids:
        tokens.append(Token(table[number], place, first))
        first += len(table[number])
    return tokens


def _text(tokens: list[Token]) -> bytes:
    return b"".join(token.content for token in tokens)


def _row(tokens: list[Token], starts: dict[Place, list[int]], packing: Packing) -> list[Cell]:
    row: list[Cell] = []
    token = 0
    for name in packing.prefix:
        row += [Cell(character, token, None, None) for character in name]
        token += 1
    for (document, is_special), group in groupby(tokens, key=lambda one: (one.document, one.is_special)):
        run = list(group)
        owner = [token + number for number, one in enumerate(run) for _ in one.content]
        for byte, character in characters(_text(run)):
            place = None if is_special else document
            offsets = {} if is_special else {start: number for number, start in enumerate(starts[document])}
            row.append(Cell(character, owner[byte], place, offsets.get(run[0].first_byte + byte)))
        token += len(run)
    for name in packing.suffix:
        row += [Cell(character, token, None, None) for character in name]
        token += 1
    return row
