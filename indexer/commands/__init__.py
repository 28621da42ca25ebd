"""The sub-commands that index and read corpora, one file each."""
