"""A slow, obvious and independent oracle of exposure: what a training run showed, when, and which phrases were in it.

It imports nothing of the project, so that agreement means something. Everything is 0-based, ranges are half-open.

Conventions that the documents leave open and that this file settles:

* A **row** is what one slot of a batch holds. A **passage** is one document's part of a row: nothing matches across
  passages, and a passage's edges are word boundaries and "end of text". With `concatenate`, documents are known by
  construction: an end-of-document token inside a document's own text does not divide it. Empty documents are rows
  (`document`) or a lone end-of-document token (`concatenate`).
* Matching, and finding words and sentences, looks at the **folded** text (the text itself with case "exact").
* A gap pattern's element lies in the word and in the sentence in which its first character lies.
* Without a tokenizer a hit has no token: None.

Scripts without spaces, by Unicode block (an edge of a phrase in one of these never demands a boundary); `NO_SPACES`:

    Thai 0E00-0E7F; Lao 0E80-0EFF; Khmer 1780-17FF
    Hiragana 3040-309F; Katakana 30A0-30FF (with the prolonged sound mark 30FC) and 31F0-31FF; halfwidth Katakana
    FF66-FF9F (with its prolonged sound mark FF70); Kana extended and supplement 1AFF0-1AFFF, 1B000-1B16F
    Han: radicals 2E80-2FDF; 3005, 3007, 3021-3029, 3038-303B; 3400-4DBF; 4E00-9FFF; F900-FAFF; planes 2 and 3
"""

import gzip
import io
import json
import re
from array import array
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow.parquet
import zstandard
from tokenizers import Tokenizer

NO_SPACES = (
    (0x0E00, 0x0E7F),
    (0x0E80, 0x0EFF),
    (0x1780, 0x17FF),
    (0x2E80, 0x2FDF),
    (0x3005, 0x3005),
    (0x3007, 0x3007),
    (0x3021, 0x3029),
    (0x3038, 0x303B),
    (0x3040, 0x30FF),
    (0x31F0, 0x31FF),
    (0x3400, 0x4DBF),
    (0x4E00, 0x9FFF),
    (0xF900, 0xFAFF),
    (0xFF66, 0xFF9F),
    (0x1AFF0, 0x1AFFF),
    (0x1B000, 0x1B16F),
    (0x20000, 0x3FFFF),
)  # first and last code point of each range
ABBREVIATIONS = " mr mrs ms dr st prof capt col gen lt rev hon sgt jr sr messrs mme mlle esq vs etc vol "
GAP = " … "
LINE_BREAKS = "\\n\\r\\x0b\\x0c\\x1c\\x1d\\x1e\\x85\\u2028\\u2029"  # where str.splitlines() splits, for a [class]
LINE_BREAK = rf"(?:\r\n|[{LINE_BREAKS}])"
INLINE_SPACE = rf"[^\S{LINE_BREAKS}]"  # white space that breaks no line
ONE_SPACE = rf"(?=\s){INLINE_SPACE}*{LINE_BREAK}?{INLINE_SPACE}*"
SENTENCE_END = re.compile(r"""([.?!]+)["'”’»)]*(?=\s)""")

Normalise = Callable[[str], str]


# ---------------------------------------------------------------------------------------------------- the corpus


class Document(NamedTuple):
    """One document: its shard, its place in the shard, its id and its text."""

    shard_index: int
    document_index: int
    id: Any
    text: str


class Passage(NamedTuple):
    """One document's part of a row; `offset` is its first character's place in the row text."""

    text: str
    offset: int
    document_id: Any
    shard_index: int
    document_index: int


class Row(NamedTuple):
    """A row: its passages, the bytes of each token, and for each character of the row text the token it starts in.

    Both lists are empty when there is no tokenizer.
    """

    row_index: int
    passages: list[Passage]
    token_lengths: list[int]
    token_of: list[int]


def read_documents(shards: Sequence[Path]) -> Iterator[Document]:
    """Every document of the shards in the order given. ValueError names the file and line that cannot be read."""
    for shard_index, path in enumerate(shards):
        records = _parquet_records(path) if path.name.endswith(".parquet") else _json_records(path)
        for document_index, record in enumerate(records):
            if not isinstance(record, dict) or not isinstance(record.get("text"), str) or "id" not in record:
                raise ValueError(f"{path}, document {document_index}: expected an object with string 'text' and 'id'.")
            yield Document(shard_index, document_index, record["id"], record["text"])


def _parquet_records(path: Path) -> Iterator[Any]:
    for batch in pyarrow.parquet.ParquetFile(path).iter_batches(columns=["text", "id"]):
        yield from batch.to_pylist()


def _json_records(path: Path) -> Iterator[Any]:
    with path.open("rb") as file:
        for number, line in enumerate(_decompressed(path, file), 1):
            try:
                yield json.loads(line)
            except ValueError as error:
                raise ValueError(f"{path}, line {number}: expected one JSON object a line; {error}.") from error


def _decompressed(path: Path, file: Any) -> Iterable[bytes]:
    if path.name.endswith(".zst"):
        return io.BufferedReader(zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True))
    if path.name.endswith(".gz"):
        return gzip.GzipFile(fileobj=file)
    return file  # type: ignore[no-any-return]


# ---------------------------------------------------------------------------------------------- tokens and bytes


def byte_of_unicode() -> dict[str, int]:
    """GPT-2's alphabet: printable Latin-1 bytes stand for themselves, the other bytes for U+0100, U+0101, …"""
    printable = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    others = [byte for byte in range(256) if byte not in printable]
    return {chr(b): b for b in printable} | {chr(256 + i): b for i, b in enumerate(others)}


class Vocabulary:
    """A byte-level BPE tokenizer: text to token ids, a token id to its bytes. ValueError for any other tokenizer."""

    def __init__(self, path: Path) -> None:
        self.tokenizer = Tokenizer.from_file(str(path))
        self.tokenizer.no_truncation()
        self.tokenizer.no_padding()
        if "ByteLevel" not in str(json.loads(path.read_text("utf-8")).get("decoder")):
            raise ValueError(f"{path} has no ByteLevel decoder. The oracle knows byte-level BPE only.")

    def encode(self, text: str) -> list[int]:
        """Token ids of the text, without special tokens, truncation or padding."""
        return list(self.tokenizer.encode(text, add_special_tokens=False).ids)

    def normalise(self, text: str) -> str:
        """What the tokenizer's own normaliser makes of a text."""
        normaliser = self.tokenizer.normalizer
        return str(normaliser.normalize_str(text)) if normaliser else text

    def token_id(self, content: str) -> int:
        """The id of a token that must exist."""
        found = self.tokenizer.token_to_id(content)
        if found is None:
            raise ValueError(f"The tokenizer has no token {content!r}. Name its end-of-document token.")
        return int(found)

    @cached_property
    def token_bytes(self) -> dict[int, bytes]:
        """The bytes of every token id; an added token is its content in UTF-8."""
        table = byte_of_unicode()
        added = {i: t.content.encode() for i, t in self.tokenizer.get_added_tokens_decoder().items()}
        plain = {i: s for s, i in self.tokenizer.get_vocab(with_added_tokens=True).items() if i not in added}
        return added | {i: bytes(table[c] for c in s) for i, s in plain.items()}


def decode(data: bytes) -> tuple[str, list[int]]:
    """`data.decode("utf-8", "replace")`, and the first byte of each of its characters."""
    characters: list[str] = []
    starts: list[int] = []
    position = 0
    while position < len(data):
        rest = data[position:]
        try:
            good, damaged = rest.decode(), 0
        except UnicodeDecodeError as error:
            good, damaged = rest[: error.start].decode(), error.end - error.start
        for character in good:
            characters.append(character)
            starts.append(position)
            position += len(character.encode())
        if damaged:
            characters.append("\ufffd")
            starts.append(position)
            position += damaged
    return "".join(characters), starts


# ----------------------------------------------------------------------------------------------------------- rows


class Corpus:
    """Documents as the rows of a training run.

    Packing "document": a row is a document's first `length` tokens (without a tokenizer, its whole text).
    Packing "concatenate": each document's tokens and one end-of-document token, on and on, cut every `length` tokens;
    an incomplete last row is never trained on.
    """

    def __init__(
        self,
        shards: Sequence[Path],
        vocabulary: Vocabulary | None = None,
        packing: str = "document",
        length: int | None = None,
        end_of_document: str = "<|endoftext|>",
    ) -> None:
        if packing not in ("document", "concatenate"):
            raise ValueError(f"Packing {packing!r} is unknown. Expected 'document' or 'concatenate'.")
        if (vocabulary is None) != (length is None) or (vocabulary is None and packing == "concatenate"):
            raise ValueError("A tokenizer and a length go together, and concatenating needs both.")
        if length is not None and length < 1:
            raise ValueError(f"A row of {length} tokens is impossible. Expected a length of 1 or more.")
        self.documents = list(read_documents(shards))
        self.vocabulary, self.packing, self.length, self.end_of_document = vocabulary, packing, length, end_of_document

    @cached_property
    def stream(self) -> "tuple[array[int], array[int]]":
        """The concatenated token ids, and the document that owns each (-1: an end-of-document token)."""
        assert self.vocabulary
        ids, owners = array("q"), array("q")
        end = self.vocabulary.token_id(self.end_of_document)
        for number, document in enumerate(self.documents):
            tokens = self.vocabulary.encode(document.text)
            ids.extend([*tokens, end])
            owners.extend([number] * len(tokens) + [-1])
        return ids, owners

    @cached_property
    def n_rows(self) -> int:
        """How many rows an epoch has."""
        if self.packing == "concatenate":
            assert self.length
            return len(self.stream[0]) // self.length
        return len(self.documents)


def rows(corpus: Corpus, only_shard: int | None = None) -> Iterator[Row]:
    """Every row in file order, or only those that hold a document of one shard (their indices stay what they were)."""
    for row_index in range(corpus.n_rows):
        if only_shard is None or any(corpus.documents[n].shard_index == only_shard for n in _owners(corpus, row_index)):
            yield _row(corpus, row_index)


def _owners(corpus: Corpus, row_index: int) -> set[int]:
    if corpus.packing == "document":
        return {row_index}
    assert corpus.length
    return set(corpus.stream[1][row_index * corpus.length : (row_index + 1) * corpus.length]) - {-1}


def _row(corpus: Corpus, row_index: int) -> Row:
    if corpus.vocabulary is None:
        shard_index, document_index, document_id, text = corpus.documents[row_index]
        return Row(row_index, [Passage(text, 0, document_id, shard_index, document_index)], [], [])
    assert corpus.length
    if corpus.packing == "document":
        tokens = corpus.vocabulary.encode(corpus.documents[row_index].text)[: corpus.length]
        return _tokenised_row(corpus, row_index, [(token, row_index) for token in tokens])
    ids, owners = corpus.stream
    here = slice(row_index * corpus.length, (row_index + 1) * corpus.length)
    return _tokenised_row(corpus, row_index, list(zip(ids[here], owners[here], strict=True)))


def _tokenised_row(corpus: Corpus, row_index: int, tokens: list[tuple[int, int]]) -> Row:
    """`tokens` are pairs (token id, number of the document that owns it or -1)."""
    assert corpus.vocabulary
    lengths = [len(corpus.vocabulary.token_bytes[token]) for token, _ in tokens]
    token_of_byte = [index for index, length in enumerate(lengths) for _ in range(length)]
    row = Row(row_index, [], lengths, [])
    first_byte = 0
    for owner, group in groupby(tokens, key=lambda pair: pair[1]):
        data = b"".join(corpus.vocabulary.token_bytes[token] for token, _ in group)
        text, starts = decode(data)
        if owner >= 0:
            document = corpus.documents[owner]
            place = (document.id, document.shard_index, document.document_index)
            row.passages.append(Passage(text, len(row.token_of), *place))
        row.token_of.extend(token_of_byte[first_byte + start] for start in starts)
        first_byte += len(data)
    return row


# ---------------------------------------------------------------------------------------------------------- slots


def slots(
    n_rows: int,
    epochs: int = 1,
    seed: int | None = None,
    shuffle_from_epoch: int = 0,
    order: Sequence[int] | None = None,
) -> list[int]:
    """The row that each slot of the run holds: epochs chained, in file order or shuffled, or an explicit order."""
    if order is not None:
        bad = [index for index in order if not 0 <= index < n_rows]
        if bad:
            raise ValueError(f"The order names row {bad[0]}, but there are {n_rows} rows, counted from 0.")
        return [int(index) for index in order]
    run: list[int] = []
    for epoch in range(epochs):
        indices = np.arange(n_rows, dtype=np.uint32)
        if seed is not None and epoch >= shuffle_from_epoch:
            np.random.Generator(np.random.PCG64(seed + epoch)).shuffle(indices)
        run.extend(indices.tolist())
    return run


# -------------------------------------------------------------------------------------------------------- matching


@dataclass(frozen=True)
class Rule:
    """How text is compared: case "fold" or "exact", boundary "word" or "none", whitespace "collapse" or "verbatim"."""

    case: str = "fold"
    boundary: str = "word"
    whitespace: str = "collapse"

    def __post_init__(self) -> None:
        allowed = {"case": ("fold", "exact"), "boundary": ("word", "none"), "whitespace": ("collapse", "verbatim")}
        for name, values in allowed.items():
            if getattr(self, name) not in values:
                raise ValueError(f"{name} is {getattr(self, name)!r}. Expected one of {', '.join(values)}.")


@dataclass(frozen=True)
class Phrase:
    """A phrase; with `gap` W > 0 its text is "earlier … later", found at most W words apart in one sentence."""

    text: str
    gap: int = 0
    sentence_end: bool = False


@cache
def fold_character(character: str) -> str:
    """One code point to one code point."""
    if character in "\u2019\u02bc":
        return "'"
    lower = character.lower()
    return lower if len(lower) == 1 else {"\u0130": "i"}[character]


def fold(text: str, rule: Rule) -> str:
    """The text as it is compared: as long as it was."""
    return "".join(map(fold_character, text)) if rule.case == "fold" else text


def elements(phrase: Phrase, rule: Rule, normalise: Normalise = str) -> tuple[str, ...]:
    """The one or two texts to look for, as they are compared. ValueError for a phrase that cannot be looked for."""
    text = " ".join(phrase.text.split())
    parts = text.split(GAP) if phrase.gap else [text]
    prepared = tuple(fold(" ".join(normalise(part).split()), rule) for part in parts)
    if phrase.gap < 0 or len(prepared) != (2 if phrase.gap else 1) or not all(prepared):
        raise ValueError(f"{phrase}: expected some text, or with a gap of 1 or more words 'earlier … later'.")
    if phrase.gap and phrase.sentence_end:
        raise ValueError(f"{phrase}: a gap pattern cannot also ask for a sentence end.")
    return prepared


def demands_boundary(character: str) -> bool:
    """Whether a phrase that has this character at its edge must stand at a word's edge."""
    without_spaces = any(first <= ord(character) <= last for first, last in NO_SPACES)
    return (character.isalnum() or character == "_") and not without_spaces


def pattern(element: str, rule: Rule, sentence_end: bool = False) -> re.Pattern[str]:
    """An expression that matches, with no width, wherever the element starts in folded text."""
    space = ONE_SPACE if rule.whitespace == "collapse" else " "
    body = space.join(re.escape(word) for word in element.split(" "))
    before = r"(?<!\w)" if rule.boundary == "word" and demands_boundary(element[0]) else ""
    after = r"(?!\w)" if rule.boundary == "word" and demands_boundary(element[-1]) else ""
    end = r"(?=[.?!]|\Z)" if sentence_end else ""
    return re.compile(f"{before}(?={body}{after}{end})")


class Layout:
    """Where the words and sentences of a (folded) text lie."""

    def __init__(self, text: str) -> None:
        self.text = text

    @cached_property
    def word_starts(self) -> list[int]:
        """The first character of each word, words as str.split() cuts them."""
        return [match.start() for match in re.finditer(r"\S+", self.text)]

    @cached_property
    def sentence_ends(self) -> list[int]:
        """The first character after each sentence, ascending."""
        marks = {m.end() for m in SENTENCE_END.finditer(self.text) if not self._abbreviation(m)}
        runs = re.finditer(r"\s+", self.text)
        return sorted(marks | {run.end() for run in runs if len(re.findall(LINE_BREAK, run[0])) >= 2})

    def _abbreviation(self, mark: re.Match[str]) -> bool:
        start = mark.start()
        while start > 0 and self.text[start - 1].isalpha():
            start -= 1
        return mark[1] == "." and self.text[start : mark.start()].lower() in ABBREVIATIONS.split()

    def word(self, position: int) -> int:
        """The index of the word that holds a character."""
        return bisect_right(self.word_starts, position) - 1

    def sentence(self, position: int) -> int:
        """The index of the sentence that holds a character."""
        return bisect_right(self.sentence_ends, position)


def find_slow(phrase: Phrase, text: str, rule: Rule, normalise: Normalise = str) -> list[int]:
    """THE reference: the start of every match of one phrase in one passage, ascending; a gap pattern may repeat one."""
    folded = fold(text, rule)
    patterns = [pattern(element, rule, phrase.sentence_end) for element in elements(phrase, rule, normalise)]
    return _matches(phrase, patterns, folded, Layout(folded))


def _matches(phrase: Phrase, patterns: Sequence[re.Pattern[str]], folded: str, layout: Layout) -> list[int]:
    starts = [[match.start() for match in expression.finditer(folded)] for expression in patterns]
    if not phrase.gap:
        return starts[0]
    pairs = [(_nearest_earlier(starts[0], later, layout), later) for later in starts[1]]
    return sorted(e for e, later in pairs if e is not None and layout.word(later) - layout.word(e) <= phrase.gap)


def _nearest_earlier(earlier: list[int], later: int, layout: Layout) -> int | None:
    """The greatest start in the same sentence, at least one word before `later`; None where there is none."""
    same = [e for e in earlier if layout.sentence(e) == layout.sentence(later)]
    return max((e for e in same if layout.word(later) - layout.word(e) >= 1), default=None)


class Finder:
    """Many phrases at once. It only skips phrases that surely do not occur; `find_slow`'s expressions decide.

    A phrase that matches is a plain substring of the text once each run of white space is made one space, so each of
    its own substrings is one too: a phrase is looked up by the one of `GRAM` characters that the fewest phrases have,
    or always when it is shorter.
    """

    GRAM = 6

    def __init__(self, phrases: Iterable[Phrase], rule: Rule, normalise: Normalise = str) -> None:
        self.rule = rule
        self.prepared = {phrase: elements(phrase, rule, normalise) for phrase in phrases}
        self.patterns: dict[Phrase, list[re.Pattern[str]]] = {}
        self.by_gram: dict[str, list[tuple[Phrase, tuple[str, ...]]]] = defaultdict(list)
        grams = {phrase: set().union(*map(self.grams, parts)) for phrase, parts in self.prepared.items()}
        phrases_with = Counter(gram for of_phrase in grams.values() for gram in of_phrase)
        for phrase, parts in self.prepared.items():
            rarest = min(grams[phrase], key=lambda gram: (phrases_with[gram], gram), default="")
            self.by_gram[rarest].append((phrase, parts))

    def find(self, text: str) -> dict[Phrase, list[int]]:
        """The starts of every match in one passage, for the phrases that have one."""
        folded = fold(text, self.rule)
        layout = Layout(folded)
        candidates = self.candidates(" ".join(folded.split()))
        found = {phrase: _matches(phrase, self._patterns(phrase), folded, layout) for phrase in candidates}
        return {phrase: starts for phrase, starts in found.items() if starts}

    def candidates(self, plain: str) -> Iterator[Phrase]:
        """The phrases of which every element is a substring."""
        for gram in (self.grams(plain) | {""}) & self.by_gram.keys():
            for phrase, parts in self.by_gram[gram]:
                if all(part in plain for part in parts):
                    yield phrase

    def grams(self, text: str) -> set[str]:
        """Every string of GRAM characters in a text."""
        return {text[i : i + self.GRAM] for i in range(len(text) - self.GRAM + 1)}

    def _patterns(self, phrase: Phrase) -> list[re.Pattern[str]]:
        if phrase not in self.patterns:
            self.patterns[phrase] = [pattern(part, self.rule, phrase.sentence_end) for part in self.prepared[phrase]]
        return self.patterns[phrase]


def find(
    phrases: Iterable[Phrase], text: str, rule: Rule = Rule(), normalise: Normalise = str
) -> dict[Phrase, list[int]]:
    """The starts of every match of many phrases in one passage, for the phrases that have one."""
    return Finder(phrases, rule, normalise).find(text)


# ------------------------------------------------------------------------------------------------------- exposures


class Position(NamedTuple):
    """Where a match lies: batch, sequence in the batch, token in the row, character of the row text, document id."""

    batch: int
    sequence: int
    token: int | None
    offset: int
    document_id: Any


class Hit(NamedTuple):
    """A match in a row, whenever the row is shown."""

    row_index: int
    offset: int
    token: int | None
    document_id: Any


@dataclass(frozen=True)
class Exposure:
    """What a run showed of one phrase; first_step of an exposure is its batch + 1."""

    count: int
    first: Position
    last: Position
    first_k: list[Position]
    by_batch: Counter[int]


def hits(
    corpus_rows: Iterable[Row], finder: Finder, shown: Iterable[int], only_shard: int | None = None
) -> dict[Phrase, list[Hit]]:
    """Every match in the rows that the run shows, or only in one shard's passages."""
    found: dict[Phrase, list[Hit]] = defaultdict(list)
    wanted = set(shown)
    for row in corpus_rows:
        for passage in row.passages if row.row_index in wanted else []:
            if only_shard is None or passage.shard_index == only_shard:
                for phrase, starts in finder.find(passage.text).items():
                    found[phrase].extend(_hit(row, passage, start) for start in starts)
    return found


def _hit(row: Row, passage: Passage, start: int) -> Hit:
    offset = passage.offset + start
    return Hit(row.row_index, offset, row.token_of[offset] if row.token_of else None, passage.document_id)


def exposures(
    corpus_rows: Iterable[Row],
    run: Sequence[int],
    batch_sequences: int,
    finder: Finder,
    k: int = 8,
    only_shard: int | None = None,
) -> dict[Phrase, Exposure]:
    """When the run, a list of row indices by slot, showed each phrase; phrases that it never showed are left out."""
    slots_of: dict[int, list[int]] = defaultdict(list)
    for slot, row_index in enumerate(run):
        slots_of[row_index].append(slot)
    found = hits(corpus_rows, finder, slots_of, only_shard)
    return {phrase: summary(found[phrase], slots_of, batch_sequences, k) for phrase in found}


def summary(found: list[Hit], slots_of: dict[int, list[int]], batch_sequences: int, k: int) -> Exposure:
    """All exposures of one phrase, sorted by slot and offset, in short."""
    shown = [(slot, hit) for hit in found for slot in slots_of[hit.row_index]]
    shown.sort(key=lambda slot_and_hit: (slot_and_hit[0], slot_and_hit[1].offset))
    positions = [
        Position(slot // batch_sequences, slot % batch_sequences, hit.token, hit.offset, hit.document_id)
        for slot, hit in shown
    ]
    by_batch = Counter(position.batch for position in positions)
    return Exposure(len(positions), positions[0], positions[-1], positions[:k], by_batch)
