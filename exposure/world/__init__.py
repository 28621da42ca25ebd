"""A generated world: a small corpus in which it is known when each critical phrase was first seen.

`write_world(World(), folder)` makes, in about two seconds and always with the same bytes for the same settings:

corpus/shard-0000i.jsonl.gz
    about 4,000 documents of short English-like sentences (2.9 MB of text), one {"id", "text"} a line. Odd shards write
    everything beyond ASCII as JSON escapes. One document in twelve is stored decomposed (NFD). There are accents,
    Chinese, Russian and emoji, line breaks and blank lines.
pairs.jsonl
    240 minimal pairs in BLiMP's shapes and under BLiMP's keys, 40 of each of six paradigms: two of determiner and noun
    (class A, and B with an adjective), subject and verb, irregular participles, anaphors (D, a gap pattern with W = 5),
    and intransitive (B$, anchored at a sentence end).
tokenizer.json
    a byte-level BPE of 1,057 tokens in the Hugging Face format, NFC first, `<|endoftext|>` = 0.
truth.jsonl
    the known answers, one line for each side of each pair: uid, pair_id, side, phrase, gap (W or null), anchor
    ("sentence_end" or null), and three lists in the order of the corpus:

    * `exposures`: matches in the head of a document. The phrase ends within the first HEAD_WORDS words and HEAD_TOKENS
      tokens. A run with one document a row that is cut at L tokens, HEAD_TOKENS <= L <= CUT_WORDS, sees these and no
      others; with B sequences a batch and the documents in order, first_batch = document_index // B.
    * `deep`: matches that begin after CUT_WORDS words, hence after as many tokens. Whole documents hold both lists and
      nothing else. Where documents are concatenated and chunked, the edges of rows can cut some of them.
    * `near_misses`: documents with text that looks like the phrase and must not match (a blank line within, a longer
      word, W + 1 words, no sentence end, ...). A phrase split over two documents is listed for both.

    Each entry has document_index (global, 0-based), shard (0-based), document (its id), form ("NFC" or "NFD", how the
    document is stored), how (the way it is written: capitals, line_break, curly_apostrophe, twice, ...) and, but for
    near misses, offset (characters of the document's NFC text; one entry for each match, so two can be equal).
    The lists hold for the default match rule: fold, word boundaries, collapsed white space.

Background text never holds a critical phrase: it has no demonstratives, and no head meets a verb or an auxiliary with
which a pair uses it. Its agreement is always right. Half of the good sides are planted, some often and some seldom,
early, late, in one burst or all along; three in twenty stand deep in documents only; the others are never seen. A few
bad sides are planted as misprints. The same nouns, verbs and names occur in other company all over the corpus, so a
model can get a pair right that it has never seen. `World` may ask for more pairs and more plants: the demo does.

    lexicon.py      the words                       carriers.py   sentences that carry a phrase
    grammar.py      background sentences            writings.py   ways of writing a phrase that count
    drafts.py       the words of the pairs          gaps.py       the same, and near misses, for gap patterns
    paradigms.py    the minimal pairs               misses.py     near misses
    planting.py     how much is planted             truth.py      the known answers
    plants.py       what goes where, and when       world.py      the settings, and all files
    documents.py    whole documents                 bpe.py        the tokenizer
"""

from exposure.world.planting import Planting
from exposure.world.plants import CUT_WORDS, HEAD_TOKENS, HEAD_WORDS
from exposure.world.world import World, WorldFiles, write_world

__all__ = ["CUT_WORDS", "HEAD_TOKENS", "HEAD_WORDS", "Planting", "World", "WorldFiles", "write_world"]
