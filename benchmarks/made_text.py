"""Generated prose, for where there is no real text: Zipfian words in sentences, quotes, accents, line breaks.

Not English, but like it in what costs a matcher time: the lengths and frequencies of words, how often punctuation, line
breaks, blank lines and non-ASCII characters stand between them.
"""

from __future__ import annotations

from itertools import accumulate
from random import Random

VOCABULARY = 30_000
PASSAGE_CHARACTERS = 2_300
ACCENTED_EVERY = 27
"""One passage in so many has typographic quotes and accents: as in the novels."""


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


FUNCTION_WORDS = _words(
    "the and of to a in that it was he i his with her as had for she you not at be on is him my but have they me were "
    "all so this said by from or no what there which one if would when an we been them who do are your their will up "
    "out could into more about some then now any how very did like time man than never only should over other must its "
    "little own after before down made can again old see upon way came such went know good might us our where even much"
)
_ONSETS = _words("b c d f g h l m n p r s t v w br ch cr dr fl gr pl pr qu sh sl sp st str th tr wh")
_VOWELS = _words("a e i o u ai ea ee ie oo ou")
_CODAS = ("", *_words("n r s t d l m nd ng st rt ck ll ss"))
_ENDINGS = ("", "", "", "", "", "ed", "ing", "ly", "s", "er", "ness", "tion")


def vocabulary(rng: Random) -> tuple[str, ...]:
    """Distinct words in the order of their frequency: function words, then invented ones, shorter ones first."""
    invented: set[str] = set()
    while len(invented) < VOCABULARY - len(FUNCTION_WORDS):
        syllables = rng.choices((1, 2, 3), (4, 5, 2))[0]
        stem = "".join(rng.choice(_ONSETS) + rng.choice(_VOWELS) + rng.choice(_CODAS) for _ in range(syllables))
        invented.add(stem + rng.choice(_ENDINGS))
    invented -= set(FUNCTION_WORDS)
    in_any_process = sorted(invented)  # sets of strings have another order in each
    return FUNCTION_WORDS + tuple(sorted(in_any_process, key=lambda word: (len(word) * (0.5 + rng.random()), word)))


def made_passages(characters: int, seed: int) -> tuple[str, ...]:
    """Passages of about PASSAGE_CHARACTERS with `characters` in all; the same for the same arguments."""
    rng = Random(f"{seed}/made text")
    words = vocabulary(rng)
    weights = list(accumulate(1 / (rank + 2.7) for rank in range(len(words))))
    passages: list[str] = []
    while characters > 0:
        passages.append(_passage(rng, words, weights, accented=len(passages) % ACCENTED_EVERY == 0))
        characters -= len(passages[-1])
    return tuple(passages)


def _passage(rng: Random, words: tuple[str, ...], weights: list[float], accented: bool) -> str:
    paragraphs, length = [], 0
    while length < PASSAGE_CHARACTERS:
        sentences = [_sentence(rng, words, weights) for _ in range(rng.randint(1, 7))]
        paragraphs.append(" ".join(sentences))
        length += len(paragraphs[-1])
    text = "".join(paragraph + rng.choice(("\n", "\n", "\n\n")) for paragraph in paragraphs).rstrip()
    return text.translate({ord('"'): "”", ord("'"): "’"}).replace("ee", "é") if accented else text


def _sentence(rng: Random, words: tuple[str, ...], weights: list[float]) -> str:
    chosen = rng.choices(words, cum_weights=weights, k=rng.randint(4, 32))
    for place in range(3, len(chosen) - 1, 9):
        chosen[place] += rng.choice((",", ",", ";", " --", "'s", ""))
    text = " ".join(chosen)
    text = text[0].upper() + text[1:] + rng.choices(".?!", (8, 1, 1))[0]
    return f'"{text}"' if rng.random() < 0.3 else text
