"""What answers look like, for the documentation."""

from __future__ import annotations

from exposure.answers import CoverageAnswer, ExposureAnswer, FirstSeen, HistoryPoint
from exposure.api.corpus import BatchRow, Context
from exposure.api.pairs import PairRow
from exposure.api.resources import ModelFacts, PairSetFacts, ParadigmSize, PhraseRow, PhraseSetFacts, RunFacts
from exposure.api.timelines import TimelineEntry, TimelineFacts
from exposure.phrases import MatchRule
from exposure.splits import ParadigmSplit
from exposure.status import ExposureStatus

TIMELINE = "tiny"
GENERATION = "f9d7e1d2b17da00708f752fc76a959660b3ed609"
_DIGEST = "5e83fc89cd81d7c4710f6519e64747e04858d712f95e5c500183b3c756415317"

ENTRY = TimelineEntry(TIMELINE, GENERATION, 2000, 4, "exact", 2000, True)

DAMAGED_ENTRY = TimelineEntry(
    "half",
    problem="The timeline timelines/half has no published generation: indexing has not finished. Index the "
    "same again: finished work is kept. (What was scanned, if anything was, is published by `exposure publish` too.)",
)

FACTS = TimelineFacts(
    name=TIMELINE,
    generation=GENERATION,
    logical_digest=_DIGEST,
    order_digest=_DIGEST,
    steps=2000,
    batch_sequences=512,
    sequence_length=256,
    packing="document-per-row",
    epochs=1,
    exactness="exact",
    rule=MatchRule(),
    keep_first=8,
    checkpoints=(0, 100, 200),
    phrases=4,
    phrase_groups=1,
    covered_through=2000,
    complete=True,
    missing_shards=(),
)

FIRST_SEEN = FirstSeen(
    phrase="these books",
    status=ExposureStatus.SEEN,
    first_batch=41,
    first_step=42,
    first_exact=True,
    sequence=17,
    token=103,
    document="c4-000137",
    count=12,
    count_high=12,
    offset=511,
    document_offset=511,
    last_step=1987,
    gap=None,
    anchor=None,
    exactness="exact",
)

HISTORY_POINT = HistoryPoint("these books", 100, ExposureStatus.SEEN, 2, 2, True, None, None, "exact")

EXPOSURE = ExposureAnswer(
    phrase="these books",
    rank=0,
    batch=41,
    step=42,
    sequence=17,
    token=103,
    shard=0,
    document_index=137,
    document="c4-000137",
    offset=511,
    document_offset=511,
    exact=True,
    gap=None,
    anchor=None,
)

COVERAGE = CoverageAnswer(_DIGEST, 4, 2000, 2000, True, ((0, 2000),), (), "exact")

_DETERMINERS = ParadigmSize("determiner_noun_agreement_1", 1000, "determiner_noun_agreement")

PHRASE_SET = PhraseSetFacts("06df2fd6bd887adf7f7b3481663b90193cf546f5", 2000, 1423, (_DETERMINERS,))

PAIR_SET = PairSetFacts("0214a811cd3a76851b53f9d7e1d2b17da00708f7", 1000, (_DETERMINERS,), PHRASE_SET.id)

PAIR_ROW = PairRow(
    uid="determiner_noun_agreement_1",
    pair_id="0",
    sentence_good="These books are old.",
    sentence_bad="This books are old.",
    phenomenon="determiner_noun_agreement",
)

PHRASE_ROW = PhraseRow(
    uid="determiner_noun_agreement_1",
    pair_id="0",
    side="good",
    phenomenon="determiner_noun_agreement",
    phrase="these books",
    critical_word="books",
    context_word="these",
    gap=None,
    anchor=None,
    flags=(),
    reason=None,
)

RUN = RunFacts(
    name=TIMELINE,
    order_digest=_DIGEST,
    steps=2000,
    batch_sequences=512,
    sequence_length=256,
    packing="document-per-row",
    epochs=1,
    exactness="exact",
    shards=4,
    checkpoints=(0, 100, 200),
    timelines=(TIMELINE,),
)

BATCH_ROW = BatchRow(42, 41, 17, 21009, ("c4-000137",), 21, "These books are old.", "exact")

CONTEXT = Context(
    phrase="these books",
    step=42,
    batch=41,
    sequence=17,
    token=103,
    document="c4-000137",
    offset=511,
    document_offset=511,
    exact=True,
    before="He said that ",
    match="these books",
    after=" are old.",
    gap=None,
    anchor=None,
    exactness="exact",
)

MODEL = ModelFacts("pythia-70m", "EleutherAI/pythia-70m@step{step}")

PARADIGM_SPLIT = ParadigmSplit(
    uid="determiner_noun_agreement_1",
    pairs=1000,
    proxy_train=873,
    proxy_validation=127,
    unknown=0,
    not_indexed=0,
    no_phrase=0,
    refused=0,
    flags=(),
    policy="window",
    sides="either",
    at_step=None,
    exactness="exact",
)
