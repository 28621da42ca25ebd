"""Generated text in which random spans come back: what a small model learns to copy from within minutes.

vocabulary.py   the characters, and a tokenizer in which each of them is a token
documents.py    refrains, and sentences among spans that come back
corpus.py       the settings, and all files
"""
