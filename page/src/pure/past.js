/** The list as it was, beside the list as it is. Pure. */

import { same } from "./merge.js";

/** @import {Todo} from "./types.js" */

export const DAYS = 30;
/** The finer range goes by so many minutes. */
export const STEP = 10;
const FIELDS = /** @type {const} */ (["title", "notes", "completed", "list", "tags", "priority", "due", "remind_at", "repeat", "repeat_from", "parent"]);

/**
 * What differs today.
 * @param {Todo} then
 * @param {Todo | undefined} now
 * @returns {string[]} fields; `deleted` alone where it is deleted
 */
export function differing(then, now) {
  if (!now || now.deleted) return ["deleted"];
  return FIELDS.filter((field) => !same(then[field], now[field]));
}

/**
 * How much happened in each of so many spans, as heights from 0 to 1 on a logarithmic scale: one change can be seen
 * beside a thousand.
 * @param {number[]} moments in milliseconds
 * @param {number} from
 * @param {number} span of one bar
 * @param {number} bars
 */
export function heights(moments, from, span, bars) {
  const found = new Array(bars).fill(0);
  for (const moment of moments) {
    const bar = Math.floor((moment - from) / span);
    if (bar >= 0 && bar < bars) found[bar]++;
  }
  const most = Math.log1p(Math.max(...found));
  return found.map((count) => (count ? Math.log1p(count) / most : 0));
}

/**
 * The first moment of a day so many days before today, by the clocks here.
 * @param {Date} now
 * @param {number} days
 */
export const startOfDay = (now, days) => new Date(now.getFullYear(), now.getMonth(), now.getDate() - days);
