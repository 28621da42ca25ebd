"""What a type checker knows of the client: parameters and answers, for both."""

from pathlib import Path

import mypy.api

import exposure

USAGE = """
from exposure.client import AsyncClient, Client, IndexRequest, ModelName

def waiting(client: Client) -> None:
    reveal_type(client.timelines.first_seen("t", ["a"], at_step=1))
    reveal_type(client.timelines.first_seen("t", "a")[0].first_batch)
    reveal_type(client.jobs.index(run="r", timeline="t", phrase_sets=["0"]))
    reveal_type(client.jobs.evaluate(name="e", checkpoints=ModelName(model="m"), pair_set="0"))
    reveal_type(client.jobs.list(state="failed"))
    for event in client.jobs.events("j"):
        reveal_type(event)
    reveal_type(client.jobs.wait("j", timeout=3))
    client.jobs.list(state="lost")
    client.timelines.get(3)
    client.jobs.index(run="r", timeline="t")

async def awaiting(client: AsyncClient) -> None:
    reveal_type(await client.timelines.first_seen("t", ["a"]))
    reveal_type(await client.jobs.index(run="r", timeline="t", phrase_sets=["0"]))
    reveal_type(client.jobs.list())
    async for event in client.jobs.events("j"):
        reveal_type(event)
    client.health()
"""

KNOWN = [
    'note: Revealed type is "exposure.client.table.Table[exposure.answers.FirstSeen]"',
    'note: Revealed type is "int | None"',
    'note: Revealed type is "exposure.api.jobs.Job"',
    'note: Revealed type is "exposure.api.jobs.Job"',
    'note: Revealed type is "typing.Iterator[exposure.api.jobs.Job]"',
    'note: Revealed type is "exposure.api.jobs.JobEvent"',
    'note: Revealed type is "exposure.api.jobs.Job"',
    'error: Argument "state" has incompatible type "Literal[\'lost\']"',
    'error: Argument 1 has incompatible type "int"; expected "str"',
    'error: Missing named argument "phrase_sets"',
    'note: Revealed type is "exposure.client.table.Table[exposure.answers.FirstSeen]"',
    'note: Revealed type is "exposure.api.jobs.Job"',
    'note: Revealed type is "typing.AsyncIterator[exposure.api.jobs.Job]"',
    'note: Revealed type is "exposure.api.jobs.JobEvent"',
    'error: Value of type "Coroutine[Any, Any, Health]" must be used',
]


def test_a_type_checker_knows_parameters_and_answers(tmp_path: Path) -> None:
    """mypy, strict, sees through what turns plans into methods; a forgotten `await` is an error."""
    place = tmp_path / "usage.py"
    place.write_text(USAGE)
    root = Path(exposure.__file__).parents[1]
    said, trouble, _ = mypy.api.run(["--config-file", str(root / "pyproject.toml"), "--no-error-summary", str(place)])
    lines = [line.partition(": ")[2] for line in said.splitlines() if "Are you missing an await" not in line]
    assert trouble == ""
    assert len(lines) == len(KNOWN), said
    for line, known in zip(lines, KNOWN, strict=True):
        assert known in line
