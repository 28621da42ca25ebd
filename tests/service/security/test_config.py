"""The configuration file: what it sets, what the command line adds, and what is said of one that is wrong."""

from dataclasses import fields
from pathlib import Path

import pytest

from service.commands.serve import command
from service.config import Additions, load_settings
from service.errors import ServiceError
from service.settings import LOOPBACK_HOSTS, Limits, Settings, Workers

DOCUMENT = Path(__file__).parents[3] / "docs" / "running-a-service.md"

WHOLE = """
hosts = ["exposure.example"]
keys = "keys.json"
online = true
read_only = true
otlp = "http://127.0.0.1:4318/v1/traces"

[log]
format = "json"
phrases = true

[roots]
corpora = "corpora"

[model_roots]
checkpoints = "checkpoints"

[models]
pythia-70m = "EleutherAI/pythia-70m@step{step}"

[limits]
phrases = 5
body_seconds = 2
query_seconds = 0.5
duckdb_memory = "500MB"

[workers]
index = 0
evaluate = 3
"""


@pytest.fixture
def place(tmp_path):
    for name in ("corpora", "checkpoints", "more"):
        (tmp_path / name).mkdir()
    return tmp_path


def written(place: Path, text: str) -> Path:
    (place / "service.toml").write_text(text)
    return place / "service.toml"


def test_every_setting_of_the_file_arrives(place):
    """Paths are relative to the file."""
    assert load_settings(written(place, WHOLE), place) == Settings(
        data=place,
        hosts=(*LOOPBACK_HOSTS, "exposure.example"),
        roots={"corpora": place / "corpora"},
        model_roots={"checkpoints": place / "checkpoints"},
        models={"pythia-70m": "EleutherAI/pythia-70m@step{step}"},
        keys=place / "keys.json",
        is_online=True,
        is_read_only=True,
        logs_phrases=True,
        log_format="json",
        otlp="http://127.0.0.1:4318/v1/traces",
        limits=Limits(phrases=5, body_seconds=2, query_seconds=0.5, duckdb_memory="500MB"),
        workers=Workers(index=0, evaluate=3),
    )


def test_nothing_said_is_the_default(place):
    """With an empty file, and without any."""
    assert load_settings(None, place) == load_settings(written(place, ""), place) == Settings(place)


def test_the_command_line_adds_and_wins(place):
    """Roots, models and hosts are added; one value is replaced."""
    added = Additions(
        roots={"more": place / "more"},
        models={"b": "x/y@step{step}"},
        hosts=("b.example",),
        keys=place / "other.json",
        log_format="text",
        has_workers=False,
    )
    settings = load_settings(written(place, WHOLE), place, added)
    assert settings.roots == {"corpora": place / "corpora", "more": place / "more"}
    assert settings.hosts == (*LOOPBACK_HOSTS, "exposure.example", "b.example")
    assert list(settings.models) == ["pythia-70m", "b"]
    assert (settings.keys, settings.log_format) == (place / "other.json", "text")
    assert (settings.workers.index, settings.workers.evaluate) == (0, 0)
    assert settings.is_read_only


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("nothing = 1", "line 1: nothing: there is no such setting"),
        ("\n\n[limits]\n\nphrase = 1", "line 5: limits.phrase: there is no such setting"),
        ("[limits]\nphrases = 0", "line 2: limits.phrases: .* greater than 0"),
        ("[limits]\nphrases = '7'", "line 2: limits.phrases: .* integer"),
        ("[limits]\nphrases = true", "line 2: limits.phrases: .* integer"),
        ("[limits]\nbody_seconds = -1.0", "line 2: limits.body_seconds"),
        ("[limits]\nduckdb_memory = '2 parsecs'", "line 2: limits.duckdb_memory"),
        ("[workers]\nindex = 65", "line 2: workers.index"),
        ("[workers]\ncores = 0", "line 2: workers.cores"),
        ("[log]\nformat = 'xml'", "line 2: log.format"),
        ("limits.phrases = 'x'", "line 1: limits.phrases"),
        ("limits = 3", "line 1: limits"),
        ("[roots]\n'a b' = '/'", "line 2: roots.a b"),
        ("[models]\na = ''", "line 2: models.a"),
        ("otlp = 'ftp://x'", "line 1: otlp"),
        ("hosts = ['']", "line 1: hosts.0"),
        ("a = = b", "is not TOML: .*line 1"),
        ("[limits]\nphrases = 1\nphrases = 2", "is not TOML: .*overwrite"),
        ("[roots]\nnone = 'nowhere'", "nowhere is no folder"),
        ("[roots]\na = 'corpora'\n[model_roots]\na = 'corpora'", "one name"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(place, text, said):
    """Nothing is passed over, and nothing is guessed."""
    with pytest.raises(ServiceError, match=said):
        load_settings(written(place, text), place)


def test_a_name_that_is_given_twice_is_refused(place):
    """Neither of the two would be what was meant."""
    with pytest.raises(ServiceError, match="roots: corpora stands in the configuration and is given again"):
        load_settings(written(place, WHOLE), place, Additions(roots={"corpora": place / "more"}))


@pytest.mark.parametrize("content", [b"\xff\xfe", b"#" * ((1 << 20) + 1)])
def test_a_file_that_is_no_text_is_refused(place, content):
    """With a sentence."""
    (place / "service.toml").write_bytes(content)
    with pytest.raises(ServiceError, match=r"service\.toml"):
        load_settings(place / "service.toml", place)
    with pytest.raises(ServiceError, match="cannot be read"):
        load_settings(place / "none.toml", place)


def test_every_setting_is_documented_with_its_default():
    """docs/running-a-service.md says each in a row of its own."""
    text = DOCUMENT.read_text(encoding="utf-8")
    for table, kind in (("limits", Limits), ("workers", Workers)):
        for field in fields(kind):
            default = f'"{field.default}"' if isinstance(field.default, str) else f"{field.default:,}".rstrip()
            assert f"| `{table}.{field.name}` | {default} |" in text, f"{table}.{field.name} = {default}"
    names = {"hosts": "hosts", "roots": "roots", "model_roots": "model_roots", "models": "models", "keys": "keys",
             "is_online": "online", "is_read_only": "read_only", "logs_phrases": "log.phrases",
             "log_format": "log.format", "otlp": "otlp"}  # fmt: skip
    assert {field.name for field in fields(Settings)} == {*names, "data", "limits", "workers"}
    for name in names.values():
        assert f"| `{name}` |" in text, name


def test_every_option_of_serve_is_documented():
    """In the same document."""
    text = DOCUMENT.read_text(encoding="utf-8")
    for parameter in command.params:
        assert f"`{parameter.opts[0]}" in text, parameter.opts
