"""Proxy-train and proxy-validation: which pairs of a paradigm had been exposed.

After Muckatira et al. (arXiv 2606.00230): a pair is proxy-train when its critical phrases stand in the pretraining
window, else proxy-validation. What is not known is counted apart, never guessed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal, Protocol

from exposure.errors import QuestionError
from exposure.phrases import CriticalPhrase, Phrase
from exposure.status import ExposureStatus, all_of, any_of, is_seen

Policy = Literal["window", "seen-by"]
Sides = Literal["either", "good", "bad", "both"]
Part = Literal["proxy-train", "proxy-validation", "unknown", "not_indexed", "no_phrase", "refused"]

Place = tuple[str, str, str]
"""(uid, pair_id, side)."""

ONE_SIDED = "bad_grammatical_elsewhere"
ONLY_EITHER = "sides_identical"


class KnowsExposure(Protocol):
    """What a split asks: a `Timeline`, or what an evaluation has kept of one."""

    @property
    def exactness(self) -> str:
        """Either "exact", or "approximate" for a run without a tokenizer."""
        ...

    def statuses(self, phrases: Sequence[Phrase], at_step: int | None = None) -> list[ExposureStatus]:
        """The status of each phrase at a checkpoint, or over the whole run."""
        ...


@dataclass(frozen=True)
class SplitRequest:
    """How pairs are split.

    `window` asks for exposure anywhere in the run's first `at_step` steps (the whole run when None) and makes a fixed
    split; `seen-by` asks for exposure before checkpoint `at_step`, and its sets grow from checkpoint to checkpoint.
    """

    policy: Policy = "window"
    at_step: int | None = None
    sides: Sides = "either"
    include_flagged: bool = False

    def __post_init__(self) -> None:
        """A split by `seen-by` needs its checkpoint."""
        if self.policy == "seen-by" and self.at_step is None:
            raise QuestionError(
                "The policy seen-by asks what a checkpoint had seen: give its step as at_step (shell: --at-step N)."
            )


@dataclass(frozen=True, slots=True)
class PairSplit:
    """Where one pair falls, and the status of both its phrases."""

    uid: str
    pair_id: str
    split: Part
    status_good: ExposureStatus
    status_bad: ExposureStatus
    phrase_good: str | None
    phrase_bad: str | None
    flags: tuple[str, ...]
    policy: Policy
    sides: Sides
    at_step: int | None
    exactness: str


@dataclass(frozen=True, slots=True)
class ParadigmSplit:
    """How the pairs of one paradigm fall."""

    uid: str
    pairs: int
    proxy_train: int
    proxy_validation: int
    unknown: int
    not_indexed: int
    no_phrase: int
    refused: int
    flags: tuple[str, ...]
    policy: Policy
    sides: Sides
    at_step: int | None
    exactness: str


def split_pairs(timeline: KnowsExposure, critical: Sequence[CriticalPhrase], request: SplitRequest) -> list[PairSplit]:
    """The part of every pair, in the order of `critical`; raises QuestionError when there is no pair."""
    if not critical:
        raise QuestionError("There is no pair to split. Check the pairs file, or the uid asked for.")
    with_phrase = [one for one in critical if one.phrase is not None]
    statuses = timeline.statuses([one.phrase for one in with_phrase if one.phrase is not None], request.at_step)
    known: dict[Place, ExposureStatus] = dict(
        zip(((one.uid, one.pair_id, one.side) for one in with_phrase), statuses, strict=True)
    )
    return [_split(pair, known, request, timeline.exactness) for pair in _by_pair(critical)]


def by_paradigm(pairs: Iterable[PairSplit]) -> list[ParadigmSplit]:
    """Counts of each part by paradigm, paradigms in alphabetical order."""
    ordered = sorted(pairs, key=lambda pair: pair.uid)
    return [_count(uid, list(group)) for uid, group in groupby(ordered, key=lambda pair: pair.uid)]


def _by_pair(critical: Sequence[CriticalPhrase]) -> list[dict[str, CriticalPhrase]]:
    pairs: dict[tuple[str, str], dict[str, CriticalPhrase]] = {}
    for one in critical:
        sides = pairs.setdefault((one.uid, one.pair_id), {})
        if sides.setdefault(one.side, one).phrase != one.phrase:
            raise QuestionError(
                f"{one.uid}/{one.pair_id} has two phrases on its {one.side} side, {_text(sides[one.side])!r} and "
                f"{_text(one)!r}: the files given come from different rules. Give one of them."
            )
    return list(pairs.values())


def _split(
    pair: dict[str, CriticalPhrase],
    known: dict[Place, ExposureStatus],
    request: SplitRequest,
    exactness: str,
) -> PairSplit:
    some = next(iter(pair.values()))
    flags = tuple(dict.fromkeys(flag for side in pair.values() for flag in side.flags))
    statuses = {side: known.get((some.uid, some.pair_id, side), ExposureStatus.NO_PHRASE) for side in ("good", "bad")}
    return PairSplit(
        uid=some.uid,
        pair_id=some.pair_id,
        split="refused" if _is_refused(flags, request) else _part(statuses, request.sides),
        status_good=statuses["good"],
        status_bad=statuses["bad"],
        phrase_good=_text(pair.get("good")),
        phrase_bad=_text(pair.get("bad")),
        flags=flags,
        policy=request.policy,
        sides=request.sides,
        at_step=request.at_step,
        exactness=exactness,
    )


def _is_refused(flags: tuple[str, ...], request: SplitRequest) -> bool:
    """Whether the sides asked for mean nothing: the bad one grammatical elsewhere, or both the same."""
    if request.include_flagged:
        return False
    return (ONE_SIDED in flags and request.sides != "good") or (ONLY_EITHER in flags and request.sides != "either")


def _part(statuses: dict[str, ExposureStatus], sides: Sides) -> Part:
    asked = ["good", "bad"] if sides in ("either", "both") else [sides]
    held = [statuses[side] for side in asked]
    present = [status for status in held if status != ExposureStatus.NO_PHRASE]
    if not present or (sides == "both" and len(present) < 2):
        return "no_phrase"
    seen = (all_of if sides == "both" else any_of)(map(is_seen, present))
    if seen is None:
        return "not_indexed" if ExposureStatus.NOT_INDEXED in present else "unknown"
    return "proxy-train" if seen else "proxy-validation"


def _text(one: CriticalPhrase | None) -> str | None:
    phrase: Phrase | None = None if one is None else one.phrase
    return None if phrase is None else phrase.text


def _count(uid: str, pairs: list[PairSplit]) -> ParadigmSplit:
    parts = [pair.split for pair in pairs]
    first = pairs[0]
    return ParadigmSplit(
        uid=uid,
        pairs=len(pairs),
        proxy_train=parts.count("proxy-train"),
        proxy_validation=parts.count("proxy-validation"),
        unknown=parts.count("unknown"),
        not_indexed=parts.count("not_indexed"),
        no_phrase=parts.count("no_phrase"),
        refused=parts.count("refused"),
        flags=tuple(sorted({flag for pair in pairs for flag in pair.flags})),
        policy=first.policy,
        sides=first.sides,
        at_step=first.at_step,
        exactness=first.exactness,
    )
