"""Everything that can be wrong with a ledger and its views, each planted by a function that names the place."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from chalicelib import settings
from chalicelib.views import codec, schema
from tests.operate.live.audit.planted import Planted
from tests.operate.live.commanding import Item


def missing_version(planted: Planted) -> str:
    planted.remove(settings.events_table(), planted.event("edited", 2))
    return planted.stream("edited")


def wrong_state(planted: Planted) -> str:
    event = planted.event("edited", 2)
    planted.put(settings.events_table(), event | {"state": _changed(event["state"], title="Something else")})
    return planted.stream("edited")


def time_that_stands_still(planted: Planted) -> str:
    later = planted.event("plain", 1) | {"version": {"N": "2"}, "event_id": {"S": "x"}, "change": {"S": "{}"}}
    planted.put(settings.events_table(), later)
    planted.put(planted.views, planted.row("plain") | {"version": {"N": "2"}})
    planted.put(planted.views, _naming(planted, "plain", 2))
    return planted.stream("plain")


def event_that_cannot_be_read(planted: Planted) -> str:
    planted.put(settings.events_table(), planted.event("edited", 2) | {"change": {"S": "{"}})
    return planted.stream("edited")


def history_in_part(planted: Planted) -> str:
    planted.put(settings.events_table(), planted.event("plain", 1) | {"more": {"N": "1"}})
    return planted.stream("plain")


def row_behind(planted: Planted) -> str:
    event = planted.event("completed", 1)
    old = {"version": event["version"], "state": event["state"]}
    old |= schema.index_attributes(planted.owner.partition, planted.todos["completed"], event["state"]["S"])
    planted.put(planted.views, planted.row("completed") | old)
    return planted.stream("completed")


def row_ahead(planted: Planted) -> str:
    planted.put(planted.views, planted.row("plain") | {"version": {"N": "7"}})
    return planted.stream("plain")


def row_with_another_state(planted: Planted) -> str:
    row = planted.row("plain")
    planted.put(planted.views, row | {"state": _changed(row["state"], title="Something else")})
    return planted.stream("plain")


def no_row(planted: Planted) -> str:
    planted.remove(planted.views, planted.row("plain"))
    return planted.stream("plain")


def row_without_a_stream(planted: Planted) -> str:
    stranger = "00000000-0000-4000-8000-000000000000"
    row = planted.row("plain")
    indexed = schema.index_attributes(planted.owner.partition, stranger, row["state"]["S"])
    planted.put(planted.views, row | indexed | {"sk": {"S": schema.todo_key(stranger)}})
    return planted.owner.stream(stranger)


def wrong_index_attribute(planted: Planted) -> str:
    planted.put(planted.views, planted.row("edited") | {"by_due": {"S": "2020-01-01"}})
    return planted.stream("edited")


def index_attribute_too_many(planted: Planted) -> str:
    planted.put(planted.views, planted.row("plain") | {"remind_shard": {"N": "3"}, "remind_at": {"S": "2020-01-01"}})
    return planted.stream("plain")


def live_row_that_expires(planted: Planted) -> str:
    planted.put(planted.views, planted.row("plain") | {schema.TTL_ATTRIBUTE: {"N": str(2**33)}})
    return planted.stream("plain")


def tombstone_for_ever(planted: Planted) -> str:
    row = planted.row("deleted")
    planted.put(planted.views, {name: value for name, value in row.items() if name != schema.TTL_ATTRIBUTE})
    return planted.stream("deleted")


def wrong_tally(planted: Planted) -> str:
    planted.put(planted.views, planted.tally() | {"open": {"N": "17"}})
    return planted.owner.partition


def no_tally(planted: Planted) -> str:
    planted.remove(planted.views, planted.tally())
    return planted.owner.partition


def wrong_list_tally(planted: Planted) -> str:
    planted.put(planted.views, planted.list_tally("work") | {"completed": {"N": "0"}})
    return planted.owner.partition


def no_list_tally(planted: Planted) -> str:
    planted.remove(planted.views, planted.list_tally("work"))
    return planted.owner.partition


def tally_of_an_empty_list(planted: Planted) -> str:
    empty = {name: {"N": "0"} for name in ("total", "open", "completed")}
    planted.put(planted.views, planted.list_tally("work") | empty | {"sk": {"S": schema.list_key("gone")}})
    return planted.owner.partition


def tally_behind_its_rows(planted: Planted) -> str:
    planted.put(planted.views, planted.row("plain") | {"revision": {"N": "99999"}})
    return planted.owner.partition


def missing_log_entry(planted: Planted) -> str:
    planted.remove(planted.views, planted.owner.item(planted.views, schema.log_key(2)))
    return planted.owner.partition


def missing_last_log_entry(planted: Planted) -> str:
    revision = int(planted.tally()["revision"]["N"])
    planted.remove(planted.views, planted.owner.item(planted.views, schema.log_key(revision)))
    return planted.owner.partition


def log_entry_of_a_version_that_the_row_lacks(planted: Planted) -> str:
    planted.put(planted.views, _naming(planted, "plain", 9))
    return planted.owner.partition


def log_entry_that_names_nothing(planted: Planted) -> str:
    revision = int(planted.row("plain")["revision"]["N"])
    entry = planted.owner.item(planted.views, schema.log_key(revision))
    planted.put(planted.views, entry | {"changes": {"S": "[]"}})
    return planted.owner.partition


def log_entry_that_counts_an_event_too_many(planted: Planted) -> str:
    entry = planted.owner.item(planted.views, schema.log_key(int(planted.row("edited")["revision"]["N"])))
    changes = json.loads(entry["changes"]["S"])
    counts = codec.load_counts(entry["counts"]["S"], len(changes))
    more = [count + (id_ == planted.todos["edited"]) for count, (id_, _) in zip(counts, changes, strict=True)]
    planted.put(planted.views, entry | {"counts": {"S": json.dumps(more)}})
    return planted.owner.partition


def item_of_no_kind(planted: Planted) -> str:
    planted.put(planted.views, planted.tally() | {"sk": {"S": "what is this"}})
    return planted.owner.partition


def _changed(state: dict[str, str], **fields: Any) -> dict[str, str]:
    return {"S": json.dumps(json.loads(state["S"]) | fields)}


def _naming(planted: Planted, name: str, version: int) -> Item:
    """The log's entry of the row's revision, naming another version of the todo."""
    entry = planted.owner.item(planted.views, schema.log_key(int(planted.row(name)["revision"]["N"])))
    changes = [[id_, version if id_ == planted.todos[name] else was] for id_, was in json.loads(entry["changes"]["S"])]
    return entry | {"changes": {"S": json.dumps(changes)}}


CORRUPTIONS: dict[Callable[[Planted], str], set[str]] = {
    missing_version: {"versions"},
    wrong_state: {"state"},
    time_that_stands_still: {"occurred-at"},
    event_that_cannot_be_read: {"undecodable"},
    history_in_part: {"unfinished"},
    row_behind: {"row-behind"},
    row_ahead: {"row-ahead"},
    row_with_another_state: {"row-state"},
    no_row: {"row-missing"},
    row_without_a_stream: {"row-orphan"},
    wrong_index_attribute: {"row-index"},
    index_attribute_too_many: {"row-index"},
    live_row_that_expires: {"row-expiry"},
    tombstone_for_ever: {"row-expiry"},
    wrong_tally: {"tally"},
    no_tally: {"tally-missing"},
    wrong_list_tally: {"list-tally"},
    no_list_tally: {"list-tally"},
    tally_of_an_empty_list: {"list-empty"},
    tally_behind_its_rows: {"revision"},
    missing_log_entry: {"log-gap"},
    missing_last_log_entry: {"log-gap"},
    log_entry_of_a_version_that_the_row_lacks: {"log-row"},
    log_entry_that_names_nothing: {"log-missing"},
    log_entry_that_counts_an_event_too_many: {"log-counts"},
    item_of_no_kind: {"unknown-item"},
}
