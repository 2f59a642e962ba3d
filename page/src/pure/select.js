/** Which todos a view shows, in which groups and order. Pure. */

import { dayInWords, dayOf, localDay } from "./dates.js";
import { byLists, INBOX, listTitle } from "./lists.js";

/** @import {Here} from "./dates.js" */
/** @import {Todo} from "./types.js" */

/** @typedef {"inbox" | "today" | "upcoming" | "everything" | "list"} ViewName */
/** @typedef {{name: ViewName, list?: string, filter: "all" | "active" | "completed", q: string}} View */
/** @typedef {{title: string, late?: boolean, done?: boolean, rows: Todo[]}} Group */

/**
 * By the list's own order; those without a place come last, as they were made.
 * @param {Todo} one
 * @param {Todo} other
 */
export const byOrder = (one, other) =>
  (one.order ?? Infinity) - (other.order ?? Infinity) || compare(one.created_at, other.created_at) || compare(one.id, other.id);

/** @param {any} one @param {any} other */
const compare = (one, other) => (one < other ? -1 : one > other ? 1 : 0);

/** @param {Todo} todo */
const dueTime = (todo) => (todo.due ? new Date(todo.due.length === 10 ? `${todo.due}T00:00:00` : todo.due).getTime() : Infinity);

/** @param {Todo[]} todos in the list's order, which those of the same time keep */
function byDue(todos) {
  const times = new Map(todos.map((todo) => [todo, dueTime(todo)]));
  return todos.sort((one, other) => compare(times.get(one), times.get(other)));
}

/** @param {Todo} one @param {Todo} other */
const lastDoneFirst = (one, other) => compare(other.completed_at ?? "", one.completed_at ?? "") || byOrder(one, other);

/**
 * The groups of a view; the completed ones come last. Subtasks follow their parents.
 * @param {Todo[]} todos not deleted
 * @param {View} view
 * @param {Here} here
 * @returns {Group[]}
 */
export function groups(todos, view, here) {
  const today = dayOf(here.now);
  const words = view.q.toLowerCase().split(/\s+/).filter(Boolean);
  const wanted = todos.filter((todo) => isIn(todo, view, today) && (!words.length || matches(todo, words)));
  const open = view.filter === "completed" ? [] : wanted.filter((todo) => !todo.completed).sort(byOrder);
  const done = view.filter === "active" ? [] : wanted.filter((todo) => todo.completed).sort(lastDoneFirst);
  /** @type {Group[]} */ let found;
  if (view.name === "today") {
    /** @param {boolean} late */
    const due = (late) => byDue(open.filter((todo) => localDay(/** @type {string} */ (todo.due)) < today === late));
    found = [{ title: "Overdue", late: true, rows: due(true) }, { title: "Today", rows: due(false) }];
  } else if (view.name === "upcoming") {
    found = by(byDue(open), (todo) => localDay(/** @type {string} */ (todo.due))).map(({ title, rows }) => ({ title: dayInWords(title, here), rows }));
  } else if (view.name === "everything") {
    const inOrder = byLists([INBOX, ...(here.lists ?? [])]);
    found = by(open, (todo) => todo.list)
      .sort(({ title: one }, { title: other }) => inOrder(one, other))
      .map(({ title, rows }) => ({ title: listTitle(title), rows: nested(rows) }));
  } else found = [{ title: "", rows: nested(open) }];
  return [...found, { title: view.name === "today" ? "Done today" : "Done", done: true, rows: done }].filter((group) => group.rows.length);
}

/**
 * @param {Todo[]} sorted
 * @param {(todo: Todo) => string} title
 * @returns {Group[]}
 */
function by(sorted, title) {
  return [...Map.groupBy(sorted, title)].map(([name, rows]) => ({ title: name, rows }));
}

/**
 * The subtasks of each todo that has any, by its id, in their order.
 * @param {Todo[]} todos
 */
export function families(todos) {
  const found = Map.groupBy(todos.filter(({ parent }) => parent), ({ parent }) => /** @type {string} */ (parent));
  for (const siblings of found.values()) siblings.sort(byOrder);
  return found;
}

/**
 * Subtasks directly after their parents; a circle of parents ends where it began.
 * @param {Todo[]} sorted
 */
function nested(sorted) {
  const children = families(sorted);
  if (!children.size) return sorted;
  const here = new Set(sorted.map(({ id }) => id));
  /** @type {Set<Todo>} */ const found = new Set();
  /** @param {Todo} todo */
  const take = (todo) => {
    if (found.has(todo)) return;
    found.add(todo);
    children.get(todo.id)?.forEach(take);
  };
  sorted.filter((todo) => !todo.parent || !here.has(todo.parent)).forEach(take);
  sorted.forEach(take);
  return [...found];
}

/**
 * @param {Todo} todo
 * @param {View} view
 * @param {string} today
 */
function isIn(todo, view, today) {
  if (view.name === "everything") return true;
  if (view.name === "inbox") return todo.list === INBOX;
  if (view.name === "list") return todo.list === view.list;
  if (view.name === "today" && todo.completed) return Boolean(todo.completed_at) && localDay(/** @type {string} */ (todo.completed_at)) === today;
  if (!todo.due || (view.name === "upcoming" && todo.completed)) return false;
  const day = localDay(todo.due);
  return view.name === "today" ? day <= today : day > today;
}

/** What a search looks through, of each todo that was looked through. @type {WeakMap<Todo, string>} */
const texts = new WeakMap();

/**
 * Every word of a search is in the title, the note, a tag or the list's name.
 * @param {Todo} todo
 * @param {string[]} words
 */
function matches(todo, words) {
  let text = texts.get(todo);
  if (text === undefined) texts.set(todo, (text = `${todo.title} ${todo.notes ?? ""} ${(todo.tags ?? []).map((tag) => `#${tag}`).join(" ")} ${listTitle(todo.list)}`.toLowerCase()));
  return words.every((word) => text.includes(word));
}

/**
 * How many are open in each view, and in each list by name.
 * @param {Todo[]} todos not deleted
 * @param {Here} here
 */
export function counts(todos, { now, lists, named = [] }) {
  const today = dayOf(now);
  const found = { inbox: 0, today: 0, upcoming: 0, everything: 0, lists: new Map(named.map((list) => [list, 0])) };
  for (const { completed, list, due } of todos) {
    const open = completed ? 0 : 1;
    if (list === INBOX) found.inbox += open;
    else found.lists.set(list, (found.lists.get(list) ?? 0) + open);
    if (!open) continue;
    found.everything++;
    if (due) found[localDay(due) <= today ? "today" : "upcoming"]++;
  }
  found.lists.delete(INBOX);
  const inOrder = byLists(lists ?? []);
  found.lists = new Map([...found.lists].sort(([one], [other]) => inOrder(one, other)));
  return found;
}

/**
 * The places that a todo's neighbours must get so that it lies between two of them: usually its own alone. Places are
 * 1,024 apart; where a spot is used up, or neighbours have no places yet, all of the list get new ones.
 * @param {Todo[]} sorted the open ones of the list, in order, without the todo
 * @param {Todo} todo
 * @param {number} index where it goes
 * @returns {[Todo, number][]} todos with their new places
 */
export function place(sorted, todo, index) {
  const before = sorted[index - 1]?.order ?? (index ? null : -Infinity);
  const after = sorted[index]?.order ?? (index < sorted.length ? null : Infinity);
  if (before !== null && after !== null) {
    const between = before === -Infinity ? (after === Infinity ? 1024 : after - 1024) : after === Infinity ? before + 1024 : (before + after) / 2;
    if (between > before && between < after) return [[todo, between]];
  }
  const all = [...sorted.slice(0, index), todo, ...sorted.slice(index)];
  return all.map((each, at) => /** @type {[Todo, number]} */ ([each, (at + 1) * 1024])).filter(([each, order]) => each.order !== order);
}

