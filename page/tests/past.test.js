import assert from "node:assert/strict";
import { test } from "node:test";

import { differing, heights, startOfDay } from "../src/pure/past.js";

const todo = { id: "a", title: "A", notes: null, completed: false, list: "inbox", tags: null, priority: "none", due: null, remind_at: null, repeat: null, parent: null, order: 1 };

test("a todo differs by its fields, not by its place, or is deleted", () => {
  assert.deepEqual(differing(todo, { ...todo, order: 2 }), []);
  assert.deepEqual(differing(todo, { ...todo, title: "B", tags: ["x"] }), ["title", "tags"]);
  assert.deepEqual(differing(todo, { ...todo, deleted: true }), ["deleted"]);
  assert.deepEqual(differing(todo, undefined), ["deleted"]);
});

test("one change can be seen beside a thousand", () => {
  const [few, none, many] = heights([5, ...new Array(1000).fill(25), 31, -1], 0, 10, 3);
  assert.ok(few > 0.09 && few < 0.11, String(few));
  assert.deepEqual([none, many], [0, 1]);
  assert.deepEqual(heights([], 0, 10, 2), [0, 0]);
});

test("a day begins by the clocks here, also when these change", () => {
  const now = new Date(2026, 9, 26, 12);
  assert.deepEqual([startOfDay(now, 0), startOfDay(now, 1)], [new Date(2026, 9, 26), new Date(2026, 9, 25)]);
});
