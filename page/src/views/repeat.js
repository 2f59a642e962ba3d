/** A form for a rule of repetition: how often, on which days, until when. */

import { html, nothing } from "lit-html";

import { dayOf, localDay } from "../pure/dates.js";
import { FROM, NUMBERS, nthInWords, repeatOf, ruleInWords, ruleOf, WEEKDAYS, weekdayInWords } from "../pure/rules.js";
import { buttons, live } from "./parts.js";

/** @import {Repeat} from "../pure/rules.js" */
/** @import {Todo} from "../pure/types.js" */
/** @import {App} from "./app.js" */

const UNITS = [["DAILY", "days"], ["WEEKLY", "weeks"], ["MONTHLY", "months"], ["YEARLY", "years"]];

/** @param {App} app @param {Todo} todo */
const begun = (app, todo) => todo.repeat ?? "FREQ=WEEKLY";

/** @param {App} app @param {Todo} todo */
export function openRepeat(app, todo) {
  app.began(todo, "repeat", "repeat_from");
  app.show({ dialog: "repeat", repeat: repeatOf(begun(app, todo), todo.due ? localDay(todo.due) : dayOf(app.here.now), todo.repeat_from) });
}

/** @param {App} app */
export function repeatForm(app) {
  const todo = app.route.todo ? app.store.get(app.route.todo) : undefined;
  const { repeat } = app;
  if (!todo || !repeat) return undefined;
  const { locale } = app.here;
  const rule = ruleOf(repeat, begun(app, todo));
  /** @param {Event} event */
  const changed = ({ currentTarget }) => {
    const form = new FormData(/** @type {HTMLFormElement} */ (currentTarget));
    app.show({ repeat: /** @type {Repeat} */ ({ ...repeat, ...Object.fromEntries(form), days: repeat.freq === "WEEKLY" ? form.getAll("days") : repeat.days }) });
  };
  /** @param {Event} event */
  const submit = (event) => {
    event.preventDefault();
    app.show({ dialog: undefined });
    app.edit(todo.id, { repeat: rule, repeat_from: repeat.from === "due" ? todo.repeat_from && "due" : repeat.from });
  };
  /** @param {string} name @param {string[][]} options @param {string} label */
  const select = (name, options, label) => html`<select name=${name} aria-label=${label}>${options.map(
    ([value, words]) => html`<option value=${value} .selected=${String(repeat[/** @type {keyof Repeat} */ (name)]) === value}>${words}</option>`)}</select>`;
  /** @param {string} name @param {string} value @param {unknown} content */
  const radio = (name, value, content) => html`<label class="check"><input type="radio" name=${name} value=${value} .checked=${live(repeat[/** @type {keyof Repeat} */ (name)] === value)} />${content}</label>`;
  // A day is in it even if it is not one of the common units.
  const units = UNITS.some(([freq]) => freq === repeat.freq) ? UNITS : [...UNITS, [repeat.freq, `${ruleInWords(`FREQ=${repeat.freq}`, locale).replace("every ", "")}s`]];
  return html`<form class="repeat" @input=${changed} @submit=${submit}><h1 id="dialog">Repeat</h1>
    <p class="fields"><label for="r-interval">Every</label><input id="r-interval" name="interval" type="number" inputmode="numeric" min="1" max="999" required .value=${repeat.interval} /> ${select("freq", units, "Unit")}</p>
    ${repeat.freq === "WEEKLY" ? html`<fieldset><legend>On</legend><div class="days">${WEEKDAYS.map((day) => html`<label class="check"><input type="checkbox" name="days" value=${day} .checked=${live(repeat.days.includes(day))} />${weekdayInWords(day, locale, "short")}</label>`)}</div></fieldset>` : nothing}
    ${repeat.freq === "MONTHLY" ? html`<fieldset><legend>On</legend><div class="ways">
      ${radio("on", "", "the day it is due")}
      <p class="fields">${radio("on", "date", "day")}<input name="date" type="number" inputmode="numeric" min="1" max="31" required aria-label="Day of the month" .value=${repeat.date} /></p>
      <p class="fields">${radio("on", "weekday", "the")}${select("nth", NUMBERS.map((number) => [number, nthInWords(Number(number))]), "Which")}${select("day", WEEKDAYS.map((day) => [day, weekdayInWords(day, locale)]), "Weekday")}</p></div></fieldset>` : nothing}
    <fieldset><legend>Ends</legend><div class="ways">
      ${radio("end", "", "never")}
      <p class="fields">${radio("end", "until", "after")}<input name="until" type="date" required aria-label="Last day" .value=${repeat.until} /></p>
      <p class="fields">${radio("end", "count", "after")}<input name="count" type="number" inputmode="numeric" min="1" max="9999" required aria-label="How many times" .value=${repeat.count} /> times</p></div></fieldset>
    <fieldset><legend>Counted</legend><div class="ways">${Object.keys(FROM).map((from) => radio("from", from, FROM[from]))}</div></fieldset>
    <p role="status"><b>${ruleInWords(rule, locale, repeat.from)}</b></p>
    ${buttons(app, "Leave it", html`<button class="btn main">Set</button>`)}</form>`;
}
