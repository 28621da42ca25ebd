"""Reading a report's page as a browser would, far enough to compare it with the report's files."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree

from evaluator.delay_report import DelayRequest
from evaluator.report.build import Report, build_report
from evaluator.report.files import write_report
from evaluator.report.request import ReportRequest

Element = ElementTree.Element
Row = dict[str, str]

QUICK = ReportRequest(delay=DelayRequest(permutations=199, resamples=60))
"""Few draws: enough where a delay is planted, and quick."""


def report_on(out: Path, *evaluations: Path, request: ReportRequest = QUICK) -> Report:
    """Write the report on `evaluations` to `out`."""
    report = build_report(evaluations, request)
    write_report(report, out)
    return report


@dataclass(frozen=True)
class Page:
    """A page, parsed as XML: that alone shows that its markup is whole."""

    text: str
    root: Element

    @classmethod
    def read(cls, folder: Path) -> Page:
        text = (folder / "report.html").read_text(encoding="utf-8")
        return cls(text, ElementTree.fromstring(text))

    def section(self, anchor: str) -> Element | None:
        return next((one for one in self.root.iter("section") if one.get("id") == anchor), None)

    def card(self, uid: str) -> Element:
        """The paradigm's article."""
        cards = [one for one in self.root.iter("article") if words(one.find(".//h3")) == uid]
        assert cards, uid
        return cards[0]

    def pictures(self, class_: str) -> list[Element]:
        return [one for one in self.root.iter("svg") if class_ in one.get("class", "").split()]


def words(element: Element | None) -> str:
    """All text of an element, white space in one piece."""
    assert element is not None
    return re.sub(r"\s+", " ", "".join(element.itertext())).strip()


def table(within: Element, caption: str) -> list[list[str]]:
    """The cells of the table whose caption begins so, row by row."""
    for one in within.iter("table"):
        if words(one.find("caption")).startswith(caption):
            return [[words(cell) for cell in row] for row in one.find("tbody") or []]
    raise AssertionError(f"no table {caption!r}")


def rows_of(path: Path) -> list[Row]:
    """The rows of a CSV file."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def drawn_points(path: Element) -> list[tuple[float, float]]:
    """The corners of a line in user units."""
    numbers = [float(one) for one in re.findall(r"-?\d+(?:\.\d+)?", path.get("d", ""))]
    return list(zip(numbers[::2], numbers[1::2], strict=True))


def with_class(picture: Element, *classes: str) -> list[Element]:
    """The elements that have all of `classes`."""
    return [one for one in picture.iter() if set(classes) <= set(one.get("class", "").split())]


def colliding(picture: Element) -> list[tuple[str, str]]:
    """Labels of ticks that overlap, as wide letters of a wide page and of a phone make them."""
    found = []
    for letter, hidden in ((6.6, ""), (10.5, "fine")):
        labels = [one for one in with_class(picture, "tick") if hidden not in one.get("class", "").split()]
        found += [
            (_text(a), _text(b)) for a, b in combinations(labels, 2) if _overlap(_box(a, letter), _box(b, letter))
        ]
    return found


def _text(label: Element) -> str:
    return label.text or ""


def _box(label: Element, letter: float) -> tuple[float, float, float, float]:
    """Left, right, top and bottom."""
    x, y, width = float(label.get("x", "")), float(label.get("y", "")), len(_text(label)) * letter
    left = x - {"middle": width / 2, "end": width}.get(label.get("text-anchor", ""), 0)
    return left, left + width, y - 1.3 * letter, y + 0.2 * letter


def _overlap(a: tuple[float, float, float, float], b: tuple[float, float, float, float]) -> bool:
    return a[0] < b[1] and b[0] < a[1] and a[2] < b[3] and b[2] < a[3]
