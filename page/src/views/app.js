/** What all views know of: the todos, the address, and what is open on the page. */

import { families, groups, listTitle } from "../pure/select.js";
import { Actions } from "../store/actions.js";
import { newKey } from "../store/store.js";
import { remember } from "../sync/sign-in.js";
import { href, routeOf } from "./route.js";

/** @import {Here} from "../pure/dates.js" */
/** @import {Fields, Todo, TodoEvent} from "../pure/types.js" */
/** @import {Done} from "../store/actions.js" */
/** @import {Store, Wanted} from "../store/store.js" */
/** @import {Connection} from "../sync/connection.js" */
/** @import {Configuration, Http} from "../sync/http.js" */
/** @import {Person} from "../sync/sign-in.js" */

/**
 * `stays` are the titles of todos of which something stays; `expect` has the versions that were looked at, if not more.
 * @typedef {{operation: string, back: number, stays: string[], more: boolean, expect: Record<string, number>, error?: string}} Undoing
 */

/** Rows that are drawn at first, and more when the end comes near. */
const WINDOW = 80;

export class App {
  route = routeOf(location.hash);
  /** @type {string | undefined} the row that keys act on */ current;
  /** @type {string | undefined} the row whose title is edited in place */ editing;
  /** @type {"keys" | "views" | "rename" | number | undefined} a number: the conflict of that command */ dialog;
  /** @type {{words: string, undo?: Wanted[]} | undefined} */ toast;
  draft = { text: "", declined: /** @type {Set<string>} */ (new Set()) };
  /** What a field showed when its editing began. @type {{id: string, field: string, base: Fields, version: number | null} | undefined} */ seen;
  /** @type {Map<string, {version: number, events: TodoEvent[] | undefined}>} */ histories = new Map();
  /** @type {TodoEvent[] | "loading" | "failed" | undefined} */ activity;
  /** The moment that is looked at, in milliseconds. */
  pastAt = Date.now() - 86_400_000;
  /** The todos as they were then. @type {Todo[] | "loading" | "failed" | undefined} */ past;
  /** When something happened, in milliseconds. @type {number[]} */ moments = [];
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #looking;
  /** What the undo of an operation would do. @type {Undoing | undefined} */ undoing;
  window = WINDOW;
  /** Completed rows stay where they are for a second. @type {Map<string, Todo>} */ staying = new Map();
  keysOff = localStorage.getItem("keys") === "off";
  /** @type {Wanted[][]} */ #undos = [];
  #drawing = false;
  /** @type {{asked: unknown[], groups: import("../pure/select.js").Group[]} | undefined} */ #grouped;
  /** @type {{todos: Todo[], children: Map<string, Todo[]>} | undefined} */ #families;

  /**
   * @param {{store: Store, connection: Connection, http: Http, person: Person, configuration: Configuration, draw: () => void}} parts
   */
  constructor({ store, connection, http, person, configuration, draw }) {
    this.store = store;
    this.connection = connection;
    this.http = http;
    this.person = person;
    this.configuration = configuration;
    this.actions = new Actions(store);
    this.draw = draw;
    store.subscribe(() => this.redraw());
    addEventListener("hashchange", () => this.#went());
  }

  /** @returns {Here} */
  get here() {
    return { now: new Date(), locale: navigator.language };
  }

  /** Draws once for all that changes in this frame. */
  redraw() {
    if (this.#drawing) return;
    this.#drawing = true;
    const draw = () => {
      this.#drawing = false;
      this.draw();
    };
    // A hidden page has no frames.
    if (document.hidden) setTimeout(draw);
    else requestAnimationFrame(draw);
  }

  /** @param {Partial<App>} changes */
  show(changes) {
    Object.assign(this, changes);
    this.redraw();
  }

  #went() {
    // A link to sign in, opened in this tab.
    if (location.hash.startsWith("#/sign-in/")) return location.reload();
    const before = this.route;
    this.route = routeOf(location.hash);
    if (before.name !== this.route.name || before.list !== this.route.list) {
      this.window = WINDOW;
      this.current = undefined;
      this.editing = undefined;
      scrollTo(0, 0);
    }
    if (this.dialog === "views") this.dialog = undefined;
    this.redraw();
  }

  /** @param {Partial<App["route"]>} changes of the address; what is not stated stays */
  to(changes) {
    return href({ ...this.route, ...changes });
  }

  /** @param {string} address @param {boolean} [replace] whether Back skips the address before */
  go(address, replace = false) {
    history[replace ? "replaceState" : "pushState"](null, "", address);
    this.#went();
  }

  /** Draws at once and goes into a field, so that what is typed next goes there. @param {string} field its element's id */
  focus(field) {
    this.draw();
    document.getElementById(field)?.focus();
  }

  /** @param {string} id of the row whose title is to be edited in place */
  startEditing(id) {
    this.editing = id;
    this.focus("edit-title");
  }

  get groups() {
    const { name, list, filter, q } = this.route;
    if (name === "activity" || name === "past") return [];
    // Typing in the add line draws the page, and changes none of this.
    const minute = Math.floor(Date.now() / 60_000);
    const asked = [this.store.todos(), this.staying.size, name, list, filter, q, minute];
    if (this.#grouped?.asked.every((each, index) => each === asked[index])) return this.#grouped.groups;
    const todos = this.store.todos().map((todo) => (this.staying.has(todo.id) ? { ...todo, completed: false } : todo));
    this.#grouped = { asked, groups: groups(todos, { ...this.route, name }, this.here) };
    return this.#grouped.groups;
  }

  /** @returns {string} the list that a new todo goes to */
  get list() {
    return this.route.name === "list" ? (this.route.list ?? "inbox") : "inbox";
  }

  get title() {
    const { name, list } = this.route;
    if (name === "past") return "As it was";
    return name === "list" ? (list ?? "") : name[0].toUpperCase() + name.slice(1);
  }

  /** @param {Todo} todo */
  children(todo) {
    const todos = this.store.todos();
    if (this.#families?.todos !== todos) this.#families = { todos, children: families(todos) };
    return this.#families.children.get(todo.id) ?? [];
  }

  /** @param {Promise<Done | undefined>} doing */
  async done(doing) {
    const did = await doing;
    if (!did) return;
    this.#undos.push(did.undo);
    const shown = (this.toast = { words: did.words, undo: did.undo });
    setTimeout(() => this.toast === shown && this.show({ toast: undefined }), 10_000);
    this.redraw();
  }

  /** @param {Wanted[]} [wanted] what takes a change back; else the last one */
  async undo(wanted = this.#undos.at(-1)) {
    if (!wanted) return this.say("There is nothing to undo.");
    this.#undos = this.#undos.filter((one) => one !== wanted);
    await this.actions.run(wanted);
    this.say("Undone.");
  }

  /** @param {string} words */
  say(words) {
    const shown = { words };
    setTimeout(() => this.toast === shown && this.show({ toast: undefined }), 5000);
    this.show({ toast: shown });
  }

  /** @param {Todo} todo */
  toggle(todo) {
    const real = this.store.get(todo.id) ?? todo;
    if (!real.completed) {
      this.staying.set(todo.id, todo);
      setTimeout(() => this.staying.delete(todo.id) && this.redraw(), 1000);
    } else this.staying.delete(todo.id);
    return this.done(this.actions.toggle(real));
  }

  /** @param {Todo[]} todos */
  remove(todos) {
    const rows = this.groups.flatMap(({ rows }) => rows.map(({ id }) => id));
    const at = rows.indexOf(todos[0].id);
    if (todos.length === 1 && this.current === todos[0].id) this.current = rows[at + 1] ?? rows[at - 1];
    if (this.route.todo && todos.some(({ id }) => id === this.route.todo)) this.go(this.to({ todo: undefined }), true);
    return this.done(this.actions.remove(todos));
  }

  /** @param {Todo} todo @param {1 | -1} by */
  async move(todo, by) {
    await this.done(this.actions.move(todo, by));
  }

  /**
   * A field's new value, against what it showed when its editing began.
   * @param {string} id
   * @param {Fields} body
   */
  edit(id, body) {
    const field = Object.keys(body)[0];
    const seen = this.seen?.id === id && this.seen.field === field ? this.seen : undefined;
    return this.done(this.actions.edit(id, body, seen));
  }

  /** @param {Todo} todo @param {string} field */
  began(todo, field) {
    const value = /** @type {Record<string, any>} */ (todo)[field] ?? null;
    this.seen = { id: todo.id, field, base: { [field]: value }, version: this.store.waiting(todo.id).length ? null : todo.version };
  }

  /** Gets a todo's history, if there is a newer one. @param {Todo} todo */
  async loadHistory(todo) {
    const known = this.histories.get(todo.id);
    if (known?.version === todo.version || !todo.version) return;
    this.histories.set(todo.id, { version: todo.version, events: known?.events });
    const events = await this.#pages(`/todos/${todo.id}/events?limit=200`, (body) => /** @type {TodoEvent[]} */ (body));
    if (!events) return void this.histories.delete(todo.id);
    this.histories.set(todo.id, { version: todo.version, events });
    this.redraw();
  }

  /** All pages of a path. @template T @param {string} path @param {(body: any) => T[]} items @param {number} [most] pages @returns {Promise<T[] | undefined>} */
  async #pages(path, items, most = Infinity) {
    /** @type {T[]} */ const found = [];
    for (let next = path, page = 0; next && page < most; page++) {
      const { status, body, headers } = await this.http.send(next);
      if (status !== 200) return undefined;
      found.push(...items(body));
      const link = headers.get("Link")?.match(/<([^>]+)>;\s*rel="next"/)?.[1];
      next = link ? link.slice(this.configuration.base.length) : "";
    }
    return found;
  }

  /** Opens the past: the bars are of the newest 1,000 events. */
  async openPast() {
    this.seePast(this.pastAt);
    const events = await this.#pages("/activity?limit=200", ({ events }) => events, 5);
    this.show({ moments: (events ?? []).map((/** @type {TodoEvent} */ { occurred_at }) => Date.parse(occurred_at)) });
  }

  /** Shows the list as it was, once the slider rests. @param {number} at in milliseconds */
  seePast(at) {
    this.show({ pastAt: at });
    clearTimeout(this.#looking);
    const looking = (this.#looking = setTimeout(async () => {
      const todos = await this.#pages(`/todos?at=${new Date(at).toISOString()}&limit=200`, (body) => /** @type {Todo[]} */ (body));
      if (this.#looking === looking) this.show({ past: todos ?? "failed" });
    }, 250));
  }

  /** @param {Todo} then a todo as it was */
  async bringBack(then) {
    const now = this.store.get(then.id);
    await this.actions.revert(then.id, then.version);
    /** @type {Wanted[]} */ const undo = !now || now.deleted ? [{ id: then.id, op: "delete", body: {} }] : [{ id: then.id, op: "revert", body: { to_version: now.version } }];
    this.done(Promise.resolve({ words: `“${then.title}” is as it was.`, undo }));
  }

  async loadActivity() {
    const { status, body } = await this.http.send("/activity?limit=100&include=before");
    this.show({ activity: status === 200 ? body.events : "failed" });
  }

  /**
   * Renames the list that is shown: by the server, which moves also what others make meanwhile.
   * @param {string} to
   */
  async rename(to) {
    const from = this.route.list ?? "";
    this.dialog = undefined;
    const headers = { "Idempotency-Key": newKey() };
    const { status, body } = await this.http.send(`/lists/${encodeURIComponent(from)}/rename`, { method: "POST", headers, body: { to } });
    if (status !== 200 && status !== 202) return this.say(`Not renamed. ${body?.errors?.[0]?.detail ?? body?.detail ?? "The server cannot be reached."}`);
    this.connection.wake();
    this.go(this.to({ list: to, todo: undefined }), true);
    this.say(status === 202 ? "Renaming. This takes a moment." : `Renamed to “${to}”.`);
  }

  /** Forgets who is here; and what is here too, unless something of it waits to be sent. */
  async signOut() {
    await this.store.write("token", undefined);
    if (!this.store.commands.length) await this.store.forget();
    remember(undefined);
    location.assign(`${this.configuration.base}/`);
  }

  /** Shows what the undo of an operation would do. @param {string} operation */
  async tryUndo(operation) {
    const { status, body } = await this.http.send(`/operations/${encodeURIComponent(operation)}/undo`, { method: "POST", body: { dry_run: true, limit: 200 } });
    /** @type {Undoing} */ const undoing = { operation, back: 0, stays: [], more: false, expect: {} };
    if (status !== 200) undoing.error = body?.detail ?? "The server cannot be reached.";
    else {
      for (const { todo, version, type, conflicts } of body.todos) {
        undoing.expect[todo] = version;
        if (type) undoing.back++;
        if (conflicts.length) undoing.stays.push(this.store.get(todo)?.title ?? "a todo");
      }
      undoing.more = Boolean(body.cursor);
    }
    this.show({ undoing });
  }

  /** Undoes what was shown, and nothing that has changed since. @param {Undoing} undoing */
  async undoOperation({ operation, more, expect }) {
    const request = { method: "POST", body: more ? {} : { expect } };
    const { status, body } = await this.http.send(`/operations/${encodeURIComponent(operation)}/undo`, request);
    this.undoing = undefined;
    this.say(status === 200 || status === 202 ? "Undone." : `Not undone. ${body?.detail ?? "The server cannot be reached."}`);
    this.connection.wake();
    setTimeout(() => this.loadActivity(), 1000);
  }

  /** Whether single letters act (WCAG 2.2, 2.1.4). */
  switchKeys() {
    localStorage.setItem("keys", this.keysOff ? "on" : "off");
    this.show({ keysOff: !this.keysOff });
  }

  /** @param {Todo} todo */
  placeInWords(todo) {
    const { index, of } = this.actions.position(todo);
    return index < 0 ? "" : `${index + 1} of ${of} in ${listTitle(todo.list)}`;
  }
}
