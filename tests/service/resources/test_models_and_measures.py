"""What requests may name: models of the operator's list, measures of the registry."""

import pytest

from evaluator.measure_specs import ASKED, MEASURES
from exposure.api.requests import EvaluationRequest
from service.settings import Settings


def test_models_are_those_of_the_operators_list(client_of, data, tmp_path):
    """By name; a hub's name as it is, a path from its root on, no other path at all."""
    (tmp_path / "models" / "pico").mkdir(parents=True)
    models = {"hub": "EleutherAI/pythia-70m@step{step}", "rooted": str(tmp_path / "models" / "pico"),
              "hidden": "/secret/place/model"}  # fmt: skip
    asking = client_of(Settings(data, models=models, model_roots={"m": tmp_path / "models"}))
    answer = asking.get("/v1/models")
    assert answer.json()["answers"] == [
        {"name": "hidden", "source": "a folder of the service's machine"},
        {"name": "hub", "source": "EleutherAI/pythia-70m@step{step}"},
        {"name": "rooted", "source": "m:pico"},
    ]
    assert str(tmp_path) not in answer.text


def test_without_a_list_there_are_no_models(client_of, data):
    """An empty list is an answer."""
    assert client_of(Settings(data)).get("/v1/models").json() == {"answers": []}


def test_measures_are_those_that_evaluations_write(reader):
    """Every name of the registry once, and what a request asks for by default is among what can be asked for."""
    rows = reader.get("/v1/measures").json()["answers"]
    assert [row["name"] for row in rows] == list(MEASURES)
    assert {row["asked_as"] for row in rows} == ASKED
    assert set(EvaluationRequest.model_fields["measures"].default) <= ASKED


def test_what_separates_sentences_is_told_apart_by_its_title(reader):
    """Of the concept vector, of its stricter readings and of the probe: AUROC, paired, their nulls and p."""
    titles = {row["name"]: row["title"] for row in reader.get("/v1/measures").json()["answers"]}
    names = [
        f"{by}-{of}{suffix}"
        for by in ("concept", "concept-disjoint", "concept-crossed", "probe")
        for of in ("auroc", "paired")
        for suffix in ("", "-null", "-p")
    ]
    assert len({titles[name] for name in names}) == 24
    assert titles["concept-disjoint-auroc-null"] == "AUROC, other critical lemmas, null"


@pytest.mark.parametrize("path", ["/v1/models", "/v1/measures", "/v1/runs", "/v1/pair-sets", "/v1/phrase-sets"])
@pytest.mark.parametrize(
    "media", ["application/json", "application/x-ndjson", "text/csv", "application/vnd.apache.arrow.stream",
              "application/vnd.apache.parquet"],
)  # fmt: skip
def test_lists_come_in_every_form(reader, path, media):
    """Also what is nested."""
    answer = reader.get(path, headers={"accept": media})
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith(media)
    assert reader.get(path, params={"x": 1}).json()["type"] == "/problems/invalid-request"
