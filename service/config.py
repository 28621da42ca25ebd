"""The configuration file of the service (TOML), and what the command line adds to it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model

from exposure.api.names import Name
from service.errors import ServiceError
from service.settings import LOOPBACK_HOSTS, Limits, Settings, Workers

MAX_CONFIG_BYTES = 1 << 20

_STRICT = ConfigDict(extra="forbid", strict=True)


def _table(kind: type, bounds: Mapping[str, Any]) -> type[BaseModel]:
    """The table of the file that gives values to some fields of the dataclass `kind`: numbers above 0, unless bound."""
    hints = get_type_hints(kind)
    fields: dict[str, Any] = {
        name: (Annotated[hint, bounds.get(name, Field(gt=0) if hint in (int, float) else Field())] | None, None)
        for name, hint in hints.items()
    }
    return create_model(f"{kind.__name__}Table", __config__=_STRICT, **fields)


_LIMITS = _table(Limits, {"duckdb_memory": Field(pattern=r"^\d+(\.\d+)? ?([KMGT]i?B)$")})
_WORKERS = _table(Workers, {"index": Field(ge=0, le=64), "evaluate": Field(ge=0, le=64)})


class _LogTable(BaseModel):
    model_config = _STRICT

    format: Literal["text", "json"] | None = None
    phrases: bool = False


class _Config(BaseModel):
    model_config = _STRICT

    hosts: list[Annotated[str, Field(min_length=1)]] = []
    keys: str | None = None
    online: bool = False
    read_only: bool = False
    otlp: Annotated[str, Field(pattern=r"^https?://")] | None = None
    roots: dict[Name, str] = {}
    model_roots: dict[Name, str] = {}
    models: dict[Name, Annotated[str, Field(min_length=1)]] = {}
    log: _LogTable = _LogTable()
    limits: dict[str, Any] = {}
    workers: dict[str, Any] = {}


@dataclass(frozen=True)
class Additions:
    """What the command line says beside the file: it adds roots, models and hosts, and wins where both say something.

    `has_workers` False: no worker is started, whatever the file says.
    """

    roots: Mapping[str, Path] = field(default_factory=dict)
    model_roots: Mapping[str, Path] = field(default_factory=dict)
    models: Mapping[str, str] = field(default_factory=dict)
    hosts: Sequence[str] = ()
    keys: Path | None = None
    is_online: bool = False
    is_read_only: bool = False
    has_workers: bool = True
    log_format: Literal["text", "json"] | None = None
    otlp: str | None = None


def load_settings(config: Path | None, data: Path, added: Additions | None = None) -> Settings:
    """The settings of a service, or of a worker, over the data directory `data`.

    Paths in the file `config` are relative to its folder. Raises ServiceError for a file that cannot be read, a setting
    that there is not or that is wrong (with its line), a name that is given twice, and a root that is no folder.
    """
    added = added or Additions()
    read = _Config() if config is None else _read(config)
    base = Path() if config is None else config.parent
    settings = Settings(
        data=data.resolve(),
        hosts=tuple(dict.fromkeys((*LOOPBACK_HOSTS, *read.hosts, *added.hosts))),
        roots=_folders("roots", read.roots, added.roots, base),
        model_roots=_folders("model_roots", read.model_roots, added.model_roots, base),
        models=_merged("models", read.models, added.models),
        keys=added.keys.absolute() if added.keys else _path(base, read.keys) if read.keys else None,
        is_online=read.online or added.is_online,
        is_read_only=read.read_only or added.is_read_only,
        logs_phrases=read.log.phrases,
        log_format=added.log_format or read.log.format or "text",
        otlp=added.otlp or read.otlp,
        limits=Limits(**read.limits),
        workers=Workers(**read.workers) if added.has_workers else Workers(index=0, evaluate=0),
    )
    _refuse_doubled_roots(settings)
    return settings


def _read(config: Path) -> _Config:
    text = _text_of(config)
    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ServiceError(f"The configuration {config} is not TOML: {error}. Mend it.") from error
    try:
        read = _Config.model_validate(found)
        limits = _table_of(_LIMITS, "limits", read.limits)
        workers = _table_of(_WORKERS, "workers", read.workers)
    except _TableError as error:
        raise _wrong(config, text, error.table, error.cause) from error
    except ValidationError as error:
        raise _wrong(config, text, None, error) from error
    return read.model_copy(update={"limits": limits, "workers": workers})


class _TableError(Exception):
    def __init__(self, table: str, cause: ValidationError) -> None:
        super().__init__(table)
        self.table = table
        self.cause = cause


def _table_of(kind: type[BaseModel], table: str, values: dict[str, Any]) -> dict[str, Any]:
    try:
        return kind.model_validate(values).model_dump(exclude_none=True)
    except ValidationError as error:
        raise _TableError(table, error) from error


def _text_of(config: Path) -> str:
    try:
        with config.open("rb") as file:
            content = file.read(MAX_CONFIG_BYTES + 1)
        text = content.decode("utf-8")
    except OSError as error:
        raise ServiceError(
            f"The configuration {config} cannot be read ({error.strerror}). Name a TOML file."
        ) from error
    except UnicodeDecodeError as error:
        raise ServiceError(f"The configuration {config} is not UTF-8 ({error}). Save it as UTF-8.") from error
    if len(content) > MAX_CONFIG_BYTES:
        raise ServiceError(f"The configuration {config} is larger than {MAX_CONFIG_BYTES:,} bytes. Name a TOML file.")
    return text


def _wrong(config: Path, text: str, table: str | None, error: ValidationError) -> ServiceError:
    first = error.errors(include_input=False, include_url=False)[0]
    where = [*([table] if table else []), *(str(part) for part in first["loc"] if part != "[key]")]
    says = "there is no such setting" if first["type"] == "extra_forbidden" else first["msg"]
    line = _line_of(text, where)
    return ServiceError(
        f"The configuration {config} is wrong{f' in line {line}' if line else ''}: {'.'.join(where)}: {says}. What can "
        "be set is listed in docs/running-a-service.md."
    )


def _line_of(text: str, where: Sequence[str]) -> int | None:
    """The line on which the setting `where` (table, key) is written; None where it is written another way."""
    table: list[str] = []
    for number, line in enumerate(text.splitlines(), 1):
        header = re.fullmatch(r"\s*\[([^\[\]]+)\]\s*(#.*)?", line)
        key = re.match(r"""\s*("[^"]*"|'[^']*'|[^=\s"'#]+)\s*=""", line)
        if header:
            table = _parts(header[1].strip())
        place = table if header else [*table, *_parts(key[1])] if key else []
        if place and place == list(where)[: len(place)] and (not header or len(place) == len(where)):
            return number
    return None


def _parts(key: str) -> list[str]:
    return [key.strip("\"'")] if key[0] in "\"'" else key.split(".")


def _path(base: Path, text: str) -> Path:
    return (base / text).absolute()


def _folders(what: str, read: Mapping[str, str], added: Mapping[str, Path], base: Path) -> dict[str, Path]:
    given = _merged(what, {name: _path(base, text) for name, text in read.items()}, added)
    for name, path in given.items():
        if not path.is_dir():
            raise ServiceError(f"{what}: {name} = {path} is no folder. Make it, or leave it out.")
    return {name: path.resolve() for name, path in given.items()}


def _merged(what: str, read: Mapping[str, Any], added: Mapping[str, Any]) -> dict[str, Any]:
    twice = sorted(read.keys() & added.keys())
    if twice:
        raise ServiceError(f"{what}: {', '.join(twice)} stands in the configuration and is given again. Give it once.")
    return {**read, **added}


def _refuse_doubled_roots(settings: Settings) -> None:
    """A name that stands for a root of files and for one of models would be read in two ways."""
    twice = sorted(settings.roots.keys() & settings.model_roots.keys())
    if twice:
        raise ServiceError(f"{', '.join(twice)}: a root of files and a root of models have one name. Rename one.")
