"""The source files on which a kernel depends: its own, and those of the project that any of them imports.

A compiled kernel contains the kernels that it calls and the constants that it uses, wherever those are written.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
"""The folder of the project's packages."""
PACKAGES = ("exposure", "indexer")


@cache
def digest_of_sources(path: Path) -> str:
    """sha256 of a source file and of all files of the project that it imports, directly or not."""
    content = hashlib.sha256()
    for source in sorted(_with_imported(path)):
        content.update(f"\0{source.name}\0".encode() + source.read_bytes())
    return content.hexdigest()


def _with_imported(path: Path) -> set[Path]:
    found: set[Path] = set()
    waiting = {path}
    while waiting:
        source = waiting.pop()
        if source not in found and source.is_file():
            found.add(source)
            waiting |= _imported_by(source)
    return found


@cache
def _imported_by(path: Path) -> frozenset[Path]:
    names = (name for node in ast.walk(ast.parse(path.read_bytes())) for name in _names(node))
    return frozenset(_file_of(name) for name in names if name.split(".")[0] in PACKAGES)


def _names(node: ast.AST) -> Iterator[str]:
    """The modules that a statement imports; what it takes from a package may be one."""
    if isinstance(node, ast.Import):
        yield from (one.name for one in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module:
        yield node.module
        yield from (f"{node.module}.{one.name}" for one in node.names)


def _file_of(module: str) -> Path:
    return ROOT.joinpath(*module.split(".")).with_suffix(".py")
