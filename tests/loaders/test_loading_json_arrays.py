"""JSON: one array, read element by element."""

import json

import pytest

from loaders.errors import UnreadableFile
from loaders.rows import json_stream
from loaders.rows.row import Row
from tests.loaders.loading import errors_of, read, titles


def test_each_element_is_a_todo_and_knows_its_line() -> None:
    content = b'[\n  {"title": "A"},\n\n  {\n    "title": "B"},\n  {"title": "C"}\n]\n'
    assert titles(content) == ["A", "B", "C"]
    assert [row.line for row in read(content)] == [2, 4, 6]


def test_an_empty_array_has_no_rows() -> None:
    assert read(b" [ ] ") == []


def test_it_makes_no_difference_how_the_file_is_cut_into_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    elements = [{"title": 'é "quoted" \\ \n 💡 ' + str(number), "order": number * 1.25e-7} for number in range(20)]
    content = json.dumps([*elements, 12.5, True, "text", None, -0.5e3, "\u20ac"], ensure_ascii=False, indent=1).encode()
    whole = read(content)
    for size in (1, 2, 3, 7, 64):
        monkeypatch.setattr(json_stream, "_CHUNK_BYTES", size)
        assert read(content) == whole
    assert [row.fields["title"] for row in whole if isinstance(row, Row)] == [row["title"] for row in elements]


@pytest.mark.parametrize(
    ("element", "detail"),
    [
        (b"7", "expected an object"),
        (b"null", "expected an object"),
        (b'{"title": "A", "title": "B"}', "the member 'title' is given twice"),
        (b'{"title": "A", "order": NaN}', "NaN is not a JSON number"),
        (b'{"title": "A", "order": 1e999}', "1e999 is larger than a double can hold"),
        (b'{"title": "A", "order": ' + b"9" * 5000 + b"}", "99999999999999999999… is larger than a double can hold"),
        (b'{"title": "caf\xe9"}', "not UTF-8"),
        (b'{"title": "A", "\\ud800": null}', "holds a lone surrogate, which is no character"),
    ],
)
def test_a_bad_element_is_rejected_alone(element: bytes, detail: str) -> None:
    content = b'[{"title": "A"},\n' + element + b',\n{"title": "B"}]'
    [(line, _, found)] = errors_of(content)
    assert line == 2
    assert detail in found
    assert titles(content) == ["A", "B"]


@pytest.mark.parametrize(
    ("ending", "explanation"),
    [
        (b'{"title": "B"', "line 3: not JSON"),
        (b'{"title": "B"}', "line 3: not a JSON array: the file ends where ']' belongs"),
        (b'{"title": "B"} {"title": "C"}]', "line 3: not a JSON array: expected ']', found '{'"),
        (b"]", "line 3: not JSON"),
        (b'{"title": "never closed}]', "line 3: not JSON"),
        (b'{"title": "B"}] more', "line 3: more text follows"),
        (b"{'title': 'B'}]", "line 3: not JSON"),
        (b"[" * 100_000, "line 3: nested too deeply"),
    ],
)
def test_a_broken_array_is_reported_with_its_line_after_the_rows_before_it(ending: bytes, explanation: str) -> None:
    content = b'[{"title": "A"},\n\n' + ending
    with pytest.raises(UnreadableFile, match="^" + explanation.replace("[", r"\[").replace("{", r"\{")):
        read(content)


def test_an_element_without_end_is_given_up() -> None:
    with pytest.raises(UnreadableFile, match="never ends"):
        read(b'[{"title": "' + b"a" * 40_000_000)
