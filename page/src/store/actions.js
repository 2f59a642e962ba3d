/** What a person does, as changes for the outbox, each with its way back. */

import { kept } from "../pure/kept.js";
import { INBOX, listTitle } from "../pure/lists.js";
import { same } from "../pure/merge.js";
import { byOrder, place } from "../pure/select.js";

/** @import {Fields, Todo} from "../pure/types.js" */
/** @import {Store, Wanted} from "./store.js" */

/**
 * What was done, in words, and what takes it back.
 * @typedef {{words: string, undo: Wanted[]}} Done
 */

/** @param {string} did @param {{title: string}[]} todos */
const inWords = (did, todos, where = "") => `${did} ${todos.length === 1 ? `“${todos[0].title}”` : `${todos.length} todos`}${where}.`;

export class Actions {
  /** @type {Store} */ #store;
  /** The open todos of each list, in its order. */
  #lists = kept((/** @type {Todo[]} */ todos) => Map.groupBy(todos.filter(({ completed }) => !completed).sort(byOrder), ({ list }) => list));

  /** @param {Store} store */
  constructor(store) {
    this.#store = store;
  }

  /**
   * @param {(Fields & {title: string})[]} all
   * @returns {Promise<Done>}
   */
  async create(...all) {
    /** @type {Map<string, number>} */ const last = new Map();
    const wanted = all.map((fields) => {
      const list = fields.list ?? INBOX;
      last.set(list, (last.get(list) ?? this.#open(list).at(-1)?.order ?? 0) + 1024);
      return { id: crypto.randomUUID(), op: /** @type {const} */ ("create"), body: { list, order: last.get(list), ...fields } };
    });
    await this.#store.add(wanted);
    const where = last.size === 1 ? ` to ${listTitle([...last.keys()][0])}` : "";
    return { words: inWords("Added", all, where), undo: wanted.map(({ id }) => ({ id, op: "delete", body: {} })) };
  }

  /**
   * @param {string} id
   * @param {Fields} body
   * @param {{base?: Fields, version?: number | null}} [seen] what the person saw, where that is older than what is here
   * @returns {Promise<Done | undefined>} undefined where nothing differs
   */
  async edit(id, body, seen = {}) {
    const todo = /** @type {Record<string, any> & Todo | undefined} */ (this.#store.get(id));
    if (!todo) return undefined;
    const shown = /** @type {Record<string, any>} */ ({ ...todo, ...seen.base });
    const changed = Object.entries(body).filter(([field, value]) => !same(shown[field], value));
    if (!changed.length) return undefined;
    const before = Object.fromEntries(changed.map(([field]) => [field, shown[field] ?? null]));
    // Where it was another meanwhile, none but the version that was seen fits; behind a change that waits, what that leads to.
    const isOther = changed.some(([field]) => !same(shown[field], todo[field]));
    const version = isOther && !this.#store.waiting(id).length ? { version: seen.version ?? 0 } : {};
    await this.#store.add([{ id, op: "patch", body: Object.fromEntries(changed), base: before, ...version }]);
    return { words: `Changed “${todo.title}”.`, undo: [{ id, op: "patch", body: before }] };
  }

  /** Completes those that are open; where none is, reopens all. @param {Todo[]} todos @returns {Promise<Done>} */
  async toggle(todos) {
    const now = todos.map((todo) => this.#store.get(todo.id) ?? todo);
    const open = now.filter(({ completed }) => !completed);
    const completed = open.length > 0;
    const changed = completed ? open : now;
    /** @param {boolean} completed @returns {Wanted[]} */
    const all = (completed) => changed.map(({ id }) => ({ id, op: "patch", body: { completed } }));
    await this.#store.add(all(completed));
    return { words: inWords(completed ? "Completed" : "Reopened", changed), undo: all(!completed) };
  }

  /** @param {Todo[]} todos @returns {Promise<Done>} */
  async remove(todos) {
    await this.#store.add(todos.map(({ id }) => ({ id, op: "delete", body: {} })));
    return { words: inWords("Deleted", todos), undo: todos.map(({ id }) => ({ id, op: "restore", body: {} })) };
  }

  /** @param {string} id @param {number} version */
  async revert(id, version) {
    await this.#store.add([{ id, op: "revert", body: { to_version: version } }]);
  }

  /** @param {string} list the open todos of the list, in its order */
  #open(list) {
    return this.#lists(this.#store.todos()).get(list) ?? [];
  }

  /** @param {Todo} todo */
  position(todo) {
    const open = this.#open(todo.list);
    return { index: open.findIndex(({ id }) => id === todo.id), of: open.length };
  }

  /**
   * @param {Todo} todo
   * @param {1 | -1} by
   * @returns {Promise<Done | undefined>} undefined at the end of the list
   */
  async move(todo, by) {
    const { index, of } = this.position(todo);
    const to = index + by;
    if (index < 0 || to < 0 || to >= of) return undefined;
    const others = this.#open(todo.list).filter(({ id }) => id !== todo.id);
    const places = place(others, todo, to);
    await this.#store.add(places.map(([{ id }, order]) => ({ id, op: "patch", body: { order } })));
    return {
      words: `“${todo.title}” is now ${to + 1} of ${of} in ${listTitle(todo.list)}.`,
      undo: places.map(([{ id, order }]) => ({ id, op: "patch", body: { order } })),
    };
  }
}
