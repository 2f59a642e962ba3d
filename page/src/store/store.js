/** What is on the disk, in memory: the rows, what waits for them, and what both together show. */

import { kept } from "../pure/kept.js";
import { after, overlay, replaced } from "../pure/outbox.js";
import { byOrder } from "../pure/select.js";
import { newer, unlisted } from "../pure/sync.js";
import { open, result, within } from "./database.js";

/** @import {Command, Todo} from "../pure/types.js" */
/** @import {Outcome} from "../pure/outbox.js" */

/** @typedef {Pick<Command, "id" | "op" | "body"> & Partial<Pick<Command, "base" | "version">>} Wanted */

/** @type {Command[]} */
const NONE = [];
/** Rows that are put at once: more would hold up what a person does meanwhile. */
const PUT = 250;
/** Where the parts of the rows begin and end, by their ids: while the browser reads one, that before becomes objects. */
const PARTS = ["", ..."123456789abcdef", []];

export const newKey = () => crypto.randomUUID();

export class Store {
  /** @type {Map<string, Todo>} */ rows = new Map();
  /** @type {Command[]} */ commands = [];
  /** @type {string | undefined} */ cursor;
  /** The versions that answers to this tab had, until the server's lists have them, too. @type {Map<string, number>} */ #answered = new Map();
  /** @type {Todo[] | undefined} */ #shown;
  /** The commands by their todos. */ #queues = kept((/** @type {Command[]} */ commands) => Map.groupBy(commands, ({ id }) => id));
  #listeners = /** @type {Set<() => void>} */ (new Set());
  /** @type {IDBDatabase} */ #database;
  #channel;
  /** What changes the outbox comes one after the other: each sees what the one before has left. @type {Promise<void>} */ #turn = Promise.resolve();

  /**
   * @template T
   * @param {IDBTransactionMode} mode
   * @param {Parameters<typeof within<T>>[2]} work
   * @returns {Promise<T>}
   */
  #within = (mode, work) => within(this.#database, mode, work);

  /** @param {IDBDatabase} database */
  constructor(database) {
    this.#database = database;
    this.name = database.name;
    this.#channel = new BroadcastChannel(this.name);
    this.#channel.onmessage = () => this.load();
  }

  /** @param {string} name */
  static async open(name) {
    return new Store(await open(name));
  }

  /** Forgets what was deleted before: only what is open on a page may be shown again. */
  async sweep() {
    const gone = [...this.rows.values()].filter(({ id, deleted }) => deleted && !this.waiting(id).length);
    if (!gone.length) return;
    gone.forEach(({ id }) => this.rows.delete(id));
    await this.#within("readwrite", ({ rows }) => gone.forEach(({ id }) => rows.delete(id)));
  }

  async load() {
    await this.#within("readonly", async ({ rows, commands, meta }) => {
      const parts = PARTS.slice(1).map((end, index) => result(rows.getAll(IDBKeyRange.bound(PARTS[index], end, false, true))));
      const [waiting, cursor, ...todos] = await Promise.all([result(commands.getAll()), result(meta.get("cursor")), ...parts]);
      // What is almost in order is sorted in no time.
      this.rows = new Map(todos.flat().sort(byOrder).map((/** @type {Todo} */ todo) => [todo.id, todo]));
      this.commands = waiting;
      this.cursor = cursor;
    });
    this.#changed();
  }

  /** @param {() => void} listener */
  subscribe(listener) {
    this.#listeners.add(listener);
  }

  #changed() {
    this.#shown = undefined;
    this.#listeners.forEach((listener) => listener());
  }

  /** After a write of this tab: the others read it. */
  #wrote() {
    this.#changed();
    this.#channel.postMessage("");
  }

  /**
   * @template {any[]} Given
   * @param {(...given: Given) => Promise<void>} work
   * @returns {(...given: Given) => Promise<void>}
   */
  #inTurn(work) {
    return (...given) => {
      const now = () => work(...given);
      return (this.#turn = this.#turn.then(now, now));
    };
  }

  /** @param {string} id */
  waiting(id) {
    return this.#queues(this.commands).get(id) ?? NONE;
  }

  /**
   * The todo as it is shown, also a deleted one.
   * @param {string} id
   */
  get(id) {
    return overlay(this.rows.get(id), this.waiting(id));
  }

  /** Every todo that is not deleted, with what waits for it. */
  todos() {
    if (this.#shown) return this.#shown;
    const ids = new Set(this.commands.map(({ id }) => id));
    const settled = [...this.rows.values()].filter((row) => !ids.has(row.id));
    const changed = [...ids].flatMap((id) => this.get(id) ?? []);
    return (this.#shown = [...settled, ...changed].filter((todo) => !todo.deleted));
  }

  /** Whether the server's lists lack what this tab has sent. */
  get isAhead() {
    return this.#answered.size > 0;
  }

  /** Puts changes into the outbox, all or none. Several are one operation. */
  add = this.#inTurn(async (/** @type {Wanted[]} */ wanted) => {
    const at = new Date().toISOString();
    const operation = wanted.length > 1 ? { operation: newKey() } : {};
    const queued = new Set(this.commands.map(({ id }) => id));
    /** @type {Command[]} */ const added = [];
    await this.#within("readwrite", async ({ commands }) => {
      for (const one of wanted) {
        // Behind another of the same todo, it is based on what that leads to.
        const version = one.op === "create" || queued.has(one.id) ? null : (this.rows.get(one.id)?.version ?? null);
        const command = /** @type {Command} */ ({ version, base: this.#base(one), ...one, key: newKey(), ...operation, at, state: "waiting" });
        added.push(command);
        queued.add(one.id);
      }
      const seqs = added.map((command) => result(commands.add(command)));
      // It is on its way to the disk, also if the page goes away now.
      commands.transaction.commit();
      (await Promise.all(seqs)).forEach((seq, index) => (added[index].seq = seq));
    });
    this.commands = [...this.commands, ...added];
    this.#wrote();
  });

  /** @param {Wanted} wanted */
  #base({ id, op, body }) {
    const todo = /** @type {Record<string, any> | undefined} */ (this.get(id));
    return op === "patch" && todo ? Object.fromEntries(Object.keys(body).map((field) => [field, todo[field] ?? null])) : {};
  }

  /** Carries out what became of a command. */
  settle = this.#inTurn(async (/** @type {Command} */ command, /** @type {Outcome} */ outcome) => {
    const { row, done, put } = outcome;
    if (!done && !put && !row) return;
    const { stored, gone } = after(this.commands, command, outcome, newKey);
    const seqs = new Set([...gone, ...stored.map(({ seq }) => seq)]);
    const kept = row ? newer(this.rows, [row]) : [];
    await this.#within("readwrite", ({ rows, commands }) => {
      gone.forEach((seq) => commands.delete(seq));
      stored.forEach((one) => commands.put(one));
      kept.forEach((one) => rows.put(one));
    });
    kept.forEach((one) => {
      this.rows.set(one.id, one);
      if (!one.deleted) this.#answered.set(one.id, one.version);
    });
    // What was added meanwhile is there, too.
    const others = this.commands.filter(({ seq }) => !seqs.has(seq));
    this.commands = [...others, ...stored].sort((one, other) => one.seq - other.seq);
    this.#wrote();
  });

  /**
   * Replaces a command that waited for a person by others in its place, before what else waits for the todo. Where none
   * are wanted, it is given up. They are based on the version.
   */
  replace = this.#inTurn(async (/** @type {Command} */ command, /** @type {Wanted[]} */ wanted, /** @type {number | null} */ version) => {
    const at = new Date().toISOString();
    /** @type {Command[]} */ const made = wanted.map((one) => /** @type {Command} */ ({ base: {}, ...one, key: newKey(), at, state: "waiting" }));
    const { removed, added } = replaced(this.commands, command, made, version);
    await this.#within("readwrite", async ({ commands }) => {
      removed.forEach((seq) => commands.delete(seq));
      for (const one of added) {
        const { seq: _old, ...content } = one;
        one.seq = await result(commands.add(content));
      }
    });
    this.commands = [...this.commands.filter(({ seq }) => !removed.includes(seq)), ...added];
    this.#wrote();
  });

  /**
   * Shows a page of `/changes`, and stores it with its cursor.
   * @param {Todo[]} changes
   * @param {string | undefined} cursor undefined within a sync from the start, which begins anew if it is interrupted
   * @param {{before: Map<string, number>, listed: Set<string>}} [listing] at the end of a sync from the start
   */
  async take(changes, cursor, listing) {
    for (const { id, version } of changes) if (version >= /** @type {number} */ (this.#answered.get(id))) this.#answered.delete(id);
    const fresh = newer(this.rows, changes);
    const gone = listing ? unlisted(this.rows, listing.before, listing.listed).filter((id) => !this.#answered.has(id)) : [];
    const any = fresh.length + gone.length;
    if (!any && cursor === this.cursor) return;
    const show = () => {
      newer(this.rows, fresh).forEach((row) => this.rows.set(row.id, row));
      gone.forEach((id) => this.rows.delete(id));
      if (any) this.#changed();
      return this.rows;
    };
    const stored = this.#within("readwrite", async ({ rows, meta }) => {
      for (const [index, row] of fresh.entries()) {
        const put = rows.put(row);
        if (index % PUT === PUT - 1) await result(put);
      }
      gone.forEach((id) => rows.delete(id));
      if (cursor) meta.put(cursor, "cursor");
    });
    const shown = show();
    await stored;
    // What was read from the disk meanwhile may lack them.
    if (this.rows !== shown) show();
    this.cursor = cursor ?? this.cursor;
    if (any) this.#channel.postMessage("");
  }

  /** Deletes the database. What still runs on the page that leaves waits for ever. */
  forget() {
    this.#within = () => new Promise(() => {});
    this.#database.close();
    this.#channel.close();
    return result(indexedDB.deleteDatabase(this.name));
  }

  startOver() {
    this.cursor = undefined;
    return this.write("cursor", undefined);
  }

  /** @param {string} name */
  read(name) {
    return this.#within("readonly", ({ meta }) => result(meta.get(name)));
  }

  /** @param {string} name @param {unknown} value undefined: forget it */
  write(name, value) {
    return this.#within("readwrite", ({ meta }) => void (value === undefined ? meta.delete(name) : meta.put(value, name)));
  }

  /**
   * Changes what `read` reads, in one transaction.
   * @template T
   * @param {string} name
   * @param {(found: T | undefined) => T} change
   * @returns {Promise<T>}
   */
  update(name, change) {
    return this.#within("readwrite", async ({ meta }) => {
      const value = change(await result(meta.get(name)));
      meta.put(value, name);
      return value;
    });
  }
}
