"""The client at the seam `chalicelib.aws.dynamodb.client`: a call may be interleaved, torn, refused, or its last."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from types import SimpleNamespace

from botocore import xform_name
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.aws.botocore_client import translating
from tests.simulation import answers
from tests.simulation.engine import Engine, Transaction
from tests.simulation.expressions import Unsupported
from tests.simulation.faults import Fault, Faults
from tests.simulation.requests import Answer, Request
from tests.simulation.scheduler import Crash, Scheduler

# By the name of the client's method.
OPERATIONS = {
    xform_name(operation): operation
    for operation in (
        "PutItem", "UpdateItem", "GetItem", "BatchGetItem", "Query", "Scan", "TransactWriteItems",
        "CreateTable", "DescribeTable", "DeleteTable", "DescribeTimeToLive", "UpdateTimeToLive",
    )
}  # fmt: skip
READS_OF_SEVERAL = {"BatchGetItem", "Query", "Scan"}
TORN, TORN_READS = "torn", 0.25
# As many transactions become visible as a whole, which is quick; the others item by item.
AT_ONCE = 0.3


@dataclass
class InFlight:
    """A transaction whose caller is gone: it comes to its end all the same."""

    transaction: Transaction

    @property
    def began(self) -> int:
        return self.transaction.began

    def step(self, draw: random.Random) -> bool:
        if self.transaction.waiting:
            self.transaction.apply(draw.randrange(len(self.transaction.waiting)))
        return bool(self.transaction.waiting)


@dataclass
class OnItsWay:
    """A write that arrives after its caller gave up waiting."""

    began: int
    arrive: Callable[[], object]

    def step(self, draw: random.Random) -> bool:
        with suppress(ClientError):
            self.arrive()
        return False


class SimulatedClient:
    """Stands for the client, and for botocore's, whose `_make_api_call`, `_request_signer` and `meta` PynamoDB uses."""

    _request_signer = SimpleNamespace(_credentials="simulated")
    meta = SimpleNamespace(endpoint_url=answers.ENDPOINT)

    def __init__(self, engine: Engine, scheduler: Scheduler, faults: Faults) -> None:
        self._engine = engine
        self._scheduler = scheduler
        self._faults = faults
        self._draw = scheduler.draw
        self._tokens = 0

    def __getattr__(self, name: str) -> Callable[..., Answer]:
        if name not in OPERATIONS:
            raise AttributeError(name)
        return lambda **request: translating(self._make_api_call)(OPERATIONS[name], request)

    def _make_api_call(self, operation: str, request: Request) -> Answer:
        try:
            return self._answer(operation, request)
        except (ClientError, BotoCoreError):
            raise
        except Exception as error:
            raise Unsupported(f"{operation} {request}") from error

    def _answer(self, operation: str, request: Request) -> Answer:  # noqa: C901 - one flat case for each fault
        if not self._scheduler.in_process:
            return self._engine.call(operation, request)
        self._scheduler.pause()
        match self._faults.next(operation):
            case None:
                return self._carry_out(operation, request)
            case Fault.CRASH_BEFORE:
                raise Crash
            case Fault.NO_CONNECTION:
                raise answers.no_connection()
            case Fault.THROTTLED:
                raise self._throttled(operation, request)
            case Fault.SERVER_ERROR:
                raise answers.client_error("InternalServerError", operation)
            case Fault.CONFLICT:
                raise self._conflict(operation, request)
            case Fault.SENT_TWICE:
                return self._sent_twice(operation, request)
            case Fault.LATE:
                arrival = OnItsWay(self._scheduler.now, lambda: self._engine.call(operation, request))
                self._scheduler.aftermath.append(arrival)
                raise answers.no_answer()
            case Fault.CRASH_AFTER:
                self._carry_out(operation, request, stays=False)
                raise Crash
            case Fault.SERVER_ERROR_AFTER:
                self._carry_out(operation, request, stays=False)
                raise answers.client_error("InternalServerError", operation)
            case Fault.LOST_ANSWER:
                self._carry_out(operation, request, stays=False)
                raise answers.no_answer()
            case Fault.UNPROCESSED:
                return self._partly(operation, request)

    def _carry_out(self, operation: str, request: Request, stays: bool = True) -> Answer:
        """Carry it out, spread over time; `stays` tells whether the caller awaits the end."""
        if operation == "TransactWriteItems":
            return self._transact(request, stays)
        if operation in READS_OF_SEVERAL and self._faults.active and self._draw.random() < TORN_READS:
            self._faults.hits[operation, TORN] += 1
            return self._torn(operation, request)
        return self._engine.call(operation, request)

    def _transact(self, request: Request, stays: bool) -> Answer:
        transaction = self._engine.begin(request)
        if transaction is None:
            return {}
        if not stays:
            self._scheduler.aftermath.append(InFlight(transaction))
            return {}
        at_once = self._draw.random() < AT_ONCE
        try:
            while transaction.waiting:
                if not at_once:
                    self._scheduler.pause()
                transaction.apply(self._draw.randrange(len(transaction.waiting)))
        except Crash:
            self._scheduler.aftermath.append(InFlight(transaction))
            raise
        return {}

    def _torn(self, operation: str, request: Request) -> Answer:
        """Read some items now and the others later: no such read is a snapshot."""
        if operation == "BatchGetItem":
            ((table, wanted),) = request["RequestItems"].items()
            keys = self._draw.sample(wanted["Keys"], len(wanted["Keys"]))
            cut = self._draw.randint(0, len(keys))
            parts = [part for part in (keys[:cut], keys[cut:]) if part]
        elif request.get("Limit") == 1:
            return self._engine.call(operation, request)
        else:
            return self._torn_page(operation, request)
        found = []
        for part in parts:
            one = {"RequestItems": {table: {**wanted, "Keys": part}}}
            found += self._engine.call(operation, one)["Responses"][table]
            self._scheduler.pause()
        return {"Responses": {table: found}, "UnprocessedKeys": {}}

    def _torn_page(self, operation: str, request: Request) -> Answer:
        limit = request.get("Limit", self._engine.page_items)
        cut = self._draw.randint(1, limit)
        first = self._engine.call(operation, {**request, "Limit": cut})
        if "LastEvaluatedKey" not in first or cut == limit:
            return first
        self._scheduler.pause()
        rest = {**request, "Limit": limit - cut, "ExclusiveStartKey": first["LastEvaluatedKey"]}
        second = self._engine.call(operation, rest)
        items = first["Items"] + second["Items"]
        return {**second, "Items": items, "Count": len(items), "ScannedCount": len(items)}

    def _partly(self, operation: str, request: Request) -> Answer:
        """A BatchGetItem that reads some of its keys, perhaps none."""
        ((table, wanted),) = request["RequestItems"].items()
        cut = self._draw.randrange(len(wanted["Keys"]))
        done, left = wanted["Keys"][:cut], wanted["Keys"][cut:]
        found = []
        if done:
            one = {"RequestItems": {table: {**wanted, "Keys": done}}}
            found = self._engine.call(operation, one)["Responses"][table]
        return {"Responses": {table: found}, "UnprocessedKeys": {table: {**wanted, "Keys": left}}}

    def _sent_twice(self, operation: str, request: Request) -> Answer:
        """What botocore does when the answer to its first try is lost; a transaction it gives a token of its own."""
        if operation == "TransactWriteItems" and "ClientRequestToken" not in request:
            self._tokens += 1
            request = {**request, "ClientRequestToken": f"botocore's {self._tokens}"}
        with suppress(ClientError):
            self._carry_out(operation, request)
        self._scheduler.pause()
        return self._carry_out(operation, request)

    def _throttled(self, operation: str, request: Request) -> ClientError:
        if operation == "TransactWriteItems":
            return answers.cancelled(self._one_of(request, "ThrottlingError"))
        return answers.client_error("ProvisionedThroughputExceededException", operation)

    def _conflict(self, operation: str, request: Request) -> ClientError:
        if operation == "TransactWriteItems":
            return answers.cancelled(self._one_of(request, "TransactionConflict"))
        return answers.conflict(operation)

    def _one_of(self, request: Request, code: str) -> list[tuple[str, None]]:
        codes = ["None"] * len(request["TransactItems"])
        codes[self._draw.randrange(len(codes))] = code
        return [(each, None) for each in codes]
