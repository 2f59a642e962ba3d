import assert from "node:assert/strict";
import { test } from "node:test";

import { newer, nextPoll, unlisted } from "../src/pure/sync.js";

const rows = new Map([["a", { id: "a", version: 3, title: "A" }]]);

test("a page brings only what is newer", () => {
  const changes = [{ id: "a", version: 3, title: "A" }, { id: "a", version: 2, title: "old" }, { id: "b", version: 1, title: "B" }];
  assert.deepEqual(newer(rows, changes).map(({ id }) => id), ["b"]);
});

test("a deleted todo keeps its content, and an unknown one is not kept", () => {
  assert.deepEqual(newer(rows, [{ id: "a", version: 4, deleted: true }, { id: "x", version: 2, deleted: true }]), [{ id: "a", version: 4, title: "A", deleted: true }]);
});

test("what a sync from the start does not list is gone, but not what was made or changed here since it began", () => {
  const here = new Map([["a", { id: "a", version: 3 }], ["b", { id: "b", version: 2 }], ["new", { id: "new", version: 1 }]]);
  const before = new Map([["a", 3], ["b", 1]]);
  assert.deepEqual(unlisted(here, before, new Set()), ["a"]);
  assert.deepEqual(unlisted(here, before, new Set(["a"])), []);
});

test("questions come rarely where nothing happens, at once where the server waits", () => {
  assert.equal(nextPoll({ waits: false, active: true, last: 60_000 }), 2000);
  assert.equal(nextPoll({ waits: false, active: false, last: 2000 }), 3000);
  assert.equal(nextPoll({ waits: false, active: false, last: 59_000 }), 60_000);
  assert.equal(nextPoll({ waits: true, active: false, last: 2000 }), 0);
});
