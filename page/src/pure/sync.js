/** Following `/changes`: what a page of it changes, and when to ask next. Pure. */

/** @import {Todo} from "./types.js" */

/** What `/changes` gives at once: the first sync of 5,000 todos is three requests. */
export const LIMIT = 2000;
const SOONEST = 2000;
const LATEST = 60_000;

/**
 * The rows of a page that are newer than what is here; a deleted one keeps its last content, so that it can be shown.
 * @param {Map<string, Todo>} rows
 * @param {Todo[]} changes each a todo, or `{id, version, deleted: true}`
 * @returns {Todo[]}
 */
export function newer(rows, changes) {
  return changes.flatMap((change) => {
    const row = rows.get(change.id);
    if (row && row.version >= change.version) return [];
    if (!change.deleted) return [change];
    return row ? [{ ...row, version: change.version, deleted: true }] : [];
  });
}

/**
 * The ids that a sync from the start has not listed: they were deleted while this copy was away. What was made or
 * changed here since it began is not among them, for lists are a moment behind.
 * @param {Map<string, Todo>} rows
 * @param {Map<string, number>} before the version of each row when the sync began
 * @param {Set<string>} listed
 */
export const unlisted = (rows, before, listed) => [...before].filter(([id, version]) => !listed.has(id) && rows.get(id)?.version === version).map(([id]) => id);

/**
 * How long until the next question, in milliseconds: two seconds after activity, and then half as much more each time,
 * up to a minute. Where the server waits for changes itself, at once.
 * @param {{waits: boolean, active: boolean, last: number}} was `last`: the wait before
 */
export function nextPoll({ waits, active, last }) {
  if (waits) return 0;
  return active ? SOONEST : Math.min(LATEST, Math.max(SOONEST, last * 1.5));
}
