"""What was measured of a run for COPY's experiment, by step: small enough to be committed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from evaluator.folder import EvaluationFolder
from evaluator.measured_rows import stored_measures
from exposure.artefacts import atomic_write

FORMAT = "exposure.copying-curves"
COPIED = ("copying-tokens", "copying-hex")
BY_HEAD = ("induction", "induction-folded", "induction-attention", "eigenvalue-positivity", "previous-token")
LEVELS = (0.1, 0.5)
"""Shares of queries that are copied, whose first step is told."""

FORMED = 0.3
"""I of a head that counts as an induction head in the figures; the curves allow any other."""


@dataclass(frozen=True)
class CopyingCurves:
    """`copying`: name → share by step; `heads`: name → [step][layer][head], rounded to four digits."""

    steps: list[int]
    copying: dict[str, list[float]]
    heads: dict[str, list[list[list[float]]]]

    @classmethod
    def of(cls, folder: EvaluationFolder) -> CopyingCurves:
        """Of everything that is measured in an evaluation."""
        rows = pa.concat_tables([table for table, _ in stored_measures(folder)]).to_pylist()
        steps = sorted({row["step"] for row in rows})
        whole = {(row["measure"], row["step"]): row["value"] for row in rows if row["level"] == "overall"}
        copying = {name: [_short(whole[name, step]) for step in steps] for name in COPIED}
        return cls(steps, copying, {name: _by_head(rows, name, steps) for name in BY_HEAD})

    @property
    def figures(self) -> dict[str, Any]:
        """The first steps at which so much is copied, what is copied at the end, and when heads formed, by layer."""
        firsts = {
            f"{name}: first step at {level:g}": self._first(values, level)
            for name, values in self.copying.items()
            for level in LEVELS
        }
        last = {f"{name}: at the end": values[-1] for name, values in self.copying.items()}
        return {**firsts, **last, **{f"layer {layer}": said for layer, said in enumerate(self._layers())}}

    def _layers(self) -> list[dict[str, Any]]:
        """Of each layer: greatest I at the end, heads that formed, the first step at which one had."""
        layers: list[dict[str, Any]] = []
        for layer in range(len(self.heads["induction"][0])):
            best = [max(of_step[layer]) for of_step in self.heads["induction"]]
            formed = sum(value >= FORMED for value in self.heads["induction"][-1][layer])
            layers.append({"greatest I": best[-1], "formed": formed, "first step": self._first(best, FORMED)})
        return layers

    def _first(self, values: list[float], level: float) -> int | None:
        return next((step for step, value in zip(self.steps, values, strict=True) if value >= level), None)

    def save(self, path: Path, facts: Mapping[str, Any]) -> None:
        """Write them with `facts` as JSON, a line an entry."""
        document = {"format": FORMAT, **facts, "steps": self.steps, "copying": self.copying, "heads": self.heads}
        lines = (f"{json.dumps(name)}: {json.dumps(value)}" for name, value in document.items())
        with atomic_write(path) as partial:
            partial.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def _by_head(rows: list[dict[str, Any]], name: str, steps: list[int]) -> list[list[list[float]]]:
    values = {(row["step"], row["layer"], row["head"]): row["value"] for row in rows if row["measure"] == name}
    layers, heads = (1 + max(key[at] for key in values) for at in (1, 2))
    return [[[_short(values[step, layer, head]) for head in range(heads)] for layer in range(layers)] for step in steps]


def _short(value: float) -> float:
    return round(value, 4)
