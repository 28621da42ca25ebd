"""Compiled code is made once for a machine, found again by any process, and never the cause of a failure."""

import importlib.util
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from indexer.compiled import jit, sources
from indexer.compiled.code_cache import VARIABLE, code_folder
from indexer.compiled.jit import kernel

NOTICE = "compiling for this machine"


def double(number: int) -> int:
    """A kernel for these tests."""
    return 2 * number


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder for code, in a process that has not said yet that it compiles."""
    monkeypatch.setenv(VARIABLE, str(tmp_path / "code"))
    jit._tell.cache_clear()
    return tmp_path / "code"


def files(folder: Path) -> list[Path]:
    """The kept pieces of code."""
    return sorted(one for one in folder.rglob("*") if one.is_file())


def is_compiled(function: Callable[[int], int] = double, argument: Any = 21) -> bool:
    """Whether calling a function, as a new process would, compiles it; its result is checked."""
    fresh: Any = kernel(function)
    assert fresh(argument) == 2 * argument
    return bool(fresh.stats.cache_misses)


def test_code_is_kept(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The first call compiles and says so; every later one, and every other process, is silent."""
    assert is_compiled()
    assert capsys.readouterr().err.startswith(f"{NOTICE}, once (about ")
    assert not is_compiled()
    assert capsys.readouterr().err == ""
    assert [one.parent.parent for one in files(folder)] == [folder]


def test_said_once(capsys: pytest.CaptureFixture[str]) -> None:
    """However many kernels are compiled, one line says so."""
    assert is_compiled(double, 2)
    assert is_compiled(double, 2.5)
    assert capsys.readouterr().err.count("\n") == 1


def test_other_types_are_other_code() -> None:
    """Code for one type of argument is not taken for another."""
    assert is_compiled(double, 2)
    assert is_compiled(double, 2.5)
    assert not is_compiled(double, 3.5)


def test_folder_that_cannot_be_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing to write to: it is compiled in every process, which is said with what would help."""
    (tmp_path / "code").write_text("a file, where a folder would be")
    assert is_compiled()
    said = capsys.readouterr().err
    assert said.startswith(NOTICE)
    assert "in every process again" in said
    assert f"Set {VARIABLE}" in said
    assert is_compiled()


def test_filled_folder_that_is_read_only(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Code that was put there before is used where nothing can be written; other code is compiled all the same."""
    assert is_compiled(double, 2)
    before = files(folder)

    def refuse(*arguments: object, **options: object) -> None:
        raise OSError(30, "Read-only file system")

    for name in ("mkdir", "write_bytes", "replace", "unlink"):
        monkeypatch.setattr(Path, name, refuse)
    monkeypatch.setattr(jit.tempfile, "TemporaryFile", refuse)
    jit._tell.cache_clear()
    capsys.readouterr()
    assert not is_compiled(double, 2)
    assert capsys.readouterr().err == ""
    assert is_compiled(double, 2.5)
    assert "cannot be kept" in capsys.readouterr().err
    assert files(folder) == before


def test_no_home(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Without a home and without the variable nothing is kept, and nothing fails."""
    for name in (VARIABLE, "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)

    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", homeless)
    assert code_folder() is None
    assert is_compiled()
    assert "a home that is not there" in capsys.readouterr().err


def test_usual_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Unless told otherwise, code is kept with the caches of the user."""
    monkeypatch.delenv(VARIABLE)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    found = code_folder()
    assert found is not None
    assert found.parent == tmp_path / "caches" / "exposure"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    found = code_folder()
    assert found is not None
    assert found.parent == tmp_path / ".cache" / "exposure"


@pytest.mark.parametrize(
    "damage", [lambda code: code[:-9], lambda code: code[:40] + b"x" + code[41:], lambda code: code[:0]]
)
def test_damaged_code(damage: Callable[[bytes], bytes], folder: Path) -> None:
    """A file that was cut or changed is compiled anew and mended, not run."""
    assert is_compiled()
    (file,) = files(folder)
    whole = file.read_bytes()
    file.write_bytes(damage(whole))
    assert is_compiled()
    assert not is_compiled()


def loaded(path: Path) -> Callable[[int], int]:
    """The function `f` of a source file."""
    specification = importlib.util.spec_from_file_location("made", path)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module.f  # type: ignore[no-any-return]


def test_changed_source(tmp_path: Path) -> None:
    """A constant that changed elsewhere in the file is another source, though the function's own code is the same."""
    for factor in (2, 3):
        path = tmp_path / f"{factor}" / "made.py"
        path.parent.mkdir()
        path.write_text(f"FACTOR = {factor}\ndef f(x):\n    return FACTOR * x\n")
        compiled: Any = kernel(loaded(path))
        assert compiled(7) == 7 * factor


def test_sources_of_a_kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A change to any file that a kernel's file imports, directly or not, makes another digest; other files do not."""
    sources_of = {
        "indexer/a.py": "import numpy\nfrom exposure.b import X\nfrom indexer import c, nothing\n",
        "exposure/b.py": "import indexer.a\nX = 1\n",
        "indexer/c.py": "def f():\n    import exposure.d as d\n    return d\n",
        "exposure/d.py": "D = 1\n",
        "exposure/other.py": "D = 1\n",
    }
    monkeypatch.setattr(sources, "ROOT", tmp_path)

    def digest() -> str:
        sources.digest_of_sources.cache_clear()
        sources._imported_by.cache_clear()
        return sources.digest_of_sources(tmp_path / "indexer" / "a.py")

    for name, content in sources_of.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content)
    before = digest()
    changed = set()
    for name, content in sources_of.items():
        (tmp_path / name).write_text(content + "# changed")
        if digest() != before:
            changed.add(name)
        (tmp_path / name).write_text(content)
    assert changed == set(sources_of) - {"exposure/other.py"}
    assert digest() == before


def test_sources_of_real_kernels() -> None:
    """Tables of the language and the decorator itself are among what kernels depend on."""
    folder = Path(sources.__file__).parent
    found = {path.relative_to(sources.ROOT).as_posix() for path in sources._with_imported(folder / "characters.py")}
    assert {"indexer/compiled/characters.py", "exposure/fold_table.py"} <= found
    found = {path.relative_to(sources.ROOT).as_posix() for path in sources._with_imported(folder / "json_text.py")}
    assert {"indexer/compiled/json_text.py", "indexer/compiled/jit.py", "indexer/compiled/llvm_vectors.py"} <= found
    assert "exposure/fold_table.py" not in found


SCRIPT = """
import numpy as np
from indexer.compiled.arrow_text import copy_texts
source, out = np.frombuffer(b"some text", dtype=np.uint8), np.zeros(100, dtype=np.uint8)
places = np.array([5]), np.array([9])
print(out[:copy_texts(source, *places, out, 0, 1)].tobytes())
"""


def test_processes_that_compile_at_once(folder: Path) -> None:
    """Several first processes at once all work; the next one finds the code whole and says nothing."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}

    def begin() -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-c", SCRIPT], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
        )

    def said_by(processes: list[subprocess.Popen[str]]) -> list[str]:
        ended = [process.communicate(timeout=120) for process in processes]
        assert {result for result, _ in ended} == {"b'text\\n'\n"}
        return [notice for _, notice in ended]

    assert any(NOTICE in notice for notice in said_by([begin() for _ in range(3)]))
    assert said_by([begin()]) == [""]
    assert len(files(folder)) == 1
