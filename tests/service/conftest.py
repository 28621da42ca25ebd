"""Small timelines made by the project's own indexer, and a client that holds every answer against OpenAPI."""

import csv
import json
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from fastapi.testclient import TestClient
from report_pages import QUICK
from starlette.routing import compile_path
from synthetic_evaluations import DELAYED, NEVER, write_evaluation

from evaluator.measurements import write_measurements
from exposure.api.names import RootedPath
from exposure.api.requests import IndexRequest
from exposure.cli import root
from exposure.pair_files import load_pairs
from exposure.pair_writing import pair_lines
from service.app import create_app
from service.data_directory import DataDirectory, read_identity
from service.listening import listen, url_of
from service.runs import RunStore
from service.sets.pair_set_making import digest_of, make_pair_set
from service.sets.phrase_files import PhraseFiles
from service.sets.phrase_set_making import listed_phrase_set
from service.sets.phrase_sets import PhraseSetStore
from service.settings import Settings

SHARDS = {
    "a.jsonl": ["The cats sleep.", "A dog barks loudly.", "These books are old.", "The cats run. This book is new."],
    "b.jsonl": ["Nothing here.", "these books again; the cats sleep"],
}
"""Two documents a batch: a.jsonl is batches 0 and 1, b.jsonl is batch 2."""

FIRST_PAIRS = [
    ("dna", "0", "These books are old.", "This books are old.", "these books", "this books"),
    ("sva", "0", "The cats sleep.", "The cats sleeps.", "cats sleep", "cats sleeps"),
    ("sva", "1", "The birds fly.", "The birds flies.", "birds fly", "birds flies"),
]
MORE_PAIRS = [("barks", "0", "A dog barks.", "A dog bark.", "dog barks", "dog bark")]
SPARE_PHRASES = ["the old  house", "barks", "sleep"]
COLUMNS = ("uid", "pair_id", "sentence_good", "sentence_bad", "phrase_good", "phrase_bad")


def exposure(*arguments: object) -> int | None:
    """Run the command, as its users do."""
    return root.main([str(one) for one in arguments], standalone_mode=False)


@pytest.fixture(scope="session")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a corpus, a run, two phrase files, and data/timelines with tiny, grown and holed.

    grown has a second generation with more phrases; holed lacks the second shard.
    """
    place = tmp_path_factory.mktemp("workshop")
    _write_corpus(place / "corpus")
    exposure(
        "run", "init", "--corpus", place / "corpus" / "*.jsonl", "--packing", "document-per-row",
        "--batch-sequences", 2, "--checkpoint-every", 1, "-o", place / "run.json",
    )  # fmt: skip
    for name, pairs in (("first", FIRST_PAIRS), ("more", MORE_PAIRS)):
        with (place / f"{name}.csv").open("w", newline="") as file:
            csv.writer(file).writerows([COLUMNS, *pairs])
        exposure("phrases", place / f"{name}.csv", "-o", place / f"{name}.parquet")
    timelines = place / "data" / "timelines"
    timelines.mkdir(parents=True)
    for name, phrases in (("tiny", "first"), ("grown", "first"), ("grown", "more")):
        exposure(
            "index", "--run", place / "run.json", "--phrases", place / f"{phrases}.parquet", "--out", timelines / name
        )
    (place / "corpus" / "b.jsonl").rename(place / "b.jsonl")
    status = exposure(
        "index", "--run", place / "run.json", "--phrases", place / "first.parquet", "--out", timelines / "holed"
    )
    assert status == 3
    (place / "b.jsonl").rename(place / "corpus" / "b.jsonl")
    _stock(place)
    _evaluate(place / "data" / "evaluations" / "small")
    return place


def _stock(place: Path) -> None:
    """The runs tiny and spare (of another order), and the pairs of first.csv and more.csv with their phrases."""
    exposure(
        "run", "init", "--corpus", place / "corpus" / "*.jsonl", "--packing", "document-per-row",
        "--batch-sequences", 3, "-o", place / "spare.json",
    )  # fmt: skip
    settings = settings_of(place / "data", place)
    RunStore(settings).register("tiny", RootedPath(root="corpora", path="run.json"))
    RunStore(settings).register("spare", RootedPath(root="corpora", path="spare.json"))
    for name in ("first", "more"):
        make_pair_set(DataDirectory(settings.data), load_pairs([place / f"{name}.csv"]))
    listed_phrase_set(DataDirectory(settings.data), SPARE_PHRASES)


def _evaluate(folder: Path) -> None:
    """The evaluation small: two paradigms with planted curves at four checkpoints, measured."""
    plants = (replace(DELAYED, train=120, validation=120), replace(NEVER, train=40, validation=20))
    write_measurements(write_evaluation(folder, plants, steps=(0, 500, 1000, 2000)), QUICK)


def settings_of(data: Path, workshop: Path) -> Settings:
    """A service over `data` whose one root is the workshop."""
    return Settings(data, roots={"corpora": workshop}, models={"toy": "somebody/toy@step{step}"})


def _write_corpus(folder: Path) -> None:
    folder.mkdir()
    number = 0
    for name, texts in SHARDS.items():
        with (folder / name).open("w") as file:
            for text in texts:
                file.write(json.dumps({"id": f"d{number}", "text": text}) + "\n")
                number += 1


@pytest.fixture
def data(workshop: Path, tmp_path: Path) -> Path:
    """A data directory of one's own."""
    shutil.copytree(workshop / "data", tmp_path / "data")
    return tmp_path / "data"


@pytest.fixture
def client(data: Path, workshop: Path) -> Iterator["Conforming"]:
    """A client of a service over `data`."""
    with Conforming(settings_of(data, workshop)) as asking:
        yield asking


@pytest.fixture(scope="session")
def reader(workshop: Path) -> Iterator["Conforming"]:
    """A client of a service over the timelines as they were made, for tests that change nothing."""
    with Conforming(settings_of(workshop / "data", workshop)) as asking:
        yield asking


@pytest.fixture(scope="session")
def named(workshop: Path) -> dict[str, str]:
    """What examples in docs/ call $PAIR_SET and so on: ids that only the fixtures know."""
    pairs = load_pairs([workshop / "first.csv"])
    pair_set = digest_of(pair_lines(pairs).encode())
    said = json.loads((workshop / "data" / "pair-sets" / pair_set / "set.json").read_text())
    spare = next(
        one.id
        for one in PhraseSetStore(Settings(workshop / "data"), PhraseFiles()).listed()
        if one.phrases == len(SPARE_PHRASES)
    )
    return {"$EXPOSURE": "", "$PAIR_SET": pair_set, "$PHRASE_SET": said["phrase_set"], "$SPARE_PHRASE_SET": spare}


@pytest.fixture
def working(client: "Conforming", data: Path) -> dict[str, str]:
    """What examples in docs/ call $JOB and so on: a job that is queued, one that runs, and what workers need."""
    store = client.service.state.jobs
    for timeline in ("first", "second"):
        store.submit("index", IndexRequest(run="tiny", timeline=timeline, phrase_sets=["a" * 40]), "", None, 100)
    running, queued = store.claim("index", "w").job.id, store.active()[-1].id
    key = client.service.state.keys.grant("worker", ("worker",))
    names = {"$RUNNING_JOB": running, "$JOB": queued, "$WORKER_KEY": key}
    return {**names, "$DIRECTORY": read_identity(data)}


@pytest.fixture
def client_of() -> Iterator[Callable[[Settings], "Conforming"]]:
    """Clients of services with other settings."""
    opened: list[Conforming] = []

    def of(settings: Settings) -> Conforming:
        opened.append(Conforming(settings))
        return opened[-1].__enter__()

    yield of
    for one in opened:
        one.__exit__(None, None, None)


@pytest.fixture
def generations(data: Path) -> tuple[str, str]:
    """The digests of grown's first and second generation."""
    second = (data / "timelines" / "grown" / "CURRENT").read_text().strip()
    names = {path.name for path in (data / "timelines" / "grown" / "generations").glob("*.duckdb")}
    (first,) = names - {second}
    return first.removesuffix(".duckdb"), second.removesuffix(".duckdb")


@pytest.fixture
def make_current(data: Path) -> Callable[[str], None]:
    """Point grown's CURRENT to a generation, in one step as publishing does."""

    def make(digest: str) -> None:
        partial = data / "partial"
        partial.write_text(f"{digest}.duckdb\n")
        partial.replace(data / "timelines" / "grown" / "CURRENT")

    return make


@pytest.fixture
def address(data: Path) -> Iterator[str]:
    """The URL of a service over `data` on a real socket."""
    with listen("127.0.0.1", 0) as listening:
        server = uvicorn.Server(uvicorn.Config(create_app(Settings(data)), log_level="error", ws="none"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        yield url_of(listening)
        server.should_exit = True
        thread.join()


@pytest.fixture(name="conforms")
def conforms_fixture() -> Callable[[Any, dict[str, Any], dict[str, Any]], None]:
    """A check of a value against a schema of OpenAPI."""
    return conforms


class Conforming(TestClient):
    """A client that accepts no answer which OpenAPI does not describe, and no error which is not a problem."""

    def __init__(self, settings: Settings) -> None:
        self.service = create_app(settings)
        super().__init__(
            self.service, base_url="http://127.0.0.1:8000", raise_server_exceptions=False, follow_redirects=False
        )
        self.document = self.service.openapi()

    def request(self, method: str, url: Any, **options: Any) -> Any:
        """Ask, and check."""
        response = super().request(method, url, **options)
        assert response.headers["x-request-id"]
        assert response.headers["x-content-type-options"] == "nosniff"
        if response.status_code >= 400 and method != "HEAD":
            self._check_problem(response)
        operation = self._operation(method, response.request.url.path)
        if operation is not None:
            self._check_operation(operation, response)
        return response

    def _check_problem(self, response: Any) -> None:
        assert response.headers["content-type"] == "application/problem+json"
        problem = response.json()
        conforms(problem, {"$ref": "#/components/schemas/Problem"}, self.document)
        assert problem["status"] == response.status_code
        assert problem["request_id"] == response.headers["x-request-id"]
        assert problem["type"].startswith("/problems/")
        assert "Traceback" not in response.text

    def _operation(self, method: str, path: str) -> dict[str, Any] | None:
        for template, methods in self.document["paths"].items():
            if compile_path(template)[0].match(path) and method.lower() in methods:
                found: dict[str, Any] = methods[method.lower()]
                return found
        return None

    def _check_operation(self, operation: dict[str, Any], response: Any) -> None:
        status = str(response.status_code)
        assert status in operation["responses"], f"{status} is not in OpenAPI"
        described = operation["responses"][status]
        assert described.get("headers", {}).keys() <= {name.title() for name in response.headers} | {"ETag"}
        if not response.content:
            assert "content" not in described or response.request.method == "HEAD"
            return
        media = response.headers["content-type"].partition(";")[0]
        assert media in described["content"], f"{media} is not in OpenAPI for {status}"
        if media in ("application/json", "application/problem+json"):
            conforms(response.json(), described["content"][media]["schema"], self.document)


def conforms(value: Any, schema: dict[str, Any], document: dict[str, Any], where: str = "$") -> None:
    """Assert that `value` is what a schema of OpenAPI says; objects with described fields may have no others."""
    if "$ref" in schema:
        name = schema["$ref"].removeprefix("#/components/schemas/")
        conforms(value, document["components"]["schemas"][name], document, where)
    elif "anyOf" in schema:
        assert any(_does_conform(value, one, document) for one in schema["anyOf"]), f"{where}: {value!r}"
    else:
        _conforms_plainly(value, schema, document, where)


def _does_conform(value: Any, schema: dict[str, Any], document: dict[str, Any]) -> bool:
    try:
        conforms(value, schema, document)
    except AssertionError:
        return False
    return True


def _conforms_plainly(value: Any, schema: dict[str, Any], document: dict[str, Any], where: str) -> None:
    if "enum" in schema:
        assert value in schema["enum"], f"{where}: {value!r} is none of {schema['enum']}"
    if "const" in schema:
        assert value == schema["const"], where
    kinds = {"string": str, "integer": int, "boolean": bool, "object": dict, "array": list, "null": type(None)}
    if "type" in schema:
        is_number = schema["type"] == "number" and type(value) in (int, float)
        assert is_number or type(value) is kinds.get(schema["type"]), f"{where}: {value!r} is no {schema['type']}"
    if isinstance(value, dict) and "properties" in schema:
        assert value.keys() <= schema["properties"].keys(), f"{where}: {value.keys() - schema['properties'].keys()}"
        assert set(schema.get("required", ())) <= value.keys(), f"{where}: {value.keys()}"
        for name, one in value.items():
            conforms(one, schema["properties"][name], document, f"{where}.{name}")
    if isinstance(value, list):
        for place in _places(len(value)):
            inner = schema["prefixItems"][place] if "prefixItems" in schema else schema["items"]
            conforms(value[place], inner, document, f"{where}[{place}]")


def _places(count: int) -> list[int]:
    """All places of a list, or of a long one its beginning and end."""
    return list(range(count)) if count <= 1000 else [*range(500), *range(count - 500, count)]
