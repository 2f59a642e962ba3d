"""The aggregation game on an emulator of its own: its tables, its stream by GetRecords, the handler in this process."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

from chalicelib import logs
from chalicelib.aws import dynamodb
from chalicelib.ledger import codec, scan
from chalicelib.todos.events import Event
from chalicelib.views import table_reads
from stack.aws import LocalEndpoint, local_client
from stack.local import launch, process
from stack.local.state import State
from tests.simulation.expressions import Item
from tests.simulation.game import Crashing, Played, Size, play
from tests.simulation.seams import ENVIRONMENT, EVENTS, SETTINGS, VIEWS
from tests.simulation.world import POINTER, definitions
from tests.support.reset import forget_everything


def play_on_the_emulator(
    size: Size, directory: Path, seed: int = 1, progress: Callable[[int], None] = lambda _: None
) -> Played:
    """Play it on an engine that keeps its state in `directory`, and ends with the game."""
    draw = random.Random(seed)
    with _engine(directory) as endpoint, _service_on(endpoint):
        client = dynamodb.client()
        for definition in definitions():
            client.create_table(**definition)
        client.put_item(TableName=SETTINGS, Item=POINTER)
        crashing = Crashing(client, draw)
        with patch.object(dynamodb, "client", lambda: crashing):
            return play(size, _Emulator(endpoint), crashing, draw, progress)


class _Emulator:
    """The game's ground."""

    def __init__(self, endpoint: LocalEndpoint) -> None:
        self._streams = local_client("dynamodbstreams", endpoint)
        self._iterator: str | None = None

    def new_records(self) -> list[dict[str, Any]]:
        # Not made before there are records: on DynamoDB Local an iterator of an empty shard can be too old for them.
        iterator = self._iterator or self._oldest()
        found: list[dict[str, Any]] = []
        while True:
            answer = self._streams.get_records(ShardIterator=iterator)
            iterator = answer["NextShardIterator"]
            if not answer["Records"]:
                return found
            found += answer["Records"]
            self._iterator = iterator

    def _oldest(self) -> str:
        (stream,) = self._streams.list_streams(TableName=EVENTS)["Streams"]
        (shard,) = self._streams.describe_stream(StreamArn=stream["StreamArn"])["StreamDescription"]["Shards"]
        iterator: str = self._streams.get_shard_iterator(
            StreamArn=stream["StreamArn"], ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        return iterator

    def all_events(self) -> list[Event]:
        return [codec.decode(item) for page in scan.scan() for item in page]

    def view_items(self) -> list[Item]:
        return [item for page in table_reads.scan(VIEWS, 0, 1) for item in page]


@contextmanager
def _engine(directory: Path) -> Iterator[LocalEndpoint]:
    state = State(directory.resolve())
    state.directory.mkdir(parents=True, exist_ok=True)
    engine = launch.start(state, 0, attached=True)
    try:
        yield engine.endpoint
    finally:
        process.kill(engine)


@contextmanager
def _service_on(endpoint: LocalEndpoint) -> Iterator[None]:
    """The service's code on this engine, with none of the clients or memories that it had before, or has after."""
    with ExitStack() as patches:
        patches.enter_context(patch.dict(os.environ, ENVIRONMENT | endpoint.environment()))
        patches.enter_context(patch.object(logs, "write", lambda message, **fields: None))
        forget_everything()
        patches.callback(forget_everything)
        yield
