import assert from "node:assert/strict";
import { test } from "node:test";

import { byLists, movedList } from "../src/pure/lists.js";

test("lists are as a person put them, the others behind them by name", () => {
  assert.deepEqual(["Work", "Attic", "Home", "Zoo"].sort(byLists(["Zoo", "Home"])), ["Zoo", "Home", "Attic", "Work"]);
  assert.deepEqual(["b", "a"].sort(byLists([])), ["a", "b"]);
});

test("a list moves by a place, and not beyond the end", () => {
  assert.deepEqual(movedList(["a", "b", "c"], "c", -1), ["a", "c", "b"]);
  assert.deepEqual(movedList(["a", "b", "c"], "a", 1), ["b", "a", "c"]);
  assert.equal(movedList(["a", "b"], "b", 1), undefined);
  assert.equal(movedList(["a", "b"], "a", -1), undefined);
  assert.equal(movedList(["a", "b"], "x", 1), undefined);
});
