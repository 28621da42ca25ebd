"""index_corpus(): the whole of indexing on one page."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field, replace
from pathlib import Path

from exposure.artefacts import atomic_write
from exposure.census import Census
from exposure.errors import CorpusError, ExposureError, TimelineError, UsageError
from exposure.folding import canonical
from exposure.generation_reader import read_published
from exposure.orders import DataOrder
from exposure.phrases import MatchRule, Phrase, PhraseSet
from exposure.progress import Progress
from exposure.provenance import sha256_of_file
from exposure.publish import publish
from exposure.timeline_folder import TimelineFolder
from exposure.timeline_settings import TimelineSettings
from exposure.units import Unit, default_grid, plan_units
from indexer.compiled.jit import refuse_without_compiler
from indexer.engines.local import run_units
from indexer.matchers.engine import Engine, engine_for
from indexer.matchers.phrase_keys import refuse_vanishing
from indexer.scan import ScanInputs
from indexer.tokens import TextTokenizer, phrase_normaliser

KEEP_FIRST = 8


@dataclass(frozen=True)
class IndexOptions:
    """How to index. `grid_every` and `keep_first` are None for the timeline's own, or the defaults of a new one.

    `workers` is how many cores to use, `engine` what finds the phrases.
    """

    rule: MatchRule = field(default_factory=MatchRule)
    keep_first: int | None = None
    grid_every: int | None = None
    workers: int = 1
    engine: Engine = "auto"


@dataclass(frozen=True)
class IndexResult:
    """What indexing did: units found finished, scanned now, and the errors of those that could not be scanned."""

    generation: Path
    units: int
    scanned: int
    holes: tuple[tuple[int, str], ...]


def index_corpus(
    run: Path,
    phrases: PhraseSet,
    out: Path,
    options: IndexOptions,
    pair_sets: tuple[Path, ...] = (),
    census: Path | None = None,
) -> IndexResult:
    """Scan what `phrases` needs and `out` has not got, publish, and say what was done.

    A shard that is missing or changed leaves a hole in the coverage and does not stop the rest; running again fills it.
    """
    refuse_without_compiler()
    engine = engine_for(options.rule, options.engine)
    if not len(phrases):
        raise UsageError("There is no phrase to look for. Give at least one.")
    order = DataOrder.load(run)
    counted = Census.open(order, census)
    tokenizer = TextTokenizer.of_run(order)
    wanted = _as_looked_up(phrases, options.rule)
    refuse_vanishing(wanted, options.rule, phrase_normaliser(tokenizer))
    folder = TimelineFolder.create(out, _settings(out, order, options))
    with folder.locked():
        folder.set_order(order)
    groups = _to_scan(folder, counted, folder.admit(wanted))
    for pair_set in pair_sets:
        _keep_pair_set(folder, pair_set)
    units = plan_units(counted, groups, folder.settings)
    todo = [unit for unit in units if not folder.segments.has(unit.key)]
    inputs = ScanInputs(
        out.absolute(), run.absolute(), census.absolute() if census else Path(order.census), order.digest, engine
    )
    holes = _scan(inputs, units, todo, order, options.workers)
    if len(holes) == len(units):
        raise CorpusError(f"No shard could be scanned. {holes[0][1]}")
    return IndexResult(_publish(folder, counted, holes), len(units), len(todo) - len(holes), tuple(holes))


def _as_looked_up(phrases: PhraseSet, rule: MatchRule) -> PhraseSet:
    return PhraseSet.of(Phrase(canonical(phrase.text, rule), phrase.gap, phrase.sentence_end) for phrase in phrases)


def _to_scan(folder: TimelineFolder, census: Census, asked: list[str]) -> list[str]:
    """The groups asked for, and those that would be known less far than they are published: each that has lost a
    segment, and every group when the order has grown."""
    named = folder.named
    present = None if named is None else read_published(named)
    if present is None:
        return asked
    groups = list(folder.groups())
    if present.order_digest != census.order.digest:
        return groups
    lost = {
        unit.group
        for unit in plan_units(census, groups, folder.settings)
        if unit.group in present.coverage
        and unit.shard not in present.coverage[unit.group].missing_shards
        and not folder.segments.has(unit.key)
    }
    return sorted({*asked, *lost})


def _publish(folder: TimelineFolder, census: Census, holes: list[tuple[int, str]]) -> Path:
    try:
        return publish(folder, census)
    except TimelineError as error:
        if holes:
            raise TimelineError(
                f"{error} {len(holes)} units could not be scanned now; the first: {holes[0][1]}"
            ) from error
        raise


def _settings(out: Path, order: DataOrder, options: IndexOptions) -> TimelineSettings:
    if (out / "timeline.json").exists():
        present = TimelineFolder(out).settings
        return replace(
            present,
            rule=options.rule,
            keep_first=options.keep_first or present.keep_first,
            grid_every=options.grid_every or present.grid_every,
        )
    return TimelineSettings(
        rule=options.rule,
        keep_first=options.keep_first or KEEP_FIRST,
        grid_every=options.grid_every or default_grid(order.steps),
        checkpoints=order.checkpoints,
        checkpoints_through=order.steps,
    )


def _scan(
    inputs: ScanInputs, units: list[Unit], todo: list[Unit], order: DataOrder, workers: int
) -> list[tuple[int, str]]:
    holes = []
    total, left = (sum(order.shards[unit.shard].characters for unit in which) for which in (units, todo))
    with Progress("index", total, total - left) as progress:
        for unit, error in run_units(inputs, todo, workers, progress.advance):
            if error is not None:
                holes.append((unit.shard, str(error)))
    return sorted(holes)


def _keep_pair_set(folder: TimelineFolder, source: Path) -> None:
    """A copy of the phrase file under its digest, so that splits can be asked for without it."""
    if not source.is_file():
        raise UsageError(f"There is no phrase file {source}.")
    place = folder.path / "phrase_sets" / f"{sha256_of_file(source)[:40]}.parquet"
    if not place.exists():
        with atomic_write(place) as partial:
            shutil.copyfile(source, partial)


def republish(out: Path, census: Path | None = None) -> Path:
    """Publish what is finished in a timeline's folder, without scanning."""
    folder = TimelineFolder.open(out)
    if not (out / "order.json").exists():
        raise ExposureError(f"{out} has no order yet, so there is nothing to publish. Run `exposure index` first.")
    return publish(folder, Census.open(folder.order, census))
