"""Asking for jobs, following and cancelling them over REST; every answer is held against OpenAPI by the client."""

import json
from dataclasses import replace

import pyarrow.parquet as pq
import pytest

from exposure.api.jobs import JobProgress
from exposure.api.lines import Line
from exposure.checkpoint_series import CheckpointSeries, CheckpointSource
from exposure.pairs import MinimalPair
from service.data_directory import DataDirectory, read_identity
from service.jobs.outcome import Outcome
from service.keys.key_file import add_key
from service.sets.pair_set_making import make_pair_set
from service.settings import Settings


@pytest.fixture
def store(client):
    return client.service.state.jobs


@pytest.fixture
def request_of(named):
    """A request to index into a timeline that the service can begin."""
    return lambda timeline, **more: {"run": "tiny", "timeline": timeline, "phrase_sets": [named["$PHRASE_SET"]], **more}


@pytest.fixture
def evaluation_of(named):
    return lambda name, **more: {
        "name": name, "checkpoints": {"model": "toy"}, "steps": "0,100", "pair_set": named["$PAIR_SET"], **more,
    }  # fmt: skip


def test_a_request_is_accepted_with_the_job_and_its_address(client, request_of):
    """202, Location, and the job with every default."""
    answer = client.post("/v1/index-jobs", json=request_of("new"))
    assert answer.status_code == 202
    job = answer.json()
    assert answer.headers["location"] == f"/v1/jobs/{job['id']}"
    assert (job["kind"], job["state"], job["request"]["engine"]) == ("index", "queued", "auto")
    assert client.get(answer.headers["location"]).json() == job


def test_the_same_request_is_the_same_job_whatever_its_spelling(client, request_of, named):
    """Defaults written out, and the order of phrase sets, change nothing."""
    both = [named["$PHRASE_SET"], named["$SPARE_PHRASE_SET"]]
    first = client.post("/v1/index-jobs", json=request_of("new", phrase_sets=both)).json()
    again = client.post("/v1/index-jobs", json=request_of("new", phrase_sets=both[::-1], engine="auto")).json()
    other = client.post("/v1/index-jobs", json=request_of("new", phrase_sets=both, engine="words")).json()
    assert first["id"] == again["id"] != other["id"]


def test_an_idempotency_key_is_one_job_and_refused_for_another_request(client, request_of, evaluation_of):
    """Across kinds of jobs too."""
    headers = {"Idempotency-Key": "k1"}
    first = client.post("/v1/index-jobs", json=request_of("new"), headers=headers).json()
    client.delete(f"/v1/jobs/{first['id']}")
    assert client.post("/v1/index-jobs", json=request_of("new"), headers=headers).json()["id"] == first["id"]
    for url, body in (("/v1/index-jobs", request_of("other")), ("/v1/evaluations", evaluation_of("e"))):
        refused = client.post(url, json=body, headers=headers)
        assert (refused.status_code, refused.json()["type"]) == (422, "/problems/key-reused")


@pytest.mark.parametrize("key", ["", "a b", "x" * 201, "é".encode("latin-1")])
def test_a_key_that_is_none_is_refused(reader, request_of, key):
    """Rather than taken for another one."""
    answer = reader.post("/v1/index-jobs", json=request_of("new"), headers={"Idempotency-Key": key})
    assert answer.status_code == 422
    twice = [("Idempotency-Key", "a"), ("Idempotency-Key", "b")]
    assert reader.post("/v1/index-jobs", json=request_of("new"), headers=twice).status_code == 422


def wrong_indexing():
    return [
        ({"run": "nobody"}, 404, "There is no run 'nobody'"),
        ({"phrase_sets": ["0" * 40]}, 404, "There is no phrase set"),
        ({"timeline": "tiny", "match": {"case": "exact"}}, 409, "keeps that"),
        ({"timeline": "tiny", "keep_first": 9}, 409, "the first 8 exposures"),
        ({"timeline": "tiny", "run": "spare"}, 409, "another run"),
        ({"engine": "words", "match": {"boundary": "none"}}, 422, "whole words"),
        ({"timeline": "../x"}, 422, "body.timeline"),
        ({"phrase_sets": []}, 422, "body.phrase_sets"),
        ({"unknown": 1}, 422, "body.unknown"),
        ({"keep_first": "8"}, 422, "body.keep_first"),
    ]


@pytest.mark.parametrize(("change", "status", "sentence"), wrong_indexing())
def test_indexing_that_could_not_be_done_is_refused_at_once(reader, request_of, change, status, sentence):
    """With a sentence, and without a job."""
    answer = reader.post("/v1/index-jobs", json=request_of("new") | change)
    assert answer.status_code == status
    assert sentence in answer.json()["detail"]
    assert reader.service.state.jobs.counts() == {}


TEXT = {"root": "corpora", "path": "corpus/a.jsonl"}


def wrong_evaluations():
    return [
        ({"checkpoints": {"model": "nobody"}}, 404, "There is no model 'nobody'"),
        ({"checkpoints": {"root": "nowhere", "path": "x"}}, 422, "no root of models"),
        ({"checkpoints": {"root": "corpora", "path": "run.json"}}, 422, "no root of models"),
        ({"pair_set": "0" * 40}, 404, "There is no pair set"),
        ({"phrase_set": "0" * 40}, 404, "There is no phrase set"),
        ({"timeline": "nobody"}, 404, "There is no timeline 'nobody'"),
        ({"steps": "a,b"}, 422, "steps:"),
        ({"presets": ["mine"]}, 422, "There are: exposure, lm-eval, minicons"),
        ({"measures": ["beauty"]}, 422, "there is no measure 'beauty'"),
        ({"measures": ["icl"]}, 422, "text is what the measure icl reads"),
        ({"text": [TEXT]}, 422, "text is what the measure icl reads"),
        ({"measures": ["icl"], "text": [TEXT], "icl_tokens": [9, 9]}, 422, "the smaller number first"),
        ({"measures": ["icl"], "text": [TEXT, {"root": "corpora", "path": "corpus"}]}, 422, "no file of text"),
        ({"measures": ["icl"], "text": [{"root": "corpora", "path": "first.csv"}]}, 422, "no file of text"),
        ({"measures": ["icl"], "text": [{"root": "corpora", "path": "../x.txt"}]}, 422, "a part that is empty"),
        ({"measures": ["icl"], "text": [{"root": "corpora", "path": "none.txt"}]}, 422, "no file or folder"),
        ({"measures": ["icl"], "text": [{"root": "models", "path": "x.txt"}]}, 422, "no root 'models'"),
        ({"name": "-x"}, 422, "body.name"),
        ({"sides": "good"}, 422, "give timeline"),
        ({"split_at_step": 0}, 422, "give timeline"),
        ({"name": "small"}, 409, "is split by the timeline"),
    ]


@pytest.mark.parametrize(("change", "status", "sentence"), wrong_evaluations())
def test_evaluations_that_could_not_be_done_are_refused_at_once(reader, evaluation_of, change, status, sentence):
    """With a sentence, and without a job."""
    answer = reader.post("/v1/evaluations", json=evaluation_of("new") | change)
    assert answer.status_code == status
    assert sentence.lower() in answer.json()["detail"].lower()
    assert reader.service.state.jobs.counts() == {}


def test_an_evaluation_with_a_split_goes_on_where_a_timeline_is_named(client, data, evaluation_of):
    """Whichever; and one without a split, or of another name, needs none. A lost file does not make it one without."""
    own = {"pair_set": set_of_small(data)[0]}
    for asked in (
        evaluation_of("small", timeline="tiny", sides="good", **own),
        evaluation_of("small", timeline="grown", split_at_step=2, **own),
        evaluation_of("new", sides="either", split_at_step=None),
    ):
        assert client.post("/v1/evaluations", json=asked).status_code == 202
    small = client.service.state.settings.data / "evaluations" / "small"
    for name in ("exposures.parquet", "split.parquet"):
        (small / name).unlink()
        refused = client.post("/v1/evaluations", json=evaluation_of("small", **own))
        assert (refused.status_code, refused.json()["type"]) == (409, "/problems/conflict")
        assert "with the timeline again" in refused.json()["detail"]
    (small / "measurements.parquet").unlink()
    assert client.post("/v1/evaluations", json=evaluation_of("small", **own)).status_code == 202


def set_of_small(data, changed=lambda pairs: pairs):
    """(id, paradigms) of a pair set of the very pairs that the evaluation small has, or what is made of them."""
    rows = pq.read_table(data / "evaluations" / "small" / "pairs.parquet").to_pylist()
    fields = ("uid", "pair_id", "sentence_good", "sentence_bad", "field", "phenomenon")
    pairs = changed([MinimalPair(**{name: row[name] for name in fields}) for row in rows])
    return make_pair_set(DataDirectory(data), pairs)[0], sorted({pair.uid for pair in pairs})


def test_an_evaluation_of_other_pairs_is_refused_at_once(client, data, evaluation_of):
    """More, fewer, or others in their places: what there is goes on with its own pairs only."""
    same, uids = set_of_small(data)
    fewer, _ = set_of_small(data, lambda pairs: pairs[:-1])
    other, _ = set_of_small(data, lambda pairs: [*pairs[:-1], replace(pairs[-1], sentence_bad="Else.")])

    def ask(**asked):
        return client.post("/v1/evaluations", json=evaluation_of("small", timeline="tiny", **asked))

    for refused in ({"pair_set": fewer}, {"pair_set": other}, {"pair_set": same, "uids": uids[:1]}):
        answer = ask(**refused)
        assert (answer.status_code, answer.json()["type"]) == (409, "/problems/conflict")
        assert "another name" in answer.json()["detail"]
        assert "--" not in answer.json()["detail"]
    unknown = ask(pair_set=same, uids=["nothing"])
    assert (unknown.status_code, unknown.json()["type"]) == (422, "/problems/question")
    assert client.service.state.jobs.counts() == {}
    assert ask(pair_set=same, uids=uids).status_code == 202


def test_a_timeline_of_another_order_than_the_checkpoints_is_refused(client_of, data, workshop, tmp_path, named):
    """At once where this machine can read which run they are of; else the job says so."""
    models = tmp_path / "models"
    models.mkdir()
    for name, run in (("own", "run.json"), ("other", "spare.json"), ("lost", "none.json")):
        source = CheckpointSource(step=0, path=str(models / "step-0"))
        CheckpointSeries(name=name, run=str(workshop / run), checkpoints=(source,)).save(models / f"{name}.json")
    asking = client_of(Settings(data, roots={"corpora": workshop}, model_roots={"models": models}))

    def ask(series, **more):
        place = {"root": "models", "path": f"{series}.json"}
        return asking.post("/v1/evaluations", json={"name": series, "checkpoints": place,
                                                    "pair_set": named["$PAIR_SET"], **more})  # fmt: skip

    refused = ask("other", timeline="tiny")
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/conflict")
    assert "another data order" in refused.json()["detail"]
    assert [ask("own", timeline="tiny").status_code, ask("lost", timeline="tiny").status_code] == [202, 202]
    assert ask("other").status_code == 202


def test_a_timeline_takes_the_run_and_rule_that_it_was_made_with(client, request_of):
    """More phrases for a timeline that is there, its own settings left out or said."""
    assert client.post("/v1/index-jobs", json=request_of("tiny")).status_code == 202
    assert client.post("/v1/index-jobs", json=request_of("grown", keep_first=8)).status_code == 202


def test_too_many_jobs_are_told_when_to_come_back(client_of, client, request_of, data):
    """429 with Retry-After."""
    client.__exit__(None, None, None)
    settings = client.service.state.settings
    asking = client_of(replace(settings, limits=replace(settings.limits, active_jobs=1)))
    assert asking.post("/v1/index-jobs", json=request_of("one")).status_code == 202
    answer = asking.post("/v1/index-jobs", json=request_of("two"))
    assert (answer.status_code, answer.json()["type"]) == (429, "/problems/busy")
    assert int(answer.headers["retry-after"]) > 0
    client.__enter__()


def test_the_list_is_paged_and_filtered(client, request_of, evaluation_of):
    """The newest first; the cursor leads on, the Link header too."""
    made = [client.post("/v1/index-jobs", json=request_of(f"t{number}")).json()["id"] for number in range(5)]
    made.append(client.post("/v1/evaluations", json=evaluation_of("e", timeline="tiny")).json()["id"])
    client.delete(f"/v1/jobs/{made[0]}")
    found, cursor = [], {}
    while True:
        answer = client.get("/v1/jobs", params={"limit": 2, **cursor})
        found += [one["id"] for one in answer.json()["answers"]]
        assert ("next" in answer.json()) == ("link" in answer.headers)
        if "next" not in answer.json():
            break
        cursor = {"cursor": answer.json()["next"]}
        assert f"cursor={cursor['cursor']}" in answer.headers["link"]
    assert found == made[::-1]

    def ids(**filters):
        return [one["id"] for one in client.get("/v1/jobs", params=filters).json()["answers"]]

    assert ids(kind="evaluate") == ids(evaluation="e") == ids(timeline="tiny") == [made[5]]
    assert ids(state="cancelled") == ids(timeline="t0") == [made[0]]
    assert ids(run="tiny") == made[4::-1]
    assert ids(run="tiny", state="running") == []


@pytest.mark.parametrize(
    "query", ["cursor=x", "cursor=ajE6MA", "limit=0", "limit=1001", "state=lost", "kind=x", "a=1", "limit=1&limit=2"]
)
def test_a_question_to_the_list_that_means_nothing_is_refused(reader, query):
    """Rather than answered as another one."""
    assert reader.get(f"/v1/jobs?{query}").status_code == 422


@pytest.mark.parametrize("form", ["application/x-ndjson", "text/csv", "application/vnd.apache.arrow.stream"])
def test_the_list_comes_in_every_form(client, request_of, form):
    """Objects whose fields nobody knows are JSON in them."""
    job = client.post("/v1/index-jobs", json=request_of("one")).json()
    answer = client.get("/v1/jobs", headers={"Accept": form})
    assert answer.headers["content-type"].startswith(form)
    assert job["id"].encode() in answer.content


def test_a_job_is_revalidated_until_it_changes(client, request_of, store):
    """304 for as long as nothing has changed, and a new tag as soon as anything has."""
    where = client.post("/v1/index-jobs", json=request_of("one")).headers["location"]
    tags = []

    def is_unchanged():
        answer = client.get(where, headers={"If-None-Match": tags[-1]} if tags else {})
        tags.append(answer.headers["etag"])
        return answer.status_code == 304

    assert [is_unchanged(), is_unchanged()] == [False, True]
    store.claim("index", "w")
    assert [is_unchanged(), is_unchanged()] == [False, True]
    store.heartbeat(where.rpartition("/")[2], 1, JobProgress("scan", 1.0, 2.0, "B"))
    assert [is_unchanged(), is_unchanged()] == [False, True]
    client.delete(where)
    assert [is_unchanged(), is_unchanged()] == [False, True]
    assert len(set(tags)) == 4


@pytest.mark.parametrize("job", ["nobody", "%00", "0" * 16, "..%2f", "é"])
def test_a_job_that_there_is_not_is_404_everywhere(reader, job):
    """Whatever is asked of it."""
    for method, path in (("GET", ""), ("DELETE", ""), ("GET", "/events"), ("GET", "/events?wait=false")):
        assert reader.request(method, f"/v1/jobs/{job}{path}").status_code == 404


def test_cancelling_is_at_once_for_queued_jobs_and_through_the_worker_for_running_ones(client, request_of, store):
    """And changes nothing of one that has ended, however often it is asked."""
    queued, running = (client.post("/v1/index-jobs", json=request_of(name)).json()["id"] for name in ("one", "two"))
    assert client.delete(f"/v1/jobs/{queued}").json()["state"] == "cancelled"
    assert store.claim("index", "w").job.id == running
    for _ in range(2):
        job = client.delete(f"/v1/jobs/{running}").json()
        assert (job["state"], job["is_cancelling"]) == ("running", True)
    assert store.heartbeat(running, 1, None).is_cancelled
    ended = store.finish(running, 1, Outcome("cancelled", problem="As asked."))
    assert client.delete(f"/v1/jobs/{running}").json()["state"] == ended.state == "cancelled"


def test_a_key_may_cancel_jobs_of_its_own_kind_only(client_of, data, client, request_of, evaluation_of):
    """Reading is for all of them; keys of different names have idempotency keys of their own."""
    client.__exit__(None, None, None)
    file = data.parent / "keys.json"
    keys = {scope: add_key(file, scope, (scope,)) for scope in ("read", "index", "evaluate", "worker")}
    asking = client_of(replace(client.service.state.settings, keys=file))

    def ask(scope, method, url, **options):
        headers = {"Authorization": f"Bearer {keys[scope]}", **options.pop("headers", {})}
        return asking.request(method, url, headers=headers, **options)

    assert ask("read", "POST", "/v1/index-jobs", json=request_of("one")).status_code == 403
    assert ask("evaluate", "POST", "/v1/index-jobs", json=request_of("one")).status_code == 403
    job = ask("index", "POST", "/v1/index-jobs", json=request_of("one")).headers["location"]
    assert ask("read", "GET", job).status_code == ask("evaluate", "GET", f"{job}/events?wait=false").status_code == 200
    assert ask("worker", "GET", job).status_code == 403
    for scope in ("read", "evaluate", "worker"):
        assert ask(scope, "DELETE", job).status_code == 403
    assert ask("index", "DELETE", job).json()["state"] == "cancelled"
    assert ask("index", "POST", "/v1/worker/claims", json={}).status_code == 403
    client.__enter__()


def test_a_service_that_only_answers_has_no_jobs(client_of, data, request_of, client):
    """And makes no file for them."""
    client.__exit__(None, None, None)
    for file in data.glob("jobs.sqlite*"):
        file.unlink()
    asking = client_of(replace(client.service.state.settings, is_read_only=True))
    answers = [
        asking.post("/v1/index-jobs", json=request_of("one")),
        *(asking.get(url) for url in ("/v1/jobs", "/v1/jobs/x", "/v1/jobs/x/events")),
        asking.delete("/v1/jobs/x"),
    ]
    assert {(one.status_code, one.json()["type"]) for one in answers} == {(409, "/problems/read-only")}
    assert list(data.glob("jobs.sqlite*")) == []
    client.__enter__()


def test_what_there_is_of_events_comes_as_ndjson(client, request_of, store):
    """One event a line, from the one after Last-Event-ID on."""
    job = client.post("/v1/index-jobs", json=request_of("one")).json()["id"]
    store.claim("index", "w")
    store.add_lines(job, 1, [Line("checkpoint", {"step": 3, "status": "scored", "reason": None})])
    answer = client.get(f"/v1/jobs/{job}/events?wait=false")
    events = [json.loads(line) for line in answer.text.splitlines()]
    assert [one["type"] for one in events] == ["state", "state", "checkpoint"]
    data = {"step": 3, "status": "scored", "reason": None}
    assert events[2] == {"id": events[2]["id"], "job": job, "type": "checkpoint", "data": data}
    later = client.get(f"/v1/jobs/{job}/events?wait=false", headers={"Last-Event-ID": str(events[1]["id"])})
    assert [json.loads(line) for line in later.text.splitlines()] == events[2:]


def worker(client, data):
    key = client.service.state.keys.grant("worker", ("worker",))

    def say(path, **body):
        return client.post(f"/v1/worker/{path}", json=body, headers={"Authorization": f"Bearer {key}"})

    return say, {"worker": "w1", "kind": "index", "directory": read_identity(data)}


def test_a_worker_claims_tells_and_ends_a_job(client, request_of, data):
    """The whole protocol, and what a client sees of it."""
    say, hello = worker(client, data)
    assert say("claims", **hello).status_code == 204
    job = client.post("/v1/index-jobs", json=request_of("one")).json()["id"]
    claim = say("claims", **hello).json()
    assert (claim["job"]["id"], claim["attempt"], claim["lease_seconds"]) == (job, 1, 30.0)
    progress = {"stage": "index", "done": 1, "total": 4, "unit": "B"}
    lease = say(f"jobs/{job}/heartbeats", attempt=1, progress=progress)
    assert lease.json() == {"is_cancelled": False, "lease_seconds": 30.0}
    assert client.get(f"/v1/jobs/{job}").json()["progress"] == progress
    lines = [{"type": "note", "data": {"text": "hé"}}, {"type": "progress", "data": progress | {"done": 2}}]
    for _ in range(2):
        assert say(f"jobs/{job}/lines", attempt=1, lines=lines, said_before=0).status_code == 204
    outcome = {"attempt": 1, "state": "succeeded", "result": {"timeline": "one"}}
    ended = [say(f"jobs/{job}/outcome", **outcome).json() for _ in range(2)]
    assert ended[0] == ended[1] == client.get(f"/v1/jobs/{job}").json()
    assert (ended[0]["state"], ended[0]["result"], ended[0]["progress"]["done"]) == (
        "succeeded",
        {"timeline": "one"},
        2,
    )
    stale = say(f"jobs/{job}/outcome", **outcome | {"result": {}})
    assert (stale.status_code, stale.json()["type"]) == (409, "/problems/stale-attempt")


def test_a_worker_of_another_data_directory_is_refused(reader, workshop):
    """It would write where nobody looks."""
    say, hello = worker(reader, workshop / "data")
    refused = say("claims", **hello | {"directory": "0" * 32})
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/conflict")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("claims", {"worker": "w", "kind": "index"}),
        ("claims", {"worker": "w", "kind": "index", "directory": "x", "wait_seconds": 31}),
        ("claims", {"worker": "a b", "kind": "index", "directory": "x"}),
        ("jobs/x/heartbeats", {"attempt": 0}),
        ("jobs/x/heartbeats", {"attempt": 1, "progress": {"stage": "a"}}),
        ("jobs/x/lines", {"attempt": 1, "lines": [{"type": "outcome", "data": {}}]}),
        ("jobs/x/lines", {"attempt": 1, "lines": [{"type": "progress", "data": {"stage": "a"}}]}),
        ("jobs/x/lines", {"attempt": 1, "lines": [{"type": "note", "data": {"text": "x" * 70_000}}]}),
        ("jobs/x/outcome", {"attempt": 1, "state": "failed"}),
        ("jobs/x/outcome", {"attempt": 1, "state": "queued", "problem": "x"}),
        ("jobs/x/outcome", {"attempt": 1, "state": "succeeded", "is_retryable": True}),
    ],
)
def test_words_of_a_worker_that_mean_nothing_are_refused(reader, workshop, path, body):
    """Whole, so that nothing half understood is kept."""
    say, _ = worker(reader, workshop / "data")
    assert say(path, **body).status_code == 422


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-1e999"])
def test_numbers_that_json_has_not_are_refused(reader, number):
    """They would break every reader of the events."""
    key = reader.service.state.keys.grant("another", ("worker",))
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    for path, body in (
        ("lines", f'{{"attempt": 1, "lines": [{{"type": "measurement", "data": {{"value": {number}}}}}]}}'),
        ("outcome", f'{{"attempt": 1, "state": "succeeded", "result": {{"value": {number}}}}}'),
        ("heartbeats", f'{{"attempt": 1, "progress": {{"stage": "", "done": {number}, "total": 1, "unit": ""}}}}'),
    ):
        answer = reader.post(f"/v1/worker/jobs/x/{path}", content=body, headers=headers)
        assert answer.status_code == 422


def test_halves_of_surrogate_pairs_are_kept_as_what_can_be_written(client, data, request_of):
    """A child may print anything; no answer breaks by it."""
    say, hello = worker(client, data)
    job = client.post("/v1/index-jobs", json=request_of("one")).json()["id"]
    say("claims", **hello)
    key = client.service.state.keys.grant("another", ("worker",))
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    lines = '{"attempt": 1, "lines": [{"type": "note", "data": {"t\\ud800": ["\\udfff", "\\ud83d\\ude00"]}}]}'
    assert client.post(f"/v1/worker/jobs/{job}/lines", content=lines, headers=headers).status_code == 204
    body = '{"attempt": 1, "state": "failed", "problem": "bad \\ud800 text\\u0000"}'
    assert client.post(f"/v1/worker/jobs/{job}/outcome", content=body, headers=headers).status_code == 200
    assert client.get(f"/v1/jobs/{job}").json()["problem"] == "bad \\ud800 text\0"
    told = [json.loads(line) for line in client.get(f"/v1/jobs/{job}/events?wait=false").text.splitlines()]
    assert [one["data"] for one in told if one["type"] == "note"] == [{"t\\ud800": ["\\udfff", "😀"]}]
