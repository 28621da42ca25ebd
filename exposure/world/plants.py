"""The plan: which phrase is planted in which document, how it is written, and when in the run.

Each document has three slots, each for one thing at most: its head (the first `HEAD_WORDS` words), its deep part
(after `CUT_WORDS` words) and its tail (the very end). What counts for a model that sees only the beginning of each
document stands in heads.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import chain, cycle, islice
from math import ceil
from random import Random

from exposure.errors import UsageError
from exposure.world.misses import SPLIT, misses
from exposure.world.paradigms import PARADIGMS, WorldPair, WorldSide
from exposure.world.planting import Planting
from exposure.world.writings import ways

HEAD_WORDS = 20
"""A planted phrase in a head ends within this many words ..."""

HEAD_TOKENS = 56
"""... and within this many tokens of the world's tokenizer: tested, not computed."""

CUT_WORDS = 64
"""Deep plants begin after this many words: a row of at most as many tokens never reaches them."""

DEEP_SHARE = 0.15
BAD_FATES = (("planted", 0.125), ("deep", 0.075))
"""Share of the pairs whose side is planted in heads, or in deep parts only; the rest is never planted. For good sides
the first one is `Planting.share`."""

MISS_DENSITY = 0.08
"""Near misses per document."""

SEASONS = ("early", "late", "burst", "spread")


@dataclass(frozen=True, slots=True)
class Plant:
    """Something to write into one slot: a side of a pair in the way `how`; a near miss where `counts` is false."""

    side: WorldSide
    how: str
    counts: bool = True


@dataclass
class Slots:
    """The plan while it is made: document index → plant, by slot; `closed` documents end with their head."""

    documents: int
    heads: dict[int, Plant] = field(default_factory=dict)
    deeps: dict[int, Plant] = field(default_factory=dict)
    tails: dict[int, Plant] = field(default_factory=dict)
    closed: set[int] = field(default_factory=set)

    def add_head(self, rng: Random, plant: Plant, window: tuple[int, int]) -> None:
        """Into a free head of the documents [start, end), or of any document once those are full."""
        if plant.how == "end_of_text":
            index = self._free(rng, window, self.heads, self.deeps, self.tails)
            self.closed.add(index)
        else:
            index = self._free(rng, window, self.heads)
        self.heads[index] = plant

    def add_deep(self, rng: Random, plant: Plant) -> None:
        """Into any free deep part."""
        self.deeps[self._free(rng, (0, self.documents), self.deeps, self.closed)] = plant

    def add_split(self, rng: Random, plant: Plant) -> None:
        """Across the tail of a document and the head of the next."""
        heads_before = {index - 1 for index in self.heads}
        index = self._free(rng, (0, self.documents - 1), self.tails, self.closed, heads_before)
        self.tails[index] = self.heads[index + 1] = plant

    def _free(self, rng: Random, window: tuple[int, int], *taken: dict[int, Plant] | set[int]) -> int:
        start, end = window
        first = rng.randrange(start, end)
        order = chain(range(first, end), range(start, first), range(start), range(end, self.documents))
        index = next((one for one in order if not any(one in slots for slots in taken)), None)
        if index is None:
            raise UsageError(
                f"{self.documents:,} documents have no room for the plants of so many pairs at this density. Ask for "
                "more documents, for fewer pairs a paradigm, or for a lower density."
            )
        return index


def plan(rng: Random, pairs: tuple[WorldPair, ...], documents: int, planting: Planting) -> Slots:
    """The plan of a whole world; raises UsageError where its documents have no room for it."""
    slots = Slots(documents)
    for paradigm in PARADIGMS:
        mine = [pair for pair in pairs if pair.pair.uid == paradigm.uid]
        _plant_good(rng, slots, [pair.good for pair in mine], planting)
        _plant_bad(rng, slots, [pair.bad for pair in mine])
    _plant_misses(rng, slots, [side for pair in pairs for side in pair.sides])
    return slots


def _fates(rng: Random, sides: list[WorldSide], shares: tuple[tuple[str, float], ...]) -> dict[str, list[WorldSide]]:
    """Sides by fate, in random order; the shares are kept exactly (rounded up), whatever the seed."""
    order, fates = rng.sample(sides, len(sides)), {}
    for fate, share in shares:
        n = ceil(share * len(sides))
        fates[fate], order = order[:n], order[n:]
    return fates


def _plant_good(rng: Random, slots: Slots, sides: list[WorldSide], planting: Planting) -> None:
    """A few phrases often, many seldom; some early, some late, some in one burst; a third deep in documents too."""
    fates = _fates(rng, sides, (("planted", planting.share), ("deep", DEEP_SHARE)))
    weights = [1 / (rank + 1) ** planting.skew for rank in range(len(fates["planted"]))]
    budget = planting.density * slots.documents / len(PARADIGMS)
    for rank, (side, season) in enumerate(zip(fates["planted"], cycle(SEASONS), strict=False)):
        n, window = max(1, round(budget * weights[rank] / sum(weights))), _window(rng, season, slots.documents)
        for how in _hows(rng, side, n):
            slots.add_head(rng, Plant(side, how), window)
        if season == "early":
            slots.add_head(rng, Plant(side, "plain"), (0, slots.documents // 20))
        if rng.random() < 1 / 3:
            slots.add_deep(rng, Plant(side, "plain"))
    _plant_deep_only(rng, slots, fates["deep"])


def _plant_bad(rng: Random, slots: Slots, sides: list[WorldSide]) -> None:
    """Misprints: one to three of each, anywhere."""
    fates = _fates(rng, sides, BAD_FATES)
    for side in fates["planted"]:
        for how in _hows(rng, side, rng.randint(1, 3)):
            slots.add_head(rng, Plant(side, how), (0, slots.documents))
    _plant_deep_only(rng, slots, fates["deep"])


def _plant_deep_only(rng: Random, slots: Slots, sides: list[WorldSide]) -> None:
    for side in sides:
        for how in _hows(rng, side, rng.randint(1, 3)):
            slots.add_deep(rng, Plant(side, "plain" if how == "end_of_text" else how))


def _window(rng: Random, season: str, documents: int) -> tuple[int, int]:
    if season == "late":
        return documents * 6 // 10, documents
    if season == "burst":
        start = rng.randrange(documents * 9 // 10)
        return start, start + documents // 10
    return 0, documents


def _hows(rng: Random, side: WorldSide, n: int) -> list[str]:
    """Names of n ways of writing: about half of them plain, the others in turn from a random one on."""
    names = list(ways(side))
    first = rng.randrange(len(names))
    return [rng.choice(("plain", names[(first + i) % len(names)])) for i in range(n)]


def _plant_misses(rng: Random, slots: Slots, sides: list[WorldSide]) -> None:
    """Each kind in turn for each paradigm in turn, of sides of every fate."""
    kinds = [(p.uid, how) for p in PARADIGMS for how in (*misses(_first(sides, p.uid)), SPLIT)]
    for uid, how in islice(cycle(kinds), int(MISS_DENSITY * slots.documents)):
        plant = Plant(rng.choice([side for side in sides if side.uid == uid]), how, counts=False)
        if how == SPLIT:
            slots.add_split(rng, plant)
        else:
            slots.add_head(rng, plant, (0, slots.documents))


def _first(sides: list[WorldSide], uid: str) -> WorldSide:
    return next(side for side in sides if side.uid == uid)
