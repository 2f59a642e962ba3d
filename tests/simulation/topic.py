"""An SNS topic in memory: it takes some messages of a batch and not others, and its answers may be lost."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from chalicelib.aws.botocore_client import translating
from tests.simulation import answers
from tests.simulation.faults import Fault, Faults, Site
from tests.simulation.scheduler import Crash, Scheduler

# Of the entries of a batch that goes wrong; "" is one that the answer does not name at all.
CODES = ("InternalError", "ThrottledException", "InvalidParameter", "")

SOME_REFUSED: Site = ("PublishBatch", "some refused")

Entry = dict[str, Any]


class SimulatedTopic:
    """
    Attributes
    ----------
    published : mapping of str to list of str
        By event id, the bodies that went out.
    """

    def __init__(self, scheduler: Scheduler, faults: Faults) -> None:
        self.published: defaultdict[str, list[str]] = defaultdict(list)
        self._scheduler = scheduler
        self._faults = faults
        self._draw = scheduler.draw
        # Beside what befalls every service alike: how often single messages of a batch fail.
        self._refusing = self._draw.choice((0.0, 0.1, 0.5))

    @translating
    def publish_batch(self, TopicArn: str, PublishBatchRequestEntries: list[Entry]) -> Entry:  # noqa: N803
        self._scheduler.pause()
        entries = PublishBatchRequestEntries
        if not self._scheduler.in_process:
            return self._whole(entries)
        match self._faults.next("PublishBatch"):
            case None if self._draw.random() < self._refusing:
                self._faults.hits[SOME_REFUSED] += 1
                return self._partly(entries)
            case None:
                return self._whole(entries)
            case Fault.CRASH_BEFORE:
                raise Crash
            case Fault.NO_CONNECTION:
                raise answers.no_connection()
            case Fault.SERVER_ERROR:
                raise answers.client_error("InternalError", "PublishBatch")
            case Fault.CRASH_AFTER:
                self._take(self._some(entries))
                raise Crash
            case Fault.LOST_ANSWER:
                self._take(self._some(entries))
                raise answers.no_answer()
            case _:
                return self._partly(entries)

    def _whole(self, entries: list[Entry]) -> Entry:
        self._take(entries)
        return {"Successful": [{"Id": entry["Id"]} for entry in entries], "Failed": []}

    def _partly(self, entries: list[Entry]) -> Entry:
        arrived = self._some(entries)
        self._take(arrived)
        codes = [(entry["Id"], self._draw.choice(CODES)) for entry in entries if entry not in arrived]
        return {
            "Successful": [{"Id": entry["Id"]} for entry in arrived],
            "Failed": [{"Id": number, "Code": code, "SenderFault": False} for number, code in codes if code],
        }

    def _some(self, entries: list[Entry]) -> list[Entry]:
        return [entry for entry in entries if self._draw.random() < 0.5]

    def _take(self, entries: Iterable[Entry]) -> None:
        for entry in entries:
            self.published[json.loads(entry["Message"])["id"]].append(entry["Message"])
