/** One tab of all speaks to the server: it sends what waits, and follows what changes. */

import { backOff, isForLater, MOST, sendable, settle, wire } from "../pure/outbox.js";
import { LIMIT, nextPoll } from "../pure/sync.js";
import { newKey } from "../store/store.js";

/** @import {Store} from "../store/store.js" */
/** @import {Http} from "./http.js" */

/** How long the server may wait for a change, in seconds. */
const WAIT = 10;
/** A tab that has nothing to do, or waits for somebody to sign in, looks again now and then, in milliseconds. */
const IDLE = 60_000;
/** What a server may ask for at most, in seconds. */
const PATIENCE = 300;

/**
 * - `full`: the browser stores nothing more.
 * @typedef {"starting" | "synced" | "offline" | "signed-out" | "failing" | "full"} State
 */

export class Connection {
  /** @type {State} */ state = "starting";
  /** @type {Date | undefined} */ syncedAt;
  #wake = () => {};
  #active = true;
  #failures = 0;
  #last = 0;
  /** As the server asked, by the clock of `performance`. */ #notBefore = 0;
  #leads = false;
  /** @type {string | undefined} a token that the server has refused */ #refused;
  #others;
  /** @type {AbortController | undefined} */ #asking;
  /** @type {{tag: string, cursor: string} | undefined} */ #seen;

  /**
   * @param {Store} store
   * @param {Http} http
   * @param {boolean} waits whether the server waits for changes itself
   * @param {() => void} changed is called when `state` changes
   */
  constructor(store, http, waits, changed) {
    /** @type {Store} */ this.store = store;
    /** @type {Http} */ this.http = http;
    this.waits = waits;
    this.changed = changed;
    // What the leading tab knows of the server, the others show.
    this.#others = new BroadcastChannel(`${store.name} connection`);
    this.#others.onmessage = ({ data }) => this.#heard(data);
    this.#others.postMessage("what is it?");
    store.subscribe(() => sendable(store.commands).length && this.wake());
    addEventListener("online", () => this.wake());
    document.addEventListener("visibilitychange", () => this.wake());
  }

  /** Something happened: ask and send now. */
  wake() {
    this.#active = true;
    this.#asking?.abort();
    this.#wake();
  }

  /** @param {"what is it?" | "signed out" | {state: State, syncedAt: Date | undefined}} said by another tab */
  #heard(said) {
    if (said === "what is it?") return this.#leads && this.#tell();
    if (said === "signed out") return location.reload();
    Object.assign(this, said);
    this.changed();
    // It may have signed in.
    if (!this.http.token) this.#wake();
  }

  #tell() {
    this.#others.postMessage({ state: this.state, syncedAt: this.syncedAt });
  }

  /** Nobody is here any more: the other tabs show that, too. */
  leave() {
    this.#others.postMessage("signed out");
  }

  /** Leads whenever no other tab does; a hidden tab lets another lead once all is sent, and one without a token at once. */
  async run() {
    for (;;) {
      const led = this.http.token || (await navigator.locks.query()).held?.some(({ name }) => name === this.store.name);
      this.http.token ??= await this.#kept();
      if (this.#hasWork()) await navigator.locks.request(this.store.name, () => this.#lead());
      else {
        if (!this.http.token && !led) this.#become("signed-out");
        await this.#sleep(IDLE);
      }
    }
  }

  #hasWork() {
    return Boolean(this.http.token) && (!document.hidden || sendable(this.store.commands).length > 0);
  }

  /** The token that this browser keeps, unless that is over. @returns {Promise<string | undefined>} */
  async #kept() {
    const token = await this.store.read("token");
    return token === this.#refused ? undefined : token;
  }

  async #lead() {
    this.#leads = true;
    while (this.#hasWork()) {
      const left = this.#notBefore - performance.now();
      if (left > 0) {
        await this.#sleep(left);
        continue;
      }
      if (await this.#round()) {
        this.#failures = 0;
        this.#last = nextPoll({ waits: this.waits, active: this.#active, last: this.#last });
        if (!sendable(this.store.commands).length) await this.#sleep(this.#last);
      } else if (this.http.token) await this.#sleep(backOff(++this.#failures, Math.random()));
      this.#active = false;
    }
    this.#leads = false;
  }

  /** Sends and asks once; false where it must be tried later. */
  async #round() {
    try {
      return (await this.#send()) && (await this.#follow());
    } catch (error) {
      if (!(error instanceof DOMException)) throw error;
      this.#become("full");
      return false;
    }
  }

  /** @param {number} milliseconds */
  #sleep(milliseconds) {
    /** @type {ReturnType<typeof setTimeout>} */ let timer;
    return new Promise((/** @type {(value?: unknown) => void} */ resolve) => {
      this.#wake = () => resolve();
      timer = setTimeout(resolve, milliseconds);
    }).finally(() => clearTimeout(timer));
  }

  /** @param {State} state */
  #become(state) {
    if (state === "synced") this.syncedAt = new Date();
    else if (state === this.state) return;
    this.state = state;
    if (this.#leads) this.#tell();
    this.changed();
  }

  /** @param {number} status @param {Headers} [headers] @returns {false} */
  #failed(status, headers) {
    if (status === 401) {
      this.#refused = this.http.token;
      this.http.token = undefined;
    }
    this.#notBefore = performance.now() + Math.min(Number(headers?.get("Retry-After")) || 0, PATIENCE) * 1000;
    this.#become(status === 401 ? "signed-out" : status === 0 ? "offline" : "failing");
    return false;
  }

  /** Sends what can be sent; false where it must be tried later. */
  async #send() {
    let most = MOST;
    // One that the server cannot take now holds up no other.
    const later = /** @type {Set<number>} */ (new Set());
    for (let commands; (commands = sendable(this.store.commands, later).slice(0, most)).length; ) {
      const [{ operation }] = commands;
      const { status, body, headers } = await this.http.send("/batch", { method: "POST", headers: operation ? { "Operation-Id": operation } : {}, body: { commands: commands.map(wire) } });
      if (status !== 200 && (status < 400 || isForLater(status))) return this.#failed(status, headers);
      this.#active = true;
      // One that is malformed makes the whole batch so: alone, each gets its own answer.
      if (status !== 200 && commands.length > 1) {
        most = 1;
        continue;
      }
      for (const [index, command] of commands.entries()) {
        const answer = status === 200 ? body.results[index] : { status, problem: body };
        const outcome = settle(command, answer, newKey);
        if (outcome.again) later.add(command.seq);
        await this.store.settle(command, outcome);
      }
    }
    return !later.size || this.#failed(503);
  }

  /** Takes what has changed, until there is no more; false where it must be tried later. */
  async #follow() {
    let listing = this.store.cursor ? undefined : this.#listing();
    let since = this.store.cursor;
    /** The page before is stored while the next one comes. @type {Promise<unknown>} */ let stored = Promise.resolve();
    for (;;) {
      const cursor = since ? `&since=${encodeURIComponent(since)}` : "";
      const caughtUp = this.waits && this.state === "synced" && !listing && !this.#active;
      this.#asking = new AbortController();
      const { status, body, headers } = await this.http.send(`/changes?limit=${LIMIT}${cursor}`, {
        signal: this.#asking.signal,
        headers: {
          ...(caughtUp ? { Prefer: `wait=${WAIT}` } : {}),
          ...(this.#seen && this.#seen.cursor === since ? { "If-None-Match": this.#seen.tag } : {}),
        },
      });
      const woken = this.#asking.signal.aborted;
      this.#asking = undefined;
      await stored;
      if (woken) return true;
      if (status === 410) {
        await this.store.startOver();
        since = undefined;
        listing = this.#listing();
        continue;
      }
      if (status === 429 && caughtUp) {
        // Too many wait: from now on, ask now and then.
        this.waits = false;
        return true;
      }
      if (status === 304) return this.#done();
      if (status !== 200) return this.#failed(status, headers);
      for (const { id } of body.changes) listing?.listed.add(id);
      if (body.changes.length) this.#active = true;
      const whole = !body.more;
      stored = this.store.take(body.changes, listing && !whole ? undefined : body.cursor, whole ? listing : undefined);
      const tag = headers.get("ETag");
      this.#seen = tag && body.cursor === since ? { tag, cursor: body.cursor } : undefined;
      since = body.cursor;
      if (!whole) continue;
      await stored;
      return this.#done();
    }
  }

  /** At the beginning of a sync from the start: what is here, and what it will list. */
  #listing() {
    const before = new Map([...this.store.rows.values()].map(({ id, version }) => [id, version]));
    return { before, listed: /** @type {Set<string>} */ (new Set()) };
  }

  /** @returns {true} */
  #done() {
    this.#become("synced");
    return true;
  }
}
