import assert from "node:assert/strict";
import { test } from "node:test";

import { dueAt } from "../src/pure/dates.js";
import { parse, tagsOf } from "../src/pure/quick-add.js";

// A Monday.
const here = { now: new Date(2026, 10, 30, 16, 4), locale: "en-GB" };
const understood = (text, more = {}) => {
  const { title, fields } = parse(text, { ...here, ...more });
  return [title, fields];
};

test("everything at once, in any place", () => {
  assert.deepEqual(understood("Repot the lemon tree tomorrow 9:00 #garden !high *weekly @Home"), [
    "Repot the lemon tree",
    { tags: ["garden"], list: "Home", priority: "high", repeat: "FREQ=WEEKLY", due: dueAt("2026-12-01", "09:00") },
  ]);
});

test("each part says where it was and what it means", () => {
  const text = "Water #ferns in 3 days";
  assert.deepEqual(parse(text, here).parts.map(({ start, end, label }) => [text.slice(start, end), label]), [
    ["#ferns", "#ferns"],
    ["in 3 days", "Thu 3 Dec"],
  ]);
});

test("a part that was declined stays text", () => {
  assert.deepEqual(understood("Read #5 of the series today", { declined: new Set(["#5"]) }), ["Read #5 of the series", { due: "2026-11-30" }]);
  assert.deepEqual(understood("Watch tomorrow never dies", { declined: new Set(["tomorrow"]) }), ["Watch tomorrow never dies", {}]);
});

test("a date and a time beside each other are one part", () => {
  const text = "Repot it tomorrow 9:00";
  assert.deepEqual(parse(text, here).parts.map((part) => [part.text, part.label]), [["tomorrow 9:00", "Tomorrow, 09:00"]]);
  assert.deepEqual(understood(text, { declined: new Set(["tomorrow 9:00"]) }), [text, {}]);
});

for (const [text, day] of [
  ["Call on friday", "2026-12-04"], ["Call next fri", "2026-12-04"], ["Call Friday", "2026-12-04"], ["Call 2026-12-24", "2026-12-24"],
  ["Call 24 Dec", "2026-12-24"], ["Call December 24", "2026-12-24"], ["Call 3 Jan", "2027-01-03"], ["Call in a week", "2026-12-07"],
  ["Call in 2 weeks", "2026-12-14"], ["Call in 3 months", "2027-02-28"], ["Call on monday", "2026-12-07"], ["Call 3 Feb 2028", "2028-02-03"],
]) {
  test(`"${text}" is due on ${day}`, () => assert.deepEqual(understood(text), ["Call", { due: day }]));
}

for (const [text, day, time] of [
  ["Call at 9", "2026-12-01", "09:00"], ["Call 17:30", "2026-11-30", "17:30"], ["Call 9pm", "2026-11-30", "21:00"],
  ["Call fri 9:00", "2026-12-04", "09:00"], ["Call at 12am tomorrow", "2026-12-01", "00:00"], ["Call 10:15 am on tue", "2026-12-01", "10:15"],
]) {
  test(`"${text}" is due at ${time} of ${day}`, () => assert.deepEqual(understood(text), ["Call", { due: dueAt(day, time) }]));
}

for (const text of [
  "Buy sun cream", "Wed the pastor", "Read chapter 9", "Fix bug 12", "Learn C# and F#", "Mail to a@b.example", "May the force", "Sat navigation update",
  "Write Friday's report", "30 February", "Pay 20 % more", "Wow!", "Meet 5 people", "2*weekly", "Second-hand chairs", "Mar the surface",
]) {
  test(`"${text}" is only a title`, () => assert.deepEqual(understood(text), [text, {}]));
}

test("a name of the browser's language counts, too", () => {
  assert.deepEqual(understood("Anrufen on freitag", { locale: "de" }), ["Anrufen", { due: "2026-12-04" }]);
  assert.deepEqual(understood("Anrufen 24. Dezember", { locale: "de" }), ["Anrufen", { due: "2026-12-24" }]);
});

test("what repeats without a date begins today", () => {
  assert.deepEqual(understood("Stretch *weekdays"), ["Stretch", { repeat: "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", due: "2026-11-30" }]);
  assert.deepEqual(understood("Bins *2 weeks"), ["Bins", { repeat: "FREQ=WEEKLY;INTERVAL=2", due: "2026-11-30" }]);
});

test("a field of tags keeps those whole that were there, and takes new ones with or without their #", () => {
  assert.deepEqual(tagsOf("#home #deep work garden, #home", ["home", "deep work"]), ["deep work", "home", "garden"]);
  assert.deepEqual(tagsOf("#deep #work", ["deep work"]), ["deep", "work"]);
  assert.deepEqual(tagsOf("#a b c #a b", ["a b", "a b c"]), ["a b c", "a b"]);
  assert.equal(tagsOf("", ["home"]), null);
});
