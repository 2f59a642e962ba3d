/** What the server alone knows: histories, what happened, the list as it was, and what operations did. */

import { INBOX } from "../pure/lists.js";
import { sendable } from "../pure/outbox.js";
import { takeBack } from "../pure/undo.js";
import { doerOf } from "../pure/words.js";
import { clientOf } from "../sync/sign-in.js";
import { href } from "./route.js";

/** @import {Todo, TodoEvent} from "../pure/types.js" */
/** @import {Doer} from "../pure/words.js" */
/** @import {Happened} from "../pure/undo.js" */
/** @import {Wanted} from "../store/store.js" */
/** @import {Renaming} from "../sync/later.js" */
/** @import {App} from "./app.js" */

/**
 * What an undo would do, of an operation or of the changes that `entry` names. `stays` are the titles of todos of which
 * something stays; `expect` has the versions that were looked at, if not more.
 * @typedef {{
 *   entry: string, back: number, stays: string[], more: boolean, expect: Record<string, number>, error?: string,
 *   wanted?: Wanted[], undo?: Wanted[],
 * }} Undoing
 */

const PAGES = 5;
const SHOWN = 100;

export class Ledger {
  /** @type {Map<string, {version: number, events: TodoEvent[] | undefined}>} */ histories = new Map();
  /** @type {Happened[] | "loading" | "failed" | undefined} */ activity;
  /** Whose is shown: everybody's if undefined. @type {string | undefined} */ activityBy;
  /** Entries that are shown whole. @type {Set<string>} */ whole = new Set();
  /** Who did something, by name. @type {Map<string, Doer>} */ doers = new Map();
  /** The moment that is looked at, in milliseconds. */
  pastAt = Date.now() - 86_400_000;
  /** The todos as they were then. @type {Todo[] | "loading" | "failed" | undefined} */ past;
  /** What happened, newest first. @type {Happened[]} */ events = [];
  /** When it did, in milliseconds. @type {number[]} */ moments = [];
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #looking;
  /** What the undo of an operation would do. @type {Undoing | undefined} */ undoing;

  /** @param {App} app */
  constructor(app) {
    this.app = app;
  }

  /** @param {Partial<Ledger>} changes */
  show(changes) {
    Object.assign(this, changes);
    this.app.redraw();
  }

  /** Gets a todo's history, if there is a newer one. @param {Todo} todo */
  async loadHistory(todo) {
    const known = this.histories.get(todo.id);
    if (known?.version === todo.version || !todo.version) return;
    this.histories.set(todo.id, { version: todo.version, events: known?.events });
    const events = await this.app.http.pages(`/todos/${todo.id}/events?limit=200`, (body) => /** @type {TodoEvent[]} */ (body));
    if (!events) return void this.histories.delete(todo.id);
    this.histories.set(todo.id, { version: todo.version, events });
    this.app.redraw();
  }

  /** Opens the past: the bars are of the newest 1,000 events. */
  async openPast() {
    this.seePast(this.pastAt);
    const events = await this.app.http.pages("/activity?limit=200", ({ events }) => events, 5);
    this.show({ events: events ?? [], moments: (events ?? []).map((/** @type {TodoEvent} */ { occurred_at }) => Date.parse(occurred_at)) });
  }

  /** Shows the list as it was, once the slider rests. @param {number} at in milliseconds */
  seePast(at) {
    this.show({ pastAt: at });
    clearTimeout(this.#looking);
    const looking = (this.#looking = setTimeout(async () => {
      const todos = await this.app.http.pages(`/todos?at=${new Date(at).toISOString()}&limit=200`, (body) => /** @type {Todo[]} */ (body));
      if (this.#looking === looking) this.show({ past: todos ?? "failed" });
    }, 250));
  }

  /** Shows what happened, of one doer if that is named. @param {string} [by] */
  async openActivity(by) {
    this.show({ activity: "loading", activityBy: by, undoing: undefined });
    await this.loadActivity(by);
  }

  /** @param {string} [by] */
  async loadActivity(by = this.activityBy) {
    // Who there is to choose from shows what everybody did.
    if (by === undefined || !this.doers.has(by)) {
      const events = await this.app.http.pages(`/activity?limit=${SHOWN}&include=before`, ({ events }) => events, 1);
      for (const event of events ?? []) if (event.type) this.doers.set(...doerOf(event, this.app.person.sub, clientOf(this.app.http.token)));
      if (by === undefined) return this.#showActivity(by, events);
    }
    const { actor, client } = this.doers.get(by) ?? { actor: by };
    const query = new URLSearchParams({ actor, ...(client ? { client } : {}), limit: String(SHOWN), include: "before" });
    const events = await this.app.http.pages(`/activity?${query}`, ({ events }) => events.filter((/** @type {Happened} */ event) => client !== null || !event.client), PAGES, SHOWN);
    this.#showActivity(by, events);
  }

  /** @param {string | undefined} by @param {Happened[] | undefined} events */
  #showActivity(by, events) {
    // Another may be asked for by now.
    if (by === this.activityBy && this.activity) this.show({ activity: events ?? "failed" });
  }

  /**
   * Renames the list that is shown, when the server can be reached and has all that waits.
   * @param {string} to
   */
  async rename(to) {
    const { later, route, store } = this.app;
    const from = route.list ?? "";
    this.app.show({ dialog: undefined });
    await later.rename(from, to);
    if (!sendable(store.commands).length) await later.send();
    if (later.renames.some((one) => one.from === from && one.error === undefined)) this.app.say(`“${from}” becomes “${to}” once the server can be reached.`);
  }

  /** Makes a list, or forgets one that has no todos, and goes there or away. @param {string} list @param {boolean} isKept */
  async keep(list, isKept) {
    const { app } = this;
    await app.later.keep(list, isKept);
    app.go(href(isKept && list !== INBOX ? { name: "list", list } : { name: INBOX }));
    if (!sendable(app.store.commands).length) app.later.send();
  }

  /** A list was renamed, or was not; one of the same name was not made. @param {Renaming} renaming @param {number} [status] */
  renamed({ from, to, error }, status) {
    if (error !== undefined) return this.app.say(`${from === to ? "Not made" : "Not renamed"}. ${error}`);
    const { route } = this.app;
    this.app.connection.wake();
    if (route.name === "list" && route.list === from) this.app.go(this.app.to({ list: to, todo: undefined }), true);
    this.app.say(status === 202 ? "Renaming. This takes a moment." : `Renamed to “${to}”.`);
  }

  /** Shows what the undo of changes would do. @param {Happened[]} entry @param {string | null} [operation] that they belong to */
  async tryUndo(entry, operation) {
    return operation ? this.#tryOperation(operation) : this.show({ undoing: this.#looked(entry[0].event_id, entry) });
  }

  /** @param {string} entry @param {Happened[]} events @returns {Undoing} */
  #looked(entry, events) {
    const { store } = this.app;
    const { wanted, undo, stays } = takeBack(events, (id) => store.get(id));
    return { entry, back: wanted.length, stays: stays.map((id) => store.get(id)?.title ?? "a todo"), more: false, expect: {}, wanted, undo };
  }

  /** @param {string} operation */
  async #tryOperation(operation) {
    const { status, body } = await this.app.http.send(`/operations/${encodeURIComponent(operation)}/undo`, { method: "POST", body: { dry_run: true } });
    /** @type {Undoing} */ const undoing = { entry: operation, back: 0, stays: [], more: false, expect: {} };
    if (status !== 200) undoing.error = body?.detail ?? "The server cannot be reached.";
    else {
      for (const { todo, version, type, conflicts } of body.todos) {
        undoing.expect[todo] = version;
        if (type) undoing.back++;
        if (conflicts.length) undoing.stays.push(this.app.store.get(todo)?.title ?? "a todo");
      }
      undoing.more = Boolean(body.cursor);
    }
    this.show({ undoing });
  }

  /** Undoes what was shown, and nothing that has changed since. @param {Undoing} undoing */
  async undo({ entry, more, expect, wanted, undo }) {
    this.undoing = undefined;
    if (wanted && undo) {
      await this.app.store.add(wanted);
      return this.app.done(Promise.resolve({ words: "Undone.", undo }));
    }
    const request = { method: "POST", body: more ? {} : { expect } };
    const { status, body } = await this.app.http.send(`/operations/${encodeURIComponent(entry)}/undo`, request);
    this.app.say(status === 200 || status === 202 ? "Undone." : `Not undone. ${body?.detail ?? "The server cannot be reached."}`);
    this.app.connection.wake();
    setTimeout(() => (this.activity ? this.loadActivity() : this.past && this.openPast()), 1000);
  }
}
