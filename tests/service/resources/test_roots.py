"""Files that requests name: beneath their root whatever stands in the path, and whatever is swapped meanwhile."""

import os
import threading
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exposure.api.names import RootedPath
from service.errors import LimitError, RootError
from service.roots import openat2
from service.roots import operator_roots as roots
from service.roots.beneath import open_beneath
from service.settings import Settings

CANARY = "canary-4711-outside"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """root/ with files and links, and a secret beside it."""
    (tmp_path / "root" / "inner").mkdir(parents=True)
    (tmp_path / "root" / "inner" / "file").write_text("inside")
    (tmp_path / "root" / "plain").write_text("plain")
    (tmp_path / "secret").write_text(CANARY)
    (tmp_path / "rootless").mkdir()
    (tmp_path / "rootless" / "file").write_text(CANARY)
    for name, target in {
        "out": "../secret", "absolute-out": str(tmp_path / "secret"), "folder-out": "..", "loop": "loop",
        "in": "inner/file", "absolute-in": str(tmp_path / "root" / "inner"), "dangling": "nothing",
        "proc": "/proc/self/root", "sibling": "../rootless",
    }.items():  # fmt: skip
        (tmp_path / "root" / name).symlink_to(target)
    os.mkfifo(tmp_path / "root" / "pipe")
    return tmp_path


def settings_over(place: Path) -> Settings:
    return Settings(place / "data", roots={"r": place / "root"}, model_roots={"m": place / "root" / "inner"})


def refused(place: Path, path: str) -> str:
    """The sentence with which it is refused, by both ways of asking."""
    sentences = set()
    for ask in (roots.resolve, lambda s, p: roots.read(s, p, 1000)):
        with pytest.raises(RootError) as error:
            ask(settings_over(place), RootedPath(root="r", path=path))
        sentences.add(str(error.value))
    (sentence,) = sentences
    assert CANARY not in sentence
    return sentence


@pytest.mark.parametrize(
    ("path", "content"),
    [("plain", "plain"), ("inner/file", "inside"), ("in", "inside"), ("absolute-in/file", "inside")],
)
def test_what_lies_beneath_is_found_through_links_that_stay_there(place, path, content):
    """The path is given back with its links resolved, and its content is the file's."""
    asked = RootedPath(root="r", path=path)
    found = roots.resolve(settings_over(place), asked)
    assert found == Path(os.path.realpath(place / "root" / path))
    assert roots.read(settings_over(place), asked, 1000).decode() == content


def test_a_folder_is_found_but_not_read_as_a_file(place):
    """Its names are listed, hidden ones left out."""
    (place / "root" / "inner" / ".hidden").write_text("")
    asked = RootedPath(root="r", path="inner")
    assert roots.resolve(settings_over(place), asked) == place / "root" / "inner"
    assert roots.names_in(settings_over(place), asked) == ["file"]
    with pytest.raises(RootError, match="is a folder"):
        roots.read(settings_over(place), asked, 1000)


def test_what_leads_out_and_what_is_not_there_have_one_answer(place):
    """But for its own name, the sentence is the same: nothing is learnt of files elsewhere."""
    names = ["out", "absolute-out", "folder-out/secret", "loop", "dangling", "nothing", "proc", "proc/etc/passwd",
             "sibling/file", "pipe", "plain/below", "x" * 300, "inner/nothing"]  # fmt: skip
    said = {refused(place, name).replace(f"r:{name}", "NAME") for name in names}
    assert len(said) == 1


@pytest.mark.parametrize(
    "path",
    ["/etc/passwd", "..", "../secret", "inner/../../secret", "inner/..", ".", "./plain", "inner//file", "inner/",
     "/", "//", "a\\b", "..\\secret", "inner/file\0", "plain\n", "\x7f", "file::plain", "file:///etc/passwd",
     "s3://bucket/key", "~", "~root/x", "inner/~"],
)  # fmt: skip
def test_a_path_that_means_more_than_names_is_refused(place, path):
    """Before anything is looked at."""
    assert "Write it relative to its root" in refused(place, path)


PARTS = st.sampled_from(["..", ".", "", "inner", "file", "out", "folder-out", "in", "absolute-in", "absolute-out",
                         "loop", "proc", "secret", "root", "sibling", "plain", "~", "\\", "\0", "::"])  # fmt: skip


@settings(max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(parts=st.lists(PARTS, min_size=1, max_size=5), prefix=st.sampled_from(["", "/", "//", "file://"]))
def test_no_path_reads_anything_outside(place, parts, prefix):
    """Whatever is put together, what is read is a file whose real place is beneath the root."""
    path = prefix + "/".join(parts)
    if not path:
        return
    try:
        content = roots.read(settings_over(place), RootedPath(root="r", path=path), 1000).decode()
    except RootError:
        return
    assert content in ("inside", "plain")
    assert Path(os.path.realpath(place / "root" / path)).is_relative_to(place / "root")


@pytest.mark.parametrize("has_openat2", [True, False])
def test_a_link_that_is_swapped_meanwhile_leads_nowhere(place, monkeypatch, has_openat2):
    """A folder that turns into a link to elsewhere and back, a thousand times: never a byte from outside."""
    if not has_openat2:
        monkeypatch.setattr(openat2, "_openat2", _refuse)
    swapped, kept, link = place / "root" / "swapped", place / "kept", place / "link"
    (swapped).mkdir()
    (swapped / "file").write_text("inside")
    link.symlink_to(place / "rootless")
    stop = threading.Event()
    swapping = threading.Thread(target=_swap, args=(swapped, kept, link, stop))
    swapping.start()
    try:
        answers = {_read(place, "swapped/file") for _ in range(3000)}
    finally:
        stop.set()
        swapping.join()
    assert answers <= {"inside", None}
    assert "inside" in answers


def _refuse(*_: object) -> int:
    raise OSError(38, "no such call")


def _swap(swapped: Path, kept: Path, link: Path, stop: threading.Event) -> None:
    while not stop.is_set():
        swapped.rename(kept)
        link.rename(swapped)
        swapped.rename(link)
        kept.rename(swapped)


def _read(place: Path, path: str) -> str | None:
    try:
        return roots.read(settings_over(place), RootedPath(root="r", path=path), 1000).decode()
    except RootError:
        return None


@pytest.mark.parametrize("has_openat2", [True, False])
@pytest.mark.parametrize("part", [0, 1])
def test_a_link_that_appears_after_links_were_resolved_is_not_followed(place, monkeypatch, has_openat2, part):
    """The swap is made at the very moment between resolving and opening, in either part of the path."""
    if not has_openat2:
        monkeypatch.setattr(openat2, "_openat2", _refuse)
    real = openat2.open_without_links

    def swap_first(folder: str, relative: str, flags: int) -> int:
        victim = place / "root" / "inner" if part == 0 else place / "root" / "inner" / "file"
        victim.rename(place / "kept")
        victim.symlink_to(place / "rootless" if part == 0 else place / "secret")
        return real(folder, relative, flags)

    monkeypatch.setattr("service.roots.beneath.open_without_links", swap_first)
    with pytest.raises(OSError):  # noqa: PT011 — whichever the kernel says
        os.close(open_beneath(place / "root", "inner/file", os.O_RDONLY)[0])


def test_roots_of_models_are_others(place):
    """A root of files is none of models, and the other way round; the roots that there are are named."""
    asked = settings_over(place)
    assert roots.resolve(asked, RootedPath(root="m", path="file"), is_model=True) == place / "root" / "inner" / "file"
    with pytest.raises(RootError, match=r"no root 'm'. There are: r"):
        roots.resolve(asked, RootedPath(root="m", path="file"))
    with pytest.raises(RootError, match=r"no root of models 'r'. There are: m"):
        roots.resolve(asked, RootedPath(root="r", path="plain"), is_model=True)


def test_a_root_that_is_a_link_or_is_gone(place):
    """The operator may link a root; one that is not there has nothing beneath it."""
    (place / "linked").symlink_to(place / "root")
    asked = Settings(place / "data", roots={"r": place / "linked", "gone": place / "gone"})
    assert roots.read(asked, RootedPath(root="r", path="plain"), 100) == b"plain"
    with pytest.raises(RootError, match="no file or folder"):
        roots.resolve(asked, RootedPath(root="gone", path="plain"))


def test_what_the_service_keeps_cannot_be_named_though_it_lies_beneath_a_root(place):
    """A root above the data directory does not open jobs, keys and timelines; other folders in it stay usable."""
    for name in ("jobs.sqlite", "timelines/tiny/CURRENT", "removed/x", "corpora/a"):
        (place / "root" / "data" / name).parent.mkdir(parents=True, exist_ok=True)
        (place / "root" / "data" / name).write_text("x")
    asked = Settings(place / "root" / "data", roots={"r": place / "root"})
    assert roots.read(asked, RootedPath(root="r", path="data/corpora/a"), 10) == b"x"
    for name in ("data", "data/jobs.sqlite", "data/timelines", "data/timelines/tiny/CURRENT", "data/removed/x"):
        with pytest.raises(RootError, match="no file or folder"):
            roots.resolve(asked, RootedPath(root="r", path=name))


def test_a_file_that_is_too_large_is_refused(place):
    """At the bound it is read, one byte above it is not."""
    asked = RootedPath(root="r", path="plain")
    assert roots.read(settings_over(place), asked, 5) == b"plain"
    with pytest.raises(LimitError, match="4 bytes"):
        roots.read(settings_over(place), asked, 4)


def test_no_descriptor_is_left_open(place):
    """However it ends."""
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208
    for path in ("plain", "inner", "out", "pipe", "nothing", "loop", "inner/file/x"):
        for _ in range(5):
            _read(place, path)
            _resolve(place, path)
    assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208


def _resolve(place: Path, path: str) -> None:
    try:
        roots.resolve(settings_over(place), RootedPath(root="r", path=path))
    except RootError:
        return
