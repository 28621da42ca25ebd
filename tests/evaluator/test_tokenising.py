"""From pairs to token sequences: which tokens, which token before them, and from where on they are scored."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import tiny_models
from tokenizers import Tokenizer
from transformers import GPT2Config, LlamaConfig

from evaluator.conventions import Method, Prefix, ScoringSpec
from evaluator.tokenised_pairs import NOT_SCORED, TokenisedPairs
from evaluator.tokenising import tokenise_pairs
from exposure.errors import EvaluationError
from exposure.pairs import MinimalPair, OnePrefix, TwoPrefix

PAIR = MinimalPair(
    "u",
    "3",
    "The cats sleep here.",
    "The cats sleeps here.",
    one_prefix=OnePrefix("The cats", "sleep", "sleeps"),
    two_prefix=TwoPrefix("The cats", "The café", "sleep"),
)
BARE = MinimalPair("list", "1", "", "", phrase_good="the cat")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    tiny_models.tokenizer("<s>", "<|endoftext|>").save_pretrained(tmp_path)
    return tmp_path


def spec(method: Method = "full", prefix: Prefix = "bos", lead_space: bool = False) -> ScoringSpec:
    return ScoringSpec(method, prefix, lead_space)


def sides(tokenised: TokenisedPairs, pair: int = 0) -> list[tuple[list[int], int]]:
    """Token ids and first target of the two sides of a pair."""
    both = (tokenised.good, tokenised.bad)
    return [(tokenised.sequences[side.sequence[pair]].tolist(), int(side.first_target[pair])) for side in both]


def encoded(folder: Path, text: str) -> list[int]:
    """By the tokenizers library alone."""
    ids: list[int] = Tokenizer.from_file(str(folder / "tokenizer.json")).encode(text, add_special_tokens=False).ids
    return ids


def refused(folder: Path, given: ScoringSpec, *pairs: MinimalPair) -> str:
    with pytest.raises(EvaluationError) as caught:
        tokenise_pairs(folder, pairs or [PAIR], given)
    return str(caught.value)


# Which tokens


@pytest.mark.parametrize("lead_space", [False, True])
def test_full(folder: Path, lead_space: bool) -> None:
    """BOS, then the sentence, with a space before it where that is asked for; all of the sentence is scored."""
    tokenised = tokenise_pairs(folder, [PAIR], spec(lead_space=lead_space))
    lead = " " if lead_space else ""
    assert sides(tokenised) == [
        ([0, *encoded(folder, lead + text)], 1) for text in (PAIR.sentence_good, PAIR.sentence_bad)
    ]
    assert tokenised.prefix_token == "<s>"
    assert tokenised.names == ("u/3",)
    assert (tokenised.good.n_bytes.tolist(), tokenised.bad.n_bytes.tolist()) == ([20], [21])


def test_without_a_prefix(folder: Path) -> None:
    """Nothing stands before the sentence, and its first token is not scored."""
    tokenised = tokenise_pairs(folder, [PAIR], spec(prefix="none"))
    assert sides(tokenised)[0] == (encoded(folder, PAIR.sentence_good), 1)
    assert tokenised.prefix_token is None


@pytest.mark.parametrize("prefix", ["bos", "none"])
def test_one_prefix(folder: Path, prefix: Prefix) -> None:
    """The words are scored after the same prefix, and only they."""
    tokenised = tokenise_pairs(folder, [PAIR], spec("one-prefix", prefix))
    before = [0] * (prefix == "bos") + encoded(folder, "The cats")
    assert sides(tokenised) == [(before + encoded(folder, text), len(before)) for text in (" sleep", " sleeps")]
    assert (tokenised.good.n_bytes.tolist(), tokenised.bad.n_bytes.tolist()) == ([5], [6])


def test_two_prefix(folder: Path) -> None:
    """The same word is scored after one prefix and after the other."""
    tokenised = tokenise_pairs(folder, [PAIR], spec("two-prefix", lead_space=True))
    befores = [[0, *encoded(folder, text)] for text in (" The cats", " The café")]
    assert sides(tokenised) == [(before + encoded(folder, " sleep"), len(before)) for before in befores]


def test_tokens_that_join_over_the_end_of_the_prefix(folder: Path) -> None:
    """Where a token holds the end of the prefix and the beginning of the word, it is scored."""
    file = folder / "tokenizer.json"
    description = json.loads(file.read_text(encoding="utf-8"))
    description["pre_tokenizer"] = {
        "type": "ByteLevel",
        "add_prefix_space": False,
        "use_regex": False,
        "trim_offsets": True,
    }
    vocabulary, merges = description["model"]["vocab"], description["model"]["merges"]
    piece = next(iter(vocabulary.keys() & {"s"}))
    vocabulary[piece + "Ġ"] = max(vocabulary.values()) + 1
    merges.insert(0, [piece, "Ġ"])
    file.write_text(json.dumps(description), encoding="utf-8")
    whole = encoded(folder, "The cats sleep")
    alone = encoded(folder, "The cats")
    joined = vocabulary["sĠ"]
    assert joined in whole
    (good, first), _ = sides(tokenise_pairs(folder, [PAIR], spec("one-prefix")))
    assert good == [0, *whole]
    assert whole[: first - 1] == alone[: first - 1]
    assert whole[first - 1] != alone[first - 1]


def test_pairs_without_the_form_are_not_scored(folder: Path) -> None:
    """A pair that the method does not apply to has no sequence, and the others are what they are alone."""
    plain = MinimalPair("u", "4", "The cats sleep.", "The cat sleep.")
    tokenised = tokenise_pairs(folder, [plain, BARE, PAIR], spec("one-prefix"))
    assert tokenised.is_scored.tolist() == [False, False, True]
    assert tokenised.bad.sequence[:2].tolist() == [NOT_SCORED] * 2
    assert sides(tokenised, 2) == sides(tokenise_pairs(folder, [PAIR], spec("one-prefix")))


def test_equal_sequences_are_kept_once(folder: Path) -> None:
    """Sentences that stand in many pairs are one sequence; where one pair scores less of it, the other does not."""
    again = MinimalPair("v", "0", PAIR.sentence_good, PAIR.sentence_good)
    tokenised = tokenise_pairs(folder, [PAIR, again], spec())
    assert len(tokenised.sequences) == 2
    assert tokenised.good.sequence[1] == tokenised.bad.sequence[1] == tokenised.good.sequence[0]
    one = MinimalPair("w", "0", "a", "b", one_prefix=OnePrefix("The", "cats sleep", "cats sleep"))
    other = MinimalPair("w", "1", "a", "b", one_prefix=OnePrefix("The cats", "sleep", "sleep"))
    both = tokenise_pairs(folder, [other, one], spec("one-prefix"))
    assert len(both.sequences) == 1
    assert both.good.first_target[0] > both.good.first_target[1] == 1 + len(encoded(folder, "The"))
    assert np.flatnonzero(both.sequences.is_target)[0] == both.good.first_target[1]


def test_taking_pairs(folder: Path) -> None:
    """Some of the pairs, in any order, with what they need and no more."""
    pairs = [PAIR, BARE, *tiny_models.pairs()[:20]]
    tokenised = tokenise_pairs(folder, pairs, spec())
    places = np.array([7, 1, 0])
    some = tokenised.take(places)
    assert some.names == tuple(pairs[place].name for place in places)
    assert some.is_scored.tolist() == [True, False, True]
    assert sides(some, 0) == sides(tokenised, 7)
    assert sides(some, 2) == sides(tokenised, 0)
    assert len(some.sequences) == 4


# Which token stands before them


@pytest.mark.parametrize(
    ("bos", "eos", "expected"),
    [
        ("<s>", "<|endoftext|>", ("<s>", 0)),
        (None, "<|endoftext|>", ("<|endoftext|>", 1)),
        ("<|endoftext|>", None, ("<|endoftext|>", 1)),
    ],
)
def test_prefix_token(tmp_path: Path, bos: str | None, eos: str | None, expected: tuple[str, int]) -> None:
    """BOS where there is one, else EOS."""
    tiny_models.tokenizer(bos, eos).save_pretrained(tmp_path)
    tokenised = tokenise_pairs(tmp_path, [PAIR], spec())
    assert (tokenised.prefix_token, sides(tokenised)[0][0][0]) == expected


def test_tokenizer_that_adds_bos_itself(tmp_path: Path) -> None:
    """BOS stands there once, also where the tokenizer would put one before every text."""
    tiny_models.tokenizer("<s>", "<|endoftext|>", adds_bos=True).save_pretrained(tmp_path)
    assert sides(tokenise_pairs(tmp_path, [PAIR], spec()))[0][0] == [0, *encoded(tmp_path, PAIR.sentence_good)]
    assert 0 not in sides(tokenise_pairs(tmp_path, [PAIR], spec(prefix="none")))[0][0]


def test_no_prefix_token(tmp_path: Path) -> None:
    """A tokenizer with neither is refused, and told how to go on; without a prefix it serves."""
    tiny_models.tokenizer().save_pretrained(tmp_path)
    answer = refused(tmp_path, spec())
    assert answer.startswith(f"The tokenizer in {tmp_path} names neither a BOS nor an EOS token of its vocabulary")
    assert "prefix none" in answer
    assert sides(tokenise_pairs(tmp_path, [PAIR], spec(prefix="none")))[0][0] == encoded(tmp_path, PAIR.sentence_good)


@pytest.mark.parametrize("config", [GPT2Config(), LlamaConfig()], ids=["gpt2", "llama"])
def test_tokens_that_only_the_class_knows(tmp_path: Path, config: GPT2Config) -> None:
    """With nothing but tokenizer.json, transformers' class makes up special tokens and habits: the file counts.

    A BOS that the file does not hold would be a row of the embeddings that was never trained.
    """
    description = json.loads(tiny_models.tokenizer().backend_tokenizer.to_str())
    content = json.dumps(description).replace("<|endoftext|>", "<|end|>").replace('"<s>"', '"<|begin|>"')
    (tmp_path / "tokenizer.json").write_text(content, encoding="utf-8")
    config.save_pretrained(tmp_path)
    assert "names neither a BOS nor an EOS" in refused(tmp_path, spec())
    tokenised = tokenise_pairs(tmp_path, [PAIR], spec(prefix="none"))
    assert sides(tokenised)[0][0] == encoded(tmp_path, PAIR.sentence_good)


def test_class_and_file_at_odds(tmp_path: Path) -> None:
    """Where transformers' class tokenises otherwise than the file, the file is followed and a note says so."""
    core = Tokenizer.from_str(tiny_models.tokenizer().backend_tokenizer.to_str())
    core.save(str(tmp_path / "tokenizer.json"))
    LlamaConfig().save_pretrained(tmp_path)
    (tmp_path / "tokenizer_config.json").write_text(
        '{"bos_token": "<s>", "tokenizer_class": "GPTNeoXTokenizer", "add_prefix_space": true}'
    )
    tokenised = tokenise_pairs(tmp_path, [PAIR], spec())
    assert sides(tokenised)[0][0] == [0, *encoded(tmp_path, PAIR.sentence_good)]
    assert [note.split(", the first")[0] for note in tokenised.notes] == [
        "GPTNeoXTokenizer of transformers tokenises 2 of 2 texts otherwise than tokenizer.json"
    ]


@pytest.mark.parametrize("architecture", tiny_models.SHAPES)
def test_nothing_to_note(architecture: str) -> None:
    """A folder as transformers saves it gives no note."""
    assert tokenise_pairs(tiny_models.checkpoint(architecture), tiny_models.pairs(), spec()).notes == ()


# Its digest


def test_digest(folder: Path, tmp_path: Path) -> None:
    """The digest is that of what decides tokens: not of settings for batches, nor of how the file is written."""
    digest = tokenise_pairs(folder, [PAIR], spec()).tokenizer_digest
    file = folder / "tokenizer.json"
    description = json.loads(file.read_text(encoding="utf-8"))
    batches = {
        "padding": None,
        "truncation": {"direction": "Right", "max_length": 5, "strategy": "LongestFirst", "stride": 0},
    }
    file.write_text(json.dumps(description | batches, indent=4), encoding="utf-8")
    tokenised = tokenise_pairs(folder, [PAIR], spec())
    assert tokenised.tokenizer_digest == digest
    assert len(sides(tokenised)[0][0]) > 5
    description["normalizer"] = None
    file.write_text(json.dumps(description), encoding="utf-8")
    assert tokenise_pairs(folder, [PAIR], spec()).tokenizer_digest != digest


# What is refused


def test_no_tokenizer(tmp_path: Path) -> None:
    """A folder without a tokenizer is named."""
    LlamaConfig().save_pretrained(tmp_path)
    answer = refused(tmp_path, spec())
    assert answer.startswith(f"{tmp_path} holds no tokenizer that can be read (")
    assert "Put tokenizer.json and tokenizer_config.json beside the weights" in answer


def test_damaged_tokenizer(folder: Path) -> None:
    """A tokenizer.json that is none is named."""
    (folder / "tokenizer.json").write_text("{}")
    assert refused(folder, spec()).startswith(f"{folder / 'tokenizer.json'} is no tokenizer (")


def test_code_is_never_run(folder: Path) -> None:
    """A tokenizer that names code of its own is read from its file, and the code is not run."""
    (folder / "evil.py").write_text(f"open({str(folder / 'run')!r}, 'w')\nclass Evil: pass\n")
    file = folder / "tokenizer_config.json"
    config = json.loads(file.read_text()) | {
        "tokenizer_class": "Evil",
        "auto_map": {"AutoTokenizer": [None, "evil.Evil"]},
    }
    file.write_text(json.dumps(config))
    assert sides(tokenise_pairs(folder, [PAIR], spec()))[0][0] == [0, *encoded(folder, PAIR.sentence_good)]
    assert not (folder / "run").exists()


def test_text_without_tokens(folder: Path) -> None:
    """A side that is no token at all is named with its pair."""
    file = folder / "tokenizer.json"
    description = json.loads(file.read_text(encoding="utf-8"))
    description["normalizer"] = {"type": "Strip", "strip_left": True, "strip_right": True}
    file.write_text(json.dumps(description), encoding="utf-8")
    odd = MinimalPair("u", "9", "The cats.", "\u2003")
    assert refused(folder, spec(), PAIR, odd).startswith(
        "The pair u/9 cannot be scored: '\\u2003' is no token to this tokenizer."
    )


def test_single_token_without_a_prefix(folder: Path) -> None:
    """One token cannot be scored when nothing stands before it."""
    short = MinimalPair("u", "9", "a", "The cats")
    assert tokenise_pairs(folder, [short], spec()).is_scored.all()
    answer = refused(folder, spec(prefix="none"), PAIR, short)
    assert answer.startswith(
        "The pair u/9 cannot be scored: 'a' is one token, and without a prefix the first one has no"
    )


@pytest.mark.parametrize(
    ("method", "pair", "message"),
    [
        ("full", BARE, "The method full applies to none of the 1 pairs: they are bare phrases, with no sentences."),
        ("two-prefix", MinimalPair("u", "0", "a", "b"), "two-prefix applies to none of the 1 pairs: their file has no"),
    ],
)
def test_method_that_applies_to_nothing(folder: Path, method: Method, pair: MinimalPair, message: str) -> None:
    """A method without a single pair is refused."""
    assert message in refused(folder, spec(method), pair)
