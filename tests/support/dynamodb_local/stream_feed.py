"""What DynamoDB Local's streams bring, put where the local engine's stream mappings look for records."""

from __future__ import annotations

import logging
import threading
from typing import Any, Final

from ministack.services import dynamodb as emulated

from stack.aws import REGION
from tests.support.dynamodb_local.database import STREAMS, Database, Refused
from tests.support.dynamodb_local.mirror import Mirror, Stream

# After a write it looks at once. Items that expire are deleted without one.
POLL_SECONDS: Final = 1.0

_log = logging.getLogger(__name__)


class StreamFeed(threading.Thread):
    """Follows the streams of all mirrored tables, from the start of its engine on."""

    def __init__(self, database: Database, mirror: Mirror) -> None:
        super().__init__(name="stream-feed", daemon=True)
        self._database = database
        self._mirror = mirror
        self._woken = threading.Event()
        # By the ARN of a stream in DynamoDB Local: its shards, each with the iterator behind what was read.
        self._iterators: dict[str, dict[str, str | None]] = {}

    def wake(self) -> None:
        """Look for records at once: something was written."""
        self._woken.set()

    def run(self) -> None:
        """Feed without end."""
        while True:
            self._woken.wait(POLL_SECONDS)
            self._woken.clear()
            for stream in self._mirror.streams():
                try:
                    self._follow(stream)
                except Refused as error:
                    # Its table may just have been dropped.
                    _log.warning("a stream cannot be read: %s", error)

    def _follow(self, stream: Stream) -> None:
        shards = self._iterators.setdefault(stream.theirs, {})
        if all(iterator is None for iterator in shards.values()):
            self._add_new_shards(stream, shards)
        for shard, iterator in shards.items():
            while iterator is not None:
                answer = self._records(stream, shard, iterator)
                iterator = shards[shard] = answer.get("NextShardIterator")
                if not answer["Records"]:
                    break
                _hand_over(stream, answer["Records"])

    def _records(self, stream: Stream, shard: str, iterator: str) -> dict[str, Any]:
        try:
            return self._ask("GetRecords", ShardIterator=iterator)
        except Refused as error:
            if b"TrimmedDataAccessException" not in error.body:
                raise
            # The iterator is older than the shard's first record, whose number is not the one that was expected then.
            return self._ask("GetRecords", ShardIterator=self._iterator(stream, shard, "TRIM_HORIZON"))

    def _add_new_shards(self, stream: Stream, shards: dict[str, str | None]) -> None:
        """A shard ends after some hours, and another goes on."""
        start = "TRIM_HORIZON" if shards or stream.is_new else "LATEST"
        description = self._ask("DescribeStream", StreamArn=stream.theirs)["StreamDescription"]
        for shard in (each["ShardId"] for each in description["Shards"]):
            if shard not in shards:
                shards[shard] = self._iterator(stream, shard, start)

    def _iterator(self, stream: Stream, shard: str, start: str) -> str:
        answer = self._ask("GetShardIterator", StreamArn=stream.theirs, ShardId=shard, ShardIteratorType=start)
        iterator: str = answer["ShardIterator"]
        return iterator

    def _ask(self, operation: str, **request: Any) -> dict[str, Any]:
        return self._database.ask(f"{STREAMS}{operation}", request)


def _hand_over(stream: Stream, records: list[dict[str, Any]]) -> None:
    if emulated._stream_records.get_scoped(*stream.table) is None:
        emulated._stream_records.set_scoped(*stream.table, [])
    emulated._stream_records.get_scoped(*stream.table).extend(
        record | {"awsRegion": REGION, "eventSourceARN": stream.ours} for record in records
    )
    emulated.esm_wake.set()
