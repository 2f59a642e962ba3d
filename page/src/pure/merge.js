/** Two edits of one todo, merged field by field: pure. */

/** @import {Clash, Command, Problem, Todo} from "./types.js" */

/**
 * Values are equal if their JSON is; tags are a set.
 * @param {unknown} one
 * @param {unknown} other
 */
export const same = (one, other) => JSON.stringify(one ?? null) === JSON.stringify(other ?? null);

/**
 * The tags that both wanted: theirs, without what I removed, with what I added.
 * @param {string[] | null | undefined} base
 * @param {string[] | null | undefined} mine
 * @param {string[] | null | undefined} theirs
 */
export function mergeTags(base, mine, theirs) {
  const before = base ?? [];
  const wanted = mine ?? [];
  const kept = (theirs ?? []).filter((tag) => wanted.includes(tag) || !before.includes(tag));
  const added = wanted.filter((tag) => !before.includes(tag) && !kept.includes(tag));
  return kept.length + added.length ? [...kept, ...added] : null;
}

/**
 * What becomes of a command that was refused since somebody else changed the todo meanwhile.
 *
 * `body` is what can be sent on top of theirs, `base` its values before, `clash` what a person must choose of (or null).
 * @param {Command} command
 * @param {Problem & {todo: Todo}} problem of a 412; its events are those since the command's version
 * @returns {{body: Record<string, any>, base: Record<string, any>, clash: Clash | null}}
 */
export function merge(command, problem) {
  const theirs = /** @type {Record<string, any> & Todo} */ (problem.todo);
  const events = problem.events ?? [];
  const before = /** @type {Record<string, any>} */ (command.base);
  /** @type {Record<string, any>} */ const body = {};
  /** @type {Record<string, any>} */ const base = {};
  /** @type {string[]} */ const fields = [];
  for (const [field, mine] of Object.entries(command.body)) {
    let value = mine;
    const now = theirs[field] ?? null;
    if (same(now, mine)) continue;
    if (!same(now, before[field])) {
      if (field === "tags") value = mergeTags(before.tags, mine, theirs.tags);
      else if (field === "order") {
        if (laterThan(command.at, field, events)) continue;
      } else {
        fields.push(field);
        continue;
      }
      if (same(now, value)) continue;
    }
    body[field] = value;
    base[field] = now;
  }
  const merged = [...new Set(events.flatMap((event) => Object.keys(event.change)))].filter(
    (field) => !fields.includes(field),
  );
  return { body, base, clash: fields.length ? { fields, theirs, events, merged, deleted: false } : null };
}

/**
 * @param {string} at
 * @param {string} field
 * @param {{change: Record<string, any>, occurred_at: string}[]} events
 */
const laterThan = (at, field, events) => events.some((event) => field in event.change && event.occurred_at > at);

/** @param {"restore" | "delete"} op */
const plain = (op) => ({ op, body: {}, base: {} });

/**
 * The changes that carry out what a person chose, in their order: what was not chosen is written and taken back, so
 * that the history has it.
 * @param {Command} command with a clash
 * @param {Record<string, "mine" | "theirs">} chosen by field; by `deleted` where theirs was a deletion
 * @returns {{op: Command["op"], body: Record<string, any>, base: Record<string, any>}[]}
 */
export function resolve(command, chosen) {
  const clash = /** @type {Clash} */ (command.clash);
  if (clash.deleted) {
    const { body, base } = command;
    const both = [plain("restore"), { op: /** @type {const} */ ("patch"), body, base }];
    return chosen.deleted === "mine" ? both : [...both, plain("delete")];
  }
  const theirs = /** @type {Record<string, any>} */ (clash.theirs);
  /** @param {string[]} names @param {Record<string, any>} source */
  const pick = (names, source) => Object.fromEntries(names.map((name) => [name, source[name] ?? null]));
  // Its body has what was merged, too.
  const patch = { op: /** @type {const} */ ("patch"), body: command.body, base: { ...command.base, ...pick(clash.fields, theirs) } };
  const declined = clash.fields.filter((field) => chosen[field] === "theirs");
  if (!declined.length) return [patch];
  return [patch, { op: "patch", body: pick(declined, theirs), base: pick(declined, command.body) }];
}
