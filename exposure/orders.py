"""The order manifest: which data, packed how, in which order, made the batches of a run.

`DataOrder` is read from and written to one JSON file (docs/run-manifest.md). Its `digest` is over everything that
decides which text stands at which training position, and over nothing else: not over paths, nor over checkpoints.
"""

from __future__ import annotations

import hashlib
import json
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import numpy as np
import numpy.typing as npt
from pydantic import Field, ValidationError

from exposure.artefacts import atomic_write
from exposure.errors import OrderError
from exposure.order_rules import FrozenModel, OrderFile, OrderRule, Sequential, order_digest, run_order
from exposure.positions import RowSlots, invert, sequential_slots, steps_of
from exposure.sealed import SEAL, sealed, unsealed

Packing = Literal["document-per-row", "concatenate"]


class Skipped(FrozenModel):
    """A line that --skip-bad left out: not part of the order."""

    line: int
    reason: str


class Shard(FrozenModel):
    """One file of the corpus, as it was when the census read it.

    `tokens` is None without a tokenizer, and where not all were counted because rows of one document need not all.
    """

    path: str
    bytes: int
    sha256: str
    documents: int
    characters: int
    tokens: int | None = None
    skipped: tuple[Skipped, ...] = ()


class TokenizerSpec(FrozenModel):
    """The tokenizer file and the special tokens that packing adds, by content and id."""

    path: str
    sha256: str
    end_of_document: str | None = None
    end_of_document_id: int | None = None
    row_prefix: tuple[str, ...] = ()
    row_prefix_ids: tuple[int, ...] = ()
    row_suffix: tuple[str, ...] = ()
    row_suffix_ids: tuple[int, ...] = ()


class Checkpoints(FrozenModel):
    """The steps at which the run was saved: every N steps (and step 0), or a list."""

    every: int | None = Field(default=None, ge=1)
    steps: tuple[Annotated[int, Field(ge=0)], ...] | None = None


class DataOrder(FrozenModel):
    """The order manifest. `rows` is the training sequences in the corpus, `slots` those that the run shows."""

    format: Literal["exposure.run"] = "exposure.run"
    version: Literal[1] = 1
    shards: tuple[Shard, ...] = Field(min_length=1)
    text_field: str = "text"
    id_field: str = "id"
    tokenizer: TokenizerSpec | None = None
    packing: Packing
    sequence_length: int | None = Field(default=None, ge=1)
    batch_sequences: int = Field(ge=1)
    epochs: int = Field(default=1, ge=1)
    order: OrderRule = Sequential()
    rows: int = Field(ge=1)
    slots: int = Field(ge=1)
    tail_tokens: int = 0
    order_sha256: str | None = None
    exactness: Literal["exact", "approximate"]
    checkpoints: Checkpoints = Checkpoints()
    census: str = "census"
    provenance: dict[str, Any] = Field(default_factory=dict)

    @property
    def steps(self) -> int:
        """Training steps of the run."""
        return steps_of(self.slots, self.batch_sequences)

    @property
    def text_tokens_per_row(self) -> int:
        """Tokens of a row that are text (and end-of-document tokens): L less the row's prefix and suffix."""
        if self.tokenizer is None or self.sequence_length is None:
            raise OrderError("A run without a tokenizer has no token positions. Make it with --tokenizer FILE.")
        return self.sequence_length - len(self.tokenizer.row_prefix) - len(self.tokenizer.row_suffix)

    @property
    def checkpoint_steps(self) -> tuple[int, ...]:
        """The steps of the checkpoints that lie within the run, in order."""
        steps = self.checkpoints.steps
        if steps is None:
            steps = tuple(range(0, self.steps + 1, self.checkpoints.every)) if self.checkpoints.every else ()
        return tuple(step for step in sorted(set(steps)) if step <= self.steps)

    @cached_property
    def digest(self) -> str:
        """sha256 of all that decides what text stands where; names the order in every artefact."""
        decisive = self.model_dump(mode="json", exclude={"checkpoints", "census", "provenance", "exactness"})
        for shard in decisive["shards"]:
            del shard["path"]
            if self.packing == "document-per-row":
                del shard["tokens"]  # they decide nothing, and are not always counted
        for holder in (decisive["tokenizer"], decisive["order"]):
            if holder is not None:
                holder.pop("path", None)
        return hashlib.sha256(json.dumps(decisive, sort_keys=True).encode()).hexdigest()

    def row_slots(self, first_row: int, end_row: int) -> RowSlots:
        """The slots of rows [first_row, end_row): only these are inverted, so memory follows the unit."""
        if isinstance(self.order, Sequential):
            return sequential_slots(first_row, end_row, self.rows, self.epochs)
        return invert(self.run_order, first_row, end_row)

    def rows_in(self, slots: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """The row that each of `slots` holds."""
        if isinstance(self.order, Sequential):
            return slots % self.rows
        return np.asarray(self.run_order[slots], dtype=np.int64)

    @cached_property
    def run_order(self) -> npt.NDArray[Any]:
        """The row in every slot of the run; checked against the manifest's digest."""
        order = run_order(self.order, self.rows, self.epochs)
        if len(order) != self.slots:
            raise OrderError(
                f"The order by rule {self.order.rule!r} fills {len(order):,} slots, the manifest says {self.slots:,} "
                "slots. Put the original order file back, or make the manifest again with `exposure run init`."
            )
        if self.order_sha256 is not None and order_digest(order) != self.order_sha256:
            raise OrderError(
                f"The order rebuilt by rule {self.order.rule!r} has another digest than the manifest's "
                f"{self.order_sha256[:12]}…. The order file or NumPy's shuffle has changed: save the original order "
                "as .npy and use --order-file."
            )
        return order

    @classmethod
    def load(cls, path: Path) -> DataOrder:
        """Read a manifest; relative paths in it are taken from its folder."""
        try:
            content = path.read_bytes()
        except FileNotFoundError as error:
            raise OrderError(f"There is no run manifest {path}. Make one with `exposure run init`.") from error
        except OSError as error:
            raise OrderError(
                f"{path} is not a run manifest: {_first_problem(error)}. Make it again with `exposure run init`."
            ) from error
        return cls.parse(content, path)

    @classmethod
    def parse(cls, content: bytes, path: Path) -> DataOrder:
        """The manifest whose file `path` holds `content`; relative paths in it are taken from its folder."""
        try:
            order = cls.model_validate_json(_unsealed(content.decode("utf-8")))
        except (ValidationError, ValueError) as error:
            raise OrderError(
                f"{path} is not a run manifest: {_first_problem(error)}. Make it again with `exposure run init`."
            ) from error
        if contradiction := _contradiction(order):
            raise OrderError(f"{path} contradicts itself: {contradiction}. Make it again with `exposure run init`.")
        return order.located(path.parent)

    def __copy__(self) -> Self:
        """A copy without what was worked out and kept, since model_copy() may change what that came from."""
        copy = super().__copy__()
        for kept in ("digest", "run_order"):
            copy.__dict__.pop(kept, None)
        return copy

    def located(self, folder: Path) -> DataOrder:
        """The same order with absolute paths, relative ones being taken from `folder`."""

        def locate(path: str) -> str:
            return str((folder / path).absolute())

        update: dict[str, Any] = {"census": locate(self.census)}
        update["shards"] = tuple(shard.model_copy(update={"path": locate(shard.path)}) for shard in self.shards)
        if self.tokenizer is not None:
            update["tokenizer"] = self.tokenizer.model_copy(update={"path": locate(self.tokenizer.path)})
        if isinstance(self.order, OrderFile):
            update["order"] = self.order.model_copy(update={"path": locate(self.order.path)})
        return self.model_copy(update=update)

    def save(self, path: Path, is_sealed: bool = False) -> None:
        """Write the manifest; paths below its folder are written relative to it, so that both can be moved together.

        A sealed one is for no one to edit: it carries a digest of itself, and is refused once a letter of it changes.
        """
        folder = path.absolute().parent

        def relative(name: str) -> str:
            absolute = Path(name).absolute()
            return str(absolute.relative_to(folder)) if absolute.is_relative_to(folder) else str(absolute)

        document = self.model_dump(mode="json")
        document["census"] = relative(document["census"])
        for holder in [*document["shards"], document["tokenizer"], document["order"]]:
            if holder is not None and "path" in holder:
                holder["path"] = relative(holder["path"])
        with atomic_write(path) as partial:
            content = sealed(document) if is_sealed else document
            partial.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")

    def extends(self, other: DataOrder) -> bool:
        """Whether every slot of `other` holds the same text here: the same sequential order with shards appended."""
        if self.digest == other.digest:
            return True
        if not (isinstance(self.order, Sequential) and isinstance(other.order, Sequential)):
            return False
        same = all(
            getattr(self, name) == getattr(other, name)
            for name in ("packing", "sequence_length", "batch_sequences", "text_field", "id_field")
        )
        tokenizers = [order.tokenizer and order.tokenizer.model_copy(update={"path": ""}) for order in (self, other)]
        mine, theirs = ([(s.sha256, s.documents, s.skipped) for s in order.shards] for order in (self, other))
        return (
            same
            and tokenizers[0] == tokenizers[1]
            and self.epochs == other.epochs == 1
            and mine[: len(theirs)] == theirs
        )


def _contradiction(order: DataOrder) -> str | None:
    """What in a manifest does not fit the rest of it, as an edit by hand leaves it; None where all fits."""
    if (order.tokenizer is None) != (order.sequence_length is None):
        return "tokenizer and sequence_length go together, but only one of them is there"
    rows = sum(shard.documents for shard in order.shards)
    if order.tokenizer is None:
        if order.packing == "concatenate":
            return "packing `concatenate` needs a tokenizer"
    elif order.text_tokens_per_row < 1:
        return f"sequence_length {order.sequence_length} leaves no room for text beside the row's prefix and suffix"
    elif order.packing == "concatenate":
        if any(shard.tokens is None for shard in order.shards):
            return "packing `concatenate` needs the tokens of every shard, but one is without"
        rows = sum((shard.tokens or 0) + shard.documents for shard in order.shards) // order.text_tokens_per_row
    if order.rows != rows:
        return f"rows is {order.rows}, but its shards make {rows}"
    if not isinstance(order.order, OrderFile) and order.slots != rows * order.epochs:
        return f"slots is {order.slots}, but {rows} rows in {order.epochs} epochs make {rows * order.epochs}"
    return None


def _unsealed(text: str) -> str:
    """`text` without its seal; raises ValueError where this does not fit. What is no sealed object is left as it is."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return json.dumps(unsealed(document)) if isinstance(document, dict) and SEAL in document else text


def _first_problem(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return f"{'.'.join(map(str, first['loc'])) or 'the file'}: {first['msg']}"
    return str(error)
