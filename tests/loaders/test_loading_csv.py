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
    [(line, pointer, detail)] = errors_of(HEADER + b"A,no,n,,x\nB,no,n\n")
    assert (line, pointer) == (2, "#")
    assert detail.startswith("has 5 values where the header has 3 names: 'x' has no column")


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
    [bad] = [row for row in read(content) if isinstance(row, BadRow)]
    assert (bad.line, bad.original) == (2, 'A,no,"he said "hi"\nand left"')
    assert titles(content) == ["B"]


def test_a_short_row_behind_a_broken_one_is_reported_by_itself() -> None:
    content = HEADER + b'A,no,"he said "hi" there"\nand,left\nB,no,n\nC\n'
    [broken, short] = [row for row in read(content) if isinstance(row, BadRow)]
    assert (broken.line, short.line) == (2, 3)
    assert "may be the rest of that" in short.errors[0].detail
    assert titles(content) == ["B", "C"]


def test_no_more_than_a_few_lines_are_taken_for_the_rest_of_a_broken_row() -> None:
    content = HEADER + b'"A\n' + b"short\n" * 1000 + b"B,no,n\n"
    lines = [row.line for row in read(content) if isinstance(row, BadRow)]
    assert (lines[0], len(lines)) == (2, 901)
    assert titles(content) == ["B"]


@pytest.mark.parametrize(
    "content",
    [
        b"title,notes\nA,n,,\nB,,\n",
        b"title,notes,,\nA,n,,,,,\nB,,,,\n",
        b"sep=;\r\ntitle;notes\r\nA;n\r\nB;\r\n",
        b'"sep=,"\ntitle,notes\nA,n\nB\n',
        b"sep=\t\ntitle\tnotes\nA\tn\nB\n",
        b"SEP=^\ntitle^notes\nA^n\nB\n",
        b"\xef\xbb\xbfsep=;\n\ntitle;notes\nA;n\nB\n",
        b"title,notes\rA,n\rB,\r",
        b"title,notes\rA,n\rB",
        b"title,notes\rA,n\r\nB,\n",
        b"title,notes\nA,n\rB,\r\n",
        b"title|notes\nA|n\nB|\n",
        b"title|notes, and more\nA|n\nB|\n",
        b"\ntitle,notes\nA,n\nB,\n",
        b"\xef\xbb\xbf\r\n\r\n,,\r\ntitle,notes\r\nA,n\r\nB,\r\n",
        b'"title","notes"\n"A","n"\n"B",""\n',
    ],
)
def test_what_spreadsheets_and_systems_add_makes_no_difference(content: bytes) -> None:
    stated = [(todo["title"], todo["notes"], todo["metadata"]) for todo in todos(content)]
    assert [each[0] for each in stated] == ["A", "B"]
    assert "n" in (stated[0][1], *(stated[0][2] or {}).values())
    assert stated[1][1:] == (None, None)


def test_a_name_may_be_on_several_lines() -> None:
    [todo] = todos(b'"Task\nName","Due\r\nDate","How ""long"""\nA,2026-12-01,5\n')
    assert (todo["title"], todo["due"], todo["metadata"]) == ("A", "2026-12-01", {'How "long"': "5"})


def test_a_cell_keeps_the_carriage_returns_in_its_quotes() -> None:
    assert [todo["notes"] for todo in todos(b'title,notes\nA,"one\rtwo"\nB,n\n')] == ["one\rtwo", "n"]


def test_a_bar_in_a_name_is_part_of_it() -> None:
    assert todos(b"title,a|b|c\nA,1\n")[0]["metadata"] == {"a|b|c": "1"}


@pytest.mark.parametrize(
    ("separator", "text", "order"),
    [
        (";", "1,5", 1.5),
        (";", "1.5", 1.5),
        (";", "1.234,5", 1234.5),
        (";", "1,234", 1.234),
        (";", "1.234.567", 1234567),
        (";", "1 234,5", 1234.5),
        ("\t", "-3", -3),
        ("\t", "1e3", 1000),
        (",", "1,5", 1.5),
        (",", "1,234", 1234),
        (",", "1,234,567.5", 1234567.5),
        (",", "1'234.5", 1234.5),
    ],
)
def test_an_order_is_written_as_the_language_of_the_table_does(separator: str, text: str, order: float) -> None:
    assert todos(f'title{separator}order\nA{separator}"{text}"\n'.encode())[0]["order"] == order


@pytest.mark.parametrize("text", ["first", "1,2,3", "nan", "inf", "1e999", "9" * 100, "1_000", "0x10", "١"])
def test_no_other_order_is_a_number(text: str) -> None:
    assert "expected a number" in errors_of(f'title;order\nA;"{text}"\n'.encode())[0][2]


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
