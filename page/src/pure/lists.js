/** Lists: their names, and their order, as a person has put them, the others behind them by name. Pure. */

export const INBOX = "inbox";

/** @param {string} list */
export const listTitle = (list) => (list === INBOX ? "Inbox" : list);

/** The list that a person means. @param {string} text */
export const listNamed = (text) => (text.toLowerCase() === INBOX ? INBOX : text);

/**
 * Why the API would not take it as a list's name, or nothing.
 * @param {string} name
 */
export const listError = (name) =>
  [...name].length > 100 || new TextEncoder().encode(name).length > 300 ? "This is too long for the name of a list."
    : /^\.\.?$|\p{Cc}/u.test(name) ? "A list cannot have this name." : "";

/** @param {string[]} order */
export const byLists = (order) => {
  /** @param {string} list */
  const place = (list) => (order.indexOf(list) + 1 || Infinity);
  return (/** @type {string} */ one, /** @type {string} */ other) => (place(one) === place(other) ? one.localeCompare(other) : place(one) - place(other));
};

/**
 * The order with one list moved by a place; undefined at the end.
 * @param {string[]} lists as they are shown
 * @param {string} list
 * @param {1 | -1} by
 */
export function movedList(lists, list, by) {
  const from = lists.indexOf(list);
  const to = from + by;
  if (from < 0 || to < 0 || to >= lists.length) return undefined;
  return lists.toSpliced(from, 1).toSpliced(to, 0, list);
}
