"""Headers of safetensors files: read as the library reads them, and damage found before anything is loaded."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from safetensors import safe_open
from safetensors.numpy import save, save_file

from evaluator.tensor_files import read_header
from exposure.errors import CheckpointError

TENSORS = st.dictionaries(
    st.text(st.characters(blacklist_categories=["Cs"]), max_size=8).filter(lambda name: name != "__metadata__"),
    arrays.arrays(
        st.sampled_from([np.float32, np.float16, np.int64, np.uint8, np.bool_]), arrays.array_shapes(min_dims=0)
    ),
    min_size=1,
    max_size=5,
)


def file_of(folder: Path, header: dict[str, object], data: bytes) -> Path:
    """A file made by hand."""
    text = json.dumps(header).encode()
    path = folder / "made.safetensors"
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)
    return path


def described(dtype: str, shape: list[int], start: int, end: int) -> dict[str, object]:
    return {"dtype": dtype, "shape": shape, "data_offsets": [start, end]}


@given(TENSORS)
def test_entries_are_the_tensors(tmp_path_factory: pytest.TempPathFactory, tensors: dict[str, np.ndarray]) -> None:
    """Names, shapes and bytes are those that were saved."""
    path = tmp_path_factory.mktemp("files") / "model.safetensors"
    save_file(tensors, path, metadata={"format": "pt"})
    file = read_header(path)
    content = path.read_bytes()[file.data_start :]
    assert len(content) == file.data_bytes
    assert {one.name: (one.shape, content[one.start : one.end]) for one in file.entries} == {
        name: (array.shape, array.tobytes()) for name, array in tensors.items()
    }


@settings(max_examples=60)
@given(TENSORS, st.data())
def test_every_cut_is_found(
    tmp_path_factory: pytest.TempPathFactory, tensors: dict[str, np.ndarray], data: st.DataObject
) -> None:
    """A file that was cut anywhere is refused; so is one that goes on after its end."""
    whole = save(tensors)
    path = tmp_path_factory.mktemp("files") / "model.safetensors"
    path.write_bytes(whole[: data.draw(st.integers(0, len(whole) - 1))])
    with pytest.raises(CheckpointError, match=r"model\.safetensors"):
        read_header(path)
    path.write_bytes(whole + b"\0")
    with pytest.raises(CheckpointError, match="cut short or written over"):
        read_header(path)


@given(st.binary(max_size=200))
def test_noise_is_refused(tmp_path_factory: pytest.TempPathFactory, noise: bytes) -> None:
    """Bytes that are no safetensors file end in a sentence, as far as the library refuses them too."""
    path = tmp_path_factory.mktemp("files") / "model.safetensors"
    path.write_bytes(noise)
    try:
        with safe_open(path, "numpy"):
            return
    except Exception:
        with pytest.raises(CheckpointError):
            read_header(path)


@pytest.mark.parametrize(
    ("header", "data"),
    [
        ({"a": described("F32", [2], 0, 4)}, 4),
        ({"a": described("F32", [1], 4, 8)}, 8),
        ({"a": described("F32", [1], 0, 4), "b": described("F32", [1], 0, 4)}, 4),
        ({"a": described("F32", [1], 0, 4), "b": described("F32", [1], 8, 12)}, 12),
        ({"a": described("F32", [-1, -1], 0, 4)}, 4),
        ({"a": described("F32", [1], -4, 0)}, 0),
    ],
)
def test_offsets_that_do_not_fit(header: dict[str, object], data: int, tmp_path: Path) -> None:
    """Bytes that do not fit a shape, holes and overlaps are damage."""
    with pytest.raises(CheckpointError, match="do not fit its shape"):
        read_header(file_of(tmp_path, header, bytes(data)))


@pytest.mark.parametrize(
    "header", [[], {"a": 1}, {"a": {}}, {"a": {"dtype": "F32", "shape": 3, "data_offsets": [0, 4]}}]
)
def test_headers_of_another_form(header: object, tmp_path: Path) -> None:
    """JSON that is no header is refused."""
    with pytest.raises(CheckpointError, match="its header cannot be read"):
        read_header(file_of(tmp_path, header, bytes(4)))  # type: ignore[arg-type]


def test_quantised_dtype(tmp_path: Path) -> None:
    """A dtype of quantised weights is refused by the name of its tensor."""
    with pytest.raises(CheckpointError, match=r"layer\.weight is of dtype F8_E4M3"):
        read_header(file_of(tmp_path, {"layer.weight": described("F8_E4M3", [4], 0, 4)}, bytes(4)))


def test_pointer_instead_of_weights(tmp_path: Path) -> None:
    """A Git LFS pointer is told from damage."""
    path = tmp_path / "model.safetensors"
    path.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n")
    with pytest.raises(CheckpointError, match=r"Git LFS pointer, not the weights. Fetch them: `git lfs pull`"):
        read_header(path)


def test_missing_file(tmp_path: Path) -> None:
    """A file that is not there is named."""
    with pytest.raises(CheckpointError, match=r"gone\.safetensors cannot be read \(No such file"):
        read_header(tmp_path / "gone.safetensors")
