import assert from "node:assert/strict";
import { test } from "node:test";

import { byLists, listError, listNamed, movedList } from "../src/pure/lists.js";

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

test("a list's name is what the API takes", () => {
  for (const name of ["Garden", "x".repeat(100), "🌱".repeat(75), "...", "a.b"]) assert.equal(listError(name), "");
  for (const name of ["x".repeat(101), "🌱".repeat(76)]) assert.match(listError(name), /too long/);
  for (const name of [".", "..", "a\tb"]) assert.match(listError(name), /cannot have this name/);
});

test("whatever way it is written, the inbox is one list", () => {
  assert.deepEqual(["Inbox", "inbox", "INBOX", "Inboxes"].map(listNamed), ["inbox", "inbox", "inbox", "Inboxes"]);
});
