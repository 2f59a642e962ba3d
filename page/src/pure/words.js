/** A history in words: who did what, and how values differ. Pure. */

import { dueInWords } from "./dates.js";
import { FROM, ruleInWords } from "./rules.js";

/** @import {Here} from "./dates.js" */
/** @import {TodoEvent} from "./types.js" */

/** @typedef {["same" | "del" | "ins", string][]} Diff */

const SERVICE = /** @type {Record<string, string>} */ ({
  "urn:todo-ledger:loader": "Import", "urn:todo-ledger:remind": "Reminder", loader: "Import",
});
export const FIELD_NAMES = /** @type {Record<string, string>} */ ({
  title: "title", notes: "note", list: "list", tags: "tags", priority: "priority", due: "due date", remind_at: "reminder",
  order: "place", repeat: "repeat", parent: "parent", source: "source", metadata: "data", time_zone: "time zone",
  repeat_from: "repeat", completed: "state",
});
const DEEDS = /** @type {Record<string, string>} */ ({
  TodoCreated: "created it", TodoCompleted: "completed it", TodoReopened: "reopened it", TodoDeleted: "deleted it",
  TodoRestored: "brought it back", TodoReverted: "went back to an earlier version", TodoReminded: "was sent",
});

/**
 * @param {TodoEvent} event
 * @param {string} sub the owner's
 */
export const who = (event, sub) => (event.actor === sub ? "You" : (SERVICE[event.actor] ?? event.actor));

/**
 * Whom Activity can be asked for: `client` undefined asks for all of the actor's, null for what no program is named of.
 * @typedef {{actor: string, client?: string | null}} Doer
 *
 * A person's own assistants act in their name, with a program of their own.
 * @param {TodoEvent} event
 * @param {string} sub the owner's
 * @param {string | null} page the program that this page is
 * @returns {[string, Doer]} with its name in addresses
 */
export function doerOf({ actor, client = null }, sub, page) {
  if (actor !== sub) return [actor, { actor }];
  return [client === page ? "me" : client ? `with ${client}` : "elsewhere", { actor, client }];
}

/**
 * @param {string} name as `doerOf` gives it
 */
export const doerInWords = (name) => (name === "me" ? "You" : name === "elsewhere" ? "You, elsewhere" : (SERVICE[name] ?? name.replace(/^with /, "")));

/**
 * What an event did, without who and when.
 * @param {TodoEvent} event
 */
export function deed(event) {
  if (DEEDS[event.type]) return DEEDS[event.type];
  const fields = Object.keys(event.change).filter((field) => FIELD_NAMES[field]);
  if (!fields.length) return "changed nothing";
  if (fields.length === 1 && fields[0] === "order") return "moved it";
  if (fields.length === 1 && fields[0] === "notes") return event.change.notes ? "wrote a note" : "removed the note";
  return `changed the ${list(fields.map((field) => FIELD_NAMES[field]))}`;
}

/** @param {string[]} words */
const list = (words) => [...new Set(words)].join(", ").replace(/, ([^,]*)$/, " and $1");

/**
 * The differences of an event that are worth showing, by field.
 * @param {Record<string, any>} before values before it
 * @param {TodoEvent} event
 * @param {Here} here
 * @returns {{field: string, diff: Diff}[]}
 */
export function differences(before, event, here) {
  if (event.type === "TodoCreated" || event.type === "TodoCompleted" || event.type === "TodoReopened") return [];
  return Object.keys(event.change)
    .filter((field) => FIELD_NAMES[field] && field !== "order" && field !== "completed")
    .map((field) => ({ field, diff: diff(valueInWords(field, before[field], here), valueInWords(field, event.change[field], here)) }));
}

/**
 * @param {string} field
 * @param {any} value
 * @param {Here} here
 * @returns {string}
 */
export function valueInWords(field, value, here) {
  if (field === "repeat_from") return FROM[value ?? "due"];
  if (value === null || value === undefined || value === "") return field === "due" ? "no date" : "";
  if (field === "tags") return value.map((/** @type {string} */ tag) => `#${tag}`).join(" ");
  if (field === "due" || field === "remind_at") return dueInWords(value, here);
  if (field === "repeat") return ruleInWords(value, here.locale);
  if (field === "completed") return value ? "done" : "open";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/**
 * Two texts word by word: the longest run of common words stays; long ones only at their ends.
 * @param {string} before
 * @param {string} after
 * @returns {Diff}
 */
export function diff(before, after) {
  const old = pieces(before), now = pieces(after);
  let start = 0, end = 0;
  while (start < old.length && start < now.length && old[start] === now[start]) start++;
  while (end < old.length - start && end < now.length - start && old.at(-1 - end) === now.at(-1 - end)) end++;
  /** @type {Diff} */ const found = [
    ["same", old.slice(0, start).join("")],
    ...middle(old.slice(start, old.length - end), now.slice(start, now.length - end)),
    ["same", end ? old.slice(-end).join("") : ""],
  ];
  return found.filter(([, text]) => text);
}

/** @param {string} text */
const pieces = (text) => text.match(/\s+|[\p{L}\p{N}_]+|[^\s\p{L}\p{N}_]/gu) ?? [];

/**
 * By the longest common subsequence, where that is not too much work.
 * @param {string[]} old
 * @param {string[]} now
 * @returns {Diff}
 */
function middle(old, now) {
  if (old.length * now.length > 40_000 || old.filter((word) => word.trim() && now.includes(word)).length < 2) {
    return [["del", old.join("")], ["ins", now.join("")]];
  }
  const longest = Array.from({ length: old.length + 1 }, () => new Uint16Array(now.length + 1));
  for (let i = old.length - 1; i >= 0; i--) {
    for (let j = now.length - 1; j >= 0; j--) {
      longest[i][j] = old[i] === now[j] ? longest[i + 1][j + 1] + 1 : Math.max(longest[i + 1][j], longest[i][j + 1]);
    }
  }
  /** @type {Diff} */ const found = [];
  /** @param {Diff[number][0]} kind @param {string} text */
  const add = (kind, text) => {
    const last = found.at(-1);
    if (last?.[0] === kind) last[1] += text;
    else found.push([kind, text]);
  };
  let i = 0, j = 0;
  while (i < old.length || j < now.length) {
    if (i < old.length && j < now.length && old[i] === now[j]) add("same", old[i++]), j++;
    else if (j >= now.length || (i < old.length && longest[i + 1][j] >= longest[i][j + 1])) add("del", old[i++]);
    else add("ins", now[j++]);
  }
  return found;
}

/**
 * The state after each event, folded from the changes: `states[n]` is before the event n + 1 of the list.
 * @param {TodoEvent[]} events oldest first, from version 1
 * @returns {Record<string, any>[]}
 */
export function statesBefore(events) {
  /** @type {Record<string, any>} */ let state = {};
  return events.map((event) => {
    const before = state;
    state = { ...state, ...event.change };
    return before;
  });
}
