import assert from "node:assert/strict";
import { test } from "node:test";

import { after, backOff, follow, overlay, sendable, settle, wire } from "../src/pure/outbox.js";

const command = (seq, id, more = {}) => ({ seq, id, op: "patch", body: { title: `t${seq}` }, base: { title: "old" }, version: 3, key: `k${seq}`, at: "2026-11-30T15:20:00.000Z", state: "waiting", ...more });
const row = { id: "a", version: 3, title: "old", completed: false, completed_at: null, tags: null };
const newKey = () => "new";

test("of each todo one command is under way, and one that waits for a person blocks its own todo alone", () => {
  const queue = [command(1, "a"), command(2, "b", { state: "conflict" }), command(3, "a"), command(4, "b"), command(5, "c")];
  assert.deepEqual(sendable(queue).map(({ seq }) => seq), [1, 5]);
});

test("what one act of a person made is sent as its own operation, and what is to be sent again holds up no other", () => {
  const queue = [command(1, "a", { operation: "o" }), command(2, "b"), command(3, "c", { operation: "o" }), command(4, "d")];
  assert.deepEqual(sendable(queue).map(({ seq }) => seq), [1, 3]);
  assert.deepEqual(sendable(queue, new Set([1, 3])).map(({ seq }) => seq), [2, 4]);
  assert.deepEqual(sendable(queue, new Set([1, 2, 3, 4])), []);
});

test("each command has its key, and states the version that it was based on", () => {
  assert.deepEqual(wire(command(1, "a")), { op: "patch", id: "a", key: "k1", if_match: '"3"', body: { title: "t1" } });
  assert.deepEqual(wire(command(1, "a", { op: "create", version: null })), { op: "create", id: "a", key: "k1", body: { title: "t1" } });
  assert.deepEqual(wire(command(1, "a", { op: "delete", body: {} })), { op: "delete", id: "a", key: "k1", if_match: '"3"' });
});

test("a restoration behind one's own deletion that others made first is of what they deleted", () => {
  const queue = [command(1, "a", { op: "delete" }), command(2, "a", { op: "restore", version: null })];
  const outcome = settle(queue[0], { status: 410, etag: '"5"', problem: {} }, newKey);
  const { stored, gone } = after(queue, queue[0], outcome, newKey);
  assert.deepEqual([gone, stored.map(wire)], [[1], [{ op: "restore", id: "a", key: "k2", if_match: '"5"' }]]);
});

test("the page shows a todo with all that waits for it", () => {
  const made = overlay(undefined, [command(1, "a", { op: "create" }), command(2, "a", { body: { completed: true } })]);
  assert.deepEqual([made.title, made.completed, made.completed_at], ["t1", true, "2026-11-30T15:20:00.000Z"]);
  assert.equal(overlay(row, [command(1, "a", { op: "delete" })]).deleted, true);
  assert.equal(overlay(row, [command(1, "a", { op: "delete" }), command(2, "a", { op: "restore" })]).deleted, false);
  assert.equal(overlay(undefined, [command(1, "a")]), undefined);
  assert.deepEqual(overlay(row, [command(1, "a", { op: "revert", body: { to_version: 1 } })]), row);
});

test("the next command of a todo is based on what the one before it led to", () => {
  const next = command(2, "a", { version: null });
  assert.deepEqual(follow(next, { ...row, version: 4 }, undefined, newKey), { put: [{ ...next, version: 4 }] });
  const restore = command(2, "a", { op: "restore", version: null });
  assert.equal(follow(restore, { id: "a", version: 4, deleted: true }, undefined, newKey).put[0].version, 4);
});

test("an edit behind one's own deletion is sent, so that the server says what was deleted", () => {
  const next = command(2, "a", { version: null });
  const { row: gone } = settle(command(1, "a", { op: "delete" }), { status: 204, etag: '"4"' }, newKey);
  assert.deepEqual(follow(next, gone, undefined, newKey), { put: [{ ...next, version: 4 }] });
});

test("behind a command that was merged with what others did, the next is merged, too", () => {
  const next = command(2, "a", { version: null, body: { tags: ["home", "mine"] }, base: { tags: ["home"] } });
  const merged = follow(next, { ...row, version: 6, tags: ["home", "theirs"] }, [{ change: { tags: ["home", "theirs"] } }], newKey).put[0];
  assert.deepEqual([merged.body, merged.version, merged.key], [{ tags: ["home", "theirs", "mine"] }, 6, "new"]);
  const title = follow(command(2, "a", { version: null }), { ...row, version: 6, title: "theirs" }, [], newKey).put[0];
  assert.equal(title.state, "conflict");
});

test("an edit of what was deleted elsewhere is shown until a person has chosen", () => {
  const [clashing] = settle(command(1, "a"), { status: 410, problem: { todo: { ...row, deleted: true } } }, newKey).put;
  assert.deepEqual([overlay({ ...row, deleted: true }, [clashing]).deleted, overlay(undefined, [clashing]).title], [false, "t1"]);
});

test("a version that is not known is never a way around what others did", () => {
  for (const version of [null, 0]) assert.equal(wire(command(1, "a", { version })).if_match, '"0"');
});

test("an answer without its todo, since it was too large, is no deletion", () => {
  assert.deepEqual(settle(command(1, "a"), { status: 200, todo: null, etag: '"4"' }, newKey), { done: true, row: undefined });
});

test("an accepted command is done, also a deletion, whose answer has only a tag", () => {
  assert.deepEqual(settle(command(1, "a"), { status: 200, todo: { ...row, version: 4 } }, newKey), { done: true, row: { ...row, version: 4 } });
  assert.deepEqual(settle(command(1, "a", { op: "delete" }), { status: 204, etag: '"4"' }, newKey).row, { id: "a", version: 4, deleted: true });
});

for (const status of [429, 500, 503]) {
  test(`after a ${status} the same is sent again`, () => assert.deepEqual(settle(command(1, "a"), { status }, newKey), { again: true }));
}

test("signed out, the command waits", () => {
  assert.deepEqual(settle(command(1, "a"), { status: 401 }, newKey), { again: true });
});

test("a stale edit of another field is sent on top, as a new request", () => {
  const theirs = { ...row, version: 5, notes: "n" };
  const { put } = settle(command(1, "a"), { status: 412, problem: { todo: theirs, events: [{ change: { notes: "n" } }] } }, newKey);
  assert.deepEqual(put, [{ ...command(1, "a"), version: 5, key: "new", events: [{ change: { notes: "n" } }] }]);
});

test("a stale edit of the same field waits for a person, with both values", () => {
  const theirs = { ...row, version: 5, title: "theirs" };
  const { put } = settle(command(1, "a"), { status: 412, problem: { todo: theirs, events: [{ change: { title: "theirs" } }] } }, newKey);
  assert.deepEqual([put[0].state, put[0].body, put[0].base, put[0].clash.theirs], ["conflict", { title: "t1" }, { title: "old" }, theirs]);
});

test("a stale deletion is meant all the same", () => {
  const { put } = settle(command(1, "a", { op: "delete" }), { status: 412, etag: '"9"', problem: { todo: { ...row, version: 9 } } }, newKey);
  assert.deepEqual([put[0].op, put[0].version, put[0].state], ["delete", 9, "waiting"]);
});

for (const op of ["restore", "revert"]) {
  test(`a ${op} of a deleted todo is meant of whatever version it has`, () => {
    const stale = command(1, "a", { op, body: {}, version: null });
    const { put } = settle(stale, { status: 412, etag: '"5"', problem: { todo: null, events: [] } }, newKey);
    assert.deepEqual(put, [{ ...stale, version: 5, key: "new" }]);
  });
}

test("what fits no version, and is told none, is kept with its reason", () => {
  assert.equal(settle(command(1, "a", { op: "restore" }), { status: 412, problem: {} }, newKey).put[0].state, "refused");
});

test("an edit of a deleted todo waits for a person, a deletion of one is done", () => {
  assert.equal(settle(command(1, "a"), { status: 410 }, newKey).put[0].clash.deleted, true);
  assert.deepEqual(settle(command(1, "a", { op: "delete" }), { status: 410 }, newKey), { done: true, row: undefined });
});

test("what the server never takes is kept, with its reason", () => {
  const { put } = settle(command(1, "a"), { status: 400, problem: { detail: "too long" } }, newKey);
  assert.deepEqual([put[0].state, put[0].problem], ["refused", { detail: "too long", status: 400 }]);
  assert.equal(settle(command(1, "a", { op: "create" }), { status: 412, problem: { todo: row } }, newKey).put[0].state, "refused");
});

test("waits double up to a minute", () => {
  assert.deepEqual([1, 2, 3, 10].map((failures) => backOff(failures, 1)), [1000, 2000, 4000, 60_000]);
  assert.equal(backOff(1, 0), 500);
});
