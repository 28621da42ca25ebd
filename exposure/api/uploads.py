"""What the service is told of: runs, minimal pairs, phrases. Checked here, the same for service and client."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import ConfigDict, Field, JsonValue, model_validator

from exposure.api.names import Digest, Name, RootedPath, StrictModel

RUN_EXAMPLE: JsonValue = {"name": "tiny", "root": "corpora", "path": "run.json"}
PAIRS_EXAMPLE: JsonValue = {
    "pairs": [
        {
            "uid": "dna",
            "sentence_good": "These books are old.",
            "sentence_bad": "This books are old.",
            "phrase_good": "these books",
            "phrase_bad": "this books",
        }
    ]
}
PHRASES_EXAMPLE: JsonValue = {"phrases": ["these books", "cats sleep"]}

_ROOT = "A root that the operator configured: with `path`, in place of the content itself."


class RunRequest(RootedPath):
    """A run manifest that lies under a root, and the name that the run gets."""

    model_config = ConfigDict(json_schema_extra={"examples": [RUN_EXAMPLE]})

    name: Name = Field(description="What the run is called from now on.")


class _Upload(StrictModel):
    """Content, or where it lies under a root."""

    root: Name | None = Field(default=None, description=_ROOT)
    path: Annotated[str, Field(min_length=1, max_length=1_000)] | None = Field(
        default=None, description="Relative to the root, with '/' between its parts."
    )

    @property
    def rooted(self) -> RootedPath | None:
        """Where it lies, if that was given."""
        return None if self.root is None or self.path is None else RootedPath(root=self.root, path=self.path)

    def _refuse_but_one(self, *names: str) -> None:
        if (self.root is None) != (self.path is None):
            raise ValueError("root and path go together: give both, or neither")
        given = [name for name in (*names, "root") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(f"give one of {', '.join(names)}, or root and path; given: {', '.join(given) or 'none'}")


class PairSetRequest(_Upload):
    """Minimal pairs, or a file or folder of them under a root."""

    model_config = ConfigDict(json_schema_extra={"examples": [PAIRS_EXAMPLE]})

    pairs: Annotated[list[dict[str, JsonValue]], Field(min_length=1)] | None = Field(
        default=None, description="Rows as docs/pairs.md describes; each needs its uid, and pair_id is else its place."
    )

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        self._refuse_but_one("pairs")
        return self


class PhraseSetRequest(_Upload):
    """Phrases to look for: a list, the critical phrases of a pair set, or a phrase file under a root."""

    model_config = ConfigDict(json_schema_extra={"examples": [PHRASES_EXAMPLE]})

    phrases: Annotated[list[Annotated[str, Field(min_length=1)]], Field(min_length=1)] | None = Field(
        default=None, description="Phrases, as on the lines of a .txt."
    )
    pair_set: Digest | None = Field(default=None, description="An id of GET /v1/pair-sets.")
    rules: Annotated[str, Field(min_length=1, max_length=200_000)] | None = Field(
        default=None, description="With `pair_set`: YAML rules for own paradigms, as docs/rules.md describes."
    )

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        self._refuse_but_one("phrases", "pair_set")
        if self.rules is not None and self.pair_set is None:
            raise ValueError("rules say what the critical phrases of a pair set are: give pair_set")
        return self
