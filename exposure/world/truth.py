"""What was planted where: the known answers."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator

from exposure.phrases import anchor_name
from exposure.world.documents import Document, Occurrence
from exposure.world.paradigms import WorldPair, WorldSide

Record = dict[str, object]


def truth_lines(pairs: tuple[WorldPair, ...], made: Iterable[Document], first_documents: list[int]) -> Iterator[Record]:
    """One record for each side of each pair; `first_documents` is the global index of each shard's first document."""
    found: dict[WorldSide, list[tuple[Document, Occurrence]]] = {}
    for document in made:
        for occurrence in document.occurrences:
            found.setdefault(occurrence.side, []).append((document, occurrence))
    for pair in pairs:
        for side in pair.sides:
            yield _record(side, found.get(side, []), first_documents)


def _record(side: WorldSide, found: list[tuple[Document, Occurrence]], first_documents: list[int]) -> Record:
    def places(deep: bool) -> list[Record]:
        return [
            {**_place(document, first_documents), "offset": planted.offset, "how": planted.how}
            for document, planted in found
            if planted.offset is not None and planted.deep == deep
        ]

    return {
        "uid": side.uid,
        "pair_id": side.pair_id,
        "side": side.side,
        "phrase": side.phrase.text,
        "gap": side.phrase.gap or None,
        "anchor": anchor_name(side.phrase.sentence_end),
        "exposures": places(deep=False),
        "deep": places(deep=True),
        "near_misses": [
            {**_place(document, first_documents), "how": planted.how}
            for document, planted in found
            if planted.offset is None
        ],
    }


def _place(document: Document, first_documents: list[int]) -> Record:
    return {
        "document_index": document.index,
        "shard": bisect_right(first_documents, document.index) - 1,
        "document": document.id,
        "form": document.form,
    }
