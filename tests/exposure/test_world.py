"""The generated world keeps what its docstring says; everything is found again by plain regular expressions."""

import gzip
import json
import os
import re
import subprocess
import sys
import unicodedata
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from functools import cache, cached_property
from itertools import chain, pairwise

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer
from tokenizers.pre_tokenizers import ByteLevel

from exposure.blimp import PARADIGMS as BLIMP_RULES
from exposure.commands.world import command
from exposure.errors import UsageError
from exposure.extraction import extract
from exposure.pair_files import load_pairs
from exposure.world import CUT_WORDS, HEAD_TOKENS, HEAD_WORDS, Planting, World, WorldFiles, lexicon, write_world

WORLDS = (
    World(),
    World(seed=7, documents=1500, shards=3),
    World(seed=1, documents=400, shards=5, pairs_per_paradigm=9),
    World(seed=2, documents=2200, pairs_per_paradigm=240, planting=Planting(density=0.75, share=0.45, skew=0.5)),
)
FEWER = {
    "determiner_noun_agreement_1": 216, "regular_plural_subject_verb_agreement_1": 120, "intransitive": 120,
    "anaphor_gender_agreement": 40,
}  # fmt: skip
"""Pairs of the paradigms whose words do not suffice for 240."""


@dataclass
class Made:
    """A world read back from its files, with nothing of the generator's memory."""

    world: World
    files: WorldFiles

    @cached_property
    def records(self):
        """The decoded lines of all shards in order."""
        return [json.loads(line) for path in self.files.corpus for line in lines(path)]

    @cached_property
    def texts(self):
        """The NFC text of each document."""
        return [unicodedata.normalize("NFC", record["text"]) for record in self.records]

    @cached_property
    def truth(self):
        return [json.loads(line) for line in self.files.truth.read_text(encoding="utf-8").splitlines()]

    @cached_property
    def tokenizer(self):
        return Tokenizer.from_file(str(self.files.tokenizer))

    @cached_property
    def encodings(self):
        """Of the NFC texts, so that offsets are those of the truth."""
        return self.tokenizer.encode_batch(self.texts)

    @cached_property
    def planted_documents(self):
        """Indices of the documents that the truth mentions anywhere."""
        return {place["document_index"] for row in self.truth for place in everything(row)}

    @cached_property
    def background(self):
        """The texts that the truth does not mention."""
        return [text for index, text in enumerate(self.texts) if index not in self.planted_documents]


@pytest.fixture(scope="module")
def default(tmp_path_factory):
    return Made(World(), write_world(World(), tmp_path_factory.mktemp("world") / "new"))


@pytest.fixture(scope="module", params=WORLDS, ids=lambda world: f"{world.documents}-documents-seed-{world.seed}")
def made(request, tmp_path_factory, default):
    if request.param == default.world:
        return default
    return Made(request.param, write_world(request.param, tmp_path_factory.mktemp("world") / "new"))


def lines(shard):
    return gzip.decompress(shard.read_bytes()).decode().splitlines()


def everything(row):
    return chain(row["exposures"], row["deep"], row["near_misses"])


# ------------------------------------------------------------------------------------- finding phrases again


def fold(text):
    folded = text.lower().replace("’", "'").replace("ʼ", "'")
    assert len(folded) == len(text)
    return folded


SPACE = r"(?=\s)[^\S\n]*\n?[^\S\n]*"


def occurrences(row, folded):
    """Offsets of a phrase in folded text, one for each match."""
    if row["gap"]:
        return gap_occurrences(*row["phrase"].split(" … "), row["gap"], folded)
    words = row["phrase"].split(" ")
    if not all(word in folded for word in words):
        return []
    end = r"(?=[.?!]|\Z)" if row["anchor"] else r"(?!\w)"
    pattern = r"(?<!\w)" + SPACE.join(map(re.escape, words)) + end
    return [match.start() for match in re.finditer(pattern, folded)]


def gap_occurrences(earlier, later, most, folded):
    """The nearest `earlier` before each `later`, 1 to `most` words on in the same sentence."""
    if earlier not in folded or later not in folded:
        return []
    found = []
    for words in words_by_sentence(folded):
        for place, (word, _) in enumerate(words):
            if word == later:
                before = [start for name, start in words[max(0, place - most) : place] if name == earlier]
                found += before[-1:]
    return found


@cache
def words_by_sentence(folded):
    """(word, offset) of each word of each sentence."""
    breaks = re.finditer(r"(?<!\bdr)(?<!\bmr)[.?!][\"'”’)]*(?=\s)|\n[^\S\n]*\n", folded)
    edges = [0, *(match.end() for match in breaks), len(folded)]
    word = re.compile(r"[^\W_]+")
    return [[(found.group(), found.start()) for found in word.finditer(folded, *edge)] for edge in pairwise(edges)]


def found_in(made, texts):
    """(document, offset) of every match of every side in `texts`, one for each document, in order."""
    folded = [fold(text) for text in texts]
    documents_of = defaultdict(set)
    for document, text in enumerate(folded):
        for word in set(re.findall(r"\w+", text)):
            documents_of[word].add(document)
    found = []
    for row in made.truth:
        candidates = set.intersection(*(documents_of[word] for word in re.findall(r"\w+", row["phrase"])))
        found.append([(i, offset) for i in sorted(candidates) for offset in sorted(occurrences(row, folded[i]))])
    return found


def test_finder_knows_the_boundary_rule_it_tests_with():
    """The finder of these tests answers a few hand-made questions right."""
    kettles = {"phrase": "these kettles", "gap": None, "anchor": None}
    slept = {"phrase": "sailor slept", "gap": None, "anchor": "sentence_end"}
    herself = {"phrase": "ansha … herself", "gap": 5, "anchor": None}
    assert occurrences(kettles, fold("These \n Kettles' lids, these\n\nkettles, these kettlesmiths")) == [0]
    assert occurrences(slept, fold("sailor slept on. A sailor slept? sailor slept")) == [19, 33]
    assert occurrences(herself, fold("Ansha told Dr. Quill herself. Ansha left. See herself")) == [0]
    assert occurrences(herself, fold("Ansha one two three four herself and herself. Ansha 1 2 3 4 5 herself")) == [0]
    assert occurrences(herself, fold("Ansha, Ansha saw herself and saw herself")) == [7, 7]


# ------------------------------------------------------------------------------------- truth


def test_whole_documents_hold_the_planted_phrases_and_no_others(made):
    """In uncut documents every phrase occurs exactly where the truth says, `exposures` and `deep` together."""
    expected = [
        sorted((place["document_index"], place["offset"]) for place in row["exposures"] + row["deep"])
        for row in made.truth
    ]
    assert found_in(made, made.texts) == expected


@pytest.mark.parametrize("length", [HEAD_TOKENS, 60, CUT_WORDS])
def test_rows_that_are_cut_hold_the_exposures_and_no_others(made, length):
    """One document a row, cut at any length between the two bounds: `exposures` exactly, in corpus order."""
    rows = [made.tokenizer.decode(encoding.ids[:length]) for encoding in made.encodings]
    expected = [[(place["document_index"], place["offset"]) for place in row["exposures"]] for row in made.truth]
    assert found_in(made, rows) == expected


def test_a_planted_phrase_ends_within_the_head_or_begins_beyond_the_cut(made):
    """Exposures end within HEAD_WORDS words; deep matches have at least CUT_WORDS words before them."""
    for row in made.truth:
        length = len(row["phrase"].split(" … ")[0])
        for place in row["exposures"]:
            assert len(made.texts[place["document_index"]][: place["offset"] + length].split()) <= HEAD_WORDS
        for place in row["deep"]:
            assert len(made.texts[place["document_index"]][: place["offset"]].split()) >= CUT_WORDS


def test_places_are_those_of_the_files(made):
    """Shard, id and stored form of each entry are what a reader of the shards finds."""
    where = [(shard, json.loads(line)) for shard, path in enumerate(made.files.corpus) for line in lines(path)]
    assert len(where) == made.world.documents
    assert len({record["id"] for _, record in where}) == made.world.documents
    for row in made.truth:
        for place in everything(row):
            shard, record = where[place["document_index"]]
            assert (place["shard"], place["document"]) == (shard, record["id"])
            assert unicodedata.is_normalized(place["form"], record["text"])


def test_truth_covers_both_sides_of_every_pair_with_distinct_phrases(made):
    """One line a side in the order of the pairs, good first; no phrase twice; words as the sentences have them."""
    pairs = [json.loads(line) for line in made.files.pairs.read_text(encoding="utf-8").splitlines()]
    sides = [(pair["UID"], pair["pairID"], side) for pair in pairs for side in ("good", "bad")]
    assert [(row["uid"], row["pair_id"], row["side"]) for row in made.truth] == sides
    assert len({(row["phrase"], row["gap"], row["anchor"]) for row in made.truth}) == len(sides)
    sentences_ = [fold(pair[f"sentence_{side}"]) for pair in pairs for side in ("good", "bad")]
    assert all(occurrences(row, sentence) for row, sentence in zip(made.truth, sentences_, strict=True))
    assert not any(occurrences(row, sentences_[i ^ 1]) for i, row in enumerate(made.truth))


def test_the_blimp_rules_extract_the_phrases_that_the_truth_states(made):
    """The world states its phrases by construction, the rules find them in the sentences: the same."""
    extracted = extract(load_pairs([made.files.pairs]), BLIMP_RULES)
    stated = [(row["phrase"], row["gap"] or 0, row["anchor"] == "sentence_end") for row in made.truth]
    assert [(row.phrase.text, row.phrase.gap, row.phrase.sentence_end) for row in extracted if row.phrase] == stated


# ------------------------------------------------------------------------------------- variety


def written(made, row, place):
    """The text of one match, from its first to its last word."""
    text = made.texts[place["document_index"]]
    last = row["phrase"].split(" ")[-1]
    rest = fold(text)[place["offset"] :]
    return text[place["offset"] : place["offset"] + re.search(rf"\b{re.escape(last)}", rest).end()]


def after(made, row, place):
    text = made.texts[place["document_index"]]
    return text[place["offset"] + len(written(made, row, place)) :]


def after_name(made, row, place):
    return written(made, row, place)[len(row["phrase"].split()[0]) :]


def matches_in(row, index):
    return max(sum(place["document_index"] == index for place in row[part]) for part in ("exposures", "deep"))


def words_on(made, row, place):
    return len(written(made, row, place).split()) - 1


LOOKS = {
    "plain": lambda m, r, p: " " in written(m, r, p),
    "sentence_start": lambda m, r, p: written(m, r, p)[0].isupper(),
    "capitals": lambda m, r, p: written(m, r, p).isupper(),
    "punctuation": lambda m, r, p: re.match(r"[,;:?!….]| \(", after(m, r, p)),
    "line_break": lambda m, r, p: "\n" in written(m, r, p),
    "double_space": lambda m, r, p: re.search(r"  |\t", written(m, r, p)),
    "curly_apostrophe": lambda m, r, p: re.search("[’ʼ]", written(m, r, p)),
    "emoji": lambda m, r, p: after(m, r, p)[0] in "🙂🎉🌧🐎",
    "possessive": lambda m, r, p: (after_name if r["gap"] else after)(m, r, p).startswith("'"),
    "twice": lambda _, r, p: matches_in(r, p["document_index"]) == 2,
    "end_of_text": lambda m, r, p: after(m, r, p) == "",
    "adjacent": lambda m, r, p: words_on(m, r, p) == 1,
    "farthest": lambda m, r, p: words_on(m, r, p) == 5 == r["gap"],
    "abbreviation": lambda m, r, p: re.search(r"[DM]r\. ", written(m, r, p)),
    "repeated_name": lambda m, r, p: fold(m.texts[p["document_index"]]).count(r["phrase"].split()[0]) >= 2,
}  # fmt: skip


def test_every_way_of_writing_is_there_and_looks_as_it_is_called(default):
    """Each `how` of a match occurs in the default world, and its text has that look."""
    seen = Counter()
    for row in default.truth:
        for place in row["exposures"] + row["deep"]:
            assert LOOKS[place["how"]](default, row, place), (row["phrase"], place)
            seen[place["how"]] += 1
    assert set(seen) == set(LOOKS)


def careless_find(row, text):
    """What a matcher finds that knows no boundaries, white space, sentences, anchors, order or width."""
    folded = re.sub(r"[\s,-]+", " ", fold(text))
    if row["gap"]:
        earlier, later = row["phrase"].split(" … ")
        near = rf"(?s)({earlier}.{{1,60}}{later}|{later}.{{1,60}}{earlier})"
        return re.search(near, folded)
    return row["phrase"] in folded


def test_every_near_miss_would_deceive_a_careless_matcher(default):
    """Each near miss looks like its phrase (a split one only when the two documents are joined), in all its kinds."""
    kinds = {False: set(), True: set()}
    for row in default.truth:
        places = sorted(place["document_index"] for place in row["near_misses"] if place["how"] == "split_documents")
        assert len(places) % 2 == 0
        for place in row["near_misses"]:
            kinds[bool(row["gap"])].add(place["how"])
            index = place["document_index"]
            if place["how"] == "split_documents":
                assert index - 1 in places or index + 1 in places
                before = index - 1 if index - 1 in places else index
                joined = default.texts[before] + " " + default.texts[before + 1]
                assert careless_find(row, joined)
                assert occurrences(row, fold(joined))
            else:
                assert careless_find(row, default.texts[index]), (row["phrase"], place)
    anchored = {"object_follows", "comma_follows"}
    contiguous = {"blank_line", "hyphenated", "comma_between", "longer_word", "longer_first_word", "split_documents"}
    assert kinds[False] == contiguous | anchored
    assert kinds[True] == {"beyond", "sentence_end", "reversed", "blank_line", "longer_word", "split_documents"}


def test_some_exposures_are_seen_only_after_composition(default):
    """Some phrases with accents are exposed in decomposed documents, where the stored bytes do not hold them."""
    hidden = [
        row["phrase"]
        for row in default.truth
        for place in row["exposures"]
        if place["form"] == "NFD" and not row["phrase"].isascii() and not row["gap"]
        if not occurrences(row, fold_unchecked(default.records[place["document_index"]]["text"]))
    ]
    assert hidden


def fold_unchecked(text):
    return text.lower().replace("’", "'").replace("ʼ", "'")


def test_text_holds_accents_han_cyrillic_emoji_and_escapes(default):
    """Text beyond ASCII is common, and stored raw in even shards, as JSON escapes in odd ones."""
    text = "".join(default.texts)
    assert all(re.search(wanted, text) for wanted in ("[à-ü]", "[一-龥]", "[а-я]", "[\U0001f300-\U0001ffff]"))
    for shard, path in enumerate(default.files.corpus):
        assert gzip.decompress(path.read_bytes()).isascii() == (shard % 2 == 1)


# ------------------------------------------------------------------------------------- when


def test_exposure_is_spread_unevenly_over_the_run(default):
    """Of the good sides half are exposed, some at once and some late; some only deep, some never; few bad ones."""
    by_side = {side: [row for row in default.truth if row["side"] == side] for side in ("good", "bad")}
    exposed = [row for row in by_side["good"] if row["exposures"]]
    deep_only = [row for row in by_side["good"] if row["deep"] and not row["exposures"]]
    never = [row for row in by_side["good"] if not row["deep"] and not row["exposures"]]
    firsts = [row["exposures"][0]["document_index"] / 4000 for row in exposed]
    counts = [len(row["exposures"]) for row in exposed]
    assert (len(exposed), len(deep_only), len(never)) == (120, 36, 84)
    assert sum(first < 0.05 for first in firsts) >= 30
    assert sum(first >= 0.55 for first in firsts) >= 24
    assert min(counts) <= 2
    assert max(counts) >= 60
    assert 12 <= sum(bool(row["exposures"]) for row in by_side["bad"]) <= 36


def words_of(texts):
    return Counter(re.findall(r"\w+(?:'t)?", fold("\n".join(texts))))


def own_words(row):
    """Without demonstratives, which the background never has."""
    return [word for word in row["phrase"].split(" ") if word not in lexicon.DEMONSTRATIVES]


def test_unexposed_pairs_can_be_learnt_from_other_company(default):
    """Every word of a phrase that no row ever shows stands in unplanted documents, and often."""
    words = words_of(default.background)
    for row in default.truth:
        if row["side"] == "good" and not row["exposures"] and not row["gap"]:
            assert all(words[word] >= 10 for word in own_words(row)), row["phrase"]


def test_words_of_many_pairs_stand_in_other_company_too(tmp_path):
    """Where pairs take most combinations of words, each word of a phrase still stands in many other documents."""
    world = World(seed=6, documents=2200, pairs_per_paradigm=240)
    made = Made(world, write_world(world, tmp_path / "new"))
    words = Counter(word for text in made.texts for word in set(words_of([text])))
    for row in made.truth:
        if row["side"] == "good" and not row["gap"]:
            own = {place["document_index"] for place in everything(row)}
            assert all(words[word] - len(own) >= 10 for word in own_words(row)), row["phrase"]


def planted(world, tmp_path):
    """Exposures of each good side of a paradigm, most first."""
    files = write_world(world, tmp_path / str(world.planting))
    rows = [json.loads(line) for line in files.truth.read_text(encoding="utf-8").splitlines()]
    rows = [row for row in rows if row["uid"] == "determiner_noun_agreement_1" and row["side"] == "good"]
    return sorted((len(row["exposures"]) for row in rows), reverse=True)


def test_planting_decides_how_many_phrases_are_seen_and_how_often(tmp_path):
    """`share` is the share of good sides that are seen, `density` how often in all, `skew` how unevenly."""
    base = World(seed=3, documents=2000, pairs_per_paradigm=100)
    usual, even, dense, few = (
        planted(replace(base, planting=planting), tmp_path)
        for planting in (Planting(), Planting(skew=0), Planting(density=0.8), Planting(share=0.2))
    )
    assert [sum(count > 0 for count in counts) for counts in (usual, even, dense, few)] == [50, 50, 50, 20]
    assert max(even) <= 6 < 40 < max(usual)
    assert sum(dense) > 1.5 * sum(usual)
    assert abs(sum(few) - sum(usual)) < 0.25 * sum(usual)


@pytest.mark.parametrize(
    ("planting", "said"),
    [
        ({"density": 0.95}, "A density of 0.95. Give 0.001 to 0.9."),
        ({"density": float("nan")}, "A density of nan"),
        ({"share": 0.9}, "A share of planted phrases of 0.9. Give 0.01 to 0.8."),
        ({"skew": -1}, "A skew of -1"),
    ],
)
def test_what_cannot_be_planted_is_refused(planting, said):
    """Each number is named with the range that it may have."""
    with pytest.raises(UsageError, match=re.escape(said)):
        Planting(**planting)


def test_a_world_without_room_for_its_plants_leaves_nothing_behind(tmp_path):
    """It is refused with what would help, before its folder is made."""
    with pytest.raises(UsageError, match="no room for the plants"):
        write_world(World(documents=500, pairs_per_paradigm=240, planting=Planting(0.8)), tmp_path / "new")
    assert not (tmp_path / "new").exists()


# ------------------------------------------------------------------------------------- background


def test_background_never_begins_a_critical_phrase(made):
    """Unplanted documents hold no demonstrative and no contiguous phrase, not even as the beginning of longer words."""
    text = fold("\n\n\n".join(made.background))
    collapsed = re.sub(r"\s+", " ", text)
    assert not re.search(r"\b(this|that|these|those)\b", text)
    assert not [row["phrase"] for row in made.truth if not row["gap"] and f" {row['phrase']}" in collapsed]


def alternatives(words):
    return "(?:" + "|".join(words) + ")"


PEOPLE, THINGS, ADJECTIVES = (alternatives(w) for w in (lexicon.PEOPLE, lexicon.THINGS, lexicon.ADJECTIVES))
BASES, THIRDS = (alternatives(getattr(v, f) for v in lexicon.TRANSITIVE) for f in ("base", "third"))
WOMEN, MEN = alternatives(lexicon.WOMEN), alternatives(lexicon.MEN)
WRONG = (
    rf"\b(?:a|an|one|every|another|is an?) (?:{ADJECTIVES} )?(?:{PEOPLE}|{THINGS})s\b",
    rf"\b(?:two|three|many) (?:{ADJECTIVES} )?(?:{PEOPLE}|{THINGS})\b",
    rf"\b{PEOPLE} (?:{BASES}|aren't|weren't|haven't|don't)\b",
    rf"\b{PEOPLE}s (?:{THIRDS}|isn't|wasn't|hasn't|doesn't)\b",
    rf"\b{THINGS} were\b|\b{THINGS}s was\b|\ba [aeiou]\w+|\ban [^aeiou\W]\w+",
    rf"(?:{WOMEN}) \w+ (?:his|himself)\b|(?:{MEN}) \w+ (?:her|herself)\b",
    rf"(?:{WOMEN}) \w+\.\s+he\b|(?:{MEN}) \w+\.\s+she\b",
    rf"\b(?:{PEOPLE}s?|{WOMEN}|{MEN}) {alternatives(v.participle for v in lexicon.IRREGULAR)}\b",
    rf"\b(?:isn't|aren't|wasn't|weren't) (?!\w+ing\b)|\b(?:hasn't|haven't) (?!\w+ed\b)|\bdo(?:es)?n't (?!{BASES}\b)",
)


@pytest.mark.parametrize("wrong", WRONG)
def test_background_agreement_is_always_right(default, wrong):
    """No unplanted document has a noun, verb, auxiliary, article, pronoun or participle that does not agree."""
    pattern = re.compile(wrong, re.IGNORECASE)
    assert not [match.group() for text in default.background for match in pattern.finditer(text)]


def test_the_patterns_of_wrong_agreement_can_match():
    """Each pattern of the test before finds a sentence that is wrong in its way."""
    wrongs = (
        "Every old kettles", "two red kettle", "The sailor mend", "The sailors hasn't", "a old coat",
        "Ansha praised himself", "Borun slept. She", "Ansha broken", "The sailor hasn't mending",
    )  # fmt: skip
    assert all(re.search(pattern, wrong, re.IGNORECASE) for pattern, wrong in zip(WRONG, wrongs, strict=True))


def test_no_verb_form_begins_a_form_of_another_verb():
    """A cut inside a word never turns one verb into another, nor does one name begin another."""
    verbs = [verb.forms for verb in lexicon.TRANSITIVE + lexicon.IRREGULAR]
    verbs += [(word,) for word in (*lexicon.INTRANSITIVE, *lexicon.REFLEXIVE)]
    for forms in [*verbs, *((name.lower(),) for name in lexicon.NAMES)]:
        others = [form for other in verbs if other != forms for form in other]
        others += [name.lower() for name in lexicon.NAMES if (name.lower(),) != forms]
        assert not [(form, other) for form in forms for other in others if other.startswith(form)]


# ------------------------------------------------------------------------------------- files


def test_pairs_look_like_blimp(made):
    """Six paradigms of as many pairs as asked for, or as there are words for, BLiMP's keys, string ids from "0" on."""
    pairs = [json.loads(line) for line in made.files.pairs.read_text(encoding="utf-8").splitlines()]
    keys = {"sentence_good", "sentence_bad", "field", "linguistics_term", "UID", "pairID"}
    assert all(set(pair) == keys for pair in pairs)
    assert all(pair["sentence_good"] != pair["sentence_bad"] for pair in pairs)
    per_uid = Counter(pair["UID"] for pair in pairs)
    assert len(per_uid) == 6
    asked = made.world.pairs_per_paradigm
    assert per_uid == {uid: min(asked, FEWER.get(uid, asked)) for uid in per_uid}
    assert [pair["pairID"] for pair in pairs] == [str(number) for n in per_uid.values() for number in range(n)]


def test_shards_are_balanced_and_of_the_promised_size(default):
    """The default is 4,000 documents in 4 equal shards, 2 to 3 MB of text, most documents longer than the cut."""
    sizes = [len(gzip.decompress(path.read_bytes()).splitlines()) for path in default.files.corpus]
    assert sizes == [1000] * 4
    assert 2e6 <= sum(len(text.encode()) for text in default.texts) <= 3e6
    assert sum(len(text.split()) > CUT_WORDS for text in default.texts) > 3000
    assert [path.name for path in default.files.corpus] == [f"shard-0000{i}.jsonl.gz" for i in range(4)]


def all_bytes(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_same_seed_same_bytes_in_another_process(tmp_path):
    """Neither the time, the folder nor Python's hash seed changes a byte; another seed changes corpus, pairs, truth."""
    code = "import sys; from exposure.world import *; write_world(World(seed=3, documents=400), sys.argv[1])"
    for hash_seed in ("1", "2"):
        environment = os.environ | {"PYTHONHASHSEED": hash_seed}
        subprocess.run([sys.executable, "-c", code, str(tmp_path / hash_seed)], check=True, env=environment)
    write_world(World(seed=4, documents=400), tmp_path / "other")
    one, two, other = (all_bytes(tmp_path / name) for name in ("1", "2", "other"))
    assert one == two
    assert {name for name in one if one[name] == other[name]} == {"tokenizer.json"}
    assert len(one) == 4 + 3


def test_gzip_headers_hold_neither_time_nor_name(default):
    """Bytes 3 to 7 of a gzip file are its flags and its time of writing: all zero."""
    assert all(path.read_bytes()[3:8] == bytes(5) for path in default.files.corpus)


# ------------------------------------------------------------------------------------- tokenizer


def test_tokenizer_gives_back_the_composed_text(default):
    """decode(encode(x)) is the NFC form of x for every document as it is stored."""
    stored = [record["text"] for record in default.records]
    decoded = default.tokenizer.decode_batch([encoding.ids for encoding in default.tokenizer.encode_batch(stored)])
    assert decoded == default.texts


@given(text=st.text())
def test_tokenizer_gives_back_any_text(default, text):
    """The same for arbitrary text, since every byte has a token."""
    ids = default.tokenizer.encode(text).ids
    assert default.tokenizer.decode(ids, skip_special_tokens=False) == unicodedata.normalize("NFC", text)


def test_tokenizer_holds_the_byte_alphabet_and_its_special_token(default):
    """Id 0 is the end of text, ids 1 to 256 the bytes in order, and the ids have no gaps."""
    vocabulary = sorted(default.tokenizer.get_vocab().items(), key=lambda item: item[1])
    assert [id_ for _, id_ in vocabulary] == list(range(len(vocabulary)))
    assert vocabulary[0][0] == "<|endoftext|>"
    assert {token for token, _ in vocabulary[1:257]} == set(ByteLevel.alphabet())
    assert [default.tokenizer.encode(chr(code)).ids for code in range(128)] == [[code + 1] for code in range(128)]
    assert default.tokenizer.encode("<|endoftext|>").ids == [0]


def test_common_words_are_one_or_two_tokens(default):
    """A document takes fewer than 1.7 tokens a word with its punctuation, and the mean noun fewer than two."""
    words = sum(len(text.split()) for text in default.texts)
    assert sum(len(encoding.ids) for encoding in default.encodings) < 1.7 * words
    nouns = [f" {noun}{s}" for noun in lexicon.PEOPLE + lexicon.THINGS for s in ("", "s")]
    assert sum(len(default.tokenizer.encode(noun).ids) for noun in nouns) < 2 * len(nouns)
    assert [len(default.tokenizer.encode(f" {word}").ids) for word in ("the", "these", "two", "herself")] == [1] * 4


# ------------------------------------------------------------------------------------- refusals and the command


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"documents": 399}, "399 documents.*at least 400"),
        ({"shards": 0}, "0 shards.*Give 1 to 4000"),
        ({"documents": 500, "shards": 501}, "501 shards.*Give 1 to 500"),
        ({"pairs_per_paradigm": 241}, "241 pairs.*Give 1 to 240"),
        ({"pairs_per_paradigm": 0}, "0 pairs.*Give 1 to 240"),
    ],
)
def test_impossible_settings_are_refused(settings, message):
    """A world that cannot be made says what was given and what can be."""
    with pytest.raises(UsageError, match=message):
        World(**settings)


def test_smallest_worlds_hold_their_plants(tmp_path):
    """The fewest documents with the most pairs, and one pair a paradigm, can be made."""
    for pairs in (1, 40):
        files = write_world(World(seed=5, documents=400, shards=400, pairs_per_paradigm=pairs), tmp_path / str(pairs))
        assert len(files.corpus) == 400
        assert all(path.is_file() for path in files.corpus)


def test_a_folder_in_use_is_refused(tmp_path):
    """A folder with something in it stays as it is, and so does a file in the folder's place."""
    (tmp_path / "kept").write_text("mine")
    with pytest.raises(UsageError, match="is not empty"):
        write_world(World(documents=400), tmp_path)
    with pytest.raises(UsageError, match=r"Cannot write to .*kept.*Give a folder"):
        write_world(World(documents=400), tmp_path / "kept")
    assert all_bytes(tmp_path) == {"kept": b"mine"}


def test_command_writes_the_world_of_its_options(tmp_path):
    """`exposure world FOLDER --documents N --seed S` writes what write_world writes."""
    result = CliRunner().invoke(command, [str(tmp_path / "a"), "--documents", "400", "--seed", "9"])
    assert result.exit_code == 0, result.output
    assert "400 documents in 4 shards" in result.output
    write_world(World(seed=9, documents=400), tmp_path / "b")
    assert all_bytes(tmp_path / "a") == all_bytes(tmp_path / "b")
    more = ["--pairs-per-paradigm", "50", "--density", "0.3", "--share", "0.4", "--skew", "0.7"]
    result = CliRunner().invoke(command, [str(tmp_path / "c"), "--documents", "700", *more])
    assert result.exit_code == 0, result.output
    wide = World(documents=700, pairs_per_paradigm=50, planting=Planting(density=0.3, share=0.4, skew=0.7))
    write_world(wide, tmp_path / "d")
    assert all_bytes(tmp_path / "c") == all_bytes(tmp_path / "d")
    refused = CliRunner().invoke(command, [str(tmp_path / "a")])
    assert isinstance(refused.exception, UsageError)
