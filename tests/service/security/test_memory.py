"""Memory stays bounded while clients do harm: the benchmark's small version, against a real process."""

from benchmarks.service_memory import Plan, measure

BODIES_MEBIBYTES = 256
"""limits.bodies_bytes."""


def test_memory_is_bounded_under_bad_bodies_and_readers_that_do_not_read(tmp_path):
    """Of 40 clients that send 64 MiB each (2.5 GiB) no more is held than the limit; a reader costs little."""
    results = {one.name: one for one in measure(Plan(clients=40, readers=100, events=400, body_seconds=3), tmp_path)}
    assert results["declared too large"].growth < 50
    for name in ("endless", "slow", "as large as allowed"):
        assert results[name].growth < 2.5 * BODIES_MEBIBYTES, results[name]
    assert results["readers of events that read nothing"].growth < 100
    assert "408 × 40" in results["slow"].answers or "429" in results["slow"].answers
    assert "413" in results["declared too large"].answers
    assert results["readers of events that read nothing"].answers == "200 × 100"
