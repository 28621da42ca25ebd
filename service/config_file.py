"""The configuration file of the service: TOML, held against what there is to set, wrong lines named."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model

from exposure.api.names import Name
from service.errors import ServiceError
from service.settings import Limits, Workers

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


class ConfigFile(BaseModel):
    """What the file may say."""

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


def read_config(config: Path) -> ConfigFile:
    """What the file `config` says; raises ServiceError where it is wrong, with the line."""
    text = _text_of(config)
    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ServiceError(f"The configuration {config} is not TOML: {error}. Mend it.") from error
    try:
        read = ConfigFile.model_validate(found)
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
