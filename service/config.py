"""The settings of a service: its configuration file, and what the command line adds to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from service.config_file import ConfigFile, read_config
from service.errors import ServiceError
from service.settings import LOOPBACK_HOSTS, Limits, Settings, Workers


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
    read = ConfigFile() if config is None else read_config(config)
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
