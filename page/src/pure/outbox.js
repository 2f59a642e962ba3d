/** What waits to be sent: in which order, with which precondition, and what an answer makes of it. Pure. */

import { merge, same } from "./merge.js";

/** @import {Command, Fields, Problem, Todo, TodoEvent} from "./types.js" */

/** What `/batch` takes at once. */
export const MOST = 100;

const EMPTY = { version: 0, title: "", completed: false, list: "inbox", priority: "none" };

/**
 * A todo with the commands that wait for it: what the page shows. What waits for a person is decided on its row, so a
 * deletion, here or elsewhere, hides that only afterwards.
 * @param {Todo | undefined} row as the server last had it
 * @param {Command[]} commands of this todo, in order
 * @returns {Todo | undefined}
 */
export function overlay(row, commands) {
  const todo = commands.reduce((before, command) => applied(before, command), row);
  return todo?.deleted && commands.some(({ state }) => state !== "waiting") ? { ...todo, deleted: false } : todo;
}

/**
 * @param {Todo | undefined} row
 * @param {Command} command
 * @returns {Todo | undefined}
 */
function applied(row, { id, op, body, at, clash }) {
  if (op === "create") return /** @type {Todo} */ ({ ...EMPTY, created_at: at, updated_at: at, ...body, id });
  const todo = row ?? clash?.theirs;
  // Only the server knows what an old version was.
  if (!todo || op === "revert") return todo;
  if (op === "delete") return { ...todo, deleted: true };
  if (op === "restore") return { ...todo, deleted: false };
  const completed_at = body.completed === undefined ? todo.completed_at : body.completed ? at : null;
  return { ...todo, ...body, completed_at, updated_at: at };
}

/**
 * The commands to send now: of each todo the first, unless that waits for a person; all of one operation.
 * @param {Command[]} commands in order
 * @param {Set<number>} [later] the `seq` of those that were sent just now, and are to be sent again
 */
export function sendable(commands, later) {
  /** @type {Map<string, Command>} */ const first = new Map();
  for (const command of commands) if (!first.has(command.id)) first.set(command.id, command);
  const ready = [...first.values()].filter(({ state, seq }) => state === "waiting" && !later?.has(seq));
  return ready.filter(({ operation }) => operation === ready[0].operation).slice(0, MOST);
}

/**
 * A command as `/batch` takes it. A creation states its id, so that it is made once; each other names its version.
 * @param {Command} command
 */
export function wire({ op, id, key, version, body }) {
  /** @type {Record<string, any>} */ const sent = { op, id, key };
  // Where the version is not known, none fits: the 412 brings the todo and what happened to it.
  if (op !== "create") sent.if_match = `"${version ?? 0}"`;
  if (op === "create" || op === "patch" || op === "revert") sent.body = body;
  return sent;
}

/** Whether the same may be answered otherwise later; 0 is no answer. @param {number} status */
export const isForLater = (status) => !status || status === 401 || status === 429 || status >= 500;

/**
 * What becomes of the outbox with the answer to one command.
 * - `row`: the todo as the server has it, to be stored if it is newer.
 * - `done`: whether the command is to be removed.
 * - `put`: commands to be stored in its place; with `seq` they replace the one of that number.
 * - `again`: whether to send later, unchanged.
 * @typedef {{row?: Todo, done?: boolean, put?: Command[], again?: boolean}} Outcome
 *
 * @param {Command} command
 * @param {{status: number, etag?: string | null, todo?: Todo | null, problem?: Problem}} result
 * @param {() => string} newKey
 * @returns {Outcome}
 */
export function settle(command, result, newKey) {
  const { status, problem = {} } = result;
  const { op, id } = command;
  const { todo } = problem;
  const version = Number(result.etag?.match(/\d+/)?.[0]);
  // A deletion's answer has no todo. One that others made first is one, too: what waits behind it is based on that.
  const gone = op === "delete" && version ? /** @type {Todo} */ ({ id, version, deleted: true }) : undefined;
  if (status < 300 || (status === 410 && op === "delete")) return { done: true, row: result.todo ?? gone };
  if (isForLater(status)) return { again: true };
  if (status === 412 && op === "patch" && todo) return conflicting(command, { ...problem, todo }, newKey);
  // Any other is meant whatever the todo became, also of one that is deleted: its history has what it was.
  if (status === 412 && op !== "create" && version) return { row: todo, put: [{ ...command, version, key: newKey() }] };
  if (status === 410 && op === "patch") {
    const theirs = todo ?? /** @type {Todo} */ ({ ...EMPTY, ...command.base, id, deleted: true });
    const clash = { fields: [], theirs, events: problem.events ?? [], merged: [], deleted: true };
    return { put: [{ ...command, state: "conflict", clash }] };
  }
  return { put: [{ ...command, state: "refused", problem: { ...problem, status } }] };
}

/**
 * @param {Command} command an edit
 * @param {Problem & {todo: Todo}} problem
 * @param {() => string} newKey
 * @returns {Outcome}
 */
function conflicting(command, problem, newKey) {
  const row = problem.todo;
  const { body, base, clash } = merge(command, problem);
  /** @type {Command[]} */ const put = [];
  const events = [...(command.events ?? []), ...(problem.events ?? [])];
  const clean = { ...command, body, base, version: row.version, key: newKey(), events, state: /** @type {const} */ ("waiting") };
  if (Object.keys(body).length && !clash) return { row, put: [clean] };
  if (clash) {
    /** @type {Fields & Record<string, any>} */ const kept = {};
    /** @type {Record<string, any>} */ const before = {};
    for (const field of clash.fields) {
      kept[field] = command.body[field];
      before[field] = /** @type {Record<string, any>} */ (command.base)[field];
    }
    // What is merged is sent with the choice, before it in the queue: half a command would lose its place.
    put.push({ ...command, body: { ...kept, ...body }, base: { ...before, ...base }, version: row.version, state: "conflict", clash });
    return { row, put };
  }
  return { row, done: true };
}

/**
 * What becomes of the next command of the todo, now that the one before it led to this row. It was based on that one
 * alone: if that was merged with what others did, this is merged, too, or theirs would be lost in silence.
 * @param {Command} next
 * @param {Todo} row
 * @param {TodoEvent[] | undefined} events of others, as the 412 of the one before brought them
 * @param {() => string} newKey
 * @returns {Outcome}
 */
export function follow(next, row, events, newKey) {
  const now = /** @type {Record<string, any>} */ (row);
  // Of what was deleted, the answer to a deletion says nothing else: that to an edit does.
  const asMeant = row.deleted || next.op !== "patch" || Object.entries(next.base).every(([field, value]) => same(now[field], value));
  if (asMeant) return { put: [{ ...next, version: row.version }] };
  return conflicting(next, { todo: row, events }, newKey);
}

/**
 * The outbox after the answer to one of its commands.
 * @param {Command[]} queue
 * @param {Command} command
 * @param {Outcome} outcome
 * @param {() => string} newKey
 * @returns {{stored: Command[], gone: number[]}} commands to be put, and the `seq` of those to be removed
 */
export function after(queue, command, { row, done, put }, newKey) {
  const gone = done ? [command.seq] : [];
  const stored = [...(put ?? [])];
  if (!done || !row) return { stored, gone };
  for (const next of queue.filter(({ id, seq }) => id === command.id && seq > command.seq)) {
    if (next.version !== null) break;
    const then = follow(next, row, command.events, newKey);
    stored.push(...(then.put ?? []));
    if (!then.done) break;
    gone.push(next.seq);
  }
  return { stored, gone };
}

/**
 * What takes the places of a command that waited for a person, and of those behind it; each gets a new place.
 * @param {Command[]} queue
 * @param {Command} command
 * @param {Command[]} wanted none: it is given up
 * @param {number | null} version that the first is based on
 * @returns {{removed: number[], added: Command[]}}
 */
export function replaced(queue, command, wanted, version) {
  const behind = queue.filter(({ id, seq }) => id === command.id && seq > command.seq);
  // Of what was never made, nothing can follow.
  const kept = wanted.length || command.op !== "create" ? behind : [];
  const added = [...wanted, ...kept].map((one, index) => ({ ...one, version: index ? null : version }));
  return { removed: [command, ...behind].map(({ seq }) => seq), added };
}

/**
 * How long to wait before sending again, in milliseconds: doubling from one second to a minute, with jitter.
 * @param {number} failures in a row
 * @param {number} random from 0 to 1
 */
export const backOff = (failures, random) => Math.min(60_000, 1000 * 2 ** (failures - 1)) * (0.5 + random / 2);
