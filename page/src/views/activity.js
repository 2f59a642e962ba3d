/** What happened, newest first: one entry for what belongs together. */

import { html, nothing } from "lit-html";

import { dayInWords, localDay, timeInWords } from "../pure/dates.js";
import { deed, differences, doerInWords, doerOf, FIELD_NAMES } from "../pure/words.js";
import { clientOf } from "../sync/sign-in.js";
import { empty, head, inWords } from "./parts.js";
import { href } from "./route.js";

/** @import {Happened} from "../pure/undo.js" */
/** @import {App} from "./app.js" */

/** @param {App} app */
export function activity(app) {
  const { activity } = app.ledger;
  return html`${head(app, html`<p class="soft">of the last weeks, the newest first</p>`)}
    <div class="filters"><ul aria-label="By whom">${[undefined, ...new Set([...app.ledger.doers.keys(), ...(app.route.by ? [app.route.by] : [])])].map(
      (by) => html`<li><a href=${href({ name: "activity", by })} aria-current=${app.route.by === by ? "true" : nothing}>${by === undefined ? "All" : doerInWords(by)}</a></li>`,
    )}</ul></div>
    ${activity === "failed" ? empty("What happened could not be got from the server.")
      : !activity || activity === "loading" ? empty("Getting it.")
      : activity.length ? days(app, activity) : empty("Nothing has happened yet.")}`;
}

/** @param {App} app @param {Happened[]} events */
function days(app, events) {
  /** @type {Map<string, Happened[][]>} */ const found = new Map();
  for (const event of events) {
    if (!event.type) continue;
    const day = dayInWords(localDay(event.occurred_at), app.here);
    const entries = found.get(day) ?? [];
    found.set(day, entries);
    const last = entries.at(-1);
    const operation = operationOf(app, event);
    const entry = operation ? entries.find(([one]) => one.operation === operation) : last && !operationOf(app, last[0]) && alike(last[0], event) ? last : undefined;
    if (entry) entry.push(event);
    else entries.push([event]);
  }
  return [...found].map(([day, entries]) => html`<section aria-label=${day}><h2 class="group"><span>${day}</span><span class="num">${entries.length}</span></h2>
    <ol class="acts">${entries.map((entry) => line(app, entry))}</ol></section>`);
}

/** One actor's changes of one kind within five minutes. @param {Happened} one @param {Happened} other */
function alike(one, other) {
  const apart = Date.parse(one.occurred_at) - Date.parse(other.occurred_at);
  return one.actor === other.actor && one.client === other.client && one.type === other.type && apart < 300_000;
}

/** Its operation, unless it is one only because this page sends what waits as a batch. @param {App} app @param {Happened} event */
export function operationOf({ person, http }, { operation, actor, client, type, change }) {
  const isMoved = type === "TodoEdited" && "list" in change;
  const isSent = operation?.startsWith("~") && !isMoved && actor === person.sub && client && client === clientOf(http.token);
  return isSent ? undefined : operation;
}

/** @param {App} app @param {Happened[]} entry */
const nameOf = (app, [event]) => operationOf(app, event) ?? event.event_id;

/** First what it would do, then the doing. @param {App} app @param {Happened[]} entry */
function undo(app, entry) {
  const { undoing } = app.ledger;
  if (undoing?.entry !== nameOf(app, entry)) return html`<button class="btn" @click=${() => app.ledger.tryUndo(entry, operationOf(app, entry[0]))}>Undo…</button>`;
  const { back, stays, more, error } = undoing;
  const leave = html`<button class="btn" @click=${() => app.ledger.show({ undoing: undefined })}>Leave it</button>`;
  if (error) return html`<div class="undoing"><p role="alert">${error}</p><p class="buttons">${leave}</p></div>`;
  const words = `${more ? "At least " : ""}${back} ${back === 1 ? "goes" : "go"} back${stays.length ? `, of ${stays.length} something stays, since it was changed later: ${stays.slice(0, SAMPLES).join(", ")}` : ""}.`;
  return html`<div class="undoing"><p role="status">${back ? words : "Nothing goes back: all of it was changed later, or undone."}</p>
    <p class="buttons">${leave}${back ? html`<button class="btn main" @click=${() => app.ledger.undo(undoing)}>Undo</button>` : nothing}</p></div>`;
}

const SAMPLES = 3;

/** "completed it" of three is "completed 3 todos", "changed the due date" "changed the due date of 3 todos". @param {string} deed @param {number} todos @param {boolean} isCut there may be more */
function inAll(deed, todos, isCut) {
  if (todos === 1 && !isCut) return deed === "changed it" ? "changed a todo" : deed.replace(/ it$/, " a todo");
  const all = `${todos}${isCut ? " or more" : ""} todos`;
  return / it$/.test(deed) ? deed.replace(/it$/, all) : `${deed} of ${all}`;
}

/** @param {Happened[]} entry */
const isCut = (entry) => entry.some((event) => event.isCut);

/** Who did what to how many, and when. @param {App} app @param {Happened[]} entry */
function headline(app, entry) {
  const [first] = entry;
  const todos = new Set(entry.map(({ todo }) => todo)).size;
  const kinds = new Set(entry.map(deed));
  const [doer] = doerOf(first, app.person.sub, clientOf(app.http.token));
  return html`<p><b dir="auto">${doerInWords(doer)}</b> ${inAll(kinds.size === 1 ? [...kinds][0] : "changed it", todos, isCut(entry))}</p>
    <p class="soft">${timeInWords(first.occurred_at, app.here.locale)}${first.client ? `, ${first.client}` : ""}</p>`;
}

/** @param {App} app @param {Happened} event */
const titleOf = (app, event) => event.change.title ?? event.before?.title ?? app.store.get(event.todo)?.title ?? "a todo";

/** Some of an entry's events; all of them when that is asked for. @param {App} app @param {Happened[]} entry @param {(event: Happened) => unknown} draw */
function samples(app, entry, draw) {
  const { ledger } = app;
  if (entry.length <= SAMPLES || ledger.whole.has(nameOf(app, entry))) return entry.map(draw);
  const whole = new Set([...ledger.whole, nameOf(app, entry)]);
  return html`${entry.slice(0, SAMPLES).map(draw)}<p><button class="link" @click=${() => ledger.show({ whole })}>Show ${isCut(entry) ? "" : "all "}${entry.length}</button></p>`;
}

/** An operation beside the past. @param {App} app @param {Happened[]} entry */
export const operation = (app, entry) => html`<li class="event wide"><div>${headline(app, entry)}
  ${samples(app, entry, (event) => html`<p dir="auto">${titleOf(app, event)}</p>`)}</div>${undo(app, entry)}</li>`;

/** @param {App} app @param {Happened} event */
function sample(app, event) {
  const found = differences(event.before ?? {}, event, app.here);
  const title = event.before && found.find(({ field }) => field === "title");
  return html`<p><a href=${app.to({ todo: event.todo })} dir="auto">${title ? inWords(title.diff) : titleOf(app, event)}</a>${found
    .filter(({ field }) => field !== "title")
    .map(({ field, diff }) => html` <span>${FIELD_NAMES[field]} ${inWords(diff)}</span>`)}</p>`;
}

/** @param {App} app @param {Happened[]} entry */
const line = (app, entry) => html`<li class="event wide"><div>${headline(app, entry)}
  ${samples(app, entry, (event) => sample(app, event))}</div>${entry[0].type === "TodoReminded" ? nothing : undo(app, entry)}</li>`;
