"""How many functions an account may run at once, and what a stage asks of it.

Accounts begin with few (10, where AWS does not know them yet) and get 1,000 when they ask. What does not fit is found
before anything is deployed: CloudFormation would fail half way.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from stack.deploy.stages import Function
from stack.errors import Misconfigured

# Lambda leaves so many unreserved, or all that the account has.
UNRESERVED: Final = 100
# With less, functions that only share the account with others are throttled soon.
ENOUGH: Final = 100
# Of all waiting requests, where the stage does not set it (`WaitsAtOnce` of .chalice/compute.yaml).
MOST_WAITS: Final = 100
SHARE_OF_WAITS: Final = 5


@dataclass(frozen=True, slots=True)
class Concurrency:
    """The account's limit in a region, and what no function has reserved of it."""

    limit: int
    unreserved: int

    @classmethod
    def of(cls, client: Any) -> Concurrency:
        """What Lambda says; `client` is its client."""
        found = client.get_account_settings()["AccountLimit"]
        return cls(found["ConcurrentExecutions"], found["UnreservedConcurrentExecutions"])

    @property
    def waits(self) -> int:
        """How many requests of a stage may wait at once: the others need most of the functions."""
        return max(1, min(MOST_WAITS, self.limit // SHARE_OF_WAITS))

    def warning(self) -> str | None:
        """What to tell a deployer of an account that may run few functions."""
        if self.limit >= ENOUGH:
            return None
        return (
            f"Lambda runs {self.limit} functions at once in this account and region: enough to try the service, but "
            "under load all of its functions throttle each other. Ask for more: Service Quotas, AWS Lambda, Concurrent "
            "executions (1,000 is the usual value)"
        )


def check_reserved(client: Any, functions: Iterable[Function], names: dict[str, str]) -> None:
    """Refuse a configuration that reserves more than the account can.

    Parameters
    ----------
    client : Lambda client
    functions : iterable of Function
        All of a stage.
    names : dict
        Their names on Lambda.

    Raises
    ------
    Misconfigured
    """
    wanted = {one.name: one.config.reserved_concurrency for one in functions if one.config.reserved_concurrency}
    if not wanted:
        return
    account = Concurrency.of(client)
    kept = min(UNRESERVED, account.limit)
    possible = account.unreserved + sum(_reserved(client, names[name]) for name in wanted) - kept
    if sum(wanted.values()) > possible:
        raise Misconfigured(
            f"reserved_concurrency in .chalice/config.json adds up to {sum(wanted.values())} "
            f"({', '.join(sorted(wanted))}), but this account can reserve {max(possible, 0)}: Lambda runs "
            f"{account.limit} functions at once in it, and leaves {kept} of them to functions that reserve none. "
            "Reserve less, or ask for more: Service Quotas, AWS Lambda, Concurrent executions"
        )


def _reserved(client: Any, name: str) -> int:
    """What a function has reserved so far."""
    try:
        return int(client.get_function_concurrency(FunctionName=name).get("ReservedConcurrentExecutions", 0))
    except client.exceptions.ResourceNotFoundException:
        return 0
