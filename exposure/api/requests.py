"""What may be asked for that takes long: indexing and evaluating. Checked here, the same for service and client."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, JsonValue, model_validator

from exposure.api.names import Digest, Name, RootedPath, Step, StrictModel

JobKind = Literal["index", "evaluate"]

INDEX_EXAMPLE: JsonValue = {
    "run": "pythia",
    "timeline": "blimp",
    "phrase_sets": ["5e83fc89cd81d7c4710f6519e64747e04858d712"],
}
EVALUATION_EXAMPLE: JsonValue = {
    "name": "pythia-70m",
    "checkpoints": {"model": "pythia-70m"},
    "steps": "0,1000:143000:1000",
    "pair_set": "0214a811cd3a76851b53f9d7e1d2b17da00708f7",
    "timeline": "blimp",
}


class MatchRequest(StrictModel):
    """How phrases match; a timeline keeps the rule that it was made with."""

    case: Literal["fold", "exact"] = "fold"
    boundary: Literal["word", "none"] = "word"
    whitespace: Literal["collapse", "verbatim"] = "collapse"


class IndexRequest(StrictModel):
    """Scan the corpus of a run for phrases, and publish the timeline: `exposure index`."""

    model_config = ConfigDict(json_schema_extra={"examples": [INDEX_EXAMPLE]})

    run: Name = Field(description="A run of GET /v1/runs.")
    timeline: Name = Field(description="The timeline to make or to add to.")
    phrase_sets: Annotated[list[Digest], Field(min_length=1, max_length=100)] = Field(
        description="What to look for: ids of GET /v1/phrase-sets."
    )
    match: MatchRequest = Field(default=MatchRequest(), description="How phrases match.")
    keep_first: Annotated[int, Field(ge=1, le=10_000)] | None = Field(
        default=None, description="Exposures kept exactly for each phrase; 8 for a new timeline."
    )
    grid_every: Annotated[int, Field(ge=1)] | None = Field(
        default=None, description="Count by every so many steps too; at most 256 buckets for a new timeline."
    )
    engine: Literal["auto", "words", "aho-corasick"] = Field(default="auto", description="What finds the phrases.")


class ModelName(StrictModel):
    """A series of checkpoints on the operator's list of models."""

    model: Name = Field(description="A model of GET /v1/models.")


class EvaluationRequest(StrictModel):
    """Score minimal pairs by every checkpoint of a series, and measure: `exposure evaluate` and `exposure report`."""

    model_config = ConfigDict(json_schema_extra={"examples": [EVALUATION_EXAMPLE]})

    name: Name = Field(description="The evaluation to make or to add to; one that is there goes on, as by the shell.")
    checkpoints: ModelName | RootedPath = Field(
        description="A model on the operator's list, or a folder or series.json under a root of models."
    )
    steps: str | None = Field(
        default=None,
        max_length=10_000,
        description="Only these checkpoints: 0,100,500:1000:100 (a range holds its end).",
    )
    pair_set: Digest = Field(description="An id of GET /v1/pair-sets.")
    uids: Annotated[list[Annotated[str, Field(min_length=1, max_length=200)]], Field(max_length=1_000)] = Field(
        default=[], description="Only these paradigms. Left out: all."
    )
    timeline: Name | None = Field(default=None, description="What was exposed, and when. Left out: no split.")
    phrase_set: Digest | None = Field(
        default=None, description="The pairs' critical phrases, where they are not by the default rules."
    )
    presets: Annotated[list[Annotated[str, Field(max_length=100)]], Field(max_length=10)] = Field(
        default=[], description="Scoring conventions: exposure (default), lm-eval, minicons."
    )
    method: Literal["full", "one-prefix", "two-prefix"] = Field(
        default="full", description="Whole sentences, or single words after one prefix or two."
    )
    measures: Annotated[list[Annotated[str, Field(max_length=100)]], Field(min_length=1, max_length=20)] = Field(
        default=["minimal-pairs"], description="What is measured: `asked_as` of GET /v1/measures."
    )
    text: Annotated[list[RootedPath], Field(max_length=1_000)] = Field(
        default=[], description="For the measure icl: files of text under a root, jsonl (.gz, .zst), Parquet or .txt."
    )
    icl_rows: Annotated[int, Field(ge=1, le=100_000)] = Field(
        default=200, description="For the measure icl: documents of the text."
    )
    icl_tokens: Annotated[list[Annotated[int, Field(ge=2, le=10_000_000)]], Field(min_length=2, max_length=2)] = Field(
        default=[50, 500], description="For the measure icl: the early and the late token whose losses are compared."
    )
    positions: Annotated[list[Literal["last-word", "last-token", "critical"]], Field(min_length=1, max_length=3)] = (
        Field(default=["last-word"], description="For the measure concept-vectors: where states are read.")
    )
    raw_states: bool = Field(
        default=False, description="For the measure concept-vectors: the last layer before the final norm."
    )
    attention_side: Literal["good", "bad"] = Field(
        default="good", description="For the measure attention: of which sentence."
    )
    attention_tokens: Literal["sum", "mean"] = Field(
        default="sum", description="For the measure attention: over the tokens of the earlier word."
    )
    attention_control: Literal["same-distance", "same-query"] = Field(
        default="same-distance", description="For the measure attention: what it is compared with."
    )
    device: Annotated[str, Field(pattern=r"^(auto|cpu|cuda(:\d{1,2})?)$")] = Field(
        default="auto", description="auto, cpu, cuda or cuda:1: of the worker's machine."
    )
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = Field(
        default="auto", description="Of weights and activations."
    )
    batch_tokens: Annotated[int, Field(ge=1, le=10_000_000)] | None = Field(
        default=None, description="Tokens of one forward pass. Left out: what fits."
    )
    keep_duplicates: bool = Field(default=False, description="Score a checkpoint also when its weights came before.")
    sides: Literal["either", "good", "bad", "both"] = Field(
        default="either", description="With `timeline`: whose exposure counts."
    )
    split_at_step: Step | None = Field(
        default=None, description="With `timeline`: end of the window that splits. Left out: the run's."
    )
    permutations: Annotated[int, Field(ge=1, le=100_000)] = Field(default=1000, description="Of labels, for each null.")
    bootstrap: Annotated[int, Field(ge=1, le=100_000)] = Field(default=1000, description="Resamples for intervals.")
    seed: Annotated[int, Field(ge=0, le=2**32 - 1)] = Field(default=0, description="Of labels and resamples.")

    @model_validator(mode="after")
    def _splits_by_a_timeline(self) -> Self:
        if self.timeline is None and (self.sides != "either" or self.split_at_step is not None):
            raise ValueError(
                "sides and split_at_step say how a timeline splits the pairs: give timeline, or leave them"
            )
        return self

    @model_validator(mode="after")
    def _compares_losses_of_a_text(self) -> Self:
        if ("icl" in self.measures) != bool(self.text):
            raise ValueError("text is what the measure icl reads: give both, or neither")
        if self.icl_tokens[0] >= self.icl_tokens[1]:
            raise ValueError("icl_tokens are an early token and a later one: give the smaller number first")
        return self


JobRequest = IndexRequest | EvaluationRequest
REQUEST_OF: dict[JobKind, type[IndexRequest] | type[EvaluationRequest]] = {
    "index": IndexRequest,
    "evaluate": EvaluationRequest,
}
