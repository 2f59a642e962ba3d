import assert from "node:assert/strict";
import { test } from "node:test";

import { dayInWords, dueAt, dueInWords, isLate } from "../src/pure/dates.js";

const here = { now: new Date(2026, 10, 30, 16, 4), locale: "en-GB" };

test("a near day has a name, another a date, and another year's its year", () => {
  const words = ["2026-11-29", "2026-11-30", "2026-12-01", "2026-12-04", "2027-01-05"].map((day) => dayInWords(day, here));
  assert.deepEqual(words, ["Yesterday", "Today", "Tomorrow", "Fri 4 Dec", "Tue, 5 Jan 2027"]);
});

test("a day is late when the next has begun, an instant at once", () => {
  assert.equal(isLate("2026-11-30", here.now), false);
  assert.equal(isLate("2026-11-29", here.now), true);
  assert.equal(isLate(dueAt("2026-11-30", "16:03"), here.now), true);
  assert.equal(isLate(dueAt("2026-11-30", "16:05"), here.now), false);
});

test("a time keeps the clock's reading", () => {
  assert.match(dueAt("2026-12-01", "09:00"), /^2026-12-01T09:00:00[+-]\d\d:\d\d$/);
  assert.equal(dueInWords(dueAt("2026-12-01", "09:00"), here), "Tomorrow, 09:00");
  assert.equal(dueAt("2026-12-01"), "2026-12-01");
});
