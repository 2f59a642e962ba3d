/** What takes back changes that belong to no operation: field by field, where nothing has changed since. Pure. */

import { same } from "./merge.js";
import { FIELD_NAMES } from "./words.js";

/** @import {Todo, TodoEvent} from "./types.js" */
/** @import {Wanted} from "../store/store.js" */

/** `isCut`: others that are older are not here. @typedef {TodoEvent & {todo: string, before: Record<string, any> | null, isCut?: boolean}} Happened */

/** What undoes each, and the undo of that. @type {Record<string, ["delete", "restore"] | ["restore", "delete"]>} */
const OPPOSITE = { TodoCreated: ["delete", "restore"], TodoRestored: ["delete", "restore"], TodoDeleted: ["restore", "delete"] };

/**
 * @param {Happened[]} events newest first
 * @param {(id: string) => Todo | undefined} get a todo as it is now
 * @returns {{wanted: Wanted[], undo: Wanted[], stays: string[]}} `undo` takes it back again; `stays`: todos of which
 *   something was changed later
 */
export function takeBack(events, get) {
  /** @type {Map<string, Happened[]>} */ const byTodo = new Map();
  for (const event of events.toReversed()) byTodo.set(event.todo, [...(byTodo.get(event.todo) ?? []), event]);
  /** @type {{wanted: Wanted[], undo: Wanted[], stays: string[]}} */ const found = { wanted: [], undo: [], stays: [] };
  for (const [id, own] of byTodo) {
    const now = /** @type {Record<string, any> & Todo | undefined} */ (get(id));
    const last = own[own.length - 1];
    const ends = own.findLast(({ type }) => OPPOSITE[type]);
    if (ends) {
      const [op, back] = OPPOSITE[ends.type];
      const isGone = !now || now.deleted;
      if (Boolean(isGone) !== (op === "restore")) continue;
      if (now && !isGone && now.version !== last.version) found.stays.push(id);
      else {
        found.wanted.push({ id, op, body: {} });
        found.undo.push({ id, op: back, body: {} });
      }
      continue;
    }
    /** @type {Record<string, any>} */ const before = {};
    /** @type {Record<string, any>} */ const after = {};
    for (const event of own) {
      for (const field of Object.keys(event.change).filter((name) => FIELD_NAMES[name])) {
        if (!(field in after)) before[field] = event.before?.[field] ?? null;
        after[field] = event.change[field];
      }
    }
    const changed = Object.keys(after).filter((field) => !same(before[field], after[field]));
    const back = changed.filter((field) => now && !now.deleted && own.every((event) => event.before) && same(now[field], after[field]));
    if (back.length < changed.length && !changed.every((field) => now && same(now[field], before[field]))) found.stays.push(id);
    if (!back.length) continue;
    /** @param {Record<string, any>} values */
    const pick = (values) => Object.fromEntries(back.map((field) => [field, values[field] ?? null]));
    found.wanted.push({ id, op: "patch", body: pick(before) });
    found.undo.push({ id, op: "patch", body: pick(after) });
  }
  return found;
}
