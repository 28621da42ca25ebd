"""Generated text in which random spans come back: what a small model learns to copy from within minutes.

vocabulary.py   the words and characters, and a tokenizer in which each of them is one token
documents.py    sentences, random spans, and the same spans again
corpus.py       the settings, and all files
"""
