/** The grammar of the add line: `Repot the lemon tree tomorrow 9:00 #garden !high *weekly @Home`. Pure. */

import { capital, dayAfter, dayInWords, dayOf, dueAt, dueInWords, format, noon, timeOf, two } from "./dates.js";
import { kept } from "./kept.js";
import { listNamed, listTitle } from "./lists.js";
import { ruleInWords } from "./rules.js";

/** @import {Here} from "./dates.js" */
/** @import {Fields} from "./types.js" */

/**
 * A piece of the text that was understood: from `start` to `end`.
 * @typedef {{kind: "tag" | "list" | "priority" | "repeat" | "date" | "time", start: number, end: number, text: string, label: string}} Part
 */

const PRIORITIES = /** @type {Record<string, string>} */ ({ "1": "high", "2": "medium", "3": "low", high: "high", medium: "medium", low: "low" });
const RULES = /** @type {Record<string, string>} */ ({
  daily: "FREQ=DAILY", weekly: "FREQ=WEEKLY", monthly: "FREQ=MONTHLY", yearly: "FREQ=YEARLY",
  weekdays: "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR",
});
const FREQUENCIES = /** @type {Record<string, string>} */ ({ day: "DAILY", week: "WEEKLY", month: "MONTHLY", year: "YEARLY" });
const WORD = "(?<=^|\\s)";
const END = "(?=$|\\s)";

/**
 * The tags that a field states, with or without their #. Those that were there stay whole, also with spaces in them.
 * @param {string} text
 * @param {string[]} before
 * @returns {string[] | null}
 */
export function tagsOf(text, before) {
  let left = text;
  const whole = before.filter((tag) => /[\s,#]/.test(tag)).sort((one, other) => other.length - one.length).filter((tag) => {
    const rest = left.replace(`#${tag}`, () => " ");
    const found = rest !== left;
    left = rest;
    return found;
  });
  const tags = [...new Set([...whole, ...left.split(/[\s,]+/).map((tag) => tag.replace(/^#/, "")).filter(Boolean)])];
  return tags.length ? tags : null;
}

/** @typedef {{weekdays: Map<string, number>, short: Map<string, number>, months: Map<string, number>}} Names */

/** The names of days and months in the browser's language and in English. */
const names = kept((/** @type {string} */ locale) => {
  /** @type {Names} */ const made = { weekdays: new Map(), short: new Map(), months: new Map() };
  for (const language of ["en", locale]) {
    /** @param {Intl.DateTimeFormatOptions} options @param {Date} date */
    const name = (options, date) => format(language, options).format(date).toLocaleLowerCase(language).replace(/\.$/, "");
    for (let day = 0; day < 7; day++) {
      const date = new Date(2023, 0, 1 + day);
      made.weekdays.set(name({ weekday: "long" }, date), day);
      made.short.set(name({ weekday: "short" }, date), day);
    }
    for (let month = 0; month < 12; month++) {
      for (const style of /** @type {const} */ (["long", "short"])) made.months.set(name({ month: style, day: "numeric" }, new Date(2023, month, 1)).replace(/[\d.\s]+/g, ""), month);
    }
  }
  return made;
});

/** @param {Iterable<string>} words */
const oneOf = (words) => [...words].map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).sort((one, other) => other.length - one.length).join("|");

const TIME = "(?:at\\s+)?(?:(1[0-2]|0?[1-9])(?::([0-5]\\d))?\\s?([ap]m)|([01]?\\d|2[0-3]):([0-5]\\d))|at\\s+([01]?\\d|2[0-3])";

/**
 * @param {string} text
 * @param {Here & {declined?: Set<string>}} here `declined`: parts (their texts) that are to stay text
 * @returns {{title: string, fields: Fields, parts: Part[]}}
 */
export function parse(text, here) {
  const { now, locale, declined = new Set() } = here;
  /** @type {Part[]} */ const parts = [];
  /** @type {Fields} */ const fields = {};
  /**
   * @param {string} pattern
   * @param {Part["kind"]} kind
   * @param {(match: RegExpMatchArray) => string | undefined} take says the label, or undefined where it means nothing
   * @param {boolean} [many]
   */
  const find = (pattern, kind, take, many = false) => {
    for (const match of text.matchAll(new RegExp(`${WORD}(?:${pattern})${END}`, "giu"))) {
      const start = match.index, end = start + match[0].length;
      if (declined.has(match[0]) || parts.some((part) => start < part.end && part.start < end)) continue;
      const label = take(match);
      if (label === undefined) continue;
      parts.push({ kind, start, end, text: match[0], label });
      if (!many) return;
    }
  };
  find("#([\\p{L}\\p{N}_][\\p{L}\\p{N}_\\-/]{0,63})", "tag", ([, tag]) => {
    fields.tags = [...new Set([...(fields.tags ?? []), tag])];
    return `#${tag}`;
  }, true);
  find('@(?:"([^"]{1,100})"|([\\p{L}\\p{N}_][^\\s@#]{0,99}))', "list", ([, quoted, plain]) => listTitle((fields.list = listNamed(quoted ?? plain))));
  find("!(high|medium|low|[123])", "priority", ([, word]) => {
    fields.priority = PRIORITIES[word.toLowerCase()];
    return capital(fields.priority);
  });
  find(`\\*(${oneOf(Object.keys(RULES))}|(\\d{1,2})\\s?(day|week|month|year)s?)`, "repeat", ([, word, count, unit]) => {
    fields.repeat = unit ? `FREQ=${FREQUENCIES[unit.toLowerCase()]};INTERVAL=${Number(count) || 1}` : RULES[word.toLowerCase()];
    return capital(ruleInWords(fields.repeat, locale));
  });
  const { day, time } = when(find, { now, locale });
  const moment = together(text, parts);
  if (moment && declined.has(moment.text)) parts.splice(parts.indexOf(moment), 1);
  else if (day || time) fields.due = dueAt(day ?? (time && timeOf(now) < time ? dayOf(now) : dayAfter(now, 1)), time);
  if (fields.repeat && !fields.due) fields.due = dayOf(now);
  const date = moment ?? parts.find((part) => part.kind === "date") ?? parts.find((part) => part.kind === "time");
  if (date && fields.due) date.label = dueInWords(fields.due, here);
  parts.sort((one, other) => one.start - other.start);
  return { title: rest(text, parts), fields, parts };
}

/**
 * A date beside a time is one part with it.
 * @param {string} text
 * @param {Part[]} parts the two are replaced by what is returned
 * @returns {Part | undefined}
 */
function together(text, parts) {
  const two = parts.filter(({ kind }) => kind === "date" || kind === "time").sort((one, other) => one.start - other.start);
  if (two.length < 2 || text.slice(two[0].end, two[1].start).trim()) return undefined;
  const [start, end] = [two[0].start, two[1].end];
  /** @type {Part} */ const one = { kind: "date", start, end, text: text.slice(start, end), label: "" };
  parts.splice(0, parts.length, ...parts.filter((part) => !two.includes(part)), one);
  return one;
}

/**
 * The text without what was understood.
 * @param {string} text
 * @param {Part[]} parts
 */
function rest(text, parts) {
  let left = "", from = 0;
  for (const part of parts) {
    left += text.slice(from, part.start);
    from = part.end;
  }
  return (left + text.slice(from)).replace(/\s+/g, " ").trim();
}

/**
 * The day and the time that the text names.
 * @param {(pattern: string, kind: Part["kind"], take: (match: RegExpMatchArray) => string | undefined) => void} find
 * @param {Here} here
 */
function when(find, { now, locale }) {
  const { weekdays, short, months } = names(locale);
  /** @type {string | undefined} */ let day;
  /** @type {string | undefined} */ let time;
  /** @param {string} pattern @param {(match: RegExpMatchArray) => string | undefined} take */
  const date = (pattern, take) => {
    if (!day) find(pattern, "date", (match) => (day = take(match)) && dayInWords(day, { now, locale }));
  };
  /** @param {number} wanted */
  const coming = (wanted) => dayAfter(now, (wanted - now.getDay() + 7) % 7 || 7);
  date("\\d{4}-\\d{2}-\\d{2}", ([iso]) => (isDay(iso) ? iso : undefined));
  date("today|tonight", () => dayOf(now));
  date("tomorrow|tmrw", () => dayAfter(now, 1));
  date("in\\s+(\\d{1,3}|a|an|one|two|three)\\s+(day|week|month)s?", ([, count, unit]) => {
    const number = Number(count) || ({ two: 2, three: 3 })[count.toLowerCase()] || 1;
    if (unit.toLowerCase() !== "month") return dayAfter(now, number * (unit.toLowerCase() === "week" ? 7 : 1));
    const last = new Date(now.getFullYear(), now.getMonth() + number + 1, 0).getDate();
    return dayOf(new Date(now.getFullYear(), now.getMonth() + number, Math.min(now.getDate(), last)));
  });
  date("next\\s+week", () => coming(1));
  const month = oneOf(months.keys());
  date(`(\\d{1,2})\\.?\\s+(${month})(?:\\s+(\\d{4}))?`, ([, number, name, year]) => named(now, number, months.get(name.toLocaleLowerCase(locale)), year));
  date(`(${month})\\s+(\\d{1,2})(?:,?\\s+(\\d{4}))?`, ([, name, number, year]) => named(now, number, months.get(name.toLocaleLowerCase(locale)), year));
  const both = new Map([...short, ...weekdays]);
  date(`(?:on|next)\\s+(${oneOf(both.keys())})`, ([, name]) => coming(/** @type {number} */ (both.get(name.toLocaleLowerCase(locale)))));
  // A short name may be a word of its own ("sun"): only with a time it is a day.
  date(`(${oneOf(short.keys())})(?=\\s+(?:${TIME})${END})`, ([, name]) => coming(/** @type {number} */ (short.get(name.toLocaleLowerCase(locale)))));
  date(`(${oneOf(weekdays.keys())})(?=\\s*$|\\s+(?:${TIME}|[#@!*]\\S))`, ([, name]) => coming(/** @type {number} */ (weekdays.get(name.toLocaleLowerCase(locale)))));
  find(TIME, "time", ([, twelve, half, noon, hours, minutes, hour]) => {
    const number = twelve ? (Number(twelve) % 12) + (noon.toLowerCase() === "pm" ? 12 : 0) : Number(hours ?? hour);
    return (time = `${two(number)}:${minutes ?? half ?? "00"}`);
  });
  return { day, time };
}

/** @param {string} text */
function isDay(text) {
  const date = noon(text);
  return !Number.isNaN(date.getTime()) && dayOf(date) === text;
}

/**
 * The next day of this name, unless a year is given.
 * @param {Date} now @param {string} number @param {number | undefined} month @param {string | undefined} year
 */
function named(now, number, month, year) {
  if (month === undefined) return undefined;
  /** @param {number} wanted */
  const of = (wanted) => `${wanted}-${two(month + 1)}-${two(number)}`;
  const this_ = of(year ? Number(year) : now.getFullYear());
  const wanted = !year && this_ < dayOf(now) ? of(now.getFullYear() + 1) : this_;
  return isDay(wanted) ? wanted : undefined;
}
