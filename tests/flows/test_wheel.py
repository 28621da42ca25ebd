"""The wheel: every package in it, and names that nobody else in this environment claims."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from importlib.metadata import distributions
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
PACKAGES = ("exposure", "indexer", "evaluator", "lab", "service")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The wheel that the build backend makes of this tree, without the network."""
    pytest.importorskip("hatchling")
    folder = tmp_path_factory.mktemp("wheel")
    options = [
        "--no-deps",
        "--no-build-isolation",
        "--no-index",
        "--disable-pip-version-check",
        "--quiet",
        "-w",
        folder,
    ]
    build = [sys.executable, "-m", "pip", "wheel", REPOSITORY, *options]
    done = subprocess.run(build, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (path,) = folder.glob("*.whl")
    return zipfile.ZipFile(path)


def files_of(package: str) -> set[str]:
    """What a package holds in this tree, but for caches."""
    root = REPOSITORY / package
    paths = (path for path in root.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {path.relative_to(REPOSITORY).as_posix() for path in paths}


@pytest.mark.parametrize("package", PACKAGES)
def test_wheel_holds_every_file_of_every_package(wheel: zipfile.ZipFile, package: str) -> None:
    """Modules, py.typed, pages and styles: all that a package has, byte for byte."""
    expected = files_of(package)
    assert {f"{package}/__init__.py", f"{package}/py.typed"} <= expected
    held = {name for name in wheel.namelist() if name.startswith(f"{package}/")}
    assert held == expected
    for name in expected:
        assert wheel.read(name) == (REPOSITORY / name).read_bytes()


def test_wheel_holds_nothing_else(wheel: zipfile.ZipFile) -> None:
    """No tests, benchmarks or data of the repository come along; the command is declared."""
    tops = {name.split("/")[0] for name in wheel.namelist()}
    (info,) = tops - set(PACKAGES)
    assert info.endswith(".dist-info")
    assert "exposure = exposure.cli:main" in wheel.read(f"{info}/entry_points.txt").decode()
    assert "Private :: Do Not Upload" in wheel.read(f"{info}/METADATA").decode()


def test_no_other_distribution_claims_our_names() -> None:
    """`exposure`, `indexer` and `service` are common names: nothing installed beside us brings files under them."""
    claims = {
        (package, distribution.metadata["Name"])
        for distribution in distributions()
        for file in distribution.files or []
        for package in PACKAGES
        if file.parts[0] in (package, f"{package}.py") and distribution.metadata["Name"] != "exposure"
    }
    assert claims == set()
    for package in PACKAGES:
        module = __import__(package)
        assert module.__file__ == str(REPOSITORY / package / "__init__.py")
