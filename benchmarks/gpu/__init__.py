"""Measurements that a GPU is needed for. In words: docs/gpu.md.

`python -m benchmarks.gpu --budget SECONDS` makes those that are outstanding, the most telling first, and keeps each as
soon as it is there. It needs torch, transformers, pyarrow, pydantic and nothing of ours but the source tree, with a
bundle of inputs that `python -m benchmarks.gpu.bundle` makes where the corpora are.

    __main__.py        the command                       clock.py         seconds, and a stopwatch on the device
    bundle.py          inputs, packed to be carried      arithmetic.py    operations of a forward pass, and the peak
    inputs.py          the same, unpacked                models.py        random and briefly trained checkpoints
    bench.py           where and how long to measure     scoring_pass.py  one pass over BLiMP, by which way
    measurements.py    all of them, in order of value    breakdown.py     where its time goes
    outstanding.py     which of them are still to be had peers.py         against lm-eval and minicons
    results.py         what was had, in one file         precision.py     bf16 against fp32 decisions
    digests.py         the code that a figure is of      sweep.py         a sweep of checkpoints
    page.py            docs/gpu.md                       training.py      tokens a second
    packed_items.py    scores of a run, to be carried    pretraining_run.py  a run of 60M, and its scores
    unpacking.py       the same, as evaluations      copying_run.py   COPY's experiment, a run a setting
    longer_rows.py     rows cut to a longer context  copying_curves.py  copying and heads by step
"""
