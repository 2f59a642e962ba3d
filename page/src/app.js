/** The composition root: who is here, what is stored, and the page. */

import { html, nothing, render } from "lit-html";

import { sendable } from "./pure/outbox.js";
import { Store } from "./store/store.js";
import { Connection } from "./sync/connection.js";
import { Http } from "./sync/http.js";
import { Later } from "./sync/later.js";
import { backFromIssuer, databaseOf, exchange, leaveForIssuer, personOf, remember, remembered, takeCode } from "./sync/sign-in.js";
import { activity } from "./views/activity.js";
import { App } from "./views/app.js";
import { dialogs } from "./views/dialogs.js";
import { listen } from "./views/keys.js";
import { sheet } from "./views/list.js";
import { nav, state } from "./views/nav.js";
import { past } from "./views/past.js";
import { panel } from "./views/panel.js";
import { signedOut, unusable, welcome } from "./views/sign-in.js";
import { follow } from "./views/window.js";

/** @import {Configuration} from "./sync/http.js" */

const root = /** @type {HTMLElement} */ (document.getElementById("page"));
/** @type {Configuration} */
const configuration = { base: root.dataset.base, ...JSON.parse(document.getElementById("configuration")?.textContent ?? "{}") };
const http = new Http(configuration.base);

// The words are English; where the browser's language is written from the right, so is what people write themselves.
document.documentElement.dir = /** @type {any} */ (new Intl.Locale(navigator.language)).getTextInfo?.().direction ?? "ltr";

/** @type {Element | null} the dialog that was drawn last */
let opened = null;

/** @param {App} app */
function draw(app) {
  const { route, toast, connection, ledger } = app;
  document.title = `${app.title} · todo-ledger`;
  if (route.name !== "activity") ledger.activity = undefined;
  else if (!ledger.activity || ledger.activityBy !== route.by) ledger.openActivity(route.by);
  if (route.name === "past" && !ledger.past) {
    ledger.past = "loading";
    ledger.openPast();
  }
  if (route.name !== "past") ledger.past = undefined;
  const away = ["offline", "failing", "full"].includes(connection.state);
  const had = document.activeElement;
  const row = had?.closest(".row")?.id;
  render(html`
    <div class="app ${route.todo ? "with-panel" : ""}">
      ${nav(app)}
      <main class=${route.name}>${connection.state === "signed-out" ? signedOut(app) : away ? html`<p class="banner">${state(app)}</p>` : nothing}${route.name === "activity" ? activity(app) : route.name === "past" ? past(app) : sheet(app)}</main>
      ${panel(app)}
    </div>
    <div class="toast-place" role="status" aria-live="polite">${toast ? html`<div class="toast"><span>${toast.words}</span>${toast.undo
      ? html`<button class="link" @click=${() => app.undo(toast.undo)}>Undo</button>` : nothing}</div>` : nothing}</div>
    ${dialogs(app)}`, root);
  follow(app);
  const dialog = root.lastElementChild;
  // One that Escape has closed says so only a moment later.
  if (dialog instanceof HTMLDialogElement && dialog !== opened) dialog.showModal();
  opened = dialog;
  // A row that has moved has lost the focus, and one that is in another group now was made anew.
  if (document.activeElement !== document.body || !row) return;
  const kept = had?.isConnected ? had : document.getElementById(row)?.querySelector(".title");
  /** @type {HTMLElement | null | undefined} */ (kept)?.focus({ preventScroll: true });
}

/** @param {string} token @param {boolean} keep */
async function enter(token, keep) {
  http.token = token;
  const person = personOf(token);
  remember(person);
  const store = await Store.open(databaseOf(person));
  await store.write("token", keep ? token : undefined);
  return start(store, person);
}

/** @param {Store} store @param {import("./sync/sign-in.js").Person} person */
async function start(store, person) {
  /** @type {App} */ let app;
  const later = new Later(store, http, (renamed, status) => (renamed ? app.ledger.renamed(renamed, status) : app?.redraw()));
  // All that the first draw needs from the disk, in one go.
  const reading = Promise.all([later.load(), store.read("token"), store.load()]);
  // What it needs of the browser's language comes from there, too: meanwhile.
  "a".localeCompare("b") + (1).toLocaleString();
  const [, token] = await reading;
  http.token ??= token;
  const connection = new Connection(store, http, configuration.waits, () => {
    app.redraw();
    // A list gets its new name with what was just added to it.
    if (connection.state === "synced" && !sendable(store.commands).length && !store.isAhead) later.send();
  });
  app = new App({ store, connection, later, http, person, configuration, draw: () => draw(app) });
  listen(app);
  const swept = store.sweep();
  // At once, not with the next frame; all else comes after it.
  app.draw();
  setTimeout(() => connection.run());
  await swept;
}

async function begin() {
  const code = takeCode();
  const person = remembered();
  const back = await backFromIssuer(configuration).catch(() => undefined);
  if (back) return enter(back, sessionStorage.getItem("keep") === "true");
  if (code || !person) {
    /** @param {boolean} keep @returns {Promise<string | undefined>} why not */
    const signIn = async (keep) => {
      if (!code) {
        sessionStorage.setItem("keep", String(keep));
        await leaveForIssuer(configuration);
        return undefined;
      }
      const { token, error } = await exchange(http, code);
      if (token) await enter(token, keep).catch(notStored);
      return error;
    };
    return welcome(root, { configuration, code, signIn });
  }
  return start(await Store.open(databaseOf(person)), person);
}

/** Has the worker keep the page. */
function keepPage() {
  const path = `${configuration.base}/sw.js`;
  const policies = /** @type {any} */ (globalThis).trustedTypes;
  const policy = policies?.createPolicy("todo-ledger", { createScriptURL: (/** @type {string} */ url) => (url === path ? url : "") });
  navigator.serviceWorker?.register(policy?.createScriptURL(path) ?? path).catch(() => {});
}

/** Without a place for what waits to be sent, nothing may be changed. @param {unknown} error */
function notStored(error) {
  if (!(error instanceof DOMException)) throw error;
  unusable(root);
}

// A link to sign in, opened in this tab.
addEventListener("hashchange", () => location.hash.startsWith("#/sign-in/") && location.reload());

begin().catch(notStored).finally(keepPage);
