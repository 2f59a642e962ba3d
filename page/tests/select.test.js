import assert from "node:assert/strict";
import { test } from "node:test";

import { counts, groups, place } from "../src/pure/select.js";

const here = { now: new Date(2026, 10, 30, 16, 4), locale: "en-GB" };
const todo = (id, more = {}) => ({ id, version: 1, title: id, notes: null, completed: false, completed_at: null, list: "inbox", tags: null, due: null, order: null, parent: null, created_at: id, ...more });
const shown = (todos, view) => groups(todos, { filter: "all", q: "", ...view }, here).map(({ title, rows }) => [title, rows.map(({ id }) => id).join("")]);

test("today has what is late, what is due, and what was done today", () => {
  const todos = [todo("a", { due: "2026-11-27" }), todo("b", { due: "2026-11-30" }), todo("c", { due: "2026-12-01" }), todo("d"),
    todo("e", { completed: true, completed_at: new Date(2026, 10, 30, 8).toISOString() }), todo("f", { completed: true, completed_at: "2026-11-20T08:00:00Z" })];
  assert.deepEqual(shown(todos, { name: "today" }), [["Overdue", "a"], ["Today", "b"], ["Done today", "e"]]);
  assert.deepEqual(shown(todos, { name: "upcoming" }), [["Tomorrow", "c"]]);
});

test("a list is in its own order, with subtasks behind their parents, whatever circle they form", () => {
  const todos = [todo("a", { order: 3, list: "G" }), todo("b", { order: 1, list: "G" }), todo("c", { list: "G" }), todo("d", { order: 2, parent: "a", list: "G" }), todo("x")];
  assert.deepEqual(shown(todos, { name: "list", list: "G" }), [["", "badc"]]);
  assert.deepEqual(shown([todo("a", { parent: "b" }), todo("b", { parent: "a" })], { name: "inbox" }), [["", "ab"]]);
});

test("filters and a search narrow a view", () => {
  const todos = [todo("a", { tags: ["home"] }), todo("b", { completed: true, notes: "at HOME" }), todo("c")];
  assert.deepEqual(shown(todos, { name: "everything", q: "home" }), [["Inbox", "a"], ["Done", "b"]]);
  assert.deepEqual(shown(todos, { name: "everything", filter: "active" }), [["Inbox", "ac"]]);
  assert.deepEqual(shown(todos, { name: "everything", filter: "completed" }), [["Done", "b"]]);
});

test("a search of any words finds what looking at each todo finds, also once it was edited", () => {
  let seed = 7;
  const number = (below) => (seed = (seed * 16807) % 2147483647) % below;
  const words = ["Ask", "ask", "the", "BOILER", "boil", "#phone", "phone", "Garden", "inbox", "12", "2", "İ", "é", "note", "zzz"];
  const any = () => words[number(words.length)];
  const made = (id) => todo(id, { title: `${any()} ${any()}`, notes: number(2) ? any() : null, tags: number(2) ? [any().replace("#", "")] : null, list: number(2) ? "inbox" : "Garden", completed: !number(4), order: number(9) });
  let todos = Array.from({ length: 60 }, (_, index) => made(`t${index}`));
  for (let times = 0; times < 200; times++) {
    const q = ["", " ", any(), `${any()} ${any()}`, ` ${any().toUpperCase()}  ${any().slice(1)}`][number(5)];
    const has = ({ title, notes, tags, list }) => {
      const text = [title, notes ?? "", (tags ?? []).map((tag) => `#${tag}`).join(" "), list === "inbox" ? "Inbox" : list].join(" ").toLowerCase();
      return q.toLowerCase().split(/\s+/).every((word) => text.includes(word));
    };
    const view = { name: "everything", filter: "all" };
    assert.deepEqual(groups(todos, { ...view, q }, here), groups(todos.filter(has), { ...view, q: "" }, here), q);
    const edited = number(todos.length);
    todos = todos.with(edited, made(todos[edited].id));
  }
});

test("what is due at the same time stays in the list's order, and a day is before its times", () => {
  const at = (hour) => new Date(2026, 11, 3, hour).toISOString();
  const todos = [todo("a", { due: at(9), order: 2 }), todo("b", { due: "2026-12-03", order: 9 }), todo("c", { due: at(9), order: 1 }), todo("d", { due: "2026-12-02", order: 9 })];
  assert.deepEqual(shown(todos, { name: "upcoming" }), [["Wed 2 Dec", "d"], ["Thu 3 Dec", "bca"]]);
});

test("counts are of open todos", () => {
  const found = counts([todo("a"), todo("b", { completed: true }), todo("c", { list: "G", due: "2026-11-01" }), todo("d", { list: "H", completed: true })], here);
  assert.deepEqual({ ...found, lists: [...found.lists] }, { inbox: 1, today: 1, upcoming: 0, everything: 2, lists: [["G", 1], ["H", 0]] });
});

test("a list that is kept without todos counts none, and is in its place", () => {
  const found = counts([todo("a", { list: "H" })], { ...here, lists: ["Z"], named: ["inbox", "A", "H", "Z"] });
  assert.deepEqual([...found.lists], [["Z", 0], ["A", 0], ["H", 1]]);
});

test("a moved todo gets a place between its neighbours, and all get one where there is no room", () => {
  const [a, b, c] = [todo("a", { order: 1024 }), todo("b", { order: 2048 }), todo("c", { order: 9999 })];
  const moved = (sorted, index) => place(sorted, c, index).map(([{ id }, order]) => [id, order]);
  assert.deepEqual(moved([a, b], 1), [["c", 1536]]);
  assert.deepEqual(moved([a, b], 0), [["c", 0]]);
  assert.deepEqual(moved([a, b], 2), [["c", 3072]]);
  assert.deepEqual(moved([], 0), [["c", 1024]]);
  const tight = todo("b", { order: 1024 + 2 ** -42 });
  assert.deepEqual(moved([a, tight], 1), [["c", 2048], ["b", 3072]]);
  assert.deepEqual(moved([todo("a"), todo("b")], 2), [["a", 1024], ["b", 2048], ["c", 3072]]);
});

test("a spot can be used at least forty times before neighbours must move", () => {
  let [before, after] = [todo("a", { order: 1024 }), todo("b", { order: 2048 })];
  let times = 0;
  for (let found; (found = place([before, after], todo("c"), 1)).length === 1; times++) before = todo("x", { order: found[0][1] });
  assert.ok(times >= 40, String(times));
});
