"""How the evaluator's scores are made, by us and by others: what the three commands about scoring share.

    scores.py     scores and decisions of pairs, whoever made them      harness.py   lm-evaluation-harness
    ours.py       the evaluator                                         library.py   minicons
    samples.py    BLiMP, whole or a share of each paradigm              models.py    models trained for the purpose
    results.py    what was measured, kept as JSON                       page.py      docs/evaluator-benchmarks.md

The commands: `python -m benchmarks.evaluator_agreement`, `.evaluator_speed`, `.sweep_cost`, each with --help.
"""
