import assert from "node:assert/strict";
import { test } from "node:test";

import { deed, diff, differences, statesBefore, who } from "../src/pure/words.js";

const here = { now: new Date(2026, 10, 30, 16, 4), locale: "en-GB" };
const event = (type, change, actor = "sam") => ({ version: 1, type, event_id: "e", occurred_at: "2026-11-30T09:15:00Z", actor, change });

test("who it was", () => {
  assert.deepEqual(["sam", "ben", "urn:todo-ledger:loader", "urn:todo-ledger:remind"].map((actor) => who(event("TodoEdited", {}, actor), "sam")), ["You", "ben", "Import", "Reminder"]);
});

test("what was done", () => {
  const words = [["TodoCreated", { title: "t" }], ["TodoEdited", { due: null, title: "t", priority: "low" }], ["TodoEdited", { notes: "n" }], ["TodoEdited", { order: 3 }], ["TodoEdited", {}], ["TodoReminded", {}]];
  assert.deepEqual(words.map(([type, change]) => deed(event(type, change))), ["created it", "changed the due date, title and priority", "wrote a note", "moved it", "changed nothing", "was sent"]);
});

test("a diff strikes and adds words, and joins to either text", () => {
  assert.deepEqual(diff("Order trays", "Order seed trays for spring"), [["same", "Order "], ["del", "trays"], ["ins", "seed trays for spring"]]);
  assert.deepEqual(diff("Write to the landlord", "Call the landlord"), [["del", "Write to"], ["ins", "Call"], ["same", " the landlord"]]);
  const found = diff("a b c d e f", "a x c y d z f");
  assert.deepEqual(found.filter(([kind]) => kind === "same").map(([, text]) => text.trim()), ["a", "c", "d", "f"]);
  for (const [one, other] of [["", "a"], ["a b c d", "d c b a"], ["x", "x"], ["a  b", "a b"], ["one two three four", "one 2 three 4"]]) {
    const found = diff(one, other);
    assert.equal(found.filter(([kind]) => kind !== "ins").map(([, text]) => text).join(""), one);
    assert.equal(found.filter(([kind]) => kind !== "del").map(([, text]) => text).join(""), other);
  }
});

test("the differences of an event need the values before it", () => {
  const events = [event("TodoCreated", { title: "t", due: "2026-12-01" }), event("TodoEdited", { due: "2026-11-30" })];
  assert.deepEqual(differences(statesBefore(events)[1], events[1], here), [{ field: "due", diff: [["del", "Tomorrow"], ["ins", "Today"]] }]);
});
