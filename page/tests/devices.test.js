/** Three devices, each offline at random and losing answers: all end as the server, and nothing typed is gone. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { resolve } from "../src/pure/merge.js";
import { after, overlay, replaced, sendable, settle, wire } from "../src/pure/outbox.js";
import { newer } from "../src/pure/sync.js";

const SCHEDULES = 400;
const STEPS = 120;

/** A small generator of numbers from 0 to 1, by a seed. */
function random(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

class Server {
  todos = new Map();
  #answers = new Map();

  /** As `/batch` does: a repeat with its key gets the first answer again. */
  run(command) {
    const known = this.#answers.get(command.key);
    if (known) return known;
    const answer = this.#decide(command);
    if (answer.status < 300) this.#answers.set(command.key, answer);
    return answer;
  }

  #decide({ op, id, body, if_match }) {
    const todo = this.todos.get(id);
    if (op === "create") return todo ? { status: 412, problem: { todo: todo.state } } : this.#append(id, { ...body });
    const seen = if_match ? Number(if_match.replaceAll('"', "")) : todo.state.version;
    const etag = `"${todo.state.version}"`;
    // Of a version that no todo has, nothing is known.
    const problem = { todo: todo.state, events: todo.events.filter(({ version }) => seen && version > seen) };
    if (todo.state.deleted && op !== "restore") return { status: 410, etag, problem };
    if (seen !== todo.state.version) return { status: 412, etag, problem: { ...problem, todo: todo.state.deleted ? null : todo.state } };
    if (op === "patch") return this.#append(id, body);
    return this.#append(id, { deleted: op === "delete" });
  }

  #append(id, change) {
    const before = this.todos.get(id);
    const version = (before?.state.version ?? 0) + 1;
    const state = { tags: null, deleted: false, ...before?.state, ...change, id, version };
    const at = String(this.clock++).padStart(9, "0");
    this.todos.set(id, { state, events: [...(before?.events ?? []), { version, change, occurred_at: at }] });
    return change.deleted ? { status: 204, etag: `"${version}"` } : { status: 200, todo: state };
  }

  clock = 1;
}

class Device {
  rows = new Map();
  queue = [];
  #seq = 0;

  constructor(server, draw, name) {
    Object.assign(this, { server, draw, name, keys: 0 });
  }

  newKey = () => `${this.name}${this.keys++}`;
  get = (id) => overlay(this.rows.get(id), this.queue.filter((command) => command.id === id));

  add(id, op, body) {
    const todo = this.get(id);
    const base = op === "patch" ? Object.fromEntries(Object.keys(body).map((field) => [field, todo[field] ?? null])) : {};
    // A second tab may not know yet that nothing waits for the todo any more.
    const behind = op === "create" || this.queue.some((command) => command.id === id) || this.draw() < 0.1;
    const version = behind ? null : this.rows.get(id).version;
    this.queue.push({ seq: this.#seq++, id, op, body, base, version, key: this.newKey(), at: String(this.server.clock++).padStart(9, "0"), state: "waiting" });
  }

  pull() {
    for (const row of newer(this.rows, [...this.server.todos.values()].map(({ state }) => state))) this.rows.set(row.id, row);
  }

  send() {
    for (const command of sendable(this.queue)) {
      if (this.draw() < 0.1) continue;
      const answer = this.server.run(wire(command));
      if (this.draw() < 0.2) continue;
      const outcome = settle(command, answer, this.newKey);
      const { stored, gone } = after(this.queue, command, outcome, this.newKey);
      const seqs = new Set([...gone, ...stored.map(({ seq }) => seq)]);
      this.queue = [...this.queue.filter(({ seq }) => !seqs.has(seq)), ...stored].sort((one, other) => one.seq - other.seq);
      if (outcome.row) for (const row of newer(this.rows, [outcome.row])) this.rows.set(row.id, row);
    }
  }

  /** What waits for a person, and is not on the page. */
  hidden = () => this.queue.filter(({ id, state }) => state !== "waiting" && (this.get(id)?.deleted ?? true));

  choose() {
    const command = this.queue.find(({ state }) => state === "conflict");
    if (!command) return;
    const { clash } = command;
    const chosen = Object.fromEntries((clash.deleted ? ["deleted"] : clash.fields).map((field) => [field, this.draw() < 0.5 ? "mine" : "theirs"]));
    const wanted = resolve(command, chosen).map((one) => ({ id: command.id, ...one, key: this.newKey(), at: command.at, state: "waiting" }));
    const { removed, added } = replaced(this.queue, command, wanted, clash.theirs.version || null);
    this.queue = [...this.queue.filter(({ seq }) => !removed.includes(seq)), ...added.map((one) => ({ ...one, seq: this.#seq++ }))];
  }
}

/** One schedule; what is wrong at its end. */
function play(seed) {
  const draw = random(seed);
  const server = new Server();
  const devices = ["a", "b", "c"].map((name) => new Device(server, draw, name));
  const typed = [];
  const tags = new Map();
  /** @type {string[]} */ const wrong = [];
  let texts = 0;
  const act = (device) => {
    const shown = [...new Set([...device.rows.keys(), ...device.queue.map(({ id }) => id)])].map(device.get).filter((todo) => todo && !todo.deleted);
    const todo = shown[Math.floor(draw() * shown.length)];
    const text = `text ${texts++}`;
    const what = draw();
    if (!todo || (what < 0.1 && shown.length < 4)) {
      const id = `${device.name}-${text}`;
      device.add(id, "create", { title: text, list: "inbox" });
      typed.push([id, "title", text]);
    } else if (what < 0.45) {
      device.add(todo.id, "patch", { title: text });
      typed.push([todo.id, "title", text]);
    } else if (what < 0.6) {
      device.add(todo.id, "patch", { notes: text });
      typed.push([todo.id, "notes", text]);
    } else if (what < 0.85) {
      const kept = (todo.tags ?? []).filter((tag) => draw() < 0.8 || void tags.delete(tag));
      tags.set(text, todo.id);
      device.add(todo.id, "patch", { tags: [...kept, text] });
    } else if (what < 0.93) {
      device.add(todo.id, "delete", {});
      if (draw() < 0.3) device.send();
      if (draw() < 0.5) device.add(todo.id, "restore", {});
    } else device.add(todo.id, "patch", { order: draw() });
  };
  for (let step = 0; step < STEPS; step++) {
    const device = devices[Math.floor(draw() * devices.length)];
    const what = draw();
    if (what < 0.5) act(device);
    else if (what < 0.7) device.pull();
    else if (what < 0.95) device.send();
    else device.choose();
  }
  wrong.push(...devices.flatMap((device) => device.hidden().map(({ op, state }) => `${device.name} hides a ${op} in ${state}`)));
  for (let left = 300; left && devices.some(({ queue }) => queue.length); left--) {
    for (const device of devices) device.send(), device.choose();
  }
  wrong.push(...devices.flatMap(({ queue, name }) => queue.map(({ op, state, problem }) => `${name} is left with ${op} ${state} ${JSON.stringify(problem)}`)));
  for (const device of devices) {
    device.pull();
    for (const { state } of server.todos.values()) {
      const todo = device.get(state.id);
      if (!state.deleted && JSON.stringify(todo) !== JSON.stringify(state)) wrong.push(`${device.name} differs`);
    }
  }
  for (const [id, field, text] of typed) {
    if (!server.todos.get(id)?.events.some(({ change }) => change[field] === text)) wrong.push(`${field} “${text}” is lost`);
  }
  for (const [tag, id] of tags) {
    const { state, events } = server.todos.get(id);
    if (!events.some(({ change }) => change.tags?.includes(tag))) wrong.push(`the tag ${tag} was never there`);
    else if (!state.deleted && !state.tags?.includes(tag)) wrong.push(`the tag ${tag} is gone, and nobody removed it`);
  }
  return wrong;
}

test("whatever the schedule, all devices end as the server and nothing that was typed is lost", () => {
  for (let seed = 1; seed <= SCHEDULES; seed++) assert.deepEqual(play(seed), [], `seed ${seed}`);
});
