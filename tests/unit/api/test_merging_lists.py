"""One page of lists from two sources, wherever each of them was cut off."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.api.resources.lists import merge_lists
from chalicelib.views import schema
from chalicelib.views.queries import ListCount

NAMES = ("a", "a/b", "ab", "b", "c d", "ä", "Z", "~", "%41")


def cut_off(names: list[str], after: str | None, limit: int) -> tuple[list[str], str | None]:
    """As DynamoDB answers a Query: at most so many behind a key, and the last key if there may be more."""
    found = sorted((name for name in names if after is None or schema.list_key(name) > after), key=schema.list_key)
    page = found[:limit]
    return page, schema.list_key(page[-1]) if len(page) == limit else None


@given(
    counted=st.sets(st.sampled_from(NAMES)),
    named=st.sets(st.sampled_from(NAMES)),
    limit=st.integers(1, 6),
    read=st.integers(1, 6),
)
def test_all_pages_together_have_each_list_once_and_in_order(
    counted: set[str], named: set[str], limit: int, read: int
) -> None:
    seen: list[ListCount] = []
    after = None
    for _ in range(3 * len(NAMES)):
        # A source may give less than was asked for: 1 MB, at the most.
        counts, counted_to = cut_off([*counted], after, min(limit, read))
        names, named_to = cut_off([*named], after, limit)
        rows, after = merge_lists([ListCount(name, 2, 1, 1) for name in counts], counted_to, names, named_to, limit)
        assert len(rows) <= limit
        seen += rows
        if after is None:
            break
    assert after is None
    assert [row.name for row in seen] == sorted(counted | named, key=schema.list_key)
    assert all(row.total == (2 if row.name in counted else 0) for row in seen)
