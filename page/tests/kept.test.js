import assert from "node:assert/strict";
import { test } from "node:test";

import { kept } from "../src/pure/kept.js";

test("what is kept is computed again if any of what it depends on is another, and else is the same", () => {
  const pair = kept((one, other) => [one, other]);
  const first = pair(1, undefined);
  assert.equal(pair(1, undefined), first);
  assert.deepEqual(pair(1, 2), [1, 2]);
  assert.deepEqual(pair(undefined, 2), [undefined, 2]);
  assert.notEqual(pair(1, undefined), first);
});

test("what is not there is kept, too", () => {
  let times = 0;
  const none = kept(() => void times++);
  assert.equal(none(undefined), undefined);
  assert.equal(none(undefined), undefined);
  assert.equal(times, 1);
});
