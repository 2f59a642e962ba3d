"""Files, pipes and gzip: what is read is the same, and how far it is read is known."""

import gzip
import io
from pathlib import Path

import pytest

from loaders.errors import CannotLoad, UnreadableFile
from loaders.reading.input import Input
from loaders.reading.open_stream import open_stream


def packed(content: bytes) -> bytes:
    """By gzip, the same bytes whenever it is done: they name the tests."""
    return gzip.compress(content, mtime=0)


CONTENT = b"".join(b'{"title": "%d"}\n' % number for number in range(20_000))


def written(tmp_path: Path, content: bytes) -> str:
    file = tmp_path / "todos"
    file.write_bytes(content)
    return str(file)


@pytest.mark.parametrize(
    "stored",
    [CONTENT, packed(CONTENT), packed(CONTENT[:1600]) + packed(CONTENT[1600:])],
    ids=["plain", "gzip", "two members"],
)
def test_packed_or_not_the_content_is_the_same_and_progress_is_that_of_the_stored_bytes(
    tmp_path: Path, stored: bytes
) -> None:
    with open_stream(written(tmp_path, stored)) as found:
        shares = [found.share or 0.0 for _ in Input(found.stream).lines()]
        assert len(shares) == 20_000
        assert shares == sorted(shares)
        assert (found.total, found.consumed, found.share) == (len(stored), len(stored), 1.0)


def test_standard_input_may_be_packed_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(packed(CONTENT))))
    with open_stream("-") as found:
        assert b"".join(line for _, line, _ in Input(found.stream).lines()) == CONTENT
        assert found.share is None


@pytest.mark.parametrize(
    "damaged", [packed(CONTENT)[:-5000], packed(CONTENT)[:30_000] + b"?" * 1000, b"\x1f\x8bnonsense"]
)
def test_damaged_gzip_is_reported_and_what_precedes_it_is_read(tmp_path: Path, damaged: bytes) -> None:
    with open_stream(written(tmp_path, damaged)) as found, pytest.raises(UnreadableFile, match="gzip data is damaged"):
        list(Input(found.stream).lines())


@pytest.mark.parametrize("content", [b"", packed(b""), b"\x1f"])
def test_what_is_empty_or_hardly_more_is_no_accident(tmp_path: Path, content: bytes) -> None:
    with open_stream(written(tmp_path, content)) as found:
        if content == b"\x1f":
            assert Input(found.stream).head == content
        else:
            with pytest.raises(UnreadableFile, match="it is empty"):
                Input(found.stream)


def test_what_is_no_file_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(CannotLoad, match="cannot open"), open_stream(str(tmp_path)):
        pass
