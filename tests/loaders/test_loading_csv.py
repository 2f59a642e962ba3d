"""CSV: columns by their names; a bad row is rejected, and the others load."""

import pytest

from loaders.errors import UnreadableFile
from loaders.rows.row import BadRow
from tests.loaders.loading import by_line, errors_of, read, titles, todos

HEADER = b"title,done,notes\n"


def test_columns_are_known_by_what_people_call_them() -> None:
    [todo] = todos(
        b"ID,Task Name,Done,Project,Due_Date,Priority,Labels,Description,Effort\n"
        b'7,Buy milk,yes,Home,2026-12-01,HIGH,"errand, shop;food",Two litres,5\n'
    )
    assert {name: todo[name] for name in ("title", "completed", "list", "due", "priority", "tags", "notes")} == {
        "title": "Buy milk",
        "completed": True,
        "list": "Home",
        "due": "2026-12-01",
        "priority": "high",
        "tags": ["errand", "shop", "food"],
        "notes": "Two litres",
    }
    assert todo["metadata"] == {"Effort": "5"}
    assert todo["source"] == "file:7"


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_spreadsheets_separators_and_line_endings_are_understood(separator: str, ending: str) -> None:
    text = f'\ufefftitle{separator}notes{ending}A{separator}"one{ending}""two"""{ending}{ending}B{separator}{ending}'
    assert [(todo["title"], todo["notes"]) for todo in todos(text.encode(), "csv")] == [
        ("A", f'one{ending}"two"'),
        ("B", None),
    ]


def test_a_row_knows_the_line_that_it_begins_in() -> None:
    assert [row.line for row in read(HEADER + b'A,,"x\ny"\n\nB,,\n')] == [2, 5]


def test_values_may_be_missing_at_the_end_and_columns_may_have_no_name() -> None:
    assert [todo["metadata"] for todo in todos(b"title,\nA\nB,x\n")] == [None, {"column 2": "x"}]


def test_a_row_with_more_values_than_names_is_rejected() -> None:
    assert errors_of(HEADER + b"A,no,n,x\nB,no,n\n") == [(2, "#", "has 4 values where the header has 3 names")]


@pytest.mark.parametrize("broken", [b'"A,no,n\n', b'A,no,"n\n', b'A,no,"he said "hi" there"\n'])
@pytest.mark.parametrize("following", [b"B,no,n\nC,no,n\n", b'"B",no,"n"\n"C",no,"n, m"\n'])
def test_a_quote_that_is_never_closed_costs_only_its_own_row(broken: bytes, following: bytes) -> None:
    content = HEADER + broken + following
    [(line, pointer, detail)] = errors_of(content)
    assert (line, pointer) == (2, "#")
    assert "quote" in detail
    assert titles(content) == ["B", "C"]


def test_the_rest_of_a_broken_row_is_not_taken_for_a_todo() -> None:
    content = HEADER + b'A,no,"he said "hi"\nand left"\nB,no,n\n'
    assert [line for line, _, _ in errors_of(content)] == [2, 3]
    assert titles(content) == ["B"]


def test_a_line_of_a_megabyte_is_rejected_alone() -> None:
    content = HEADER + b"a" * 1_500_000 + b",no,n\nB,no,n\n"
    rows = by_line(read(content))
    assert isinstance(rows[2], BadRow)
    assert len(rows[2].original) > 1_500_000
    assert titles(content) == ["B"]


def test_a_row_that_is_not_utf8_is_rejected_alone() -> None:
    content = HEADER + b'caf\xe9,no,"x\ny"\nB,no,n\n'
    [(line, _, detail)] = errors_of(content)
    assert (line, detail) == (2, "not UTF-8: save the file in that encoding")
    assert titles(content) == ["B"]


@pytest.mark.parametrize(
    ("header", "explanation"),
    [
        (b"title,done,title\n", "two columns have the same name: 'title' and 'title'"),
        (b"title,Due Date,due_date\n", "two columns have the same name: 'Due Date' and 'due_date'"),
        (b"1,2,3\n", "none of its columns is a title"),
        (b"Buy milk\n", "none of its columns is a title: the header has 'Buy milk'"),
        (b'"title,done\n', "no header"),
        (b"t\xefitle\n", "not UTF-8"),
    ],
)
def test_an_unusable_header_is_reported(header: bytes, explanation: str) -> None:
    with pytest.raises(UnreadableFile, match=explanation):
        read(header + b"A,no,n\n", "csv")
