"""Concept vectors and attention to the context through the whole command: what is planted is found, and no more."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import tiny_models
from planted_words import (
    HEAD,
    N_HEADS,
    N_LAYERS,
    ConceptPlant,
    Looks,
    attending,
    named_pair,
    save_attending,
    vocabulary_of,
    word_tokenizer,
    write_corpus,
    write_pairs,
)
from shell import assert_sentence, exposure
from tiny_models import saved
from training_runs import TrainingRun

from evaluator import measurer
from evaluator.measure_specs import MEASURES
from evaluator.measured_file import items_path, read_items, read_measured
from evaluator.measurement_file import read_measurements
from evaluator.measures import registry
from evaluator.measures.concepts.concept_measure import RANK_PAIRS, ConceptMeasure
from evaluator.measures.concepts.concept_vectors import ConceptSpec
from evaluator.measures.measure_options import MeasureOptions
from evaluator.measures.pairs.measured_pairs import MeasuredPairs
from exposure.measurement import Measurement
from exposure.pairs import MinimalPair

BEFORE, WEAK, AFTER = 0, 100, 200
ASKED = ("--device", "cpu", "--threads", 1)

CONCEPT_PAIRS = tuple(
    named_pair(uid, number, f"c{number % 9}", f"{uid[0]}{number % 40}g", f"{uid[0]}{number % 40}b")
    for number in range(80)
    for uid in ("planted", "absent")
)
"""Of both paradigms in turn; "absent" has no direction of its own in any checkpoint."""

PLANTED = tuple(pair for pair in CONCEPT_PAIRS if pair.uid == "planted")


def is_train(pair: MinimalPair) -> bool:
    """Of some lemmas both pairs are exposed, of some none, of some one."""
    number = int(pair.pair_id)
    return number % 4 == 0 or (number % 4 == 1 and number < 40)


def plant(strength: float, pairs: tuple[MinimalPair, ...] = CONCEPT_PAIRS) -> ConceptPlant:
    """Words of the other paradigm have noise alone."""
    return ConceptPlant(pairs, strength)


@pytest.fixture(scope="module", autouse=True)
def _few_draws() -> Iterator[None]:
    """Nulls of ranks take most of the time."""

    def measure(options: MeasureOptions, pairs: MeasuredPairs) -> ConceptMeasure:
        spec = ConceptSpec(rank_pairs=RANK_PAIRS, rank_draws=9)
        return ConceptMeasure(pairs, options.positions, options.raw_states, spec)

    with tiny_models.one_thread(), pytest.MonkeyPatch.context() as patch:
        patch.setitem(registry.PAIR_MEASURES, "concept-vectors", measure)
        yield


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pairs, checkpoints with no direction, a weak one and a strong one, and a timeline of what is exposed."""
    folder = tmp_path_factory.mktemp("concepts")
    for step, strength in ((BEFORE, 0.0), (WEAK, 0.5), (AFTER, 3.0)):
        PartlyPlanted(CONCEPT_PAIRS, strength).save(folder / "models" / f"step-{step}")
    timeline(folder, CONCEPT_PAIRS)
    return folder


class PartlyPlanted(ConceptPlant):
    """Of the paradigm "planted" alone."""

    @property
    def embeddings(self) -> np.ndarray:
        found = super().embeddings
        others = [n for n, word in enumerate(vocabulary_of(self.pairs)) if word[0] == "a" and word[1].isdigit()]
        found[others, self.dimensions] = 0
        return found


def timeline(folder: Path, pairs: tuple[MinimalPair, ...]) -> None:
    """pairs.jsonl, and a timeline in which pairs of `is_train` are exposed: all within the first half of its steps."""
    write_pairs(folder / "pairs.jsonl", pairs)
    corpus = write_corpus(folder / "corpus.jsonl", [pair for pair in pairs if is_train(pair)])
    corpus.write_text(corpus.read_text() + json.dumps({"text": "nothing"}).join(["", "\n"]) * 60)
    TrainingRun((corpus,), batch=1).manifest(folder)
    assert exposure("phrases", folder / "pairs.jsonl", "-o", folder / "phrases.parquet").status == 0
    index = ("index", "--run", folder / "run.json", "--phrases", folder / "phrases.parquet")
    answer = exposure(*index, "--out", folder / "timeline")
    assert answer.status == 0, answer.err


def evaluated(folder: Path, out: Path, *asked: object, models: str = "models", status: int = 0) -> Path:
    """An evaluation of the models in a folder by its pairs."""
    answer = exposure("evaluate", folder / models, "--pairs", folder / "pairs.jsonl", "--out", out, *ASKED, *asked)
    assert answer.status == status, answer.err
    return out


def rows_of(out: Path) -> list[Measurement]:
    """measurements.parquet of a report."""
    answer = exposure("report", out, "--bootstrap", 10, "--permutations", 20)
    assert answer.status == 0, answer.err
    return read_measurements(out / "measurements.parquet")


@pytest.fixture(scope="module")
def concepts(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With concept vectors and attention, at two positions; only to be read."""
    asked = ("--measures", "attention,concept-vectors", "--timeline", made / "timeline")
    out = tmp_path_factory.mktemp("evaluated") / "e"
    return evaluated(made, out, *asked, "--position", "last-word", "--position", "last-token")


Found = Callable[..., float | None]


@pytest.fixture(scope="module")
def found(concepts: Path, tmp_path_factory: pytest.TempPathFactory) -> Found:
    """The one value of a measure of a paradigm at a step and layer, at a position."""
    out = Path(shutil.copytree(concepts, tmp_path_factory.mktemp("reported") / "e"))
    rows = [row for row in rows_of(out) if row.measure.startswith(("concept", "probe"))]

    def value(name: str, step: int, layer: int, uid: str = "planted", position: str = "last-word") -> float | None:
        (row,) = [
            one
            for one in rows
            if (one.measure, one.step, one.layer, one.group) == (name, step, layer, uid)
            and (one.convention or "").startswith(position)
            and (one.split == "proxy-validation" or not name.startswith("probe"))
        ]
        return row.value

    return value


def by_hand(strength: float) -> tuple[float, float]:
    """AUROC of h·v̄ over proxy-validation at the embeddings, comparison by comparison, and the effective rank."""
    model = PartlyPlanted(CONCEPT_PAIRS, strength)
    token = {word: number for number, word in enumerate(vocabulary_of(CONCEPT_PAIRS))}
    embeddings = model.embeddings.astype(np.float32).astype(np.float64)
    sides = [(embeddings[token[p.critical_word_good]], embeddings[token[p.critical_word_bad]]) for p in PLANTED]
    mean = np.mean([g - b for pair, (g, b) in zip(PLANTED, sides, strict=True) if is_train(pair)], axis=0)
    held = [sides[number] for number, pair in enumerate(PLANTED) if not is_train(pair)]
    goods, bads = [float(g @ mean) for g, _ in held], [float(b @ mean) for _, b in held]
    wins = [1.0 if g - b > 1e-9 else 0.5 if g - b > -1e-9 else 0.0 for g in goods for b in bads]
    differences = np.array([g - b for g, b in sides])
    values = np.linalg.svd(differences - differences.mean(axis=0), compute_uv=False)
    shares = values[values > 1e-5 * values[0]] / values[values > 1e-5 * values[0]].sum()
    return float(np.mean(wins)), float(np.exp(-(shares * np.log(shares)).sum()))


@pytest.mark.parametrize(("step", "strength"), [(BEFORE, 0.0), (WEAK, 0.5), (AFTER, 3.0)])
def test_figures_of_the_embeddings_are_those_by_hand(found: Found, step: int, strength: float) -> None:
    """The right pairs are fitted and the right ones tested, and ranks are of all."""
    auroc, rank = by_hand(strength)
    assert found("concept-auroc", step, 0) == pytest.approx(auroc, abs=1e-3)
    assert found("concept-rank-all", step, 0) == pytest.approx(rank, rel=1e-4)
    assert 6 < rank < 8


def test_a_planted_direction_is_found_where_and_when_it_is(found: Found) -> None:
    """By v̄ and by a probe, by other lemmas too, before and after the final norm; beside it nothing is found."""
    for layer in (0, 1):
        for name in ("concept", "concept-disjoint", "probe"):
            auroc, p = found(f"{name}-auroc", AFTER, layer), found(f"{name}-auroc-p", AFTER, layer)
            assert auroc is not None
            assert auroc > 0.99, (name, layer)
            assert p == pytest.approx(1 / 201)
        for name in ("concept-disjoint", "probe"):
            for step, uid in ((BEFORE, "planted"), (BEFORE, "absent"), (AFTER, "absent")):
                auroc, p = found(f"{name}-auroc", step, layer, uid), found(f"{name}-auroc-p", step, layer, uid)
                assert auroc == pytest.approx(0.5, abs=0.2), (name, step, uid)
                assert p is not None
                assert p > 0.05
    for step in (BEFORE, AFTER):
        assert found("concept-auroc", step, 1, position="last-token") == 0.5  # the same "." whatever came before


def test_raw_states_of_the_last_layer_are_before_the_norm(made: Path, tmp_path: Path) -> None:
    """Blocks that do nothing leave the embeddings, which the norm then changes."""
    out = evaluated(made, tmp_path / "e", "--measures", "concept-vectors", "--raw-states", "--steps", AFTER)
    rows = [row for row in rows_of(out) if row.measure == "concept-rank-all" and row.group == "planted"]
    (first, last) = [row.value for row in sorted(rows, key=lambda row: row.layer or 0)]
    assert first == last
    assert "last layer raw" in (rows[0].convention or "")


EARLY, LATE = 100, 300
"""Attention is compared from step 100 on, as EXP does."""

ATTENTION_PAIRS = tuple(
    named_pair("made", n, f"c{n % 7}", f"w{n % 20}g", f"w{n % 20}b", between=1 + n % 3) for n in range(60)
)
STEADY_PAIRS = tuple(named_pair("made", n, f"c{n % 7}", f"w{n % 20}g", f"w{n % 20}b") for n in range(60))


def attended(folder: Path, pairs: tuple[MinimalPair, ...], before: Looks, after: Looks) -> list[Measurement]:
    """What is reported of a model whose one head looks elsewhere at its second checkpoint."""
    write_pairs(folder / "pairs.jsonl", pairs)
    for step, looks in ((EARLY, before), (LATE, after)):
        save_attending(folder / "models" / f"step-{step}", pairs, looks)
    return rows_of(evaluated(folder, folder / "e", "--measures", "attention"))


def test_a_head_that_attends_by_content_is_found_alone(tmp_path: Path) -> None:
    """Its weight is 1 and others' uniform, the control is flat, all of the gain is its own, and it alone is chosen."""
    rows = attended(tmp_path, ATTENTION_PAIRS, "nowhere", "at context")
    uniform = np.mean([1 / (1 + 2 + 1 + (1 + n % 3) + 1) for n in range(60)])
    heads = {(row.measure, row.step, row.layer, row.head): row for row in rows if row.measure.startswith("attention-")}
    for layer, head in np.ndindex(N_LAYERS, N_HEADS):
        for step in (EARLY, LATE):
            row = heads["attention-to-context", step, layer, head]
            is_there = step == LATE and (layer, head) == HEAD
            assert row.value == pytest.approx(1 if is_there else uniform, abs=1e-4)
            assert row.n == 60
        flat = [heads["attention-control", step, layer, head].value for step in (EARLY, LATE)]
        assert flat[0] == pytest.approx(flat[1], abs=1e-6)
        is_planted = (layer, head) == HEAD
        frequency = heads["attention-head-frequency", LATE, layer, head].value
        assert frequency == pytest.approx(1, abs=0.1) if is_planted else frequency == 0
        p = heads["attention-head-p-all", LATE, layer, head].value
        assert p is not None
        assert p < 0.02 if is_planted else p == pytest.approx(1)  # seven context words: no p below 1/128
    assert heads["attention-uniform", LATE, None, None].value == pytest.approx(uniform)
    change = {
        name: heads[f"attention-change-{name}", LATE, None, None].value for name in ("top1-share", "top1-share-p")
    }
    total = heads["attention-change-positive-total", LATE, None, None]
    assert change["top1-share"] == pytest.approx(1, abs=1e-3)
    assert total.value == pytest.approx(1 - uniform, abs=1e-3)
    assert heads["attention-change-positive-total-p", LATE, None, None].value == pytest.approx(1 / 128, abs=0.006)
    assert heads["attention-change-effective-heads", LATE, None, None].value == pytest.approx(1, abs=1e-2)
    assert "from step 100 to 300" in (total.convention or "")


def test_a_head_that_reads_so_many_tokens_back_is_not(tmp_path: Path) -> None:
    """The word's weight goes from 0 to 1, and its control's as well: nothing is chosen and nothing is more."""
    rows = attended(tmp_path, STEADY_PAIRS, "at itself", "two back")
    of = {(row.measure, row.step, row.layer, row.head): row.value for row in rows if row.level == "paradigm"}
    for name in ("attention-to-context", "attention-control"):
        assert [of[name, step, *HEAD] for step in (EARLY, LATE)] == pytest.approx([0, 1], abs=1e-3)
    assert of["attention-change-top1-share", LATE, None, None] == pytest.approx(1, abs=1e-3)
    assert of["attention-change-top1-share-control", LATE, None, None] == pytest.approx(1, abs=1e-3)
    assert of["attention-change-positive-total-p", LATE, None, None] > 0.3
    assert {of["attention-head-frequency", LATE, layer, head] for layer, head in np.ndindex(N_LAYERS, N_HEADS)} == {0}


def swapping(words: str) -> tuple[MinimalPair, ...]:
    """Participles (…en) are bad in the one paradigm and good in the other; their words begin with `words` of theirs."""
    verbs, adjectives = words
    source = [
        named_pair("irregular_past_participle_verbs", n, f"c{n % 5}", f"{verbs}{n % 15}ed", f"{verbs}{n % 15}en")
        for n in range(30)
    ]
    target = [
        named_pair(
            "irregular_past_participle_adjectives", n, f"c{n % 5}", f"{adjectives}{n % 15}en", f"{adjectives}{n % 15}ed"
        )
        for n in range(30)
    ]
    return (*source, *target)


@pytest.mark.parametrize(("by", "words"), [("form", "vv"), ("side", "va")])
def test_the_swap_test_tells_a_word_form_from_grammaticality(by: str, words: str, tmp_path: Path) -> None:
    """Where …en is planted, what verbs teach points the wrong way on adjectives; where good is, the right one."""
    pairs = swapping(words)
    write_pairs(tmp_path / "pairs.jsonl", pairs)
    ConceptPlant(pairs, 3.0, by).save(tmp_path / "models" / "step-0")  # type: ignore[arg-type]
    rows = rows_of(evaluated(tmp_path, tmp_path / "e", "--measures", "concept-vectors"))
    swapped = {(row.measure, row.layer): row for row in rows if "swap" in row.measure}
    assert {row.group for row in swapped.values()} == {"irregular_past_participle_adjectives"}
    for layer in (0, 1):
        for name in ("concept-swap-auroc", "concept-swap-disjoint-auroc"):
            value, p = swapped[name, layer].value, swapped[f"{name}-p", layer].value
            assert value is not None
            assert value < 0.02 if by == "form" else value > 0.98, name
            assert p == pytest.approx(1 / 201) if by == "form" else p == 1


def measured_files(out: Path) -> dict[Path, bytes]:
    """Everything under measured/, by its place there."""
    folder = out / "measured"
    return {path.relative_to(folder): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_what_is_kept_pair_by_pair_is_what_means_are_of(concepts: Path) -> None:
    """Items are of pairs in their order in pairs.parquet, and their mean is the row's."""
    uids = pq.read_table(concepts / "pairs.parquet")["uid"].to_pylist()
    for path in (concepts / "measured" / "attention").rglob("[!.]*.parquet"):
        if path == items_path(path.with_suffix("").with_suffix(".parquet")):
            continue
        items, rows = read_items(path), read_measured(path).table.to_pylist()
        for uid in ("planted", "absent"):
            mine = [one for one in items.to_pylist() if uids[one["pair"]] == uid]
            assert len(mine) == 80
            for column, measure in (("weight", "attention-to-context"), ("control", "attention-control")):
                of_heads = np.mean([one[column] for one in mine], axis=0)
                found = [
                    row["value"]
                    for row in sorted(rows, key=lambda row: (row["layer"] or 0, row["head"] or 0))
                    if (row["measure"], row["group"], row["split"]) == (measure, uid, "everything")
                ]
                np.testing.assert_allclose(found, of_heads, atol=1e-6)


def test_the_same_again_is_the_same_bytes_and_nothing_is_measured_twice(
    made: Path, concepts: Path, tmp_path: Path
) -> None:
    """A measure that is asked for later adds only what is missing."""
    timeline = ("--timeline", made / "timeline")
    out = evaluated(made, tmp_path / "e", "--measures", "attention", *timeline)
    stamps = {path: path.stat().st_mtime_ns for path in (out / "measured").rglob("*") if path.is_file()}
    assert len(stamps) == 6
    positions = ("--position", "last-word", "--position", "last-token")
    evaluated(made, out, "--measures", "attention,concept-vectors", *timeline, *positions)
    assert {path: path.stat().st_mtime_ns for path in stamps} == stamps
    assert measured_files(out) == measured_files(concepts)


def test_damage_is_found_and_mended_alone(made: Path, concepts: Path, tmp_path: Path) -> None:
    """Items without rows are those of a kill, and no damage; a flipped bit or lost items are, and made anew."""
    data = tmp_path / "data"
    out = Path(shutil.copytree(concepts, data / "evaluations" / "e"))
    before = measured_files(out)
    asked = ("--timeline", made / "timeline", "--measures", "attention,concept-vectors")
    asked = (*asked, "--position", "last-word", "--position", "last-token")
    rows = sorted(path for path in (out / "measured" / "attention").rglob("*.parquet") if ".items" not in path.name)
    killed, flipped, lost = rows
    assert doctored(data) == []
    killed.unlink()
    content = items_path(flipped).read_bytes()
    items_path(flipped).write_bytes(content[:50] + bytes([content[50] ^ 1]) + content[51:])
    items_path(lost).unlink()
    said = doctored(data)
    for path in rows:
        assert any(path.stem in one for one in said), said
    assert sum("is missing: step" in one for one in said) == 1
    assert len(said) == 3
    stamps = {path: path.stat().st_mtime_ns for path in (out / "measured").rglob("*.parquet")}
    evaluated(made, out, *asked)
    assert measured_files(out) == before
    kept = [path for path in stamps if path.stat().st_mtime_ns == stamps[path]]
    assert {path.parent.parent.name for path in kept} == {"concept-vectors"}
    assert doctored(data) == []


def test_a_kill_between_items_and_rows_is_no_damage(
    made: Path, concepts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows come last: what lies there without them is measured again, to the same bytes."""
    out = tmp_path / "data" / "evaluations" / "e"
    asked = ("--measures", "attention", "--timeline", made / "timeline", "--steps", AFTER)
    with monkeypatch.context() as patch:
        patch.setattr(measurer, "write_measured", kill)
        with pytest.raises(AssertionError, match="interrupted"):
            evaluated(made, out, *asked)
    (orphan,) = measured_files(out)
    assert ".items" in orphan.name
    assert doctored(tmp_path / "data") == []
    evaluated(made, out, *asked)
    found = measured_files(out)
    assert len(found) == 2
    assert found.items() <= measured_files(concepts).items()
    assert doctored(tmp_path / "data") == []


def kill(*_: object) -> None:
    raise KeyboardInterrupt


def test_no_row_of_another_name_than_those_that_are_told(concepts: Path, made: Path, tmp_path: Path) -> None:
    """GET /v1/measures names all that rows carry, and nothing that none carries: of all measures beside scores."""
    out = Path(shutil.copytree(concepts, tmp_path / "e"))
    swapped = Path(tmp_path / "swap")
    swapped.mkdir()
    pairs = (*swapping("vv"), *ATTENTION_PAIRS)
    write_pairs(swapped / "pairs.jsonl", pairs)
    for step in (EARLY, LATE):
        heads = attending(pairs, "at context" if step == LATE else "nowhere", n_heads=12)
        saved(swapped / "models" / f"step-{step}", heads, word_tokenizer(vocabulary_of(pairs)))
    evaluated(swapped, swapped / "e", "--measures", "attention,concept-vectors")
    names = {row.measure for folder in (out, swapped / "e") for row in rows_of(folder)}
    told = {name for name, facts in MEASURES.items() if facts.asked_as in ("attention", "concept-vectors")}
    crossed = {name for name in told if name.startswith("concept-crossed-")}  # of 20 context lemmas and more
    assert {name for name in names if MEASURES[name].asked_as != "minimal-pairs"} == told - crossed
    assert len(crossed) == 6


def test_another_split_or_position_stands_beside_the_first(made: Path, concepts: Path, tmp_path: Path) -> None:
    """Other parts: another spec and convention, and both are in the table. One position more: its rows are added, and
    those of the first stand there once."""
    out = Path(shutil.copytree(concepts, tmp_path / "e"))
    first = [row for row in rows_of(out) if row.measure == "concept-auroc"]
    assert len(first) == 3 * 2 * 2 * 2  # steps, paradigms, layers, positions
    asked = ("--timeline", made / "timeline", "--steps", AFTER, "--measures")
    evaluated(made, out, *asked, "attention", "--sides", "both")
    evaluated(made, out, *asked, "attention,concept-vectors", "--at-step", 20)
    evaluated(made, out, *asked, "concept-vectors", "--position", "critical", "--position", "last-word")
    assert len(list((out / "measured" / "concept-vectors").iterdir())) == 3
    rows = rows_of(out)
    places = [(row.step, row.layer, row.group, row.convention) for row in rows if row.measure == "concept-auroc"]
    assert len(set(places)) == len(places) == len(first) + 2 * 2 * 2  # last-word up to step 20, and critical
    uniform = [
        row for row in rows if row.measure == "attention-uniform" and row.group == "planted" and row.step == AFTER
    ]
    n_train = sum(is_train(pair) for pair in PLANTED)
    early = [pair for pair in CONCEPT_PAIRS if is_train(pair)][:20]  # one a step, from the first
    n_early = sum(pair.uid == "planted" for pair in early)
    for named, n in (("either sides, whole run", n_train), ("either sides, up to step 20", n_early)):
        held = {row.split: row.n for row in uniform if named in (row.convention or "")}
        assert held == {"everything": 80, "proxy-train": n, "proxy-validation": 80 - n}
    held = {row.split: row.n for row in uniform if "both sides" in (row.convention or "")}
    assert held == {"everything": 80, "proxy-validation": 80}  # bad sentences are nowhere


def test_other_words_are_another_convention(made: Path, tmp_path: Path) -> None:
    """The same pairs with another word named: what was measured of the first is not taken for it."""
    out = tmp_path / "e"
    asked = ("--measures", "attention", "--steps", AFTER)
    evaluated(made, out, *asked)
    first = [row for row in rows_of(out) if row.measure == "attention-uniform"]
    other = tmp_path / "pairs.jsonl"
    write_pairs(other, [replace(pair, context_word=pair.sentence_good.split()[0]) for pair in CONCEPT_PAIRS])
    phrases = tmp_path / "phrases.parquet"
    assert exposure("phrases", other, "-o", phrases).status == 0
    evaluated(made, out, *asked, "--phrases", phrases)
    both = [row for row in rows_of(out) if row.measure == "attention-uniform"]
    assert len(both) == 2 * len(first) == 4
    assert len({(row.group, row.convention) for row in both}) == 4


def test_pairs_whose_words_nobody_names_have_no_attention_and_a_report(tmp_path: Path) -> None:
    """Not one pair's words are known: nothing is kept of any, and a report is made all the same."""
    pairs = [{"uid": "made", "pair_id": p.pair_id, "sentence_good": p.sentence_good, "sentence_bad": p.sentence_bad}
             for p in ATTENTION_PAIRS]  # fmt: skip
    (tmp_path / "pairs.jsonl").write_text("".join(json.dumps(one) + "\n" for one in pairs))
    for step, looks in ((EARLY, "nowhere"), (LATE, "at context")):
        save_attending(tmp_path / "models" / f"step-{step}", ATTENTION_PAIRS, looks)  # type: ignore[arg-type]
    out = evaluated(tmp_path, tmp_path / "e", "--measures", "attention,concept-vectors")
    for record in json.loads((out / "checkpoints.json").read_text()):
        assert record["notes"] == ["attention: Of made there is nothing, since no critical word is named."]
    rows = rows_of(out)
    assert not [row for row in rows if row.measure.startswith("attention")]
    assert [row.value for row in rows if row.measure == "concept-rank-all"]
    assert {one.split for one in rows if one.measure.startswith("concept-auroc")} == {"proxy-validation"}


def test_a_split_without_a_timeline_is_refused(made: Path, tmp_path: Path) -> None:
    """It would be no split, under the name of one."""
    for option in (("--sides", "good"), ("--at-step", 20)):
        asked = (made / "models", "--pairs", made / "pairs.jsonl", "--out", tmp_path / "e", *ASKED)
        answer = exposure("evaluate", *asked, "--measures", "concept-vectors", *option)
        assert_sentence(answer)
        assert "no timeline to split by" in answer.err


def notes_of(out: Path) -> str:
    """What is said of the one checkpoint."""
    (record,) = json.loads((out / "checkpoints.json").read_text())
    assert record["status"] == "scored"
    return "\n".join(record["notes"])


@pytest.mark.parametrize("architecture", ["gpt2", "llama"])
def test_a_sentence_that_just_does_not_fit_is_refused_by_name(architecture: str, tmp_path: Path) -> None:
    """For scores its last token is only predicted; it is not looked at then."""
    special = tiny_models.tokenizer_of(architecture)
    good = "dog"
    good += " a" * (tiny_models.CONTEXT - len(special.encode(good, add_special_tokens=False)))
    assert len(special.encode(good, add_special_tokens=False)) == tiny_models.CONTEXT  # and one token before it
    row = {"uid": "long", "pair_id": "7", "sentence_good": good, "sentence_bad": "dogs"}
    (tmp_path / "pairs.jsonl").write_text(json.dumps(row))
    tiny_models.saved(tmp_path / "models" / "step-1", tiny_models.model(architecture), special)
    out = evaluated(tmp_path, tmp_path / "e", "--measures", "concept-vectors", status=3)
    assert "concept-vectors: not measured." in notes_of(out)
    assert "long/7" in notes_of(out)
    assert "every token is fed" in notes_of(out)


def doctored(data: Path) -> list[str]:
    """What doctor finds wrong."""
    (data / "timelines").mkdir(exist_ok=True)
    answer = exposure("doctor", data, "--format", "jsonl")
    assert answer.status in (0, 3), answer.err
    return [one for one in answer.out.splitlines() if "evaluations/" in one]
