"""The tokenizer of a checkpoint's folder: texts → token ids, the token that stands before them, and a digest."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer
from transformers import AutoTokenizer, PreTrainedTokenizerBase, PreTrainedTokenizerFast

from evaluator.sequences import TokenIds
from exposure.errors import EvaluationError

FILE_NAME = "tokenizer.json"

N_COMPARED = 500
"""Texts, spread over all, by which transformers' own class is compared with the file."""


@dataclass(frozen=True)
class TextTokenizer:
    """Token ids as the folder's tokenizer.json has them, and what the rest of the folder says of special tokens.

    transformers may build a tokenizer anew from a vocabulary and the habits of its class, and may give it special
    tokens that the file does not hold. A model is trained with the file: where it is there, it decides.
    """

    folder: Path
    file: Tokenizer | None
    auto: PreTrainedTokenizerBase

    @classmethod
    def open(cls, folder: Path) -> TextTokenizer:
        """The tokenizer in `folder`, none of whose code is run; EvaluationError where none can be read."""
        file = folder / FILE_NAME
        return cls(folder, _read(file) if file.is_file() else None, _auto_tokenizer(folder, file.is_file()))

    def encode(self, texts: Sequence[str]) -> list[TokenIds]:
        """Token ids of each text, without any special token around it."""
        if self.file is None:
            return self._encode_by_class(texts)
        return [np.array(one.ids, np.int32) for one in self.file.encode_batch_fast(texts, add_special_tokens=False)]

    def _encode_by_class(self, texts: Sequence[str]) -> list[TokenIds]:
        found = self.auto(list(texts), add_special_tokens=False, verbose=False)["input_ids"]
        return [np.array(ids, np.int32) for ids in found]

    def disagreement(self, texts: Sequence[str]) -> str | None:
        """A note where transformers' own class makes other tokens of some texts than the file, of those compared."""
        texts = texts[:: max(1, len(texts) // N_COMPARED)]
        both = zip(self.encode(texts), self._encode_by_class(texts), strict=True)
        others = [not np.array_equal(*ids) for ids in both]
        if not any(others):
            return None
        return (
            f"{type(self.auto).__name__} of transformers tokenises {sum(others):,} of {len(texts):,} texts otherwise "
            f"than {FILE_NAME}, the first is {texts[others.index(True)]!r}. The file was followed."
        )

    @property
    def prefix(self) -> tuple[str, int]:
        """The BOS token, else the EOS token, and its id; EvaluationError where the vocabulary holds neither."""
        for token in (self.auto.bos_token, self.auto.eos_token):
            if token is not None and (id_ := self._id_of(str(token))) is not None:
                return str(token), id_
        raise EvaluationError(
            f"The tokenizer in {self.folder} names neither a BOS nor an EOS token of its vocabulary, so nothing can "
            "stand before a sentence. Name the one that began the training rows as bos_token in tokenizer_config.json, "
            "or score by a convention without one (prefix none): a sentence's first token then has no probability."
        )

    def _id_of(self, token: str) -> int | None:
        if self.file is not None:
            id_: int | None = self.file.token_to_id(token)
            return id_
        return self.auto.get_vocab().get(token)

    @property
    def digest(self) -> str:
        """sha256 of what decides the tokens of a text, whatever wrote the file: settings of batches are left out."""
        if self.file is not None:
            content = json.loads((self.folder / FILE_NAME).read_bytes())
            decisive = {name: value for name, value in content.items() if name not in ("padding", "truncation")}
        else:
            decisive = {"class": type(self.auto).__name__, "vocabulary": self.auto.get_vocab()}
        return hashlib.sha256(json.dumps(decisive, sort_keys=True).encode()).hexdigest()


def _read(file: Path) -> Tokenizer:
    try:
        tokenizer = Tokenizer.from_file(str(file))
    except Exception as error:  # the library has no error class of its own
        raise EvaluationError(
            f"{file} is no tokenizer ({error}). Copy it anew from where the model comes from."
        ) from error
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def _auto_tokenizer(folder: Path, has_file: bool) -> PreTrainedTokenizerBase:
    kinds = (AutoTokenizer, PreTrainedTokenizerFast) if has_file else (AutoTokenizer,)
    for kind in kinds:
        try:
            found: PreTrainedTokenizerBase = kind.from_pretrained(
                folder, local_files_only=True, trust_remote_code=False
            )
        except Exception as error:  # files of any content meet readers of many kinds
            reason = error
        else:
            return found
    raise EvaluationError(
        f"{folder} holds no tokenizer that can be read ({str(reason).splitlines()[0]}). Put tokenizer.json and "
        "tokenizer_config.json beside the weights; a tokenizer that needs code of its own is never loaded."
    ) from reason
