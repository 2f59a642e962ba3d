"""A client that keeps a copy of an owner's todos by sync."""

from __future__ import annotations

from typing import Any

from tests.support.client import Verbs

MOST_PAGES = 10_000


class Replica:
    """
    Attributes
    ----------
    todos : dict
        The live todos by id.
    cursor : str or None
        Where the next page begins.
    """

    def __init__(self, client: Verbs, limit: int | None = None) -> None:
        self.todos: dict[str, dict[str, Any]] = {}
        self.cursor: str | None = None
        self._client = client
        self._limit = limit

    def page(self) -> dict[str, Any]:
        """The next page, taken over."""
        query = {"since": self.cursor, "limit": self._limit}
        asked = "&".join(f"{name}={value}" for name, value in query.items() if value is not None)
        answer = self._client.get(f"/changes?{asked}")
        assert answer.status_code == 200, answer.text
        page: dict[str, Any] = answer.json()
        assert page.keys() == {"changes", "cursor", "more"}
        self.cursor = page["cursor"]
        for change in page["changes"]:
            known = self.todos.pop(change["id"], {"version": 0})
            assert known["version"] <= change["version"], "what is older comes later"
            if "deleted" not in change:
                self.todos[change["id"]] = change
        return page

    def sync(self) -> list[dict[str, Any]]:
        """All pages to the end; the changes in them."""
        changes = []
        for _ in range(MOST_PAGES):
            page = self.page()
            changes += page["changes"]
            if not page["more"]:
                return changes
        raise AssertionError("the feed has no end")
