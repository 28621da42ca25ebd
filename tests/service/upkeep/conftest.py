"""A data directory with one of everything."""

import shutil
from pathlib import Path

import kept_directories
import pytest

from service.data_directory import DataDirectory


@pytest.fixture(scope="session")
def pairs_file(workshop: Path) -> Path:
    """A file of pairs without prescribed phrases."""
    path = workshop / "pairs.csv"
    path.write_text("uid,pair_id,sentence_good,sentence_bad\nregular,0,These cats sleep.,These cats sleeps.\n")
    return path


@pytest.fixture(scope="session")
def whole(workshop: Path, pairs_file: Path, tmp_path_factory: pytest.TempPathFactory) -> DataDirectory:
    """Timelines, a run, sets, an evaluation, jobs; only to be read."""
    place = tmp_path_factory.mktemp("kept") / "data"
    shutil.copytree(workshop / "data" / "timelines", place / "timelines")
    return kept_directories.fill(place, workshop / "run.json", pairs_file)


@pytest.fixture
def kept(whole: DataDirectory, tmp_path: Path) -> DataDirectory:
    """A copy of one's own."""
    shutil.copytree(whole.path, tmp_path / "data")
    return DataDirectory(tmp_path / "data")
