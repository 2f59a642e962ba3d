import assert from "node:assert/strict";
import { test } from "node:test";

import { merge, mergeTags, resolve } from "../src/pure/merge.js";

const todo = { id: "a", version: 5, title: "Mend the hose", due: null, tags: ["garden"], order: 10, notes: null, priority: "none" };
const command = (body, base, more = {}) => ({ seq: 1, id: "a", op: "patch", body, base, version: 4, key: "k", at: "2026-11-30T15:20:00.000Z", state: "waiting", ...more });
const event = (change, occurred_at = "2026-11-30T15:31:00.000Z") => ({ version: 5, type: "TodoEdited", event_id: "e", occurred_at, actor: "b", change });

test("edits of different fields both stay", () => {
  const merged = merge(command({ due: "2026-12-01" }, { due: null }), { todo: { ...todo, title: "New" }, events: [event({ title: "New" })] });
  assert.deepEqual(merged, { body: { due: "2026-12-01" }, base: { due: null }, clash: null });
});

test("the same edit made twice needs nothing more", () => {
  const merged = merge(command({ title: "New" }, { title: "Old" }), { todo: { ...todo, title: "New" }, events: [event({ title: "New" })] });
  assert.deepEqual(merged, { body: {}, base: {}, clash: null });
});

test("two values of one field are for a person to choose of, and the rest is merged", () => {
  const theirs = { ...todo, title: "Theirs", notes: "n" };
  const { body, clash } = merge(command({ title: "Mine", due: "2026-12-01" }, { title: "Old", due: null }), { todo: theirs, events: [event({ title: "Theirs", notes: "n" })] });
  assert.deepEqual(body, { due: "2026-12-01" });
  assert.deepEqual([clash.fields, clash.merged], [["title"], ["notes"]]);
});

test("a field that they changed and changed back is free", () => {
  const { clash } = merge(command({ title: "Mine" }, { title: "Old" }), { todo: { ...todo, title: "Old" }, events: [event({ title: "X" }), event({ title: "Old" })] });
  assert.equal(clash, null);
});

test("tags are a set: what either added is there, what either removed is not", () => {
  assert.deepEqual(mergeTags(["a", "b"], ["b", "mine"], ["a", "theirs"]), ["theirs", "mine"]);
  assert.equal(mergeTags(["a"], null, ["a"]), null);
  assert.deepEqual(mergeTags(null, ["x"], ["x"]), ["x"]);
});

test("of two places the later wins", () => {
  const theirs = { todo: { ...todo, order: 20 }, events: [event({ order: 20 }, "2026-11-30T15:31:00.000Z")] };
  assert.deepEqual(merge(command({ order: 15 }, { order: 10 }), theirs).body, {});
  assert.deepEqual(merge(command({ order: 15 }, { order: 10 }, { at: "2026-11-30T16:00:00.000Z" }), theirs).body, { order: 15 });
});

test("what was not chosen is written and taken back", () => {
  const clash = { fields: ["title", "due"], theirs: { ...todo, title: "Theirs", due: "2026-12-02" }, events: [], merged: [], deleted: false };
  const mine = command({ title: "Mine", due: "2026-12-01", notes: "n" }, { title: "Old", due: null, notes: null }, { state: "conflict", clash });
  assert.deepEqual(resolve(mine, { title: "mine", due: "theirs" }), [
    { op: "patch", body: { title: "Mine", due: "2026-12-01", notes: "n" }, base: { title: "Theirs", due: "2026-12-02", notes: null } },
    { op: "patch", body: { due: "2026-12-02" }, base: { due: "2026-12-01" } },
  ]);
  assert.equal(resolve(mine, { title: "mine", due: "mine" }).length, 1);
});

test("an edit of what was deleted meanwhile comes into the history whatever is chosen", () => {
  const clash = { fields: [], theirs: todo, events: [], merged: [], deleted: true };
  const mine = command({ title: "Mine" }, { title: "Old" }, { state: "conflict", clash });
  assert.deepEqual(resolve(mine, { deleted: "mine" }).map(({ op }) => op), ["restore", "patch"]);
  assert.deepEqual(resolve(mine, { deleted: "theirs" }).map(({ op }) => op), ["restore", "patch", "delete"]);
});
