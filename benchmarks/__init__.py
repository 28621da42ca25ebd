"""Measurements: every bar about text, each against its peer in the same run. In words: docs/benchmarks.md.

`make bench` measures everything, prints tables and writes docs/benchmarks.md. `python -m benchmarks --list` names the
parts, `python -m benchmarks --only zst-10k folding --megabytes 32` measures some on a small corpus and prints only.

    __main__.py       the command                       sides.py        what can be timed, by name
    sources.py        novels and BLiMP, or generated    ours.py         our side of an end-to-end scan
    made_text.py      the generated text                ours_in_memory.py  our matchers alone
    corpus.py         documents, shuffled and spliced   peers/          the others, a file each
    phrase_lists.py   1k to 1M phrases                  tasks.py        one timing, pinned to its CPUs
    bars.py           the bars                          rounds.py       many timings, in turn, and their medians
    matchers.py       matchers alone                    agreement.py    whether the sides found the same
    memory.py         peak memory of a scan             stages.py       where the time of a scan goes
    resume.py         kill -9, and going on             compiled_steps.py  the search, stopped early
    results.py        all that was found, in one file   report.py, details.py, layout.py  the tables
    machine.py        what it ran on                    document.py     docs/benchmarks.md

novels_against_oracle.py is a verification, not a measurement: half an hour against the slow oracle.
"""
