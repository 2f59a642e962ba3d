/** What all views know of: the todos, the address, and what is open on the page. */

import { capital } from "../pure/dates.js";
import { kept } from "../pure/kept.js";
import { listTitle } from "../pure/lists.js";
import { counts, families, groups } from "../pure/select.js";
import { Actions } from "../store/actions.js";
import { remember } from "../sync/sign-in.js";
import { Ledger } from "./ledger.js";
import { href, routeOf } from "./route.js";
import { screenful } from "./window.js";

/** @import {Here} from "../pure/dates.js" */
/** @import {Fields, Todo} from "../pure/types.js" */
/** @import {Done} from "../store/actions.js" */
/** @import {Store, Wanted} from "../store/store.js" */
/** @import {Connection} from "../sync/connection.js" */
/** @import {Configuration, Http} from "../sync/http.js" */
/** @import {Later} from "../sync/later.js" */
/** @import {Person} from "../sync/sign-in.js" */

/** @type {Todo[]} */
const NONE = [];
const LOCALE = navigator.language;

/** @param {string} field a selector of what goes away */
function leave(field) {
  const focused = document.activeElement;
  if (focused instanceof HTMLElement && focused.matches(field)) focused.blur();
}

/** Saves what is typed, and stays in its field. */
function keep() {
  const field = document.activeElement;
  leave(".editor, aside *");
  /** @type {HTMLElement | null} */ (field)?.focus();
}

export class App {
  route = routeOf(location.hash);
  /** @type {string | undefined} the row that keys act on */ current;
  /** @type {string | undefined} the row whose title is edited in place */ editing;
  /** @type {"keys" | "views" | "list" | "rename" | "repeat" | number | undefined} a number: the conflict of that command */ dialog;
  /** @type {{words: string, undo?: Wanted[]} | undefined} */ toast;
  draft = { text: "", declined: /** @type {Set<string>} */ (new Set()) };
  /** What a field showed when its editing began. @type {{id: string, field: string, base: Fields, version: number | null} | undefined} */ seen;
  /** The rows that are drawn: from this one to before that. At first those that are seen. */ first = 0;
  window = screenful(0);
  /** The height of those before them, in pixels. */ above = 0;
  /** How often others were drawn that are far away. */ jumps = 0;
  /** What the form of a repeat states. @type {import("../pure/rules.js").Repeat | undefined} */ repeat;
  /** Whether the lists have buttons that move them. */ ordering = false;
  /** Completed rows stay where they are for a second. @type {Map<string, Todo>} */ staying = new Map();
  keysOff = localStorage.getItem("keys") === "off";
  /** @type {Wanted[][]} */ #undos = [];
  #drawing = false;
  #families = kept(families);
  #counts = kept((/** @type {Todo[]} */ todos) => counts(todos, this.here));
  #groups = kept((/** @type {Todo[]} */ todos) => groups(
    this.staying.size ? todos.map((todo) => (this.staying.has(todo.id) ? { ...todo, completed: false } : todo)) : todos,
    /** @type {import("../pure/select.js").View} */ (this.route), this.here,
  ));

  /**
   * @param {{store: Store, connection: Connection, later: Later, http: Http, person: Person, configuration: Configuration, draw: () => void}} parts
   */
  constructor({ store, connection, later, http, person, configuration, draw }) {
    this.store = store;
    this.connection = connection;
    this.later = later;
    this.http = http;
    this.person = person;
    this.configuration = configuration;
    this.actions = new Actions(store);
    this.ledger = new Ledger(this);
    this.draw = draw;
    store.subscribe(() => this.redraw());
    addEventListener("hashchange", () => this.#went());
    // A hidden page may never be seen again: what was typed is saved now.
    document.addEventListener("visibilitychange", () => document.hidden && keep());
  }

  /** @returns {Here} */
  get here() {
    return { now: new Date(), locale: LOCALE, lists: this.later.lists, named: this.later.named };
  }

  /** Late is what was due before this minute. */
  get minute() {
    return Math.floor(Date.now() / 60_000);
  }

  /** What rows show beside their todos. */
  get beside() {
    return `${this.to({ todo: undefined })} ${this.minute}`;
  }

  /** Draws once for all that changes in this frame. */
  redraw() {
    if (this.#drawing) return;
    this.#drawing = true;
    const draw = () => {
      clearTimeout(late);
      cancelAnimationFrame(frame);
      this.#drawing = false;
      this.draw();
    };
    // A hidden page has no frames, and one on a busy machine may wait long for its next.
    const late = setTimeout(draw, document.hidden ? 0 : 200);
    const frame = requestAnimationFrame(draw);
  }

  /** @param {Partial<App>} changes */
  show(changes) {
    Object.assign(this, changes);
    this.redraw();
  }

  #went() {
    const before = this.route;
    this.route = routeOf(location.hash);
    if (before.filter !== this.route.filter || before.q !== this.route.q) this.rewind();
    const moved = before.name !== this.route.name || before.list !== this.route.list;
    // What was typed into a field that goes away is saved as if that was left.
    if (moved) leave(".editor");
    if (moved || before.todo !== this.route.todo) leave("aside *");
    if (moved) {
      this.rewind();
      this.current = undefined;
      this.editing = undefined;
      scrollTo(0, 0);
    }
    this.dialog = undefined;
    this.redraw();
  }

  /** The first rows are drawn again. */
  rewind() {
    Object.assign(this, { first: 0, window: screenful(), above: 0 });
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

  /** Draws at once and goes to a row. @param {string | undefined} id of its todo */
  focusRow(id) {
    this.draw();
    const row = document.getElementById(`row-${id}`);
    /** @type {HTMLElement | null | undefined} */ (row?.querySelector(".title"))?.focus({ preventScroll: true });
    row?.scrollIntoView({ block: "nearest" });
  }

  /** @param {string} id of the row whose title is to be edited in place */
  startEditing(id) {
    const todo = this.store.get(id);
    if (todo) this.began(todo, "title");
    this.editing = id;
    this.focus("edit-title");
  }

  get groups() {
    const { name } = this.route;
    if (name === "activity" || name === "past") return [];
    return this.#groups(this.store.todos(), this.staying.size, this.later.lists, this.beside);
  }

  /** How many todos are open in each view and list. */
  get counts() {
    return this.#counts(this.store.todos(), this.later.lists, this.later.named, this.minute);
  }

  /** @returns {string} the list that a new todo goes to */
  get list() {
    return this.route.name === "list" ? (this.route.list ?? "inbox") : "inbox";
  }

  /** Whether the rows are those of a list, in its own order. */
  get isList() {
    return this.route.name === "inbox" || this.route.name === "list";
  }

  get title() {
    const { name, list } = this.route;
    if (name === "past") return "As it was";
    return name === "list" ? (list ?? "") : capital(name);
  }

  /** @param {Todo} todo */
  children(todo) {
    return this.#families(this.store.todos()).get(todo.id) ?? NONE;
  }

  /** @param {Promise<Done | undefined>} doing @returns {Promise<boolean>} whether the browser has stored it */
  async done(doing) {
    let did;
    try {
      did = await doing;
    } catch (error) {
      return this.notStored(error);
    }
    if (!did) return true;
    this.#undos.push(did.undo);
    this.say(did.words, did.undo);
    return true;
  }

  /** @param {unknown} error of IndexedDB @returns {false} */
  notStored(error) {
    if (!(error instanceof DOMException)) throw error;
    this.say("Not saved. This browser stores nothing more for this page; it may be out of space.");
    return false;
  }

  /** @param {Wanted[]} [wanted] what takes a change back; else the last one */
  async undo(wanted = this.#undos.at(-1)) {
    if (!wanted) return this.say("There is nothing to undo.");
    try {
      await this.store.add(wanted);
    } catch (error) {
      return void this.notStored(error);
    }
    this.#undos = this.#undos.filter((one) => one !== wanted);
    this.say("Undone.");
  }

  /** @param {string} words @param {Wanted[]} [undo] what takes it back */
  say(words, undo) {
    const toast = { words, undo };
    setTimeout(() => this.toast === toast && this.show({ toast: undefined }), undo ? 10_000 : 5000);
    this.show({ toast });
  }

  /** @param {Todo} todo */
  toggle(todo) {
    const real = this.store.get(todo.id) ?? todo;
    if (!real.completed) {
      this.staying.set(todo.id, todo);
      setTimeout(() => this.staying.delete(todo.id) && this.redraw(), 1000);
    } else this.staying.delete(todo.id);
    return this.done(this.actions.toggle([real]));
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

  /** @param {Todo} todo @param {(keyof Fields)[]} fields that are edited together */
  began(todo, ...fields) {
    const base = Object.fromEntries(fields.map((field) => [field, todo[field] ?? null]));
    this.seen = { id: todo.id, field: fields[0], base, version: this.store.waiting(todo.id).length ? null : todo.version };
  }

  /** @param {string} id @param {number} version @param {string} words for it */
  bringBack(id, version, words) {
    const now = this.store.get(id);
    /** @type {Wanted[]} */ const undo = [!now || now.deleted ? { id, op: "delete", body: {} } : { id, op: "revert", body: { to_version: now.version } }];
    this.done(this.actions.revert(id, version).then(() => ({ words, undo })));
  }

  /** Forgets who is here; and what is here too, unless something of it waits to be sent. */
  async signOut() {
    remember(undefined);
    await this.store.write("token", undefined);
    this.connection.leave();
    if (!this.store.commands.length && !this.later.count) await this.store.forget();
    location.assign(`${this.configuration.base}/`);
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
