"""Commands of the shell, killed at a write or a moment that a seed draws; what one has finished must stay."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from benchmarks.kills.forked import Kill, forked
from benchmarks.kills.inputs import SETS, Inputs, evaluate_arguments
from benchmarks.kills.truth import wrong_directory, wrong_evaluation, wrong_timeline
from exposure.census import Census
from exposure.cli import root
from exposure.pair_files import load_pairs
from exposure.phrases import Phrase, PhraseSet
from exposure.publish import publish
from exposure.timeline_folder import TimelineFolder
from service.data_directory import DataDirectory, open_data_directory
from service.sets.pair_set_making import is_whole, make_pair_set
from service.upkeep.doctor import examine

NAMES = ("index", "publish", "evaluate", "backup", "prune", "remove", "pair-set", "open")
MOST_POINTS = 40
"""Taken for how often an action writes before it has run once."""


@dataclass
class Told:
    """What finished, and so must be so: timelines with their phrase sets, evaluations, pair sets; what was removed."""

    timelines: dict[str, set[int]] = field(default_factory=dict)
    touched: set[str] = field(default_factory=set)
    evaluations: set[str] = field(default_factory=set)
    pair_sets: set[str] = field(default_factory=set)
    has_backup: bool = False


@dataclass
class Lane:
    """One data directory that is worked on and killed over and over."""

    inputs: Inputs
    folder: Path
    random: Random
    only: tuple[str, ...]
    told: Told = field(default_factory=Told)
    points: dict[str, tuple[int, float]] = field(default_factory=dict)
    kills: dict[str, int] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    @property
    def data(self) -> DataDirectory:
        """The data directory."""
        return DataDirectory(self.folder / "data")

    def step(self) -> None:
        """One action, killed or not, and what it leaves held against what must be so."""
        if not self.data.identity_file.exists():
            self.data.path.mkdir(parents=True, exist_ok=True)
        name = self.random.choice(self.only)
        action, finish = self._drawn(name)
        kill = self._kill(name)
        done = forked(action, self.folder, kill)
        if done.is_killed:
            self.kills[name] = self.kills.get(name, 0) + 1
        else:
            self.points[name] = (done.points, done.seconds)
            finish(done.answer)
        self.problems += [
            f"{name} killed {kill}: {one}" for one in forked(lambda: self.wrong(name), self.folder).answer
        ]

    def _kill(self, name: str) -> Kill | None:
        points, seconds = self.points.get(name, (MOST_POINTS, 0.2))
        chance = self.random.random()
        if chance < 0.15:
            return None
        if chance < 0.5:
            return Kill(seconds=self.random.random() * seconds)
        return Kill(self.random.randint(1, max(points, 1)), self.random.random() < 0.5)

    def _drawn(self, name: str) -> tuple[Callable[[], Any], Callable[[Any], None]]:
        """What to do, and what to note once it is done."""
        made: dict[str, Callable[[], tuple[Callable[[], Any], Callable[[Any], None]]]] = {
            "index": self._index,
            "publish": self._publish,
            "evaluate": self._evaluate,
            "backup": self._backup,
            "prune": self._prune,
            "remove": self._remove,
            "pair-set": self._pair_set,
            "open": lambda: (lambda: open_data_directory(self.data.path) and None, lambda _: None),
        }
        return made[name]()

    def _index(self) -> tuple[Callable[[], Any], Callable[[Any], None]]:
        timeline, number = f"t{self.random.randrange(3)}", self.random.randrange(SETS)
        self.told.touched.add(timeline)
        arguments = [
            *("index", "--run", self.inputs.run, "--phrases", self.inputs.phrase_file(number)),
            *("--out", self.data.timelines / timeline),
        ]

        def finish(_: Any) -> None:
            self.told.timelines.setdefault(timeline, set()).add(number)

        return lambda: exposure(self.data, *arguments), finish

    def _publish(self) -> tuple[Callable[[], Any], Callable[[Any], None]]:
        """A new generation each time: of one phrase group more, none of whose units is scanned."""
        if not self.told.timelines:
            return self._index()
        timeline = self.data.timelines / self.random.choice(sorted(self.told.timelines))
        phrase = Phrase(f"never seen {self.random.randrange(10**9)}")

        def publish_more() -> None:
            folder = TimelineFolder.open(timeline)
            folder.admit(PhraseSet.of([phrase]))
            publish(folder, Census.open(folder.order))

        return publish_more, lambda _: None

    def _evaluate(self) -> tuple[Callable[[], Any], Callable[[Any], None]]:
        name = f"e{self.random.randrange(2)}"
        arguments = evaluate_arguments(self.inputs, self.data.evaluations / name)
        return lambda: exposure(self.data, *arguments), lambda _: self.told.evaluations.add(name)

    def _backup(self) -> tuple[Callable[[], Any], Callable[[Any], None]]:
        def finish(_: Any) -> None:
            self.told.has_backup = True

        return lambda: exposure(self.data, "backup", self.data.path, self.folder / "backup"), finish

    def _prune(self) -> tuple[Callable[[], Any], Callable[[Any], None]]:
        keep = self.random.randrange(2)
        return (
            lambda: exposure(self.data, "prune", "--data", self.data.path, "--keep-generations", keep),
            lambda _: None,
        )

    def _remove(self) -> tuple[Callable[[], Any], Callable[[Any], None]]:
        """A timeline or an evaluation: whole or gone, whatever becomes of the command."""
        things = [
            *(f"timelines/{one}" for one in self.told.timelines),
            *(f"evaluations/{e}" for e in self.told.evaluations),
        ]
        if not things or self.random.random() < 0.7:
            return self._index()
        thing = self.random.choice(sorted(things))
        name = thing.partition("/")[2]
        self.told.timelines.pop(name, None)
        self.told.evaluations.discard(name)

        def finish(_: Any) -> None:
            if (self.data.path / thing).exists():
                self.problems.append(f"{thing} was removed, and is there")

        return lambda: exposure(self.data, "remove", "--data", self.data.path, thing), finish

    def _pair_set(self) -> tuple[Callable[[], Any], Callable[[Any], None]]:
        count = self.random.randint(1, 8)

        def make() -> str:
            return make_pair_set(open_data_directory(self.data.path), load_pairs([self.inputs.pairs])[:count])[0]

        return make, self.told.pair_sets.add

    def wrong(self, name: str) -> list[str]:
        """What is not so, the action `name` having been the last."""
        problems = wrong_directory(self.data.path) if (self.data.path / "timelines").is_dir() else []
        for timeline, sets in sorted(self.told.timelines.items()):
            problems += wrong_timeline(self.inputs, self.data.timelines / timeline, sets)
        for evaluation in sorted(self.told.evaluations):
            problems += wrong_evaluation(self.inputs, self.data.evaluations / evaluation)
        problems += [f"pair set {one} is gone" for one in sorted(self.told.pair_sets) if not is_whole(self.data, one)]
        backup = self.folder / "backup"
        if name == "backup" and self.told.has_backup and not (backup / "backup-unfinished").exists():
            problems += [f"backup: {finding.place.name} {finding.problem}" for finding in examine(backup)]
        return problems


def exposure(data: DataDirectory, *arguments: object) -> None:
    """A command of the shell, in this process; raises what the shell would print."""
    open_data_directory(data.path)
    root.main([str(one) for one in arguments], standalone_mode=False)


def finish(lane: Lane) -> None:
    """In the end all is done once without a kill, and is as it would have been without any."""
    for timeline in sorted(lane.told.touched):
        for number in range(SETS):
            arguments = ("--run", lane.inputs.run, "--phrases", lane.inputs.phrase_file(number))
            forked(
                lambda a=arguments, t=timeline: exposure(lane.data, "index", *a, "--out", lane.data.timelines / t),
                lane.folder,
            )
        lane.told.timelines[timeline] = set(range(SETS))
    lane.problems += [f"in the end: {one}" for one in forked(lambda: lane.wrong("backup"), lane.folder).answer]
