/** The views at the side, and how far the saving is. */

import { html, nothing } from "lit-html";
import { repeat } from "lit-html/directives/repeat.js";

import { capital, timeInWords } from "../pure/dates.js";
import { movedList } from "../pure/lists.js";
import { ICONS, links } from "./parts.js";
import { href } from "./route.js";

/** @import {App} from "./app.js" */
/** @import {Route} from "./route.js" */

/** @param {App} app @param {boolean} [above] as a dialog, behind which nothing is announced */
export function nav(app, above = false) {
  const { lists, ...open } = app.counts;
  const { name, list } = app.route;
  /** @param {Route["name"]} view @param {string} title @param {number | undefined} count @param {string} [ofList] @param {string[]} [lists] */
  const link = (view, title, count, ofList, lists) => html`<li data-list=${ofList ?? nothing}><a href=${href({ name: view, list: ofList })}
    aria-current=${name === view && list === ofList ? "page" : nothing}><span class="name">${title}</span>${count === undefined ? nothing
      : html`<span class="num">${count.toLocaleString(app.here.locale)}<span class="unseen"> open</span></span>`}</a>${lists && ofList && app.ordering ? moves(app, lists, ofList) : nothing}</li>`;
  return html`<nav aria-label="Views">
    <p class="brand">todo-ledger</p>
    <ul>${/** @type {const} */ (["inbox", "today", "upcoming", "everything"]).map((view) => link(view, capital(view), open[view]))}</ul>
    <div><h2><span>Lists</span><span class="foot">${lists.size > 1 ? html`<button class="link" @click=${() => app.show({ ordering: !app.ordering })}>${app.ordering ? "Done" : "Order"}</button>` : nothing}
        <button class="link" @click=${() => app.show({ dialog: "list" })}>New list</button></span></h2>
      <ul @keydown=${(/** @type {KeyboardEvent} */ event) => moveByKeys(app, [...lists.keys()], event)}>${repeat(lists, ([each]) => each, ([each, count]) => link("list", each, count, each, [...lists.keys()]))}</ul></div>
    <div><h2>The ledger</h2><ul>${link("activity", "Activity", undefined)}${link("past", "As it was", undefined)}</ul></div>
    ${above ? html`<p class="unseen" role="status">${app.toast?.words}</p>` : nothing}
    <div class="end">
      <p role="status">${state(app)}</p>
      <p><button class="link" @click=${() => app.show({ dialog: "keys" })}><kbd>?</kbd> shows every key</button></p>
      <p>${app.person.sub} · <button class="link" @click=${() => app.signOut()}>Sign out</button></p>
      <p>${links(app.configuration.base)}</p>
    </div>
  </nav>`;
}

/** @param {App} app @param {string[]} lists @param {string} list */
const moves = (app, lists, list) => html`<span class="moves">${/** @type {const} */ ([["up", -1], ["down", 1]]).map(([way, by]) => html`<button class="btn" aria-label="Move ${list} ${way}"
  ?disabled=${!movedList(lists, list, by)} @click=${(/** @type {Event} */ { currentTarget }) => move(app, lists, list, by, currentTarget)}>${ICONS[way]}</button>`)}</span>`;

/** @param {App} app @param {string[]} lists @param {KeyboardEvent} event */
function moveByKeys(app, lists, event) {
  const by = event.key === "ArrowUp" ? -1 : event.key === "ArrowDown" ? 1 : undefined;
  const list = /** @type {HTMLElement} */ (event.target).closest("li")?.dataset.list;
  if (!event.altKey || !by || !list) return;
  event.preventDefault();
  event.stopPropagation();
  move(app, lists, list, by, event.target);
}

/** The focus stays on what moved it. @param {App} app @param {string[]} lists @param {string} list @param {1 | -1} by @param {EventTarget | null} from */
async function move(app, lists, list, by, from) {
  const wanted = movedList(lists, list, by);
  if (!wanted) return;
  await app.later.putInOrder(wanted);
  app.draw();
  const control = /** @type {HTMLElement} */ (from);
  const rest = /** @type {HTMLElement | null} */ (control.matches(":disabled") ? control.parentElement?.querySelector(":enabled") : control);
  rest?.focus();
  app.say(`“${list}” is now ${wanted.indexOf(list) + 1} of ${wanted.length} lists.`);
  app.later.send();
}

/** @param {number} count */
const changes = (count) => (count === 1 ? "1 change waits" : `${count} changes wait`);

/** How far the saving is, in one sentence. @param {App} app */
export function state({ connection, store, later, here }) {
  const waiting = store.commands.length + later.count;
  if (connection.state === "signed-out") return waiting ? `Signed out. ${changes(waiting)} here until you sign in again.` : "Signed out.";
  if (connection.state === "offline") return waiting ? `Offline. ${changes(waiting)} here and will be sent.` : "Offline. You see what was here last.";
  if (connection.state === "full") return "This browser stores nothing more for this page; it may be out of space.";
  if (connection.state === "failing") return `The server does not answer as it should. ${waiting ? `${changes(waiting)} here.` : "Trying again."}`;
  if (waiting) {
    const stuck = store.commands.filter((command) => command.state !== "waiting").length;
    return stuck ? `${changes(stuck)} for you.` : `Saving ${waiting}`;
  }
  return connection.syncedAt ? `All saved, ${timeInWords(connection.syncedAt.toISOString(), here.locale)}` : "Starting";
}
