"""Metrics: what Prometheus reads is what was asked, by template and status, and nothing of what was asked."""

import re

from prometheus_client.parser import text_string_to_metric_families

from service.telemetry.metrics import BUCKETS, Metrics


def read(client) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Every sample: (name, labels) → value, as Prometheus' own reader sees it."""
    response = client.get("/metrics")
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/plain; version=0.0.4")
    families = text_string_to_metric_families(response.text)
    return {(one.name, tuple(sorted(one.labels.items()))): one.value for family in families for one in family.samples}


def requests_of(samples) -> dict[tuple[str, str, str], float]:
    return {
        tuple(value for _, value in labels): count
        for (name, labels), count in samples.items()
        if name == "exposure_requests_total"
    }


def test_requests_are_counted_by_template_and_status(client):
    """However many timelines and phrases there are, the labels stay few."""
    path = "/v1/timelines/{}/first-seen"
    for name, phrase in (("tiny", "a"), ("tiny", "b"), ("grown", "a"), ("nothing", "a")):
        client.get(path.format(name), params={"phrase": phrase})
    client.post(path.format("tiny"), content=b"{", headers={"content-type": "application/json"})
    for number in range(5):
        client.get(f"/v1/made-up-{number}")
    client.request("BREW", "/v1/health")
    template = path.format("{timeline}")
    assert requests_of(read(client)) == {
        ("GET", template, "200"): 3,
        ("GET", template, "404"): 1,
        ("POST", template, "400"): 1,
        ("GET", "(none)", "404"): 5,
        ("(other)", "(none)", "405"): 1,
    }


def test_latencies_add_up_to_the_requests(client):
    """Each question is in its histogram once."""
    for _ in range(3):
        client.get("/v1/timelines")
    client.get("/v1/health")
    samples = read(client)
    labels = (("method", "GET"), ("route", "/v1/timelines"))
    assert samples["exposure_request_seconds_count", labels] == 3
    counts = [samples["exposure_request_seconds_bucket", tuple(sorted((*labels, ("le", str(one)))))] for one in BUCKETS]
    assert counts == sorted(counts)
    assert 0 < samples["exposure_request_seconds_sum", labels] < 30
    health = (("method", "GET"), ("route", "/v1/health"))
    assert ("exposure_request_seconds_count", health) not in samples


def test_what_is_open_is_shown(client):
    """Generations, requests (this one), streams, bodies, jobs, and the process."""
    before = read(client)
    client.get("/v1/timelines/tiny/coverage")
    client.get("/v1/timelines/grown/coverage")
    after = read(client)
    assert (before["exposure_open_generations", ()], after["exposure_open_generations", ()]) == (0, 2)
    assert after["exposure_open_requests", ()] == 1
    for name in ("exposure_open_streams", "exposure_open_bodies", "exposure_open_body_bytes", "exposure_questions"):
        assert after[name, ()] == 0
    assert after["process_resident_memory_bytes", ()] > 10_000_000


def test_bytes_are_counted(client):
    """Of bodies and of answers."""
    body = b'{"phrases": ["cats sleep"]}'
    response = client.post("/v1/timelines/tiny/first-seen", content=body, headers={"content-type": "application/json"})
    samples = read(client)
    route = (("route", "/v1/timelines/{timeline}/first-seen"),)
    assert samples["exposure_received_bytes_total", route] == len(body)
    assert samples["exposure_sent_bytes_total", route] == len(response.content)


def test_jobs_are_shown_by_kind_and_state():
    """As the store counts them at that moment."""
    counts = {("index", "queued"): 2, ("evaluate", "failed"): 1}
    metrics = Metrics(lambda: counts, {})
    assert 'exposure_jobs{kind="index",state="queued"} 2.0' in metrics.text().decode()
    counts["index", "queued"] = 0
    assert 'exposure_jobs{kind="index",state="queued"} 0.0' in metrics.text().decode()


def test_two_services_in_one_process_count_apart(client, client_of, data):
    """Nothing is global."""
    from service.settings import Settings

    other = client_of(Settings(data, is_read_only=True))
    client.get("/v1/timelines")
    assert ("GET", "/v1/timelines", "200") not in requests_of(read(other))


def test_no_phrase_is_a_label(client):
    """Nor a name that somebody made up."""
    client.get("/v1/timelines/verysecret/first-seen", params={"phrase": "verysecret"})
    client.get("/verysecret")
    assert not re.search("verysecret", client.get("/metrics").text)
