"""What the documents say is true: commands, links, tables and constants."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from exposure.cli import COMMANDS
from exposure.generation_tables import TABLES

ROOT = Path(__file__).parent.parent
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])


def test_the_cli_reference_is_what_help_prints() -> None:
    """docs/cli.md is made from the commands' own help, and nobody forgot to make it again."""
    # In a process of its own: click keeps the help options of the commands that other tests have called.
    script = ROOT / "scripts" / "write_cli_reference.py"
    printed = subprocess.run([sys.executable, str(script), "--print"], capture_output=True, check=True).stdout.decode()
    assert (ROOT / "docs" / "cli.md").read_text(encoding="utf-8") == printed


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(document: Path) -> None:
    """Every relative link in a document names a file or folder that is there."""
    text = document.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", text):
        if not target.startswith("http"):
            assert (document.parent / target).exists(), target


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_commands_in_documents_exist(document: Path) -> None:
    """Every `exposure NAME` in a code block or in code marks is a command."""
    text = document.read_text(encoding="utf-8")
    for name in re.findall(r"(?:^|\$ |`)exposure ([a-z][a-z-]+)", text, re.MULTILINE):
        assert name in COMMANDS, name


def test_every_table_and_column_is_documented() -> None:
    """docs/timeline-tables.md names every table, and every column that is not one of the first_/last_ families."""
    text = (ROOT / "docs" / "timeline-tables.md").read_text(encoding="utf-8")
    for table, columns in TABLES.items():
        row = next(line for line in text.splitlines() if line.startswith(f"| `{table}`"))
        for column in (part.split()[0].strip('"') for part in columns.split(", ")):
            if not column.startswith("last_"):
                assert f"`{column}`" in row, (table, column)


def test_the_demo_runs(tmp_path: Path) -> None:
    """`make demo`'s script, on less, goes from a corpus to a report, and the service answers at its end."""
    environment = {"PATH": f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin"}
    finished = subprocess.run(
        ["sh", str(ROOT / "scripts" / "demo.sh"), str(tmp_path / "demo"), "quick"],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
        cwd=tmp_path,
    )
    assert finished.returncode == 0, finished.stderr
    assert '"status":"seen"' in finished.stdout.replace(" ", "")
    assert "# Done, in " in finished.stdout
    assert (tmp_path / "demo" / "evaluation" / "report" / "report.html").exists()
