"""What others would do, each as small and as fast as its library allows; every one finds counts and first places.

All of them compare letters as they are (the phrases are lower-case), want a single space between words, and check word
boundaries by `str.isalnum()` and "_". Ours folds letters and collapses white space by default, which is more work.
"""
