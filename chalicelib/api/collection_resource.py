"""What webhooks and calendar feeds share: an owner has a limited number of them, created with or without a key."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from chalicelib.api import problem_types
from chalicelib.api.headers import parse_idempotency_key
from chalicelib.api.problem_types import ProblemType
from chalicelib.api.problems import Problem, not_found
from chalicelib.api.represent import answer
from chalicelib.api.request import Request
from chalicelib.api.response import Response
from chalicelib.commands.execute import request_hash
from chalicelib.todos import ids
from chalicelib.todos.ids import Owner


@dataclass(frozen=True, slots=True)
class CollectionResource:
    """A collection at ``/{noun}s``, of which an owner has at most so many.

    Attributes
    ----------
    new_id : callable
    id_for_key : callable
        The id that a POST with an idempotency key creates, from owner and key.
    """

    noun: str
    at_most: int
    too_many: ProblemType
    new_id: Callable[[], str]
    id_for_key: Callable[[Owner, str], str]

    def identify(self, request: Request, body: Any) -> tuple[str, str | None]:
        """The id to create; and if the request has a key, the hash of what the key stands for."""
        key = request.header("idempotency-key", parse_idempotency_key)
        if key is None:
            return self.new_id(), None
        item_id = self.id_for_key(request.owner, key)
        return item_id, request_hash(self.noun, item_id, body)

    def answer_created(self, request: Request, item_id: str, body: dict[str, Any]) -> Response:
        """201; the body has a secret, which is shown this once."""
        return answer(201, body, {"Location": f"{request.base_url}/{self.noun}s/{item_id}"})

    def answer_deleted(self, item_id: str, delete: Callable[[str], bool]) -> Response:
        """204 once `delete` has deleted it; 404 if there was none."""
        if not ids.is_todo_id(item_id) or not delete(item_id):
            raise not_found(f"There is no such {self.noun}.")
        return answer(204)

    def limit_reached(self) -> Problem:
        """The refusal of one more than an owner may have."""
        return Problem(self.too_many, f"There may be {self.at_most} {self.noun}s; delete one first.")

    def key_reused(self) -> Problem:
        """The refusal of an idempotency key that was used for another one (422)."""
        return Problem(problem_types.KEY_REUSED, f"The Idempotency-Key was used before, for another {self.noun}.")
