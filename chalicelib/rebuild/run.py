"""Rebuilding the views beside the live ones while writes go on, in steps that can be interrupted and repeated.

    make    the new table is made, and the pointer names both: `project` is to write both
    settle  every invocation of `project` that knows of one table only ends
    fill    every stream's head is projected, by a scan of the ledger: what was written before `project` wrote both
    audit   the new table is audited
    switch  the pointer names the new table for readers; `project` still writes both
    drain   every reader of the old table ends
    drop    the pointer names the new table alone, and the old one is dropped

Processes remember the pointer for some seconds, so `settle` and `drain` last that long, and then for a Lambda's timeout
(docs/exactly-once.md, "The pointer").

Until the switch, `abandon` undoes it: the pointer names the old table alone, and the new one is dropped.

The settings table keeps its progress, beside the pointer. A run holds a lease, so that two runs do not do the same
work; they do no harm because each write of either names the claim under which it was made.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from chalicelib.audit.findings import Findings
from chalicelib.audit.scan import PATIENCE_SECONDS, Audit
from chalicelib.rebuild.state import (
    ABANDON,
    ABANDONED,
    AUDIT,
    DONE,
    DRAIN,
    DROP,
    FILL,
    LONGEST_TIMEOUT_SECONDS,
    MAKE,
    PROJECT_TIMEOUT_SECONDS,
    SETTLE,
    SWITCH,
    Busy,
    NothingToAbandon,
    Progress,
    State,
)  # fmt: skip
from chalicelib.views import pointer
from chalicelib.views.backfill import Filling, without_old_deletions
from chalicelib.views.errors import Outrun
from chalicelib.views.pointer import Pointer, Record

# The record is written after this much work, so at most this much is repeated.
SLICE_SECONDS: Final = 5.0
# Longer than a slice takes, waiting included; a run that was killed is continued after at most this.
LEASE_SECONDS: Final = 60.0
TABLE_SECONDS: Final = 1.0

# As many as a person can read; the record that carries them may have 400 KB.
MAX_DIFFERENCES: Final = 50


class Run:
    """One run of a rebuild, under the lease that `claim` took.

    Parameters
    ----------
    state : State
        How far the rebuild is.
    record : Record
        The record that this run wrote last.
    lease_seconds : float
        For how long each write of the record extends the lease.
    patience : float
        Seconds that the audit waits for a lag to pass.
    despite_differences : bool
        Switch to the new table whatever the audit finds.
    """

    def __init__(
        self, state: State, record: Record, *, lease_seconds: float, patience: float, despite_differences: bool
    ) -> None:
        self.state = state
        self._record = record
        self._lease_seconds = lease_seconds
        self._patience = patience
        self._despite_differences = despite_differences

    @classmethod
    def claim(
        cls,
        runner: str | None = None,
        *,
        request: str = "",
        lease_seconds: float = LEASE_SECONDS,
        settle_seconds: float = PROJECT_TIMEOUT_SECONDS,
        drain_seconds: float = LONGEST_TIMEOUT_SECONDS,
        patience: float = PATIENCE_SECONDS,
        despite_differences: bool = False,
        begins: bool = True,
    ) -> Run:
        """Continue the rebuild under way, or begin one.

        Parameters
        ----------
        runner : str
            Who claims it; the same runner may claim again what it holds.
        request : str
            See `State`.
        lease_seconds, patience, despite_differences
            See `Run`.
        settle_seconds, drain_seconds : float
            How long these two steps wait, beside the time for which the pointer is remembered; only a new rebuild
            takes them.
        begins : bool
            Whether to begin a rebuild if none is under way.

        Raises
        ------
        Busy
            When another runner holds the lease.
        Outrun
            When another runner claimed it at the same time.
        NothingToAbandon
            When none is under way, and `begins` is False.
        """
        runner = runner or uuid.uuid4().hex
        found = pointer.record()
        state = State.from_json(found.state) if found else None
        if found is not None and state is not None and not state.is_over:
            left = found.lease_until / 1000 - time.time()
            if left > 0 and found.runner != runner:
                raise Busy(found, left)
        elif state is None or not request or state.request != request:
            if not begins:
                raise NothingToAbandon("no rebuild is under way")
            table = pointer.beside(pointer.pointer().reader)
            state = State(table, request, settle_seconds=settle_seconds, drain_seconds=drain_seconds)
        record = Record(state.to_json(), runner, uuid.uuid4().hex, _lease_end(lease_seconds))
        pointer.write_record(record, instead_of=found)
        return cls(
            state, record, lease_seconds=lease_seconds, patience=patience, despite_differences=despite_differences
        )

    def advance(self, until: float | None = None) -> Progress:
        """Do one slice of work, which ends at `until` (an instant of `time.monotonic`) if that comes first.

        Raises
        ------
        Outrun
            When another run has taken over, or changed the pointer.
        ProjectionIncomplete
            When some owners could not be projected for now; calling this again continues.
        """
        if self.state.is_over:
            return self._progress()
        stop = time.monotonic() + SLICE_SECONDS
        progress = _STEPS[self.state.step](self, min(stop, until) if until is not None else stop)
        self._save(self._lease_seconds)
        return progress

    def abandon(self) -> Progress:
        """Begin or continue to return to the old table alone, and to drop the new one.

        Raises
        ------
        NothingToAbandon
            When the new table is in use already.
        Outrun
            When another run has taken over, or changed the pointer.
        """
        if self.state.step not in (ABANDON, ABANDONED):
            table = self.state.table
            if pointer.pointer().reader == table:
                raise NothingToAbandon(f"the pointer names {table} already; the rebuild can only continue")
            # Before anything is undone: a run that takes over from here must not do it again.
            self.state = replace(self.state, step=ABANDON, filling=None, audit=None)
            self._save(self._lease_seconds)
        return self.advance()

    def keep(self, seconds: float) -> None:
        """Extend the lease by so many seconds while waiting; 0 releases it."""
        self._save(seconds)

    def _save(self, lease_seconds: float) -> None:
        lease = 0 if self.state.is_over else _lease_end(lease_seconds)
        record = replace(self._record, state=self.state.to_json(), lease_until=lease)
        pointer.write_record(record, instead_of=self._record)
        self._record = record

    def _progress(self, wait_seconds: float = 0.0, counts: str = "") -> Progress:
        return Progress(self.state.table, self.state.step, wait_seconds, self.state.problem, counts)

    def _go_to(self, step: str, counts: str = "", **changes: Any) -> Progress:
        self.state = replace(self.state, step=step, problem="", **changes)
        return self._progress(counts=counts)

    def _make(self, _until: float) -> Progress:
        table = self.state.table
        if not pointer.make(table):
            return self._progress(TABLE_SECONDS)
        now = pointer.pointer()
        before = _without(now.tables, table)
        if table not in now.tables:
            self._point(replace(now, tables=(*now.tables, table)), instead_of=now)
        return self._go_to(SETTLE, before=list(before), **self._waiting(self.state.settle_seconds, now))

    def _settle(self, _until: float) -> Progress:
        return self._wait_or_go_to(FILL, self.state.settle_seconds)

    def _fill(self, until: float) -> Progress:
        table = self.state.table
        if table not in pointer.pointer().tables:
            raise Outrun(f"the pointer does not name {table} any more")
        filling = Filling.from_json(dict(self.state.filling)) if self.state.filling else Filling()
        filling.advance(lambda: [table], without_old_deletions, until=until)
        counts = f"{filling.streams:,} streams"
        if filling.is_done:
            return self._go_to(AUDIT, counts, filling=None)
        self.state = replace(self.state, filling=filling.to_json())
        return self._progress(counts=counts)

    def _audit(self, until: float) -> Progress:
        self.state = replace(self.state, problem="")
        audit = Audit((self.state.table,), patience=self._patience, checks_streams=False)
        if self.state.audit:
            audit.take_up(self.state.audit)
        audit.findings.limit = MAX_DIFFERENCES
        audit.advance(until)
        found = audit.findings
        counts = f"{found.counts['streams']:,} streams, {found.counts['rows']:,} rows"
        if not audit.is_done:
            self.state = replace(self.state, audit=audit.to_json())
            return self._progress(counts=counts)
        if found.differences and not self._despite_differences:
            # The next run audits again: somebody may have repaired the differences.
            self.state = replace(self.state, audit=None, problem=_describe(found))
            return self._progress(counts=counts)
        return self._go_to(SWITCH, counts, audit=None)

    def _switch(self, _until: float) -> Progress:
        now, table = pointer.pointer(), self.state.table
        if table not in now.tables:
            raise Outrun(f"the pointer does not name {table} any more")
        if now.reader != table:
            self._point(replace(now, reader=table), instead_of=now)
        return self._go_to(DRAIN, **self._waiting(self.state.drain_seconds, now))

    def _drain(self, _until: float) -> Progress:
        return self._wait_or_go_to(DROP, self.state.drain_seconds)

    def _drop(self, _until: float) -> Progress:
        now, table = pointer.pointer(), self.state.table
        if now.reader == table and now.tables != (table,):
            alone = replace(now, tables=(table,))
            self._point(alone, instead_of=now)
            now = alone
        unused = [each for each in self.state.before if each not in (now.reader, *now.tables)]
        gone = [pointer.drop(each) for each in unused]
        if not all(gone):
            return self._progress(TABLE_SECONDS)
        return self._go_to(DONE)

    def _abandon(self, _until: float) -> Progress:
        now, table = pointer.pointer(), self.state.table
        if now.reader == table:
            # A switch that was committed before this run's claim, and became visible after it.
            return self._go_to(DRAIN, **self._waiting(self.state.drain_seconds, now))
        # Written even if unchanged: what was read may be older than a change that is not visible yet, and only a write
        # conflicts with that.
        self._point(replace(now, tables=_without(now.tables, table)), instead_of=now)
        return self._go_to(ABANDONED) if pointer.drop(table) else self._progress(TABLE_SECONDS)

    def _point(self, to: Pointer, *, instead_of: Pointer) -> None:
        pointer.point(to, instead_of=instead_of, under=self._record)

    def _waiting(self, seconds: float, now: Pointer) -> dict[str, Any]:
        """The state of a wait of so many seconds, which begin when nobody remembers this pointer any more."""
        end = time.time() + now.remembered_seconds + seconds
        return {"resume_at": end, "remembered_seconds": now.remembered_seconds}

    def _wait_or_go_to(self, then: str, seconds: float) -> Progress:
        """Wait, or go to the next step if it is time; a clock that was set back does not prolong the wait."""
        left = min(self.state.resume_at - time.time(), self.state.remembered_seconds + seconds)
        return self._progress(left) if left > 0 else self._go_to(then)


_STEPS: Final[dict[str, Callable[[Run, float], Progress]]] = {
    MAKE: Run._make,
    SETTLE: Run._settle,
    FILL: Run._fill,
    AUDIT: Run._audit,
    SWITCH: Run._switch,
    DRAIN: Run._drain,
    DROP: Run._drop,
    ABANDON: Run._abandon,
}


def status() -> tuple[Pointer, State | None]:
    """The pointer, and the state of the rebuild under way, or of the last one."""
    record = pointer.record()
    return pointer.pointer(), State.from_json(record.state) if record else None


def _lease_end(seconds: float) -> int:
    """When a lease of so many seconds ends, in milliseconds since 1970; 0 (no lease) for 0."""
    return round((time.time() + seconds) * 1000) if seconds else 0


def _without(tables: tuple[str, ...], table: str) -> tuple[str, ...]:
    return tuple(each for each in tables if each != table)


def _describe(findings: Findings) -> str:
    first = sorted(findings.differences)[0]
    return (
        f"the audit of the new table found {len(findings.differences)} differences, such as "
        f"{first.kind}: {first.subject}: {first.detail}"
    )
