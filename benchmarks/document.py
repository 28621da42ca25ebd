"""docs/benchmarks.md: the tables of a complete run, and how to read them."""

from __future__ import annotations

from benchmarks.layout import markdown
from benchmarks.report import tables
from benchmarks.results import Results

READING = """\
Written by `make bench` from one run; do not edit. Machines differ and are noisy, so every bar is a ratio of two sides
that ran in turn in the same run, never a figure of its own.

## How to read it

* **MB/s** are of uncompressed text: the UTF-8 of the documents' texts, 1 MB = 10⁶ bytes, whatever the shard's format.
* Each figure is the **median** of {repeat} rounds; in a round every side runs once, in a process of its own that is
  pinned to one CPU ("2 CPUs": to both). The **ratio** is the median of the rounds' own ratios, because what disturbs a
  machine lasts longer than one of them; *low – high* are its extremes.
* **Ours** is `scan_unit`, the function that `exposure index` runs, on a run made by `exposure run init` without a
  tokenizer: the census read, the shard's sha256 compared, counts in 154 buckets, the first eight exposures and the last
  of each phrase, the segment written and brought to disk. It folds letters and collapses white space, as it does by
  default. Peers do neither, keep one count and one first place, check nothing and write nothing: where the two differ,
  the peer has less to do.
* **CPU share** is CPU time by time of the clock: well below 100 % says that something else ran on the machine.
* **Setup** is not in the figures, on either side: patterns read, automaton built, compiled code loaded.
* The **naive loop** is zstandard's text stream, `json.loads`, `pyahocorasick`, a check of the two neighbours;
  **pyahocorasick + orjson** the same with lines as bytes and the fastest parser of whole lines. The **floor** finds
  nothing: decompressed, parsed, unescaped (zstandard and msgspec, or our own reading path, whichever is faster).
  `grep` is `zstdcat shard | grep -oFwf phrases`: it reports no overlaps and sees JSON escapes as they stand.
* *Did they find the same?* holds every count and every first place of a peer against ours, made to mean the same by a
  match (`--exact --whitespace verbatim`); our other engine is held against the default one with the defaults.

"""


def document(results: Results) -> str:
    """The whole of docs/benchmarks.md."""
    facts = results.corpus
    kind = "real novels and BLiMP" if facts.source == "novels" else "generated text"
    versions = ", ".join(f"{name} {version}" for name, version in results.versions.items())
    head = (
        "# Benchmarks\n\n"
        f"{READING.format(repeat=results.repeat)}"
        "## What ran\n\n"
        f"* {results.date}, {results.machine}\n"
        f"* {versions}\n"
        f"* corpus: {kind}, {facts.documents:,} documents, {facts.text_bytes / 1e6:.0f} MB of text, seed {facts.seed}, "
        f"sha256 of its lines `{facts.sha256[:16]}…`. Passages in shuffled order, two to a document, pairs' "
        "sentences spliced in at Zipfian rates (`benchmarks/corpus.py`)\n"
        "* phrases: critical phrases of the pairs first, then runs of words of the text and of shuffled text, each "
        "with a content word (`benchmarks/phrase_lists.py`)\n"
    )
    return head + "".join(f"\n## {table.title}\n\n{markdown(table)}" for table in tables(results))
