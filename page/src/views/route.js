/** What the address says: the view, the filter, the search and the open todo. */

/** @import {View} from "../pure/select.js" */

/**
 * `by`: of Activity, whose (`doerOf`).
 * @typedef {Omit<View, "name"> & {name: View["name"] | "activity" | "past", todo?: string, by?: string}} Route
 */

const NAMES = ["inbox", "today", "upcoming", "everything", "activity", "past"];
const FILTERS = ["active", "completed"];

/** @param {string} hash @returns {Route} */
export function routeOf(hash) {
  const [path, query] = hash.replace(/^#\/?/, "").split("?");
  const parts = path.split("/").filter(Boolean).map(safely);
  const parameters = new URLSearchParams(query);
  const filter = /** @type {Route["filter"]} */ (FILTERS.includes(parts.at(-1) ?? "") && !(parts[0] === "list" && parts.length === 2) ? parts.pop() : "all");
  const more = { filter, q: parameters.get("q") ?? "", todo: parameters.get("todo") ?? undefined, by: parameters.get("by") ?? undefined };
  if (parts[0] === "list" && parts[1]) return { name: "list", list: parts[1], ...more };
  // Like TodoMVC's: `#/active` filters everything.
  if (!parts[0]) return { name: filter === "all" ? "today" : "everything", ...more };
  return { name: /** @type {Route["name"]} */ (NAMES.includes(parts[0]) ? parts[0] : "today"), ...more };
}

/** @param {string} part */
function safely(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** @param {Partial<Route> & {name: Route["name"]}} route */
export function href({ name, list, filter, q, todo, by }) {
  const path = [name, ...(name === "list" ? [encodeURIComponent(list ?? "")] : []), ...(filter && filter !== "all" ? [filter] : [])];
  const query = new URLSearchParams({ ...(q ? { q } : {}), ...(todo ? { todo } : {}), ...(by && name === "activity" ? { by } : {}) }).toString();
  return `#/${path.join("/")}${query ? `?${query}` : ""}`;
}
