/** The list as it was: two ranges, days and then minutes, and what is different today. */

import { html, nothing } from "lit-html";

import { dayOf, dueInWords, longDay, timeInWords } from "../pure/dates.js";
import { kept } from "../pure/kept.js";
import { listTitle } from "../pure/lists.js";
import { DAYS, differing, heights, startOfDay, STEP } from "../pure/past.js";
import { groups } from "../pure/select.js";
import { diff, FIELD_NAMES, valueInWords } from "../pure/words.js";
import { operation, operationOf } from "./activity.js";
import { windowed } from "./list.js";
import { empty, head, ICONS, inWords, live } from "./parts.js";

/** @import {Todo} from "../pure/types.js" */
/** @import {App} from "./app.js" */

const DAY = 86_400_000;
const MINUTE = 60_000;

/** @param {App} app */
export function past(app) {
  const { here, ledger } = app;
  const at = new Date(ledger.pastAt);
  const { days, minutes } = place(at, here.now);
  const words = `${longDay(dayOf(at), here.locale)}, ${timeInWords(at.toISOString(), here.locale)}`;
  /** @param {{ days?: number, minutes?: number }} wanted */
  const go = (wanted) => {
    // The other range may have moved since this was drawn.
    const { days, minutes } = { ...place(new Date(ledger.pastAt), here.now), ...wanted };
    const moment = startOfDay(here.now, days);
    moment.setHours(0, minutes);
    ledger.seePast(Math.min(moment.getTime(), Date.now()));
  };
  /** @param {Event} event */
  const value = ({ target }) => Number(/** @type {HTMLInputElement} */ (target).value);
  return html`${head(app, html`<p class="soft">read only</p><p class="tools"><a class="btn" href=${app.to({ name: "everything", todo: undefined })}>Back to now</a></p>`)}
    <div class="slider">
      <p class="moment"><b>${words}</b> <span class="soft" role="status">${summary(ledger.past, app.store, app.store.todos())}</span></p>
      ${range(app, "Day", DAYS - days, DAYS, words, (event) => go({ days: DAYS - value(event) }), startOfDay(here.now, DAYS).getTime(), DAY, DAYS + 1)}
      <p class="ends soft"><span>${longDay(dayOf(startOfDay(here.now, DAYS)), here.locale)}</span><span>today</span></p>
      ${range(app, "Time", Math.floor(minutes / STEP), 1440 / STEP - 1, words, (event) => go({ minutes: value(event) * STEP }), startOfDay(at, 0).getTime(), 60 * MINUTE, 24)}
      <p class="ends soft"><span>0:00</span><span>12:00</span><span>24:00</span></p>
    </div>
    ${since(app)}
    ${ledger.past === "failed" ? empty("What was could not be got from the server.") : !Array.isArray(ledger.past) ? empty("Getting it.")
      : ledger.past.length ? windowed(app, then(app, ledger.past, app.later.lists, app.minute), (todo) => row(app, todo)) : empty("There was nothing then.")}`;
}

/**
 * How many days before today, and how many minutes after that day began.
 * @param {Date} at
 * @param {Date} now
 */
function place(at, now) {
  const days = Math.round((startOfDay(now, 0).getTime() - startOfDay(at, 0).getTime()) / DAY);
  return { days, minutes: at.getHours() * 60 + at.getMinutes() };
}

/**
 * A native range under bars of what happened.
 * @param {App} app @param {string} name @param {number} value @param {number} max @param {string} words
 * @param {(event: Event) => void} moved @param {number} from @param {number} span @param {number} bars
 */
function range(app, name, value, max, words, moved, from, span, bars) {
  const shown = heights(app.ledger.moments, from, span, bars).map((height, index) => `M${index + 0.06} 10v${-height * 10}h.88V10`);
  const [on] = shown.splice((app.ledger.pastAt - from) / span, 1);
  return html`<svg class="bars" viewBox="0 0 ${bars} 10" preserveAspectRatio="none" aria-hidden="true"><path d=${shown.join("")} /><path class="on" d=${on} /></svg><input type="range" min="0" max=${max} .value=${live(String(value))} aria-label=${name} aria-valuetext=${words} @input=${moved} />`;
}

const summary = kept((/** @type {App["ledger"]["past"]} */ past, /** @type {App["store"]} */ store) => {
  if (!Array.isArray(past)) return "";
  const different = past.filter((todo) => differing(todo, store.get(todo.id)).length).length;
  return `${past.length} ${past.length === 1 ? "todo" : "todos"}, ${different} of them different today`;
});

const MOST = 20;

/** What operations have done since then; each can be taken back as a whole. @param {App} app */
function since(app) {
  /** @type {Map<string, import("../pure/undo.js").Happened[]>} */ const found = new Map();
  for (const event of app.ledger.events) {
    const name = event.type && operationOf(app, event);
    if (!name || Date.parse(event.occurred_at) <= app.ledger.pastAt) continue;
    const entry = found.get(name);
    if (entry) entry.push(event);
    else found.set(name, [event]);
  }
  if (!found.size) return nothing;
  const entries = [...found.values()].slice(0, MOST);
  return html`<details class="since"><summary>${found.size === 1 ? "1 operation" : `${found.size} operations`} since then</summary>
    <ol class="acts">${entries.map((entry) => operation(app, entry))}</ol></details>`;
}

const then = kept((/** @type {App} */ app, /** @type {Todo[]} */ todos) => groups(todos, { name: "everything", filter: "all", q: "" }, app.here));

/** @param {App} app @param {Todo} then */
function row(app, then) {
  const now = app.store.get(then.id);
  const fields = differing(then, now);
  return html`<li class="row ${then.completed ? "done" : ""}"><span class="box" aria-hidden="true">${ICONS.tick}</span>
    <div><p class="title" dir="auto">${then.title}${then.completed ? html`<span class="unseen"> (done)</span>` : nothing}</p>
      <p class="meta">${then.due ? html`<span>${dueInWords(then.due, app.here)}</span>` : nothing}${(then.tags ?? []).map((tag) => html`<span>#${tag}</span>`)}</p>
      ${fields.length ? html`<p class="meta">Now: ${changes(app, then, now, fields)}</p>` : nothing}</div>
    ${fields.length ? html`<button class="link" aria-label="Bring “${then.title}” back" @click=${() => app.bringBack(then.id, then.version, `“${then.title}” is as it was.`)}>Bring this back</button>` : nothing}</li>`;
}

/** @param {App} app @param {Todo} then @param {Todo | undefined} now @param {string[]} fields */
function changes(app, then, now, fields) {
  if (fields[0] === "deleted") return "deleted";
  /** @param {any} todo @param {string} field */
  const words = (todo, field) => (field === "list" ? listTitle(todo.list) : valueInWords(field, todo[field], app.here));
  return fields.map((field) => html`<span>${field === "title" ? nothing : `${FIELD_NAMES[field]} `}${inWords(diff(words(then, field), words(now, field)))}</span>`);
}
