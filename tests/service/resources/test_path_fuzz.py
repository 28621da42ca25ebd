"""Nothing outside the roots is ever read or listed: every path parameter and every path in a body, with a canary."""

import json
import re
from pathlib import Path
from urllib.parse import quote, unquote

import pytest

from exposure.orders import DataOrder
from service.settings import Settings

CANARY = "canary-0815-outside-all-roots"

CLIMBS = ["..", "../..", "../../canary", "../outside", "../outside/run.json", "/etc/passwd", "//etc/passwd", "~",
          "....//outside", "..\\outside", "outside/../../outside/run.json", "link", "link/run.json", "chain/run.json",
          "file://{outside}/run.json", "{outside}", "{outside}/run.json", "%2e%2e/outside", "..%2foutside", "\x00",
          "run.json\x00", "simplecache::file://{outside}/run.json", "proc/1/environ", "a" * 900,
          "🦜", ".", "./link"]  # fmt: skip


@pytest.fixture
def world(workshop: Path, data: Path, tmp_path: Path) -> Path:
    """A root, and beside it a folder with everything that a root could hold, full of canaries."""
    root, outside = tmp_path / "root", tmp_path / "outside"
    root.mkdir()
    outside.mkdir()
    manifest = json.loads((workshop / "run.json").read_text())
    manifest["provenance"] = {"note": CANARY}
    (outside / "run.json").write_text(json.dumps(manifest))
    (outside / "pairs.jsonl").write_text(json.dumps({"sentence_good": CANARY, "sentence_bad": f"not {CANARY}"}))
    (outside / "canary").write_text(CANARY)
    (outside / "corpus.jsonl").write_text(json.dumps({"id": CANARY, "text": CANARY}))
    for name, target in {"link": outside, "proc": Path("/proc"), "chain": root / "link"}.items():
        (root / name).symlink_to(target)
    for kind in ("runs", "pair-sets", "phrase-sets", "timelines"):
        for name in ("linked", "a" * 40, f"{'a' * 40}.parquet"):
            (data / kind / name).symlink_to(outside)
    return tmp_path


@pytest.fixture
def asking(client_of, data, world):
    """A service over that data directory, whose root is the one beside the canaries."""
    return client_of(Settings(data, roots={"r": world / "root"}, model_roots={"m": world / "root"}))


def climbs(world: Path) -> list[str]:
    return [one.replace("{outside}", str(world / "outside")) for one in CLIMBS]


def refuse_canary(response, world: Path) -> None:
    """No answer may hold what stands outside, nor say where that is."""
    assert CANARY not in response.text
    sent = unquote(str(response.request.url)) + response.request.content.decode(errors="replace")
    assert str(world / "outside") not in response.text or str(world / "outside") in sent
    assert response.status_code < 500


def test_no_path_parameter_leads_out(asking, world):
    """Every route with a parameter, every method: names that climb, absolute ones, links, encoded or not."""
    asked = set()
    for template, methods in asking.document["paths"].items():
        for path in {path for name in ("linked", "a" * 40, *climbs(world)) for path in addresses(template, name)}:
            for method in methods:
                if template.endswith("/events") or (method == "delete" and ("linked" in path or "a" * 40 in path)):
                    continue
                refuse_canary(asking.request(method.upper(), path, params=PARAMETERS.get(template, {})), world)
                asked.add((method, path))
    assert len(asked) > 500
    assert (world / "outside" / "canary").read_text() == CANARY


PARAMETERS = {"/v1/timelines/{timeline}/contexts": {"phrase": "a"}}


def addresses(template: str, name: str) -> set[str]:
    """`template` with each of its parameters made `name`, encoded wholly and only where it must be."""
    found = set()
    for parameter in re.findall(r"{\w+}", template):
        for safe in ("", "/."):
            path = template.replace(parameter, quote(name, safe=safe)).replace("{step}", "1").replace("{id}", "b" * 40)
            found.add(re.sub(r"{\w+}", "tiny", path))
    return found


def test_a_link_is_deleted_and_not_what_it_leads_to(asking, world):
    """Deleting one of the links in the data directory leaves everything outside as it is."""
    before = sorted(path.name for path in (world / "outside").iterdir())
    for path in ("timelines/linked", "runs/linked", f"pair-sets/{'a' * 40}", f"phrase-sets/{'a' * 40}"):
        assert asking.delete(f"/v1/{path}").status_code == 204
    asking.service.state.resources.removal.wait()
    assert sorted(path.name for path in (world / "outside").iterdir()) == before


def test_no_path_in_a_body_leads_out(asking, world):
    """Runs, pairs, phrases, checkpoints: refused as no path of a root, with nothing made of what is outside."""
    for url, body in [one for path in climbs(world) for one in bodies_with(path)]:
        response = asking.post(url, json=body)
        assert response.status_code in (404, 422), (url, response.text)
        refuse_canary(response, world)
    for listing in ("runs", "pair-sets", "phrase-sets"):
        answer = asking.get(f"/v1/{listing}")
        refuse_canary(answer, world)
        assert "stolen" not in answer.text


def bodies_with(path: str) -> list[tuple[str, dict[str, object]]]:
    return [
        ("/v1/runs", {"name": "stolen", "root": "r", "path": path}),
        ("/v1/pair-sets", {"root": "r", "path": path}),
        ("/v1/phrase-sets", {"root": "r", "path": path}),
        ("/v1/evaluations", {"name": "stolen", "checkpoints": {"root": "m", "path": path}, "pair_set": "b" * 40}),
    ]


@pytest.mark.parametrize("path", ["link/canary", "link/nothing", "chain/canary", "nothing", "proc/1/environ"])
def test_what_is_outside_cannot_be_told_from_what_is_not_there(asking, path):
    """One sentence, but for the name that was sent."""
    answer = asking.post("/v1/runs", json={"name": "x", "root": "r", "path": path})
    assert answer.json()["type"] == "/problems/no-such-root"
    assert answer.json()["detail"].replace(path, "NAME") == (
        "There is no file or folder r:NAME beneath that root. Check its name, and that it may be read."
    )


@pytest.mark.parametrize("field", ["shards", "census", "tokenizer", "order"])
def test_a_manifest_beneath_a_root_that_names_files_elsewhere_is_refused(asking, world, workshop, field):
    """Every kind of file that a manifest names, by an absolute path, by .., and through a link."""
    for path in (str(world / "outside" / "corpus.jsonl"), "../outside/corpus.jsonl", "link/corpus.jsonl"):
        manifest = json.loads((workshop / "run.json").read_text())
        manifest["shards"] = [{**one, "path": f"corpus/{i}.jsonl"} for i, one in enumerate(manifest["shards"])]
        if field == "shards":
            manifest["shards"][0]["path"] = path
        elif field == "census":
            manifest["census"] = path
        elif field == "tokenizer":
            manifest |= {"tokenizer": {"path": path, "sha256": "0" * 64}, "sequence_length": 8}
        else:
            manifest["order"] = {"rule": "file", "path": path, "sha256": "0" * 64}
        (world / "root" / "run.json").write_text(json.dumps(manifest))
        answer = asking.post("/v1/runs", json={"name": "stolen", "root": "r", "path": "run.json"})
        assert (answer.status_code, answer.json()["type"]) == (422, "/problems/no-such-root"), answer.text
        refuse_canary(answer, world)


def test_a_folder_of_pairs_with_a_link_to_elsewhere_is_refused(asking, world):
    """One file that leads out spoils the folder."""
    (world / "root" / "pairs").mkdir()
    (world / "root" / "pairs" / "a.jsonl").write_text('{"sentence_good": "A b.", "sentence_bad": "B a."}')
    (world / "root" / "pairs" / "b.jsonl").symlink_to(world / "outside" / "pairs.jsonl")
    answer = asking.post("/v1/pair-sets", json={"root": "r", "path": "pairs"})
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/no-such-root")
    refuse_canary(answer, world)


def test_a_run_whose_shard_became_a_link_to_elsewhere_is_no_longer_read(client, data, workshop, tmp_path):
    """Reading looks at the place of every shard again."""
    (tmp_path / "outside.jsonl").write_text(json.dumps({"id": CANARY, "text": CANARY}))
    run = data / "runs" / "tiny" / "run.json"
    order = DataOrder.load(run)
    (data / "corpora").mkdir()
    (data / "corpora" / "a.jsonl").symlink_to(tmp_path / "outside.jsonl")
    moved = order.shards[0].model_copy(update={"path": str(data / "corpora" / "a.jsonl")})
    order.model_copy(update={"shards": (moved, *order.shards[1:])}).save(run)
    answer = client.get("/v1/runs/tiny/batches/1")
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/unavailable")
    assert "does not lie beneath a root" in answer.json()["detail"]
    assert CANARY not in answer.text
    # The timeline says itself where its corpus is, and that is as it was.
    contexts = client.get("/v1/timelines/tiny/contexts?phrase=these books")
    assert contexts.status_code == 200
    assert CANARY not in contexts.text
