/** One tab of all speaks to the server: it sends what waits, and follows what changes. */

import { backOff, MOST, sendable, settle, wire } from "../pure/outbox.js";
import { LIMIT, nextPoll } from "../pure/sync.js";
import { newKey } from "../store/store.js";

/** @import {Store} from "../store/store.js" */
/** @import {Http} from "./http.js" */

/** How long the server may wait for a change, in seconds. */
const WAIT = 10;

/**
 * @typedef {"starting" | "synced" | "offline" | "signed-out" | "failing"} State
 */

export class Connection {
  /** @type {State} */ state = "starting";
  /** @type {Date | undefined} */ syncedAt;
  #wake = () => {};
  #active = true;
  #failures = 0;
  #last = 0;
  /** @type {AbortController | undefined} */ #asking;
  /** @type {{tag: string, cursor: string} | undefined} */ #seen;

  /**
   * @param {Store} store
   * @param {Http} http
   * @param {boolean} waits whether the server waits for changes itself
   * @param {() => void} changed is called when `state` changes
   */
  constructor(store, http, waits, changed) {
    Object.assign(this, { store, http, waits, changed });
    /** @type {Store} */ this.store = store;
    /** @type {Http} */ this.http = http;
    this.waits = waits;
    this.changed = changed;
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

  /** Leads whenever no other tab does; a hidden tab lets another lead once all is sent. */
  async run() {
    for (;;) {
      await navigator.locks.request(this.store.name, () => this.#lead());
      while (document.hidden && !sendable(this.store.commands).length) await this.#sleep(60_000);
    }
  }

  async #lead() {
    while (!document.hidden || sendable(this.store.commands).length) {
      if (!this.http.token) {
        this.#become("signed-out");
        await this.#sleep(60_000);
        continue;
      }
      const went = (await this.#send()) && (await this.#follow());
      if (went) await this.#sleep((this.#last = nextPoll({ waits: this.waits, active: this.#active, last: this.#last })));
      else if (this.state !== "signed-out") await this.#sleep(backOff(++this.#failures, Math.random()));
      if (went) this.#failures = 0;
      this.#active = false;
    }
  }

  /** @param {number} milliseconds */
  #sleep(milliseconds) {
    if (sendable(this.store.commands).length && this.state === "synced") return Promise.resolve();
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
    this.changed();
  }

  /** @param {number} status @returns {false} */
  #failed(status) {
    if (status === 401) this.http.token = undefined;
    this.#become(status === 401 ? "signed-out" : status === 0 ? "offline" : "failing");
    return false;
  }

  /** Sends what can be sent; false where it must be tried later. */
  async #send() {
    let most = MOST;
    for (let commands; (commands = sendable(this.store.commands).slice(0, most)).length; ) {
      const { status, body } = await this.http.send("/batch", { method: "POST", body: { commands: commands.map(wire) } });
      if (status !== 200 && (status < 400 || status === 401 || status === 429 || status >= 500)) return this.#failed(status);
      this.#active = true;
      let later = false;
      // One that is malformed makes the whole batch so: alone, each gets its own answer.
      if (status !== 200 && commands.length > 1) {
        most = 1;
        continue;
      }
      for (const [index, command] of commands.entries()) {
        const answer = status === 200 ? body.results[index] : { status, problem: body };
        const outcome = settle(command, answer, newKey);
        later ||= Boolean(outcome.again);
        await this.store.settle(command, outcome);
      }
      if (later) return this.#failed(503);
    }
    return true;
  }

  /** Takes what has changed, until there is no more; false where it must be tried later. */
  async #follow() {
    let listing = this.store.cursor ? undefined : this.#listing();
    let since = this.store.cursor;
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
      if (woken) return true;
      if (status === 410) {
        await this.store.startOver();
        since = undefined;
        listing = this.#listing();
        continue;
      }
      // Too many wait: from now on, ask now and then.
      if (status === 429) this.waits = false;
      if (status === 304) return this.#done();
      if (status !== 200) return this.#failed(status);
      for (const { id } of body.changes) listing?.listed.add(id);
      if (body.changes.length) this.#active = true;
      const whole = !body.more;
      await this.store.take(body.changes, listing && !whole ? undefined : body.cursor, whole ? listing : undefined);
      const tag = headers.get("ETag");
      this.#seen = tag && body.cursor === since ? { tag, cursor: body.cursor } : undefined;
      since = body.cursor;
      if (whole) return this.#done();
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
