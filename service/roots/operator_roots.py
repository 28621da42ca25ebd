"""Files that requests and run manifests name: beneath the operator's roots, and nowhere else."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from exposure.api.names import RootedPath
from exposure.order_rules import OrderFile
from exposure.orders import DataOrder
from service.data_directory import FOLDERS
from service.errors import LimitError, RootError
from service.roots.beneath import open_beneath
from service.settings import Settings


def resolve(settings: Settings, rooted: RootedPath, is_model: bool = False) -> Path:
    """The file or folder that `rooted` names, its links resolved; beneath its root (of models, with `is_model`).

    Raises RootError, with one and the same sentence where nothing is there and where something leads out of the root:
    nobody learns what there is elsewhere.
    """
    descriptor, path = _open(settings, rooted, is_model, os.O_PATH)
    os.close(descriptor)
    return path


def read(settings: Settings, rooted: RootedPath, most_bytes: int) -> bytes:
    """What stands in the file that `rooted` names; read from beneath its root even when links are swapped meanwhile.

    Raises RootError as `resolve` does and for a folder, LimitError above `most_bytes`.
    """
    descriptor, _ = _open(settings, rooted, False, os.O_RDONLY | os.O_NONBLOCK)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise RootError(f"{_named(rooted)} is a folder; a file was expected. Name the file.")
    with os.fdopen(descriptor, "rb") as file:
        content = file.read(most_bytes + 1)
    if len(content) > most_bytes:
        raise LimitError(f"{_named(rooted)} is larger than {most_bytes:,} bytes. Give it in parts.")
    return content


def names_in(settings: Settings, rooted: RootedPath) -> list[str] | None:
    """The names in the folder that `rooted` names, hidden ones left out; None where it is a file."""
    descriptor, _ = _open(settings, rooted, False, os.O_RDONLY | os.O_NONBLOCK)
    try:
        if not stat.S_ISDIR(os.fstat(descriptor).st_mode):
            return None
        return sorted(one.name for one in os.scandir(descriptor) if not one.name.startswith("."))
    finally:
        os.close(descriptor)


def refuse_outside(settings: Settings, order: DataOrder) -> None:
    """Raise RootError where a file of `order` (absolute paths) lies outside of the roots and the data directory.

    Whether it exists is not asked: a shard that is missing is a hole. A tokenizer may lie beneath a root of models.
    """
    own = [os.path.realpath(folder) for folder in (*settings.roots.values(), settings.data)]
    models = [os.path.realpath(folder) for folder in settings.model_roots.values()]
    for what, path in _files_of(order):
        real = Path(os.path.realpath(path))
        folders = [*own, *models] if what == "tokenizer" else own
        if not any(real.is_relative_to(folder) for folder in folders) or real.parent == Path(own[-1]):
            raise RootError(
                f"The run's {what} does not lie beneath a root of this service. Its roots are: {_known(settings.roots)}"
                ". Move it there, and make the manifest again with `exposure run init`."
            )


def refuse_unnamable(path: str) -> None:
    """Raise RootError where `path` is not plain: relative, with parts that are names, and nothing that means more."""
    reason = _unnamable(path)
    if reason:
        raise RootError(f"The path {path!r} {reason}. Write it relative to its root, with '/' between its parts.")


def _open(settings: Settings, rooted: RootedPath, is_model: bool, flags: int) -> tuple[int, Path]:
    roots = settings.model_roots if is_model else settings.roots
    if rooted.root not in roots:
        which = "root of models" if is_model else "root"
        raise RootError(f"There is no {which} {rooted.root!r}. There are: {_known(roots)}.")
    refuse_unnamable(rooted.path)
    try:
        opened, path = open_beneath(roots[rooted.root], rooted.path, flags)
    except (OSError, ValueError) as error:
        raise _nothing(rooted) from error
    mode = os.fstat(opened).st_mode
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)) or _is_of_service(settings, path):
        os.close(opened)
        raise _nothing(rooted)
    return opened, path


def _nothing(rooted: RootedPath) -> RootError:
    return RootError(f"There is no file or folder {_named(rooted)} beneath that root. Check its name, and that it may "
                     "be read.")  # fmt: skip


def _unnamable(path: str) -> str | None:
    parts = path.split("/")
    if any(ord(one) < 32 or ord(one) == 127 or "\ud800" <= one <= "\udfff" for one in path):
        return "holds a control character or half of a surrogate pair"
    if path.startswith("/"):
        return "is absolute"
    if "\\" in path or (":" in path and ("::" in path or "://" in path)):
        return "holds a backslash, '::' or '://'"
    if any(part in ("", ".", "..") for part in parts):
        return "has a part that is empty, '.' or '..'"
    return "has a part that begins with '~'" if any(part.startswith("~") for part in parts) else None


def _files_of(order: DataOrder) -> Iterator[tuple[str, str]]:
    """What each file of an order is called, and where it is."""
    for number, shard in enumerate(order.shards):
        yield f"shard {number}", shard.path
    yield "census", order.census
    if order.tokenizer is not None:
        yield "tokenizer", order.tokenizer.path
    if isinstance(order.order, OrderFile):
        yield "order file", order.order.path


def _is_of_service(settings: Settings, path: Path) -> bool:
    """Whether `path` is what the service itself keeps (jobs, keys, timelines), in a data directory beneath a root."""
    data = Path(os.path.realpath(settings.data))
    if not path.is_relative_to(data):
        return False
    parts = path.relative_to(data).parts
    return len(parts) < 2 or parts[0] in FOLDERS


def _known(roots: Mapping[str, Path]) -> str:
    return ", ".join(sorted(roots)) or "none, as the operator configured none"


def _named(rooted: RootedPath) -> str:
    return f"{rooted.root}:{rooted.path}"
