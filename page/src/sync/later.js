/**
 * What goes to the server beside the todos: the preferences, the new names of lists, and which are kept without todos.
 * It waits on the disk, and goes when nothing else waits.
 */

import { kept } from "../pure/kept.js";
import { isForLater } from "../pure/outbox.js";
import { newKey } from "../store/store.js";

/** @import {Store} from "../store/store.js" */
/** @import {Http} from "./http.js" */

/**
 * - `preferences`, of the version `tag`; `changed`: they are to be sent.
 * - `renames`: of lists, each with its key; `error`: why it was refused.
 * - `named`: lists that the server keeps, also without todos; `naming`: whether it is to keep others, or no longer.
 * @typedef {{from: string, to: string, key: string, error?: string}} Renaming
 * @typedef {{preferences: {lists?: string[]} & Record<string, any>, tag?: string, changed?: boolean, renames: Renaming[], named: string[], naming: Record<string, boolean>}} Waiting
 */

const NOTE = "later";
/** @type {string[]} always the same: the page draws nothing anew for it */
const NONE = [];
const TRIES = 5;
/** @type {Waiting} */
const NOTHING = { preferences: {}, renames: [], named: [], naming: {} };

export class Later {
  #waiting = NOTHING;
  #named = kept((/** @type {Waiting["named"]} */ named, /** @type {Waiting["naming"]} */ naming) =>
    [...named, ...Object.keys(naming)].filter((list, index, all) => naming[list] !== false && all.indexOf(list) === index));
  #fresh = false;
  /** @type {Promise<void> | undefined} until it begins */ #sending;
  #channel;

  /**
   * @param {Store} store
   * @param {Http} http
   * @param {(renamed?: Renaming, status?: number) => void} changed
   */
  constructor(store, http, changed) {
    this.store = store;
    this.http = http;
    this.changed = changed;
    this.#channel = new BroadcastChannel(`${store.name} ${NOTE}`);
    this.#channel.onmessage = () => this.load();
    document.addEventListener("visibilitychange", () => (this.#fresh = false));
  }

  async load() {
    this.#waiting = { ...NOTHING, ...(await this.store.read(NOTE)) };
    this.changed();
  }

  /** The lists in the order that a person gave them. @returns {string[]} */
  get lists() {
    const { lists } = this.#waiting.preferences;
    return Array.isArray(lists) ? lists : NONE;
  }

  /** The lists that are kept also without todos. @returns {string[]} */
  get named() {
    return this.#named(this.#waiting.named, this.#waiting.naming);
  }

  /** @returns {Renaming[]} */
  get renames() {
    return this.#waiting.renames;
  }

  /** How many changes wait to be sent. */
  get count() {
    return this.renames.filter(({ error }) => error === undefined).length + (this.#waiting.changed ? 1 : 0) + Object.keys(this.#waiting.naming).length;
  }

  /** @param {(waiting: Waiting) => Waiting} change */
  async #change(change) {
    this.#waiting = await this.store.update(NOTE, (found) => change({ ...NOTHING, ...found }));
    this.#channel.postMessage("");
    this.changed();
  }

  /** @param {string[]} lists */
  putInOrder(lists) {
    return this.#change((waiting) => ({ ...waiting, preferences: { ...waiting.preferences, lists }, changed: true }));
  }

  /** @param {string} from @param {string} to the same: it keeps its name */
  rename(from, to) {
    return this.#change((waiting) => {
      const others = waiting.renames.filter((one) => one.from !== from);
      return { ...waiting, renames: from === to ? others : [...others, { from, to, key: newKey() }] };
    });
  }

  /** Keeps a list also without todos, or no longer. @param {string} list @param {boolean} isKept */
  keep(list, isKept) {
    return this.#change((waiting) => ({ ...waiting, naming: { ...waiting.naming, [list]: isKept } }));
  }

  /** Sends what waits; one tab at a time. */
  async send() {
    if (!this.http.token || (this.#fresh && !this.count)) return;
    this.#sending ??= navigator.locks.request(this.#channel.name, async () => {
      this.#sending = undefined;
      for (const one of this.renames) if (one.error === undefined) await this.#rename(one);
      for (const [list, isKept] of Object.entries(this.#waiting.naming)) await this.#name(list, isKept);
      if (!this.#fresh) await this.#list();
      if (!this.#fresh || this.#waiting.changed) await this.#follow();
    });
    await this.#sending;
  }

  /** By the server, which moves also what others make meanwhile. @param {Renaming} renaming */
  async #rename(renaming) {
    const { from, to, key } = renaming;
    const { status, body } = await this.http.send(`/lists/${encodeURIComponent(from)}/rename`, { method: "POST", headers: { "Idempotency-Key": key }, body: { to } });
    if (isForLater(status)) return;
    const error = status < 300 ? undefined : (body?.errors?.[0]?.detail ?? body?.detail ?? "");
    await this.#change((waiting) => {
      const { lists } = waiting.preferences;
      const renames = waiting.renames.flatMap((one) => (one.key !== key ? one : error === undefined ? [] : { ...one, error }));
      if (error !== undefined) return { ...waiting, renames };
      /** @param {string[]} lists */
      const renamed = (lists) => [...new Set(lists.map((list) => (list === from ? to : list)))];
      const named = renamed(waiting.named);
      if (!Array.isArray(lists) || !lists.includes(from)) return { ...waiting, renames, named };
      return { ...waiting, renames, named, preferences: { ...waiting.preferences, lists: renamed(lists) }, changed: true };
    });
    this.changed({ ...renaming, error }, status);
  }

  /** @param {string} list @param {boolean} isKept */
  async #name(list, isKept) {
    const { status, body } = await this.http.send(`/lists/${encodeURIComponent(list)}`, { method: isKept ? "PUT" : "DELETE" });
    if (isForLater(status)) return;
    const isRefused = isKept && status >= 300;
    await this.#change((waiting) => {
      const { [list]: last, ...naming } = waiting.naming;
      if (last !== isKept) return waiting;
      return { ...waiting, naming, named: waiting.named.filter((one) => one !== list).concat(isKept && !isRefused ? list : []) };
    });
    if (isRefused) this.changed({ from: list, to: list, key: "", error: body?.detail }, status);
  }

  /** Gets the lists without todos. One that has todos stays among those that are known to be kept. */
  async #list() {
    const found = await this.http.pages("/lists?limit=200", (body) => body);
    if (found) await this.#change((waiting) => ({ ...waiting, named: found.filter(({ list, total }) => !total || waiting.named.includes(list)).map(({ list }) => list) }));
  }

  /** Gets the preferences, or sends them; where others changed them, too, the later order of lists wins. */
  async #follow() {
    for (let tries = 0; tries < TRIES; tries++) {
      const { changed, preferences, tag } = this.#waiting;
      /** @type {Record<string, string>} */ const precondition = tag && !tag.startsWith("W/") ? { "If-Match": tag } : { "If-None-Match": "*" };
      const { status, body, headers } = await this.http.send("/preferences", changed ? { method: "PUT", headers: precondition, body: preferences } : {});
      if (isForLater(status)) return;
      const found = headers.get("ETag") ?? undefined;
      const lists = this.#waiting.preferences.lists;
      const isStale = changed && status === 412;
      // Refused, as when there is no room for it: it stays here.
      if (status >= 300 && !isStale) {
        this.#fresh = true;
        return this.#change((waiting) => ({ ...waiting, changed: false }));
      }
      const again = isStale || JSON.stringify(lists) !== JSON.stringify(preferences.lists);
      const theirs = isStale ? body.preferences : body;
      await this.#change((waiting) => ({ ...waiting, preferences: again ? { ...theirs, lists } : theirs, tag: found, changed: again }));
      this.#fresh = !again;
      if (!again) return;
    }
  }

  /** Forgets a new name that was refused. @param {string} from */
  keepName(from) {
    return this.rename(from, from);
  }
}
