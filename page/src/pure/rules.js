/** Rules of repetition (RFC 5545, RRULE): in words, and as what a small form shows of them. Pure. */

import { dayOf, format, noon, two } from "./dates.js";

/** @import {Here} from "./dates.js" */

const UNITS = /** @type {Record<string, string>} */ ({
  SECONDLY: "second", MINUTELY: "minute", HOURLY: "hour", DAILY: "day", WEEKLY: "week", MONTHLY: "month", YEARLY: "year",
});
export const WEEKDAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];
const WORKDAYS = WEEKDAYS.slice(0, 5).join();
/** Which of a month's Fridays. */
export const NUMBERS = ["1", "2", "3", "4", "-1"];

/**
 * What the form shows, as its fields have it.
 * - `days`: of a week.
 * - `on`: nothing where the due date says it, else `date` (a day of the month) or `weekday` (`nth` of `day`).
 * - `end`: nothing, `until` or `count`.
 * - `from`: what the next date is counted from (`FROM`).
 * @typedef {{
 *   freq: string, interval: string, days: string[], on: string, date: string, nth: string, day: string, end: string,
 *   until: string, count: string, from: string,
 * }} Repeat
 */

/** What the next date is counted from, in words. */
export const FROM = /** @type {Record<string, string>} */ ({ due: "from the date it is due", next_future: "past dates left out", completion: "from when it is done" });

/** @param {string} rule @returns {Map<string, string>} */
const partsOf = (rule) => new Map(rule.toUpperCase().split(";").map((part) => /** @type {[string, string]} */ (part.split("=", 2))));

/** @param {string[]} words */
const listed = (words) => new Intl.ListFormat("en").format(words);

/** @param {number} number */
const ordinal = (number) => `${number}${{ one: "st", two: "nd", few: "rd" }[/** @type {string} */ (new Intl.PluralRules("en", { type: "ordinal" }).select(number))] ?? "th"}`;

/** The how-manieth, also from the end. @param {number} number */
export const nthInWords = (number) => (number > 0 ? ordinal(number) : number === -1 ? "last" : `${ordinal(-number)} to last`);

/** @param {string} day @param {string} locale @param {"short" | "long"} [style] */
export const weekdayInWords = (day, locale, style = "long") => format(locale, { weekday: style }).format(new Date(2024, 0, 1 + WEEKDAYS.indexOf(day)));

/** The last day of a rule, here. @param {string} until */
function lastDay(until) {
  const [, year, month, day, time] = until.match(/^(\d{4})(\d\d)(\d\d)(?:T(\d{6})Z)?/) ?? [];
  const bare = `${year}-${month}-${day}`;
  return time ? dayOf(new Date(`${bare}T${time.replace(/(..)(..)(..)/, "$1:$2:$3")}Z`)) : bare;
}

/** @param {string} day @param {string} locale @param {"long" | "short"} month */
const date = (day, locale, month) => format(locale, { day: "numeric", month, year: month === "short" ? "numeric" : undefined }).format(noon(day));

/**
 * A rule in words: "every 2 weeks on Mon and Thu", "every month on the last Friday, until 24 Dec 2026". What has no words
 * here follows as it is.
 * @param {string} rule
 * @param {string} locale
 * @param {string | null} [from] what the next date is counted from (`FROM`)
 */
export function ruleInWords(rule, locale, from) {
  const left = partsOf(rule);
  /** @param {string} name */
  const take = (name) => {
    const value = left.get(name);
    left.delete(name);
    return value;
  };
  /** @param {string} name */
  const several = (name) => take(name)?.split(",") ?? [];
  const unit = UNITS[take("FREQ") ?? ""];
  if (!unit) return `repeats (${rule})`;
  const interval = take("INTERVAL") ?? "1";
  let words = interval === "1" ? `every ${unit}` : `every ${interval} ${unit}s`;
  take("WKST");
  const position = left.get("BYSETPOS") ?? "";
  if (left.has("BYDAY") && (!position || /^-?\d+[A-Z,]+$/.test(position + left.get("BYDAY")))) {
    const days = several("BYDAY");
    const isWork = days.join() === WORKDAYS;
    take("BYSETPOS");
    if (position) words += ` on the ${nthInWords(Number(position))} ${isWork ? "weekday" : days.map((day) => weekdayInWords(day, locale)).join(" or ")}`;
    else if (isWork) words = words === "every week" ? "every weekday" : `${words} on weekdays`;
    else words += ` on ${listed(days.map((each) => {
      const nth = parseInt(each), day = each.slice(-2);
      return nth ? `the ${nthInWords(nth)} ${weekdayInWords(day, locale)}` : weekdayInWords(day, locale, "short");
    }))}`;
  }
  const months = several("BYMONTH"), dates = several("BYMONTHDAY");
  if (months.length === 1 && dates.length === 1 && Number(dates[0]) > 0) {
    words += ` on ${date(`2024-${two(months[0])}-${two(dates[0])}`, locale, "long")}`;
  } else {
    if (dates.length) words += ` on the ${listed(dates.map((each) => `${nthInWords(Number(each))}${Number(each) < 0 ? " day" : ""}`))}`;
    if (months.length) words += ` in ${listed(months.map((each) => format(locale, { month: "long" }).format(new Date(2024, Number(each) - 1, 1))))}`;
  }
  const minutes = (left.get("BYMINUTE") ?? "0").split(",");
  if (left.has("BYHOUR") && minutes.length === 1) {
    take("BYMINUTE");
    words += ` at ${listed(several("BYHOUR").map((hour) => format(locale, { hour: "2-digit", minute: "2-digit" }).format(new Date(2024, 0, 1, Number(hour), Number(minutes[0])))))}`;
  }
  const until = take("UNTIL"), count = take("COUNT");
  if (until) words += `, until ${date(lastDay(until), locale, "short")}`;
  if (count) words += count === "1" ? ", once more" : `, ${count} times`;
  if (from && from !== "due") words += `, ${FROM[from]}`;
  return left.size ? `${words} (${[...left].map((part) => part.join("=")).join(";")})` : words;
}

/**
 * A rule as the form shows it.
 * @param {string} rule
 * @param {string} day on which the todo is due: what the form proposes
 * @param {string | null} from what the next date is counted from
 * @returns {Repeat}
 */
export function repeatOf(rule, day, from) {
  const parts = partsOf(rule);
  const due = noon(day);
  const byDay = (parts.get("BYDAY") ?? "").split(",").filter(Boolean);
  const weekday = formHas("BYDAY", parts) && byDay[0]?.match(/^([+-]?\d+)(\w\w)$/);
  const dates = parts.get("BYMONTHDAY");
  return {
    freq: parts.get("FREQ") ?? "WEEKLY",
    interval: parts.get("INTERVAL") ?? "1",
    days: weekday ? [] : byDay.filter((each) => WEEKDAYS.includes(each)),
    on: weekday ? "weekday" : dates && formHas("BYMONTHDAY", parts) ? "date" : "",
    date: dates && formHas("BYMONTHDAY", parts) ? dates : String(due.getDate()),
    nth: weekday ? String(Number(weekday[1])) : String(Math.min(4, Math.ceil(due.getDate() / 7))),
    day: weekday ? weekday[2] : WEEKDAYS[(due.getDay() + 6) % 7],
    end: parts.has("UNTIL") ? "until" : parts.has("COUNT") ? "count" : "",
    until: parts.has("UNTIL") ? lastDay(/** @type {string} */ (parts.get("UNTIL"))) : day,
    count: parts.get("COUNT") ?? "10",
    from: from ?? "due",
  };
}

/**
 * Whether the form shows this part of a rule.
 * @param {string} name
 * @param {Map<string, string>} parts
 */
function formHas(name, parts) {
  const value = parts.get(name) ?? "";
  if (["FREQ", "INTERVAL", "UNTIL", "COUNT"].includes(name)) return true;
  if (name === "BYDAY" && parts.get("FREQ") === "WEEKLY") return true;
  if (parts.get("FREQ") !== "MONTHLY" || parts.has("BYSETPOS")) return false;
  if (name === "BYDAY") return /^[+-]?\d+\w\w$/.test(value) && NUMBERS.includes(String(Number(value.slice(0, -2)))) && !parts.has("BYMONTHDAY");
  return name === "BYMONTHDAY" && /^\d+$/.test(value) && !parts.has("BYDAY");
}

/**
 * The rule that the form states. What it does not show stays as it was, unless the unit is another.
 * @param {Repeat} repeat
 * @param {string} before the rule that the form began with
 */
export function ruleOf({ freq, interval, days, on, date, nth, day, end, until, count }, before) {
  const old = partsOf(before);
  const found = [`FREQ=${freq}`];
  if (Number(interval) > 1) found.push(`INTERVAL=${Number(interval)}`);
  if (freq === "WEEKLY" && days.length) found.push(`BYDAY=${WEEKDAYS.filter((each) => days.includes(each)).join()}`);
  if (freq === "MONTHLY" && on === "date") found.push(`BYMONTHDAY=${Number(date)}`);
  if (freq === "MONTHLY" && on === "weekday") found.push(`BYDAY=${nth}${day}`);
  if (old.get("FREQ") === freq) {
    const replaced = on && freq === "MONTHLY" ? ["BYDAY", "BYMONTHDAY", "BYSETPOS"] : [];
    for (const [name, value] of old) if (!formHas(name, old) && !replaced.includes(name)) found.push(`${name}=${value}`);
  }
  const last = old.get("UNTIL");
  if (end === "until") found.push(`UNTIL=${last && lastDay(last) === until ? last : until.replaceAll("-", "")}`);
  if (end === "count") found.push(`COUNT=${Number(count)}`);
  return found.join(";");
}
