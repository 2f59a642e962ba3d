"""A value is passed over without being decoded, wherever the pieces that are read of it end."""

import io
import json
from collections import deque
from typing import Any

import pytest

from loaders.errors import UnreadableFile
from loaders.reading.input import Input
from loaders.rows import json_stream
from loaders.rows.json_stream import JsonReader, paths_in

VALUES: list[Any] = [
    "",
    'a "quoted" \\ text with ] and }',
    "\\\\",
    7,
    None,
    [],
    {},
    [[["]"], {"a}": "[{"}], '\\"', 1.5e3],
    {"a": {"b": ["x", {"c": "é\u2028😀"}]}, "d": "\n"},
]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64])
@pytest.mark.parametrize("value", VALUES, ids=str)
def test_the_reader_is_behind_what_it_skipped(value: Any, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_stream, "_CHUNK_BYTES", size)
    content = json.dumps([value, "next"], indent=1).encode()
    reader = JsonReader(Input(io.BytesIO(content)))
    elements = reader.array()
    next(elements)
    reader.skip()
    next(elements)
    line, _, found, _ = reader.value()
    assert (found, line) == ("next", content.count(b"\n"))
    assert list(elements) == []
    reader.finish()


@pytest.mark.parametrize("content", [b'["a', b'["a\\', b'[{"a": [1, 2', b'[["x"]'])
def test_a_value_that_never_ends_is_refused(content: bytes) -> None:
    reader = JsonReader(Input(io.BytesIO(content)))
    with pytest.raises(UnreadableFile, match="the file ends where"):
        deque(reader.skip() for _ in reader.array())  # type: ignore[func-returns-value]


def test_a_text_of_any_length_is_skipped() -> None:
    content = b'["' + b"QUJD" * 2_000_000 + b'", 1]'
    reader = JsonReader(Input(io.BytesIO(content)))
    elements = reader.array()
    next(elements)
    reader.skip()
    next(elements)
    assert reader.value()[2] == 1


@pytest.mark.parametrize(
    ("head", "paths"),
    [
        (b'{"a": [{"b": 1}, {"c": {"d": 2}}], "e": "', {"a", "a.[].b", "a.[].c", "a.[].c.d", "e"}),
        (b'[{"a": 1}, 7, {"b": 2}, {"never": 3}]', {"[].a", "[].b"}),
        (b'{"a": {"b": {"c": {"d": {"e": {"f": 1}}}}}}', {"a", "a.b", "a.b.c", "a.b.c.d", "a.b.c.d.e"}),
        (b"title\nA\n", set()),
        (b"{broken", set()),
    ],
)
def test_a_head_shows_where_it_has_members(head: bytes, paths: set[str]) -> None:
    assert {".".join(path) for path in paths_in(head)} == paths
