"""Tables for people: their form, on the terminal and in Markdown."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.tasks import Task


@dataclass(frozen=True)
class Table:
    """A titled table; a `note` stands below it."""

    title: str
    columns: tuple[str, ...]
    rows: list[dict[str, object]]
    note: str = ""


def markdown(table: Table) -> str:
    """A table with its note."""
    lines = [table.columns, ["---"] * len(table.columns)]
    lines += [[cell(row[column]) for column in table.columns] for row in table.rows]
    text = "".join(f"| {' | '.join(line)} |\n" for line in lines)
    return f"{text}\n{table.note}\n" if table.note else text


def cell(value: object) -> str:
    """One value as people read it."""
    if value is None:
        return "–"
    return f"{value:,}" if isinstance(value, int) else str(value).replace("|", "\\|")


def name_of(task: Task) -> str:
    """A side and its variant."""
    return task.side if task.variant == "default" else f"{task.side}, {task.variant}"
