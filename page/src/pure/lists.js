/** The order of lists: as a person has put them, the others behind them by name. Pure. */

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
