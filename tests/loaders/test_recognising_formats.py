"""A file's format is told by its content."""

import io

import pytest
from loading import titles

from loaders.errors import Unreadable
from loaders.formats import recognised
from loaders.source import Source


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b'[{"title": "A"}]', "json"),
        (b'\n\n  [\n{"title": "A"}]', "json"),
        (b'\xef\xbb\xbf[{"title": "A"}]', "json"),
        (b'{"title": "A"}\n', "jsonl"),
        (b'\xef\xbb\xbf\r\n{"title": "A"}\r\n', "jsonl"),
        (b"title,done\nA,no\n", "csv"),
        (b"\xef\xbb\xbftitle\r\nA\r\n", "csv"),
    ],
)
def test_the_beginning_tells_the_format_whatever_precedes_it(content: bytes, name: str) -> None:
    assert name == recognised(Source(io.BytesIO(content)).head).NAME
    assert titles(content.replace(b"\r\n{", b"{")) == ["A"]


@pytest.mark.parametrize(
    ("content", "explanation"),
    [
        (b"", "it is empty"),
        (b"\xef\xbb\xbf \r\n", "it is empty"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "binary"),
        ("title\nÄ\n".encode("utf-16"), "UTF-16"),
        (b"PK\x03\x04 an xlsx", "workbook"),
    ],
)
def test_what_is_no_text_is_refused_with_the_reason(content: bytes, explanation: str) -> None:
    with pytest.raises(Unreadable, match=explanation):
        Source(io.BytesIO(content))


def test_a_stream_that_trickles_is_read_whole() -> None:
    class Trickle(io.RawIOBase):
        def __init__(self, content: bytes) -> None:
            self._content = io.BytesIO(content)

        def readable(self) -> bool:
            return True

        def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
            chunk = self._content.read(min(3, len(buffer)))
            buffer[: len(chunk)] = chunk
            return len(chunk)

    content = b"".join(b'{"title": "%d"}\n' % number for number in range(20_000))
    source = Source(io.BufferedReader(Trickle(content)))
    assert b"".join(line for _, line, _ in source.lines()) == content
