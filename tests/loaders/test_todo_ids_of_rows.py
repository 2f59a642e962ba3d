"""A row makes the same todo however often it is loaded, and two rows are two todos."""

from chalicelib.todos import ids
from chalicelib.todos.ids import Owner, Partition
from loaders.planner import Planned
from tests.loaders.loading import errors_of, lines, plan, todo_ids

ROWS = [{"id": 1, "title": "A"}, {"id": 2, "title": "B", "done": False}]


def test_the_id_is_made_of_owner_source_and_the_rows_own_id() -> None:
    expected = [
        ids.stream_id(Partition("ann"), ids.id_for_source(Owner("ann"), "file", own_id)) for own_id in ("1", "2")
    ]
    assert todo_ids(lines(*ROWS)) == expected


def test_the_same_rows_in_another_format_are_the_same_todos() -> None:
    csv = b"done,title,id\n,A,1\nno,B,2\n"
    array = b'[{"title": "A", "id": "1"},\n{"id": 2, "title": "B"}]'
    assert todo_ids(csv) == todo_ids(array) == todo_ids(lines(*ROWS))


def test_another_owner_or_source_has_other_todos() -> None:
    found = [*todo_ids(lines(*ROWS)), *todo_ids(lines(*ROWS), owner="bob"), *todo_ids(lines(*ROWS), system="crm")]
    assert len(set(found)) == 6


def test_rows_without_an_id_are_known_by_their_content_however_it_is_laid_out() -> None:
    array = b'[\n  { "due": "2026-12-01",\n    "title": "\\u00c4" }\n]'
    assert todo_ids(array) == todo_ids(lines({"title": "Ä", "due": "2026-12-01"}))


def test_ids_of_contents_stay_what_they_were() -> None:
    # If this fails, every file without ids that was ever loaded comes twice when it is loaded again.
    content = lines({"title": "Ä", "done": False, "n": [1, {"b": 1.5, "a": None}]}, {"title": "Milk"})
    assert todo_ids(content)[0] == "ann#3eeab495-ed3d-5f0f-bb9f-01cca3b57336"


def test_two_equal_rows_are_two_todos_the_same_two_each_time() -> None:
    content = lines(*3 * [{"title": "Milk"}], {"title": "Bread"})
    assert len(set(todo_ids(content))) == 4
    assert todo_ids(content) == todo_ids(content)


def test_a_further_equal_row_leaves_the_ids_of_those_before() -> None:
    two, three = lines(*2 * [{"title": "Milk"}]), lines({"title": "Bread"}, *3 * [{"title": "Milk"}])
    assert todo_ids(three)[1:3] == todo_ids(two)


def test_a_second_row_with_an_id_is_rejected_and_names_the_first() -> None:
    content = lines({"id": 7, "title": "A"}, {"id": 8, "title": "B"}, {"ID": "7 ", "title": "C"})
    assert errors_of(content) == [(3, "#/ID", "the id already occurs in line 1")]
    assert [row.line for row in plan(content) if isinstance(row, Planned)] == [1, 2]


def test_an_id_belongs_to_its_first_row_even_if_that_one_is_bad() -> None:
    content = lines({"id": 7, "title": ""}, {"id": 7, "title": "C"})
    assert [line for line, _, _ in errors_of(content)] == [1, 2]
