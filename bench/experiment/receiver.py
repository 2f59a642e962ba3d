"""The webhooks' receiver, which records the events that it receives, and fails at random itself."""

from __future__ import annotations

import json
import random
import time
from typing import Final

from tests.support.server import Received, Reply, Server

REFUSED: Final = 0.01
UNANSWERED: Final = 0.005

ANSWERS_503: Final = "the receiver answers 503"
ANSWER_LOST: Final = "the receiver's answer lost"


class Receiver(Server):
    """
    Attributes
    ----------
    delivered : list of (str, float)
        The events that took effect here, in the order of arrival, and when (seconds since 1970).
    faults : list of str
        Each of its own failures.
    """

    def __init__(self) -> None:
        super().__init__(self._answer)
        self.delivered: list[tuple[str, float]] = []
        self.faults: list[str] = []

    def _answer(self, request: Received) -> Reply | None:
        event_id = json.loads(request.content)["id"]
        chance = random.random()
        if chance < REFUSED:
            self.faults.append(ANSWERS_503)
            return Reply(503)
        self.delivered.append((event_id, time.time()))
        if chance < REFUSED + UNANSWERED:
            self.faults.append(ANSWER_LOST)
            return None
        return Reply(204)
