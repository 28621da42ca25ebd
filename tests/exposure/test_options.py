"""What commands share: outputs that are never inputs, and numbers with their nouns."""

from pathlib import Path

import pytest

from exposure.commands.options import counted, refuse_overwriting
from exposure.errors import UsageError


def test_an_output_is_never_an_input(tmp_path: Path) -> None:
    """A file that is read, anything in a folder that is read, and other names for them are refused; the rest is not."""
    timeline, phrases = tmp_path / "timeline", tmp_path / "phrases.parquet"
    timeline.mkdir()
    phrases.write_text("")
    (tmp_path / "link.parquet").symlink_to(phrases)
    for bad in (phrases, tmp_path / "link.parquet", timeline, timeline / "timeline.json", timeline / "new.csv"):
        with pytest.raises(UsageError, match="would overwrite"):
            refuse_overwriting(bad, [timeline, None, phrases])
    for good in (None, tmp_path / "phrases.parquet2", tmp_path / "timeline2", tmp_path / "out.csv"):
        refuse_overwriting(good, [timeline, None, phrases])


def test_numbers_agree_with_their_nouns() -> None:
    """One row, no rows, thousands with their separator."""
    assert [counted(n, "row") for n in (0, 1, 2, 3000)] == ["0 rows", "1 row", "2 rows", "3,000 rows"]
