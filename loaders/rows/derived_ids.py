"""Ids for rows that have none in their source, and that must stay the same todos when their other values change."""

from __future__ import annotations

import hashlib
from typing import Any

from chalicelib.todos.events import canonical_json
from loaders.rows.seen import Seen


def derived_id(seen: Seen, line: int, *about: Any) -> str:
    """An id of what a row is about, such as its file, list and title, and how often that came before.

    The todo's id is derived from it, so computing it differently would load the same files twice.
    """
    digest = hashlib.sha256(canonical_json(list(about)).encode("utf-8", "surrogatepass")).hexdigest()[:32]
    return f"{digest}#{seen.note(digest, line)[1]}"
