"""Streams: whatever the frames and chunks, the same bytes; whatever the damage, an error and never a short answer."""

import gzip
import hashlib
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

import pytest
import zstandard
from hypothesis import example, given
from hypothesis import strategies as st

from indexer.readers import streams
from indexer.readers.streams import DigestingFile, TruncatedStreamError, decompressed, lines

SKIPPABLE = b"\x5a\x2a\x4d\x18\x04\x00\x00\x00meta"
NOISE = Random(0).randbytes(3000)
"""Longer, compressed, than the bytes with which a gzip member must begin."""
TEXT = '{"text": "naïve 漢字 😀"}\n{"text": ""}\n'.encode() * 3


def zstd(content: bytes, **options: bool) -> bytes:
    """One frame, with a checksum unless told otherwise."""
    return zstandard.ZstdCompressor(level=3, **({"write_checksum": True} | options)).compress(content)


PACKERS = {".zst": zstd, ".gz": lambda content: gzip.compress(content, mtime=0), "": bytes}


@contextmanager
def chunks_of(size: int) -> Iterator[None]:
    """Files are read in chunks of `size` bytes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(streams, "CHUNK_BYTES", size)
        yield


def read(path: Path, content: bytes, chunk: int = 1 << 20) -> bytes:
    """What comes out of a file with this content."""
    path.write_bytes(content)
    file = DigestingFile(path)
    try:
        with chunks_of(chunk):
            return b"".join(decompressed(file, path.name))
    finally:
        file.close()


@pytest.mark.parametrize("ending", PACKERS)
@given(parts=st.lists(st.binary(max_size=60), min_size=1, max_size=4), chunk=st.integers(1, 40))
def test_any_frames_in_any_chunks(
    tmp_path_factory: pytest.TempPathFactory, ending: str, parts: list[bytes], chunk: int
) -> None:
    """Frames or members one after the other, read in chunks of any size, are the bytes that went in."""
    packed = b"".join(map(PACKERS[ending], parts))
    assert read(tmp_path_factory.mktemp("s") / f"a{ending}", packed, chunk) == b"".join(parts)


@pytest.mark.parametrize("chunk", [1, 5, 1 << 20])
def test_zstandard_frames_of_every_kind(chunk: int, tmp_path: Path) -> None:
    """Frames with and without size and checksum, empty ones, and skippable ones as parallel compressors write."""
    kinds = [
        zstd(TEXT, write_content_size=size, write_checksum=check) for size in (True, False) for check in (True, False)
    ]
    packed = SKIPPABLE + kinds[0] + SKIPPABLE + kinds[1] + zstd(b"") + kinds[2] + kinds[3] + SKIPPABLE
    assert read(tmp_path / "a.zst", packed, chunk) == TEXT * 4


@pytest.mark.parametrize("content", [TEXT, NOISE])
def test_gzip_members_padded_with_zeros(content: bytes, tmp_path: Path) -> None:
    """Zeros behind a member, as tape blocks leave them, are no damage, wherever a chunk ends."""
    member = gzip.compress(content, mtime=0)
    packed = member + bytes(130) + member + bytes(2070)
    for chunk in (1, 3, 64, *range(len(member) - 1, len(member) + 132, 13), 1 << 20):
        assert read(tmp_path / "a.gz", packed, chunk) == content * 2


@pytest.mark.parametrize("ending", [".zst", ".gz"])
def test_frames_longer_than_a_chunk(ending: str, tmp_path: Path) -> None:
    """Frames that end just before, at and just behind the end of a chunk."""
    frame = PACKERS[ending](NOISE)
    for chunk in (100, 1023, 1024, *range(len(frame) - 3, len(frame) + 4), 2 * len(frame) - 1):
        assert read(tmp_path / f"a{ending}", frame * 3, chunk) == NOISE * 3
        with pytest.raises(TruncatedStreamError):
            read(tmp_path / f"a{ending}", (frame * 3)[:-1], chunk)


def test_gzip_header_fields(tmp_path: Path) -> None:
    """A member that carries a file name, a comment and a header checksum is read like any other."""
    raw = zlib.compressobj(wbits=-15)
    body = raw.compress(TEXT) + raw.flush()
    header = b"\x1f\x8b\x08\x1e\0\0\0\0\0\xff" + b"\x04\0abcd" + b"name\0" + b"comment\0"
    header += (zlib.crc32(header) & 0xFFFF).to_bytes(2, "little")
    packed = header + body + zlib.crc32(TEXT).to_bytes(4, "little") + len(TEXT).to_bytes(4, "little")
    assert gzip.decompress(packed) == TEXT
    longer = gzip.compress(NOISE, mtime=0)
    for chunk in (1, 12, *range(len(longer) + 1, len(longer) + len(header) + 1, 3), 1 << 20):
        assert read(tmp_path / "a.gz", longer + packed, chunk) == NOISE + TEXT


@pytest.mark.parametrize("ending", [".zst", ".gz"])
@pytest.mark.parametrize("chunk", [1, 7, 1 << 20])
def test_truncation_at_every_byte(ending: str, chunk: int, tmp_path: Path) -> None:
    """A stream cut anywhere is an error, at no byte at all too; only whole frames are a stream."""
    first, second = PACKERS[ending](TEXT), PACKERS[ending](b"more\n")
    whole = {len(first): TEXT, len(first + second): TEXT + b"more\n"}
    for length in range(len(first + second) + 1):
        cut = (first + second)[:length]
        if length in whole:
            assert read(tmp_path / f"a{ending}", cut, chunk) == whole[length]
        else:
            with pytest.raises(TruncatedStreamError):
                read(tmp_path / f"a{ending}", cut, chunk)


def test_truncation_of_frames_without_size_and_checksum(tmp_path: Path) -> None:
    """The barest frame is refused as well wherever it is cut."""
    packed = zstd(TEXT, write_checksum=False, write_content_size=False)
    for length in range(len(packed)):
        with pytest.raises(TruncatedStreamError):
            read(tmp_path / "a.zst", packed[:length])


@pytest.mark.parametrize("ending", [".zst", ".gz"])
@pytest.mark.parametrize("flip", [0x01, 0x80, 0xFF])
def test_damage_at_every_byte(ending: str, flip: int, tmp_path: Path) -> None:
    """A changed byte is an error, or (a time stamp in a header) changes nothing: never other text, never less."""
    packed = PACKERS[ending](TEXT)
    errors = 0
    for place in range(len(packed)):
        damaged = bytearray(packed)
        damaged[place] ^= flip
        try:
            assert read(tmp_path / f"a{ending}", bytes(damaged)) == TEXT
        except TruncatedStreamError:
            errors += 1
    assert errors > len(packed) // 2


@pytest.mark.parametrize("ending", [".zst", ".gz"])
@pytest.mark.parametrize("tail", [b"x", b"\x00\x01", b"\x1f", b"\x28\xb5", b"garbage" * 30])
def test_garbage_behind_a_stream(ending: str, tail: bytes, tmp_path: Path) -> None:
    """What follows the last frame and is none is an error."""
    for chunk in (1, 1 << 20):
        with pytest.raises(TruncatedStreamError):
            read(tmp_path / f"a{ending}", PACKERS[ending](TEXT) + tail, chunk)


@pytest.mark.parametrize(
    ("ending", "content"), [(".gz", zstd(TEXT)), (".zst", gzip.compress(TEXT, mtime=0)), (".gz", TEXT), (".zst", TEXT)]
)
def test_file_with_another_ending_than_its_content(ending: str, content: bytes, tmp_path: Path) -> None:
    """A file that is not compressed as its name says is an error."""
    with pytest.raises(TruncatedStreamError):
        read(tmp_path / f"a{ending}", content)


@given(st.lists(st.sampled_from([b"", b"\n", b"\r\n", b"a", b"bc", b"\x0b", b"\x1c", b"\x85", b"\n\n"]), max_size=12))
@example([])
@example([b"a", b"", b"\n"])
def test_lines_of_any_chunks(chunks: list[bytes]) -> None:
    """Only a newline ends a line; each comes with the byte at which it starts, the last one without a newline too."""
    expected, start = [], 0
    for piece in b"".join(chunks).split(b"\n"):
        expected.append((start, piece))
        start += len(piece) + 1
    if not expected[-1][1]:
        expected.pop()
    assert list(lines(iter(chunks))) == expected


@given(content=st.binary(max_size=90), chunk=st.integers(1, 40), reads=st.integers(0, 5))
def test_digest_is_of_the_whole_file(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, chunk: int, reads: int
) -> None:
    """However little was read before, the digest is the file's; and each byte read is reported once."""
    path = tmp_path_factory.mktemp("s") / "a"
    path.write_bytes(content)
    told: list[int] = []
    file = DigestingFile(path, told.append)
    with chunks_of(chunk):
        for _ in range(reads):
            file.read()
        assert file.digest() == hashlib.sha256(content).hexdigest()
    file.close()
    assert sum(told) == len(content)
