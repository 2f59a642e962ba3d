import assert from "node:assert/strict";
import { test } from "node:test";

import { takeBack } from "../src/pure/undo.js";
import { doerInWords, doerOf } from "../src/pure/words.js";

const event = (type, version, change, before, todo = "a") => ({ todo, type, version, change, before, event_id: `${todo}${version}`, occurred_at: "2026-11-30T09:15:00Z", actor: "sam" });
const row = (id, more) => ({ id, version: 3, title: "New", notes: null, deleted: false, ...more });
/** Of events, the newest first, what would be done to todos that are so now. */
const undone = (events, ...rows) => takeBack(events, (id) => rows.find((each) => each.id === id));

test("each field goes back that nothing has changed since", () => {
  const events = [event("TodoEdited", 3, { title: "New" }, { title: "Middle" }), event("TodoEdited", 2, { title: "Middle", notes: "n" }, { title: "Old", notes: null })];
  assert.deepEqual(undone(events, row("a", { notes: "n" })), {
    wanted: [{ id: "a", op: "patch", body: { title: "Old", notes: null } }], undo: [{ id: "a", op: "patch", body: { title: "New", notes: "n" } }], stays: [],
  });
  assert.deepEqual(undone(events, row("a", { notes: "later" })), {
    wanted: [{ id: "a", op: "patch", body: { title: "Old" } }], undo: [{ id: "a", op: "patch", body: { title: "New" } }], stays: ["a"],
  });
  assert.deepEqual(undone(events, row("a", { deleted: true })), { wanted: [], undo: [], stays: ["a"] });
});

test("what was made goes unless it was changed later, and what was deleted comes back", () => {
  const made = [event("TodoCreated", 3, { title: "New" }, null), event("TodoCreated", 1, { title: "Other" }, null, "b")];
  const found = undone(made, row("a"), row("b"));
  assert.deepEqual([found.wanted, found.stays], [[{ id: "a", op: "delete", body: {} }], ["b"]]);
  const gone = [event("TodoDeleted", 4, {}, {})];
  assert.deepEqual(undone(gone).wanted, [{ id: "a", op: "restore", body: {} }]);
  assert.deepEqual(undone(gone, row("a")), { wanted: [], undo: [], stays: [] });
});

test("what is as it was before needs nothing, and what is not known stays", () => {
  assert.deepEqual(undone([event("TodoEdited", 2, { title: "Newer" }, { title: "New" })], row("a")), { wanted: [], undo: [], stays: [] });
  assert.deepEqual(undone([event("TodoEdited", 2, { title: "New" }, null)], row("a")), { wanted: [], undo: [], stays: ["a"] });
});

test("who did something is a person, the import, or a program that has a person's token", () => {
  const doers = [["sam", "page"], ["sam", "helper"], ["sam", null], ["urn:todo-ledger:loader", null], ["ben", "page"]].map(([actor, client]) => doerOf({ actor, client }, "sam", "page")[0]);
  assert.deepEqual(doers.map(doerInWords), ["You", "helper", "You, elsewhere", "Import", "ben"]);
});
