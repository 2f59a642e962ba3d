import assert from "node:assert/strict";
import { test } from "node:test";

import { repeatOf, ruleInWords, ruleOf } from "../src/pure/rules.js";

const RULES = {
  "FREQ=WEEKLY": "every week",
  "FREQ=DAILY;INTERVAL=2": "every 2 days",
  "FREQ=WEEKLY;BYDAY=MO,TH": "every week on Mon and Thu",
  "FREQ=WEEKLY;INTERVAL=2;WKST=SU;BYDAY=MO,WE,TH": "every 2 weeks on Mon, Wed, and Thu",
  "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR": "every weekday",
  "FREQ=MONTHLY;BYMONTHDAY=15": "every month on the 15th",
  "FREQ=MONTHLY;BYMONTHDAY=1,-1": "every month on the 1st and last day",
  "FREQ=MONTHLY;BYDAY=-1FR;COUNT=5": "every month on the last Friday, 5 times",
  "FREQ=MONTHLY;BYDAY=+2TU;UNTIL=20261224": "every month on the 2nd Tuesday, until 24 Dec 2026",
  "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1": "every month on the last weekday",
  "FREQ=MONTHLY;BYSETPOS=1;BYDAY=SA,SU": "every month on the 1st Saturday or Sunday",
  "FREQ=MONTHLY;BYDAY=1MO,2TU;BYSETPOS=1": "every month (BYDAY=1MO,2TU;BYSETPOS=1)",
  "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29": "every year on 29 February",
  "FREQ=YEARLY;BYMONTH=3,10;BYDAY=-1SU": "every year on the last Sunday in March and October",
  "FREQ=DAILY;BYHOUR=8,20": "every day at 08:00 and 20:00",
  "FREQ=HOURLY;INTERVAL=6": "every 6 hours",
  "FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO": "every year on Mon (BYWEEKNO=20)",
  "FREQ=DAILY;UNTIL=20261224T223000Z": "every day, until 24 Dec 2026",
};

test("a rule is said in words, and what has none is there as it is", () => {
  assert.deepEqual(Object.fromEntries(Object.keys(RULES).map((rule) => [rule, ruleInWords(rule, "en-GB")])), RULES);
  assert.equal(ruleInWords("BYDAY=MO", "en-GB"), "repeats (BYDAY=MO)");
});

test("what the next date is counted from is said where it is not the due date", () => {
  const words = [null, "due", "next_future", "completion"].map((from) => ruleInWords("FREQ=WEEKLY;COUNT=3", "en-GB", from));
  assert.deepEqual(words, ["every week, 3 times", "every week, 3 times", "every week, 3 times, past dates left out", "every week, 3 times, from when it is done"]);
});

test("a form that was opened and set loses nothing of a rule", () => {
  const parts = (rule) => rule.replace("+2TU", "2TU").split(";").sort();
  for (const rule of Object.keys(RULES)) assert.deepEqual(parts(ruleOf(repeatOf(rule, "2026-12-01", null), rule)), parts(rule));
});

test("a form states what it shows, and what it does not show stays", () => {
  const set = (rule, more) => ruleOf({ ...repeatOf(rule, "2026-12-18", null), ...more }, rule);
  assert.equal(set("FREQ=WEEKLY", { days: ["TH", "MO"], interval: "2" }), "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH");
  assert.equal(set("FREQ=WEEKLY;BYDAY=MO;COUNT=3", { freq: "MONTHLY", on: "weekday", end: "until", until: "2027-01-31" }), "FREQ=MONTHLY;BYDAY=3FR;UNTIL=20270131");
  assert.equal(set("FREQ=MONTHLY;BYMONTHDAY=15", { on: "" }), "FREQ=MONTHLY");
  assert.equal(set("FREQ=DAILY;BYHOUR=8,20", { interval: "3", end: "count", count: "04" }), "FREQ=DAILY;INTERVAL=3;BYHOUR=8,20;COUNT=4");
  assert.equal(set("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", { freq: "WEEKLY" }), "FREQ=WEEKLY");
  assert.equal(set("FREQ=MONTHLY;BYDAY=SA,SU;BYSETPOS=1", { on: "date", date: "3" }), "FREQ=MONTHLY;BYMONTHDAY=3");
});
