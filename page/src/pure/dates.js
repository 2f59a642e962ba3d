/** Days and instants in the browser's own calendar and words. Pure: the caller gives the time. */

/** Also in which order a person has put the lists, and which are kept without todos. @typedef {{now: Date, locale: string, lists?: string[], named?: string[]}} Here */

/** Two digits. @param {number | string} number */
export const two = (number) => String(number).padStart(2, "0");

/** @param {Date} date */
export const dayOf = (date) => `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;

/**
 * The local day of a `due`: of a bare date that date, of a date-time the day it falls on here.
 * @param {string} due
 */
export const localDay = (due) => (due.length === 10 ? due : dayOf(new Date(due)));

/** By the clocks here, as in "09:00". @param {Date} date */
export const timeOf = (date) => date.toTimeString().slice(0, 5);

/** @param {string} due */
export const hasTime = (due) => due.length > 10;

/**
 * @param {Date} now
 * @param {number} days
 */
export const dayAfter = (now, days) => dayOf(new Date(now.getFullYear(), now.getMonth(), now.getDate() + days));

/**
 * A `due` of this day and time, with the offset that clocks here have then.
 * @param {string} day
 * @param {string} [time] "09:00"
 */
export function dueAt(day, time) {
  if (!time) return day;
  const offset = -new Date(`${day}T${time}:00`).getTimezoneOffset();
  const size = Math.abs(offset);
  return `${day}T${time}:00${offset < 0 ? "-" : "+"}${two(Math.floor(size / 60))}:${two(size % 60)}`;
}

/** @type {Map<string, Intl.DateTimeFormat>} */
const formats = new Map();

/**
 * Making a format takes longer than using it a hundred times.
 * @param {string} locale
 * @param {Intl.DateTimeFormatOptions} options
 */
export function format(locale, options) {
  const name = locale + JSON.stringify(options);
  let found = formats.get(name);
  if (!found) formats.set(name, (found = new Intl.DateTimeFormat(locale, options)));
  return found;
}

/** In the middle of a day, which no change of the clocks moves to another. @param {string} day */
export const noon = (day) => new Date(`${day}T12:00:00`);

/** @param {string} word @param {string} [locale] of the words, if they are not the page's own */
export const capital = (word, locale = "en") => word.charAt(0).toLocaleUpperCase(locale) + word.slice(1);

/**
 * A day in words: Today, Tomorrow, Yesterday, a weekday within six days, else a date, with its year if it is another.
 * @param {string} day
 * @param {Here} here
 */
export function dayInWords(day, { now, locale }) {
  const away = Math.round((noon(day).getTime() - noon(dayOf(now)).getTime()) / 86_400_000);
  if (Math.abs(away) <= 1) return capital(new Intl.RelativeTimeFormat(locale, { numeric: "auto" }).format(away, "day"), locale);
  const otherYear = day.slice(0, 4) !== dayOf(now).slice(0, 4);
  return format(locale, {
    weekday: Math.abs(away) < 300 ? "short" : undefined, day: "numeric", month: "short", year: otherYear ? "numeric" : undefined,
  }).format(noon(day));
}

/** @param {string} day @param {string} locale */
export const longDay = (day, locale) => format(locale, { weekday: "long", day: "numeric", month: "long" }).format(noon(day));

/** @param {string} instant @param {string} locale */
export const timeInWords = (instant, locale) => format(locale, { hour: "2-digit", minute: "2-digit" }).format(new Date(instant));

/**
 * @param {string} due
 * @param {Here} here
 */
export function dueInWords(due, here) {
  const day = dayInWords(localDay(due), here);
  return hasTime(due) ? `${day}, ${timeInWords(due, here.locale)}` : day;
}

/**
 * Whether it is over: a day when the next has begun, an instant at once.
 * @param {string} due
 * @param {Date} now
 */
export const isLate = (due, now) => (hasTime(due) ? new Date(due) < now : due < dayOf(now));
