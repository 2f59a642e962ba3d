/** The views at the side, and how far the saving is. */

import { html, nothing } from "lit-html";

import { timeInWords } from "../pure/dates.js";
import { counts } from "../pure/select.js";
import { href } from "./route.js";

/** @import {App} from "./app.js" */
/** @import {Route} from "./route.js" */

/** @param {App} app */
export function nav(app) {
  const { lists, ...open } = counts(app.store.todos(), app.here);
  const { name, list } = app.route;
  /** @param {Route["name"]} view @param {string} title @param {number | undefined} count @param {string} [ofList] */
  const link = (view, title, count, ofList) => html`<li><a href=${href({ name: view, list: ofList })}
    aria-current=${name === view && list === ofList ? "page" : nothing}><span class="name">${title}</span>${count === undefined ? nothing
      : html`<span class="num">${count.toLocaleString(app.here.locale)}<span class="unseen"> open</span></span>`}</a></li>`;
  return html`<nav aria-label="Views">
    <p class="brand">todo-ledger</p>
    <ul>${link("inbox", "Inbox", open.inbox)}${link("today", "Today", open.today)}${link("upcoming", "Upcoming", open.upcoming)}${link("everything", "Everything", open.everything)}</ul>
    ${lists.size ? html`<div><h2>Lists</h2><ul>${[...lists].map(([each, count]) => link("list", each, count, each))}</ul></div>` : nothing}
    <div><h2>The ledger</h2><ul>${link("activity", "Activity", undefined)}${link("past", "As it was", undefined)}</ul></div>
    <div class="end">
      <p role="status">${state(app)}</p>
      <p><button class="link" @click=${() => app.show({ dialog: "keys" })}><kbd>?</kbd> shows every key</button></p>
      <p>${app.person.sub} · <button class="link" @click=${() => app.signOut()}>Sign out</button></p>
      <p><a href="${app.configuration.base}/docs">API</a> · <a href="${app.configuration.base}/problems">Problems</a> · <a href="${app.configuration.base}/openapi.json">Contract</a> · <a href="${app.configuration.base}/health">Health</a></p>
    </div>
  </nav>`;
}

/** @param {number} count */
const changes = (count) => (count === 1 ? "1 change waits" : `${count} changes wait`);

/** How far the saving is, in one sentence. @param {App} app */
export function state({ connection, store, here }) {
  const waiting = store.commands.length;
  if (connection.state === "signed-out") return waiting ? `Signed out. ${changes(waiting)} here until you sign in again.` : "Signed out.";
  if (connection.state === "offline") return waiting ? `Offline. ${changes(waiting)} here and will be sent.` : "Offline. You see what was here last.";
  if (connection.state === "failing") return `The server does not answer as it should. ${waiting ? `${changes(waiting)} here.` : "Trying again."}`;
  if (waiting) {
    const stuck = store.commands.filter((command) => command.state !== "waiting").length;
    return stuck ? `${changes(stuck)} for you.` : `Saving ${waiting}`;
  }
  return connection.syncedAt ? `All saved, ${timeInWords(connection.syncedAt.toISOString(), here.locale)}` : "Starting";
}
