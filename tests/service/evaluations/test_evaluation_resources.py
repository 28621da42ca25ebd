"""What evaluations are, over REST: facts, checkpoints, the page; old, begun, damaged and deleted ones."""

from __future__ import annotations

import fcntl
import html
import json
import re
import shutil
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from report_pages import QUICK

from evaluator.folder import EvaluationFolder
from evaluator.measurements import write_measurements
from evaluator.report.build import build_report
from evaluator.report.files import write_report
from exposure.cli import root
from service.settings import Settings, Workers
from service.upkeep.evaluation_checks import check_evaluation

EVALUATIONS = "/v1/evaluations"
OF_ONE = ("checkpoints", "measurements", "items?from_step=0", "lags", "paradigms", "splits", "report")


def test_every_evaluation_is_listed_with_what_it_is(ask: Any) -> None:
    """By name; one that has only begun with its problem, and without any other fact."""
    found = {one["name"]: one for one in ask.get(EVALUATIONS).json()["answers"]}
    assert list(found) == ["bare", "begun", "nasty", "old"]
    assert "has only begun" in found["begun"]["problem"]
    nasty = found["nasty"]
    assert nasty["problem"] is None
    assert nasty["measures"] == [
        "accuracy",
        "accuracy-wilson",
        "macro-accuracy",
        "mean-delta",
        "ties",
    ]
    assert (nasty["scored"], nasty["duplicates"], nasty["broken"]) == (4, 1, 1)
    assert nasty["steps"] == [0, 100, 200, 400]
    assert nasty["conventions"] == ["exposure", "lm-eval", "minicons"]
    assert (nasty["timeline"], nasty["order_digest"], nasty["pairs"]) == ("tiny", "0" * 64, 60)
    assert found["old"]["measures"] == []
    assert found["bare"]["timeline"] is None
    assert ask.get(f"{EVALUATIONS}/nasty").json() == nasty


def test_checkpoints_say_what_became_of_each(ask: Any) -> None:
    """With their reasons, and without the folders of the machine."""
    rows = {one["step"]: one for one in ask.get(f"{EVALUATIONS}/nasty/checkpoints").json()["answers"]}
    assert [(step, one["status"]) for step, one in rows.items()] == [
        (0, "scored"), (100, "scored"), (200, "scored"), (300, "duplicate"), (400, "scored"), (500, "broken"),
    ]  # fmt: skip
    assert rows[300]["same_weights_as"] == [200]
    assert rows[500]["reason"] == "step-500/model.safetensors ends too early."


def test_what_is_no_evaluation_is_not_found(ask: Any) -> None:
    """Nor anything that is no name."""
    for name in ("none", "..", ".hidden", "a%2Fb", "a%00b", "x" * 101):
        for rest in ("", *(f"/{one}" for one in OF_ONE)):
            assert ask.get(f"{EVALUATIONS}/{name}{rest}").status_code in (404,), name


def test_an_evaluation_that_has_only_begun_says_so(ask: Any) -> None:
    """Whatever is asked of it."""
    for rest in ("", *(f"/{one}" for one in OF_ONE)):
        refused = ask.get(f"{EVALUATIONS}/begun{rest}")
        assert refused.status_code == 409, rest
        assert "POST /v1/evaluations" in refused.json()["detail"]


def test_an_evaluation_of_an_older_version_says_what_to_do_and_is_served_then(own: Path, asking: Any) -> None:
    """Without seals and measurements, as it was left; one command later everything is answered."""
    folder = own / "evaluations" / "old"
    for name in ("evaluation.json", "checkpoints.json"):
        document = json.loads((folder / name).read_text())
        bare = [{key: one[key] for key in one if key != "sha256"} for one in _listed(document)]
        (folder / name).write_text(json.dumps(bare if isinstance(document, list) else bare[0], indent=2))
    ask = asking(own)
    assert ask.get(f"{EVALUATIONS}/old").json()["scored"] == 2
    assert len(ask.get(f"{EVALUATIONS}/old/checkpoints").json()["answers"]) == 2
    for rest in OF_ONE[1:]:
        refused = ask.get(f"{EVALUATIONS}/old/{rest}")
        assert refused.status_code == 409, rest
        assert "exposure report evaluations/old" in refused.json()["detail"]
    root.main(["report", str(folder), "--permutations", "9", "--bootstrap", "9"], standalone_mode=False)
    for rest in OF_ONE:
        assert ask.get(f"{EVALUATIONS}/old/{rest}").status_code == 200, rest


def _listed(document: Any) -> list[Any]:
    return document if isinstance(document, list) else [document]


@pytest.mark.parametrize(
    ("name", "rest", "listed"),
    [
        ("evaluation.json", "", True),
        ("checkpoints.json", "/checkpoints", True),
        ("measurements.parquet", "/measurements", True),
        ("exposures.parquet", "", True),
        ("pairs.parquet", "/items?step=0", False),
        ("split.parquet", "/items?step=0", False),
        ("report/lags.parquet", "/lags", False),
    ],
)
def test_damage_is_said_and_hurts_nothing_else(own: Path, asking: Any, name: str, rest: str, listed: bool) -> None:
    """With what to do, never with a path of the machine, and the list has the others as before."""
    path = own / "evaluations" / "nasty" / name
    ask = asking(own)
    for content in (b"", b"{}", b"PAR1 torn PAR1", b"[" * 5000, b"\xff\xfe\x00"):
        path.write_bytes(content)
        answer = ask.get(f"{EVALUATIONS}/nasty{rest}")
        assert answer.status_code in (200, 409)
        said = answer.json()["detail"] if answer.status_code == 409 else answer.json()["problem"]
        assert re.search(r"Delete|again|exposure report", said), said
        assert str(own) not in answer.text
        found = {one["name"]: one for one in ask.get(EVALUATIONS).json()["answers"]}
        assert (found["nasty"]["problem"] is not None) == listed
        assert found["bare"]["problem"] is None


def test_a_digit_that_changed_on_the_disk_is_not_served(own: Path, asking: Any) -> None:
    """Pages of Parquet carry checksums, and they are looked at; what is answered at all is what was written."""
    path = own / "evaluations" / "nasty" / "measurements.parquet"
    content = path.read_bytes()
    ask = asking(own)
    truth = ask.get(f"{EVALUATIONS}/nasty/measurements").json()
    refused = 0
    for place in range(200, 4000, 100):
        path.write_bytes(content[:place] + bytes([content[place] ^ 0x10]) + content[place + 1 :])
        try:
            answer = ask.get(f"{EVALUATIONS}/nasty/measurements")
        except Exception as cut:  # an answer that had begun is cut off
            assert "damaged" in str(cut)  # noqa: PT017
            refused += 1
            continue
        refused += answer.status_code == 409
        assert answer.status_code == 409 or answer.json() == truth, place
    assert refused > 20


@pytest.mark.parametrize(
    ("name", "rest"),
    [
        ("report/lags.parquet", "lags"),
        ("report/paradigms.parquet", "paradigms"),
        ("report/splits.parquet", "splits"),
        ("report/report.html", "report"),
        ("report/files.json", "lags"),
        ("split.parquet", "items?step=0"),
    ],
)
def test_a_flipped_byte_is_refused_wherever_it_is(own: Path, asking: Any, name: str, rest: str) -> None:
    """In pages, feet and headers alike: 409 with what to do, or the very answer of before; the doctor finds each."""
    path = own / "evaluations" / "nasty" / name
    content, ask, url = path.read_bytes(), asking(own), f"{EVALUATIONS}/nasty/{rest}"
    truth, refused = ask.get(url).content, 0
    for place in range(0, len(content), len(content) // 30):
        path.write_bytes(content[:place] + bytes([content[place] ^ 0x04]) + content[place + 1 :])
        answer = ask.get(url)
        assert answer.status_code == 409 or answer.content == truth, place
        refused += answer.status_code == 409
        if answer.status_code == 409:
            assert answer.json()["type"] == "/problems/unavailable"
            assert "exposure report" in answer.json()["detail"]
            assert [one.place for one in check_evaluation(own, path.parents[name.count("/")])] == [path]
    assert refused >= (30 if name.startswith("report/") and name != "report/files.json" else 10)
    path.write_bytes(content)
    assert ask.get(url).content == truth


def test_a_report_without_its_list_is_served_as_it_is(own: Path, asking: Any) -> None:
    """As older versions left it; the doctor says that it cannot be checked, and one report later it can be."""
    folder, ask = own / "evaluations" / "nasty", asking(own)
    truth = [ask.get(f"{EVALUATIONS}/nasty/{rest}").content for rest in ("lags", "report")]
    (folder / "report" / "files.json").unlink()
    assert [ask.get(f"{EVALUATIONS}/nasty/{rest}").content for rest in ("lags", "report")] == truth
    (found,) = check_evaluation(own, folder)
    assert "cannot be checked" in found.problem
    assert "exposure report" in found.remedy
    write_measurements(EvaluationFolder.open(folder), QUICK)
    assert list(check_evaluation(own, folder)) == []


def test_a_file_of_the_report_that_is_gone_is_said(own: Path, asking: Any) -> None:
    """By the service and by the doctor."""
    folder = own / "evaluations" / "nasty"
    (folder / "report" / "lags.parquet").unlink()
    refused = asking(own).get(f"{EVALUATIONS}/nasty/lags")
    assert refused.status_code == 409
    assert "it is gone" in refused.json()["detail"]
    assert [one.place.name for one in check_evaluation(own, folder)] == ["lags.parquet"]


def test_lost_exposures_are_said_and_nothing_is_answered_as_without_a_timeline(own: Path, asking: Any) -> None:
    """The split, and without it what was measured, still know that there was one."""
    folder, ask = own / "evaluations" / "nasty", asking(own)
    (folder / "exposures.parquet").unlink()
    for witness in ("split.parquet", "measurements.parquet"):
        assert f"{witness} says that a timeline" in ask.get(f"{EVALUATIONS}/nasty").json()["problem"]
        for rest in ("items?step=0", "items?step=0&split=proxy-train"):
            refused = ask.get(f"{EVALUATIONS}/nasty/{rest}")
            assert (refused.status_code, refused.json()["type"]) == (409, "/problems/unavailable")
            assert "with the timeline again" in refused.json()["detail"]
            assert str(own) not in refused.text
        (found,) = check_evaluation(own, folder)
        assert found.place == folder / "exposures.parquet"
        assert found.problem.startswith("is gone")
        (folder / "split.parquet").unlink(missing_ok=True)


def test_measurements_that_are_gone_beside_their_report_are_said(own: Path, asking: Any) -> None:
    """An evaluation that was never measured has no report either."""
    folder = own / "evaluations" / "nasty"
    (folder / "measurements.parquet").unlink()
    assert "measurements.parquet is not there" in asking(own).get(f"{EVALUATIONS}/nasty").json()["problem"]
    assert [one.place.name for one in check_evaluation(own, folder)] == ["measurements.parquet"]
    assert list(check_evaluation(own, own / "evaluations" / "old")) == []


def test_a_report_is_served_while_it_is_written_anew(own: Path, asking: Any) -> None:
    """Whole answers of before or after, never a refusal: its list is gone while its files change."""
    ask, folder = asking(own), own / "evaluations" / "nasty"
    reports = [build_report([folder], replace(QUICK, sides=sides)) for sides in ("either", "good")]
    url, states = f"{EVALUATIONS}/nasty/splits", []
    for report in reports:
        write_report(report, folder / "report")
        states.append(ask.get(url).content)
    assert states[0] != states[1]
    stop = threading.Event()

    def rewrite() -> None:
        while not stop.is_set():
            for report in reports:
                write_report(report, folder / "report")

    writer = threading.Thread(target=rewrite)
    writer.start()
    try:
        for _ in range(40):
            answer = ask.get(url)
            assert answer.content in states, answer.text
    finally:
        stop.set()
        writer.join()


def test_nothing_outside_of_the_data_directory_is_read(own: Path, asking: Any, tmp_path: Path) -> None:
    """Neither an evaluation nor a file of one that is a link to elsewhere."""
    evaluations = own / "evaluations"
    elsewhere = tmp_path / "elsewhere"
    shutil.copytree(evaluations / "nasty", elsewhere)
    (elsewhere / "report" / "report.html").write_text("canary")
    (evaluations / "linked").symlink_to(elsewhere)
    (evaluations / "nasty" / "report" / "report.html").unlink()
    (evaluations / "nasty" / "report" / "report.html").symlink_to(elsewhere / "report" / "report.html")
    (evaluations / "nasty" / "measurements.parquet").unlink()
    (evaluations / "nasty" / "measurements.parquet").mkdir()
    ask = asking(own)
    for url in ("linked", "linked/report", "nasty/report", "nasty/measurements"):
        refused = ask.get(f"{EVALUATIONS}/{url}")
        assert refused.status_code == 409, url
        assert "canary" not in refused.text
        assert str(tmp_path) not in refused.text
    (linked,) = [one for one in ask.get(EVALUATIONS).json()["answers"] if one["name"] == "linked"]
    assert "leads out" in linked["problem"]
    assert linked["series"] is None


def test_the_page_is_the_reports_under_a_strict_policy(ask: Any, evaluated: Path) -> None:
    """Byte for byte but for the folders of the machine; nothing in it needs more than the policy allows."""
    answer = ask.get(f"{EVALUATIONS}/nasty/report")
    written = (evaluated / "evaluations" / "nasty" / "report" / "report.html").read_text()
    assert "/elsewhere/models" in html.unescape(written)
    assert "/elsewhere" not in html.unescape(answer.text)
    assert answer.text == written.replace("/elsewhere/models/", "").replace("/elsewhere/models", "models")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    policy = dict(one.strip().partition(" ")[::2] for one in answer.headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["style-src"] == "'unsafe-inline'"
    assert "script-src" not in policy
    assert "sandbox" in policy
    assert policy["base-uri"] == policy["form-action"] == "'none'"
    assert not re.search(r"<(script|link|iframe|img|form|base|object)\b|\son\w+=|url\(", answer.text)


def test_what_has_not_changed_is_not_sent_again(own: Path, asking: Any) -> None:
    """304 until the evaluation is measured again; other answers of it have tags of their own."""
    ask = asking(own)
    for turn, rest in enumerate(["", *(f"/{one}" for one in OF_ONE)]):
        url = f"{EVALUATIONS}/nasty{rest}"
        tag = {"If-None-Match": ask.get(url).headers["etag"]}
        assert ask.get(url, headers=tag).status_code == 304, url
        request = replace(QUICK, sides="bad" if turn % 2 else "good")
        write_measurements(EvaluationFolder.open(own / "evaluations" / "nasty"), request)
        expected = 304 if rest == "/checkpoints" else 200
        assert ask.get(url, headers=tag).status_code == expected, url


def test_pages_of_before_and_after_are_never_mixed(own: Path, asking: Any) -> None:
    """The next page is refused when what it is of has changed, and answered when it has not."""
    ask, folder = asking(own), EvaluationFolder.open(own / "evaluations" / "nasty")
    cursors = {
        url: ask.get(f"{EVALUATIONS}/nasty/{url}").json()["next"]
        for url in ("measurements?limit=5", "items?step=0&limit=5", "items?to_step=9999&limit=5")
    }

    def status(url: str) -> int:
        code: int = ask.get(f"{EVALUATIONS}/nasty/{url}&cursor={cursors[url]}").status_code
        return code

    folder.keep_checkpoints([*folder.checkpoints, folder.checkpoints[0].model_copy(update={"step": 900})])
    assert [status(url) for url in cursors] == [200, 200, 409]
    write_measurements(folder, replace(QUICK, sides="good"))
    assert [status(url) for url in cursors] == [409, 409, 409]
    refused = ask.get(f"{EVALUATIONS}/nasty/measurements?limit=5&cursor={cursors['measurements?limit=5']}")
    assert "Begin again" in refused.json()["detail"]


def test_answers_are_of_one_state_while_the_evaluation_is_written(own: Path, asking: Any) -> None:
    """Whole answers are one of two states, and pages too, however often one takes the other's place meanwhile."""
    ask = asking(own)
    folder = own / "evaluations" / "nasty"
    states, files = [], []
    for sides in ("either", "good"):
        write_measurements(EvaluationFolder.open(folder), replace(QUICK, sides=sides))
        states.append(
            [ask.get(f"{EVALUATIONS}/nasty/{url}").json()["answers"] for url in ("measurements", "items?step=0")]
        )
        files.append({name: (folder / name).read_bytes() for name in ("measurements.parquet", "split.parquet")})
    assert states[0][0] != states[1][0]
    assert states[0][1] != states[1][1]
    stop = threading.Event()

    def rewrite() -> None:
        turn = 0
        while not stop.is_set():
            for name, content in files[turn % 2].items():
                (folder / f"{name}.new").write_bytes(content)
                (folder / f"{name}.new").replace(folder / name)
            turn += 1
            stop.wait(0.003)

    writer = threading.Thread(target=rewrite)
    writer.start()
    try:
        outcomes = [_paged(ask, url, [one[at] for one in states]) for _ in range(15) for at, url in enumerate(
            ("measurements?limit=200", "items?step=0&limit=20"))]  # fmt: skip
        for _ in range(15):
            assert ask.get(f"{EVALUATIONS}/nasty/measurements").json()["answers"] in [one[0] for one in states]
            assert ask.get(f"{EVALUATIONS}/nasty/items?step=0").json()["answers"] in [one[1] for one in states]
    finally:
        stop.set()
        writer.join()
    assert "refused" in outcomes


def _paged(ask: Any, url: str, states: list[list[Any]]) -> str:
    """Read all pages; they are one of `states`, or one of them is refused."""
    found: list[Any] = []
    cursor = ""
    while True:
        page = ask.get(f"{EVALUATIONS}/nasty/{url}{cursor}")
        if page.status_code == 409:
            return "refused"
        found += page.json()["answers"]
        if page.json().get("next") is None:
            assert found in states
            return "whole"
        cursor = f"&cursor={page.json()['next']}"


def test_deleting_takes_the_whole_evaluation_away(own: Path, asking: Any) -> None:
    """It is gone when the answer comes, and nothing else is."""
    ask = asking(own)
    assert ask.delete(f"{EVALUATIONS}/old").status_code == 204
    assert not (own / "evaluations" / "old").exists()
    assert ask.get(f"{EVALUATIONS}/old").status_code == ask.delete(f"{EVALUATIONS}/old").status_code == 404
    assert [one["name"] for one in ask.get(EVALUATIONS).json()["answers"]] == ["bare", "begun", "nasty"]
    assert ask.delete(f"{EVALUATIONS}/nasty?force=1").status_code == 422


def test_an_evaluation_that_is_worked_on_is_not_deleted(own: Path, asking: Any) -> None:
    """A command that holds its lock is waited for by whoever deletes."""
    lock = own / "evaluations" / "old" / "lock"
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert asking(own).delete(f"{EVALUATIONS}/old").status_code == 409
    assert (own / "evaluations" / "old" / "evaluation.json").exists()


def test_a_service_that_only_answers_deletes_nothing(own: Path, client_of: Callable[[Settings], Any]) -> None:
    """And answers everything else."""
    ask = client_of(Settings(own, workers=Workers(0, 0), is_read_only=True))
    assert ask.delete(f"{EVALUATIONS}/old").json()["type"] == "/problems/read-only"
    assert ask.get(f"{EVALUATIONS}/nasty/measurements").status_code == 200
