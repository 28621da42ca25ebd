"""What was measured of an evaluation: each file of the report against the report's list, and the files beside it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from evaluator.measurement_file import MEASUREMENTS
from evaluator.measurements import REPORT
from evaluator.report.file_list import LIST, digests_from
from evaluator.report.files import PAGE
from evaluator.split_witness import EXPOSURES, found_in, lost_exposures
from exposure.provenance import sha256_of_file
from service.upkeep.finding import Finding
from service.upkeep.quarantine import quarantine

_REPORT_ANEW = "Run `exposure report` on the evaluation"


def check_report(data: Path, evaluation: Path) -> Iterator[Finding]:
    """The folder `report` of an evaluation, and what must stand where it stands."""
    yield from _check_missing(evaluation)
    report = evaluation / REPORT
    try:
        digests = digests_from((report / LIST).read_bytes())
    except FileNotFoundError:
        if (report / PAGE).exists():
            problem = f"cannot be checked: it has no {LIST}, as older versions wrote none"
            yield Finding(report, problem, f"{_REPORT_ANEW}: all is written anew.")
        return
    except (ValueError, RecursionError, OSError) as error:
        yield _damaged(data, report / LIST, f"cannot be read: {str(error).splitlines()[0]}")
        return
    for name, digest in digests.items():
        yield from _check_file(data, report / name, digest)


def _check_file(data: Path, place: Path, digest: str) -> Iterator[Finding]:
    try:
        if sha256_of_file(place) != digest:
            yield _damaged(data, place, f"does not have the sha256 that stands in {LIST}")
    except FileNotFoundError:
        yield Finding(place, f"is missing: it stands in {LIST}", f"{_REPORT_ANEW}: it is written anew.")


def _check_missing(evaluation: Path) -> Iterator[Finding]:
    if lost := lost_exposures(evaluation, found_in(evaluation)):
        problem, _, remedy = lost.removeprefix(f"{evaluation}/{EXPOSURES} ").partition(". ")
        yield Finding(evaluation / EXPOSURES, problem, remedy)
    if (evaluation / REPORT / PAGE).exists() and not (evaluation / MEASUREMENTS).exists():
        place = evaluation / MEASUREMENTS
        yield Finding(place, "is missing, though there is a report", f"{_REPORT_ANEW}: they are written anew.")


def _damaged(data: Path, place: Path, problem: str) -> Finding:
    remedy = f"Move it to quarantine/. Then {_REPORT_ANEW[0].lower()}{_REPORT_ANEW[1:]}."
    return Finding(place, problem, remedy, partial(quarantine, data, place))
